import Query
import TestSupport
import Testing
import TimeSeries

@testable import Shell

@Suite struct ResultTableTests {
  private let series = ResultSeries(
    "cpu", tags: [SeriesTag(key: "host", value: "a"), SeriesTag(key: "region", value: "b")],
    ["time", "value", "note"],
    [
      [.integer(1_767_225_600_000_000_000), .float(1.5), .string("日本")],
      [.integer(1_767_225_601_000_000_000), nil, .string("x")],
      [.integer(1_767_225_602_000_000_000), .float(-10), nil],
    ])

  @Test func headingColumnsAndCount() {
    #expect(
      ResultTable().render(series) == """
        name: cpu
        tags: host=a, region=b
        time                  value  note
        --------------------  -----  ----
        2026-01-01T00:00:00Z    1.5  日本
        2026-01-01T00:00:01Z         x\("   ")
        2026-01-01T00:00:02Z    -10  \("    ")
        (3 rows)

        """)
  }

  @Test func epochTimesAreNumbers() {
    let table = ResultTable(times: .epoch(.seconds))
    let two = ResultSeries("", ["time"], [[.integer(5_000_000_000)], [.integer(10_000_000_000)]])
    #expect(table.render(two) == "time\n----\n   5\n  10\n(2 rows)\n")
  }

  @Test func anEmptySeriesHasItsHeader() {
    let empty = ResultSeries("m", ["name"], [])
    #expect(ResultTable().render(empty) == "name: m\nname\n----\n(0 rows)\n")
  }

  @Test func wideTextIsCutAndNumbersAreNot() {
    let wide = ResultSeries(
      "", ["a", "b"],
      [[.string(String(repeating: "x", count: 40)), .integer(123_456_789_012_345)]])
    let rows = ResultTable(maximumWidth: 30).rows(wide)
    #expect(rows.allSatisfy { DisplayWidth.of($0) == 30 })
    #expect(rows[2] == "xxxxxxxxxxxx…  123456789012345")
    #expect(ResultTable(maximumWidth: 4).rows(wide)[2] == "xxxxx…  123456789012345")
  }

  @Test func fewRowsTooWideAreUpright() {
    let wide = ResultSeries(
      "m", ["time", "value", "日"],
      [
        [
          .integer(5_000_000_000), .integer(123_456_789),
          .string(String(repeating: "x", count: 30)),
        ]
      ])
    var table = ResultTable(times: .epoch(.seconds), maximumWidth: 20)
    #expect(
      table.render(wide) == """
        name: m
        -----
        time   5
        value  123456789
        日     \(String(repeating: "x", count: 30))
        (1 row)

        """)
    // Here the text can be cut to 20, which is what a time takes.
    table.maximumWidth = 37
    let cut = String(repeating: "x", count: 19) + "…"
    #expect(table.render(wide).contains("\n   5  123456789  \(cut)\n"))
    let many = ResultSeries(
      "", ["a", "b"], (0..<21).map { [.integer($0), .integer(123_456_789)] })
    table.maximumWidth = 8
    #expect(table.render(many).hasPrefix(" a          b\n"))
  }

  @Test func rowsHaveOneWidth() {
    let texts = [
      "", "a", "日本語", "e\u{301}e\u{301}", "🙂👩‍👩‍👧", "\u{1b}[1m", "line\nbreak", "ﾊﾟ", "👍🏽", "x\u{200d}y",
    ]
    for seed in 0..<300 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let names = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        texts.randomElement(using: &random) ?? ""
      }
      let rows = (0..<Int.random(in: 0...8, using: &random)).map { _ in
        names.map { _ -> FieldValue? in
          switch Int.random(in: 0...3, using: &random) {
          case 0: nil
          case 1: .float(Double.random(in: -1e6...1e6, using: &random))
          case 2: .boolean(.random(using: &random))
          default: .string(texts.randomElement(using: &random) ?? "")
          }
        }
      }
      var table = ResultTable()
      if Bool.random(using: &random) { table.maximumWidth = Int.random(in: 0...60, using: &random) }
      let widths = Set(table.rows(ResultSeries("", names, rows)).map(DisplayWidth.of))
      #expect(widths.count == 1, "seed \(seed)")
    }
  }
}

@Suite struct ResultCSVTests {
  @Test func asInfluxWritesIt() {
    var csv = ResultCSV(times: .epoch(.nanoseconds))
    let tags = [SeriesTag(key: "dc", value: "x"), SeriesTag(key: "host", value: "a")]
    let first = ResultSeries(
      "cpu", tags: tags, ["time", "v", "s"],
      [[.integer(1_000_000_000), .integer(1), .string("q\"x, y")]])
    let second = ResultSeries(
      "cpu", tags: [SeriesTag(key: "host", value: "b")], ["time", "v", "s"],
      [[.integer(2_000_000_000), .float(1.5), nil]])
    let third = ResultSeries("cpu", ["time", "count"], [[.integer(0), .integer(2)]])
    #expect(
      csv.render(first) + csv.render(second) + csv.render(third) == """
        name,tags,time,v,s
        cpu,"dc=x,host=a",1000000000,1,"q""x, y"
        cpu,host=b,2000000000,1.5,
        name,time,count
        cpu,0,2

        """)
  }

  @Test func fieldsThatNeedQuotes() {
    #expect(
      ResultCSV.line(["a", " b", "c\nd", "e\r", "", "日"]) == "a,\" b\",\"c\nd\",\"e\r\",,日\n")
  }
}

@Suite struct ResultMergerTests {
  private func part(_ series: [ResultSeries], partial: Bool) -> StatementResult {
    StatementResult(statementID: 0, series: series, partial: partial)
  }

  @Test func chunksOfASeriesJoinAndNullsStay() {
    var first = ResultSeries(
      "m", ["time", "v"], [[.integer(1), .integer(1)], [.integer(2), nil]])
    first.partial = true
    var merger = ResultMerger()
    merger.add(part([first], partial: true))
    merger.add(
      part([ResultSeries("m", ["time", "v"], [[.integer(3), .float(1.5)]])], partial: false))
    #expect(
      merger.result?.series == [
        ResultSeries(
          "m", ["time", "v"],
          [[.integer(1), .float(1)], [.integer(2), nil], [.integer(3), .float(1.5)]])
      ])
  }

  @Test func seriesThatAreNotPartialStayApart() {
    let series = ResultSeries("m", ["time"], [[.integer(1)]])
    var merger = ResultMerger()
    merger.add(part([series], partial: true))
    merger.add(part([series], partial: false))
    #expect(merger.result?.series.count == 2)
    #expect(merger.result?.partial == false)
  }

  @Test func aColumnTakesTheTypeOfItsValues() {
    var nulls = Column(nulls: 2, type: .float)
    nulls.append(Column(.string(["a"])))
    #expect((0..<3).map { nulls[$0] } == [nil, nil, .string("a")])
    var mixed = Column(.integer([1]))
    mixed.append(Column(.string(["a"])))
    #expect((0..<2).map { mixed[$0] } == [.string("1"), .string("a")])
    var same = Column(.boolean([true]))
    same.append(Column([nil, .boolean(false)], type: .boolean))
    #expect((0..<3).map { same[$0] } == [.boolean(true), nil, .boolean(false)])
  }
}
