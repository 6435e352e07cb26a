import Foundation
import Query
import TestSupport
import Testing
import TimeSeries

@testable import Vigil

/// The expected bytes are what InfluxDB 1.6.7 answers to the same data, unless a test says
/// otherwise.
@Suite struct ResultJSONEncoderTests {
  let start: Int64 = 1_500_000_000_123_456_789

  private func encode(
    _ results: [StatementResult], timeFormat: ResultTimeFormat = .rfc3339,
    framing: ResultJSONEncoder.Framing = .document, isPretty: Bool = false
  ) -> String {
    ResultSamples.text(
      ResultJSONEncoder.encode(
        results, timeFormat: timeFormat, framing: framing, isPretty: isPretty))
  }

  private func cell(_ values: ColumnValues) -> String {
    let series = ResultSeries(
      name: "", columnNames: [], columns: [Column(values)], hasTime: false)
    let text = encode([StatementResult(statementID: 0, series: [series])])
    let prefix = #"{"results":[{"statement_id":0,"series":[{"values":[["#
    let suffix = "]]}]}]}\n"
    #expect(text.hasPrefix(prefix) && text.hasSuffix(suffix))
    return String(text.dropFirst(prefix.count).dropLast(suffix.count))
  }

  @Test func aRowOfEveryTypeWithNullsForMissingValues() {
    let series = ResultSeries(
      name: "m", columnNames: ["time", "b", "i", "s", "t", "v"],
      columns: [
        Column(.integer([start, 1_500_000_001_000_000_000, 1_500_000_002_000_000_000])),
        Column(.boolean([true, false, false]), validity: Validity(words: [1], count: 3)),
        Column(.integer([5, 0, 0]), validity: Validity(words: [1], count: 3)),
        Column(.string(["x<y>&z", "", ""]), validity: Validity(words: [1], count: 3)),
        Column(.string(["a", "b", "b"])), Column(.float([1, 1e-7, 1e21])),
      ], hasTime: true)
    #expect(
      encode([StatementResult(statementID: 0, series: [series])])
        == #"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","b","i","s","t","v"],"#
        + #""values":[["2017-07-14T02:40:00.123456789Z",true,5,"x\u003cy\u003e\u0026z","a",1],"#
        + #"["2017-07-14T02:40:01Z",null,null,null,"b",1e-7],"#
        + #"["2017-07-14T02:40:02Z",null,null,null,"b",1e+21]]}]}]}"# + "\n")
  }

  @Test(
    arguments: [
      (1, "1"), (-0.0, "-0"), (0, "0"), (1e-7, "1e-7"), (1e-6, "0.000001"), (1e-9, "1e-9"),
      (1e-10, "1e-10"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1.5e300, "1.5e+300"),
      (1.2345678901234568e20, "123456789012345680000"), (0.1, "0.1"), (7.5e299, "7.5e+299"),
      (0.30000000000000004, "0.30000000000000004"), (-273.15, "-273.15"),
      (1.0 / 3, "0.3333333333333333"),
      (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
      (9_007_199_254_740_992, "9007199254740992"), (1e15, "1000000000000000"), (12.05, "12.05"),
      (0.000123, "0.000123"), (99.999999, "99.999999"), (100.5, "100.5"), (1e-5, "0.00001"),
      (123_456_789.125, "123456789.125"),
    ] as [(Double, String)])
  func floatsLookAsGoPrintsThem(value: Double, expected: String) {
    #expect(cell(.float([value])) == expected)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func floatsThatJSONDoesNotHaveAreNull(value: Double) {
    #expect(cell(.float([value])) == "null")
  }

  @Test func integersAtTheEndsOfTheirRange() {
    #expect(cell(.integer([.min])) == "-9223372036854775808")
    #expect(cell(.integer([.max])) == "9223372036854775807")
    #expect(cell(.unsigned([.max])) == "18446744073709551615")
    #expect(cell(.unsigned([0])) == "0")
  }

  @Test(arguments: [
    ("tab\tq\"b\\s\u{1}é\u{2028}\u{7f}", #""tab\tq\"b\\s\u0001é\u2028"# + "\u{7f}\""),
    ("\n\r\u{8}\u{c}\u{1f}", #""\n\r\u0008\u000c\u001f""#), ("", #""""#),
    ("\u{2029}€\u{2027}\u{202a}", #""\u2029€"# + "\u{2027}\u{202a}\""), ("😀<", #""😀\u003c""#),
  ])
  func stringsAreEscapedAsGoEscapesThem(text: String, expected: String) {
    #expect(cell(.string([text])) == expected)
  }

  @Test(
    arguments: [
      (ResultTimeFormat.epoch(.nanoseconds), "1500000000123456789"),
      (.epoch(.microseconds), "1500000000123456"), (.epoch(.milliseconds), "1500000000123"),
      (.epoch(.seconds), "1500000000"), (.epoch(.minutes), "25000000"), (.epoch(.hours), "416666"),
      (.rfc3339, #""2017-07-14T02:40:00.123456789Z""#),
    ] as [(ResultTimeFormat, String)])
  func timesInEveryUnit(format: ResultTimeFormat, expected: String) {
    let result = StatementResult(
      statementID: 0, series: [ResultSamples.series(times: [start], values: [1])])
    #expect(encode([result], timeFormat: format).contains(#""values":[[\#(expected),1]]"#))
  }

  @Test func timesOfAZoneAreLocalUnlessTheyAreNumbers() {
    var series = ResultSamples.series(times: [start], values: [1])
    series.zone = ZoneClock(name: "Europe/Rome", offset: 7_200_000_000_000)
    let results = [
      StatementResult(statementID: 0, series: [series]),
      StatementResult(
        statementID: 1, series: [ResultSamples.series(times: [start], values: [1])]),
    ]
    let text = encode(results)
    #expect(text.contains(#"[["2017-07-14T04:40:00.123456789+02:00",1]]"#))
    #expect(text.contains(#"[["2017-07-14T02:40:00.123456789Z",1]]"#))
    #expect(!encode(results, timeFormat: .epoch(.seconds)).contains("T"))
  }

  @Test(
    arguments: [
      (-1, "1969-12-31T23:59:59.999999999Z"), (0, "1970-01-01T00:00:00Z"),
      (TimestampBounds.earliest, "1677-09-21T00:12:43.145224194Z"),
      (TimestampBounds.latest, "2262-04-11T23:47:16.854775806Z"),
      (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
      (1_709_251_199_100_000_000, "2024-02-29T23:59:59.1Z"),
      (-2_203_891_200_000_000_000, "1900-03-01T00:00:00Z"),
    ] as [(Int64, String)])
  func timesFarAwayAndOnLeapDays(timestamp: Int64, expected: String) {
    let result = StatementResult(
      statementID: 0, series: [ResultSamples.series(times: [timestamp], values: [1])])
    #expect(encode([result]).contains(#"[["\#(expected)",1]]"#))
  }

  @Test func whatIsEmptyIsLeftOut() {
    #expect(encode([]) == "{}\n")
    #expect(
      encode([StatementResult(statementID: 0)]) == #"{"results":[{"statement_id":0}]}"# + "\n")
    let keys = ResultSeries(
      name: "", columnNames: ["key"], columns: [Column(.string(["m,t=a"]))], hasTime: false)
    #expect(
      encode([StatementResult(statementID: 1, series: [keys])])
        == #"{"results":[{"statement_id":1,"series":[{"columns":["key"],"values":[["m,t=a"]]}]}]}"#
        + "\n")
  }

  @Test func errorsAndMessagesOfStatements() {
    let warning = StatementResult(
      statementID: 0, messages: [.init(level: "warning", text: "deprecated use of 'x'")])
    let failed = StatementResult(statementID: 1, error: "database not found: nope")
    #expect(
      encode([warning, failed])
        == #"{"results":[{"statement_id":0,"messages":[{"level":"warning","text":"deprecated use of 'x'"}]},"#
        + #"{"statement_id":1,"error":"database not found: nope"}]}"# + "\n")
    #expect(
      ResultSamples.text(ResultJSONEncoder.encode(error: #"missing required parameter "q""#))
        == #"{"error":"missing required parameter \"q\""}"# + "\n")
  }

  @Test func tagsAreInTheOrderOfTheirKeys() {
    let series = ResultSamples.series(
      "n", tags: [Tag(key: "t", value: "x"), Tag(key: "k", value: "")], times: [0], values: [1])
    #expect(
      encode([StatementResult(statementID: 0, series: [series])], timeFormat: .epoch(.seconds))
        == #"{"results":[{"statement_id":0,"series":[{"name":"n","tags":{"k":"","t":"x"},"#
        + #""columns":["time","v"],"values":[[0,1]]}]}]}"# + "\n")
  }

  private var chunkedResults: [StatementResult] {
    let tags = [Tag(key: "t", value: "b")]
    return [
      StatementResult(
        statementID: 0,
        series: [ResultSamples.series(tags: tags, times: [1], values: [1], partial: true)],
        partial: true),
      StatementResult(
        statementID: 0,
        series: [
          ResultSamples.series(tags: tags, times: [2], values: [2]),
          ResultSamples.series(times: [3], values: [3]),
        ], partial: true),
      StatementResult(
        statementID: 0, series: [ResultSamples.series("n", times: [4], values: [4])],
        messages: [.init(level: "info", text: "done")]),
      StatementResult(statementID: 1),
    ]
  }

  @Test func chunksAreDocumentsThatSayWhetherMoreFollows() {
    let start = #"{"results":[{"statement_id":0,"series":["#
    #expect(
      encode(chunkedResults, timeFormat: .epoch(.nanoseconds), framing: .chunks)
        == start
        + #"{"name":"m","tags":{"t":"b"},"columns":["time","v"],"values":[[1,1]],"partial":true}],"partial":true}]}"#
        + "\n" + start + #"{"name":"m","tags":{"t":"b"},"columns":["time","v"],"values":[[2,2]]},"#
        + #"{"name":"m","columns":["time","v"],"values":[[3,3]]}],"partial":true}]}"# + "\n"
        + start
        + #"{"name":"n","columns":["time","v"],"values":[[4,4]]}],"messages":[{"level":"info","text":"done"}]}]}"#
        + "\n" + #"{"results":[{"statement_id":1}]}"# + "\n")
    #expect(encode([], framing: .chunks) == "")
  }

  @Test func partialResultsAreJoinedInOneDocument() {
    #expect(
      encode(chunkedResults, timeFormat: .epoch(.nanoseconds))
        == #"{"results":[{"statement_id":0,"series":["#
        + #"{"name":"m","tags":{"t":"b"},"columns":["time","v"],"values":[[1,1],[2,2]]},"#
        + #"{"name":"m","columns":["time","v"],"values":[[3,3]]},"#
        + #"{"name":"n","columns":["time","v"],"values":[[4,4]]}],"#
        + #""messages":[{"level":"info","text":"done"}]},{"statement_id":1}]}"# + "\n")
  }

  @Test func aQueryThatStopsInTheMiddleStillGivesADocument() throws {
    let text = encode([chunkedResults[0]], timeFormat: .epoch(.nanoseconds))
    #expect(
      text == #"{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"t":"b"},"#
        + #""columns":["time","v"],"values":[[1,1]]}]}]}"# + "\n")
  }

  @Test func thePrettyFormIsMarshalIndents() {
    let result = StatementResult(
      statementID: 0, series: [ResultSamples.series(times: [0], values: [.nan])])
    #expect(
      encode([result], isPretty: true) == """
        {
            "results": [
                {
                    "statement_id": 0,
                    "series": [
                        {
                            "name": "m",
                            "columns": [
                                "time",
                                "v"
                            ],
                            "values": [
                                [
                                    "1970-01-01T00:00:00Z",
                                    null
                                ]
                            ]
                        }
                    ]
                }
            ]
        }

        """)
    #expect(
      ResultSamples.text(ResultJSONEncoder.encode(error: "no", isPretty: true))
        == "{\n    \"error\": \"no\"\n}\n")
  }

  /// Every double reads back as itself, and with no more digits than Swift's shortest form.
  @Test func randomFloatsReadBackAsThemselves() throws {
    let seed: UInt64 = 20_260_101
    var generator = SeededGenerator(seed: seed)
    for round in 0..<20_000 {
      let value: Double
      switch round % 4 {
      case 0: value = Double(bitPattern: generator.next())
      case 1:
        value = Double(Int64.random(in: -1_000_000_000...1_000_000_000, using: &generator)) / 1e6
      case 2: value = Double.random(in: -100...100, using: &generator)
      default: value = Double(Int64.random(in: -99_999...99_999, using: &generator)) / 100
      }
      guard value.isFinite else { continue }
      var bytes: [UInt8] = []
      DecimalText.appendJSON(value, to: &bytes)
      let text = ResultSamples.text(bytes)
      let readBack = try #require(Double(text), "seed \(seed), round \(round): \(text)")
      #expect(readBack.bitPattern == value.bitPattern, "seed \(seed), round \(round): \(text)")
      #expect(
        significantDigits(text) == significantDigits(value.description),
        "seed \(seed), round \(round): \(text) \(value)")
      bytes = []
      DecimalText.appendPlain(value, to: &bytes)
      #expect(Double(ResultSamples.text(bytes))?.bitPattern == value.bitPattern)
    }
  }

  private func significantDigits(_ text: String) -> String {
    let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
    return String(mantissa.reversed().drop { $0 == "0" }.reversed())
  }

  @Test func randomResultsParseAsTheJSONTheyShouldBe() throws {
    let seed: UInt64 = 77
    var generator = SeededGenerator(seed: seed)
    for round in 0..<200 {
      let count = Int.random(in: 0...20, using: &generator)
      let strings = (0..<count).map { _ in randomText(&generator) }
      let integers = (0..<count).map { _ in
        Int64.random(in: -(1 << 53)...(1 << 53), using: &generator)
      }
      let present = generator.next()
      let series = ResultSeries(
        name: randomText(&generator), columnNames: ["time", "s", "i"],
        columns: [
          Column(.integer(integers)), Column(.string(strings)),
          Column(.integer(integers), validity: Validity(words: [present], count: count)),
        ], hasTime: true)
      let bytes = ResultJSONEncoder.encode(
        [StatementResult(statementID: 3, series: [series])], timeFormat: .epoch(.nanoseconds),
        isPretty: round % 2 == 0)
      let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
      let results = try #require(document?["results"] as? [[String: Any]])
      #expect(results[0]["statement_id"] as? Int == 3)
      let parsed = try #require((results[0]["series"] as? [[String: Any]])?.first)
      #expect(parsed["name"] as? String ?? "" == series.name, "seed \(seed), round \(round)")
      let rows = parsed["values"] as? [[Any]] ?? []
      #expect(rows.count == count)
      for (row, cells) in rows.enumerated() {
        #expect((cells[0] as? NSNumber)?.int64Value == integers[row])
        #expect(cells[1] as? String == strings[row], "seed \(seed), round \(round)")
        let isPresent = present & (1 << UInt64(row)) != 0
        #expect((cells[2] as? NSNumber)?.int64Value == (isPresent ? integers[row] : nil))
      }
    }
  }

  private func randomText(_ generator: inout SeededGenerator) -> String {
    let alphabet: [Character] = [
      "a", "\"", "\\", "\n", "\u{0}", "<", "é", "\u{2028}", "😀", "\u{2029}", "€",
    ]
    return String(
      (0..<Int.random(in: 0...8, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      })
  }
}
