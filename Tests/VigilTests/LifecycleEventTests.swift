import Foundation
import Testing

@testable import Vigil

/// Events near which a model's rows are masked, through statements and continuous queries.
@Suite struct LifecycleEventTests {
  static let create = ModelTests.create.replacingOccurrences(
    of: "seed = 7", with: "seed = 7, events = 'deploy', mask = 25s")

  /// Pod b's cpu jumps at 2500 s for two rows, which flags rows from the second on.
  private func database(_ create: String = create) async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { $0.clock = { 10_000_000_000_000 } }
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: ModelTests.lines(), to: "db")
    _ = try await database.tables(create)
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY watch ON db BEGIN
        SELECT detect(shop) INTO health FROM container GROUP BY time(10s), pod
      END
      """)
    return temporary
  }

  /// Times (in seconds) and states of what is stored for pod b, and whether rows are anomalies.
  private func stored(_ database: Database, pod: String = "b") async throws -> [String] {
    database.continuousQueries.scheduler.runUntilIdle()
    let table = try await database.tables(
      "SELECT state, anomaly FROM health WHERE pod = '\(pod)' AND time >= 2490s AND time <= 2530s")
    return table.first?.rows.map { $0.replacingOccurrences(of: "0000000000 ", with: "0 ") } ?? []
  }

  private static let unmasked = [
    "2490 scored 0", "2500 scored 0", "2510 scored 1", "2520 scored 1", "2530 scored 1",
  ]
  private static let masked = [
    "2490 scored 0", "2500 masked 0", "2510 masked 0", "2520 masked 0", "2530 scored 1",
  ]

  @Test func aLateEventMasksAndItsDeletionUnmasksWhatWasDerived() async throws {
    let temporary = try await database()
    let database = temporary.database
    #expect(try await stored(database) == Self.unmasked)
    let scores = "SELECT rl, threshold, share_cpu, share_memory FROM health WHERE pod = 'b'"
    let before = try await database.tables(scores)
    try database.write(lineProtocol: "deploy,pod=b what=\"v2\" 2501000000000", to: "db")
    #expect(try await stored(database) == Self.masked)
    #expect(try await stored(database, pod: "a").allSatisfy { $0.hasSuffix("scored 0") })
    #expect(try await database.tables(scores) == before)
    _ = try await database.tables("DELETE FROM deploy WHERE time = 2501s")
    #expect(try await stored(database) == Self.unmasked)
    try database.write(lineProtocol: "deploy what=\"v2\" 2501000000000", to: "db")
    #expect(try await stored(database) == Self.masked)
    #expect(try await stored(database, pod: "a")[1] == "2500 masked 0")
    _ = try await database.tables("DROP MEASUREMENT deploy")
    #expect(try await stored(database) == Self.unmasked)
  }

  @Test func eventsMarkAfterAReopeningAndAfterTheModelIsMadeAnew() async throws {
    let temporary = try await database()
    #expect(try await stored(temporary.database) == Self.unmasked)
    try temporary.reopen { $0.clock = { 10_000_000_000_000 } }
    let database = temporary.database
    try database.write(lineProtocol: "deploy,pod=b what=\"v2\" 2501000000000", to: "db")
    #expect(try await stored(database) == Self.masked)

    _ = try await database.tables("DROP MODEL shop ON db")
    _ = try await database.tables(
      Self.create.replacingOccurrences(of: "'deploy'", with: "'rollout'"))
    #expect(try await stored(database) == Self.unmasked)
    try database.write(lineProtocol: "rollout,pod=b what=\"v2\" 2501000000000", to: "db")
    #expect(try await stored(database) == Self.masked)
  }

  @Test func aQueryOverDetectDependsOnTheEvents() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY flags ON db BEGIN
        SELECT sum(anomaly) AS flags INTO flags FROM (SELECT detect(shop) FROM container)
        GROUP BY time(1m), pod
      END
      """)
    func flags() async throws -> [String] {
      database.continuousQueries.scheduler.runUntilIdle()
      return try await database.tables(
        "SELECT flags FROM flags WHERE pod = 'b' AND time >= 2460s AND time < 2520s")[0].rows
    }
    #expect(try await flags() == ["2460000000000 1"])
    try database.write(lineProtocol: "deploy,pod=b what=\"v2\" 2501000000000", to: "db")
    #expect(try await flags() == ["2460000000000 0"])
  }

  @Test func eventsKeepTheirMaskWhenTheModelIsTrainedAgain() async throws {
    let temporary = try await database()
    let database = temporary.database
    try database.write(lineProtocol: "deploy,pod=b what=\"v2\" 2501000000000", to: "db")
    _ = try await database.tables("RETRAIN MODEL shop ON db")
    #expect(try await stored(database) == Self.masked)
  }

  @Test func maskedRowsAreNotLearnedFrom() async throws {
    let temporary = try await ModelTests().database()
    let database = temporary.database
    try database.write(lineProtocol: "deploy,pod=b what=\"v2\" 1205000000000", to: "db")
    let training = try #require(try await database.tables(Self.create).first)
    // Of 240 rows three are masked; the two runs lose a window's rows each but the last.
    #expect(training.column("pod").map { [$0[0], $0[1]] } == [.string("a"), .string("b")])
    #expect(training.column("rows").map { [$0[0], $0[1]] } == [.integer(240), .integer(237)])
  }

  @Test func twoMinutesAreMaskedUnlessTold() async throws {
    let temporary = try await database(
      Self.create.replacingOccurrences(of: ", mask = 25s", with: ""))
    let database = temporary.database
    try database.write(lineProtocol: "deploy,pod=a what=\"v2\" 2400000000000", to: "db")
    let table = try await database.tables("SELECT state(shop) FROM container WHERE pod = 'a'")
    let masked = table[0].rows.filter { $0.hasSuffix(" masked") }
    #expect(masked.first == "2400000000000 masked")
    #expect(masked.last == "2510000000000 masked")
    #expect(masked.count == 12)
  }

  @Test(arguments: [
    ("events = 'deploy', mask = 0s", "invalid option mask: '0s' is no duration above 0"),
    ("events = 'deploy', mask = 3", "invalid option mask: '3' is no duration above 0"),
    ("mask = 2m", "invalid option mask: there is nothing to mask without events"),
    ("events = 7", "invalid option events: 7 is no name of a measurement"),
    ("events = ''", "invalid option events: '' is no name of a measurement"),
    ("events = 'container'", "invalid option events: 'container' is what the model itself reads"),
  ])
  func whatIsWrongIsSaid(options: String, message: String) async throws {
    let temporary = try await ModelTests().database()
    let statement = ModelTests.create.replacingOccurrences(
      of: "seed = 7", with: "seed = 7, \(options)")
    let failure = try await temporary.database.failure(statement)
    #expect(failure?.hasPrefix(message) == true, "\(failure ?? "no error")")
    #expect(try await temporary.database.tables("SHOW MODELS ON db").isEmpty)
  }

  @Test func aQueryThatWritesTheEventsOfItsModelIsRefused() async throws {
    let temporary = try await database()
    let database = temporary.database
    let direct = try await database.failure(
      """
      CREATE CONTINUOUS QUERY bad ON db BEGIN
        SELECT detect(shop) INTO deploy FROM container GROUP BY time(10s), pod
      END
      """)
    #expect(direct?.contains("reads and writes db..deploy") == true)
    let through = try await database.failure(
      """
      CREATE CONTINUOUS QUERY bad ON db BEGIN
        SELECT max(rl) INTO deploy FROM health GROUP BY time(10s), pod
      END
      """)
    #expect(through?.contains("would feed each other") == true, "\(through ?? "no error")")

    // The model comes after the queries.
    _ = try await database.tables("DROP MODEL shop ON db")
    let later = try await database.failure(
      Self.create.replacingOccurrences(of: "'deploy'", with: "'health'"))
    #expect(later?.contains("reads and writes db..health") == true)
    #expect(try await database.tables("SHOW MODELS ON db").isEmpty)
  }
}
