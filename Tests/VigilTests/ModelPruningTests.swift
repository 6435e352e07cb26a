import Foundation
import Query
import Testing

@testable import Vigil

/// Networks of containers that are gone leave the model.
@Suite struct ModelPruningTests {
  static let second: Int64 = 1_000_000_000
  static let hour = 3600 * second

  let clock = CrashingClock(now: 5000 * second)

  /// Pods a and b of web and c of shop, with a network each, and one for each service.
  func database(_ change: (String) -> String = { $0 }) async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { [clock] in $0.clock = { clock.read() } }
    try await temporary.database.query("CREATE DATABASE db")
    for (pod, service) in [("a", "web"), ("b", "web"), ("c", "shop")] {
      try temporary.database.write(
        lineProtocol: SharedModelTests.lines(pod: pod, service: service, rows: 0..<240), to: "db")
    }
    _ = try await temporary.database.tables(change(SharedModelTests.create))
    return temporary
  }

  /// The keys of groups, then those of shared networks.
  func networks(_ temporary: TemporaryDatabase) throws -> [String] {
    let model = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    return (model.newest.model.groups + model.newest.model.shared).map {
      $0.key.joined(separator: ",")
    }
  }

  func drop(_ pod: String, _ temporary: TemporaryDatabase) async throws {
    _ = try await temporary.database.tables("DROP SERIES FROM container WHERE pod = '\(pod)'")
  }

  @Test func droppedSeriesTakeTheirNetworksWithThem() async throws {
    let temporary = try await database()
    let before = try await temporary.database.tables(SharedModelTests.losses)
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == ["a", "b", "c", "shop", "web"], "all are there")
    try await drop("a", temporary)
    try await drop("c", temporary)
    clock.advance(Self.hour)
    temporary.database.retraining.pruneDue()
    for isReopened in [false, true] {
      if isReopened { try temporary.reopen { [clock] in $0.clock = { clock.read() } } }
      #expect(try networks(temporary) == ["b", "web"])
      let after = try await temporary.database.tables(SharedModelTests.losses)
      #expect(after == before.filter { $0.tags[0].value == "b" }, "what is left scores as before")
    }
    let listing = try #require(try await temporary.database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("version")?[0] == .integer(1))
    #expect(listing.column("state")?[0] == .string("ready"))
    #expect(listing.column("in_force")?[0] == nil)
  }

  @Test func itIsAtTheStartAndThenOnceAnHour() async throws {
    let temporary = try await database()
    try await drop("a", temporary)
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == ["b", "c", "shop", "web"], "at the start")
    try await drop("b", temporary)
    clock.advance(Self.hour - 1)
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == ["b", "c", "shop", "web"])
    clock.advance(1)
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == ["c", "shop"])
    try await drop("c", temporary)
    try temporary.database.write(lineProtocol: "container,pod=x cpu=1,memory=1i 1", to: "db")
    clock.advance(-2 * Self.hour)
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == [], "the clock was put back")
  }

  @Test func whatRetentionTakesIsGoneToo() async throws {
    let temporary = try await database()
    let late = SharedModelTests.lines(pod: "b", service: "web", rows: 200_000..<200_010)
    try temporary.database.write(lineProtocol: late, to: "db")
    try await temporary.database.query("ALTER RETENTION POLICY autogen ON db DURATION 7d")
    clock.advance(23 * 24 * Self.hour)
    try temporary.database.engine.flush("db")
    try temporary.database.engine.enforceRetention()
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == ["b", "web"])
  }

  @Test func aMeasurementWithoutAnySeriesSaysNothing() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables("DROP MEASUREMENT container")
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary).count == 5, "its rows may be written anew")
  }

  @Test func aTrainingIsNotDisturbed() async throws {
    let temporary = try await database()
    try await drop("a", temporary)
    let models = temporary.database.models
    let model = try #require(try models.model(named: "shop", in: "db"))
    let status = ModelTrainingStatus(model.statement, context: QueryContext(now: 0), report: nil)
    #expect(models.begin(status, in: "db"))
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary).count == 5)
    models.end("shop", in: "db")
    clock.advance(Self.hour)
    temporary.database.retraining.pruneDue()
    #expect(try networks(temporary) == ["b", "c", "shop", "web"])
  }

  @Test func groupsOfAnImportedModelMayComeLate() async throws {
    let source = try await database { $0.replacingOccurrences(of: "seed = 7", with: "expire = 1d") }
    let bytes = try source.database.exportModel("shop", from: "db")
    let target = try TemporaryDatabase { [clock] in $0.clock = { clock.read() } }
    try await target.database.query("CREATE DATABASE db")
    try target.database.importModel(bytes, into: "db")
    try target.database.write(
      lineProtocol: SharedModelTests.lines(pod: "b", service: "web", rows: 0..<240), to: "db")
    target.database.retraining.pruneDue()
    #expect(try networks(target).count == 5)
    clock.advance(Self.hour)
    _ = try await target.database.tables("RETRAIN MODEL shop ON db")
    clock.advance(22 * Self.hour)
    target.database.retraining.pruneDue()
    #expect(try networks(target).count == 5, "of the version before")
    clock.advance(Self.hour)
    target.database.retraining.pruneDue()
    #expect(try networks(target) == ["b", "web"])
  }

  @Test func olderVersionsAndContinuousQueriesStay() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables("RETRAIN MODEL shop ON db SINCE 2000s")
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY health ON db BEGIN SELECT detect(shop) INTO health FROM container
      GROUP BY time(10s), pod END
      """)
    database.continuousQueries.scheduler.runUntilIdle()
    try await drop("a", temporary)
    database.continuousQueries.scheduler.runUntilIdle()
    let before = try await database.tables("SELECT * FROM health GROUP BY pod")
    database.retraining.pruneDue()
    #expect(try networks(temporary) == ["b", "c", "shop", "web"])
    let status = database.continuousQueries.scheduler.statuses()
    #expect(status.allSatisfy { $0.lag == 0 }, "nothing is computed again")
    #expect(try await database.tables("SELECT * FROM health GROUP BY pod") == before)
    let listing = try #require(try await database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("versions")?[0] == .integer(2))
    #expect(try await database.tables(SharedModelTests.losses).count == 2)
  }

  @Test func driftOfWhatStaysIsKept() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables(SharedModelTests.losses)
    let model = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    #expect(model.newest.drift != nil)
    try await drop("a", temporary)
    temporary.database.retraining.pruneDue()
    let pruned = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    #expect(pruned !== model)
    #expect(pruned.newest.drift != nil)
  }

  @Test func theServersThreadPrunes() async throws {
    let temporary = try await database()
    try await drop("a", temporary)
    try temporary.reopen { [clock] in
      $0.clock = { clock.read() }
      $0.runsContinuousQueries = true
    }
    for _ in 0..<600 where try networks(temporary).count == 5 {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(try networks(temporary) == ["b", "c", "shop", "web"])
    try temporary.database.close()
  }
}
