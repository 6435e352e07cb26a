import Query
import TestSupport
import Testing
import TimeSeries

/// `episodes()` over health rows written as `detect("model")` writes them.
@Suite struct EpisodeTests {
  static let minute: Int64 = 60_000_000_000

  /// Rows of one pod, a character a minute: `.` calm, `A` an anomaly, `h` just below the threshold,
  /// `w` warm-up, `m` masked, a space no row at all. The threshold is 10.
  static func source(_ pods: [String: String], blockSize: Int = 5) -> MemorySource {
    let source = MemorySource(blockSize: blockSize)
    for (pod, text) in pods { insert(text, of: pod, into: source) }
    return source
  }

  static func insert(_ text: String, of pod: String, into source: MemorySource) {
    let key = SeriesKey(measurement: "health", tags: [Tag(key: "pod", value: pod)])
    for (index, character) in text.enumerated() where character != " " {
      var values: [String: FieldValue] = [
        "anomaly": .integer(character == "A" ? 1 : 0), "state": .string("scored"),
      ]
      switch character {
      case "w": values["state"] = .string("warm-up")
      case "m": values["state"] = .string("masked")
      default: break
      }
      if character != "w" {
        values["rl"] = .float(
          ["A": 20 + Double(index), "h": 9, "m": 50, ".": 2][character] ?? 0)
        values["threshold"] = .float(10)
        values["share_cpu"] = .float(0.75)
        values["share_mem"] = .float(0.25)
      }
      source.insert(key, Int64(index) * minute, values)
    }
  }

  private func rows(_ query: String, _ source: MemorySource) -> [String: [String]] {
    let answer = Answer.of(query, source: source)
    #expect(answer.error == nil)
    return Dictionary(
      uniqueKeysWithValues: answer.tables.map { table in
        (table.tags["pod"] ?? "", table.rows.map(Self.text))
      })
  }

  /// Start and end in minutes, whether open.
  private static func text(_ row: [Answer.Value]) -> String {
    guard case .integer(let start) = row[0], case .integer(let end) = row[1] else { return "?" }
    return "\(start / minute)-\(end / minute)\(row[7] == .boolean(true) ? " open" : "")"
  }

  private func episodes(
    _ text: String, _ arguments: String = "", where condition: String = "time >= 0"
  ) -> [String] {
    rows(
      "SELECT episodes(\(arguments)) FROM health WHERE \(condition) GROUP BY time(1m), pod",
      Self.source(["a": text]))["a"] ?? []
  }

  @Test func columnsAreThoseDocumented() throws {
    let results = try Answer.results(
      "SELECT episodes() FROM health GROUP BY time(1m), pod",
      source: Self.source(["a": "..AA.h......"]))
    let series = results.flatMap(\.series)
    #expect(
      series.map(\.columnNames) == [
        ["time", "end_time", "length", "peak", "peak_time", "rows", "top", "open"]
      ])
    #expect(
      series.first?.columns.compactMap { $0[0] } == [
        .integer(2 * Self.minute), .integer(5 * Self.minute), .integer(4 * Self.minute),
        .float(2.3), .integer(3 * Self.minute), .integer(2), .string("cpu 75 %, mem 25 %"),
        .boolean(false),
      ])
  }

  @Test func quietIntervalsEndAnEpisodeWhetherThereAreRowsOrNot() {
    #expect(episodes("A....A.....A.......") == ["0-5", "11-11"])
    #expect(episodes("A    A     A       .") == ["0-5", "11-11"])
    #expect(episodes("A..A.A", "2") == ["0-0", "3-5 open"])
    #expect(episodes("A.A", "1") == ["0-0", "2-2 open"])
  }

  @Test func aLossNearTheThresholdKeepsAnEpisodeGoingButBeginsNone() {
    #expect(episodes("hhAhhhhhh..........") == ["2-8"])
    #expect(episodes("hhhhhh.....") == [])
    #expect(episodes("Ah....A....", "3, 0.95") == ["0-0", "6-6"])
    #expect(episodes("Ah...A....", "3, 0.9") == ["0-1", "5-5"])
  }

  @Test func warmUpAndMaskedRowsAreQuiet() {
    #expect(episodes("Awwwww.") == ["0-0"])
    #expect(episodes("Ammmmm.") == ["0-0"])
  }

  @Test func anEpisodeIsOpenUntilItsOwnSeriesHasQuietIntervalsBehindIt() {
    #expect(episodes("A....") == ["0-0 open"])
    #expect(episodes("A.....") == ["0-0"])
    #expect(episodes("A" + String(repeating: " ", count: 5000) + ".") == ["0-0"])
    let pods = rows(
      "SELECT episodes() FROM health GROUP BY time(1m), pod",
      Self.source(["a": "A", "b": "........................"]))
    #expect(pods["a"] == ["0-0 open"])
  }

  @Test func aRangeShowsTheWholeOfEpisodesThatOverlapIt() {
    let text = "A..........A..A..A..A......A....A......"
    #expect(episodes(text, where: "time >= 15m AND time < 16m") == ["11-20"])
    #expect(episodes(text, where: "time >= 21m AND time < 27m") == [])
    #expect(episodes(text, where: "time >= 20m AND time <= 27m") == ["11-20", "27-32"])
    // 20:30 lies in the last interval.
    #expect(episodes(text, where: "time >= 1230s AND time < 27m") == ["11-20"])
  }

  @Test func limitsOrderAndTagsAreThoseOfAnySelect() {
    let source = Self.source(["a": "A......A......A......", "b": ".A..................."])
    let query = "SELECT episodes() FROM health WHERE"
    #expect(
      rows("\(query) time >= 0 GROUP BY time(1m), pod ORDER BY time DESC LIMIT 2", source)
        == ["a": ["14-14", "7-7"], "b": ["1-1"]])
    #expect(
      rows("\(query) time >= 0 AND pod = 'a' GROUP BY time(1m), * LIMIT 1 OFFSET 1", source)
        == ["a": ["7-7"]])
    #expect(rows("\(query) time >= 0 GROUP BY time(1m)", source) == ["": ["0-1", "7-7", "14-14"]])
    let count = Answer.of(
      "SELECT count(peak) FROM (SELECT episodes() FROM health GROUP BY time(1m), pod)",
      source: source)
    #expect(count.tables.first?.rows.first?.last == .integer(4))
  }

  @Test func mistakesAreNamed() {
    for (select, message) in [
      ("episodes(), mean(rl)", "episodes() cannot be combined with other fields"),
      ("episodes() AS e", "episodes() names its columns itself: it takes no AS"),
      (
        "episodes(0)",
        "expected a number of intervals as first argument of episodes(), found 0"
      ),
      (
        "episodes(5, 1.5)",
        "expected a number above 0, at most 1, as second argument of episodes(), found 1.5"
      ),
      (
        "episodes(1, 1, 1)",
        "invalid number of arguments for episodes, expected at most 2, got 3"
      ),
      ("episodes(9223372036854775807)", "quiet of episodes() is too long"),
      ("max(episodes())", "expected field argument in max()"),
    ] {
      let answer = Answer.of(
        "SELECT \(select) FROM health GROUP BY time(1m), pod", source: Self.source(["a": "A"]))
      #expect(answer.error == message)
    }
    #expect(
      Answer.of("SELECT episodes() FROM health", source: Self.source(["a": "A"])).error
        == "episodes() needs GROUP BY time(…)")
  }

  @Test func measurementsWithoutTheColumnsHaveNoEpisodes() {
    let source = MemorySource()
    source.insert(
      SeriesKey(measurement: "health", tags: []), 0, ["anomaly": .string("1"), "rl": .float(9)])
    #expect(
      Answer.of("SELECT episodes() FROM health GROUP BY time(1m)", source: source).tables.isEmpty)
    #expect(
      Answer.of("SELECT episodes() FROM other GROUP BY time(1m)", source: source).tables.isEmpty)
  }

  @Test func writingTakesAllThatTheRangeCanHaveChanged() throws {
    let source = Self.source(["a": "A..A........A.......A    .", "b": "A"])
    let select = "SELECT episodes() INTO e FROM health WHERE"
    func written(_ condition: String, notBefore: Timestamp = .min) throws -> [String] {
      guard
        case .select(let select)? = try Parser.parse(
          "\(select) \(condition) GROUP BY time(1m), pod"
        ).first
      else { return [] }
      let written = try Executor(source: source, context: QueryContext(now: 1000 * Self.minute))
        .write(select, database: "golden", notBefore: notBefore)
      return ["\(written.points)"]
        + written.settled.sorted { $0.key.description < $1.key.description }.map {
          "\($0.key) \($0.value.lowerBound / Self.minute)..<"
            + "\($0.value.upperBound / Self.minute)"
        }
    }
    // The last row of b, long before the range, is in an episode that a row there would close.
    #expect(
      try written("time >= 5m AND time < 6m") == ["2", "e,pod=a 0..<6", "e,pod=b 0..<6"])
    #expect(
      try written("time >= 13m AND time < 20m") == ["3", "e,pod=a 12..<21", "e,pod=b 0..<20"])
    #expect(
      try written("time >= 13m AND time < 20m", notBefore: 15 * Self.minute).first == "1")
  }

  @Test func aCalmGroupCostsFewBlocksHoweverLongItsHistory() throws {
    let source = Self.source(["a": "A" + String(repeating: ".", count: 3000)], blockSize: 10)
    guard
      case .select(let select)? = try Parser.parse(
        "SELECT episodes() INTO e FROM health WHERE time >= 2990m AND time < 3000m "
          + "GROUP BY time(1m), pod"
      ).first
    else { return }
    let context = QueryContext(now: 3000 * Self.minute)
    _ = try Executor(source: source, context: context).write(select, database: "golden")
    #expect(context.blocksRead <= 4)
  }

  /// Whatever the range, it shows what the whole shows of it.
  @Test(arguments: 1...40) func rangesAgreeWithTheWhole(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let length = 400
    let text = String(
      (0..<length).map { index in
        // Long calm and long busy stretches.
        (index / 37 + Int(seed)).isMultiple(of: 3)
          ? "A.h hA".randomElement(using: &random) ?? "."
          : ".... ......h.....A...w m".randomElement(using: &random) ?? "."
      })
    let source = Self.source(["a": text], blockSize: Int.random(in: 1...60, using: &random))
    let quiet = Int.random(in: 1...6, using: &random)
    let release = Bool.random(using: &random) ? 0.5 : 0.95
    func rows(_ condition: String) -> [[Answer.Value]] {
      let answer = Answer.of(
        "SELECT episodes(\(quiet), \(release)) FROM health WHERE \(condition) "
          + "GROUP BY time(1m), pod", source: source)
      return answer.tables.first?.rows ?? []
    }
    let whole = rows("time < 1000m")
    for _ in 0..<20 {
      let first = Int.random(in: 0..<length, using: &random)
      let last = first + Int.random(in: 0..<30, using: &random)
      let expected = whole.filter { row in
        guard case .integer(let start) = row[0], case .integer(let end) = row[1] else {
          return false
        }
        return start / Self.minute <= Int64(last) && end / Self.minute >= Int64(first)
      }
      #expect(
        rows("time >= \(first)m AND time <= \(last)m") == expected, "\(text) \(first) \(last)")
    }
  }
}
