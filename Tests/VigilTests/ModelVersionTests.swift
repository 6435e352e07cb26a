import Detection
import Foundation
import Query
import Testing

@testable import Vigil

/// A model's versions: each row is scored by the one in force at its time.
@Suite struct ModelVersionTests {
  static let second: Int64 = 1_000_000_000
  static let scores = "SELECT rl(shop), threshold(shop) FROM container GROUP BY time(10s), pod"

  /// The model of ``ModelTests``, and then other data where it was trained, so that another training
  /// gives another model.
  func database(_ options: String = "") async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { $0.clock = { 3000 * Self.second } }
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: ModelTests.lines(), to: "db")
    let create = ModelTests.create.replacingOccurrences(of: "seed = 7", with: "seed = 7\(options)")
    _ = try await temporary.database.tables(create)
    try change(temporary, 1)
    return temporary
  }

  func change(_ temporary: TemporaryDatabase, _ number: Int) throws {
    let lines = (0..<40).flatMap { row in
      ["a", "b"].map { "container,pod=\($0) cpu=\(number)5 \(row * 50)000000000" }
    }
    try temporary.database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
  }

  /// Rows by time of each pod.
  func rows(_ temporary: TemporaryDatabase, _ query: String = scores) async throws
    -> [[(time: Int64, row: String)]]
  {
    try await temporary.database.tables(query).map { table in
      table.rows.map { (Int64($0.split(separator: " ")[0]) ?? 0, $0) }
    }
  }

  func files(_ temporary: TemporaryDatabase) throws -> [String] {
    try temporary.database.engine.listFiles(kind: ModelVersion.fileKind, in: "db")
  }

  @Test func retrainingLeavesNoGapAndChangesNoRowBeforeItsTime() async throws {
    let temporary = try await database()
    let before = try await rows(temporary)
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE 2605s")
    for isReopened in [false, true] {
      if isReopened { try temporary.reopen() }
      let after = try await rows(temporary)
      #expect(after.map { $0.map(\.time) } == before.map { $0.map(\.time) }, "no gap")
      for (old, new) in zip(before, after) {
        for (a, b) in zip(old, new) {
          // The interval that holds the given time is the first of the new version.
          #expect((a.row == b.row) == (a.time < 2600 * Self.second), "at \(a.time)")
        }
      }
    }
    let listing = try #require(try await temporary.database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("version")?[0] == .integer(2))
    #expect(listing.column("versions")?[0] == .integer(2))
    #expect(listing.column("in_force")?[0] == .string("1970-01-01T00:43:20Z"))
    #expect(listing.column("window")?[0] == .integer(4))
    #expect(listing.column("trained_to")?[0] == .string("1970-01-01T00:39:50Z"))
  }

  @Test func withoutATimeItIsInForceFromTheIntervalOfTheTraining() async throws {
    let temporary = try await database()
    let before = try await temporary.database.tables(Self.scores)
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db")
    #expect(try await temporary.database.tables(Self.scores) == before)
    try temporary.database.write(lineProtocol: ModelTests.lines(from: 300, to: 310), to: "db")
    let later = Self.scores.replacingOccurrences(
      of: "container", with: "container WHERE time >= 0 AND time < 4000s")
    let table = try await rows(temporary, later)
    #expect(table[0].count == 306)
    #expect(
      try await version(temporary, at: 2990) == 1, "complete when the training ended")
    #expect(try await version(temporary, at: 3000) == 2)
  }

  /// The version that scores a row of pod a.
  func version(_ temporary: TemporaryDatabase, at seconds: Int64) async throws -> Int64? {
    let model = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    return try model.score(
      FeatureRows(group: ["a"], timestamps: [seconds * Self.second], features: [[1], [1]])
    ).version.first
  }

  @Test func theLastVersionsAreKept() async throws {
    let temporary = try await database(", versions = 3")
    for number in 2...6 {
      try change(temporary, number)
      _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE \(number * 400)s")
    }
    #expect(try files(temporary) == ["shop/4", "shop/5"])
    #expect(try await version(temporary, at: 0) == 4, "the oldest kept stands for those before it")
    #expect(try await version(temporary, at: 1999) == 4)
    #expect(try await version(temporary, at: 2000) == 5)
    #expect(try await version(temporary, at: 2400) == 6)
    try temporary.reopen()
    #expect(try await version(temporary, at: 1999) == 4)
  }

  @Test func eightVersionsAreKeptWhereNothingIsSaid() async throws {
    let temporary = try await database()
    for number in 2...10 {
      _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE \(number * 200)s")
    }
    #expect(try files(temporary).count == 7)
    let listing = try #require(try await temporary.database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("versions")?[0] == .integer(8))
  }

  @Test func anEarlierTimeReplacesTheVersionsFromThere() async throws {
    let temporary = try await database()
    for time in [1000, 2000, 2800, 1000] {
      _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE \(time)s")
    }
    #expect(try files(temporary) == ["shop/1"])
    #expect(try await version(temporary, at: 990) == 1)
    #expect(try await version(temporary, at: 1000) == 5)
    _ = try await temporary.database.tables(
      "RETRAIN MODEL shop ON db SINCE '1970-01-01T00:10:00Z'")
    #expect(try await version(temporary, at: 590) == 1)
    #expect(try await version(temporary, at: 600) == 6)
  }

  @Test(arguments: ["'yesterday'", "true", "'2026-13-01'"])
  func whatIsNoTimeIsAnError(_ time: String) async throws {
    let temporary = try await database()
    #expect(try await temporary.database.failure("RETRAIN MODEL shop SINCE \(time)") != nil)
    #expect(try await version(temporary, at: 1000) == 1)
  }

  /// A crash after the older version was kept and before it was replaced, and one amid a DROP.
  @Test func aFileThatTheNewestVersionDoesNotNameIsIgnoredAndGoes() async throws {
    let temporary = try await database()
    let before = try await temporary.database.tables(Self.scores)
    let newest = try #require(
      try temporary.database.engine.loadFile(kind: "models", name: "shop", in: "db"))
    for name in ["shop/1", "shop/7"] {
      try temporary.database.engine.storeFile(
        kind: ModelVersion.fileKind, name: name, bytes: newest, in: "db")
    }
    try temporary.reopen { $0.clock = { 3000 * Self.second } }
    #expect(try await temporary.database.tables(Self.scores) == before)
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE 2000s")
    #expect(try files(temporary) == ["shop/1"])
    #expect(try await version(temporary, at: 1990) == 1)
    try temporary.database.engine.removeFile(kind: "models", name: "shop", in: "db")
    try temporary.reopen { $0.clock = { 3000 * Self.second } }
    _ = try await temporary.database.tables(ModelTests.create)
    #expect(try files(temporary) == [])
    #expect(try await version(temporary, at: 1990) == 1)
  }

  @Test func namesDoNotGetInEachOthersWay() async throws {
    let temporary = try await database()
    let database = temporary.database
    let names = ["a", "a/1", "a/1/1", "/", "ü \\\"x\\\" %2F", "1"]
    for name in names {
      _ = try await database.tables(
        ModelTests.create.replacingOccurrences(of: "MODEL shop", with: "MODEL \"\(name)\""))
      _ = try await database.tables("RETRAIN MODEL \"\(name)\" ON db SINCE 1000s")
    }
    let files = try files(temporary)
    #expect(Set(files) == ["a/1", "a/1/1", "a/1/1/1", "//1", "ü \"x\" %2F/1", "1/1"])
    let query = "SELECT rl(\"a/1\") FROM container GROUP BY time(10s), pod"
    let before = try await database.tables(query)
    _ = try await database.tables("DROP MODEL a ON db")
    #expect(try self.files(temporary).count == files.count - 1)
    try temporary.reopen()
    #expect(try await temporary.database.tables(query) == before)
    let path = temporary.path
    try temporary.database.close()
    #expect(try DataDirectory.verify(path).problems.isEmpty)
  }

  @Test func aNameWithoutRoomForAVersionIsRefusedBeforeTheTraining() async throws {
    let temporary = try await database()
    for (count, isFine) in [(218, true), (219, false), (240, false)] {
      let statement = ModelTests.create.replacingOccurrences(
        of: "MODEL shop", with: "MODEL \(String(repeating: "n", count: count))")
      let failure = try await temporary.database.failure(statement)
      #expect((failure == nil) == isFine, "\(failure ?? "")")
    }
  }

  @Test func aDamagedOldVersionFailsItsRowsAlone() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables("RETRAIN MODEL shop ON db SINCE 2000s")
    let newest = try #require(try database.engine.loadFile(kind: "models", name: "shop", in: "db"))
    // Whole, and not the version that it is to be.
    try database.engine.storeFile(
      kind: ModelVersion.fileKind, name: "shop/1", bytes: newest, in: "db")
    try temporary.reopen()
    #expect(try await temporary.database.failure(Self.scores)?.contains("not version 1") == true)
    let late = Self.scores.replacingOccurrences(
      of: "container", with: "container WHERE time >= 2100s")
    #expect(try await temporary.database.tables(late).count == 2)
    let path = temporary.path
    try temporary.database.close()
    #expect(try DataDirectory.verify(path).problems.count == 1)
  }

  @Test func aGroupWithoutDataIsCarriedOverUntilItExpires() async throws {
    for (expire, isKept) in [("20m", false), ("30m", true)] {
      let temporary = try TemporaryDatabase { $0.clock = { 3000 * Self.second } }
      let database = temporary.database
      try await database.query("CREATE DATABASE db")
      try database.write(lineProtocol: ModelTests.lines(), to: "db")
      _ = try await database.tables("DELETE FROM container WHERE pod = 'b' AND time >= 1000s")
      _ = try await database.tables(
        ModelTests.create.replacingOccurrences(of: "seed = 7", with: "expire = \(expire)"))
      _ = try await database.tables("DELETE FROM container WHERE pod = 'b' AND time < 500s")
      try database.write(lineProtocol: ModelTests.lines(from: 245, to: 260), to: "db")
      _ = try await database.tables("RETRAIN MODEL shop ON db SINCE 700s")
      let model = try #require(try database.models.model(named: "shop", in: "db"))
      #expect(model.newest.model.group(["b"]) != nil, "it has data")
      _ = try await database.tables("DELETE FROM container WHERE pod = 'b' AND time < 980s")
      _ = try await database.tables("RETRAIN MODEL shop ON db SINCE 2400s")
      let again = try #require(try database.models.model(named: "shop", in: "db"))
      #expect((again.newest.model.group(["b"]) == model.newest.model.group(["b"])) == isKept)
      #expect(again.newest.model.group(["b"]) == nil || isKept)
      let late = try await database.tables(
        "SELECT rl(shop) FROM container WHERE pod = 'b' AND time >= 2450s GROUP BY time(10s), pod")
      #expect(late.isEmpty != isKept)
    }
  }

  @Test func continuousQueriesComputeWhatTheNewVersionScoresAlone() async throws {
    let temporary = try await database()
    let database = temporary.database
    let scheduler = database.continuousQueries.scheduler
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY watch ON db BEGIN SELECT rl(shop) AS rl INTO health
      FROM container GROUP BY time(10s), pod END
      """)
    scheduler.runUntilIdle()
    let before = scheduler.statuses().map(\.pointsWritten).reduce(0, +)
    _ = try await database.tables("RETRAIN MODEL shop ON db SINCE 2600s")
    scheduler.runUntilIdle()
    let written = scheduler.statuses().map(\.pointsWritten).reduce(0, +) - before
    #expect(written == 80)
    let kept = try await database.tables("SELECT rl FROM health GROUP BY pod")
    let fresh = try await database.tables("SELECT rl(shop) FROM container GROUP BY time(10s), pod")
    #expect(kept.map(\.rows) == fresh.map(\.rows))
  }

  @Test(arguments: [
    ("in_force", "x"), ("in_force", ""), ("older", "1:-"), ("older", "1:-:5 2:25:5"),
    ("older", "1:-:5 1:15:5"), ("older", "2:-:5"), ("older", "1:20:5"),
  ])
  func damagedAnnotationsAreRefused(_ name: String, _ value: String) async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE 0")
    let shop = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    var specification = shop.newest.model.specification
    specification.annotations["in_force"] = "20"
    specification.annotations["older"] = "1:-:5"
    let fine = try DetectionModel(specification: specification, groups: shop.newest.model.groups)
    #expect(try TrainedModel(fine).older.count == 1)
    specification.annotations[name] = value
    let damaged = try DetectionModel(specification: specification, groups: fine.groups)
    #expect(throws: DetectionError.self) { try TrainedModel(damaged) }
  }

  @Test(arguments: [
    "", "1:-:9", "1:-:9 2:17:8 5:18:9", "3:-5:1",
  ])
  func versionsReadBackAsWritten(_ text: String) {
    #expect([ModelVersion](text: text)?.text == text)
  }

  @Test(arguments: [
    " ", "1", "1:-", "1:-:0", "1:x:9", "1:-:9 ", "2:-:9 1:5:9", "1:5:9 2:5:9", "1:5:9 2:-:9",
    "1:-:9  2:3:9", "1:99999999999999999999:9",
  ])
  func damagedVersionsAreRefused(_ text: String) {
    #expect([ModelVersion](text: text) == nil)
  }
}
