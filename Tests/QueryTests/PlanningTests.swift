import TestSupport
import Testing
import TimeSeries

@testable import Query

/// The pieces of planning that have edges of their own.
@Suite struct PlanningTests {
  @Test(arguments: [
    ("1970-01-01", 0), ("1970-01-01 00:00:01", 1_000_000_000),
    ("2000-02-29T12:00:00Z", 951_825_600_000_000_000),
    ("1969-12-31T23:59:59.999999999Z", -1),
    ("2020-06-01T00:00:00.5+02:00", 1_590_962_400_500_000_000),
    ("2262-04-11T23:47:16.854775806Z", TimestampBounds.latest),
    ("1677-09-21T00:12:43.145224194Z", TimestampBounds.earliest),
  ])
  func dateIsRead(text: String, expected: Timestamp) {
    #expect(TimeLiteral.parse(text, zone: nil) == .at(expected))
  }

  @Test(arguments: [
    "", "2020", "2020-1-01", "2020-13-01", "2021-02-29", "2020-01-01T", "2020-01-01 25:00:00",
    "2020-01-01T00:00:00.Z", "2020-01-01T00:00:00.1234567890Z", "2020-01-01T00:00:00Zx",
    "2020-01-01T00:00:00+0200",
  ])
  func textThatIsNoDateIsRefused(text: String) {
    #expect(TimeLiteral.parse(text, zone: nil) == nil)
  }

  /// Tags compared with each other: InfluxDB finds nothing equal to what a series does not have.
  @Test(arguments: [
    ("host = zone", [1.0]), ("host != zone", [2, 3, 4, 5]), ("host = host", [1, 2, 3]),
    ("host = \"x\"", []), ("host != \"x\"", [1, 2, 3, 4, 5]), ("nosuch = other", []),
  ])
  func missingTagsAreNotEqual(condition: String, expected: [Double]) throws {
    let source = MemorySource(blockSize: 10)
    let series = [["x", "x"], ["x", "y"], ["x", ""], ["", "x"], ["", ""]]
    for (index, values) in series.enumerated() {
      let tags = zip(["host", "zone"], values).filter { !$1.isEmpty }.map {
        Tag(key: $0, value: $1)
      }
      let value = FieldValue.float(Double(index + 1))
      source.insert(SeriesKey(measurement: "m", tags: tags), Int64(index), ["v": value])
    }
    let answers = try Answer.results("SELECT v FROM m WHERE \(condition)", source: source)
    let found = answers.flatMap(\.series).flatMap { series in
      (0..<series.rowCount).map { series.columns[1][$0] }
    }
    #expect(found == expected.map { .float($0) })
  }

  @Test func datesOutsideTheRangeAreToldApart() {
    #expect(TimeLiteral.parse("2262-04-11T23:47:16.854775807Z", zone: nil) == .after)
    #expect(TimeLiteral.parse("1600-01-01", zone: nil) == .before)
  }

  @Test func localDatesUseTheOffsetOfTheirOwnMoment() throws {
    let zone = try TimeZones.clock(named: "Europe/Berlin")
    #expect(
      TimeLiteral.parse("2020-07-01 00:00:00", zone: zone)
        == TimeLiteral.parse("2020-06-30T22:00:00Z", zone: nil))
    #expect(
      TimeLiteral.parse("2020-01-01 00:00:00", zone: zone)
        == TimeLiteral.parse("2019-12-31T23:00:00Z", zone: nil))
  }

  @Test(arguments: [(10, 0), (7, 3), (86_400, -3_600)])
  func bucketsCoverTimeWithoutGapOrOverlap(every: Int64, offset: Int64) {
    let grid = BucketGrid(.init(every: every, offset: offset), zone: nil)
    var random = SeededGenerator(seed: 5)
    for _ in 0..<200 {
      let time = Int64.random(in: -1_000_000...1_000_000, using: &random)
      let (start, end) = grid.bucket(of: time)
      #expect(start <= time && time < end && end - start == every)
      #expect(grid.bucket(of: start).start == start && grid.bucket(of: end).start == end)
      #expect(grid.bucket(after: (start, end), of: end) == grid.bucket(of: end))
      #expect(grid.time(time, movedBy: 3) == time + 3 * every)
    }
  }

  @Test func daysOfATimeZoneAreAsLongAsItsClockSays() throws {
    let grid = BucketGrid(
      .init(every: 86_400_000_000_000), zone: try TimeZones.clock(named: "Europe/Berlin"))
    guard case .at(let midnight)? = TimeLiteral.parse("2020-03-28T23:00:00Z", zone: nil) else {
      Issue.record("no time")
      return
    }
    let (start, end) = grid.bucket(of: midnight + 1)
    #expect(start == midnight)
    #expect(end - start == 23 * 3_600_000_000_000)
  }

  @Test(arguments: [
    ("^a$", ["a"], ["ab", "ba", ""]), ("a|b", ["a", "xb"], ["c"]), ("^(a|b)$", ["a", "b"], ["ab"]),
    (".*", ["", "x"], []), (".+", ["x"], [""]), ("^$", [""], ["x"]), ("a.c", ["abc"], ["ac"]),
    ("(?i)AbC", ["xabc"], ["ab"]), ("^web-", ["web-1"], ["aweb-1"]), ("1\\.5", ["1.5"], ["1x5"]),
    ("[[:digit:]]+", ["a1"], ["a"]), ("\\d{3}", ["1234"], ["12"]), ("é", ["café"], ["cafe"]),
  ])
  func patternFindsWhatItShould(source: String, matching: [String], other: [String]) throws {
    let pattern = try Pattern(source)
    for text in matching { #expect(pattern.matches(text), "\(text)") }
    for text in other { #expect(!pattern.matches(text), "\(text)") }
  }

  @Test func badPatternIsAnError() {
    #expect(throws: QueryError.self) { try Pattern("a(") }
  }

  @Test func unsignedNumbersMixAsInInfluxDB() {
    #expect(Arithmetic.type(.add, .unsigned, .integer) == .unsigned)
    #expect(Arithmetic.type(.multiply, .unsigned, .float) == .float)
    #expect(Arithmetic.type(.divide, .unsigned, .unsigned) == .float)
    #expect(Arithmetic.type(.add, .boolean, .integer) == nil)
    let less = Comparison.apply(
      .less, Column(.integer([-1, 5])), Column(.unsigned([.max, 4])))
    #expect(less == [true, false])
  }

  @Test(arguments: [0, 1, 63, 64, 65, 100, 127]) func slicesOfValidityKeepTheirBits(start: Int) {
    var random = SeededGenerator(seed: UInt64(start))
    var validity = Validity(count: 0)
    var bits: [Bool] = []
    for _ in 0..<200 {
      bits.append(Bool.random(using: &random))
      validity.append(bits[bits.count - 1])
    }
    for end in [start, start + 1, start + 64, 199, 200] where end >= start {
      let slice = validity.slice(start..<end)
      #expect((0..<slice.count).map { slice[$0] } == Array(bits[start..<end]))
      #expect(slice.presentCount == bits[start..<end].count { $0 })
    }
  }

  @Test(arguments: [
    (0, "0s"), (1, "1ns"), (1_500, "1.5µs"), (2_000_000, "2ms"), (1_500_000_000, "1.5s"),
    (604_800_000_000_000, "168h0m0s"), (61_000_000_000, "1m1s"), (-5_000_000_000, "-5s"),
  ])
  func durationsReadAsGoPrintsThem(nanoseconds: Int64, text: String) {
    #expect(DurationText.goFormat(nanoseconds) == text)
  }
}
