import Foundation
import Testing
import TimeSeries

@testable import Query

/// Answers of InfluxDB 1.6.7 to the same points.
@Suite struct HoltWintersTests {
  static let minute: Int64 = 60_000_000_000

  /// Visitors to Australia by quarter (Hyndman, Athanasopoulos: "Forecasting"), and a series with
  /// minutes left out.
  private static func source() -> MemorySource {
    let source = MemorySource(blockSize: 10)
    let visitors: [Double] = [
      30.052513, 19.148496, 25.317692, 27.591437, 32.076456, 23.487961, 28.47594, 35.123753,
      36.838485, 25.007017, 30.72223, 28.693759, 36.640986, 23.824609, 29.311683, 31.770309,
      35.177877, 19.775244, 29.60175, 34.538842, 41.273599, 26.655862, 28.279859, 35.191153,
      41.727458, 24.04185, 32.328103, 37.328708,
    ]
    for (index, value) in visitors.enumerated() {
      source.insert(
        SeriesKey(measurement: "aus"), Int64(index) * minute, ["v": .float(value)])
    }
    for index in 0..<40 where index % 7 != 3 {
      source.insert(
        SeriesKey(measurement: "gap"), Int64(index) * minute,
        [
          "v": .float(10 + Double(index) * 0.5 + 3 * sin(Double(index) / 2)),
          "n": .integer(Int64(100 + index * index)), "s": .string("x"),
        ])
    }
    return source
  }

  private static func values(_ query: String) -> [(minute: Int64, value: Double)] {
    let answer = Answer.of(query, source: source())
    return (answer.tables.first?.rows ?? []).compactMap { row in
      guard case .integer(let time) = row[0], case .number(let value) = row[1] else { return nil }
      return (time / minute, value)
    }
  }

  @Test(
    "forecasts are InfluxDB's",
    arguments: [
      (
        "holt_winters(first(v), 3, 4) FROM aus WHERE time >= 0 AND time < 9m GROUP BY time(1m)",
        9, 1, [29.28349045550876, 37.63424825093537, 48.29197389808043]
      ),
      (
        "holt_winters_with_fit(first(v), 2, 0) FROM aus WHERE time >= 0 AND time < 6m "
          + "GROUP BY time(1m)",
        0, 1,
        [
          30.052513, 18.918808682309677, 26.048514408738598, 27.559777035585746,
          27.63869081594707, 27.446094751254186, 27.26547762035856, 27.142140356004738,
        ]
      ),
      (
        "holt_winters(mean(n), 3, 3) FROM gap WHERE time >= 0 AND time < 7m GROUP BY time(1m) "
          + "fill(0)",
        7, 1, [134.9406071284743, 133.36199642875624, 136.64973518785794]
      ),
      (
        "holt_winters(derivative(mean(v)), 2, 2) FROM gap WHERE time >= 0 AND time < 8m "
          + "GROUP BY time(1m)",
        8, 1, [-1.3145144452619126, -2.3605976782111924]
      ),
    ] as [(String, Int64, Int64, [Double])])
  func influxDB(query: String, first: Int64, step: Int64, expected: [Double]) {
    let values = Self.values("SELECT " + query)
    #expect(values.map(\.minute) == expected.indices.map { first + Int64($0) * step })
    for (value, expected) in zip(values.map(\.value), expected) {
      #expect(abs(value - expected) <= 1e-9 * abs(expected), "\(value) \(expected)")
    }
  }

  @Test("backwards in time is the same forecast, and LIMIT counts its rows")
  func orderAndLimit() {
    let query =
      "SELECT holt_winters(first(v), 4, 0) FROM aus WHERE time >= 0 AND time < 4m "
      + "GROUP BY time(1m)"
    let forwards = Self.values(query)
    #expect(forwards.count == 4)
    #expect(
      Self.values(query + " ORDER BY time DESC").map(\.value) == forwards.map(\.value).reversed())
    #expect(Self.values(query + " LIMIT 2").map(\.value) == forwards.map(\.value).dropLast(2))
  }

  @Test("a forecast stands beside what it is of")
  func columns() {
    let beside = Answer.of(
      "SELECT holt_winters(mean(n), 2, 0), mean(n) FROM gap WHERE time >= 0 AND time < 3m "
        + "GROUP BY time(1m)", source: Self.source())
    #expect(beside.tables.first?.columns == ["time", "holt_winters", "mean"])
    #expect(beside.tables.first?.rows.map { $0[1] == .null } == [true, true, true, false, false])
    #expect(beside.tables.first?.rows.map { $0[2] == .null } == [false, false, false, true, true])
  }

  @Test(
    "too few values have no forecast",
    arguments: [
      "holt_winters(mean(v), 2, 50) FROM gap WHERE time >= 0 AND time < 10m GROUP BY time(1m)",
      "holt_winters(mean(v), 2, 0) FROM gap WHERE time >= 0 AND time < 1m GROUP BY time(1m)",
      "holt_winters(mean(v), 2, 0) FROM none WHERE time >= 0 AND time < 1m GROUP BY time(1m)",
    ])
  func tooFew(query: String) {
    #expect(Self.values("SELECT " + query).isEmpty)
  }

  @Test(
    "mistakes are told in InfluxDB's words",
    arguments: [
      ("mean(v), 0, 4", "second arg to holt_winters must be greater than 0, got 0"),
      ("v, 2, 4", "must use aggregate function with holt_winters"),
      ("mean(v), 2", "invalid number of arguments for holt_winters, expected 3, got 2"),
      ("mean(v), 2, -1", "third arg to holt_winters cannot be negative, got -1"),
      ("mean(v), 2, 1.0", "expected integer argument as third arg in holt_winters"),
      ("mean(v), 'a', 1", "expected integer argument as second arg in holt_winters"),
    ])
  func mistakes(arguments: String, message: String) {
    let answer = Answer.of(
      "SELECT holt_winters(\(arguments)) FROM gap GROUP BY time(1m)", source: Self.source())
    #expect(answer.error == message)
  }

  @Test("it needs an interval, and numbers")
  func needs() {
    #expect(
      Answer.of("SELECT holt_winters(mean(v), 2, 4) FROM gap", source: Self.source()).error
        == "holt_winters aggregate requires a GROUP BY interval")
    #expect(
      Answer.of(
        "SELECT holt_winters(last(s), 2, 2) FROM gap WHERE time >= 0 AND time < 10m "
          + "GROUP BY time(1m)", source: Self.source()
      ).error?.contains("holt_winters iterator type") == true)
  }

  @Test(
    "neither the horizon nor a gap may be longer than a group's buckets",
    arguments: [
      "holt_winters(mean(v), 9223372036854775807, 0) FROM gap WHERE time >= 0 AND time < 10m "
        + "GROUP BY time(1m)",
      "holt_winters(mean(v), 1, 0) FROM gap WHERE time >= 0 AND time < 10m GROUP BY time(1ns) "
        + "fill(none)",
    ])
  func bounded(query: String) {
    let answer = Answer.of("SELECT " + query, source: Self.source())
    #expect(answer.error?.hasPrefix("max-select-buckets limit exceeded") == true)
  }

  @Test("the end of the query ends the fit")
  func cancelled() throws {
    let context = QueryContext(now: 0)
    context.cancel()
    let input = CallResult(
      times: (0..<20).map { Int64($0) }, column: Column(.float((0..<20).map(Double.init))))
    #expect(throws: QueryError.cancelled) {
      try HoltWinters(horizon: 2, season: 3, withFit: false)
        .apply(input, interval: 1, descending: false, context: context)
    }
  }

  @Test("the simplex finds the minimum of Rosenbrock's valley")
  func rosenbrock() throws {
    let optimizer = NelderMead(
      epsilon: 1e-10,
      objective: { 100 * pow($0[1] - $0[0] * $0[0], 2) + pow(1 - $0[0], 2) }, check: {})
    let found = try optimizer.minimum(from: [-1.2, 1])
    #expect(found.point.allSatisfy { abs($0 - 1) < 1e-4 } && found.value < 1e-8)
  }
}
