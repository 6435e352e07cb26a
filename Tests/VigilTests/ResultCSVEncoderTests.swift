import Query
import Testing
import TimeSeries

@testable import Vigil

/// The expected text is what InfluxDB 1.6.7 answers to the same data, unless a test says otherwise.
@Suite struct ResultCSVEncoderTests {
  private func encode(
    _ results: [StatementResult], timeFormat: ResultTimeFormat = .rfc3339
  ) -> String {
    ResultSamples.text(ResultCSVEncoder.encode(results, timeFormat: timeFormat))
  }

  @Test func aHeaderForEachStatementAndABlankLineBetween() {
    let results = [
      StatementResult(
        statementID: 0,
        series: [
          ResultSamples.series(tags: [Tag(key: "t", value: "")], times: [1], values: [1]),
          ResultSamples.series(
            tags: [Tag(key: "t", value: "b")], times: [2, 3], values: [1e-7, 1e21]),
        ]),
      StatementResult(statementID: 1),
      StatementResult(
        statementID: 2,
        series: [
          ResultSeries(
            name: "databases", columnNames: ["name"], columns: [Column(.string(["d"]))],
            hasTime: false)
        ]),
    ]
    #expect(
      encode(results) == """
        name,tags,time,v
        m,,1,1
        m,t=b,2,0.0000001
        m,t=b,3,1000000000000000000000

        name,tags,name
        databases,,d

        """)
    #expect(encode([]) == "")
  }

  @Test func chunksOfAStatementHaveOneHeader() {
    let results = [
      StatementResult(
        statementID: 0, series: [ResultSamples.series(times: [1], values: [1], partial: true)],
        partial: true),
      StatementResult(statementID: 0, series: [ResultSamples.series(times: [2], values: [2])]),
    ]
    #expect(encode(results) == "name,tags,time,v\nm,,1,1\nm,,2,2\n")
  }

  @Test func quotesWhereATextNeedsThem() {
    let series = ResultSeries(
      name: "n", tags: [Tag(key: "k", value: "q"), Tag(key: "t", value: "x")],
      columnNames: ["time", "s"],
      columns: [
        Column(.integer([-1, 1, 2, 3])),
        Column(.string(["a,b", "tab\tq\"b\\s", " x", "l\nm"])),
      ], hasTime: true)
    #expect(
      encode([StatementResult(statementID: 0, series: [series])])
        == "name,tags,time,s\nn,\"k=q,t=x\",-1,\"a,b\"\nn,\"k=q,t=x\",1,\"tab\tq\"\"b\\s\"\n"
        + "n,\"k=q,t=x\",2,\" x\"\nn,\"k=q,t=x\",3,\"l\nm\"\n")
  }

  @Test func missingValuesAreEmptyAndTimesFollowTheUnit() {
    let series = ResultSamples.series(
      times: [1_500_000_000_123_456_789, 0], values: [0, 2],
      validity: Validity(words: [2], count: 2))
    #expect(
      encode([StatementResult(statementID: 0, series: [series])], timeFormat: .epoch(.seconds))
        == "name,tags,time,v\nm,,1500000000,\nm,,0,2\n")
  }

  /// InfluxDB leaves the error out.
  @Test func theErrorOfAStatementIsATableOfItsOwn() {
    let results = [
      StatementResult(statementID: 0, series: [ResultSamples.series(times: [1], values: [1])]),
      StatementResult(statementID: 1, error: "database not found: \"x\""),
    ]
    #expect(
      encode(results)
        == "name,tags,time,v\nm,,1,1\n\nerror\n\"database not found: \"\"x\"\"\"\n")
  }
}
