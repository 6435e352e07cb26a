import Query
import Testing
import TimeSeries

/// What each function of a model says of rows that can be worked out by hand: rows every 10 s, a
/// window of 3, a loss that is the window's sum, a threshold of 40.
@Suite struct ModelFunctionTests {
  static let second: Int64 = 1_000_000_000

  /// | | 0 s | 10 s | 20 s | 30 s |
  /// |---|---|---|---|---|
  /// | a: f, i | 1, 1 | 2, 1 | 30, 1 | 10, 1 |
  /// | a: sums | | | 33, 3 | 42, 3 |
  /// | b: f, i | 0, 0 | 0, 0 | 0, 0 | |
  /// | unknown | | 5, 5 | | |
  ///
  /// Version 2 is in force from 30 s.
  private func source() -> MemorySource {
    let source = MemorySource()
    func insert(_ host: String, _ row: Int64, _ f: Double, _ i: Int64) {
      source.insert(
        SeriesKey(measurement: "m", tags: [Tag(key: "host", value: host)]), row * 10 * Self.second,
        ["f": .float(f), "i": .integer(i)])
    }
    for (row, f) in [1.0, 2, 30, 10].enumerated() { insert("a", Int64(row), f, 1) }
    for row in 0..<3 { insert("b", Int64(row), 0, 0) }
    insert("unknown", 1, 5, 5)
    source.add(
      ModelQueryTests.WindowSum(secondVersionSince: 30 * Self.second), named: "w")
    return source
  }

  /// Columns, then the rows of each host as text; nulls are `-`.
  private func tables(_ query: String, _ source: MemorySource) throws -> (
    columns: [String], rows: [String: [String]]
  ) {
    let series = try Answer.results(query, source: source).flatMap(\.series)
    var rows: [String: [String]] = [:]
    for table in series {
      rows[table.tags.map(\.value).joined(separator: ",")] = (0..<table.rowCount).map { row in
        table.columns.map { column in
          switch column[row] {
          case nil: "-"
          case .float(let value): "\(value)"
          case .integer(let value): "\(value)"
          case .string(let value): value
          case let other?: "\(other)"
          }
        }.joined(separator: " ")
      }
    }
    return (series.first?.columnNames ?? [], rows)
  }

  static let health = [
    "a": [
      "0 - - 0 warm-up 1 - -", "10000000000 - - 0 warm-up 1 - -",
      "20000000000 36.0 40.0 0 scored 1 \(33.0 / 36) \(3.0 / 36)",
      "30000000000 45.0 40.0 1 scored 2 \(42.0 / 45) \(3.0 / 45)",
    ],
    "b": [
      "0 - - 0 warm-up 1 - -", "10000000000 - - 0 warm-up 1 - -",
      "20000000000 0.0 40.0 0 scored 1 - -",
    ],
    "unknown": ["10000000000 - - 0 untrained 1 - -"],
  ]

  @Test func detectIsAllThatAHealthSeriesHolds() throws {
    let (columns, rows) = try tables("SELECT detect(w) FROM m WHERE time < 100s", source())
    #expect(
      columns
        == ["time", "rl", "threshold", "anomaly", "state", "version", "share_f", "share_i"])
    #expect(rows == Self.health)
  }

  @Test func anAliasOfDetectIsWhatItsColumnsBeginWith() throws {
    let (columns, rows) = try tables(
      "SELECT rl(w, 'i'), detect('w') AS x, rl(w) FROM m WHERE time = 30s", source())
    #expect(
      columns == [
        "time", "rl", "x_rl", "x_threshold", "x_anomaly", "x_state", "x_version", "x_share_f",
        "x_share_i", "rl_1",
      ])
    #expect(
      rows == [
        "a": ["30000000000 3.0 45.0 40.0 1 scored 2 \(42.0 / 45) \(3.0 / 45) 45.0"]
      ])
  }

  @Test func onlyStateAndDetectShowRowsWithoutAScore() throws {
    let source = source()
    let others = try tables(
      "SELECT version(w), share(w, 'i'), rl(w, 'f') FROM m WHERE time < 100s", source)
    #expect(others.columns == ["time", "version", "share", "rl"])
    #expect(
      others.rows == [
        "a": ["20000000000 1 \(3.0 / 36) 33.0", "30000000000 2 \(3.0 / 45) 42.0"],
        "b": ["20000000000 1 - 0.0"],
      ])
    let states = try tables("SELECT state(w) FROM m WHERE time < 100s LIMIT 3", source)
    #expect(
      states.rows == [
        "a": ["0 warm-up", "10000000000 warm-up", "20000000000 scored"],
        "b": ["0 warm-up", "10000000000 warm-up", "20000000000 scored"],
        "unknown": ["10000000000 untrained"],
      ])
  }

  @Test func intoWritesNullsAsMissingFields() throws {
    let source = source()
    _ = try Answer.results(
      "SELECT detect(w) INTO health FROM m WHERE time < 100s GROUP BY time(10s), host",
      source: source)
    let counts = try tables("SELECT count(*) FROM health GROUP BY host", source)
    #expect(
      counts.columns
        == ["time"]
        + ["anomaly", "rl", "share_f", "share_i", "state", "threshold", "version"]
        .map { "count_\($0)" })
    #expect(counts.rows["a"] == ["0 4 2 2 2 4 2 4"])
    #expect(counts.rows["unknown"]?.first?.hasPrefix("0 1 ") == true)
    let stored = try tables(
      "SELECT rl, threshold, anomaly, state, version, share_f, share_i FROM health GROUP BY host",
      source)
    #expect(stored.rows == Self.health)
  }

  @Test func aQueryOverDetectHasItsColumnsAndItsTimes() throws {
    let source = source()
    let worst = try tables(
      "SELECT max(rl) FROM (SELECT detect(w) FROM m) WHERE state = 'scored' AND time >= 10s "
        + "AND time < 30s GROUP BY host", source)
    #expect(worst.rows == ["a": ["20000000000 36.0"], "b": ["20000000000 0.0"]])
    let flags = try tables(
      "SELECT sum(anomaly), last(state), sum(version) FROM (SELECT detect(w) FROM m) "
        + "WHERE time < 100s", source)
    #expect(flags.rows == ["": ["0 1 scored 9"]])
  }

  @Test func theColumnsOfDetectAreKnown() throws {
    let statements = try Parser.parse("SELECT detect(w) AS x, state(w) FROM m")
    guard case .select(let select) = statements[0] else { return }
    let executor = Executor(source: source(), context: QueryContext(now: 100 * Self.second))
    #expect(
      try executor.columnNames(of: select, database: "golden")
        == Set(
          ["rl", "threshold", "anomaly", "state", "version", "share_f", "share_i"].map { "x_\($0)" }
            + ["state"]))
  }

  /// The states of 10 s to 50 s, first letters, host by host, where every row has a score.
  private func states(
    events: [(tags: String, time: Int64)], mask: Int64, policy: String = "autogen",
    in range: String = "time < 100s"
  ) throws -> [String: String] {
    let source = MemorySource()
    for host in ["a", "b"] {
      for row in 1..<6 {
        source.insert(
          SeriesKey(measurement: "m", tags: [Tag(key: "host", value: host)]),
          Int64(row) * 10 * Self.second, ["f": .float(30), "i": .integer(20)])
      }
    }
    for (tags, time) in events {
      let pairs = tags.split(separator: ",").map { $0.split(separator: "=").map(String.init) }
      source.insert(
        SeriesKey(measurement: "deploy", tags: pairs.map { Tag(key: $0[0], value: $0[1]) }), time,
        ["what": .string("restart")], policy: policy)
    }
    source.add(
      ModelQueryTests.WindowSum(
        window: 1, eventMask: EventMask(measurement: "deploy", duration: mask)), named: "w")
    let rows = try tables("SELECT detect(w) FROM m WHERE \(range)", source).rows
    let flags = try tables("SELECT anomaly(w) FROM m WHERE \(range)", source).rows
    return rows.mapValues { rows in
      rows.map { row in
        let cells = row.split(separator: " ")
        #expect(cells[1...2] == ["50.0", "40.0"] && cells[6...] == ["0.6", "0.4"])
        #expect(cells[3] == (cells[4] == "masked" ? "0" : "1"))
        #expect(flags.values.joined().contains("\(cells[0]) \(cells[3])"))
        return String(cells[4].prefix(1))
      }.joined()
    }
  }

  @Test func aRowIsMaskedWhereItsIntervalMeetsTheTimeAfterAnEvent() throws {
    func masked(_ time: Int64, _ mask: Int64, in range: String = "time < 100s") throws -> String? {
      try states(events: [("", time)], mask: mask, in: range)["a"]
    }
    let second = Self.second
    // Up to the border of a row and no further: [20 s, 40 s).
    #expect(try masked(20 * second, 20 * second) == "smmss")
    #expect(try masked(20 * second, 20 * second + 1) == "smmms")
    #expect(try masked(20 * second - 1, 20 * second) == "mmmss")
    #expect(try masked(30 * second - 1, 1) == "smsss")
    #expect(try masked(0, 10 * second) == "sssss")
    #expect(try masked(0, 10 * second + 1) == "mssss")
    #expect(try masked(60 * second, 10 * second) == "sssss")
    #expect(try masked(60 * second - 1, .max) == "ssssm")
    #expect(try masked(-1000 * second, .max) == "mmmmm")
    // Events outside of the range asked for count all the same, as far as they reach.
    #expect(try masked(20 * second, 20 * second, in: "time >= 30s AND time < 50s") == "ms")
    #expect(try masked(20 * second, 20 * second, in: "time >= 40s AND time < 60s") == "ss")
    #expect(try masked(39 * second, second, in: "time >= 20s AND time <= 30s") == "sm")
  }

  @Test func anEventConcernsTheGroupsThatItsTagsDoNotContradict() throws {
    func masked(_ tags: String...) throws -> [String: String] {
      try states(events: tags.map { ($0, 20 * Self.second) }, mask: 5 * Self.second)
    }
    #expect(try masked("") == ["a": "smsss", "b": "smsss"])
    #expect(try masked("host=a") == ["a": "smsss", "b": "sssss"])
    #expect(try masked("host=b,node=a") == ["a": "sssss", "b": "smsss"])
    #expect(try masked("node=a") == ["a": "smsss", "b": "smsss"])
    #expect(try masked("host=c", "node=a,host=a") == ["a": "smsss", "b": "sssss"])
    #expect(try masked() == ["a": "sssss", "b": "sssss"])
  }

  @Test func eventsCountInWhicheverPolicyTheyAre() throws {
    let states = try states(
      events: [("", 20 * Self.second)], mask: 5 * Self.second, policy: "other")
    #expect(states["a"] == "smsss")
  }
}
