import Foundation
import Testing
import Vigil

@testable import Server

/// What becomes of connections whose clients are old, slow or gone.
@Suite struct ConnectionTests {
  private static func ask(
    _ client: TestClient, _ request: String, halfCloses: Bool = false
  ) async throws -> (head: String, reply: TestClient.Reply) {
    try await client.onThread {
      let connection = try Connection(port: client.port)
      try connection.setReadTimeout(seconds: 20)
      try connection.write(Array(request.utf8))
      if halfCloses { connection.closeSendingSide() }
      let bytes = try connection.readToEnd()
      let line = bytes.prefix { $0 != UInt8(ascii: "\r") }
      return (String(decoding: line, as: UTF8.self), try TestClient.parse(bytes))
    }
  }

  @Test func answersToHTTP10AreHTTP10AndEndTheConnection() async throws {
    let backend = FakeBackend(onQuery: { _, emit in
      for _ in 0..<3 { try emit(Rows.result([1], partial: true)) }
      try emit(Rows.result([1]))
    })
    try await TestServer.run(backend) { client in
      for header in ["", "Connection: keep-alive\r\n"] {
        let (line, reply) = try await Self.ask(
          client, "GET /query?q=x&chunked=true HTTP/1.0\r\n\(header)\r\n")
        #expect(line == "HTTP/1.0 200 OK")
        #expect(reply.headers["transfer-encoding"] == nil)
        #expect(reply.headers["connection"] == "close")
        #expect(reply.text.split(separator: "\n").count == 4)
      }
      let written = try await Self.ask(
        client, "POST /write?db=d HTTP/1.0\r\nContent-Length: 5\r\n\r\nm v=1")
      #expect(written.head == "HTTP/1.0 204 No Content")
    }
  }

  @Test func aClientThatOnlyStopsSendingIsAnswered() async throws {
    try await TestServer.run { client in
      let (line, reply) = try await Self.ask(
        client, "GET /query?q=x HTTP/1.1\r\nHost: x\r\n\r\n", halfCloses: true)
      #expect(line == "HTTP/1.1 200 OK")
      #expect(reply.isWhole)
    }
  }

  /// The server asks the connection meanwhile whether there is somebody, and that does not show.
  @Test func aSlowAnswerToAClientThatStoppedSendingIsWhole() async throws {
    let backend = FakeBackend(onQuery: { _, emit in
      Thread.sleep(forTimeInterval: 0.7)
      try emit(Rows.result([1]))
    })
    try await TestServer.run(backend) { client in
      for version in ["1.0", "1.1"] {
        let (line, reply) = try await Self.ask(
          client, "GET /query?q=x HTTP/\(version)\r\nHost: x\r\n\r\n", halfCloses: true)
        #expect(line == "HTTP/\(version) 200 OK")
        #expect(reply.isWhole && reply.text.contains("results"))
      }
    }
  }

  /// Nothing is written meanwhile that would tell.
  @Test func aClientThatClosesStopsAQueryThatWritesNothing() async throws {
    let (began, hasBegun) = AsyncStream.makeStream(of: Void.self)
    let (stopped, hasStopped) = AsyncStream.makeStream(of: Void.self)
    let backend = FakeBackend()
    let silent = SilentBackend(backend: backend, hasBegun: hasBegun, hasStopped: hasStopped)
    try await TestServer.run(silent) { client in
      let request = "GET /query?q=x HTTP/1.1\r\nHost: x\r\n\r\n"
      let connection = try Connection(port: client.port)
      try connection.write(Array(request.utf8))
      for await _ in began { break }
      withExtendedLifetime(connection) {}
      _ = consume connection
      for await _ in stopped { break }
    }
  }

  @Test func aBodyThatEndsEarlyIsNotWritten() async throws {
    let backend = FakeBackend()
    try await TestServer.run(backend) { client in
      for request in [
        "Content-Length: 100\r\n\r\nm v=1\n",
        "Transfer-Encoding: chunked\r\n\r\n6\r\nm v=1\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n60\r\nm v=1\n",
      ] {
        let (_, reply) = try await Self.ask(
          client, "POST /write?db=d HTTP/1.1\r\nHost: x\r\n" + request, halfCloses: true)
        #expect(reply.status == 400)
        #expect(reply.text == #"{"error":"unexpected EOF"}"# + "\n")
      }
    }
    #expect(backend.writes.isEmpty)
  }

  @Test(
    arguments: [
      ("Transfer-Encoding: chunked\r\n\r\nxyz\r\nm v=1\r\n0\r\n\r\n", 400),
      ("Content-Length: 18446744073709551615\r\n\r\nm v=1", 400),
      ("Content-Length: 99999999999999999999\r\n\r\nm v=1", 400),
      ("Content-Length: -1\r\n\r\nm v=1", 400),
      ("X: \(String(repeating: "a", count: 100_000))\r\n\r\n", 431),
      (String(repeating: "X: a\r\n", count: 2000) + "\r\n", 431),
    ])
  func malformedRequestsAreRefused(rest: String, status: Int) async throws {
    let backend = FakeBackend()
    try await TestServer.run(backend) { client in
      let (_, reply) = try await Self.ask(
        client, "POST /write?db=d HTTP/1.1\r\nHost: x\r\n" + rest)
      #expect(reply.status == status, "\(rest.prefix(60))")
      #expect(reply.headers["connection"] == "close")
      #expect(reply.text.hasPrefix("{\"error\":"))
    }
    #expect(backend.writes.isEmpty)
  }

  @Test func aBodyOverTheLimitEndsItsConnection() async throws {
    var configuration = ServerConfiguration()
    configuration.maximumBodyBytes = 1000
    try await TestServer.run(configuration: configuration) { client in
      for header in ["", "Connection: close\r\n"] {
        let (_, reply) = try await Self.ask(
          client,
          "POST /write?db=d HTTP/1.1\r\nHost: x\r\n\(header)Content-Length: 100000000\r\n\r\nm v=1")
        #expect(reply.status == 413)
        #expect(reply.headers["connection"] == "close")
      }
    }
  }

  @Test(
    arguments: [
      "GET /ping HTT", "GET /ping HTTP/1.1\r\nX: ",
      "POST /write?db=d HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nm v=1",
      "POST /write?db=d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nm v=1\r\n",
    ])
  func aRequestThatDoesNotArriveTimesOut(request: String) async throws {
    let backend = FakeBackend()
    var configuration = ServerConfiguration()
    configuration.requestTimeoutSeconds = 0.1
    try await TestServer.run(backend, configuration: configuration) { client in
      let (_, reply) = try await Self.ask(client, request)
      #expect(reply.status == 408)
    }
    #expect(backend.writes.isEmpty)
  }

  /// Its thread and its place are free again.
  @Test func aClientThatReadsNothingIsCutOff() async throws {
    let (stopped, hasStopped) = AsyncStream.makeStream(of: Void.self)
    let backend = FakeBackend(onQuery: { _, emit in
      defer { hasStopped.yield() }
      while true { try emit(Rows.result(Array(repeating: 1, count: 10_000), partial: true)) }
    })
    var configuration = ServerConfiguration()
    configuration.responseTimeoutSeconds = 0.2
    try await TestServer.run(backend, configuration: configuration) { client in
      let connection = try Connection(port: client.port)
      try connection.write(Array("GET /query?q=x&chunked=true HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
      for await _ in stopped { break }
      withExtendedLifetime(connection) {}
    }
  }

  /// However many clients do not read, others are served.
  @Test func queriesWhoseClientsDoNotReadKeepNobodyWaiting() async throws {
    let backend = FakeBackend(onQuery: { text, emit in
      guard text == "large" else { return try emit(Rows.result([1])) }
      while true { try emit(Rows.result(Array(repeating: 1, count: 10_000), partial: true)) }
    })
    var configuration = ServerConfiguration()
    configuration.maximumQueries = 2
    configuration.maximumQueriesPerClient = 2
    try await TestServer.run(backend, configuration: configuration) { client in
      let slow = try (0..<6).map { _ in
        let connection = try Connection(port: client.port)
        try connection.write(
          Array("GET /query?q=large&chunked=true HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        return connection
      }
      for text in ["small", "SHOW%20QUERIES"] {
        let reply = try await client.get("/query?q=\(text)")
        #expect(reply.status == 200)
      }
      withExtendedLifetime(slow) {}
    }
  }

  @Test func statementsAboutTheServerDoNotWaitForQueries() async throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let (began, hasBegun) = AsyncStream.makeStream(of: Void.self)
    let backend = FakeBackend(onQuery: { text, emit in
      if text == "long" {
        hasBegun.yield()
        mayEnd.wait()
      }
      try emit(Rows.result([1]))
    })
    var configuration = ServerConfiguration()
    configuration.maximumQueries = 1
    try await TestServer.run(backend, configuration: configuration) { client in
      async let long = client.get("/query?q=long")
      for await _ in began { break }
      for text in ["SHOW%20QUERIES", "kill%20query%201", "show%20databases;SHOW%20QUERIES"] {
        let reply = try await client.get("/query?q=\(text)")
        #expect(reply.status == 200)
      }
      mayEnd.signal()
      let last = try await long
      #expect(last.status == 200)
    }
  }

  @Test func oneConnectionTooManyTakesThePlaceOfAnIdleOne() async throws {
    var configuration = ServerConfiguration()
    configuration.maximumConnections = 4
    try await TestServer.run(configuration: configuration) { client in
      try await client.onThread {
        let idle = try (0..<20).map { _ in try Connection(port: client.port) }
        let connection = try Connection(port: client.port)
        try connection.setReadTimeout(seconds: 20)
        try connection.write(
          Array("GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        #expect(try TestClient.parse(connection.readToEnd()).status == 204)
        withExtendedLifetime(idle) {}
      }
    }
  }
}

/// Runs a query without a word until its task is cancelled.
private struct SilentBackend: ServerBackend {
  let backend: FakeBackend
  let hasBegun: AsyncStream<Void>.Continuation
  let hasStopped: AsyncStream<Void>.Continuation

  func write(
    lineProtocol: UnsafeRawBufferPointer, to database: String, retentionPolicy: String?,
    precision: TimestampPrecision
  ) throws -> WriteOutcome {
    try backend.write(
      lineProtocol: lineProtocol, to: database, retentionPolicy: retentionPolicy,
      precision: precision)
  }

  func query(
    _ text: String, in database: String?, options: QueryOptions,
    emit: @escaping @Sendable (StatementResult) throws -> Void
  ) async throws {
    hasBegun.yield()
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    hasStopped.yield()
    throw CancellationError()
  }
}
