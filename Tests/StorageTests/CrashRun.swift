import Foundation
import Testing
import TimeSeries

@testable import Storage

/// One workload on one file system, with what it should find at any moment.
final class CrashRun {
  let files = SimulatedFileSystem()
  let clock = TestClock()
  let sync: SyncPolicy
  /// What the directory held after each step; the first is the empty directory.
  var states = [DirectoryModel()]
  /// The state after the step under way, had it succeeded.
  var underway: DirectoryModel?
  /// By database the first of the states whose rows may be found: rows before are durable or gone.
  var floor: [String: Int] = [:]

  var options: StorageOptions {
    let clock = clock
    var options = StorageOptions.deterministic(sync: sync, memtableLimit: 12_000)
    options.now = { clock.now }
    return options
  }

  init(sync: SyncPolicy) { self.sync = sync }

  func run(_ steps: [CrashStep]) throws {
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    for step in steps {
      var next = states[states.count - 1]
      step.apply(to: &next, now: clock.now)
      underway = next
      try step.perform(on: engine, clock: clock)
      underway = nil
      states.append(next)
      if let database = step.settles { floor[database] = states.count - 1 }
    }
    try engine.close()
    for database in states[states.count - 1].databases.keys { floor[database] = states.count - 1 }
  }

  /// What is wrong with `found`, nil where it is what the sync policy promises.
  func objection(to found: DirectoryModel, isKept: Bool) -> String? {
    let last = states.count - 1
    let ends = [states[last]] + (underway.map { [$0] } ?? [])
    if !ends.contains(where: { $0.definitions == found.definitions }) {
      return "definitions \(found.definitions), not \(ends.map(\.definitions))"
    }
    for database in found.databases.keys {
      let first = isKept ? last : floor[database] ?? 0
      let allowed = states[first...] + (underway.map { [$0] } ?? [])
      let rows = found.rows(of: database, in: found)
      if !allowed.contains(where: { $0.rows(of: database, in: found) == rows }) {
        return "rows of \(database): \(rows.mapValues(\.count)), not of any state allowed"
      }
    }
    return nil
  }
}

/// What is tried. Unless told, one workload: at each operation a crash with two losses, taking turns,
/// and at every other one a failure. With `VIGIL_CRASH_SEEDS=N` all of them, of N workloads; with
/// `VIGIL_CRASH_REPLAY=SEED:OPERATION` all of them at one operation of one workload.
extension CrashRun {
  static let seeds: [UInt64] = replay.map { [$0.seed] } ?? Array(1...max(1, seedCount ?? 1))

  private static let seedCount =
    ProcessInfo.processInfo.environment["VIGIL_CRASH_SEEDS"].flatMap { UInt64($0) }

  private static let isThorough = seedCount != nil || replay != nil

  static func losses(_ operation: Int) -> [SimulatedFileSystem.Loss] {
    let all = SimulatedFileSystem.Loss.allCases
    if isThorough { return all }
    return [all[operation % all.count], all[(operation + 2) % all.count]]
  }

  /// Whether what was recovered is also written to and started again.
  static func goesOn(_ operation: Int) -> Bool { isThorough || operation % 3 == 0 }

  /// Whether a failure is tried at an operation, the `number`th of `count` kinds.
  static func fails(_ operation: Int, _ number: Int, of count: Int) -> Bool {
    tries(operation) && (isThorough || operation % (2 * count) == number)
  }

  private static let replay: (seed: UInt64, operation: Int)? = {
    let parts = ProcessInfo.processInfo.environment["VIGIL_CRASH_REPLAY"]?.split(separator: ":")
    guard let parts, parts.count == 2, let seed = UInt64(parts[0]), let operation = Int(parts[1])
    else { return nil }
    return (seed, operation)
  }()

  /// The file operations of a workload that nothing interrupts.
  static func operations(_ sync: SyncPolicy, seed: UInt64) throws -> [String] {
    let run = CrashRun(sync: sync)
    try run.run(CrashStep.workload(seed: seed))
    return run.files.operationLog
  }

  /// Whether an operation is to be tried.
  static func tries(_ operation: Int) -> Bool { replay.map { $0.operation == operation } ?? true }

  static func place(_ seed: UInt64, _ operation: Int, _ log: [String], _ what: String) -> Comment {
    """
    \(what), operation \(operation): \(log[operation]); again with \
    VIGIL_CRASH_REPLAY=\(seed):\(operation)
    """
  }
}
