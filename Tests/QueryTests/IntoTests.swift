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

  // What InfluxDB 1.6.7 answers, unless said otherwise.

  private func previous() -> MemorySource {
    let source = MemorySource()
    for line in [
      "prev,tag1=a,tag4=q v=1 10", "prev,tag1=b,tag4=q v=5 10", "prev,tag1=c,tag4=q v=3 10",
      "prev,tag1=a,tag4=r v=7 20", "prev,tag1=b,tag4=q v=4 20",
    ] { source.insert(line: line) }
    return source
  }

  private func written(_ query: String, _ source: MemorySource) -> Int64? {
    guard case .integer(let count)? = run(query, source).tables.first?.rows.first?.last else {
      return nil
    }
    return count
  }

  /// Points of a measurement, all policies' default.
  private func count(_ measurement: String, _ source: MemorySource) -> Int {
    run("SELECT * FROM \(measurement)", source).tables.reduce(0) { $0 + $1.rows.count }
  }

  @Test func emptyBucketsAreNotWritten() {
    let source = MemorySource()
    for line in ["m,h=a v=1 0", "m,h=a v=3 120000000000", "m,h=b v=5 60000000000"] {
      source.insert(line: line)
    }
    let range = "FROM m WHERE time >= 0 AND time < 240s GROUP BY time(1m), h"
    for (number, call) in ["count(v)", "sum(v)", "count(v), max(v)", "count(distinct(v))"]
      .enumerated()
    {
      #expect(written("SELECT \(call) INTO o\(number) \(range)", source) == 3, "\(call)")
      #expect(count("o\(number)", source) == 3, "\(call)")
      #expect(written("SELECT \(call) INTO n\(number) \(range) fill(null)", source) == 3)
    }
    #expect(written("SELECT difference(count(v)) INTO d \(range)", source) == 1)
    #expect(written("SELECT count(v) INTO zero \(range) fill(0)", source) == 8)
    #expect(written("SELECT sum(v) INTO before \(range) fill(previous)", source) == 7)
    #expect(written("SELECT sum(v) INTO line \(range) fill(linear)", source) == 4)
  }

  @Test func keysOfTopAreTags() {
    let source = previous()
    #expect(
      written("SELECT top(v, tag1, 3) AS total INTO tops FROM prev GROUP BY tag4", source) == 4)
    let tops = run("SELECT total FROM tops GROUP BY *", source)
    #expect(
      tops.tables.map(\.tags) == [
        ["tag1": "a", "tag4": "q"], ["tag1": "a", "tag4": "r"], ["tag1": "b", "tag4": "q"],
        ["tag1": "c", "tag4": "q"],
      ])
    #expect(tops.tables.map { $0.rows[0][1] } == [.number(1), .number(7), .number(5), .number(3)])
    #expect(written("SELECT bottom(v, tag1, tag4, 3), tag4 INTO low FROM prev", source) == 3)
    #expect(
      run("SELECT bottom, tag4::field FROM low GROUP BY tag1, tag4", source).tables.map(\.rows)
        == [
          [[.integer(10), .number(1), .text("q")]], [[.integer(20), .number(4), .text("q")]],
          [[.integer(10), .number(3), .text("q")]],
        ])
  }

  /// InfluxDB counts rows; here the count is of points that are there.
  @Test func rowsOfOneSeriesAndTimeAreOnePoint() throws {
    let source = previous()
    for (query, points) in [
      ("SELECT * INTO a FROM prev", 2), ("SELECT v, tag1 INTO b FROM prev", 2),
      ("SELECT v INTO c FROM prev GROUP BY tag4", 3), ("SELECT v INTO d FROM prev GROUP BY *", 5),
      ("SELECT top(v, 3) INTO e FROM prev", 2), ("SELECT distinct(v) INTO f FROM prev", 1),
      ("SELECT * INTO g FROM prev ORDER BY time DESC LIMIT 3", 2),
    ] {
      let results = try Answer.results(query, source: source)
      guard case .integer(let said)? = results[0].series[0].columns[1][0] else {
        Issue.record("\(query)")
        continue
      }
      let target = String(query.split(separator: " INTO ")[1].prefix(1))
      #expect(said == points, "\(query)")
      #expect(count(target, source) == points, "\(query)")
      #expect(results[0].messages.isEmpty == (points == 5), "\(query)")
    }
    // The last row of a time stands.
    #expect(
      run("SELECT v, tag1 FROM b", source).tables[0].rows
        == [[.integer(10), .number(3), .text("c")], [.integer(20), .number(4), .text("b")]])
  }

  @Test func severalMeasurementsThatBecomeOne() throws {
    let source = MemorySource()
    for line in ["m1,h=a v=1 10", "m1,h=b v=2 10", "m2,h=a v=3 10", "m2,h=a v=4 20"] {
      source.insert(line: line)
    }
    #expect(written("SELECT v INTO one FROM m1, m2 GROUP BY h", source) == 3)
    #expect(count("one", source) == 3)
    #expect(written("SELECT v INTO both FROM (SELECT v FROM /m[12]/ GROUP BY h)", source) == 2)
    #expect(count("both", source) == 2)
    #expect(written("SELECT v INTO golden.other.:MEASUREMENT FROM /m[12]/ GROUP BY *", source) == 4)
    #expect(count("golden.other.m1", source) == 2)
    #expect(count("golden.other.m2", source) == 2)
  }

  /// InfluxDB writes all measurements with the type of one, and leaves out strings in silence.
  @Test func backReferencesKeepEachMeasurementsTypes() {
    let source = MemorySource(databases: ["golden", "second"])
    for line in ["m1 v=1.5 10", "m2 v=7i 10", "m3 v=\"x\" 10"] { source.insert(line: line) }
    #expect(written("SELECT * INTO second..:MEASUREMENT FROM /.*/ GROUP BY *", source) == 3)
    for (name, value) in [
      ("m1", Answer.Value.number(1.5)), ("m2", .integer(7)), ("m3", .text("x")),
    ] {
      #expect(
        run("SELECT v FROM second..\(name)", source).tables.first?.rows == [[.integer(10), value]])
    }
  }

  @Test func disagreeingTypesAreNotLeftOutInSilence() throws {
    let source = MemorySource()
    for line in ["m1 v=1.5 10", "m2 v=7i 20", "m3 v=\"x\" 30"] { source.insert(line: line) }
    #expect(
      run("SELECT v INTO o FROM m1, m3", source).error
        == "unable to write both: field \"v\" is type string on measurement \"m3\" and type float "
        + "on another; select them one by one or cast the field")
    #expect(
      run("SELECT v INTO o FROM (SELECT v FROM m1, m3)", source).error?.hasPrefix("unable") == true)
    #expect(count("o", source) == 0)
    #expect(written("SELECT v::float INTO o FROM m1, m3", source) == 1)
    let mixed = try Answer.results("SELECT v INTO n FROM m1, m2", source: source)
    #expect(
      mixed[0].messages.map(\.text) == [
        "field \"v\" is type integer on measurement \"m2\" and type float on another: written as "
          + "float"
      ])
  }
}
