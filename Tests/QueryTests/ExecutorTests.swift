import Query
import Testing
import TimeSeries

/// What the golden files cannot hold: EXPLAIN, policies, and what the executor leaves to others.
@Suite struct ExecutorTests {
  private func source() -> MemorySource {
    let source = MemorySource(blockSize: 10)
    for step in 0..<40 {
      source.insert(
        SeriesKey(measurement: "m", tags: [Tag(key: "host", value: "\(step % 2)")]),
        Int64(step) * 1_000_000_000, ["f": .float(Double(step))])
    }
    return source
  }

  @Test func explainPlansAsRunningWould() {
    let answer = Answer.of("EXPLAIN SELECT mean(f), host FROM m", source: source())
    #expect(answer.error == "mixing aggregate and non-aggregate queries is not supported")
  }

  @Test func explainOfAnAggregate() throws {
    let answer = Answer.of(
      "EXPLAIN SELECT max(f), host FROM m WHERE time >= 0 AND time < 20s GROUP BY time(5s), host",
      source: source())
    #expect(answer.tables.map(\.columns) == [["QUERY PLAN"]])
    #expect(
      answer.tables.first?.rows.map { $0[0] } == [
        .text("EXPRESSION: max(f::float), host::tag"), .text("NUMBER OF GROUPS: 2"),
        .text("NUMBER OF SERIES: 2"), .text("NUMBER OF BLOCKS: 2"),
        .text("ROWS IN BLOCKS: at most 20"),
      ])
  }

  @Test func explainAnalyzeRunsTheQuery() throws {
    let answer = Answer.of("EXPLAIN ANALYZE SELECT f FROM m WHERE f > 9", source: source())
    let lines = answer.tables.first?.rows.map { "\($0[0])" } ?? []
    #expect(lines.contains("\"ROWS: 30\""))
    #expect(lines.contains("\"BLOCKS READ: 4\""))
  }

  @Test func retentionPoliciesHaveInfluxDBsShape() {
    let answer = Answer.of("SHOW RETENTION POLICIES ON golden", source: source())
    #expect(
      answer.tables.first?.columns
        == ["name", "duration", "shardGroupDuration", "replicaN", "default"])
    #expect(
      answer.tables.first?.rows.first
        == [.text("autogen"), .text("0s"), .text("24h0m0s"), .integer(1), .boolean(true)])
    #expect(answer.tables.first?.rows.map { $0[4] } == [.boolean(true), .boolean(false)])
  }

  @Test func showSeriesTakesATimeRange() {
    let source = source()
    source.insert(SeriesKey(measurement: "old"), -5, ["f": .float(1)])
    let answer = Answer.of("SHOW SERIES WHERE time < 0", source: source)
    #expect(answer.tables.first?.rows == [[.text("old")]])
  }

  @Test(arguments: ["DROP DATABASE x", "SHOW MODELS", "SHOW QUERIES", "DROP MEASUREMENT m"])
  func definitionsAreNotTheExecutors(query: String) throws {
    let statement = try #require(try Parser.parse(query).first)
    #expect(!Executor.canExecute(statement))
    #expect(throws: QueryError.self) { try Answer.results(query, source: source()) }
  }

  @Test func missingDatabaseIsNamed() throws {
    let statement = try #require(try Parser.parse("SELECT f FROM m").first)
    let executor = Executor(source: source(), context: QueryContext(now: 0))
    #expect(throws: QueryError.databaseNameRequired) {
      try executor.execute(statement, database: nil) { _ in }
    }
    #expect(throws: QueryError.databaseNotFound("nosuch")) {
      try executor.execute(statement, database: "nosuch") { _ in }
    }
  }

  @Test func validationReadsNothing() throws {
    guard
      case .select(let good)? = try Parser.parse("SELECT mean(f) FROM m GROUP BY time(1s)").first,
      case .select(let bad)? = try Parser.parse("SELECT mean(f), f FROM m").first
    else { return }
    let context = QueryContext(now: 0)
    let executor = Executor(source: source(), context: context)
    try executor.validate(good, database: "golden")
    #expect(throws: QueryError.self) { try executor.validate(bad, database: "golden") }
    #expect(context.blocksRead == 0)
  }
}
