import Foundation
import LineProtocol
import Testing
import TimeSeries

/// Lines that InfluxDB 1.6.7 stores, and what it stores of them (compared with the real one).
struct AcceptedLinesTests {
  struct Case: Sendable {
    var line: String
    var measurement = "m"
    var tags: [String: String] = [:]
    var fields: [String: FieldValue]
    var timestamp: Timestamp = 1
  }

  static let cases: [Case] = [
    // Names
    Case(line: #"m\,x\ y v=1 1"#, measurement: "m,x y", fields: ["v": .float(1)]),
    Case(line: #"m=x v=1 1"#, measurement: "m=x", fields: ["v": .float(1)]),
    Case(line: #"m\x\" v=1 1"#, measurement: #"m\x""#, fields: ["v": .float(1)]),
    Case(
      line: #"e\=mc2,tag=val value=1 1"#, measurement: "e=mc2", tags: ["tag": "val"],
      fields: ["value": .float(1)]),
    Case(line: #"=m v=1 1"#, measurement: "=m", fields: ["v": .float(1)]),
    Case(
      line: #"m,a\,b\ c\=d=e\,f\ g\=h v=1 1"#, tags: ["a,b c=d": "e,f g=h"],
      fields: ["v": .float(1)]),
    Case(line: #"m,a\b=c\d v=1 1"#, tags: [#"a\b"#: #"c\d"#], fields: ["v": .float(1)]),
    Case(line: #"m,a==b v=1 1"#, tags: ["a": "=b"], fields: ["v": .float(1)]),
    Case(line: #"m,a="b" v=1 1"#, tags: ["a": "\"b\""], fields: ["v": .float(1)]),
    Case(
      line: #"m,b=2,a\ =1,a!=3 v=1 1"#, tags: ["a ": "1", "a!": "3", "b": "2"],
      fields: ["v": .float(1)]),
    Case(line: "m,a=b\\\nc v=1 1", tags: ["a": "b\\\nc"], fields: ["v": .float(1)]),
    Case(line: "m,a=é日 v=1 1", tags: ["a": "é日"], fields: ["v": .float(1)]),
    Case(line: #"m a\,b\ c\=d=1 1"#, fields: ["a,b c=d": .float(1)]),
    Case(line: #"m a\"b=1 1"#, fields: ["a\"b": .float(1)]),
    Case(line: #"m a"b=1,"c"=2 1"#, fields: ["a\"b": .float(1), "\"c\"": .float(2)]),
    Case(line: #"m a\\"b=1 1"#, fields: [#"a\"b"#: .float(1)]),
    Case(line: #"m a\\b=1 1"#, fields: [#"a\\b"#: .float(1)]),
    // Numbers
    Case(line: "m v=.5 1", fields: ["v": .float(0.5)]),
    Case(line: "m v=5. 1", fields: ["v": .float(5)]),
    Case(line: "m v=-.5 1", fields: ["v": .float(-0.5)]),
    Case(line: "m v=1.e5 1", fields: ["v": .float(1e5)]),
    Case(
      line: "m v=1e+5,w=1E-5,x=1e05 1",
      fields: ["v": .float(1e5), "w": .float(1e-5), "x": .float(1e5)]),
    Case(line: "m v=1e-400 1", fields: ["v": .float(0)]),
    Case(line: "m v=0e99999999999999999999 1", fields: ["v": .float(0)]),
    Case(line: "m v=00012i 1", fields: ["v": .integer(12)]),
    Case(line: "m v=-0i 1", fields: ["v": .integer(0)]),
    Case(line: "m v=-9223372036854775808i 1", fields: ["v": .integer(.min)]),
    Case(line: "m v=9223372036854775807i 1", fields: ["v": .integer(.max)]),
    Case(line: "m v=0000000000000000000000000007i 1", fields: ["v": .integer(7)]),
    Case(line: "m v=18446744073709551615u 1", fields: ["v": .unsigned(.max)]),
    // Booleans
    Case(
      line: "m a=t,b=T,c=true,d=True,e=TRUE,f=f,g=F,h=false,i=False,j=FALSE 1",
      fields: [
        "a": .boolean(true), "b": .boolean(true), "c": .boolean(true), "d": .boolean(true),
        "e": .boolean(true), "f": .boolean(false), "g": .boolean(false), "h": .boolean(false),
        "i": .boolean(false), "j": .boolean(false),
      ]),
    // Strings
    Case(line: #"m v="" 1"#, fields: ["v": .string("")]),
    Case(line: #"m v="a,b =c#",w=1 1"#, fields: ["v": .string("a,b =c#"), "w": .float(1)]),
    Case(line: #"m v="x\n\"y\\z\," 1"#, fields: ["v": .string(#"x\n"y\z\,"#)]),
    Case(line: "m v=\"a\nb\" 1", fields: ["v": .string("a\nb")]),
    Case(line: "m v=\"a\\\nb\" 1", fields: ["v": .string("a\\\nb")]),
    Case(line: "m v=\"a\r\nb\" 1\r\n", fields: ["v": .string("a\r\nb")]),
    // White space and timestamps
    Case(line: "  \t\0m  \t v=1 \t 1  ", fields: ["v": .float(1)]),
    Case(line: "m v=1", fields: ["v": .float(1)], timestamp: 42),
    Case(line: "m v=1 ", fields: ["v": .float(1)], timestamp: 42),
    Case(line: "m v=1\r\n", fields: ["v": .float(1)], timestamp: 42),
    Case(line: "m v=t\r\n", fields: ["v": .boolean(true)], timestamp: 42),
    Case(line: "m v=1i\r", fields: ["v": .integer(1)], timestamp: 42),
    Case(line: "m v=1 1\r\n", fields: ["v": .float(1)]),
    Case(line: "m v=1 -1", fields: ["v": .float(1)], timestamp: -1),
    Case(line: "m v=1 -0", fields: ["v": .float(1)], timestamp: 0),
    Case(line: "m v=1 00000000000000000000000001", fields: ["v": .float(1)]),
    Case(line: "m v=1 9223372036854775806", fields: ["v": .float(1)], timestamp: .max - 1),
    Case(line: "m v=1 -9223372036854775806", fields: ["v": .float(1)], timestamp: .min + 2),
    // One field twice, and the reserved name
    Case(line: "m v=1,w=2,v=3 1", fields: ["v": .float(3), "w": .float(2)]),
    Case(line: "m time=1,v=2 1", fields: ["v": .float(2)]),
  ]

  @Test(arguments: cases)
  func aLineMeansWhatInfluxDBReadsInIt(_ expected: Case) throws {
    let (batch, rejections) = parse(expected.line)
    #expect(rejections.isEmpty)
    let tags = expected.tags.map { Tag(key: $0.key, value: $0.value) }
    #expect(
      batch.readPoints == [
        ReadPoint(
          series: SeriesKey(measurement: expected.measurement, tags: tags),
          fields: expected.fields, timestamp: expected.timestamp)
      ])
    #expect(batch.points.allSatisfy { Int($0.fieldCount) == expected.fields.count })
  }

  @Test func minusZeroKeepsItsSign() {
    let (batch, _) = parse("m v=-0 1")
    #expect(batch.fields.map(\.bits) == [(-0.0).bitPattern])
  }

  @Test func blankLinesAndCommentsAreNoPointsButCountAsLines() {
    let (batch, rejections) = parse(
      "\n  \t\n\r\n# c,a=\"b v=\"\n \t#m v=1\nm v=1 1\n\nm v=x\nm v=\"a\n\nb\" 2\nm,a=\\\n v=1 3\nm v=4 4"
    )
    #expect(batch.points.map(\.line) == [6, 9, 12, 14])
    #expect(batch.points.map(\.timestamp) == [1, 2, 3, 4])
    #expect(rejections.map(\.line) == [8])
  }

  @Test func anEmptyBodyHasNoPoints() {
    #expect(parse("").batch.isEmpty)
    #expect(parse("\n").batch.isEmpty)
    #expect(parse(" ").batch.isEmpty)
    var parser = LineProtocolParser(defaultTimestamp: 0)
    #expect(parser.parse(UnsafeRawBufferPointer(start: nil, count: 0)).batch.isEmpty)
  }

  @Test func oneSeriesHasOneIndexHoweverItsKeyIsSpelled() {
    let (batch, rejections) = parse(
      "m,b=2,a=1 v=1 1\nm,a=1,b=2 v=1 2\nm,b=2,a=1 v=1 3\nm,a=1,b=3 v=1 4\nm,a==x v=1 5\nm,a=\\=x v=1 6"
    )
    #expect(rejections.isEmpty)
    #expect(batch.points.map(\.series) == [0, 0, 0, 1, 2, 2])
    #expect(
      batch.seriesKeys.map { batch.string($0) } == ["m,a=1,b=2", "m,a=1,b=3", #"m,a=\=x"#])
  }

  @Test func linesWithThousandsOfTagsAndFieldsAreRead() {
    let tags = (0..<3000).map { "t\($0)=v\($0)" }.joined(separator: ",")
    let fields = (0..<5000).map { "f\($0)=\($0)i" }.joined(separator: ",")
    let (batch, rejections) = parse("m,\(tags) \(fields) 1\nm,\(tags) \(fields) 2")
    #expect(rejections.isEmpty)
    #expect(batch.points.map(\.fieldCount) == [5000, 5000])
    #expect(batch.seriesKeys.count == 1)
    #expect(batch.fieldNames.count == 5000)
    let expected = Array(0..<5000 as Range<UInt64>)
    #expect(batch.fields.map(\.bits) == expected + expected)
    #expect(batch.readPoints.first?.series.tags.count == 3000)
  }

  @Test func fieldNamesThatChangePlacesOrLengthAreNotTakenForEachOther() {
    let (batch, rejections) = parse(
      """
      m usage=1,usage_b=2,c=3 1
      m usage_b=1,usage=2 2
      m usage=1,usage_bb=2,c=3 3
      m usag=1,usage_b=2,time=5,c=3 4
      m a=1,a=2,a=3 5
      m a=1,a=2,b=3 6
      """)
    #expect(rejections.isEmpty)
    let points = batch.readPoints.map(\.fields)
    #expect(points[0] == ["usage": .float(1), "usage_b": .float(2), "c": .float(3)])
    #expect(points[1] == ["usage_b": .float(1), "usage": .float(2)])
    #expect(points[2] == ["usage": .float(1), "usage_bb": .float(2), "c": .float(3)])
    #expect(points[3] == ["usag": .float(1), "usage_b": .float(2), "c": .float(3)])
    #expect(points[4] == ["a": .float(3)])
    #expect(points[5] == ["a": .float(2), "b": .float(3)])
  }

  static let unitsOfThree: [(TimestampPrecision, Int64)] = [
    (.nanoseconds, 3), (.microseconds, 3_000), (.milliseconds, 3_000_000),
    (.seconds, 3_000_000_000), (.minutes, 180_000_000_000), (.hours, 10_800_000_000_000),
  ]

  @Test(arguments: unitsOfThree)
  func timestampsAreInThePrecisionOfTheBody(_ precision: TimestampPrecision, _ expected: Int64) {
    #expect(parse("m v=1 3", precision: precision).batch.points.map(\.timestamp) == [expected])
    #expect(parse("m v=1 -3", precision: precision).batch.points.map(\.timestamp) == [-expected])
  }

  @Test func theServersTimeIsRoundedDownToThePrecision() {
    func time(_ precision: TimestampPrecision, _ now: Timestamp) -> [Timestamp] {
      parse("m v=1", precision: precision, defaultTimestamp: now).batch.points.map(\.timestamp)
    }
    #expect(time(.nanoseconds, 1_999_999_999) == [1_999_999_999])
    #expect(time(.seconds, 1_999_999_999) == [1_000_000_000])
    #expect(time(.seconds, -1) == [-1_000_000_000])
    #expect(time(.hours, 3_600_000_000_000) == [3_600_000_000_000])
    // Rounding down would leave the range of timestamps.
    #expect(time(.hours, TimestampBounds.earliest) == [TimestampBounds.earliest])
  }

  @Test func aParserReadsOneBodyAfterAnotherWithoutMixingThem() {
    var parser = LineProtocolParser(defaultTimestamp: 0)
    for (body, name) in [("m,a=b v=1 1", "v"), ("n,a=b w=1 1", "w"), ("m,a=b v=1 1", "v")] {
      let bytes = Array(body.utf8)
      let (batch, _) = bytes.withUnsafeBytes { parser.parse($0) }
      #expect(batch.fieldNames.map { batch.string($0) } == [name])
      #expect(batch.seriesKeys.map { batch.string($0) } == [String(body.prefix(5))])
    }
  }
}
