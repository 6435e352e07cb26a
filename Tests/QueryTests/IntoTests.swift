import Query
import Testing
import TimeSeries

/// `SELECT … INTO`: what is written, and what the statement says of it.
@Suite struct IntoTests {
  private func source() -> MemorySource {
    let source = MemorySource(databases: ["golden", "second"])
    for step in 0..<30 {
      for host in ["a", "b"] {
        source.insert(
          SeriesKey(measurement: "m", tags: [Tag(key: "host", value: host)]),
          Int64(step) * 1_000_000_000, ["f": .float(Double(step)), "i": .integer(Int64(step))])
      }
    }
    return source
  }

  private func run(_ query: String, _ source: MemorySource) -> Answer {
    Answer.of(query, source: source)
  }

  @Test func groupTagsAreKeptAndTheCountIsReported() {
    let source = source()
    let answer = run(
      "SELECT mean(f) AS f, sum(i) INTO out FROM m WHERE time >= 0 AND time < 30s GROUP BY time(10s), host",
      source)
    #expect(answer.tables.map(\.name) == ["result"])
    #expect(answer.tables.first?.columns == ["time", "written"])
    #expect(answer.tables.first?.rows == [[.integer(0), .integer(6)]])
    let written = run("SELECT f, sum FROM out GROUP BY *", source)
    #expect(written.tables.map(\.tags) == [["host": "a"], ["host": "b"]])
    #expect(written.tables[1].rows.count == 3)
    #expect(written.tables[1].rows[1] == [.integer(10_000_000_000), .number(14.5), .integer(145)])
  }

  @Test func rowsOfNullsAreNotWritten() {
    let source = source()
    let answer = run(
      "SELECT mean(f) INTO out FROM m WHERE time >= 0 AND time < 60s GROUP BY time(10s)", source)
    #expect(answer.tables.first?.rows == [[.integer(0), .integer(3)]])
  }

  @Test func targetCanBeAnotherDatabaseAndPolicyAndTheSourcesName() {
    let source = source()
    _ = run("SELECT f INTO second.other.:MEASUREMENT FROM /m/ GROUP BY host", source)
    #expect(run("SELECT f FROM second.autogen.m", source).tables.isEmpty)
    #expect(run("SELECT f FROM second.other.m", source).tables.first?.rows.count == 60)
  }

  @Test func manyRowsAreWrittenInSeveralBatches() {
    let source = MemorySource(blockSize: 5_000)
    for step in 0..<25_000 {
      source.insert(SeriesKey(measurement: "m"), Int64(step), ["f": .float(Double(step))])
    }
    let answer = run("SELECT f INTO out FROM m", source)
    #expect(answer.tables.first?.rows == [[.integer(0), .integer(25_000)]])
    #expect(
      run("SELECT count(f), sum(f) FROM out", source).tables.first?.rows
        == [[.integer(0), .integer(25_000), .number(312_487_500)]])
  }

  @Test func unknownTargetDatabaseIsAnError() {
    #expect(run("SELECT f INTO nosuch..m FROM m", source()).error == "database not found: nosuch")
  }
}
