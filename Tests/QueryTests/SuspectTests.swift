import Query
import Testing
import TimeSeries

/// SHOW SUSPECTS, without a graph of calls and with one.
@Suite struct SuspectTests {
  static let minute: Int64 = 60_000_000_000
  static let now: Timestamp = 1_700_000_000_000_000_000

  /// Health rows of pods: flagged `minutes` before now, with a loss of so many thresholds.
  private func source(_ pods: [(pod: String, minutes: Int64, ratio: Double)]) -> MemorySource {
    let source = MemorySource()
    for pod in pods { flag(pod.pod, pod.minutes, pod.ratio, in: source) }
    return source
  }

  private func flag(_ pod: String, _ minutes: Int64, _ ratio: Double, in source: MemorySource) {
    source.insert(
      SeriesKey(
        measurement: "health",
        tags: [Tag(key: "pod", value: "\(pod)-0"), Tag(key: "service", value: pod)]),
      Self.now - minutes * Self.minute,
      [
        "anomaly": .integer(1), "rl": .float(ratio * 2), "threshold": .float(2),
        "share_cpu": .float(0.2), "share_mem": .float(0.8),
      ])
  }

  private func call(
    _ from: String, _ to: String, _ fields: [String: FieldValue] = ["count": .integer(10)],
    minutes: Int64 = 5, in source: MemorySource
  ) {
    source.insert(
      SeriesKey(
        measurement: "calls",
        tags: [Tag(key: "source", value: from), Tag(key: "target", value: to)]),
      Self.now - minutes * Self.minute, fields)
  }

  private func answer(_ clauses: String, _ source: MemorySource) -> Answer {
    Answer.of(
      "SHOW SUSPECTS FROM health \(clauses)", source: source, context: QueryContext(now: Self.now))
  }

  /// The services in their order.
  private func services(_ clauses: String, _ source: MemorySource) -> [String] {
    let answer = answer(clauses, source)
    #expect(answer.error == nil)
    return answer.tables.flatMap(\.rows).map { row in
      if case .text(let service) = row[1] { service } else { "?" }
    }
  }

  @Test func columnsAreThoseDocumented() {
    let source = source([("cart", 10, 9)])
    flag("cart", 7, 3, in: source)
    let table = answer("", source).tables.first
    #expect(
      table?.columns == [
        "pod", "service", "rank", "score", "first_flagged", "anomalies", "peak", "top",
      ])
    #expect(
      table?.rows == [
        [
          .text("cart-0"), .text("cart"), .integer(1), .number(0.9),
          .text("2023-11-14T22:03:20Z"), .integer(2), .number(9), .text("mem 80 %, cpu 20 %"),
        ]
      ])
  }

  @Test func withoutAGraphThePeakRulesAndEarlinessDecidesBetweenLikes() {
    #expect(services("", source([("a", 9, 2), ("b", 8, 20), ("c", 5, 12)])) == ["b", "c", "a"])
    #expect(services("", source([("a", 5, 6), ("b", 9, 5), ("c", 1, 6)])) == ["b", "a", "c"])
  }

  @Test func equalScoresAreInTheOrderOfTheirTags() {
    let pods = [("c", Int64(5), 3.0), ("a", 5, 3), ("b", 5, 3)]
    #expect(services("", source(pods)) == ["a", "b", "c"])
    #expect(services("GRAPH calls", source(pods)) == ["a", "b", "c"])
    #expect(services("LIMIT 2", source(pods)) == ["a", "b"])
  }

  @Test func theWindowIsTheLastHourUnlessWhereSays() {
    let source = source([("old", 90, 50), ("new", 30, 2), ("later", -5, 9)])
    #expect(services("", source) == ["new"])
    #expect(services("WHERE time > now() - 2h", source) == ["old", "new"])
    #expect(services("WHERE time < now() - 45m", source) == ["old"])
    #expect(services("WHERE time > now() - 2h AND service = 'new'", source) == ["new"])
    #expect(services("WHERE service =~ /^x/", source) == [])
  }

  @Test func rowsThatAreNoAnomaliesMakeNoSuspect() {
    let source = source([])
    #expect(services("", source) == [])
    source.insert(
      SeriesKey(measurement: "health", tags: [Tag(key: "pod", value: "calm")]),
      Self.now - Self.minute,
      [
        "anomaly": .integer(0), "rl": .float(50), "threshold": .float(1),
        "state": .string("masked"),
      ]
    )
    #expect(services("", source) == [])
    #expect(answer("GRAPH calls", source).tables.isEmpty)
  }

  /// Every caller is worse off than the one it calls, and the last one is the cause.
  private var chain: MemorySource {
    let source = source([
      ("frontend", 10, 30), ("checkout", 10, 20), ("cart", 10, 12), ("redis", 10, 8),
    ])
    for (from, to) in [("frontend", "checkout"), ("checkout", "cart"), ("cart", "redis")] {
      call(from, to, in: source)
    }
    return source
  }

  @Test func alongAChainTheCalleeIsBlamed() {
    #expect(services("", chain) == ["frontend", "checkout", "cart", "redis"])
    #expect(services("GRAPH calls", chain).first == "redis")
  }

  @Test func aCallerIsBlamedWhereNoneOfItsCalleesWasFlagged() {
    let source = source([("frontend", 10, 5), ("checkout", 10, 9)])
    call("frontend", "checkout", in: source)
    call("checkout", "cart", in: source)
    #expect(services("GRAPH calls", source) == ["checkout", "frontend"])
  }

  @Test func callsOutsideOfTheWindowDoNotCount() {
    let source = source([("a", 10, 30), ("b", 10, 8)])
    call("a", "b", minutes: 90, in: source)
    #expect(services("GRAPH calls", source) == ["a", "b"])
    #expect(services("GRAPH calls WHERE time > now() - 2h", source) == ["b", "a"])
  }

  @Test func aGraphWithoutCallsIsToldOf() throws {
    let results = try Answer.results(
      "SHOW SUSPECTS FROM health GRAPH nothing", source: source([("a", 10, 30), ("b", 10, 8)]),
      context: QueryContext(now: Self.now))
    #expect(results.flatMap(\.messages).map(\.text) == ["nothing has no calls in the time range"])
    #expect(results.first?.series.first?.rowCount == 2)
  }

  @Test func moreCallsBlameMore() {
    for fields in [
      { (count: Int64) -> [String: FieldValue] in ["count": .integer(count)] },
      { count in ["calls": .float(Double(count))] },
    ] {
      let source = source([("front", 5, 5), ("often", 5, 5), ("seldom", 5, 5)])
      call("front", "seldom", fields(2), in: source)
      call("front", "often", fields(200), in: source)
      #expect(services("GRAPH calls", source).first == "often")
    }
    // Without such a field every row is a call.
    let source = source([("front", 5, 5), ("often", 5, 5), ("seldom", 5, 5)])
    call("front", "seldom", ["latency": .float(900)], in: source)
    for minute in 1...9 {
      call("front", "often", ["latency": .float(1)], minutes: Int64(minute), in: source)
    }
    #expect(services("GRAPH calls", source).first == "often")
  }

  @Test func cyclesSelfLoopsAndStrangersGiveFiniteScores() {
    let source = source([("a", 5, 5), ("b", 5, 5), ("c", 5, 5), ("alone", 5, 5)])
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("x", "y"), ("", "a")] {
      call(from, to, in: source)
    }
    let rows = answer("GRAPH calls", source).tables.flatMap(\.rows)
    #expect(rows.count == 4)
    var sum = 0.0
    for row in rows { if case .number(let score) = row[3] { sum += score } }
    // Nothing is lost to x and y, which nobody of these calls.
    #expect(abs(sum - 1) < 1e-6)
  }

  @Test func hugeCountsAndNaNAreSurvived() {
    let source = source([("a", 5, 1e300), ("b", 5, .nan), ("c", 5, .infinity)])
    call("a", "b", ["count": .float(.greatestFiniteMagnitude)], minutes: 5, in: source)
    call("a", "b", ["count": .float(.greatestFiniteMagnitude)], minutes: 6, in: source)
    call("b", "c", ["count": .float(.nan)], in: source)
    call("a", "c", ["count": .float(-4)], in: source)
    let rows = answer("GRAPH calls", source).tables.flatMap(\.rows)
    #expect(rows.count == 3)
    for row in rows {
      guard case .number(let score) = row[3], case .number(let peak) = row[6] else {
        Issue.record("\(row)")
        continue
      }
      #expect(score.isFinite && score > 0 && peak.isFinite)
    }
  }

  @Test func podsOfABlamedServiceShareItsScoreByTheirOwn() {
    let source = source([("front", 5, 9), ("cart", 5, 3)])
    source.insert(
      SeriesKey(
        measurement: "health",
        tags: [Tag(key: "pod", value: "cart-1"), Tag(key: "service", value: "cart")]),
      Self.now - 5 * Self.minute,
      ["anomaly": .integer(1), "rl": .float(2), "threshold": .float(2)])
    call("front", "cart", in: source)
    let rows = answer("GRAPH calls", source).tables.flatMap(\.rows)
    #expect(rows.map { $0[0] } == [.text("cart-0"), .text("cart-1"), .text("front-0")])
    guard rows.count == 3, case .number(let first) = rows[0][3],
      case .number(let second) = rows[1][3]
    else { return }
    #expect(abs(second / first - 0.5 / 0.75) < 1e-9)
  }

  @Test func whatDoesNotExistIsEmptyOrNamed() {
    #expect(Answer.of("SHOW SUSPECTS FROM other", source: MemorySource()).tables.isEmpty)
    #expect(
      Answer.of("SHOW SUSPECTS ON nowhere FROM health", source: MemorySource()).error
        == "database not found: nowhere")
  }
}
