import Foundation
import Query
import Storage
import Testing
import TimeSeries
import Vigil

@testable import Server

@Suite struct QueryRouteTests {
  private let oneRow = FakeBackend(onQuery: { _, emit in try emit(Rows.result([1])) })
  private let oneRowJSON =
    #"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"#
    + #""values":[["1970-01-01T00:00:00Z",1]]}]}]}"# + "\n"

  @Test func parametersComeFromTheURLOrTheForm() async throws {
    let backend = oneRow
    let expected = oneRowJSON
    try await TestServer.run(backend) { client in
      let form = ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"]
      let replies = [
        try await client.get("/query?db=d&rp=week&q=SELECT+v%20FROM+%22m%22"),
        try await client.post("/query", "db=d&rp=week&q=SELECT+v+FROM+%22m%22", headers: form),
        try await client.post(
          "/query?db=x&q=nothing&rp=week", "db=d&q=SELECT+v+FROM+%22m%22", headers: form),
      ]
      for reply in replies {
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == "application/json")
        #expect(reply.text == expected)
        #expect(reply.isWhole)
      }
    }
    #expect(backend.queries.count == 3)
    for query in backend.queries {
      #expect(query.text == #"SELECT v FROM "m""#)
      #expect(query.database == "d")
      #expect(query.options.retentionPolicy == "week")
      #expect(query.options.readOnly == false)
    }
  }

  @Test func aFileOfStatementsCanBeUploaded() async throws {
    let backend = oneRow
    try await TestServer.run(backend) { client in
      let body =
        "--XX\r\nContent-Disposition: form-data; name=\"db\"\r\n\r\nd\r\n--XX\r\n"
        + "Content-Disposition: form-data; name=\"q\"; filename=\"q.txt\"\r\n"
        + "Content-Type: text/plain\r\n\r\nSELECT v\nFROM m\n\r\n--XX--\r\n"
      let type = ["Content-Type": "multipart/form-data; boundary=XX"]
      let uploaded = try await client.post("/query", body, headers: type)
      #expect(uploaded.status == 200)
      let cut = try await client.post("/query", String(body.dropLast(20)), headers: type)
      #expect(cut.status == 400)
    }
    #expect(backend.queries.map(\.text) == ["SELECT v\nFROM m"])
    #expect(backend.queries.first?.database == "d")
  }

  @Test func aMissingStatementIsRefused() async throws {
    try await TestServer.run { client in
      for path in ["/query", "/query?q=", "/query?q=%20", "/query?db=d"] {
        let reply = try await client.get(path)
        #expect(reply.status == 400)
        #expect(reply.text == #"{"error":"missing required parameter \"q\""}"# + "\n")
        #expect(reply.headers["x-influxdb-error"] == #"missing required parameter "q""#)
      }
    }
  }

  @Test func textThatDoesNotParseIs400InTheFormatAskedFor() async throws {
    let backend = FakeBackend(onQuery: { _, _ in
      throw FakeParseError(description: "found SELEC, expected SELECT at line 1, char 1")
    })
    let message = "error parsing query: found SELEC, expected SELECT at line 1, char 1"
    try await TestServer.run(backend) { client in
      let json = try await client.get("/query?q=SELEC")
      #expect(json.status == 400)
      #expect(json.text == #"{"error":"\#(message)"}"# + "\n")
      #expect(json.headers["x-influxdb-error"] == message)
      let csv = try await client.get("/query?q=SELEC", headers: ["Accept": "text/csv"])
      #expect(csv.status == 400)
      #expect(csv.headers["content-type"] == "text/csv")
      #expect(csv.text == "error\n\"\(message)\"\n")
      let pretty = try await client.get("/query?q=SELEC&pretty=true")
      #expect(pretty.text == "{\n    \"error\": \"\(message)\"\n}\n")
    }
  }

  @Test func aClosedStoreIsNotTheClientsFault() async throws {
    try await TestServer.run(FakeBackend(onQuery: { _, _ in throw StorageError.closed })) {
      client in
      let reply = try await client.get("/query?q=x")
      #expect(reply.status == 503)
    }
  }

  @Test func errorsOfStatementsComeInTheResults() async throws {
    let backend = FakeBackend(onQuery: { _, emit in
      try emit(StatementResult(statementID: 0, error: "database not found: nope"))
      try emit(StatementResult(statementID: 1, error: "not executed"))
    })
    try await TestServer.run(backend) { client in
      let reply = try await client.get("/query?q=x")
      #expect(reply.status == 200)
      #expect(
        reply.text == #"{"results":[{"statement_id":0,"error":"database not found: nope"},"#
          + #"{"statement_id":1,"error":"not executed"}]}"# + "\n")
    }
  }

  @Test func noStatementsGiveAnEmptyDocument() async throws {
    try await TestServer.run(FakeBackend(onQuery: { _, _ in })) { client in
      let document = try await client.get("/query?q=%3B")
      #expect(document.text == "{}\n")
      let chunked = try await client.get("/query?q=%3B&chunked=true")
      #expect(chunked.text == "")
    }
  }

  @Test func timesAndLayoutAsAskedFor() async throws {
    let backend = FakeBackend(onQuery: { _, emit in try emit(Rows.result([1], from: 3600)) })
    try await TestServer.run(backend) { client in
      for (unit, expected) in [
        ("ns", "3600000000000"), ("u", "3600000000"), ("%C2%B5", "3600000000"), ("ms", "3600000"),
        ("s", "3600"), ("m", "60"), ("h", "1"), ("", #""1970-01-01T01:00:00Z""#),
        ("what", "3600000000000"),
      ] {
        let reply = try await client.get("/query?q=x&epoch=\(unit)")
        #expect(reply.text.contains(#""values":[[\#(expected),1]]"#), "\(unit): \(reply.text)")
      }
      let pretty = try await client.get("/query?q=x&pretty=true&epoch=s")
      #expect(pretty.text.hasPrefix("{\n    \"results\": [\n        {\n"))
    }
  }

  @Test func csvOnRequest() async throws {
    try await TestServer.run(oneRow) { client in
      for type in ["application/csv", "text/csv", "text/html, application/csv;q=0.9"] {
        let reply = try await client.get("/query?q=x", headers: ["Accept": type])
        #expect(reply.headers["content-type"] == "text/csv")
        #expect(reply.text == "name,tags,time,v\nm,,0,1\n")
      }
      let json = try await client.get(
        "/query?q=x", headers: ["Accept": "application/json, text/csv"])
      #expect(json.headers["content-type"] == "application/json")
    }
  }

  @Test func chunkSizesReachTheDatabase() async throws {
    let backend = oneRow
    try await TestServer.run(backend) { client in
      for parameters in [
        "", "&chunked=true", "&chunked=true&chunk_size=7", "&chunk_size=7",
        "&chunked=true&chunk_size=0", "&chunked=true&chunk_size=99999999999999999999",
      ] {
        _ = try await client.get("/query?q=x\(parameters)")
      }
    }
    #expect(
      backend.queries.map(\.options.chunkSize) == [10_000, 10_000, 7, 10_000, 10_000, 10_000])
  }

  /// The second chunk is made only once the client has the first.
  @Test func chunksAreSentAsTheyCome() async throws {
    let firstChunkRead = DispatchSemaphore(value: 0)
    let backend = FakeBackend(onQuery: { _, emit in
      try emit(Rows.result([1], partial: true))
      firstChunkRead.wait()
      try emit(Rows.result([2], from: 1))
    })
    try await TestServer.run(backend) { client in
      let bytes = try await client.onThread {
        let connection = try Connection(port: client.port)
        let request =
          "GET /query?q=x&chunked=true&epoch=s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        try connection.write(Array(request.utf8))
        let start = try connection.read(until: "[[0,1]]")
        firstChunkRead.signal()
        return try start + connection.readToEnd()
      }
      let reply = try TestClient.parse(bytes)
      let head = #"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"#
      #expect(
        reply.text == head + #""values":[[0,1]],"partial":true}],"partial":true}]}"# + "\n" + head
          + #""values":[[1,2]]}]}]}"# + "\n")
      #expect(reply.isWhole)
    }
  }

  @Test func aLargeResponseInOneDocumentIsWhole() async throws {
    let chunkCount = 200
    let backend = FakeBackend(onQuery: { _, emit in
      for chunk in 0..<chunkCount {
        let values = (0..<1000).map { Double($0) + 0.5 }
        try emit(
          Rows.result(values, from: chunk * 1000, partial: chunk < chunkCount - 1))
      }
    })
    try await TestServer.run(backend) { client in
      for headers in [[:], ["Accept-Encoding": "gzip"]] {
        let reply = try await client.get("/query?q=x&epoch=s", headers: headers)
        #expect(reply.isWhole)
        var body = reply.body
        if !headers.isEmpty {
          #expect(reply.headers["content-encoding"] == "gzip")
          body = try body.withUnsafeBytes { try Gzip.inflate($0, limit: 1 << 30) }
        }
        let document = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let result = try #require((document?["results"] as? [[String: Any]])?.first)
        let series = try #require(result["series"] as? [[String: Any]])
        #expect(series.count == 1)
        #expect((series[0]["values"] as? [[Double]])?.count == chunkCount * 1000)
        #expect(
          (series[0]["values"] as? [[Double]])?.last == [Double(chunkCount * 1000 - 1), 999.5])
      }
    }
  }

  /// Not a document that looks whole.
  @Test func aQueryThatFailsInTheMiddleGivesAResponseWithoutAnEnd() async throws {
    let backend = FakeBackend(onQuery: { _, emit in
      try emit(Rows.result([1], partial: true))
      throw StorageError.corrupt(path: "segment", offset: 1, reason: "checksum")
    })
    try await TestServer.run(backend) { client in
      let reply = try await client.get("/query?q=x&chunked=true")
      #expect(reply.status == 200)
      #expect(!reply.isWhole)
      // The server is still there.
      let ping = try await client.get("/ping")
      #expect(ping.status == 204)
    }
  }

  @Test func boundParametersOfEveryType() async throws {
    let backend = oneRow
    try await TestServer.run(backend) { client in
      let json = #"{"s":"a","i":1,"n":1.5,"b":true,"big":9007199254740993}"#
      let escaped = json.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      _ = try await client.get("/query?q=x&params=\(escaped)")
      for bad in ["%7B", "%5B1%5D", "%7B%22t%22:%5B1%5D%7D", "%7B%22t%22:null%7D"] {
        let reply = try await client.get("/query?q=x&params=\(bad)")
        #expect(reply.status == 400)
        #expect(reply.text.hasPrefix(#"{"error":"error parsing query parameters: "#))
      }
    }
    #expect(
      backend.queries.map(\.options.parameters) == [
        [
          "s": .string("a"), "i": .integer(1), "n": .number(1.5), "b": .boolean(true),
          "big": .integer(9_007_199_254_740_993),
        ]
      ])
  }

  @Test func boundParametersThatSayTheirType() async throws {
    let backend = oneRow
    try await TestServer.run(backend) { client in
      let json =
        #"{"r":{"regex":"^a"},"d":{"duration":"1m"},"e":{"duration":5},"f":{"float":2},"#
        + #""k":{"identifier":"host"},"s":{"string":"x"},"i":{"integer":3}}"#
      let escaped = json.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      _ = try await client.get("/query?q=x&params=\(escaped)")
      for bad in [
        #"{"h":{}}"#, #"{"h":{"regex":1}}"#, #"{"h":{"duration":"1x"}}"#, #"{"h":{"nosuch":"a"}}"#,
        #"{"h":{"regex":"a","string":"b"}}"#, #"{"h":{"integer":1.5}}"#,
      ] {
        let escaped = bad.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let reply = try await client.get("/query?q=x&params=\(escaped)")
        #expect(reply.status == 400, "\(bad)")
      }
    }
    #expect(
      backend.queries.map(\.options.parameters) == [
        [
          "r": .regex("^a"), "d": .duration(nanoseconds: 60_000_000_000),
          "e": .duration(nanoseconds: 5), "f": .number(2), "k": .identifier("host"),
          "s": .string("x"), "i": .integer(3),
        ]
      ])
  }

  /// The query notices while it writes nothing, too.
  @Test(arguments: [true, false])
  func aClientThatLeavesStopsItsQuery(emits: Bool) async throws {
    let (stopped, hasStopped) = AsyncStream.makeStream(of: Void.self)
    let backend = FakeBackend(onQuery: { text, emit in
      guard text == "long" else { return try emit(StatementResult(statementID: 0)) }
      defer { hasStopped.yield() }
      try emit(Rows.result([1], partial: true))
      while emits { try emit(Rows.result(Array(repeating: 1, count: 1000), partial: true)) }
    })
    let slow = SlowBackend(backend: backend, isSlow: !emits, hasStopped: hasStopped)
    try await TestServer.run(slow) { client in
      try await client.onThread {
        let connection = try Connection(port: client.port)
        let request = "GET /query?q=long&chunked=true HTTP/1.1\r\nHost: x\r\n\r\n"
        try connection.write(Array(request.utf8))
        _ = try connection.read(until: "results")
      }
      for await _ in stopped { break }
      let short = try await client.get("/query?q=short")
      #expect(short.status == 200)
    }
  }

  @Test func moreQueriesThanMayRunWaitForTheirTurn() async throws {
    let running = Gauge()
    let backend = FakeBackend(onQuery: { _, emit in
      running.enter()
      Thread.sleep(forTimeInterval: 0.01)
      try emit(StatementResult(statementID: 0))
      running.leave()
    })
    var configuration = ServerConfiguration()
    configuration.maximumQueries = 2
    try await TestServer.run(backend, configuration: configuration) { client in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<8 { group.addTask { try await client.get("/query?q=x").status } }
        for try await status in group { #expect(status == 200) }
      }
    }
    #expect(backend.queries.count == 8)
    #expect(running.most <= 2)
  }

  @Test func gracefulShutdownLetsARunningQueryFinish() async throws {
    let (began, hasBegun) = AsyncStream.makeStream(of: Void.self)
    let mayEnd = DispatchSemaphore(value: 0)
    let backend = FakeBackend(onQuery: { _, emit in
      hasBegun.yield()
      mayEnd.wait()
      try emit(Rows.result([1]))
    })
    try await TestServer.run(backend) { client, group in
      async let reply = client.get("/query?q=x")
      for await _ in began { break }
      await group.triggerGracefulShutdown()
      // Once the listening socket is closed the shutdown has begun.
      while (try? await client.onThread({ _ = try Connection(port: client.port) })) != nil {
        try await Task.sleep(for: .milliseconds(5))
      }
      mayEnd.signal()
      #expect(try await reply.status == 200)
      #expect(try await reply.isWhole)
    }
  }
}

/// Runs a query on and on, writing nothing, until its task is cancelled.
private struct SlowBackend: ServerBackend {
  let backend: FakeBackend
  let isSlow: Bool
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
    guard isSlow && text == "long" else {
      return try await backend.query(text, in: database, options: options, emit: emit)
    }
    try emit(Rows.result([1], partial: true))
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    hasStopped.yield()
    throw CancellationError()
  }
}
