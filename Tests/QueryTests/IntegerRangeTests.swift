import Query
import Testing
import TimeSeries

/// Integers near the ends of their range: the right value where the result's type holds it, else an
/// error, with block statistics and without.
@Suite struct IntegerRangeTests {
  private static func source(
    _ values: [FieldValue], hasStatistics: Bool = true, blockSize: Int = 7
  ) -> MemorySource {
    let source = MemorySource(blockSize: blockSize, hasStatistics: hasStatistics)
    for (step, value) in values.enumerated() {
      source.insert(SeriesKey(measurement: "m"), Int64(step) * 1_000_000_000, ["v": value])
    }
    return source
  }

  /// The second column of a statement's rows.
  private func values(_ query: String, _ source: MemorySource) -> [FieldValue?]? {
    (try? Answer.results(query, source: source))?.flatMap(\.series).flatMap { series in
      (0..<series.rowCount).map { series.columns[1][$0] }
    }
  }

  private func error(_ query: String, _ source: MemorySource) -> String? {
    Answer.of(query, source: source).error
  }

  private func overflow(_ what: String, _ type: String = "integer") -> String {
    "numeric overflow: \(what) does not fit type \(type)"
  }

  @Test(arguments: [true, false], [1, 3, 7])
  func aggregates(hasStatistics: Bool, blockSize: Int) {
    let ping: Int64 = 1_598_313_600_000_000_000
    let pings = Self.source(
      Array(repeating: .integer(ping), count: 7), hasStatistics: hasStatistics,
      blockSize: blockSize)
    #expect(values("SELECT mean(v) FROM m", pings) == [.float(1_598_313_600_000_000_000)])
    #expect(error("SELECT sum(v) FROM m", pings) == overflow("sum 11188195200000000000"))
    #expect(values("SELECT sum(v) FROM m WHERE time < 5s", pings) == [.integer(ping * 5)])
    #expect(values("SELECT sum(v::float) FROM m", pings) == [.float(11_188_195_200_000_000_000)])

    let ends = Self.source(
      [.integer(.max), .integer(.min), .integer(.max), .integer(.max), .integer(.min)],
      hasStatistics: hasStatistics, blockSize: blockSize)
    #expect(values("SELECT sum(v) FROM m", ends) == [.integer(.max - 2)])
    #expect(values("SELECT mean(v) FROM m WHERE time < 2s", ends) == [.float(-0.5)])
    #expect(values("SELECT median(v) FROM m WHERE time < 2s", ends) == [.float(-0.5)])
    #expect(
      values("SELECT mean(v) FROM m WHERE time >= 2s AND time < 4s", ends) == [.float(0x1p63)])
    #expect(error("SELECT spread(v) FROM m", ends) == overflow("spread 18446744073709551615"))
    #expect(values("SELECT spread(v) FROM m WHERE time = 0", ends) == [.integer(0)])

    let large = Self.source(
      [.unsigned(.max), .unsigned(.max), .unsigned(0)], hasStatistics: hasStatistics,
      blockSize: blockSize)
    #expect(values("SELECT mean(v) FROM m", large) == [.float(0x1p65 / 3)])
    #expect(values("SELECT spread(v) FROM m", large) == [.unsigned(.max)])
    #expect(values("SELECT median(v) FROM m WHERE time < 2s", large) == [.float(0x1p64)])
    #expect(
      error("SELECT sum(v) FROM m", large) == overflow("sum 36893488147419103230", "unsigned"))
  }

  @Test func deviationOfIntegersThatFloatsDoNotTellApart() {
    let base: Int64 = 1_598_313_600_000_000_000
    let source = Self.source([.integer(base), .integer(base + 1), .integer(base + 2)])
    #expect(values("SELECT stddev(v) FROM m", source) == [.float(1)])
    let unsigned = Self.source([.unsigned(.max), .unsigned(.max - 2), .unsigned(.max - 4)])
    #expect(values("SELECT stddev(v) FROM m", unsigned) == [.float(2)])
    let ends = Self.source([.integer(.min), .integer(.max)])
    #expect(values("SELECT stddev(v) FROM m", ends) == [.float(0x1p63 * 2.0.squareRoot())])
  }

  @Test func integralOfLargeIntegers() {
    let source = Self.source([.integer(.max), .integer(.max), .integer(.max)])
    #expect(values("SELECT integral(v) FROM m", source) == [.float(0x1p64)])
    let ends = Self.source([.integer(.min), .integer(.max)])
    #expect(values("SELECT integral(v) FROM m", ends) == [.float(-0.5)])
  }

  @Test func functionsOfNeighbours() {
    let ends = Self.source([.integer(.min), .integer(.max), .integer(.max - 5)])
    #expect(values("SELECT derivative(v) FROM m", ends) == [.float(0x1p64), .float(-5)])
    #expect(
      error("SELECT difference(v) FROM m", ends)
        == overflow("9223372036854775807 - -9223372036854775808"))
    #expect(values("SELECT difference(v) FROM m WHERE time >= 1s", ends) == [.integer(-5)])
    #expect(
      values("SELECT non_negative_derivative(v) FROM m", ends) == [.float(0x1p64)])
    #expect(
      values("SELECT moving_average(v, 2) FROM m", ends)
        == [.float(-0.5), .float(Double(Int64.max - 3) + 0.5)])
    #expect(
      values("SELECT cumulative_sum(v) FROM m WHERE time < 2s", ends)
        == [.integer(.min), .integer(-1)])
    #expect(
      error("SELECT cumulative_sum(v) FROM m WHERE time >= 1s", ends)
        == overflow("cumulative_sum 18446744073709551609"))

    let falling = Self.source([.integer(.max), .integer(.min), .integer(7)])
    #expect(
      values("SELECT non_negative_difference(v) FROM m WHERE time < 2s", falling) == [])
    let unsigned = Self.source([.unsigned(9), .unsigned(4), .unsigned(.max)])
    #expect(values("SELECT derivative(v) FROM m", unsigned) == [.float(-5), .float(0x1p64)])
    #expect(
      values("SELECT non_negative_difference(v) FROM m", unsigned) == [.unsigned(.max - 4)])
    #expect(error("SELECT difference(v) FROM m", unsigned) == overflow("4 - 9", "unsigned"))
    #expect(
      values("SELECT difference(v::integer) FROM m WHERE time < 2s", unsigned) == [.integer(-5)])
  }

  @Test func timesFarApart() {
    let source = MemorySource()
    let key = SeriesKey(measurement: "m")
    source.insert(key, TimestampBounds.earliest, ["v": .integer(1)])
    source.insert(key, TimestampBounds.latest, ["v": .integer(3)])
    #expect(
      error("SELECT elapsed(v) FROM m", source) == overflow("elapsed 18446744073709551612"))
    #expect(
      values("SELECT elapsed(v, 1s) FROM m", source) == [.integer(18_446_744_073)])
    #expect(
      values("SELECT derivative(v, 1s) FROM m", source)
        == [.float(2 / (0x1p64 / 1e9))])
    #expect(
      values("SELECT integral(v, 1s) FROM m", source)
        == [.float(2 * (0x1p64 / 1e9))])
  }

  @Test func arithmetic() {
    let ends = Self.source([.integer(.max), .integer(.min), .integer(-3)])
    #expect(error("SELECT v + 1 FROM m", ends) == overflow("9223372036854775807 + 1"))
    #expect(error("SELECT v - 1 FROM m", ends) == overflow("-9223372036854775808 - 1"))
    #expect(error("SELECT v * 2 FROM m", ends) == overflow("9223372036854775807 * 2"))
    #expect(error("SELECT -v FROM m", ends) == overflow("-1 * -9223372036854775808"))
    #expect(error("SELECT abs(v) FROM m", ends) == overflow("abs 9223372036854775808"))
    #expect(
      values("SELECT -v FROM m WHERE v = -3 OR v > 0", ends) == [.integer(-.max), .integer(3)])
    #expect(values("SELECT v / 2 FROM m WHERE v > 0", ends) == [.float(0x1p62)])
    #expect(values("SELECT v % 2 FROM m", ends) == [.integer(1), .integer(0), .integer(-1)])
    #expect(
      error("SELECT sum(v) + sum(v) FROM m WHERE v > 0", ends)
        == overflow("9223372036854775807 + 9223372036854775807"))
    #expect(error("SELECT v FROM m WHERE v * 2 > 5", ends) == overflow("9223372036854775807 * 2"))
    #expect(
      error("SELECT v FROM m WHERE v / -1 > 5 AND time = 1s", ends)
        == overflow("-9223372036854775808 / -1"))
    #expect(values("SELECT v FROM m WHERE v - 1 < 0 AND time = 2s", ends) == [.integer(-3)])

    let unsigned = Self.source([.unsigned(3), .unsigned(.max)])
    #expect(error("SELECT v - 5 FROM m", unsigned) == overflow("3 - 5", "unsigned"))
    #expect(
      error("SELECT v + 1 FROM m", unsigned)
        == overflow("18446744073709551615 + 1", "unsigned"))
    #expect(values("SELECT v + -3 FROM m", unsigned) == [.unsigned(0), .unsigned(.max - 3)])
    #expect(error("SELECT v + -4 FROM m", unsigned) == overflow("3 + -4 = -1", "unsigned"))
    #expect(values("SELECT v & 2 FROM m", unsigned) == [.unsigned(2), .unsigned(2)])
    #expect(values("SELECT v % -2 FROM m", unsigned) == [.unsigned(1), .unsigned(1)])
  }

  @Test func rowsWithoutAResultDoNotOverflow() {
    let source = MemorySource()
    let key = SeriesKey(measurement: "m")
    source.insert(key, 0, ["a": .integer(.min)])
    source.insert(key, 1, ["a": .integer(5), "b": .integer(7)])
    #expect(values("SELECT b - a FROM m", source) == [nil, .integer(2)])
  }

  @Test func casts() {
    let floats = Self.source([.float(3.7), .float(-3.7), .float(1e300)])
    #expect(
      values("SELECT v::integer FROM m WHERE time < 2s", floats) == [.integer(3), .integer(-3)])
    #expect(error("SELECT v::integer FROM m", floats) == overflow("1e+300"))
    #expect(
      error("SELECT v::unsigned FROM m WHERE time < 2s", floats)
        == overflow("-3.7", "unsigned"))
    #expect(error("SELECT sum(v::integer) FROM m", floats) == overflow("1e+300"))
    let edge = Self.source([.float(-0.5), .float(0x1p63), .float(-0x1p63)])
    #expect(
      values("SELECT v::unsigned FROM m WHERE time < 2s", edge)
        == [.unsigned(0), .unsigned(1 << 63)])
    #expect(values("SELECT v::integer FROM m WHERE time = 2s", edge) == [.integer(.min)])
    #expect(
      error("SELECT v::integer FROM m WHERE time = 1s", edge) == overflow("\(0x1p63)"))
    let integers = Self.source([.integer(-1), .integer(1)])
    #expect(error("SELECT v::unsigned FROM m", integers) == overflow("-1", "unsigned"))
    #expect(values("SELECT v::unsigned FROM m WHERE time = 1s", integers) == [.unsigned(1)])
  }

  /// Where measurements disagree, the column has the stronger type.
  @Test func unsignedAmongIntegers() {
    let source = MemorySource()
    source.insert(SeriesKey(measurement: "m1"), 0, ["v": .integer(1)])
    source.insert(SeriesKey(measurement: "m2"), 0, ["v": .unsigned(2)])
    #expect(values("SELECT v FROM m1, m2", source) == [.integer(1), .integer(2)])
    source.insert(SeriesKey(measurement: "m2"), 0, ["v": .unsigned(.max)])
    #expect(error("SELECT v FROM m1, m2", source) == overflow("18446744073709551615"))
  }

  @Test func filling() {
    let source = MemorySource()
    let key = SeriesKey(measurement: "m")
    let second: Int64 = 1_000_000_000
    source.insert(key, 0, ["v": .integer(.min), "u": .unsigned(.max), "s": .integer(0)])
    source.insert(key, 4 * second, ["v": .integer(.max), "u": .unsigned(3), "s": .integer(-7)])
    func filled(_ call: String, _ fill: String) -> String {
      "SELECT \(call) FROM m WHERE time >= 0 AND time < 5s GROUP BY time(1s) fill(\(fill))"
    }
    #expect(
      values(filled("sum(v)", "linear"), source)
        == [
          .integer(.min), .integer(-4_611_686_018_427_387_904), .integer(0),
          .integer(4_611_686_018_427_387_903), .integer(.max),
        ])
    #expect(
      values(filled("max(u)", "linear"), source)
        == [
          .unsigned(.max), .unsigned(13_835_058_055_282_163_712),
          .unsigned(9_223_372_036_854_775_809), .unsigned(4_611_686_018_427_387_906), .unsigned(3),
        ])
    // As in InfluxDB, the integer part.
    #expect(
      values(filled("max(s)", "linear"), source)
        == [.integer(0), .integer(-1), .integer(-3), .integer(-5), .integer(-7)])
    #expect(values(filled("max(s)", "3.7"), source)?[1] == .integer(3))
    #expect(error(filled("max(u)", "-1"), source) == overflow("-1", "unsigned"))
    #expect(
      error(filled("max(s)", "100000000000000000000.0"), source) == overflow("1e+20"))
    #expect(values(filled("count(u)", "-1"), source)?[1] == .integer(-1))
  }

  @Test func integersComparedWithFloats() {
    let source = Self.source([.integer(9_007_199_254_740_993), .integer(.max), .integer(.min)])
    #expect(
      values("SELECT v FROM m WHERE v > 9007199254740992.0", source)
        == [.integer(9_007_199_254_740_993), .integer(.max)])
    #expect(values("SELECT v FROM m WHERE v = 9223372036854775808.0", source) == [])
    #expect(
      values("SELECT v FROM m WHERE 9223372036854775808.0 <= v", source) == [])
    #expect(values("SELECT v FROM m WHERE v <= -9223372036854775808.0", source) == [.integer(.min)])
  }
}
