import Testing

@testable import Collect

@Suite struct HTTPTransportTests {
  private func exchange(
    _ answers: [String], credentials: WriteTarget.Credentials? = nil,
    _ body: (HTTPTransport) async throws -> Void
  ) async throws -> [String] {
    let server = try OneShotServer(answers: answers)
    let transport = try HTTPTransport(
      WriteTarget(
        url: "http://127.0.0.1:\(server.port)/behind/", database: "a b&c",
        credentials: credentials),
      userAgent: "vigil-collect/test")
    do { try await body(transport) } catch {
      try await transport.close()
      throw error
    }
    try await transport.close()
    return server.requests.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aWriteIsPostedAsInfluxDBWantsIt() async throws {
    let requests = try await exchange(
      ["HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"],
      credentials: .basic(username: "u", password: "p")
    ) {
      let answer = try await $0.send([1, 2, 3])
      #expect(answer == WriteAnswer(status: 204))
    }
    let request = try #require(requests.first)
    #expect(request.hasPrefix("POST /behind/write?db=a%20b%26c&precision=ns HTTP/1.1\r\n"))
    for header in [
      "Content-Encoding: gzip", "User-Agent: vigil-collect/test", "Authorization: Basic dTpw",
      "content-length: 3",
    ] {
      #expect(request.lowercased().contains("\r\n\(header.lowercased())\r\n"))
    }
    #expect(request.hasSuffix("\r\n\r\n\u{1}\u{2}\u{3}"))
  }

  @Test func theReasonAndTheWaitAreRead() async throws {
    let error = #"{"error":"database is busy"}"#
    let requests = try await exchange(
      [
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n"
          + "Content-Length: \(error.utf8.count)\r\nConnection: close\r\n\r\n\(error)"
      ],
      credentials: .token("t")
    ) {
      let expected = WriteAnswer(
        status: 503, message: "database is busy", retryAfter: .seconds(7))
      let answer = try await $0.send([1])
      #expect(answer == expected)
    }
    #expect(requests.first?.contains("Authorization: Token t\r\n") == true)
  }

  @Test func aDatabaseIsCreated() async throws {
    let requests = try await exchange([
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
    ]) { transport in
      try await transport.createDatabase()
      await #expect(
        throws: HTTPTransport.DatabaseNotCreated(
          description: #"CREATE DATABASE "a b&c": 403 no"#)
      ) { try await transport.createDatabase() }
    }
    let request = try #require(requests.first)
    #expect(request.hasPrefix("POST /behind/query HTTP/1.1\r\n"))
    #expect(request.hasSuffix("\r\n\r\nq=CREATE%20DATABASE%20%22a%20b%26c%22"))
  }

  @Test func aRedirectIsNotFollowed() async throws {
    let requests = try await exchange([
      "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ]) {
      let answer = try await $0.send([1])
      #expect(answer.status == 302)
    }
    #expect(requests.count == 1)
  }

  @Test func aConnectionThatBreaksIsNoAnswer() async throws {
    _ = try await exchange([""]) { transport in
      await #expect(throws: (any Error).self) { try await transport.send([1]) }
    }
  }
}
