import Foundation
import Query
import Testing
import TimeSeries

/// A few hundred queries against the answers InfluxDB 1.6.7 gave to them (Golden/generate.py).
@Suite struct GoldenTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var query: String
    var answer: Answer
    var testDescription: String { query }
  }

  /// Queries whose answer differs on purpose, each with the reason.
  static let differences: [String: String] = [
    "SELECT mode(requests) FROM cpu WHERE time >= '2020-01-01T00:00:00Z' AND time < "
      + "'2020-01-01T00:10:00Z' GROUP BY time(2m)":
      "which of equal values is taken rests on an unstable sort there",
    "SELECT percentile(requests, 90) FROM cpu":
      "which of equal values is taken rests on an unstable sort there",
    "SELECT percentile(requests, 10) FROM cpu":
      "which of equal values is taken rests on an unstable sort there",
    "SELECT integral(requests) FROM cpu WHERE time >= '2020-01-01T00:00:00Z' AND "
      + "time < '2020-01-01T00:10:00Z' GROUP BY time(2m)":
      "an integer cut at the end of a bucket counts for the wrong area there",
    "SELECT integral(requests, 1m) FROM cpu WHERE time >= '2020-01-01T00:00:00Z' AND "
      + "time < '2020-01-01T00:10:00Z' GROUP BY time(2m)":
      "an integer cut at the end of a bucket counts for the wrong area there",
    "SELECT integral(usage) FROM cpu WHERE time >= '2020-01-01 00:01:40' AND time <= "
      + "'2020-01-01T00:05:25Z' GROUP BY host":
      "integral() gives its groups out of order there",
    "SELECT integral(usage) FROM cpu WHERE time >= '2020-01-01 00:01:40' AND time <= "
      + "'2020-01-01T00:05:25Z' GROUP BY time(3m, 1m), region":
      "integral() gives its groups out of order there",
    "SELECT integral(usage, 1m) FROM cpu WHERE time >= '2020-01-01 00:01:40' AND "
      + "time <= '2020-01-01T00:05:25Z' GROUP BY host":
      "integral() gives its groups out of order there",
    "SELECT integral(usage, 1m) FROM cpu WHERE time >= '2020-01-01 00:01:40' AND "
      + "time <= '2020-01-01T00:05:25Z' GROUP BY time(3m, 1m), region":
      "integral() gives its groups out of order there",
    "SELECT integral(usage) FROM cpu WHERE time >= '2020-01-01T00:00:00Z' AND time < "
      + "'2020-01-01T00:10:00Z' GROUP BY time(4m) ORDER BY time DESC":
      "integral() backwards in time is negative there, with rows of zero between",
    "SELECT integral(usage, 1m) FROM cpu WHERE time >= '2020-01-01T00:00:00Z' AND "
      + "time < '2020-01-01T00:10:00Z' GROUP BY time(4m) ORDER BY time DESC":
      "integral() backwards in time is negative there, with rows of zero between",
    "SELECT usage FROM cpu WHERE time < 1577836815s OR time > 1577837370s":
      "OR of times is taken for AND there",
    "SELECT sum(requests), max(usage) FROM cpu WHERE time < 1577836815s OR time > 1577837370s":
      "OR of times is taken for AND there",
    "SELECT abs(requests) FROM cpu LIMIT 12":
      "abs() of a negative integer is the integer itself there, an error",
  ]

  static let golden: (points: [String], cases: [Case]) = {
    guard
      let url = Bundle.module.url(
        forResource: "influxdb-1.6.7", withExtension: "json", subdirectory: "Golden"),
      let data = try? Data(contentsOf: url),
      let root = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let points = root["points"] as? [String], let cases = root["cases"] as? [[String: Any]]
    else { return ([], []) }
    return (
      points,
      cases.compactMap { entry in
        guard let query = entry["query"] as? String,
          let answer = entry["answer"] as? [String: Any]
        else { return nil }
        return Case(query: query, answer: Answer(json: answer))
      }
    )
  }()

  static let source: MemorySource = {
    let source = MemorySource()
    for line in golden.points { source.insert(line: line) }
    return source
  }()

  @Test func goldenFileIsThere() {
    #expect(Self.golden.cases.count > 500)
    #expect(Self.golden.points.count > 100)
  }

  @Test func everyDifferenceIsStillOne() {
    for item in Self.golden.cases where Self.differences[item.query] != nil {
      let answer = Answer.of(item.query, source: Self.source)
      #expect(!answer.agrees(with: item.answer), "\(item.query)")
      #expect(answer.error == nil, "\(item.query)")
    }
    let queries = Set(Self.golden.cases.map(\.query))
    for query in Self.differences.keys { #expect(queries.contains(query)) }
  }

  @Test func answersAreThoseOfInfluxDB() {
    var failures: [String] = []
    for item in Self.golden.cases where Self.differences[item.query] == nil {
      let answer = Answer.of(item.query, source: Self.source)
      if !answer.agrees(with: item.answer) {
        failures.append("\(item.query)\n  expected \(item.answer)\n  got      \(answer)")
      }
    }
    #expect(
      failures.isEmpty,
      "\(failures.count) differ: \(failures.prefix(10).joined(separator: "\n"))")
  }
}
