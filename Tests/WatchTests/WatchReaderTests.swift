import Query
import Synchronization
import Testing
import TimeSeries

@testable import Watch

/// Answers statements by what they begin with, and keeps them.
private final class FakeRunner: StatementRunner {
  struct Away: Error, CustomStringConvertible { let description = "away" }

  private let answers: [(prefix: String, series: [ResultSeries])]
  private let asked = Mutex<[String]>([])
  let isAway: Bool

  init(_ answers: [(String, [ResultSeries])], isAway: Bool = false) {
    self.answers = answers
    self.isAway = isAway
  }

  var statements: [String] { asked.withLock { $0 } }

  func series(_ statement: String) async throws -> [ResultSeries] {
    asked.withLock { $0.append(statement) }
    if isAway { throw Away() }
    return answers.first { statement.hasPrefix($0.prefix) }?.series ?? []
  }
}

@Suite struct WatchReaderTests {
  private let settings = WatchSettings(database: "shop", marks: "marks")

  private func read(_ runner: FakeRunner, settings: WatchSettings? = nil) async -> WatchState {
    await WatchReader(runner: runner, settings: settings ?? self.settings, place: "here")
      .read(at: midnight, after: nil)
  }

  private let keys = ResultSeries(
    "container", ["fieldKey", "fieldType"],
    [
      [.string("cpu_usage"), .string("integer")], [.string("image"), .string("string")],
      [.string("load"), .string("float")],
    ])

  @Test func aStateIsPutTogetherFromAllAnswers() async {
    let runner = FakeRunner([
      ("SHOW FIELD KEYS", [keys]),
      (
        "SELECT \"cpu_usage\" FROM \"container\"",
        [
          ResultSeries(
            "container", pod: "cart", ["time", "cpu_usage"], [[.integer(midnight), .integer(7)]])
        ]
      ),
      (
        "SELECT * FROM \"container_health\"",
        [
          ResultSeries(
            "h", pod: "payment",
            ["time", "rl", "threshold", "anomaly", "state", "share_cpu_usage"],
            [
              [
                .integer(midnight), .float(2), .integer(1), .integer(1), .string("scored"),
                .float(0.5),
              ]
            ])
        ]
      ),
      (
        "SELECT mean(\"cpu_usage\") AS \"cpu_usage\", mean(\"load\")",
        [
          ResultSeries(
            "container", pod: "cart", ["time", "cpu_usage", "load"],
            [[.integer(1), .integer(7), nil], [.integer(2), nil, .float(0.5)]])
        ]
      ),
      (
        "SELECT \"text\", \"until\" FROM \"marks\"",
        [
          ResultSeries(
            "marks", pod: "cart", ["time", "text", "until"],
            [[.integer(5), .string("fault"), .integer(9)], [.integer(7), nil, nil]]),
          ResultSeries(
            "marks", pod: "", ["time", "text", "until"], [[.integer(4), .string("all"), nil]]),
        ]
      ),
    ])
    let state = await read(runner)
    #expect(state.problem == nil)
    #expect(state.metrics == ["cpu_usage", "load"])
    #expect(state.containers.map(\.name) == ["cart", "payment"])
    #expect(state.containers[0].lastRow == midnight)
    #expect(state.containers[0].values == ["cpu_usage": [7, nil], "load": [nil, 0.5]])
    #expect(state.containers[0].health == nil)
    #expect(
      state.containers[1].health
        == Health(at: 0, loss: 2, threshold: 1, anomaly: true, shares: ["cpu_usage": 0.5]))
    #expect(state.flagged == 1)
    #expect(
      state.marks == [
        Mark(text: "all", group: nil, from: 4, until: nil),
        Mark(text: "fault", group: "cart", from: 5, until: 9),
      ])
  }

  @Test func aServerWithoutAnyOfItGivesAnEmptyState() async {
    let state = await read(FakeRunner([]))
    #expect(state.containers.isEmpty && state.metrics.isEmpty && state.problem == nil)
  }

  @Test func columnsOfOtherTypesAreNotThere() async {
    let runner = FakeRunner([
      (
        "SELECT * FROM",
        [
          ResultSeries(
            "h", pod: "cart", ["time", "rl", "state", "share_x"],
            [[.integer(midnight), .string("2"), .float(1), .string("a")]]),
          ResultSeries("h", pod: "load", ["time"], []),
          ResultSeries("h", ["time", "rl"], [[.integer(1), .float(1)]]),
        ]
      )
    ])
    let state = await read(runner)
    #expect(state.containers.map(\.name) == ["cart", "load"])
    #expect(
      state.containers[0].health == Health(at: 0, loss: nil, threshold: nil, state: ""))
    #expect(state.containers[1].health == nil)
  }

  @Test func whileTheServerIsAwayTheLastStateStays() async {
    let last = WatchState(
      now: 1, place: "here", answered: 1, containers: [WatchedContainer("cart")])
    let reader = WatchReader(
      runner: FakeRunner([], isAway: true), settings: settings, place: "here")
    let state = await reader.read(at: midnight, after: last)
    #expect(state.now == midnight && state.answered == 1 && state.problem == "away")
    #expect(state.containers == last.containers)
    #expect(await reader.read(at: midnight, after: nil).problem == "away")
  }

  @Test func ofVeryManyContainersNotAllMetricsAreRead() async {
    let health = (0..<1000).map { index in
      ResultSeries(
        "h", pod: "pod-\(index)", ["time", "rl", "threshold", "anomaly"],
        [[.integer(1), .float(Double(index)), .float(1), .integer(0)]])
    }
    let runner = FakeRunner([("SHOW FIELD KEYS", [keys]), ("SELECT * FROM", health)])
    #expect(await read(runner).containers.count == 1000)
    let statement = runner.statements.first { $0.hasPrefix("SELECT mean") } ?? ""
    #expect(statement.contains("'pod-999'") && statement.contains("'pod-960'"))
    #expect(!statement.contains("'pod-959'"))
  }

  @Test func namesCannotBecomeStatements() {
    let queries = WatchQueries(
      settings: WatchSettings(
        database: "d", source: "a\"b", health: "h", group: "po\\d", interval: 10))
    let statement = queries.metrics(["c\"; DROP"], of: ["x' OR 1=1\n"], rows: 3)
    #expect(
      statement == "SELECT mean(\"c\\\"; DROP\") AS \"c\\\"; DROP\" FROM \"a\\\"b\""
        + " WHERE time > now() - 30s AND (\"po\\\\d\" = 'x\\' OR 1=1\\n')"
        + " GROUP BY time(10s), \"po\\\\d\" fill(none)")
  }
}
