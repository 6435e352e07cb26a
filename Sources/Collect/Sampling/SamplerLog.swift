import Logging

/// What the ``Sampler`` says in the log: each thing when it begins and when it ends, not at every
/// interval.
struct SamplerLog: Sendable {
  private let logger: Logger
  private var runtimeIsAway = false
  private var leftOut: Set<RuntimeSnapshot.LeftOut> = []
  private var missing: [String: [Parameter: String]] = [:]
  private var unwritable: Set<String> = []
  /// A row that cannot be written comes again each interval.
  private static let unwritableLimit = 100

  init(logger: Logger) { self.logger = logger }

  mutating func noteFailure(_ reason: String, of source: String) {
    let level: Logger.Level = runtimeIsAway ? .debug : .warning
    runtimeIsAway = true
    logger.log(
      level: level, "The runtime does not tell its containers: rows wait",
      metadata: ["source": "\(source)", "reason": "\(reason.prefix(500))"])
  }

  mutating func note(leftOut now: [RuntimeSnapshot.LeftOut], by source: String) {
    if runtimeIsAway {
      runtimeIsAway = false
      logger.notice("The runtime answers", metadata: ["source": "\(source)"])
    }
    let now = Set(now)
    for left in now.subtracting(leftOut) {
      logger.info(
        "A container cannot be told", metadata: ["id": "\(left.id)", "reason": "\(left.reason)"])
    }
    leftOut = now
  }

  mutating func note(missing now: [Parameter: String], of probe: String) {
    let before = missing[probe] ?? [:]
    guard now != before else { return }
    missing[probe] = now
    var byReason: [String: [String]] = [:]
    for (parameter, reason) in now where before[parameter] != reason {
      byReason[reason, default: []].append(parameter.rawValue)
    }
    for (reason, names) in byReason.sorted(by: { $0.key < $1.key }) {
      logger.warning(
        "Not counted: \(names.sorted().joined(separator: ", "))", metadata: ["reason": "\(reason)"])
    }
    let back = before.keys.filter { now[$0] == nil }.map(\.rawValue).sorted()
    if !back.isEmpty { logger.notice("Counted again: \(back.joined(separator: ", "))") }
  }

  /// - Parameter count: nil where the clock was set.
  func noteMissed(intervals count: Int?) {
    if let count {
      logger.warning("Overslept: intervals have no rows", metadata: ["intervals": "\(count)"])
    } else {
      logger.warning("The clock was set: an interval has no rows")
    }
  }

  func noteGivenUp(intervals count: Int) {
    logger.warning(
      "The runtime did not tell whose intervals are: given up", metadata: ["intervals": "\(count)"])
  }

  mutating func note(unwritable problems: [String]) {
    for problem in problems
    where unwritable.count < Self.unwritableLimit && unwritable.insert(problem).inserted {
      logger.warning("A row cannot be written", metadata: ["reason": "\(problem)"])
    }
  }
}
