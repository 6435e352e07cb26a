import ContinuousQueries
import Foundation
import Query
import Synchronization
import TestSupport
import TimeSeries

@testable import Vigil

/// A clock that goes as the test says, and at one of its readings leaves what a crash there would:
/// a copy of the directory. It is read at the beginning and end of runs, within writes, and between
/// a deletion and the marks that it makes.
final class CrashingClock: Sendable {
  private struct State {
    var now: Timestamp
    var readingsLeft: Int?
    var directory = ""
    var copy: String?
  }

  private let state: Mutex<State>

  init(now: Timestamp) { state = Mutex(State(now: now)) }

  var now: Timestamp { state.withLock { $0.now } }

  func advance(_ nanoseconds: Int64) { state.withLock { $0.now += nanoseconds } }

  func crash(afterReadings count: Int, of directory: String) {
    state.withLock {
      $0.readingsLeft = count
      $0.directory = directory
    }
  }

  /// The copy, if the time has come since the last call.
  func takeCopy() -> String? {
    state.withLock { state in
      defer { state.copy = nil }
      state.readingsLeft = nil
      return state.copy
    }
  }

  func read() -> Timestamp {
    state.withLock { state in
      if let left = state.readingsLeft {
        state.readingsLeft = left > 0 ? left - 1 : nil
        if left == 0 {
          let copy = state.directory + "x"
          try? FileManager.default.copyItem(atPath: state.directory, toPath: copy)
          state.copy = copy
        }
      }
      return state.now
    }
  }
}

/// Writes, deletions, clock jumps, restarts and crashes, drawn from a seed, on a database with a
/// chain of continuous queries and three of a model that lifecycle events mask.
final class RandomHistory {
  static let second: Int64 = 1_000_000_000
  static let start: Timestamp = 1_000_000 * second

  static let queries = [
    """
    CREATE CONTINUOUS QUERY q1 ON db BEGIN SELECT mean(v) AS mean, sum(w) AS sum INTO means \
    FROM m GROUP BY time(10s), host fill(none) END
    """,
    """
    CREATE CONTINUOUS QUERY q2 ON db BEGIN SELECT mean(mean) AS mean, count(sum) AS n INTO far \
    FROM means GROUP BY time(1m) fill(none) END
    """,
    """
    CREATE CONTINUOUS QUERY q3 ON db BEGIN SELECT max(mean) AS top INTO tops \
    FROM far GROUP BY time(5m) fill(none) END
    """,
    """
    CREATE CONTINUOUS QUERY watch ON db BEGIN \
    SELECT rl(tiny) AS rl, threshold(tiny) AS threshold, anomaly(tiny) AS anomaly INTO health \
    FROM m GROUP BY time(10s), host END
    """,
    """
    CREATE CONTINUOUS QUERY states ON db BEGIN \
    SELECT state(tiny) AS state, anomaly(tiny) AS anomaly, share(tiny, 'v') AS share INTO states \
    FROM m GROUP BY time(10s), host END
    """,
    """
    CREATE CONTINUOUS QUERY flags ON db BEGIN \
    SELECT sum(anomaly) AS flags, count(state) AS count INTO flags \
    FROM (SELECT detect(tiny) FROM m) GROUP BY time(1m), host fill(none) END
    """,
  ]

  let seed: UInt64
  private(set) var log: [String] = []
  private var numbers: SeededGenerator
  private let clock: CrashingClock
  private var path: String
  private(set) var database: Database

  /// A directory with rows, a model and the queries, for histories to begin with.
  static func template() async throws -> String {
    let temporary = try TemporaryDatabase { $0.clock = { start } }
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    let lines =
      (0..<50).flatMap { row in
        ["a", "b", "c"].map { host in
          "m,host=\(host) v=\(sin(Double(row) / 5)),w=\(row % 7) "
            + "\(start - Int64(500 - row * 10) * second)"
        }
      } + ["events,host=b kind=\"restart\" \(start - 203 * second)"]
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
    _ = try await database.tables(
      """
      CREATE MODEL tiny ON db FROM m FIELDS v, w GROUP BY time(10s), host USING lstm_autoencoder
      WITH (window = 4, hidden = 16, latent = 4, epochs = 2, seed = 3, versions = 100,
      events = 'events', mask = 25s)
      """)
    for query in queries { _ = try await database.tables(query) }
    try database.close()
    return temporary.path
  }

  init(template: String, seed: UInt64) throws {
    self.seed = seed
    numbers = SeededGenerator(seed: seed)
    path = template + "-\(seed)"
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: template, toPath: path)
    clock = CrashingClock(now: Self.start)
    database = try Self.open(path, clock)
  }

  private static func open(_ path: String, _ clock: CrashingClock) throws -> Database {
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    configuration.clock = { clock.read() }
    return try Database.open(at: path, configuration: configuration)
  }

  var scheduler: ContinuousQueryScheduler { database.continuousQueries.scheduler }

  /// Closes the database and removes its directory.
  func end() throws {
    try database.close()
    try FileManager.default.removeItem(atPath: path)
  }

  /// - Parameter retrains: whether the model may be trained again.
  func run(steps: Int, retrains: Bool) async throws {
    for _ in 0..<steps {
      if numbers.next(below: 8) == 0 {
        clock.crash(afterReadings: numbers.next(below: 30), of: path)
      }
      try await step(retrains: retrains)
      guard let copy = clock.takeCopy() else { continue }
      log.append("crash within the last")
      try database.close()
      try FileManager.default.removeItem(atPath: path)
      path = copy
      database = try Self.open(path, clock)
    }
  }

  private func step(retrains: Bool) async throws {
    if retrains, numbers.next(below: 10) == 0 { return try await retrain() }
    switch numbers.next(below: 100) {
    case ..<36: try write()
    case ..<45: try writeEvents()
    case ..<60:
      let seconds = Int64(numbers.next(below: 90))
      log.append("clock +\(seconds)s")
      clock.advance(seconds * Self.second)
    case ..<72:
      log.append("tick")
      scheduler.tick(ignoringSchedule: numbers.next(below: 2) == 0)
    case ..<76:
      log.append("idle")
      scheduler.runUntilIdle()
    case ..<88: try await delete()
    case ..<91:
      log.append("flush")
      try database.engine.flush("db")
    case ..<92:
      log.append("prune")
      database.retraining.pruneDue()
    case ..<94:
      let hours = Int64(numbers.next(below: 48)) - 24
      log.append("clock jumps \(hours)h")
      clock.advance(hours * 3600 * Self.second)
    default:
      log.append("reopen")
      try database.close()
      database = try Self.open(path, clock)
    }
  }

  private func retrain() async throws {
    var statement = "RETRAIN MODEL tiny ON db"
    if numbers.next(below: 3) > 0 { statement += " SINCE \(time())" }
    // Too few rows may be left.
    let failure = try await database.failure(statement)
    log.append("\(statement) \(failure ?? "")")
  }

  private var host: String { ["a", "b", "c"][numbers.next(below: 3)] }

  /// A time near now, late, or far away.
  private func time() -> Timestamp {
    switch numbers.next(below: 40) {
    case ..<25: clock.now - Int64(numbers.next(below: 30)) * Self.second
    case ..<39: Self.start + (Int64(numbers.next(below: 1200)) - 500) * Self.second
    default: Int64(numbers.next(below: 4_000_000_000)) * Self.second
    }
  }

  private func write() throws {
    let lines = (0...numbers.next(below: 8)).map { _ in
      var fields: [String] = []
      if numbers.next(below: 5) > 0 { fields.append("v=\(Double(numbers.next(below: 1000)) / 7)") }
      if fields.isEmpty || numbers.next(below: 5) > 0 {
        fields.append("w=\(numbers.next(below: 50))")
      }
      return "m,host=\(host) \(fields.joined(separator: ",")) \(time())"
    }
    log += lines
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
  }

  private func writeEvents() throws {
    let tags = ["", ",host=\(host)", ",host=\(host),node=n", ",node=n", ",host=nowhere"]
    let lines = (0...numbers.next(below: 2)).map { _ in
      "events\(tags[numbers.next(below: tags.count)]) kind=\"restart\" \(time())"
    }
    log += lines
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
  }

  private func delete() async throws {
    let first = time()
    let last = first + Int64(numbers.next(below: 200)) * Self.second
    let range = "time >= \(first) AND time <= \(last)"
    let statement =
      switch numbers.next(below: 26) {
      case 20..<23: "DELETE FROM events WHERE \(range)"
      case 23: "DELETE FROM events WHERE host = '\(host)' AND \(range)"
      case 24: "DROP SERIES FROM events WHERE host = '\(host)'"
      case 25: "DROP MEASUREMENT events"
      case ..<8: "DELETE FROM m WHERE \(range)"
      case ..<16: "DELETE FROM m WHERE host = '\(host)' AND \(range)"
      case 16: "DELETE FROM m WHERE host = '\(host)'"
      case ..<19: "DROP SERIES FROM m WHERE host = '\(host)'"
      default: "DROP MEASUREMENT m"
      }
    log.append(statement)
    _ = try await database.tables(statement)
  }

  /// What differs between the derived series and one evaluation from scratch, query by query.
  func differences() throws -> [String] {
    scheduler.runUntilIdle()
    return try scheduler.statuses().flatMap { status -> [String] in
      if let error = status.lastError { return ["\(status.name) fails: \(error)"] }
      guard case .createContinuousQuery(let create)? = try Parser.parse(status.text).first else {
        return ["\(status.name) is not readable"]
      }
      let query = try ContinuousQuery(create)
      let complete = query.grid.start(of: clock.now)
      var fromScratch = create.select
      fromScratch.into = nil
      fromScratch.condition = .binary(.less, .reference("time", cast: nil), .integer(complete))
      var kept = fromScratch
      kept.sources = create.select.into.map { [.measurement($0)] } ?? []
      kept.fields = create.select.fields.map { field in
        SelectStatement.Field(.reference(field.alias ?? "", cast: nil))
      }
      kept.interval = nil
      kept.fill = .null
      let expected = try rows(fromScratch)
      let found = try rows(kept)
      let missing = expected.subtracting(found).sorted().prefix(3).map { "missing \($0)" }
      let extra = found.subtracting(expected).sorted().prefix(3).map { "extra \($0)" }
      return (missing + extra).map { "\(status.name): \($0)" }
    }
  }

  /// Rows with their tags, as text that tells every bit.
  private func rows(_ select: SelectStatement) throws -> Set<String> {
    var limits = QueryContext.Limits()
    limits.isLayoutIndependent = true
    let executor = Executor(
      source: database.continuousQueries.source,
      context: QueryContext(now: clock.now, limits: limits))
    var rows: Set<String> = []
    try executor.execute(.select(select), database: "db") { result in
      for series in result.series {
        let tags = series.tags.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        for row in series.rows { rows.insert("\(tags) \(row)") }
      }
    }
    return rows
  }
}
