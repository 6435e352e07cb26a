import Foundation
import Query
import Server
import Testing
import Vigil

@Suite struct ModelRouteTests {
  /// Calls `body` with a client of a server over a database with a model.
  private func serve(
    limit: Int = 0, _ body: @Sendable @escaping (TestClient, Database) async throws -> Void
  ) async throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-model-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    let database = try Database.open(at: path, configuration: configuration)
    try await database.query("CREATE DATABASE db; CREATE DATABASE \"b/c\"")
    let lines = (0..<100).map { "m,host=a v=\($0 % 7),w=\($0 % 5) \($0 * 10_000_000_000)" }
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
    let results = try await database.query(
      """
      CREATE MODEL "the é" ON db FROM m FIELDS v, w GROUP BY time(10s), host
      USING lstm_autoencoder WITH (window = 4, hidden = 4, latent = 2, epochs = 1, seed = 1)
      """)
    #expect(results.first?.error == nil)
    var server = ServerConfiguration()
    server.maximumBodyBytes = limit
    try await TestServer.run(database, configuration: server) { client in
      try await body(client, database)
    }
    try database.close()
  }

  private let name = "the%20%C3%A9"

  @Test func aModelGoesOutAndComesIn() async throws {
    try await serve { [name] client, database in
      let file = try await client.get("/model?db=db&name=\(name)")
      #expect(file.status == 200)
      #expect(file.body == (try database.exportModel("the é", from: "db")))
      #expect(file.headers["content-type"] == "application/octet-stream")
      #expect(
        file.headers["content-disposition"]
          == "attachment; filename=\"the__.model\"; filename*=UTF-8''the%20%C3%A9.model")
      let new = try await client.send("POST", "/model?db=b%2Fc", body: file.body)
      #expect(new.status == 201)
      let imported = try JSONDecoder().decode(ImportedModel.self, from: Data(new.body))
      #expect(imported == ImportedModel(name: "the é", version: 1, groups: 1, shared: 0))
      let next = try await client.send("POST", "/model?db=b%2Fc", body: file.body)
      #expect(next.status == 201 && next.text.contains("\"version\":2"), "\(next.text)")
      #expect(next.text.contains("\"in_force\":"), "\(next.text)")
      let named = try await client.send("POST", "/model?db=db&name=x", body: file.body)
      #expect(named.status == 201)
      #expect(try database.exportModel("x", from: "db").count > 0)
      #expect(try database.exportModel("the é", from: "b/c").count > 0)
    }
  }

  @Test func whatIsWrongHasItsStatus() async throws {
    try await serve { [name] client, database in
      let file = try database.exportModel("the é", from: "db")
      for (path, status) in [
        ("/model", 400), ("/model?db=db", 400), ("/model?db=db&name=no", 404),
        ("/model?db=no&name=x", 404), ("/model?db=b%2Fc&name=\(name)", 404),
      ] {
        let reply = try await client.get(path)
        #expect(reply.status == status, "\(path): \(reply.text)")
        #expect(reply.text.hasPrefix("{\"error\":"), "\(path): \(reply.text)")
      }
      var damaged = file
      damaged[damaged.count / 2] ^= 1
      let long = String(repeating: "x", count: 240)
      for (path, body, status) in [
        ("/model", file, 400), ("/model?db=no", file, 404), ("/model?db=db", damaged, 400),
        ("/model?db=db", [], 400), ("/model?db=db&name=\(long)", file, 400),
      ] {
        let reply = try await client.send("POST", path, body: body)
        #expect(reply.status == status, "\(path): \(reply.text)")
      }
      try database.write(lineProtocol: "m v=\"text\" 1", to: "b/c")
      let conflict = try await client.send("POST", "/model?db=b%2Fc", body: file)
      #expect(conflict.status == 409, "\(conflict.text)")
      let method = try await client.send("DELETE", "/model?db=db&name=x")
      #expect(method.status == 405 && method.headers["allow"] == "GET, POST")
    }
  }

  @Test func aFileAboveTheLimitIsRefused() async throws {
    try await serve(limit: 1000) { client, database in
      let file = try database.exportModel("the é", from: "db")
      let reply = try await client.send("POST", "/model?db=db&name=x", body: file)
      #expect(reply.status == 413)
    }
  }
}
