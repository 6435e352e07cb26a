import Foundation
import Testing
import Vigil

@testable import Vigil

@Suite struct ContinuousQueryTests {
  /// A database whose continuous queries run when the test says so.
  func database() async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    return temporary
  }

  func settle(_ temporary: TemporaryDatabase) {
    temporary.database.continuousQueries.scheduler.runUntilIdle()
  }

  static let mean = """
    CREATE CONTINUOUS QUERY hourly ON db BEGIN
      SELECT mean(v) INTO means FROM m GROUP BY time(10s), host END
    """

  @Test func downsamplesWhatIsThereAndWhatComesLate() async throws {
    let temporary = try await database()
    let database = temporary.database
    try database.write(lineProtocol: "m,host=a v=1 1000000000\nm,host=a v=3 2000000000", to: "db")
    _ = try await database.tables(Self.mean)
    settle(temporary)
    #expect(try await database.tables("SELECT mean FROM means").first?.rows == ["0 2.0"])
    try database.write(lineProtocol: "m,host=a v=8 3000000000\nm,host=b v=5 90000000000", to: "db")
    settle(temporary)
    let tables = try await database.tables("SELECT mean FROM means GROUP BY host")
    #expect(tables.map(\.rows) == [["0 4.0"], ["90000000000 5.0"]])
    #expect(tables.map { $0.tags.map(\.value) } == [["a"], ["b"]])
  }

  @Test func emptyBucketsAreNotWritten() async throws {
    let temporary = try await database()
    let database = temporary.database
    try database.write(
      lineProtocol: "m,h=a v=1 0\nm,h=a v=3 120000000000\nm,h=b v=5 60000000000", to: "db")
    for (name, fill) in [("plain", ""), ("zeros", "fill(0)")] {
      _ = try await database.tables(
        """
        CREATE CONTINUOUS QUERY \(name) ON db BEGIN
          SELECT count(v) INTO \(name) FROM m WHERE time < 240s GROUP BY time(1m), h \(fill) END
        """)
    }
    settle(temporary)
    #expect(
      try await database.tables("SELECT count(count) FROM plain").first?.rows == ["0 3"])
    let zeros = try await database.tables("SELECT count FROM zeros WHERE h = 'a'")
    #expect(zeros.first?.rows.contains("60000000000 0") == true)
  }

  @Test func keysOfTopAreTagsOfRowsThatAreReplaced() async throws {
    let temporary = try await database()
    let database = temporary.database
    try database.write(lineProtocol: "m,h=a v=1 0\nm,h=b v=5 0\nm,h=c v=3 0", to: "db")
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY tops ON db BEGIN
        SELECT top(v, h, 2) INTO tops FROM m GROUP BY time(10s) END
      """)
    settle(temporary)
    func tops() async throws -> [String: [String]] {
      let tables = try await database.tables("SELECT top FROM tops GROUP BY h")
      return Dictionary(uniqueKeysWithValues: tables.map { ($0.tags[0].value, $0.rows) })
    }
    #expect(try await tops() == ["b": ["0 5.0"], "c": ["0 3.0"]])
    try database.write(lineProtocol: "m,h=d v=9 0", to: "db")
    settle(temporary)
    #expect(try await tops() == ["b": ["0 5.0"], "d": ["0 9.0"]])
  }

  @Test func whatAModelSaysIsWrittenAsASeriesOfItsOwn() async throws {
    let temporary = try await database()
    let database = temporary.database
    try database.write(lineProtocol: ModelTests.lines(to: 290), to: "db")
    _ = try await database.tables(ModelTests.create)
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY watch ON db RESAMPLE EVERY 10s FOR 5m BEGIN
        SELECT rl(shop), threshold(shop), anomaly(shop) INTO health
        FROM container GROUP BY time(10s), pod END
      """)
    settle(temporary)
    let query =
      "SELECT rl(shop), threshold(shop), anomaly(shop) FROM container GROUP BY time(10s), pod"
    let derived = "SELECT rl, threshold, anomaly FROM health GROUP BY pod"
    func expectSame(_ what: String) async throws {
      let fromScratch = try await database.tables(query)
      let kept = try await database.tables(derived)
      #expect(kept.map(\.rows) == fromScratch.map(\.rows), "\(what)")
      #expect(kept.map(\.tags) == fromScratch.map(\.tags), "\(what)")
    }
    try await expectSame("at first")
    // New rows, and some in the middle of what was scored: every row that looks back on one of them
    // may change, the last of them only where its loss is that of the row before it.
    try database.write(lineProtocol: ModelTests.lines(from: 290, to: 300), to: "db")
    for late in stride(from: 500, to: 2000, by: 100) {
      try database.write(lineProtocol: "container,pod=a cpu=9 \(late)000000001", to: "db")
    }
    settle(temporary)
    try await expectSame("after late data")
    let before = try await database.tables(derived)
    settle(temporary)
    #expect(try await database.tables(derived) == before, "running twice changes nothing")
    _ = try await database.tables("RETRAIN MODEL shop ON db")
    settle(temporary)
    try await expectSame("after retraining")
  }

  @Test func definitionsSurviveARestart() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables(Self.mean)
    try temporary.database.write(lineProtocol: "m,host=a v=1 1000000000", to: "db")
    try temporary.reopen()
    settle(temporary)
    let database = temporary.database
    #expect(try await database.tables("SELECT mean FROM means").first?.rows == ["0 1.0"])
    let listing = try #require(
      try await database.tables("SHOW CONTINUOUS QUERIES").first { $0.name == "db" })
    #expect(listing.column("name")?[0] == .string("hourly"))
    #expect(listing.column("state")?[0] == .string("idle"))
    #expect(listing.column("last_error")?[0] == nil)
    _ = try await database.tables("DROP CONTINUOUS QUERY hourly ON db")
    try temporary.reopen()
    let after = try await temporary.database.tables("SHOW CONTINUOUS QUERIES")
    #expect(after.allSatisfy { $0.rowCount == 0 })
  }

  @Test func theServersThreadRunsThem() async throws {
    let temporary = try TemporaryDatabase { $0.runsContinuousQueries = true }
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: "m,host=a v=1 1000000000", to: "db")
    _ = try await database.tables(Self.mean)
    for _ in 0..<200 {
      if try await database.tables("SELECT mean FROM means").first?.rows == ["0 1.0"] { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("nothing was written in ten seconds")
  }

  /// A copy of the directory of an open database is what a crash leaves: nothing was closed.
  @Test(arguments: [64 << 20, 2048]) func aCrashLeavesNothingUncomputed(_ memtableLimit: Int)
    async throws
  {
    let temporary = try TemporaryDatabase { $0.memtableLimit = memtableLimit }
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    _ = try await database.tables(Self.mean)
    settle(temporary)
    for second in 0..<400 {
      try database.write(
        lineProtocol: "m,host=a v=\(second) \(second)000000000\nm,host=b v=1 \(second)000000001",
        to: "db")
    }
    let copy = temporary.path + "-crashed"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try Self.copyWhileOpen(temporary.path, to: copy)
    let crashed = try Database.open(at: copy)
    crashed.continuousQueries.scheduler.runUntilIdle()
    let fromScratch = try await crashed.tables(
      "SELECT mean(v) FROM m WHERE time >= 0s AND time < 400s GROUP BY time(10s), host")
    let kept = try await crashed.tables("SELECT mean FROM means GROUP BY host")
    #expect(kept.map(\.rows) == fromScratch.map(\.rows))
    try crashed.close()
  }

  /// Copies until no file went away meanwhile, as a flush may remove some.
  private static func copyWhileOpen(_ source: String, to target: String) throws {
    for _ in 0..<50 {
      do {
        return try FileManager.default.copyItem(atPath: source, toPath: target)
      } catch {
        try? FileManager.default.removeItem(atPath: target)
      }
    }
    try FileManager.default.copyItem(atPath: source, toPath: target)
  }

  @Test(arguments: [
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT mean(v) INTO m FROM m GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON gone BEGIN SELECT mean(v) INTO x FROM m GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT rl(none) INTO x FROM m GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT mean(v) INTO gone.x FROM m GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT mean(v) INTO gone..x FROM m GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT mean(v) INTO x FROM gone.m GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT mean(v) INTO x FROM /.*/ GROUP BY time(10s) END",
    "CREATE CONTINUOUS QUERY q ON db BEGIN SELECT mean(v) INTO db.autogen.:MEASUREMENT FROM /m/ GROUP BY time(10s) END",
  ])
  func whatCanNotWorkIsRefused(_ statement: String) async throws {
    let temporary = try await database()
    #expect(try await temporary.database.failure(statement) != nil)
  }

  @Test func theListingShowsFullNames() async throws {
    let temporary = try await database()
    let database = temporary.database
    let queries = [
      "SELECT mean(v) INTO x FROM m GROUP BY time(10s)":
        "SELECT mean(v) INTO db.autogen.x FROM db.autogen.m GROUP BY time(10s)",
      "SELECT mean(v) INTO other..x FROM roll.m, /n/ GROUP BY time(10s)":
        "SELECT mean(v) INTO other.autogen.x FROM db.roll.m, db.autogen./n/ GROUP BY time(10s)",
      "SELECT mean(v) INTO roll.:MEASUREMENT FROM /.*/ GROUP BY time(10s), *":
        "SELECT mean(v) INTO db.roll.:MEASUREMENT FROM db.autogen./.*/ GROUP BY time(10s), *",
      "SELECT max(a) INTO y FROM (SELECT mean(v) AS a FROM m GROUP BY host) GROUP BY time(10s)":
        "SELECT max(a) INTO db.autogen.y FROM (SELECT mean(v) AS a FROM db.autogen.m "
        + "GROUP BY host) GROUP BY time(10s)",
    ]
    try await database.query(
      """
      CREATE DATABASE other; CREATE RETENTION POLICY roll ON db DURATION INF REPLICATION 1;
      CREATE RETENTION POLICY later ON db DURATION INF REPLICATION 1
      """)
    for (number, select) in queries.keys.sorted().enumerated() {
      _ = try await database.tables(
        "CREATE CONTINUOUS QUERY q\(number) ON db BEGIN \(select) END")
    }
    func texts() async throws -> [FieldValue?] {
      let listing = try await database.tables("SHOW CONTINUOUS QUERIES").first { $0.name == "db" }
      let column = try #require(listing?.column("query"))
      return (0..<column.count).map { column[$0] }
    }
    let expected = queries.sorted { $0.key < $1.key }.enumerated().map { number, query in
      FieldValue.string("CREATE CONTINUOUS QUERY q\(number) ON db BEGIN \(query.value) END")
    }
    #expect(try await texts() == expected)
    // The names mean what they meant.
    _ = try await database.tables("ALTER RETENTION POLICY later ON db DEFAULT")
    #expect(try await texts() == expected)
  }

  /// Downsampling of all measurements into another policy, as InfluxDB's manual has it.
  @Test func aBackReferenceKeepsEachMeasurement() async throws {
    let temporary = try await database()
    let database = temporary.database
    try database.write(
      lineProtocol: """
        cpu,host=a v=1 1000000000
        cpu,host=a v=3 2000000000
        cpu,host=a v=5 30000000000
        mem,host=b v=7 1000000000
        """, to: "db")
    _ = try await database.tables(
      """
      CREATE RETENTION POLICY roll ON db DURATION INF REPLICATION 1;
      CREATE CONTINUOUS QUERY downsample ON db BEGIN
        SELECT mean(v) INTO db.roll.:MEASUREMENT FROM db.autogen./.*/ GROUP BY time(10s), * END
      """)
    settle(temporary)
    func rolled() async throws -> [String: [String]] {
      let tables = try await database.tables("SELECT mean FROM db.roll./.*/ GROUP BY *")
      return Dictionary(
        uniqueKeysWithValues: tables.map { ("\($0.name) \($0.tags.map(\.value))", $0.rows) })
    }
    #expect(
      try await rolled() == [
        #"cpu ["a"]"#: ["0 2.0", "30000000000 5.0"], #"mem ["b"]"#: ["0 7.0"],
      ])
    // Measurements that come later, and what is written to the target itself.
    try database.write(lineProtocol: "net,host=a v=9 1000000000", to: "db")
    try database.write(
      lineProtocol: "net,host=a v=100 1000000000", to: "db", retentionPolicy: "roll")
    settle(temporary)
    #expect(try await rolled()[#"net ["a"]"#] == ["0 9.0"])
    // Raw rows of the same series stay where derived rows go.
    _ = try await database.tables("DELETE FROM cpu WHERE time >= 1000000000 AND time < 9s")
    settle(temporary)
    #expect(try await rolled()[#"cpu ["a"]"#] == ["30000000000 5.0"])
    #expect(try await database.tables("SELECT v FROM cpu").map(\.rows) == [["30000000000 5.0"]])
    let query = try #require(database.continuousQueries.scheduler.statuses().first)
    #expect(query.lastError == nil)
    #expect(query.lag == 0)
  }

  /// A row of another policy is no row of the source.
  @Test func rowsOfOtherPoliciesAreNotRead() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables(
      """
      CREATE RETENTION POLICY roll ON db DURATION INF REPLICATION 1;
      CREATE CONTINUOUS QUERY q ON db BEGIN
        SELECT mean(v) AS v INTO roll.m FROM autogen.m GROUP BY time(10s), host END;
      CREATE CONTINUOUS QUERY further ON db BEGIN
        SELECT max(v) AS v INTO tops FROM roll.m GROUP BY time(1m), host END
      """)
    try database.write(lineProtocol: "m,host=a v=1 1000000000\nm,host=a v=3 2000000000", to: "db")
    settle(temporary)
    #expect(try await database.tables("SELECT v FROM roll.m").map(\.rows) == [["0 2.0"]])
    #expect(try await database.tables("SELECT v FROM tops").map(\.rows) == [["0 2.0"]])
    let failure = try await database.failure(
      """
      CREATE CONTINUOUS QUERY back ON db BEGIN
        SELECT mean(v) AS v INTO autogen.m FROM tops GROUP BY time(10s) END
      """)
    #expect(
      failure == "continuous queries would feed each other: db.back → db.q → db.further → db.back")
  }

  @Test func whatIsNotThereIsAsGoodAsDropped() async throws {
    let temporary = try await database()
    for statement in [
      "DROP CONTINUOUS QUERY none ON db", "DROP CONTINUOUS QUERY none ON gone",
      "DROP RETENTION POLICY none ON db", "DROP RETENTION POLICY none ON gone",
      "DROP DATABASE gone", "DROP MEASUREMENT gone", "DROP SERIES FROM gone",
      "DROP SERIES WHERE none = 'x'", "DELETE FROM gone", "DELETE FROM gone WHERE time > 0",
    ] {
      #expect(try await temporary.database.failure(statement) == nil, "\(statement)")
    }
  }

  @Test func aDroppedDatabaseTakesItsQueriesAlong() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables(Self.mean)
    _ = try await temporary.database.tables("DROP DATABASE db; CREATE DATABASE db")
    settle(temporary)
    let listing = try await temporary.database.tables("SHOW CONTINUOUS QUERIES")
    #expect(listing.allSatisfy { $0.rowCount == 0 })
  }
}
