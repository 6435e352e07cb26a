import Logging

/// What the ``Sampler`` says in the log: each thing when it begins and when it ends, not at every
/// interval.
struct SamplerLog: Sendable {
  private let logger: Logger
  private var runtimeIsAway = false
  private var leftOut: Set<RuntimeSnapshot.LeftOut> = []
  private var unknownCgroups: Set<String> = []
  private var missing: [String: Missing] = [:]
  private var missed = Tally()
  private var givenUp = Tally()
  private var unwritable: Set<String> = []
  /// A row that cannot be written comes again each interval.
  private static let unwritableLimit = 100
  private static let unknownCgroupsLimit = 100

  /// What a probe does not count, and why.
  private struct Missing {
    var before: [Parameter: String] = [:]
    var said: [Parameter: String] = [:]
  }

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

  /// A layout is said once and for all: its cgroups come and go with their containers.
  mutating func note(unknownCgroups layouts: Set<String>) {
    for layout in layouts.sorted()
    where unknownCgroups.count < Self.unknownCgroupsLimit
      && unknownCgroups.insert(layout).inserted
    {
      logger.warning("It is not known whose this cgroup is", metadata: ["cgroup": "\(layout)"])
    }
  }

  /// What is missing only once, as when a probe starts, is not worth a warning.
  mutating func note(missing now: [Parameter: String], of probe: String) {
    var known = missing[probe] ?? Missing()
    defer { missing[probe] = known }
    var byReason: [String: [String]] = [:]
    for (parameter, reason) in now
    where known.before[parameter] == reason && known.said[parameter] != reason {
      known.said[parameter] = reason
      byReason[reason, default: []].append(parameter.rawValue)
    }
    known.before = now
    for (reason, names) in byReason.sorted(by: { $0.key < $1.key }) {
      logger.warning(
        "Not counted: \(names.sorted().joined(separator: ", "))", metadata: ["reason": "\(reason)"])
    }
    let back = known.said.keys.filter { now[$0] == nil }
    for parameter in back { known.said[parameter] = nil }
    if !back.isEmpty {
      logger.notice("Counted again: \(back.map(\.rawValue).sorted().joined(separator: ", "))")
    }
  }

  /// - Parameter count: nil where the clock was set.
  mutating func noteMissed(intervals count: Int?) {
    guard let count else {
      logger.warning("The clock was set: an interval has no rows")
      return
    }
    guard missed.isWorthSaying(after: count) else { return }
    logger.warning("Overslept: intervals have no rows", metadata: ["intervals": "\(missed.total)"])
  }

  mutating func noteGivenUp(intervals count: Int) {
    guard givenUp.isWorthSaying(after: count) else { return }
    logger.warning(
      "The runtime did not tell whose intervals are: given up",
      metadata: ["intervals": "\(givenUp.total)"])
  }

  /// What comes again and again is said at the first and whenever it has doubled.
  private struct Tally {
    private(set) var total = 0
    private var said = 0

    mutating func isWorthSaying(after count: Int) -> Bool {
      total += count
      guard said == 0 || total / 2 >= said else { return false }
      said = total
      return true
    }
  }

  mutating func note(unwritable problems: [String]) {
    for problem in problems
    where unwritable.count < Self.unwritableLimit && unwritable.insert(problem).inserted {
      logger.warning("A row cannot be written", metadata: ["reason": "\(problem)"])
    }
  }
}
