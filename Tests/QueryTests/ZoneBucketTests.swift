import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Query

/// GROUP BY time on the clocks of time zones, against ``ZoneStarts``.
@Suite struct ZoneBucketTests {
  private static let day: Int64 = 86_400_000_000_000

  @Test(arguments: UInt64(1)...24)
  func eachMomentIsInTheBucketWithTheLatestStart(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (name, zone, center) = ZoneStarts.place(&random)
    let clock = ZoneStarts.Clock(zone, around: center, ticks: 12 * 24 * 24)
    for _ in 0..<6 {
      let every = random.pick(ZoneStarts.lengths)
      let offset = Int64.random(in: -3000...3000, using: &random) * ZoneStarts.tick
      let expected = ZoneStarts(clock, every: every, offset: offset)
      let grid = BucketGrid(
        .init(every: every, offset: offset), zone: try TimeZones.clock(named: name))
      for _ in 0..<150 {
        let near = random.chance(0.5) ? Self.day / 2 : 10 * Self.day
        let time = center + Int64.random(in: -near...near, using: &random)
        guard let (start, end) = expected.bucket(of: time) else { continue }
        let bucket = grid.bucket(of: time)
        #expect(
          bucket == (start, end),
          "seed \(seed): \(name), time(\(every)ns, \(offset)ns) of \(TimestampText.rfc3339(time))")
        #expect(grid.bucket(of: end).start == end && grid.bucket(of: end - 1).start == start)
        #expect(grid.bucket(after: bucket, of: end) == grid.bucket(of: end))
      }
    }
  }

  @Test(arguments: [
    ("1d, 9h", 11, "2024-03-04T09:00:00-05:00", "2024-03-14T09:00:00-04:00"),
    ("1d, 2h", 11, "2024-03-04T02:00:00-05:00", "2024-03-14T02:00:00-04:00"),
    ("6h, 3h", 41, "2024-03-04T21:00:00-05:00", "2024-03-14T21:00:00-04:00"),
    ("1w, -3h", 3, "2024-02-28T21:00:00-05:00", "2024-03-13T21:00:00-04:00"),
  ])
  func noRowIsLostWhereTheClockIsChanged(
    interval: String, count: Int, first: String, last: String
  ) throws {
    let source = MemorySource(blockSize: 10)
    for hour in 0..<240 {
      source.insert(
        SeriesKey(measurement: "ny"), (1_709_596_800 + Int64(hour) * 3600) * 1_000_000_000,
        ["v": .float(1)])
    }
    for order in ["", "ORDER BY time DESC"] {
      let results = try Answer.results(
        """
        SELECT count(v) FROM ny WHERE time >= '2024-03-05 00:00:00' AND time < '2024-03-15 00:00:00'
        GROUP BY time(\(interval)) \(order) tz('America/New_York')
        """, source: source)
      let series = try #require(results.first?.series.first)
      guard case .integer(var times) = series.columns[0].values,
        case .integer(let counts) = series.columns[1].values
      else { return #expect(Bool(false)) }
      #expect(counts.reduce(0, +) == 235)
      if !order.isEmpty { times.reverse() }
      #expect(times.count == count)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
      let texts = [times.first, times.last].map {
        $0.map { TimestampText.rfc3339($0, zone: series.zone) }
      }
      #expect(texts == [first, last])
    }
  }

  /// One random SELECT of each kind of fill, in both directions, by the rows one by one.
  @Test(arguments: UInt64(1)...16)
  func answersAgreeWithTheClock(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (name, zone, center) = ZoneStarts.place(&random)
    let clock = ZoneStarts.Clock(zone, around: center, ticks: 12 * 24 * 40)
    let source = MemorySource(blockSize: Int.random(in: 1...20, using: &random))
    let span = random.pick([Self.day / 8, Self.day, 8 * Self.day])
    let times = Set((0..<60).map { _ in center + Int64.random(in: -span...span, using: &random) })
      .sorted()
    for time in times { source.insert(SeriesKey(measurement: "m"), time, ["v": .float(2)]) }
    for (index, fill) in ["null", "none", "previous", "linear", "7"].enumerated() {
      let every = random.pick(ZoneStarts.lengths.filter { $0 > span / 200 })
      let offset = Int64.random(in: -3000...3000, using: &random) * ZoneStarts.tick
      let expected = ZoneStarts(clock, every: every, offset: offset)
      let from = times[Int.random(in: 0..<20, using: &random)]
      let through = times[Int.random(in: 40..<60, using: &random)]
      let rows = times.filter { $0 >= from && $0 <= through }
      var counts: [Timestamp: Int64] = [:]
      for row in rows { counts[try #require(expected.bucket(of: row)).start, default: 0] += 1 }
      let first = try #require(counts.keys.min())
      let last = try #require(counts.keys.max())
      let starts = expected.starts.filter { $0 >= first && $0 <= last }
      let isDescending = random.chance(0.5)
      let range = "time >= \(from) AND time <= \(through) GROUP BY time(\(every)ns, \(offset)ns)"
      let answer = Answer.of(
        "SELECT \(fill == "null" ? "count" : "sum")(v) FROM m WHERE \(range) fill(\(fill)) "
          + "\(isDescending ? "ORDER BY time DESC " : "")tz('\(name)')", source: source)
      var values: [(Timestamp, Double)] = []
      for start in isDescending ? starts.reversed() : starts {
        if let count = counts[start] {
          values.append((start, Double(fill == "null" ? count : 2 * count)))
        } else {
          switch fill {
          case "null": values.append((start, 0))
          case "previous": values.append((start, values.last?.1 ?? .nan))
          case "7": values.append((start, 7))
          case "linear": values.append((start, .nan))
          default: break
          }
        }
      }
      if fill == "linear" { Self.interpolate(&values) }
      let found = (answer.tables.first?.rows ?? []).compactMap { row -> (Timestamp, Double)? in
        guard case .integer(let time) = row[0] else { return nil }
        switch row[1] {
        case .integer(let value): return (time, Double(value))
        case .number(let value): return (time, value)
        default: return (time, .nan)
        }
      }
      #expect(found.map(\.0) == values.map(\.0), "seed \(seed): \(name), \(range) \(fill)")
      #expect(
        zip(found, values).allSatisfy { abs($0.1 - $1.1) < 1e-9 },
        "seed \(seed): \(name), \(range) \(fill)")
      guard index == 0 else { continue }
      _ = Answer.of(
        "SELECT count(v) AS n INTO o\(index) FROM m WHERE \(range) fill(none) tz('\(name)')",
        source: source)
      let written = Answer.of("SELECT n FROM o\(index)", source: source)
      #expect(
        written.tables.first?.rows
          == counts.sorted { $0.key < $1.key }.map { [.integer($0.key), .integer($0.value)] })
    }
  }

  private static func interpolate(_ values: inout [(Timestamp, Double)]) {
    var known = 0
    for index in values.indices where !values[index].1.isNaN {
      for gap in known..<index where values[gap].1.isNaN {
        let part = Double(gap - known) / Double(index - known)
        values[gap].1 = values[known].1 + (values[index].1 - values[known].1) * part
      }
      known = index
    }
  }

  /// The bucket before the range counts for the first difference, whole, also where it is shorter or
  /// longer than others.
  @Test(arguments: [("2024-03-11", 24.0, 23.0), ("2024-11-04", 24, 25)])
  func predecessorOfTheRangeIsAWholeBucket(day: String, hours: Double, before: Double) throws {
    let source = MemorySource(blockSize: 10)
    let zone = try TimeZones.clock(named: "America/New_York")
    guard case .at(let midnight)? = TimeLiteral.parse(day, zone: zone) else { return }
    for hour in -72..<48 {
      source.insert(
        SeriesKey(measurement: "m"), midnight + Int64(hour) * 3_600_000_000_000, ["v": .float(1)])
    }
    let answer = Answer.of(
      "SELECT difference(sum(v)) FROM m WHERE time >= '\(day)' AND time < '\(day)' + 1d "
        + "GROUP BY time(1d) tz('America/New_York')", source: source)
    #expect(answer.tables.first?.rows == [[.integer(midnight), .number(hours - before)]])
  }

  @Test func zonesAreNamedAsInTheDatabase() throws {
    for name in ["Europe/Rome", "UTC", "EST5EDT", "Etc/GMT+5", "", "Local"] {
      #expect(throws: Never.self) { try TimeZones.clock(named: name) }
    }
    for name in ["Mars/Base", "europe/rome", "GMT+2", "../../etc/passwd", "Europe/Rome "] {
      #expect(throws: QueryError.invalid("unable to find time zone \(name)")) {
        try TimeZones.clock(named: name)
      }
    }
  }
}

/// Lengths of zero and less, as InfluxDB 1.6.7 takes them.
@Suite struct UngroupedIntervalTests {
  private static let source: MemorySource = {
    let source = MemorySource(blockSize: 2)
    for minute in 0..<6 {
      source.insert(
        SeriesKey(measurement: "m"), Int64(minute) * 60_000_000_000, ["v": .float(Double(minute))])
    }
    return source
  }()

  @Test(arguments: ["0s", "-1h", "-1m, 5s"])
  func allRowsAreOneBucket(interval: String) {
    func rows(_ call: String, _ range: String = "time >= 90s AND time < 270s") -> [[Answer.Value]]?
    {
      Answer.of(
        "SELECT \(call) FROM m WHERE \(range) GROUP BY time(\(interval)) fill(0)",
        source: Self.source
      ).tables.first?.rows
    }
    #expect(rows("count(v)") == [[.integer(90_000_000_000), .integer(3)]])
    #expect(rows("count(v)", "time < 1h") == [[.integer(0), .integer(6)]])
    #expect(rows("max(v)") == [[.integer(240_000_000_000), .number(4)]])
    #expect(rows("count(v)", "time > 1h") == nil)
  }

  @Test func onlyZeroIsNoInterval() {
    #expect(
      Answer.of("SELECT derivative(mean(v)) FROM m GROUP BY time(0s)", source: Self.source).error
        == "derivative aggregate requires a GROUP BY interval")
    #expect(
      Answer.of("SELECT derivative(mean(v)) FROM m GROUP BY time(-1s)", source: Self.source).error
        == nil)
    let inherited = Answer.of(
      "SELECT sum(n) FROM (SELECT count(v) AS n FROM m GROUP BY time(0s)) WHERE time < 6m "
        + "GROUP BY time(3m)", source: Self.source)
    #expect(inherited.tables.first?.rows.map { $0[1] } == [.integer(3), .integer(3)])
  }

  /// Buckets without rows have no integral, so there may be any number of them.
  @Test func integralsAreNotFilled() {
    let source = MemorySource(blockSize: 2)
    for (time, value) in [(Int64(0), 1.0), (600, 2), (660, 3), (1_600_000_000, 2)] {
      source.insert(
        SeriesKey(measurement: "it"), time * 1_000_000_000, ["v": .float(value)])
    }
    let answer = Answer.of("SELECT integral(v) FROM it GROUP BY time(1m)", source: source)
    #expect(answer.error == nil)
    #expect(
      answer.tables.first?.rows.map { $0[0] }
        == [0, 600, 660, 1_599_999_960].map { .integer($0 * 1_000_000_000) })
    #expect(answer.tables.first?.rows.prefix(2).map { $0[1] } == [.number(63), .number(987)])
  }
}
