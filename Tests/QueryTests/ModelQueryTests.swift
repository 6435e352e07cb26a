import Query
import TestSupport
import Testing
import TimeSeries

/// `SELECT rl("m") …` with a model whose scores can be worked out by hand: the loss of a row is the
/// sum of the means in its window.
@Suite struct ModelQueryTests {
  struct WindowSum: ScoringModel {
    var measurement = "m"
    var retentionPolicy: String?
    var fields = ["f", "i"]
    var interval = SelectStatement.Interval(every: 10_000_000_000)
    var groupTags = ["host"]
    var window = 3

    var shareTag: String?
    var eventMask: EventMask?
    /// When version 2 takes over from version 1.
    var secondVersionSince = Timestamp.max

    func score(_ given: FeatureRows) throws -> ModelScores {
      let timestamps = given.timestamps
      let rows = timestamps.indices
      let isKnown = given.group != ["unknown"]
      let losses = given.features.map { feature in
        rows.map { row -> Double in
          let first = row - window + 1
          guard isKnown, first >= 0,
            timestamps[row] - timestamps[first] == Int64(window - 1) * interval.every
          else { return .nan }
          return feature[first...row].reduce(0) { $0 + ($1.isNaN ? 0 : $1) }
        }
      }
      let sums = rows.map { losses[0][$0] + losses[1][$0] }
      return ModelScores(
        loss: sums, threshold: sums.map { $0.isNaN ? .nan : 40 }, featureLoss: losses,
        version: timestamps.map { $0 < secondVersionSince ? 1 : 2 },
        state: sums.map { !isKnown ? .untrained : $0.isNaN ? .warmUp : .scored })
    }
  }

  static let second: Int64 = 1_000_000_000

  private func source(blockSize: Int = 4) -> MemorySource {
    let source = MemorySource(blockSize: blockSize)
    var random = SeededGenerator(seed: 3)
    for host in ["a", "b", "unknown"] {
      for step in 0..<100 where step < 40 || step > 50 {
        source.insert(
          SeriesKey(measurement: "m", tags: [Tag(key: "host", value: host)]),
          Int64(step) * 3 * Self.second + 1,
          ["f": .float(Double.random(in: 0...9, using: &random)), "i": .integer(Int64(step % 7))])
      }
    }
    source.add(WindowSum(), named: "w")
    return source
  }

  private func rows(_ query: String, host: String = "a", _ source: MemorySource) throws
    -> [[Answer.Value]]
  {
    let answer = Answer(try Answer.results(query, source: source))
    return answer.tables.first { $0.tags == ["host": host] }?.rows ?? []
  }

  @Test func columnsAreNamedAfterTheirFunctions() throws {
    let results = try Answer.results(
      "SELECT rl(\"w\"), threshold(w), anomaly('w') AS odd, rl(w, 'i') FROM m WHERE host = 'b' "
        + "AND time >= 0 AND time < 100s", source: source())
    let series = results.flatMap(\.series)
    #expect(series.map(\.columnNames) == [["time", "rl", "threshold", "odd", "rl_1"]])
    #expect(series.first?.columns.map(\.type) == [.integer, .float, .float, .integer, .float])
    for row in 0..<(series.first?.rowCount ?? 0) {
      guard case .float(let loss)? = series[0].columns[1][row] else { continue }
      #expect(series[0].columns[3][row] == .integer(loss > 40 ? 1 : 0))
    }
  }

  @Test func rowsWithoutAFullWindowAndUnknownGroupsAreLeftOut() throws {
    let answer = Answer(
      try Answer.results(
        "SELECT rl(w) FROM m WHERE time < 1000s GROUP BY time(10s), host", source: source()))
    #expect(answer.tables.map(\.tags) == [["host": "a"], ["host": "b"]])
    let times = answer.tables[0].rows.map { $0[0] }
    #expect(times.first == .integer(20 * Self.second))
    // Nothing was written from 120 s on; data begin again in the bucket of 150 s.
    #expect(!times.contains(.integer(150 * Self.second)))
    #expect(!times.contains(.integer(160 * Self.second)))
    #expect(times.contains(.integer(170 * Self.second)))
  }

  @Test(arguments: 1...20) func rowsDoNotDependOnTheRangeAskedFor(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let all = try rows("SELECT rl(w), rl(w, 'f') FROM m WHERE time < 1000s", source())
    let from = Int64.random(in: 0...250, using: &random)
    let to = from + Int64.random(in: 1...200, using: &random)
    let part = try rows(
      "SELECT rl(w), rl(w, 'f') FROM m WHERE time >= \(from)s AND time < \(to)s",
      source(blockSize: Int.random(in: 1...30, using: &random)))
    let expected = all.filter { row in
      guard case .integer(let time) = row[0] else { return false }
      return time >= from * Self.second && time < to * Self.second
    }
    #expect(part == expected, "from \(from) to \(to)")
  }

  @Test func orderAndLimitApplyToScoredRows() throws {
    let all = try rows("SELECT rl(w) FROM m WHERE time < 1000s", source())
    let last = try rows(
      "SELECT rl(w) FROM m WHERE time < 1000s ORDER BY time DESC LIMIT 3 OFFSET 1", source())
    #expect(last == Array(all.reversed()[1..<4]))
  }

  @Test(arguments: [
    ("SELECT rl(nosuch) FROM m", "model not found: nosuch"),
    (
      "SELECT rl(w) FROM m GROUP BY time(20s), host",
      "GROUP BY of model w is time(10s), \"host\"; the query must have the same or none"
    ),
    (
      "SELECT rl(w) FROM m GROUP BY time(10s)",
      "GROUP BY of model w is time(10s), \"host\"; the query must have the same or none"
    ),
    ("SELECT rl(w), mean(f) FROM m", "model functions cannot be combined with other fields"),
    ("SELECT rl(w) + 1 FROM m", "model functions cannot be combined with other fields"),
    ("SELECT rl(w), rl(v) FROM m", "one SELECT can use one model: w and v given"),
    ("SELECT rl(w, 'g') FROM m", "the model has no feature g"),
    ("SELECT share(w, 'g') FROM m", "the model has no feature g"),
    ("SELECT share(w) FROM m", "expected the name of a feature in share()"),
    ("SELECT state() FROM m", "expected the name of a model in state()"),
    (
      "SELECT detect(w, 'f') FROM m",
      "invalid number of arguments for detect, expected 1, got 2"
    ),
    ("SELECT detect(w), mean(f) FROM m", "model functions cannot be combined with other fields"),
    ("SELECT rl() FROM m", "expected the name of a model in rl()"),
    (
      "SELECT threshold(w, 'f') FROM m",
      "invalid number of arguments for threshold, expected 1, got 2"
    ),
    ("SELECT rl(w) FROM other", "the model reads measurement m alone"),
    ("SELECT rl(w) FROM (SELECT f FROM m)", "a model function needs one measurement in FROM"),
  ])
  func misuseIsAClearError(query: String, message: String) {
    let source = source()
    source.insert(SeriesKey(measurement: "other"), 1, ["f": .float(1)])
    #expect(Answer.of(query, source: source).error == message)
  }
}
