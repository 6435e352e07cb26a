import ContinuousQueries
import Foundation
import Testing
import TimeSeries

@testable import Vigil

/// Continuous queries of `episodes()`: a change can begin, end, merge, split or remove episodes that
/// began before it.
@Suite struct EpisodeMaterializationTests {
  /// As many histories as VIGIL_HISTORIES says, from the seed VIGIL_SEED on.
  @Test func randomHistoriesOfHealthRowsEndAsAnEvaluationFromScratch() async throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["VIGIL_HISTORIES"].flatMap { UInt64($0) } ?? 6
    let first = environment["VIGIL_SEED"].flatMap { UInt64($0) } ?? 1
    for seed in first..<first + count {
      let history = try await EpisodeHistory(seed: seed)
      for part in 0..<3 {
        try await history.run(steps: 20)
        let differences = try await history.differences()
        #expect(
          differences.isEmpty,
          "seed \(seed), part \(part):\n\(history.log.joined(separator: "\n"))")
        if !differences.isEmpty { break }
      }
      try history.end()
    }
  }

  private static let interval: Int64 = 10_000_000_000

  /// A database with a continuous query of episodes, and its clock behind all rows.
  private func database(
    _ clock: CrashingClock = CrashingClock(now: 10_000 * interval)
  ) async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { $0.clock = { clock.now } }
    try await temporary.database.query("CREATE DATABASE db")
    _ = try await temporary.database.tables(
      """
      CREATE CONTINUOUS QUERY e ON db BEGIN SELECT episodes() INTO episodes \
      FROM health GROUP BY time(10s), pod END
      """)
    return temporary
  }

  /// Rows from an interval on: `A` an anomaly, `h` one just below the threshold, `.` a calm one.
  private func write(_ rows: String, at first: Int, _ database: Database) throws {
    let lines = rows.enumerated().map { index, row in
      let loss = ["A": 20, "h": 9][row] ?? 1
      return "health,pod=a rl=\(loss),threshold=10,anomaly=\(row == "A" ? 1 : 0)i "
        + "\(Int64(first + index) * Self.interval)"
    }
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
  }

  /// Starts and ends, in intervals.
  private func episodes(_ database: Database) async throws -> [String] {
    database.continuousQueries.scheduler.runUntilIdle()
    let series = try await database.tables("SELECT end_time, open FROM episodes")
    return series.flatMap(\.rows).map { row in
      let parts = row.split(separator: " ")
      return parts[..<2].map { "\((Int64($0) ?? -1) / Self.interval)" }.joined(separator: "-")
        + (parts[2] == "true" ? " open" : "")
    }
  }

  @Test func rowsThatGoFromTheMiddleOfALongEpisodeSplitIt() async throws {
    let temporary = try await database()
    let database = temporary.database
    try write(String(repeating: "Ahhh", count: 250) + "........", at: 100, database)
    #expect(try await episodes(database) == ["100-1099"])
    // More than one piece of the query's work.
    _ = try await database.tables(
      "DELETE FROM health WHERE time >= \(200 * Self.interval) AND time < \(999 * Self.interval)")
    #expect(try await episodes(database) == ["100-199", "1000-1099"])
    try write(String(repeating: "h", count: 801), at: 199, database)
    #expect(try await episodes(database) == ["100-1099"])
    try database.close()
  }

  @Test func whatIsLeftBehindALongGapBeginsAnEpisode() async throws {
    let temporary = try await database()
    try write(String(repeating: "Ahhh", count: 250) + "........", at: 100, temporary.database)
    #expect(try await episodes(temporary.database) == ["100-1099"])
    // Pieces are small again, and the first of them finds nothing.
    try temporary.reopen { $0.clock = { 10_000 * Self.interval } }
    let database = temporary.database
    _ = try await database.tables("DELETE FROM health WHERE time < \(999 * Self.interval)")
    #expect(try await episodes(database) == ["1000-1099"])
    try database.close()
  }

  @Test func rowsFromTheFutureThatChangeBeforeTheirTimeLeaveNoEpisode() async throws {
    let clock = CrashingClock(now: 110 * Self.interval)
    let temporary = try await database(clock)
    let database = temporary.database
    try write("hhhhhhhhhhA", at: 105, database)
    #expect(try await episodes(database) == ["115-115 open"])
    try write(".", at: 115, database)
    clock.advance(100 * Self.interval)
    #expect(try await episodes(database) == [])
    try database.close()
  }

  @Test func anEpisodeIsOpenAgainWhenTheRowsBehindItGo() async throws {
    let temporary = try await database()
    let database = temporary.database
    try write("AA..", at: 100, database)
    #expect(try await episodes(database) == ["100-101 open"])
    try write("..", at: 5000, database)
    #expect(try await episodes(database) == ["100-101"])
    _ = try await database.tables("DELETE FROM health WHERE time >= \(4000 * Self.interval)")
    #expect(try await episodes(database) == ["100-101 open"])
    try database.close()
  }

  @Test func whatRetentionTookFromTheSourceChangesNoEpisode() async throws {
    let temporary = try await database()
    let database = temporary.database
    try write("AA......", at: 100, database)
    try write("AA......", at: 9_990, database)
    #expect(try await episodes(database) == ["100-101", "9990-9991"])
    _ = try await database.tables(
      "ALTER RETENTION POLICY autogen ON db DURATION 1h SHARD DURATION 1h")
    try write("A", at: 9_993, database)
    #expect(try await episodes(database).last == "9990-9993 open")
    try database.close()
  }

  @Test func queriesThatCannotBeKeptUpToDateAreRefused() async throws {
    let temporary = try await database()
    for (select, message) in [
      (
        "SELECT count(peak) INTO n FROM (SELECT episodes() FROM health GROUP BY time(1m), pod) "
          + "GROUP BY time(1h)", "episodes() in a subquery cannot be kept up to date"
      ),
      (
        "SELECT episodes() INTO n FROM health WHERE time > '2026-01-01' GROUP BY time(1m), pod",
        "episodes() with a time range, LIMIT or OFFSET cannot be kept up to date"
      ),
      (
        "SELECT episodes() INTO n FROM health GROUP BY time(1m), pod LIMIT 1",
        "episodes() with a time range, LIMIT or OFFSET cannot be kept up to date"
      ),
    ] {
      let failure = try await temporary.database.failure(
        "CREATE CONTINUOUS QUERY n ON db BEGIN \(select) END")
      #expect(failure?.contains(message) == true, "\(select): \(failure ?? "")")
    }
    try temporary.database.close()
  }
}
