import Foundation
import Query
import Testing

@testable import Vigil

/// RETRAIN EVERY … OVER …, and what a training leaves out.
@Suite struct RetrainingTests {
  static let second: Int64 = 1_000_000_000

  let clock = CrashingClock(now: 3000 * second)

  /// The rows of ``ModelTests``, and a model that is due at 3600 s.
  func database(_ change: (String) -> String = { $0 }) async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { [clock] in $0.clock = { clock.read() } }
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: ModelTests.lines(), to: "db")
    let create = change(ModelTests.create + " RETRAIN EVERY 10m OVER 20m")
    _ = try await temporary.database.tables(create)
    return temporary
  }

  func listing(_ temporary: TemporaryDatabase, _ column: String) async throws -> FieldValue? {
    let table = try #require(try await temporary.database.tables("SHOW MODELS ON db").first)
    return try #require(table.column(column))[0]
  }

  @Test func aModelIsTrainedOverItsSpanWhenItIsDue() async throws {
    let temporary = try await database()
    let database = temporary.database
    #expect(try await listing(temporary, "retrain_every") == .string("10m"))
    #expect(try await listing(temporary, "retrain_over") == .string("20m"))
    #expect(try await listing(temporary, "trained_from") == .string("1970-01-01T00:00:00Z"))
    clock.advance(599 * Self.second)
    database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(1))
    #expect(try await listing(temporary, "age") == .integer(599))
    clock.advance(Self.second)
    database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(2))
    #expect(try await listing(temporary, "trained_from") == .string("1970-01-01T00:40:00Z"))
    #expect(try await listing(temporary, "trained_to") == .string("1970-01-01T00:49:50Z"))
    #expect(try await listing(temporary, "in_force") == .string("1970-01-01T01:00:00Z"))
    database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(2))
    try temporary.reopen { [clock] in $0.clock = { clock.read() } }
    clock.advance(600 * Self.second)
    try temporary.database.write(lineProtocol: ModelTests.lines(from: 300, to: 420), to: "db")
    temporary.database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(3))
  }

  @Test func onDemandItIsTheSpanToo() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE 2800s")
    #expect(try await listing(temporary, "trained_from") == .string("1970-01-01T00:30:00Z"))
    #expect(try await listing(temporary, "in_force") == .string("1970-01-01T00:46:40Z"))
  }

  @Test func withoutTimesInTheStatementItIsTheSpanFromTheStart() async throws {
    let temporary = try await database {
      $0.replacingOccurrences(of: "WHERE time < 2400s", with: "WHERE pod = 'a'")
    }
    #expect(try await listing(temporary, "trained_from") == .string("1970-01-01T00:30:00Z"))
    #expect(try await listing(temporary, "groups") == .integer(1))
    clock.advance(600 * Self.second)
    temporary.database.retraining.trainDue()
    #expect(try await listing(temporary, "trained_from") == .string("1970-01-01T00:40:00Z"))
    #expect(try await listing(temporary, "groups") == .integer(1), "conditions on tags stay")
  }

  @Test func aFailureIsShownAndTriedAgainLater() async throws {
    let temporary = try await database()
    let database = temporary.database
    #expect(try await listing(temporary, "last_error") == nil)
    clock.advance(4000 * Self.second)
    database.retraining.trainDue()
    guard case .string(let reason)? = try await listing(temporary, "last_error") else {
      Issue.record("no error")
      return
    }
    #expect(reason.contains("no data to train on"))
    #expect(try await listing(temporary, "version") == .integer(1), "the model stays")
    try database.write(lineProtocol: ModelTests.lines(from: 600, to: 700), to: "db")
    clock.advance(59 * Self.second)
    database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(1), "too early")
    clock.advance(Self.second)
    database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(2))
    #expect(try await listing(temporary, "last_error") == nil)
  }

  @Test func aClockThatWasPutBackKeepsNoModelFromItsTraining() async throws {
    let temporary = try await database()
    clock.advance(-599 * Self.second)
    temporary.database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(1), "a correction is no reason")
    #expect(try await listing(temporary, "age") == .integer(0))
    clock.advance(-Self.second)
    temporary.database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(2))
    temporary.database.retraining.trainDue()
    #expect(try await listing(temporary, "version") == .integer(2), "once")
  }

  @Test func theTimeToTheNextAttemptGrowsToTheSchedulesInterval() {
    var failure: TrainingFailure?
    var now: Timestamp = 0
    var delays: [Int64] = []
    for _ in 0..<5 {
      let failed = TrainingFailure("", after: failure, every: 300 * Self.second, at: now)
      let delay = (1...1000).first { failed.isDue(at: now + $0 * Self.second) } ?? 0
      #expect(failed.isDue(at: now - 1), "the clock was put back")
      #expect(!failed.isDue(at: now))
      now += delay * Self.second
      delays.append(delay)
      failure = failed
    }
    #expect(delays == [60, 120, 240, 300, 300])
    #expect(!TrainingFailure("", after: nil, every: .max, at: .max - 1).isDue(at: .max - 1))
  }

  @Test func theServersThreadTrains() async throws {
    let temporary = try await database()
    clock.advance(600 * Self.second)
    try temporary.reopen { [clock] in
      $0.clock = { clock.read() }
      $0.runsContinuousQueries = true
    }
    var version: FieldValue?
    for _ in 0..<600 {
      version = try await listing(temporary, "version")
      if version == .integer(2) { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(version == .integer(2))
    try temporary.database.close()
  }

  @Test(arguments: ["EVERY 5s OVER 20m", "EVERY 10m OVER 5s"])
  func aScheduleBelowTheIntervalIsRefused(_ schedule: String) async throws {
    let temporary = try await database()
    let statement = ModelTests.create.replacingOccurrences(of: "MODEL shop", with: "MODEL other")
    let failure = try await temporary.database.failure("\(statement) RETRAIN \(schedule)")
    #expect(failure?.contains("GROUP BY time") == true)
  }

  @Test(arguments: [
    "versions = 0", "versions = 101", "versions = 'x'", "expire = 5", "expire = 0s",
  ])
  func optionsOutOfRangeAreRefused(_ option: String) async throws {
    let temporary = try await database()
    let statement = ModelTests.create.replacingOccurrences(of: "MODEL shop", with: "MODEL other")
      .replacingOccurrences(of: "seed = 7", with: option)
    #expect(try await temporary.database.failure(statement)?.contains("invalid option") == true)
  }

  /// With losses of single rows, so that which rows are flagged can be told by hand.
  @Sendable static func judgedByTheLastRow(_ create: String) -> String {
    create.replacingOccurrences(
      of: "seed = 7", with: "seed = 7, loss = 'last', compression = 'asinh', margin = 1.5")
  }

  /// Rows that the newest version's groups were trained on.
  func trainedRows(_ temporary: TemporaryDatabase) throws -> [Int] {
    let model = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    return model.newest.model.groups.map(\.info.rows)
  }

  @Test func whatTheVersionInForceFlagsIsNotLearned() async throws {
    let temporary = try await database(Self.judgedByTheLastRow)
    clock.advance(600 * Self.second)
    temporary.database.retraining.trainDue()
    // Pod b jumps for two rows, and two more are flagged while their windows hold these.
    let rows = try trainedRows(temporary)
    #expect(rows == [60, 56])
  }

  @Test(arguments: [("last", 2), ("window", 5)])
  func aFlaggedRowStandsForTheRowsThatItsLossSpeaksOf(_ loss: String, _ reach: Int) async throws {
    let temporary = try await database {
      $0.replacingOccurrences(of: "seed = 7", with: "loss = '\(loss)'")
    }
    let model = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    let jump = FeatureRows(
      group: ["b"], timestamps: (0..<100).map { $0 * 10 * Self.second },
      features: [
        (0..<100).map { sin(Double($0) / 7) + ((60...61).contains($0) ? 4000 : 0) },
        (0..<100).map { Double(100 + $0 % 13) },
      ])
    let scores = try model.score(jump)
    let first = try #require(
      jump.timestamps.indices.first { $0 > 50 && scores.loss[$0] > scores.threshold[$0] })
    let gaps = Set(jump.timestamps).subtracting(
      try AnomalousRows(of: jump, by: model).rest.timestamps)
    #expect(gaps.filter { $0 > 500 * Self.second }.min() == jump.timestamps[first - reach + 1])
  }

  @Test func whatLastsIsTheNewNormal() async throws {
    let temporary = try await database(Self.judgedByTheLastRow)
    let lines = (285..<300).map { "container,pod=a cpu=\($0 % 2 * 90) \($0 * 10)000000000" }
    try temporary.database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
    clock.advance(600 * Self.second)
    let results = try await temporary.database.query("RETRAIN MODEL shop ON db", in: "db")
    #expect(results.first?.error == nil)
    let warnings = results.flatMap(\.messages).map(\.text)
    #expect(warnings.count == 1)
    #expect(warnings.first?.hasPrefix("pod=a: 2") == true, "\(warnings)")
    #expect(warnings.first?.contains("taken for the new normal") == true)
    let rows = try trainedRows(temporary)
    #expect(rows == [60, 56])
  }
}
