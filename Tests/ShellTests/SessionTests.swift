import Query
import Synchronization
import Testing
import TimeSeries

@testable import Shell

private let databases = FakeConnection.Answer.results([
  StatementResult(
    statementID: 0, series: [ResultSeries("databases", ["name"], [[.string("d")], [.string("e")]])])
])

private func table(_ value: Double) -> FakeConnection.Answer {
  .results([StatementResult(statementID: 0, series: [ResultSeries("", ["v"], [[.float(value)]])])])
}

@Suite struct ShellSessionTests {
  private func session(
    _ connection: FakeConnection, _ output: RecordedOutput,
    _ configure: (inout ShellSettings) -> Void = { _ in }
  ) -> ShellSession {
    var settings = ShellSettings()
    configure(&settings)
    return ShellSession(connection: connection, output: output, settings: settings)
  }

  private func script(
    _ connection: FakeConnection, _ output: RecordedOutput, _ text: String,
    keepsGoing: Bool = false, _ configure: (inout ShellSettings) -> Void = { _ in }
  ) async -> ShellOutcome {
    let session = session(connection, output, configure)
    return await ScriptRunner(session: session, interrupts: nil, keepsGoing: keepsGoing)
      .run(text, name: "s.sql")
  }

  @Test func statementsGoToTheDatabaseInUse() async {
    let connection = FakeConnection(["SHOW DATABASES": databases])
    let output = RecordedOutput()
    let outcome = await script(connection, output, "SHOW A; USE d; SHOW B; \\use e\nSHOW C")
    #expect(outcome == .done)
    #expect(
      connection.statements.filter { !$0.contains("DATABASES") } == [
        "SHOW A", "d: SHOW B", "e: SHOW C",
      ])
    #expect(await script(connection, output, "USE x; SHOW D") == .failed)
    #expect(output.error == "error: s.sql:1: database not found: x\n")
  }

  @Test func aScriptStopsAtTheFirstFailure() async {
    let answers: [String: FakeConnection.Answer] = [
      "SELECT 1 FRM x": .failure("found FRM at line 1, char 10"), "SHOW B": table(2),
    ]
    var output = RecordedOutput()
    #expect(await script(FakeConnection(answers), output, "\nSELECT 1 FRM x;SHOW B") == .failed)
    #expect(output.output == "")
    #expect(
      output.error == """
        error: s.sql:2: found FRM at line 1, char 10
          SELECT 1 FRM x
                   ^

        """)
    output = RecordedOutput()
    let outcome = await script(
      FakeConnection(answers), output, "SELECT 1 FRM x;SHOW B", keepsGoing: true)
    #expect(outcome == .failed)
    #expect(output.output == "v\n-\n2\n(1 row)\n")
  }

  @Test func resultsBeforeAnErrorAreShown() async {
    let connection = FakeConnection([
      "SELECT a": .results([
        StatementResult(
          statementID: 0, series: [ResultSeries("", ["v"], [[.integer(1)]])], error: "timeout")
      ])
    ])
    let output = RecordedOutput()
    #expect(await script(connection, output, "SELECT a; SHOW B") == .failed)
    #expect(output.output == "v\n-\n1\n(1 row)\n")
    #expect(output.error == "error: s.sql:1: timeout\n")
    #expect(connection.statements == ["SELECT a"])
  }

  @Test func formats() async {
    let connection = FakeConnection(["A": table(1), "B": table(2)])
    let output = RecordedOutput()
    let text = "A;B;\\format csv\nA;\\format json\nA;\\pretty on\n"
    #expect(await script(connection, output, text) == .done)
    #expect(
      output.output == """
        v
        -
        1
        (1 row)

        v
        -
        2
        (1 row)
        name,v
        ,1
        {"results":[{"statement_id":0,"series":[{"columns":["v"],"values":[[1]]}]}]}

        """)
    #expect(output.error == "")
  }

  @Test func insertWritesALine() async {
    let connection = FakeConnection()
    let output = RecordedOutput()
    let text = "\\precision s\nINSERT m,t=a v=1 5\nINSERT INTO week m v=2;INSERT bad\nINSERT m v=3"
    let outcome = await script(connection, output, text) { $0.target = ShellTarget(database: "d") }
    #expect(outcome == .failed)
    #expect(
      connection.writes == [
        .init(line: "m,t=a v=1 5", target: ShellTarget(database: "d"), precision: .seconds),
        .init(
          line: "m v=2", target: ShellTarget(database: "d", retentionPolicy: "week"),
          precision: .seconds),
      ])
    #expect(output.error == "error: s.sql:3: unable to parse 'bad'\n")
    #expect(await script(connection, output, "INSERT m v=1") == .failed)
  }

  @Test func quittingEndsAScript() async {
    let connection = FakeConnection()
    #expect(await script(connection, RecordedOutput(), "SHOW A; quit; SHOW B") == .quit)
    #expect(connection.statements == ["SHOW A"])
  }

  @Test func aReaderThatLeftEndsAScript() async {
    let connection = FakeConnection(["A": table(1)])
    let output = RecordedOutput()
    output.closeReader()
    #expect(await script(connection, output, "A; B") == .outputClosed)
    #expect(connection.statements == ["A"])
    #expect(output.error == "")
  }

  @Test func cancellingStopsTheStatement() async {
    let connection = FakeConnection(["A": .hang])
    let output = RecordedOutput()
    let session = session(connection, output)
    let task = Task { await session.run("A") }
    for await _ in connection.hanging.stream { break }
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(output.error == "cancelled\n")
  }

  @Test func trainingIsShownAndTheLineTakenAway() async {
    let connection = FakeConnection([
      "RETRAIN MODEL m": .training([ModelProgress(model: "m", fraction: 0.5)])
    ])
    let output = RecordedOutput(isTerminal: true)
    #expect(await script(connection, output, "RETRAIN MODEL m") == .done)
    #expect(output.error.hasPrefix("\r\u{1b}[Km ██████████░░░░░░░░░░ 50%"))
    #expect(output.error.hasSuffix("\r\u{1b}[K"))
  }

  @Test func plotsAGroupEach() async {
    func group(_ pod: String) -> ResultSeries {
      ResultSeries(
        "m", tags: [SeriesTag(key: "pod", value: pod)], ["time", "v"],
        [[.integer(0), .float(1)], [.integer(1), .float(2)]])
    }
    let connection = FakeConnection([
      "SELECT v FROM m": .results([
        StatementResult(statementID: 0, series: [group("a"), group("b")])
      ]), "SHOW X": table(1), "SELECT none": .results([StatementResult(statementID: 0)]),
    ])
    let output = RecordedOutput()
    #expect(await script(connection, output, "\\plot SELECT v FROM m;") == .done)
    #expect(output.output.contains("m pod=a\n── v\n"))
    #expect(output.output.contains("\n\nm pod=b\n── v\n"))
    #expect(await script(connection, output, "\\plot SHOW X") == .failed)
    #expect(output.error.hasPrefix("error: s.sql:1: \\plot needs a SELECT"))
    #expect(await script(connection, output, "\\plot SELECT none") == .done)
    #expect(output.output.hasSuffix("(no rows)\n"))
  }
}

/// Types what it is given.
private final class TypedLines: LineReader {
  private let lines: Mutex<[InputLine]>
  private let kept = Mutex<(prompts: [String], history: [String])>(([], []))

  init(_ lines: [InputLine]) { self.lines = Mutex(lines) }

  var prompts: [String] { kept.withLock { $0.prompts } }
  var history: [String] { kept.withLock { $0.history } }

  func read(prompt: String) async -> InputLine {
    kept.withLock { $0.prompts.append(prompt) }
    return lines.withLock { $0.isEmpty ? .end : $0.removeFirst() }
  }

  func remember(_ statement: String) async { kept.withLock { $0.history.append(statement) } }

  func setCompleter(_ completer: Completer) {}
}

@Suite struct InteractiveLoopTests {
  private func type(
    _ lines: [InputLine],
    _ connection: FakeConnection = FakeConnection(["SHOW DATABASES": databases])
  ) async -> (reader: TypedLines, statements: [String], output: RecordedOutput) {
    let reader = TypedLines(lines)
    let output = RecordedOutput()
    var settings = ShellSettings()
    settings.isInteractive = true
    let session = ShellSession(connection: connection, output: output, settings: settings)
    await InteractiveLoop(session: session, reader: reader, output: output, interrupts: nil).run()
    // The names to complete are asked for in the background.
    let background = ["SHOW DATABASES", "SHOW MEASUREMENTS", "SHOW FIELD KEYS", "SHOW TAG KEYS"]
    let statements = connection.statements.filter { statement in
      !background.contains { statement.hasSuffix($0) }
    }
    return (reader, statements, output)
  }

  @Test func statementsSpanLines() async {
    let (reader, statements, _) = await type([
      .line("SELECT a"), .line("FROM b; SHOW"), .line("C;"), .line(""), .line("SHOW D"), .line(" "),
    ])
    #expect(statements == ["SELECT a\nFROM b", "SHOW\nC", "SHOW D"])
    #expect(
      reader.prompts == [
        "tsql> ", "   -> ", "   -> ", "tsql> ", "tsql> ", "   -> ", "tsql> ",
      ])
    #expect(reader.history == ["SELECT a FROM b;", "SHOW C;", "SHOW D"])
  }

  @Test func controlCForgetsWhatWasTyped() async {
    let (_, statements, output) = await type([
      .line("SELECT a"), .interrupted, .line("SHOW B;"), .interrupted,
    ])
    #expect(statements == ["SHOW B"])
    #expect(output.output == "^C\n(no rows)\n^C\n\n")
  }

  @Test func thePromptShowsTheDatabase() async {
    let (reader, _, output) = await type([.line("use d"), .line("SELECT"), .interrupted])
    #expect(reader.prompts.suffix(3) == ["d> ", "-> ", "d> "])
    #expect(output.output.hasPrefix("database d\n"))
  }

  @Test func aFailureDropsTheRestOfTheLine() async {
    let connection = FakeConnection(["A": .failure("no")])
    let (_, statements, output) = await type([.line("A; B;"), .line("C;")], connection)
    #expect(statements == ["A", "C"])
    #expect(output.error == "error: no\n")
  }

  @Test func quittingLeaves() async {
    let (reader, statements, _) = await type([.line("\\q"), .line("SHOW A;")])
    #expect(statements.isEmpty)
    #expect(reader.prompts.count == 1)
  }

  @Test func secretsAreNotKept() async {
    let (reader, _, _) = await type([
      .line("CREATE USER u WITH PASSWORD 'x';"), .line("A -- b"), .line(";"),
    ])
    #expect(reader.history == ["A -- b\n;"])
  }
}

@Suite struct CompleterTests {
  private let completer = Completer(
    databases: ["metrics", "my db"], measurements: ["cpu", "container", "select"],
    columns: ["cpu_usage", "Host", "1st"])

  @Test func wordsByTheirPlace() {
    #expect(completer.candidates(for: "m", after: "USE ") == ["metrics"])
    #expect(completer.candidates(for: "\"m", after: "USE ") == ["\"my db\""])
    #expect(completer.candidates(for: "c", after: "SELECT a FROM ") == ["container", "cpu"])
    #expect(
      completer.candidates(for: "", after: "SELECT a FROM ") == ["\"select\"", "container", "cpu"])
    #expect(completer.candidates(for: "cpu", after: "SELECT ") == ["cpu", "cpu_usage"])
    #expect(completer.candidates(for: "\\p", after: "") == ["\\plot", "\\precision", "\\pretty"])
    #expect(completer.candidates(for: "", after: "SELECT ") == [])
  }

  @Test func keywordsFollowTheCaseTyped() {
    #expect(completer.candidates(for: "SEL", after: "") == ["SELECT"])
    #expect(completer.candidates(for: "sel", after: "") == ["select"])
    #expect(completer.candidates(for: "\"1", after: "SELECT ") == ["\"1st\""])
  }
}

@Suite struct HistoryPathTests {
  @Test func theStateFolderIsRespected() {
    #expect(
      LineEditor.defaultHistoryPath(environment: ["XDG_STATE_HOME": "/s", "HOME": "/h"])
        == "/s/vigil/history")
    #expect(
      LineEditor.defaultHistoryPath(environment: ["XDG_STATE_HOME": "s", "HOME": "/h"])
        == "/h/.local/state/vigil/history")
    #expect(LineEditor.defaultHistoryPath(environment: [:]) == nil)
  }
}
