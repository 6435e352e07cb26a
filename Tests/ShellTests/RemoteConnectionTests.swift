import Query
import Synchronization
import Testing
import TimeSeries
import Vigil

@testable import Shell

/// A server that answers by the text of the query, in parts of three bytes.
private final class FakeTransport: InfluxTransport {
  let address = "http://fake"
  typealias Handler = @Sendable (String) async throws -> (status: Int, body: String)
  private let handler: Handler
  private let sent = Mutex<[InfluxRequest]>([])

  init(_ handler: @escaping Handler) { self.handler = handler }

  var requests: [InfluxRequest] { sent.withLock { $0 } }
  var queries: [String] { requests.compactMap { $0.form.first?.value } }

  func send(
    _ request: InfluxRequest, receive: ([UInt8]) throws -> Void
  ) async throws -> InfluxResponseHead {
    sent.withLock { $0.append(request) }
    let (status, body) = try await handler(request.form.first?.value ?? request.path)
    var rest = Array(body.utf8)[...]
    while !rest.isEmpty {
      try receive(Array(rest.prefix(3)))
      rest = rest.dropFirst(3)
    }
    return InfluxResponseHead(status: status, version: "1.8")
  }

  func close() async throws {}
}

@Suite struct RemoteConnectionTests {
  private func run(
    _ connection: RemoteConnection, _ statement: String, target: ShellTarget? = nil,
    progress: @escaping @Sendable (ModelProgress) -> Void = { _ in }
  ) async throws -> [StatementResult] {
    let results = Mutex<[StatementResult]>([])
    try await connection.run(statement, target: target, progress: progress) { result in
      results.withLock { $0.append(result) }
    }
    return results.withLock { $0 }
  }

  @Test func chunksAreDeliveredAsTheyCome() async throws {
    let transport = FakeTransport { _ in
      (
        200,
        #"{"results":[{"statement_id":0,"series":[{"name":"é","columns":["time","v"],"#
          + #""values":[[1,1]],"partial":true}],"partial":true}]}"# + "\n"
          + #"{"results":[{"statement_id":0,"series":[{"name":"é","columns":["time","v"],"#
          + #""values":[[2,1.5]]}]}]}"#
      )
    }
    let results = try await run(
      RemoteConnection(transport: transport), "SELECT v FROM é",
      target: ShellTarget(database: "d", retentionPolicy: "p"))
    #expect(results.count == 2)
    #expect(results.first?.partial == true)
    #expect(results.last?.series.first?.columns.last?[0] == .float(1.5))
    let request = transport.requests.first
    #expect(request?.parameters.prefix(2) == [.init("db", "d"), .init("rp", "p")])
    #expect(request?.form == [.init("q", "SELECT v FROM é")])
  }

  @Test func timesAreShownOnTheClockOfTheStatement() async throws {
    let transport = FakeTransport { _ in
      (
        200,
        #"{"results":[{"statement_id":0,"series":[{"name":"a","columns":["time","v"],"#
          + #""values":[[1584345600000000000,1]]}]}]}"#
      )
    }
    let connection = RemoteConnection(transport: transport)
    for (statement, time) in [
      ("SELECT v FROM a tz('Europe/Rome')", "2020-03-16T09:00:00+01:00"),
      ("SELECT v FROM a", "2020-03-16T08:00:00Z"),
    ] {
      let series = try #require(try await run(connection, statement).first?.series.first)
      #expect(ResultTable().render(series).contains(time))
      var csv = ResultCSV()
      #expect(csv.render(series) == "name,time,v\na,\(time),1\n")
    }
  }

  @Test(arguments: [
    (
      400, #"{"error":"error parsing query: x at line 1, char 2"}"#,
      "error parsing query: x at line 1, char 2"
    ),
    (503, "", "http://fake: HTTP status 503"), (200, "", "http://fake: HTTP status 200"),
    (502, "<html>bad\u{1b}</html>", "not an answer of InfluxDB: <html>bad\\x1b</html>"),
    (
      200, #"{"results":[{"series":[{"columns":["a"],"values":[[1,2]]}]}]}"#,
      "not an answer of InfluxDB: a row of another length"
    ),
  ])
  func failuresSayWhy(status: Int, body: String, message: String) async {
    let transport = FakeTransport { _ in (status, body) }
    await #expect(throws: ConnectionError(description: message)) {
      try await run(RemoteConnection(transport: transport), "SHOW X")
    }
  }

  @Test func writesGoToTheTarget() async throws {
    let transport = FakeTransport { _ in (204, "") }
    try await RemoteConnection(transport: transport).write(
      line: "m v=1 5", to: ShellTarget(database: "d"), precision: .milliseconds)
    #expect(
      transport.requests == [
        InfluxRequest(
          method: .post, path: "/write", parameters: [.init("db", "d"), .init("precision", "ms")],
          body: Array("m v=1 5".utf8))
      ])
    let refusing = FakeTransport { _ in (400, #"{"error":"partial write: dropped=1"}"# + "\n") }
    await #expect(throws: ConnectionError(description: "partial write: dropped=1")) {
      try await RemoteConnection(transport: refusing).write(
        line: "m v=1", to: ShellTarget(database: "d"), precision: .nanoseconds)
    }
  }

  @Test func modelsGoOutAndComeIn() async throws {
    let transport = FakeTransport { _ in
      (201, #"{"name":"n","version":3,"in_force":7,"groups":2,"shared":1}"#)
    }
    let connection = RemoteConnection(transport: transport)
    let target = ShellTarget(database: "d", retentionPolicy: "p")
    let imported = try await connection.importModel([1, 0, 255], as: "n", into: target)
    #expect(
      imported == ImportedModel(name: "n", version: 3, inForce: 7, groups: 2, shared: 1))
    _ = try await connection.importModel([], as: nil, into: target)
    let file = try await connection.exportModel("n", from: target)
    #expect(file.first == UInt8(ascii: "{"))
    #expect(
      transport.requests == [
        InfluxRequest(
          method: .post, path: "/model", parameters: [.init("db", "d"), .init("name", "n")],
          body: [1, 0, 255]),
        InfluxRequest(method: .post, path: "/model", parameters: [.init("db", "d")]),
        InfluxRequest(
          method: .get, path: "/model", parameters: [.init("db", "d"), .init("name", "n")]),
      ])
  }

  @Test(arguments: [
    (404, #"{"error":"model not found: n"}"#, "model not found: n"),
    (502, "", "http://fake: HTTP status 502"),
  ])
  func aModelThatDoesNotComeSaysWhy(status: Int, body: String, message: String) async {
    let connection = RemoteConnection(transport: FakeTransport { _ in (status, body) })
    let target = ShellTarget(database: "d")
    await #expect(throws: ConnectionError(description: message)) {
      try await connection.exportModel("n", from: target)
    }
    await #expect(throws: ConnectionError(description: message)) {
      try await connection.importModel([], as: nil, into: target)
    }
  }

  @Test func anAnswerOfAnotherKindIsNoImport() async {
    let connection = RemoteConnection(transport: FakeTransport { _ in (200, "ok") })
    await #expect(throws: ConnectionError(description: "http://fake: not an answer to an import")) {
      try await connection.importModel([], as: nil, into: ShellTarget(database: "d"))
    }
  }

  @Test func trainingIsWatched() async throws {
    let reported = AsyncStream<Void>.makeStream()
    let transport = FakeTransport { query in
      if query.hasPrefix("SHOW MODELS") {
        return (
          200,
          #"{"results":[{"series":[{"columns":["name","state","progress","groups","epoch","x"],"#
            + #""values":[["other","training",5,1,1,1],["m x","training",42.5,8,3,null]]}]}]}"#
        )
      }
      // Trained once the progress was seen.
      for await _ in reported.stream { break }
      return (200, #"{"results":[{"statement_id":0}]}"#)
    }
    let seen = Mutex<[ModelProgress]>([])
    let connection = RemoteConnection(transport: transport, pollInterval: .milliseconds(1))
    _ = try await run(connection, #"CREATE MODEL "m x" ON "my ""db" FROM y"#) { progress in
      seen.withLock { $0.append(progress) }
      reported.continuation.yield()
    }
    let first = seen.withLock { $0.first }
    #expect(
      first == ModelProgress(model: "m x", fraction: 0.425, groupCount: 8, epoch: 3))
    #expect(transport.queries.contains(#"SHOW MODELS ON "my ""#))
  }

  @Test func cancellingKillsTheQueryAtTheServer() async throws {
    let started = AsyncStream<Void>.makeStream()
    let transport = FakeTransport { query in
      switch query {
      case "SHOW QUERIES":
        return (
          200,
          #"{"results":[{"series":[{"columns":["qid","query","database","duration"],"values":["#
            + #"[3,"SHOW QUERIES","d","10µs"],[7,"SELECT v FROM \"m\"","d","90m0s"],"#
            + #"[9,"SELECT v FROM \"m\"","d","12ms"]]}]}]}"#
        )
      case let query where query.hasPrefix("KILL"): return (200, #"{"results":[{}]}"#)
      default:
        started.continuation.yield()
        try await Task.sleep(for: .seconds(3600))
        return (200, "")
      }
    }
    let connection = RemoteConnection(transport: transport)
    let task = Task { try await run(connection, "select v\nfrom m") }
    for await _ in started.stream { break }
    task.cancel()
    await #expect(throws: (any Error).self) { try await task.value }
    #expect(transport.queries == ["select v\nfrom m", "SHOW QUERIES", "KILL QUERY 9"])
  }
}

@Suite struct InfluxResponseDecoderTests {
  @Test func valuesKeepTheirTypes() throws {
    let json = #"""
      {"results":[{"statement_id":2,"series":[{"name":"m","tags":{"b":"2","a":"1"},
      "columns":["time","i","f","s","b","n","u","big","x"],"values":[
      [1,1,1,"a\"é",true,null,18446744073709551615,9007199254740993,1],
      [2,-5,0.5,"","no",null,1,1,"a"]]}],"messages":[{"level":"warning","text":"old"}]}]}
      """#
    let result = try #require(try InfluxResponseDecoder.decode(Array(json.utf8)).first)
    let series = try #require(result.series.first)
    #expect(result.statementID == 2)
    #expect(result.messages == [.init(level: "warning", text: "old")])
    #expect(series.hasTime)
    #expect(series.tags == [SeriesTag(key: "a", value: "1"), SeriesTag(key: "b", value: "2")])
    #expect(
      series.columns.map(\.type)
        == [.integer, .integer, .float, .string, .string, .float, .unsigned, .integer, .string])
    #expect(
      series.columns.map { $0[0] } == [
        .integer(1), .integer(1), .float(1), .string("a\"é"), .string("true"), nil, .unsigned(.max),
        .integer(9_007_199_254_740_993), .string("1"),
      ])
  }

  @Test func errorsOfStatementsArePassedOn() throws {
    let json = #"{"results":[{"statement_id":0,"error":"database not found: x"}]}"#
    #expect(
      try InfluxResponseDecoder.decode(Array(json.utf8)).first?.error == "database not found: x")
  }
}

@Suite struct LineBufferTests {
  @Test func linesAcrossParts() throws {
    var buffer = LineBuffer(limit: 10)
    #expect(try buffer.add(Array("ab".utf8)).isEmpty)
    #expect(try buffer.add(Array("c\n\nde\nf".utf8)) == [Array("abc".utf8), Array("de".utf8)])
    #expect(buffer.finish() == Array("f".utf8))
    #expect(buffer.finish() == nil)
  }

  @Test func endlessLinesAreRefused() throws {
    var buffer = LineBuffer(limit: 4)
    _ = try buffer.add(Array("abcd".utf8))
    #expect(throws: ConnectionError.self) { try buffer.add(Array("e".utf8)) }
  }
}

@Suite struct ServerTablesTests {
  @Test func modelStatements() {
    #expect(ModelStatement(#"create model "a \"b" on c from d"#)?.model == "a \"b")
    #expect(ModelStatement("CREATE MODEL a ON \"c d\" FROM e")?.database == "c d")
    #expect(ModelStatement("RETRAIN MODEL a;")?.model == "a")
    #expect(ModelStatement("RETRAIN MODEL a")?.database == nil)
    for text in [
      "DROP MODEL a", "CREATE DATABASE a", "CREATE MODEL", "SELECT create", "", "create",
    ] {
      #expect(ModelStatement(text) == nil, "\(text)")
    }
  }

  @Test(arguments: [
    ("1m2.5s", 62.5), ("369µs", 369e-6), ("2h0m1s", 7201), ("0s", 0), ("15ms", 0.015),
  ])
  func durations(text: String, seconds: Double) throws {
    let value = try #require(RunningQuery.seconds(text))
    #expect(abs(value - seconds) < 1e-9)
  }

  @Test(arguments: ["", "5", "s", "1x", "1m-2s", "..s"])
  func noDurations(text: String) { #expect(RunningQuery.seconds(text) == nil) }

  @Test func rowsOfOtherShapesAreSkipped() {
    #expect(ModelProgress(["name": .string("m")], of: "m") == nil)
    #expect(ModelProgress(["name": .string("m"), "state": .string("ready")], of: "m") == nil)
    let odd = ModelProgress(
      [
        "name": .string("m"), "state": .string("training"), "progress": .string("x"),
        "groups": .float(.nan), "epoch": .float(1e300), "group": .integer(4),
      ], of: "m")
    #expect(odd == ModelProgress(model: "m", fraction: 0))
    #expect(RunningQuery(["qid": .string("x"), "query": .string("q")]) == nil)
  }
}

extension ConnectionError: Equatable {
  public static func == (a: Self, b: Self) -> Bool { a.description == b.description }
}
