import Foundation
import Storage
import Testing
import TimeSeries

@testable import Vigil

/// Files flipped behind the database's back, and what its answers say of that.
@Suite struct DamagedDataTests {
  private static let day: Int64 = 86_400_000_000_000

  /// Two days of a row a minute, each day a segment of its own; the directory of the first day's is
  /// damaged if `isDamaged`.
  private func database(
    isDamaged: Bool = true, before: (Database) async throws -> Void = { _ in }
  ) async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    _ = try await database.tables("CREATE DATABASE db")
    for day in 0..<2 {
      let lines = (0..<120).map {
        "m,host=a v=\($0) \(Int64(day) * Self.day + Int64($0) * 60_000_000_000)"
      }
      try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
    }
    try await before(database)
    try database.engine.flush("db")
    if isDamaged {
      try damageFirstSegment(temporary)
      try temporary.reopen()
    }
    return temporary
  }

  private func damageFirstSegment(_ temporary: TemporaryDatabase) throws {
    let directory = temporary.path + "/databases/db/segments"
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    let url = URL(fileURLWithPath: "\(directory)/\(try #require(names.first))")
    var bytes = try Data(contentsOf: url)
    // In the directory: the trailer has the last 44 bytes, and keys of some 20 stand before it.
    bytes[bytes.count - 44 - 40] ^= 1
    try bytes.write(to: url)
  }

  private func message(_ temporary: TemporaryDatabase, _ text: String) async throws -> String? {
    let results = try await temporary.database.query(text, in: "db")
    #expect(results.count == 1)
    #expect(results.compactMap(\.error) == [])
    #expect(results.flatMap(\.messages).allSatisfy { $0.level == "error" })
    return results.flatMap(\.messages).first?.text
  }

  @Test func everyStatementThatWouldReadItSaysSo() async throws {
    let temporary = try await database()
    for statement in [
      "SELECT count(v) FROM m", "SELECT v FROM m", "SELECT last(v) FROM m WHERE time < 1d",
      "SELECT max(mean) FROM (SELECT mean(v) FROM m GROUP BY time(1h))",
      "SELECT v FROM m ORDER BY time DESC LIMIT 1", "EXPLAIN ANALYZE SELECT count(v) FROM m",
      "SHOW SERIES WHERE time < 1d",
    ] {
      let text = try #require(try await message(temporary, statement), "\(statement)")
      #expect(text.hasPrefix("databases/db/segments/"), "\(text)")
      #expect(text.contains("1970-01-01T00:00:00Z through"), "\(text)")
    }
    #expect(try await temporary.database.tables("SELECT count(v) FROM m").first?.rows == ["0 120"])
    // Its time is not asked for, or no rows at all.
    for statement in ["SELECT count(v) FROM m WHERE time >= 1d", "SHOW SERIES", "SHOW FIELD KEYS"] {
      #expect(try await message(temporary, statement) == nil, "\(statement)")
    }
    #expect(temporary.database.health().status == .warn)
  }

  @Test func theMessageIsInEveryFormat() async throws {
    let temporary = try await database()
    var options = QueryOptions()
    options.chunkSize = 50
    let results = try await temporary.database.query("SELECT v FROM m", in: "db", options: options)
    #expect(results.map(\.messages.count) == [0, 0, 1])
    let text = results[2].messages[0].text
    let json = String(
      decoding: ResultJSONEncoder.encode(results, timeFormat: .rfc3339), as: UTF8.self)
    #expect(json.contains("\"messages\":[{\"level\":\"error\",\"text\":\""))
    let csv = String(
      decoding: ResultCSVEncoder.encode(results, timeFormat: .rfc3339), as: UTF8.self)
    #expect(csv.hasSuffix("\n\nlevel,text\nerror,\(text)\n"))
  }

  @Test func anOptionMakesItAnError() async throws {
    let temporary = try await database()
    var options = QueryOptions()
    options.failsOnDamage = true
    func results(_ text: String) async throws -> [String?] {
      try await temporary.database.query(text, in: "db", options: options).map(\.error)
    }
    let error = try #require(try await results("SELECT count(v) FROM m").first ?? nil)
    #expect(error.hasPrefix("databases/db/segments/"))
    #expect(try await results("SELECT count(v) FROM m WHERE time >= 1d") == [nil])
    try temporary.reopen { $0.failsOnDamage = true }
    #expect(try await temporary.database.failure("SELECT count(v) FROM m") == error)
  }

  @Test func whatIsKeptIsNotMadeFromPartOfTheRows() async throws {
    let temporary = try await database()
    let database = temporary.database
    let into = try await database.failure("SELECT count(v) INTO o FROM m GROUP BY time(1h)")
    #expect(into?.hasPrefix("databases/db/segments/") == true)
    #expect(try await database.tables("SELECT * FROM o").isEmpty)
    let model = try await database.failure(
      "CREATE MODEL x ON db FROM m FIELDS v GROUP BY time(1m), host USING lstm_autoencoder "
        + "WITH (window = 3, hidden = 2, latent = 1, epochs = 1)")
    #expect(model?.contains("databases/db/segments/") == true, "\(model ?? "")")
  }

  @Test func aContinuousQueryLeavesWhatItDerivedFromRowsThatCannotBeRead() async throws {
    let temporary = try await database { database in
      _ = try await database.tables(
        """
        CREATE CONTINUOUS QUERY c ON db BEGIN
          SELECT count(v) INTO db.autogen.n FROM db.autogen.m GROUP BY time(1h) END
        """)
      database.continuousQueries.scheduler.runUntilIdle()
    }
    let database = temporary.database
    let segments = temporary.path + "/databases/db/segments"
    #expect(try FileManager.default.contentsOfDirectory(atPath: segments).count > 1)
    let derived = "SELECT sum(count) FROM db.autogen.n"
    // The derived rows of the damaged day lie in its segment; those of the other day are left.
    #expect(try await database.tables(derived).first?.rows == ["0 120"])
    let late = "m,host=b v=1 60000000000\nm,host=b v=1 \(Self.day)"
    try database.write(lineProtocol: late, to: "db")
    database.continuousQueries.scheduler.runUntilIdle()
    // The bucket of the good day has the late row, that of the damaged one waits.
    let rows = try await database.tables("SELECT count FROM db.autogen.n WHERE time >= 1d")
    #expect(rows.first?.rows.first == "\(Self.day) 61")
    let day = try await database.tables("SELECT count FROM db.autogen.n WHERE time < 1d")
    #expect(day.isEmpty)
    let listing = try await database.tables("SHOW CONTINUOUS QUERIES")
    let table = try #require(listing.first { $0.name == "db" })
    #expect(table.column("state")?[0] == .string("failing"))
    guard case .string(let error)? = table.column("last_error")?[0] else {
      Issue.record("no last_error")
      return
    }
    #expect(error.hasPrefix("databases/db/segments/"), "\(error)")
    #expect(table.column("lag")?[0] != .float(0))
    // Once the damaged segment is set aside the rest is computed.
    try database.close()
    var said: [String] = []
    #expect(try DataDirectory.repair(temporary.path, isDryRun: false) { said.append($0) } == 1)
    #expect(try DataDirectory.verify(temporary.path).problems == [])
    let repaired = try Database.open(at: temporary.path)
    repaired.continuousQueries.scheduler.runUntilIdle()
    let left = try await repaired.tables("SELECT count FROM db.autogen.n WHERE time < 1d")
    #expect(left.first?.rows == ["0 1"])
    try repaired.close()
  }

  @Test func aDirectoryThatIsRemovedIsNoticed() async throws {
    let temporary = try await database(isDamaged: false)
    let database = temporary.database
    #expect(database.health() == DatabaseHealth())
    try FileManager.default.moveItem(atPath: temporary.path, toPath: temporary.path + ".away")
    #expect(database.health().status == .fail)
    #expect(database.health().message == "data: removed or replaced while in use")
    #expect(throws: StorageError.self) {
      try database.write(lineProtocol: "m v=1 1", to: "db")
    }
    // An empty one in its place is not the one that was opened.
    try FileManager.default.createDirectory(
      atPath: temporary.path, withIntermediateDirectories: false)
    #expect(database.health().status == .fail)
    #expect(try await database.failure("CREATE DATABASE other") != nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == [])
    try FileManager.default.removeItem(atPath: temporary.path)
    try FileManager.default.moveItem(atPath: temporary.path + ".away", toPath: temporary.path)
    #expect(database.health() == DatabaseHealth())
    try database.write(lineProtocol: "m v=1 1", to: "db")
    // One database of several.
    try FileManager.default.removeItem(atPath: temporary.path + "/databases/db")
    #expect(database.health().status == .fail)
    #expect(database.health().checks.map(\.name) == ["databases/db"])
    #expect(throws: StorageError.self) {
      try database.write(lineProtocol: "m v=1 2", to: "db")
    }
  }
}
