import Foundation
import Server
import Storage
import Testing
import Vigil

@Suite struct BackupRouteTests {
  /// A directory that is removed when the test is done.
  private final class Place: Sendable {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-backup-\(UUID().uuidString)").path
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static func open(_ path: String) throws -> Database {
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    return try Database.open(at: path, configuration: configuration)
  }

  private static func count(_ database: Database, _ name: String) async throws -> String {
    let results = try await database.query("SELECT count(v), sum(v) FROM m", in: name)
    return results.flatMap(\.series).map { series in
      "\(series.columns.dropFirst().map { $0[0].map { "\($0)" } ?? "-" })"
    }.joined()
  }

  @Test func aBackupOverHTTPRestoresToTheSameRows() async throws {
    let place = Place()
    let database = try Self.open(place.path + "/data")
    for name in ["a/b c", "other"] {
      try await database.query("CREATE DATABASE \"\(name)\"")
      try database.write(lineProtocol: "m v=1 1\nm v=2 2\nm,t=x v=3 3", to: name)
    }
    let path = place.path
    try await TestServer.run(database) { client in
      let list = try await client.get("/backup")
      #expect(list.status == 200 && list.text == #"["a\/b c","other"]"#)
      let source = try RemoteBackupSource(url: "http://127.0.0.1:\(client.port)/")
      let job = BackupJob(destination: path + "/backup")
      var lines: [String] = []
      try await job.run(from: source) { lines.append($0) }
      #expect(lines.count == 2)
      #expect(lines.allSatisfy { $0.contains(" 3 rows; 1 segment (") }, "\(lines)")
      try database.write(lineProtocol: "m v=4 4", to: "other")
      lines = []
      // Names are as fine as milliseconds.
      try await Task.sleep(for: .milliseconds(2))
      try await job.run(from: source) { lines.append($0) }
      #expect(lines[0].contains(" 0 segments (0 bytes) transferred, 1 segment ("), "\(lines)")
      #expect(lines[1].contains(" 1 segment ("), "\(lines)")
    }
    #expect(try BackupJob.list(path + "/backup").count == 4)
    #expect(try DataDirectory.verify(path + "/backup").problems == [])
    var job = RestoreJob(source: path + "/backup", data: path + "/restored")
    var lines: [String] = []
    try job.run { lines.append($0) }
    #expect(lines.count == 2)
    #expect(throws: BackupError.self) { try job.run { _ in } }
    job.database = "none"
    #expect(throws: BackupError.databaseNotFound(path: path + "/backup", database: "none")) {
      try job.run { _ in }
    }
    let restored = try Self.open(path + "/restored")
    for name in ["a/b c", "other"] {
      #expect(try await Self.count(restored, name) == Self.count(database, name))
    }
    try restored.close()
    try database.close()
  }

  @Test func whatIsNoBackupIsRefused() async throws {
    try await TestServer.run { client in
      #expect(try await client.get("/backup").text == "[]")
      let unnamed = try await client.post("/backup")
      #expect(unnamed.status == 400 && unnamed.text.contains("database is required"))
      let unknown = try await client.post("/backup?db=..%2F..%2Fetc")
      #expect(unknown.status == 404)
      #expect(unknown.text.contains(#"database not found: \"../../etc\""#), "\(unknown.text)")
      let method = try await client.send("PUT", "/backup?db=x")
      #expect(method.status == 405 && method.headers["allow"] == "GET, POST")
      let place = Place()
      let source = try RemoteBackupSource(url: "http://127.0.0.1:\(client.port)")
      await #expect(throws: RemoteBackupSource.Failure.self) {
        try await BackupJob(destination: place.path, databases: ["x"]).run(from: source) { _ in }
      }
    }
    #expect(throws: RemoteBackupSource.Failure.self) { try RemoteBackupSource(url: "nowhere") }
  }

  /// The status is sent before the first segment is read; that the rest is missing must show.
  @Test func aBackupThatBreaksOffIsNotTakenForAWholeOne() async throws {
    let place = Place()
    let database = try Self.open(place.path + "/data")
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: "m v=1 1", to: "db")
    try await TestServer.run(CutShort(database: database)) { client in
      let source = try RemoteBackupSource(url: "http://127.0.0.1:\(client.port)")
      let job = BackupJob(destination: place.path + "/backup", databases: ["db"])
      await #expect(throws: (any Error).self) { try await job.run(from: source) { _ in } }
    }
    #expect(try BackupJob.list(place.path + "/backup") == [])
    try database.close()
  }

  /// Sends the catalog, then fails.
  private struct CutShort: ServerBackend {
    struct Broken: Error {}
    let database: Database

    var databases: [String] { database.databases }

    func write(
      lineProtocol: UnsafeRawBufferPointer, to name: String, retentionPolicy: String?,
      precision: TimestampPrecision
    ) throws -> WriteOutcome { throw Broken() }

    func query(
      _ text: String, in name: String?, options: QueryOptions,
      emit: @escaping @Sendable (StatementResult) throws -> Void
    ) async throws { throw Broken() }

    func backup(
      _ name: String, except known: Set<String>,
      emit: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
      let sent = Gauge()
      try await database.backup(name, except: known) { bytes in
        sent.enter()
        if sent.now > 2 { throw Broken() }
        try emit(bytes)
      }
    }
  }
}
