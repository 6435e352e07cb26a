import ContinuousQueries
import Foundation
import Query
import TestSupport
import TimeSeries

@testable import Vigil

/// Health rows that come, change and go as a seed says, on a database with continuous queries of
/// their episodes.
final class EpisodeHistory {
  static let second: Int64 = 1_000_000_000
  static let interval: Int64 = 10 * second
  static let start: Timestamp = 1_000_000 * second
  /// Rows lie in so many intervals before `start` and as many behind it.
  static let intervals = 120

  static let hysteresis = ["wide": "", "narrow": "2, 0.5"]

  let seed: UInt64
  private(set) var log: [String] = []
  private var numbers: SeededGenerator
  private let clock = CrashingClock(now: start)
  private let temporary: TemporaryDatabase

  init(seed: UInt64) async throws {
    self.seed = seed
    numbers = SeededGenerator(seed: seed)
    let clock = self.clock
    temporary = try TemporaryDatabase { $0.clock = { clock.now } }
    try await database.query("CREATE DATABASE db")
    for (name, arguments) in Self.hysteresis {
      _ = try await database.tables(
        """
        CREATE CONTINUOUS QUERY \(name) ON db BEGIN SELECT episodes(\(arguments)) INTO \(name) \
        FROM health GROUP BY time(10s), pod END
        """)
    }
  }

  private var database: Database { temporary.database }

  private var scheduler: ContinuousQueryScheduler { database.continuousQueries.scheduler }

  func end() throws { try database.close() }

  func run(steps: Int) async throws {
    for _ in 0..<steps { try await step() }
  }

  private func step() async throws {
    switch numbers.next(below: 100) {
    case ..<50: try write()
    case ..<60:
      let seconds = Int64(numbers.next(below: 300))
      log.append("clock +\(seconds)s")
      clock.advance(seconds * Self.second)
    case ..<75:
      log.append("tick")
      scheduler.tick(ignoringSchedule: true)
    case ..<80:
      log.append("idle")
      scheduler.runUntilIdle()
    case ..<92: try await delete()
    case ..<96:
      log.append("flush")
      try database.engine.flush("db")
    default:
      log.append("reopen")
      let clock = self.clock
      try temporary.reopen { $0.clock = { clock.now } }
    }
  }

  private var pod: String { ["a", "b", "c"][numbers.next(below: 3)] }

  private func time() -> Timestamp {
    let interval = numbers.next(below: 2 * Self.intervals) - Self.intervals
    return Self.start + Int64(interval) * Self.interval
  }

  /// A run of rows of one pod, calm or not, with or without gaps.
  private func write() throws {
    let pod = pod
    let start = time()
    let calm = numbers.next(below: 10)
    let gaps = numbers.next(below: 4)
    let lines = (0...numbers.next(below: 40)).compactMap { index -> String? in
      guard numbers.next(below: 10) >= gaps else { return nil }
      let loss = numbers.next(below: 10) < calm ? 1 : 3 + numbers.next(below: 12)
      var fields = "rl=\(loss),threshold=10,anomaly=\(loss > 10 ? 1 : 0)i,state=\"scored\""
      if numbers.next(below: 12) == 0 { fields = "anomaly=0i,state=\"warm-up\"" }
      if numbers.next(below: 3) > 0 {
        fields += ",share_cpu=\(Double(numbers.next(below: 100)) / 100),share_mem=0.3"
      }
      return "health,pod=\(pod) \(fields) \(start + Int64(index) * Self.interval)"
    }
    guard !lines.isEmpty else { return }
    log += lines
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
  }

  private func delete() async throws {
    let first = time()
    let last = first + Int64(numbers.next(below: 150)) * Self.interval
    let range = "time >= \(first) AND time <= \(last)"
    let statement =
      switch numbers.next(below: 20) {
      case ..<6: "DELETE FROM health WHERE \(range)"
      case ..<15: "DELETE FROM health WHERE pod = '\(pod)' AND \(range)"
      case ..<17: "DELETE FROM health WHERE pod = '\(pod)' AND time >= \(first)"
      case ..<19: "DROP SERIES FROM health WHERE pod = '\(pod)'"
      default: "DROP MEASUREMENT health"
      }
    log.append(statement)
    _ = try await database.tables(statement)
  }

  /// What differs between the derived rows and one evaluation from scratch.
  ///
  /// An episode hangs on rows behind its start, so the clock is put behind all rows first: what is
  /// in the future is computed when its time comes.
  func differences() async throws -> [String] {
    let end = Self.start + Int64(2 * Self.intervals) * Self.interval
    clock.advance(max(end - clock.now, 0))
    scheduler.runUntilIdle()
    var differences = scheduler.statuses().compactMap { status in
      status.lastError.map { "\(status.name) fails: \($0)" }
    }
    for (name, arguments) in Self.hysteresis.sorted(by: { $0.key < $1.key }) {
      let expected = try await rows(
        "SELECT episodes(\(arguments)) FROM health GROUP BY time(10s), pod")
      let found = try await rows(
        "SELECT end_time, length, peak, peak_time, \"rows\", top, open FROM \(name) GROUP BY pod")
      differences += expected.subtracting(found).sorted().map { "\(name): missing \($0)" }
      differences += found.subtracting(expected).sorted().map { "\(name): extra \($0)" }
    }
    return differences
  }

  private func rows(_ query: String) async throws -> Set<String> {
    var rows: Set<String> = []
    for series in try await database.tables(query) {
      for row in series.rows { rows.insert("\(series.tags.map(\.value)) \(row)") }
    }
    return rows
  }
}
