import Foundation
import Storage
import Testing

@testable import Vigil

@Suite struct BackupTests {
  /// Makes a backup of `db` beside the database's directory.
  private func backUp(_ temporary: TemporaryDatabase) async throws -> BackupArchive {
    let archive = try BackupArchive(creating: .init(temporary.path + ".backup"))
    nonisolated(unsafe) let receiver = try BackupReceiver(
      archive: archive, database: "db", name: Database.backupName())
    try await temporary.database.backup("db", except: receiver.known) { try receiver.receive($0) }
    _ = try receiver.finish()
    return archive
  }

  /// Some of it computed, some pending in memory only.
  private func makeDatabase() async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: "m,host=a v=1 1000000000\nm,host=a v=3 2000000000", to: "db")
    _ = try await database.tables(ContinuousQueryTests.mean)
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY named ON db BEGIN
        SELECT sum(v) INTO db.autogen.sums FROM db.autogen.m GROUP BY time(10s) END
      """)
    database.continuousQueries.scheduler.runUntilIdle()
    try database.write(lineProtocol: "m,host=a v=8 3000000000\nm,host=b v=5 90000000000", to: "db")
    return temporary
  }

  private let derived = ["SELECT mean FROM means GROUP BY host", "SELECT sum FROM sums"]

  @Test func whatContinuousQueriesHaveToDoIsInTheBackup() async throws {
    let temporary = try await makeDatabase()
    let archive = try await backUp(temporary)
    temporary.database.continuousQueries.scheduler.runUntilIdle()
    let path = temporary.path + ".restored"
    _ = try DataDirectory.restore("db", from: archive, to: path)
    #expect(try DataDirectory.verify(path).problems == [])
    let restored = try Database.open(at: path)
    restored.continuousQueries.scheduler.runUntilIdle()
    for query in derived {
      let wanted = try await temporary.database.tables(query).map(\.rows)
      #expect(try await restored.tables(query).map(\.rows) == wanted)
      #expect(!wanted.isEmpty)
    }
    try restored.close()
  }

  @Test func aCopyUnderAnotherNameComputesItsOwnSeries() async throws {
    let temporary = try await makeDatabase()
    let archive = try await backUp(temporary)
    let path = temporary.path + ".restored"
    _ = try DataDirectory.restore("db", as: "copy", from: archive, to: path)
    _ = try DataDirectory.restore("db", from: archive, to: path)
    #expect(try DataDirectory.verify(path).problems == [])
    let restored = try Database.open(at: path)
    restored.continuousQueries.scheduler.runUntilIdle()
    let before = try await restored.tables(derived[1]).map(\.rows)
    try restored.write(lineProtocol: "m,host=a v=100 4000000000", to: "copy")
    restored.continuousQueries.scheduler.runUntilIdle()
    #expect(try await restored.tables(derived[1]).map(\.rows) == before)
    #expect(
      try await restored.tables(derived[1], in: "copy").map(\.rows)
        == [["0 112.0", "90000000000 5.0"]])
    try restored.close()
  }

  @Test func everyVersionOfAModelIsInTheBackup() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: ModelTests.lines(), to: "db")
    _ = try await database.tables(ModelTests.create)
    _ = try await database.tables("DELETE FROM container WHERE time < 600s")
    _ = try await database.tables("RETRAIN MODEL shop ON db SINCE 2000s")
    let query = "SELECT rl(shop) FROM container GROUP BY time(10s), pod"
    let wanted = try await database.tables(query)
    let archive = try await backUp(temporary)
    let path = temporary.path + ".restored"
    _ = try DataDirectory.restore("db", as: "copy", from: archive, to: path)
    #expect(try DataDirectory.verify(path).problems == [])
    let restored = try Database.open(at: path)
    #expect(try await restored.tables(query, in: "copy") == wanted)
    try restored.close()
  }

  @Test func contentWithAGoodChecksumThatIsNoModelIsDamage() async throws {
    let temporary = try await makeDatabase()
    for (kind, name) in [("models", "m"), ("continuous-queries", "hourly"), ("strange", "x")] {
      try temporary.database.engine.storeFile(
        kind: kind, name: name, bytes: Array("{}".utf8), in: "db")
    }
    // Not closed, as that would write the continuous queries again.
    let copy = temporary.path + ".copy"
    try FileManager.default.copyItem(atPath: temporary.path, toPath: copy)
    let found = try DataDirectory.verify(copy).problems.map(\.description)
    #expect(found.count == 3)
    for file in ["models/m", "continuous-queries/hourly", "strange/x"] {
      #expect(found.contains { $0.hasPrefix("\(copy)/databases/db/files/\(file): ") }, "\(found)")
    }
  }

  @Test func namesOfBackupsSortByTime() {
    #expect(Database.backupName(at: 0) == "19700101T000000000Z")
    #expect(Database.backupName(at: 1_767_225_600_123_456_789) == "20260101T000000123Z")
    #expect(Database.backupName(at: 1_767_225_600_100_000_000) == "20260101T000000100Z")
  }
}
