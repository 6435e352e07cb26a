import Query
import Synchronization
import Testing
import TimeSeries

/// What stops a query: its deadline, its memory, its buckets, and whoever cancels it.
@Suite struct LimitTests {
  private func source(rows: Int) -> MemorySource {
    let source = MemorySource(blockSize: 10)
    for row in 0..<rows {
      source.insert(
        SeriesKey(measurement: "m", tags: [Tag(key: "host", value: "\(row % 3)")]),
        Int64(row) * 1_000_000_000, ["f": .float(Double(row)), "s": .string("text \(row)")])
    }
    return source
  }

  private func run(_ query: String, _ context: QueryContext) throws {
    _ = try Answer.results(query, source: source(rows: 600), context: context)
  }

  @Test(arguments: ["SELECT f FROM m", "SELECT median(f) FROM m", "SHOW SERIES"])
  func passedDeadlineStopsTheQuery(query: String) {
    let context = QueryContext(now: 0, deadline: ContinuousClock.now - .seconds(1))
    #expect(throws: QueryError.timedOut) { try run(query, context) }
  }

  @Test func cancelledQueryStops() {
    let context = QueryContext(now: 0)
    context.cancel()
    #expect(throws: QueryError.cancelled) { try run("SELECT mean(f) FROM m", context) }
  }

  @Test func cancellationIsSeenBetweenChunks() throws {
    var limits = QueryContext.Limits()
    limits.chunkSize = 10
    let context = QueryContext(now: 0, limits: limits)
    let received = Mutex(0)
    #expect(throws: QueryError.cancelled) {
      guard let statement = try Parser.parse("SELECT f FROM m").first else { return }
      try Executor(source: source(rows: 600), context: context).execute(
        statement, database: "golden"
      ) { _ in
        received.withLock { $0 += 1 }
        context.cancel()
      }
    }
    #expect(received.withLock { $0 } < 10)
  }

  @Test(arguments: [
    "SELECT f, s FROM m", "SELECT median(f) FROM m", "SELECT x FROM (SELECT f AS x FROM m)",
  ])
  func memoryBoundStopsTheQuery(query: String) {
    var limits = QueryContext.Limits()
    limits.bytes = 2_000
    #expect(throws: QueryError.memoryLimit(bytes: 2_000)) {
      try run(query, QueryContext(now: 0, limits: limits))
    }
  }

  @Test func chunksNeedNotFitTheMemoryBoundTogether() throws {
    var limits = QueryContext.Limits()
    limits.bytes = 8_000
    limits.chunkSize = 10
    try run("SELECT f FROM m", QueryContext(now: 0, limits: limits))
    limits.chunkSize = nil
    #expect(throws: QueryError.memoryLimit(bytes: 8_000)) {
      try run("SELECT f FROM m", QueryContext(now: 0, limits: limits))
    }
  }

  @Test func tooManyBucketsAreRefusedBeforeTheyAreMade() throws {
    #expect(throws: QueryError.self) {
      try run(
        "SELECT mean(f) FROM m GROUP BY time(1ns)", QueryContext(now: 1_700_000_000_000_000_000))
    }
    try run(
      "SELECT mean(f) FROM m GROUP BY time(1ns) FILL(none)",
      QueryContext(now: 1_700_000_000_000_000_000))
  }

  @Test func bucketsCountAgainstTheMemoryBound() throws {
    var limits = QueryContext.Limits()
    limits.bytes = 100_000
    let context = QueryContext(now: 10_000_000_000_000, limits: limits)
    #expect(throws: QueryError.memoryLimit(bytes: 100_000)) {
      try run("SELECT mean(f) FROM m GROUP BY time(1s)", context)
    }
  }

  @Test func wholeBlocksAreNotRead() throws {
    let context = QueryContext(now: 0)
    try run("SELECT count(f), sum(f), mean(f), min(f), max(f), first(f), last(f) FROM m", context)
    #expect(context.blocksRead == 0)
    let filtered = QueryContext(now: 0)
    try run("SELECT count(f) FROM m WHERE f > 5", filtered)
    #expect(filtered.blocksRead == 60)
  }

  @Test func extremeTimesAndNumbersDoNotTrap() throws {
    let source = MemorySource(blockSize: 2)
    for (time, value) in [
      (TimestampBounds.earliest, Int64.min), (0, 3), (TimestampBounds.latest, Int64.max),
    ] {
      source.insert(SeriesKey(measurement: "m"), time, ["i": .integer(value), "f": .float(1e308)])
    }
    for query in [
      "SELECT derivative(i), elapsed(i) FROM m", "SELECT difference(i), cumulative_sum(i) FROM m",
      "SELECT integral(f), spread(i), sum(i), mean(i) FROM m",
      "SELECT abs(i), i * i, i / 0, i % 0, -i FROM m",
      "SELECT sum(i) FROM m WHERE time >= -9223372036854775806 AND time <= 9223372036854775806 GROUP BY time(1w) FILL(none)",
      "SELECT count(i) FROM m WHERE time <= 9223372036854775806 GROUP BY time(1d, 5h) FILL(none) TZ('Europe/Berlin')",
      "SELECT derivative(mean(i)) FROM m WHERE time >= -9223372036854775806 GROUP BY time(100w)",
      "SELECT moving_average(i, 9223372036854775807) FROM m",
      "SELECT exp(f), pow(f, f), ln(i) FROM m",
      "SELECT top(i, 9223372036854775807) FROM m",
      "SELECT percentile(i, 1000), percentile(f, -5) FROM m",
      "SELECT i FROM m LIMIT 9223372036854775807 OFFSET 9223372036854775807",
      "SELECT i FROM (SELECT i FROM m SOFFSET 9223372036854775807) SLIMIT 9223372036854775807 SOFFSET 9223372036854775807",
      "SELECT median(i), mode(f), stddev(i) FROM m GROUP BY time(9223372036854775807ns, 9223372036854775806ns) FILL(none)",
    ] {
      _ = Answer.of(query, source: source)
    }
  }

  /// Two series of 200 blocks of five points, a second apart, with a hole of 200 s in the middle.
  private static let long: MemorySource = {
    let source = MemorySource(blockSize: 5)
    for host in ["a", "b"] {
      for second in 0..<1300 where !(600..<800).contains(second) {
        source.insert(
          SeriesKey(measurement: "m", tags: [Tag(key: "host", value: host)]),
          Int64(second) * 1_000_000_000, ["f": .float(Double(second % 37))])
      }
    }
    return source
  }()

  private func rows(_ query: String, _ context: QueryContext) throws -> [[Answer.Value]] {
    Answer(try Answer.results(query, source: Self.long, context: context)).tables.flatMap(\.rows)
  }

  @Test(arguments: [
    ("WHERE time < 1300s", "ORDER BY time DESC LIMIT 5", 5...40),
    ("WHERE time < 1300s", "fill(none) ORDER BY time DESC LIMIT 5 OFFSET 3", 5...80),
    ("WHERE time >= 0s AND time < 1300s", "LIMIT 4", 5...40),
    // The hole is passed over by looking at more than the limit needs, and more again.
    ("WHERE time < 801s", "fill(none) ORDER BY time DESC LIMIT 3", 5...60),
    ("WHERE time < 801s", "fill(previous) ORDER BY time DESC LIMIT 3", 5...60),
  ])
  func aLimitOfBucketsReadsNoMoreThanItNeeds(
    condition: String, rest: String, blocks: ClosedRange<Int>
  ) throws {
    let select = "SELECT max(f), mean(f), count(f) FROM m \(condition) GROUP BY time(10s) "
    let words = rest.split(separator: " ").map(String.init)
    let limit = try #require(words.firstIndex(of: "LIMIT").flatMap { Int(words[$0 + 1]) })
    let offset = words.firstIndex(of: "OFFSET").flatMap { Int(words[$0 + 1]) } ?? 0
    let unlimited = words.prefix { $0 != "LIMIT" }.joined(separator: " ")
    var limits = QueryContext.Limits()
    limits.usesStatistics = false
    let whole = QueryContext(now: 0, limits: limits)
    let part = QueryContext(now: 0, limits: limits)
    let all = try rows(select + unlimited, whole)
    #expect(try rows(select + rest, part) == Array(all.dropFirst(offset).prefix(limit)))
    #expect(blocks.contains(part.blocksRead), "\(part.blocksRead)")
    #expect(part.blocksRead < whole.blocksRead)
  }

  @Test func theLastRowOfEachSeriesIsNotRead() throws {
    let context = QueryContext(now: 0)
    let last = try rows("SELECT * FROM m GROUP BY host ORDER BY time DESC LIMIT 1", context)
    #expect(last == Array(repeating: [.integer(1_299_000_000_000), .number(4)], count: 2))
    #expect(context.blocksRead == 0)
  }
}
