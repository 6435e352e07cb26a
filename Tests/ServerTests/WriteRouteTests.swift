import Foundation
import Storage
import Testing
import TimeSeries

@testable import Server

@Suite struct WriteRouteTests {
  @Test func aBodyReachesTheDatabaseWithItsParameters() async throws {
    let backend = FakeBackend()
    try await TestServer.run(backend) { client in
      let reply = try await client.post(
        "/write?db=my%20db&rp=week&precision=ms&consistency=one", "m v=1 1\nm v=2 2")
      #expect(reply.status == 204)
      #expect(reply.body.isEmpty)
      _ = try await client.post("/write?db=d&precision=parsec", "m v=1")
      _ = try await client.post("/write?db=d")
    }
    #expect(
      backend.writes == [
        .init(
          text: "m v=1 1\nm v=2 2", database: "my db", retentionPolicy: "week",
          precision: .milliseconds),
        .init(text: "m v=1", database: "d", precision: .nanoseconds),
        .init(text: "", database: "d", precision: .nanoseconds),
      ])
  }

  @Test func badParametersAreRefusedInInfluxDBsWords() async throws {
    try await TestServer.run { client in
      let missing = try await client.post("/write", "m v=1")
      #expect(missing.status == 400)
      #expect(missing.text == #"{"error":"database is required"}"# + "\n")
      #expect(missing.headers["x-influxdb-error"] == "database is required")
      #expect(missing.headers["content-type"] == "application/json")
      let level = try await client.post("/write?db=d&consistency=xx", "m v=1")
      #expect(level.status == 400)
      #expect(level.text == #"{"error":"invalid consistency level"}"# + "\n")
    }
  }

  @Test(
    arguments: [
      (StorageError.databaseNotFound("nope"), 404, #"database not found: \"nope\""#),
      (.retentionPolicyNotFound(database: "d", policy: "x"), 500, "retention policy not found: x"),
      (.closed, 503, "the store is closed"),
      (
        .io(operation: "write", path: "wal", errno: 28), 500, "write wal: No space left on device"
      ),
    ] as [(StorageError, Int, String)])
  func errorsOfTheStoreHaveTheirStatus(error: StorageError, status: Int, text: String)
    async throws
  {
    try await TestServer.run(FakeBackend(onWrite: { _ in throw error })) { client in
      let reply = try await client.post("/write?db=nope", "m v=1")
      #expect(reply.status == status)
      #expect(reply.text == #"{"error":"\#(text)"}"# + "\n")
    }
  }

  @Test func rejectedPointsGiveAPartialWrite() async throws {
    let outcome = WriteOutcome(
      acceptedPoints: 1, acceptedValues: 1,
      rejections: [
        .init(
          line: 2,
          reason: .fieldTypeConflict(
            measurement: "m", field: "v", given: .integer, existing: .float))
      ])
    try await TestServer.run(FakeBackend(onWrite: { _ in outcome })) { client in
      let reply = try await client.post("/write?db=d", "m v=1\nm v=1i")
      #expect(reply.status == 400)
      #expect(
        reply.text == #"{"error":"partial write: field type conflict: input field \"v\" on "#
          + #"measurement \"m\" is type integer, already exists as type float dropped=1"}"# + "\n")
    }
  }

  @Test func aBodyOverTheLimitIsRefusedAndNotWritten() async throws {
    let backend = FakeBackend()
    var configuration = ServerConfiguration()
    configuration.maximumBodyBytes = 1000
    try await TestServer.run(backend, configuration: configuration) { client in
      let declared = try await client.post("/write?db=d", String(repeating: "a", count: 1001))
      #expect(declared.status == 413)
      #expect(declared.text == #"{"error":"Request Entity Too Large"}"# + "\n")
      #expect(declared.headers["connection"] == "close")

      let piece = "1f4\r\n\(String(repeating: "a", count: 500))\r\n"
      let request =
        "POST /write?db=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n" + piece + piece + piece + "0\r\n\r\n"
      let undeclared = try await client.onThread {
        let connection = try Connection(port: client.port)
        try connection.write(Array(request.utf8))
        return try TestClient.parse(connection.readToEnd())
      }
      #expect(undeclared.status == 413)

      #expect(backend.writes.isEmpty)
      let fits = try await client.post("/write?db=d", String(repeating: "a", count: 1000))
      #expect(fits.status == 204)
    }
  }

  @Test func noLimitTakesAnything() async throws {
    var configuration = ServerConfiguration()
    configuration.maximumBodyBytes = 0
    configuration.bodyMemoryBytes = 1000
    try await TestServer.run(configuration: configuration) { client in
      let reply = try await client.post("/write?db=d", String(repeating: "a", count: 100_000))
      #expect(reply.status == 204)
    }
  }

  @Test func gzipBodiesAreRead() async throws {
    let backend = FakeBackend()
    var configuration = ServerConfiguration()
    configuration.maximumBodyBytes = 1000
    try await TestServer.run(backend, configuration: configuration) { client in
      func post(_ body: [UInt8]) async throws -> TestClient.Reply {
        try await client.send(
          "POST", "/write?db=d", headers: ["Content-Encoding": "gzip"], body: body)
      }
      let compressed = try gzip("m v=1 1\n")
      let whole = try await post(compressed)
      #expect(whole.status == 204)
      #expect(backend.writes.map(\.text) == ["m v=1 1\n"])

      let garbage = try await post(Array("this is not gzip, however long".utf8))
      #expect(garbage.status == 400)
      #expect(garbage.text == #"{"error":"gzip: invalid header"}"# + "\n")
      let cut = try await post(Array(compressed.dropLast(8)))
      #expect(cut.text == #"{"error":"unexpected EOF"}"# + "\n")
      var damaged = compressed
      damaged[compressed.count - 6] ^= 1
      let failed = try await post(damaged)
      #expect(failed.text == #"{"error":"gzip: invalid checksum"}"# + "\n")

      // A kilobyte that would become a hundred.
      let bomb = try await post(try gzip(String(repeating: "a", count: 100_000)))
      #expect(bomb.status == 413)
      #expect(backend.writes.count == 1)
    }
  }

  @Test func aClientThatWaitsFor100ContinueGetsIt() async throws {
    try await TestServer.run { client in
      let reply = try await client.onThread {
        let connection = try Connection(port: client.port)
        let head =
          "POST /write?db=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        try connection.write(Array(head.utf8))
        let interim = try connection.read(until: "\r\n\r\n")
        #expect(String(decoding: interim, as: UTF8.self).hasPrefix("HTTP/1.1 100 Continue"))
        try connection.write(Array("m v=1".utf8))
        return try TestClient.parse(connection.readToEnd())
      }
      #expect(reply.status == 204)
    }
  }

  @Test func aConnectionServesOneWriteAfterAnother() async throws {
    let backend = FakeBackend()
    try await TestServer.run(backend) { client in
      try await client.onThread {
        let connection = try Connection(port: client.port)
        for number in 0..<3 {
          let request =
            "POST /write?db=d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nm v=\(number)"
          try connection.write(Array(request.utf8))
          let reply = try TestClient.parse(connection.read(until: "\r\n\r\n"))
          #expect(reply.status == 204)
        }
      }
    }
    #expect(backend.writes.map(\.text) == ["m v=0", "m v=1", "m v=2"])
  }

  @Test func bodiesThatDoNotFitInMemoryWaitForTheirTurn() async throws {
    let running = Gauge()
    let backend = FakeBackend(onWrite: { _ in
      running.enter()
      Thread.sleep(forTimeInterval: 0.02)
      running.leave()
      return WriteOutcome(acceptedPoints: 1)
    })
    var configuration = ServerConfiguration()
    // Of one client a body in its share, one beyond that, and one beyond the total.
    configuration.bodyMemoryBytes = 600_000
    configuration.writeThreads = 8
    try await TestServer.run(backend, configuration: configuration) { client in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await client.post("/write?db=d", String(repeating: "a", count: 200_000)).status
          }
        }
        for try await status in group { #expect(status == 204) }
      }
    }
    #expect(backend.writes.count == 8)
    #expect(running.most <= 3)
  }

  /// Who announces a body and does not send it keeps nobody waiting.
  @Test func bodiesThatDoNotComeHoldNoMemory() async throws {
    var configuration = ServerConfiguration()
    configuration.bodyMemoryBytes = 200_000
    try await TestServer.run(configuration: configuration) { client in
      try await client.onThread {
        let stalled = try (0..<4).map { _ in
          let connection = try Connection(port: client.port)
          let head = "POST /write?db=d HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\nm v=1"
          try connection.write(Array(head.utf8))
          return connection
        }
        for length in [5, 100_000] {
          let body = String(repeating: "a", count: length)
          let connection = try Connection(port: client.port)
          try connection.setReadTimeout(seconds: 20)
          let head =
            "POST /write?db=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + "Content-Length: \(length)\r\n\r\n"
          try connection.write(Array((head + body).utf8))
          #expect(try TestClient.parse(connection.readToEnd()).status == 204)
        }
        withExtendedLifetime(stalled) {}
      }
    }
  }

  /// Bodies that stall after a good part of them hold no more than came.
  @Test func bodiesThatStallHoldWhatCame() async throws {
    var configuration = ServerConfiguration()
    configuration.bodyMemoryBytes = 100 << 20
    try await TestServer.run(configuration: configuration) { client in
      let compressed = try gzip(String(repeating: "m v=1\n", count: 50_000))
      try await client.onThread {
        let stalled = try (0..<30).map { _ in
          let connection = try Connection(port: client.port)
          let head =
            "POST /write?db=d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n"
          try connection.write(Array((head + String(repeating: "a", count: 70_000)).utf8))
          return connection
        }
        for (encoding, body) in [
          ("identity", Array(String(repeating: "a", count: 1_000_000).utf8)), ("gzip", compressed),
        ] {
          let connection = try Connection(port: client.port)
          try connection.setReadTimeout(seconds: 20)
          let head =
            "POST /write?db=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + "Content-Encoding: \(encoding)\r\nContent-Length: \(body.count)\r\n\r\n"
          try connection.write(Array(head.utf8) + body)
          #expect(try TestClient.parse(connection.readToEnd()).status == 204)
        }
        withExtendedLifetime(stalled) {}
      }
    }
  }

  private func gzip(_ text: String) throws -> [UInt8] {
    try Gzip.Compressor().compress(Array(text.utf8), flush: false, isLast: true)
  }
}
