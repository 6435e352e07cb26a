import Query
import Server
import Storage
import Testing
import TimeSeries
import Vigil

@Suite struct StatusRouteTests {
  @Test func pingAnswersWithTheVersionClientsLookFor() async throws {
    try await TestServer.run { client in
      for method in ["GET", "HEAD"] {
        let reply = try await client.send(method, "/ping")
        #expect(reply.status == 204)
        #expect(reply.headers["x-influxdb-version"] == "1.8.10")
        #expect(reply.headers["x-influxdb-build"] == "Vigil")
        #expect(reply.headers["x-vigil-version"] == "0.1.0")
        #expect(reply.headers["date"] != nil)
        #expect(reply.body.isEmpty)
      }
      let verbose = try await client.get("/ping?verbose=true")
      #expect(verbose.status == 200)
      #expect(verbose.text == #"{"version":"1.8.10"}"# + "\n")
    }
  }

  @Test func healthSaysPass() async throws {
    try await TestServer.run { client in
      let reply = try await client.get("/health")
      #expect(reply.status == 200)
      #expect(
        reply.text == #"{"checks":[],"message":"ready for queries and writes","name":"vigil","#
          + #""status":"pass","version":"0.1.0"}"# + "\n")
    }
  }

  /// A backend with something wrong, whose directory is `/var/lib/vigil`.
  private struct Ailing: ServerBackend {
    var status: DatabaseHealth.Status

    func health() -> DatabaseHealth {
      DatabaseHealth(checks: [
        .init(name: "databases/db", status: status, message: "databases/db: \"missing\"")
      ])
    }

    func clientText(_ text: String) -> String { text.replacing("/var/lib/vigil/", with: "") }

    func write(
      lineProtocol: UnsafeRawBufferPointer, to database: String, retentionPolicy: String?,
      precision: TimestampPrecision
    ) throws -> WriteOutcome {
      throw StorageError.missing(path: "/var/lib/vigil/databases/db")
    }

    func query(
      _ text: String, in database: String?, options: QueryOptions,
      emit: @escaping @Sendable (StatementResult) throws -> Void
    ) async throws {
      throw StorageError.missing(path: "/var/lib/vigil/databases/db")
    }
  }

  @Test func healthSaysWhatIsWrong() async throws {
    for (status, code) in [(DatabaseHealth.Status.warn, 200), (.fail, 503)] {
      try await TestServer.run(Ailing(status: status)) { client in
        let reply = try await client.get("/health")
        #expect(reply.status == code)
        #expect(
          reply.text == #"{"checks":[{"message":"databases/db: \"missing\"","#
            + #""name":"databases/db","status":"\#(status.rawValue)"}],"#
            + #""message":"databases/db: \"missing\"","name":"vigil","#
            + #""status":"\#(status.rawValue)","version":"0.1.0"}"# + "\n")
        #expect(try await client.send("HEAD", "/health").status == code)
      }
    }
  }

  @Test func errorsDoNotSayWhereTheServerKeepsItsFiles() async throws {
    try await TestServer.run(Ailing(status: .fail)) { client in
      let written = try await client.post("/write?db=db", "m v=1")
      let asked = try await client.get("/query?db=db&q=SHOW+SERIES")
      for reply in [written, asked] {
        #expect(reply.status == 500)
        #expect(reply.text == #"{"error":"databases/db: missing"}"# + "\n")
        #expect(reply.headers["x-influxdb-error"] == "databases/db: missing")
      }
    }
  }

  @Test func unknownPathsAndMethodsAreAnsweredInPlainText() async throws {
    try await TestServer.run { client in
      for path in ["/", "/nope", "/query/", "/write/x"] {
        let reply = try await client.get(path)
        #expect(reply.status == 404)
        #expect(reply.text == "404 page not found\n")
        #expect(reply.headers["content-type"] == "text/plain; charset=utf-8")
      }
      let write = try await client.get("/write?db=d")
      #expect(write.status == 405)
      #expect(write.headers["allow"] == "OPTIONS, POST")
      #expect(write.text == "Method Not Allowed\n")
      let query = try await client.send("DELETE", "/query")
      #expect(query.status == 405)
      #expect(query.headers["allow"] == "OPTIONS, GET, POST")
    }
  }

  @Test func nothingFollowsTheHeadAfterHEAD() async throws {
    try await TestServer.run { client in
      for (path, status) in [("/query?q=x", 405), ("/nope", 404), ("/health", 200)] {
        let reply = try await client.send("HEAD", path)
        #expect(reply.status == status)
        #expect(reply.body.isEmpty, "\(path)")
      }
    }
  }

  @Test func browsersOfAnotherOriginMayRead() async throws {
    try await TestServer.run { client in
      let preflight = try await client.send(
        "OPTIONS", "/query?db=d", headers: ["Origin": "http://x.y"])
      #expect(preflight.status == 200)
      #expect(preflight.headers["access-control-allow-origin"] == "http://x.y")
      #expect(
        preflight.headers["access-control-allow-methods"] == "DELETE, GET, OPTIONS, POST, PUT")
      let failed = try await client.get("/query", headers: ["Origin": "http://x.y"])
      #expect(failed.status == 400)
      #expect(failed.headers["access-control-allow-origin"] == "http://x.y")
      let plain = try await client.send("OPTIONS", "/write")
      #expect(plain.headers["access-control-allow-origin"] == nil)
    }
  }

  @Test func theRequestIDOfTheClientComesBack() async throws {
    try await TestServer.run { client in
      for name in ["Request-Id", "X-Request-Id"] {
        let reply = try await client.get("/ping", headers: [name: "abc"])
        #expect(reply.headers["request-id"] == "abc")
        #expect(reply.headers["x-request-id"] == "abc")
      }
      let first = try await client.get("/ping").headers["request-id"]
      let second = try await client.get("/ping").headers["request-id"]
      #expect(first?.count == 36)
      #expect(first != second)
    }
  }
}
