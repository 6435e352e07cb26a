import TestSupport
import Testing
import TimeSeries

@testable import Query

/// Conditions on time, however they are written: what SELECT, DELETE and models make of them.
@Suite struct TimeConditionTests {
  private static func condition(_ text: String) throws -> TimeCondition {
    guard case .delete(_, let condition)? = try Parser.parse("DELETE WHERE \(text)").first else {
      return try TimeCondition(nil, now: 0, zone: nil)
    }
    return try TimeCondition(condition, now: 100, zone: nil)
  }

  @Test(arguments: [
    ("time > 5", [6...Timestamp.max]), ("(time) >= (3000)", [3000 ... .max]),
    ("3000 <= time", [3000 ... .max]), ("((5)) > ((time))", [.min...4]),
    ("time > 5 AND time > 8 AND time <= 20", [9...20]),
    ("(time > 5 AND time < 15) OR (time > 25 AND time < 35)", [6...14, 26...34]),
    ("time < 5 OR time >= 5", [.min ... .max]),
    ("time = 1 OR time = 2 OR 4 = time", [1...2, 4...4]),
    ("time > 5 AND time < 5", []),
    (
      "(time < 10 OR time > 20) AND (time > 5 OR time < 2)",
      [
        .min...1, 6...9, 21 ... .max,
      ]
    ),
    ("time > now() - 40 OR time < '1970-01-01T00:00:00.00000001Z'", [.min...9, 61 ... .max]),
    ("time > ('1970-01-01')", [1 ... .max]),
  ])
  func timesAreOneSetOfRanges(text: String, expected: [ClosedRange<Timestamp>]) throws {
    let condition = try Self.condition(text)
    #expect(condition.times.ranges == expected)
    #expect(condition.rest == nil && condition.mixed == nil)
  }

  @Test(arguments: [
    ("host = 'a' AND time > 5", "host = 'a'", [6...Timestamp.max]),
    ("(host = 'a' AND (time > 5)) AND f < 1", "(host = 'a') AND f < 1", [6 ... .max]),
    (
      "time > 5 AND host = 'a' OR time > 5 AND host = 'b'", "host = 'a' OR host = 'b'", [6 ... .max]
    ),
    ("time > 5 OR time > 5 AND host = 'b'", "", [6 ... .max]),
  ])
  func restIsWithoutTimesWherePossible(
    text: String, rest: String, times: [ClosedRange<Timestamp>]
  ) throws {
    let condition = try Self.condition(text)
    #expect(condition.rest?.description ?? "" == rest)
    #expect(condition.times.ranges == times)
    #expect(condition.mixed == nil)
  }

  @Test func mixedTimesStayInTheRest() throws {
    let condition = try Self.condition("host = 'a' AND time > 1 OR host = 'b' AND time > 5")
    #expect(condition.times.ranges == [2 ... .max])
    #expect(
      condition.rest?.description == "time >= 2 AND host = 'a' OR time >= 6 AND host = 'b'")
    #expect(condition.mixed?.description == "host = 'a' AND time > 1 OR host = 'b' AND time > 5")
  }

  @Test(arguments: [
    ("time + 1h > 5", "time is only compared with a time: time + 1h > 5"),
    ("abs(time) = 5", "time is only compared with a time: abs(time) = 5"),
    ("f = (time + 1)", "time is only compared with a time: f = (time + 1)"),
    ("time != 5", "invalid time comparison operator: !="),
    ("time > host", "invalid operation: time and *influxql.VarRef are not compatible"),
    ("time > true", "invalid operation: time and *influxql.BooleanLiteral are not compatible"),
  ])
  func whatIsNoTimeIsRefused(text: String, message: String) {
    #expect(throws: QueryError.invalid(message)) { try Self.condition(text) }
  }

  private static let source: MemorySource = {
    let source = MemorySource(blockSize: 2)
    for (host, value) in [("a", 1.0), ("b", 100)] {
      for time in stride(from: Int64(0), to: 4000, by: 500) {
        source.insert(
          SeriesKey(measurement: "t", tags: [Tag(key: "host", value: host)]), time,
          ["v": .float(value + Double(time))])
      }
    }
    return source
  }()

  @Test(arguments: [
    ("SELECT v FROM t WHERE host = 'a' AND (time) >= (3000)", [3001.0, 3501]),
    (
      "SELECT v FROM t WHERE ((time > 500 AND time < 1500) OR (time > 2500 AND time < 3500)) "
        + "AND host = 'a'", [1001, 3001]
    ),
    (
      "SELECT v FROM t WHERE host = 'a' AND time > 2500 OR host = 'b' AND time > 3000",
      [3001, 3501, 3600]
    ),
    ("SELECT v FROM t WHERE v > 3550 OR time < 500", [1, 100, 3600]),
    ("SELECT sum(v) FROM t WHERE time < 500 OR time > 3000", [7202]),
    (
      "SELECT count(v) FROM t WHERE (time < 1us OR time >= 3us) AND time < 4us GROUP BY time(1us)",
      [4, 0, 0, 4]
    ),
    (
      "SELECT difference(sum(v)) FROM t WHERE time >= 1us AND (time < 2us OR time >= 3us) "
        + "GROUP BY time(1us) fill(none)", [4000, 8000]
    ),
    (
      "SELECT sum(x) FROM (SELECT count(v) AS x FROM t GROUP BY host) "
        + "WHERE time < 500 OR time >= 3000", [6]
    ),
  ])
  func selectsReadWhatTheirConditionSays(query: String, expected: [Double]) {
    let answer = Answer.of(query, source: Self.source)
    #expect(answer.error == nil)
    let values = answer.tables.flatMap(\.rows).map { row -> Double in
      switch row.last {
      case .number(let value)?: value
      case .integer(let value)?: Double(value)
      default: .nan
      }
    }
    #expect(values == expected, "\(query): \(answer)")
  }

  /// Rows that a DELETE would reach, as `host time`.
  private static func deleted(_ text: String) throws -> Set<String> {
    guard case .delete(let sources, let condition)? = try Parser.parse(text).first else {
      return []
    }
    var rows = Set<String>()
    let selections = try Executor(source: source, context: QueryContext(now: 5000)).selectSeries(
      sources: sources, condition: condition, database: "golden", allowsTime: true)
    for selection in selections {
      let series = source.snapshot(of: "golden")?.series(
        of: selection.measurement, matching: selection.predicate)
      for key in (series ?? []).map(\.key) {
        for time in stride(from: Int64(0), to: 4000, by: 500)
        where time >= selection.from && time <= selection.through {
          #expect(rows.insert("\(key.value(of: "host") ?? "") \(time)").inserted)
        }
      }
    }
    return rows
  }

  @Test(arguments: [
    ("DELETE FROM t WHERE time < 500 OR time > 3000", ["a 0", "a 3500", "b 0", "b 3500"]),
    (
      "DELETE FROM t WHERE host = 'a' AND time > 2900 OR host = 'b' AND time = 500 OR time = 0",
      ["a 0", "a 3000", "a 3500", "b 0", "b 500"]
    ),
    ("DELETE FROM t WHERE host = 'a' AND time > 3400 AND time < 3400", []),
    (
      "DELETE FROM t WHERE (host = 'b' OR time >= 3500) AND time >= 3000",
      ["a 3500", "b 3000", "b 3500"]
    ),
  ])
  func deletesReachWhatTheirConditionSays(query: String, expected: [String]) throws {
    #expect(try Self.deleted(query) == Set(expected))
  }

  @Test func rangesAreASet() {
    var random = SeededGenerator(seed: 1)
    func ranges() -> (TimeRanges, Set<Int64>) {
      var (set, plain) = (TimeRanges.none, Set<Int64>())
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        let start = Int64.random(in: 0...30, using: &random)
        let range = start...start + Int64.random(in: 0...4, using: &random)
        set = set.union(TimeRanges(range))
        plain.formUnion(range)
      }
      return (set, plain)
    }
    for _ in 0..<300 {
      let ((a, x), (b, y)) = (ranges(), ranges())
      for (set, plain) in [
        (a.union(b), x.union(y)), (a.intersection(b), x.intersection(y)),
      ] {
        #expect((-1...40).allSatisfy { set.contains($0) == plain.contains($0) }, "\(a) \(b)")
        #expect(
          zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
        let range = Int64.random(in: 0...20, using: &random)...20
        #expect(set.overlaps(range) == range.contains { plain.contains($0) })
        #expect(set.covers(range) == range.allSatisfy { plain.contains($0) })
      }
    }
  }
}
