import LineProtocol
import Testing
import TimeSeries

/// Lines that InfluxDB 1.6.7 refuses, and its reasons (compared with the real one).
struct RejectedLinesTests {
  static let cases: [(line: String, reason: String)] = [
    (",a=b v=1 1", "missing measurement"),
    ("m", "missing fields"),
    ("m ", "invalid field format"),
    ("m,a=b \t", "invalid field format"),
    ("m\r", "missing fields"),
    ("m,a=b", "missing fields"),
    (#"m\ v=1"#, "missing fields"),
    ("m, v=1 1", "missing tag key"),
    ("m,=b v=1 1", "missing tag key"),
    ("m,,a=b v=1 1", "missing tag key"),
    ("m,a=b, v=1 1", "missing tag key"),
    ("m,a=b,", "missing tag key"),
    ("m,a v=1 1", "missing tag value"),
    ("m,a,b=c v=1 1", "missing tag value"),
    ("m,a= v=1 1", "missing tag value"),
    ("m,a=,b=c v=1 1", "missing tag value"),
    ("m,a=", "missing tag value"),
    ("m,a=b=c v=1 1", "invalid tag format"),
    (#"m,a=b\ v=1 1"#, "invalid tag format"),
    ("m,a=b,a=c v=1 1", "duplicate tags"),
    ("m,b=1,a=2,b=1 v=1 1", "duplicate tags"),
    (#"m,a\,=1,b=2,a\,=3 v=1 1"#, "duplicate tags"),
    ("m,time=x v=1 1", #"invalid tag key: input tag "time" on measurement "m" is invalid"#),
    ("m =1 1", "missing field key"),
    ("m v=1,=2 1", "missing field key"),
    ("m v= 1", "missing field value"),
    ("m v=", "missing field value"),
    ("m v=,w=1 1", "missing field value"),
    ("m v", "invalid field format"),
    ("m v 1", "invalid field format"),
    ("m v=1, 1", "invalid field format"),
    ("m v=1,", "invalid field format"),
    ("m v=1,,w=2 1", "invalid field format"),
    ("m v=1, w=2 1", "invalid field format"),
    ("m v=1,w 1", "invalid field format"),
    (#"m v="a"b="c" 1"#, "invalid field format"),
    (#"m a\\ b=1 1"#, "invalid field format"),
    (#"m a\\,b=1 1"#, "invalid field format"),
    ("m\tv=1 1", "invalid field format"),
    ("m time=1 1", #"invalid field name: input field "time" on measurement "m" is invalid"#),
    ("m v=1,v=2i 1", "field type conflict"),
    ("m v=. 1", "invalid number"),
    ("m v=- 1", "invalid number"),
    ("m v=-", "invalid number"),
    ("m v=-. 1", "invalid number"),
    ("m v=--1 1", "invalid number"),
    ("m v=1.1.1 1", "invalid number"),
    ("m v=1-2 1", "invalid number"),
    ("m v=1+2 1", "invalid number"),
    ("m v=1a 1", "invalid number"),
    ("m v=0x10 1", "invalid number"),
    ("m v=1_000 1", "invalid number"),
    ("m v=1\t1", "invalid number"),
    ("m v=1ii 1", "invalid number"),
    ("m v=1i1 1", "invalid number"),
    ("m v=1.5i 1", "invalid number"),
    ("m v=1e5i 1", "invalid number"),
    ("m v=-i 1", "invalid number"),
    ("m v=.i 1", "invalid number"),
    ("m v=-1u 1", "invalid number"),
    ("m v=1iu 1", "invalid number"),
    ("m v=NaN 1", "invalid number"),
    ("m v=nan 1", "invalid number"),
    ("m v=-NaN 1", "invalid number"),
    ("m v=-inf 1", "invalid number"),
    ("m v=-Inf 1", "invalid number"),
    ("m v=1e 1", "invalid float"),
    ("m v=1e+ 1", "invalid float"),
    ("m v=.e5 1", "invalid float"),
    ("m v=-e5 1", "invalid float"),
    ("m v=1e5e5 1", "invalid float"),
    ("m v=1e5.5 1", "invalid float"),
    ("m v=1e400 1", "invalid float"),
    ("m v=-1e309 1", "invalid float"),
    ("m v=1e99999999999999999999 1", "invalid float"),
    ("m v=Inf 1", "invalid boolean"),
    ("m v=+1 1", "invalid boolean"),
    ("m v=tru 1", "invalid boolean"),
    ("m v=tRUE 1", "invalid boolean"),
    ("m v=truee 1", "invalid boolean"),
    ("m v=falsee 1", "invalid boolean"),
    ("m v=true1 1", "invalid boolean"),
    ("m v=abc 1", "invalid boolean"),
    ("m v==1 1", "invalid boolean"),
    ("m v=i 1", "invalid boolean"),
    (
      "m v=9223372036854775808i 1",
      "unable to parse integer 9223372036854775808: strconv.ParseInt: parsing "
        + "\"9223372036854775808\": value out of range"
    ),
    (
      "m v=-9223372036854775809i 1",
      "unable to parse integer -9223372036854775809: strconv.ParseInt: parsing "
        + "\"-9223372036854775809\": value out of range"
    ),
    (
      "m v=18446744073709551616u 1",
      "unable to parse unsigned 18446744073709551616: strconv.ParseUint: parsing "
        + "\"18446744073709551616\": value out of range"
    ),
    (#"m v="abc 1"#, "unbalanced quotes"),
    (#"m v="abc\" 1"#, "unbalanced quotes"),
    (#"m v=""#, "unbalanced quotes"),
    (#"m v="a\"#, "unbalanced quotes"),
    ("m v=1 x", "bad timestamp"),
    ("m v=1 1.5", "bad timestamp"),
    ("m v=1 1x", "bad timestamp"),
    ("m v=1 +1", "bad timestamp"),
    ("m v=1 1\t", "bad timestamp"),
    ("m v=1 --1", "bad timestamp"),
    ("m v=1 -", "strconv.ParseInt: parsing \"-\": invalid syntax"),
    (
      "m v=1 99999999999999999999",
      "strconv.ParseInt: parsing \"99999999999999999999\": value out of range"
    ),
    (
      "m v=1 -9223372036854775809",
      "strconv.ParseInt: parsing \"-9223372036854775809\": value out of range"
    ),
    (
      "m v=1 9223372036854775807",
      "time outside range -9223372036854775806 - 9223372036854775806"
    ),
    (
      "m v=1 -9223372036854775808",
      "time outside range -9223372036854775806 - 9223372036854775806"
    ),
    ("m v=1 1 2", "point is invalid"),
    ("m v=1 1 \t", "point is invalid"),
  ]

  @Test(arguments: cases)
  func aBadLineIsRefusedForInfluxDBsReason(_ line: String, _ reason: String) {
    let (batch, rejections) = parse("m v=1 1\n" + line + "\nm v=2 2\n")
    let unbalanced = reason == "unbalanced quotes"
    #expect(
      rejections == [
        WriteOutcome.Rejection(
          line: 2,
          reason: .malformed(line: unbalanced ? line + "\nm v=2 2\n" : line, reason: reason))
      ])
    #expect(batch.points.map(\.timestamp) == (unbalanced ? [1] : [1, 2]))
    // And as the last line, without a line feed.
    let alone = parse(line).rejections.map(\.reason)
    #expect(alone == [.malformed(line: line, reason: reason)])
  }

  /// A backslash before an escaped delimiter belongs to the name. Such a key is either read so or
  /// refused, never as another key.
  @Test(arguments: [#"m\\,a=b"#, #"m,t=a\\,b=c"#, #"m,t=\\ v"#, #"m,t\\=x=y"#])
  func aKeyWithABackslashBeforeADelimiterIsNotTakenForAnother(_ key: String) throws {
    let (batch, rejections) = parse(key + " v=1 1")
    let expected = [
      #"m\\,a=b"#: SeriesKey(measurement: #"m\,a=b"#),
      #"m,t=\\ v"#: SeriesKey(measurement: "m", tags: [Tag(key: "t", value: #"\ v"#)]),
      #"m,t\\=x=y"#: SeriesKey(measurement: "m", tags: [Tag(key: #"t\=x"#, value: "y")]),
    ]
    if let point = batch.readPoints.first {
      #expect(rejections.isEmpty)
      #expect(point.series == expected[key])
    } else {
      #expect(rejections.count == 1)
    }
  }

  /// What 1.6.7 takes and we do not, because it stores something else than was sent.
  @Test(arguments: [
    (#"m v="a"b 1"#, "invalid field format"),
    (#"m v="a""b" 1"#, "invalid field format"),
    (#"m a\\=1,b=2 1"#, "invalid field format"),
  ])
  func aLineThatInfluxDBMisreadsIsRefused(_ line: String, _ reason: String) {
    #expect(parse(line).rejections.map(\.reason) == [.malformed(line: line, reason: reason)])
  }

  /// A backslash takes the line feed into the name, so the next line belongs to this one.
  @Test func aBackslashBeforeTheLineFeedContinuesTheLine() {
    let (batch, rejections) = parse("m a\\\nm v=1 1\nm a\\\n=1 2\nm v=1 3\nm a\\")
    #expect(batch.points.map(\.line) == [3, 5])
    #expect(batch.fieldNames.map { batch.string($0) } == ["a\\\n", "v"])
    #expect(
      rejections == [
        WriteOutcome.Rejection(
          line: 1, reason: .malformed(line: "m a\\\nm v=1 1", reason: "invalid field format")),
        WriteOutcome.Rejection(
          line: 6, reason: .malformed(line: "m a\\", reason: "invalid field format")),
      ])
  }

  @Test func invalidUTF8IsRefusedAndSpoilsNoOtherLine() {
    let body: [UInt8] =
      Array("m,a=é v=1 1\nm,a=".utf8) + [0xFF] + Array(" v=1 2\nm v=\"".utf8) + [0xC3]
      + Array("\" 3\nm ".utf8) + [0xED, 0xA0, 0x80] + Array("=1 4\nm v=\"日\" 5".utf8)
    let (batch, rejections) = parse(body)
    #expect(batch.points.map(\.timestamp) == [1, 5])
    #expect(rejections.map(\.line) == [2, 3, 4])
    #expect(
      rejections.allSatisfy {
        if case .malformed(_, "invalid UTF-8") = $0.reason { true } else { false }
      })
    // Nothing of a refused line gets into the batch.
    #expect(batch.fieldNames.count == 1)
    #expect(batch.seriesKeys.count == 2)
  }

  @Test func aBadLineLeavesNoSeriesAndNoTextBehind() {
    let good = parse("m,a=b v=\"x\" 1")
    let bad = parse("m,a=b v=\"x\" 1\nm,a=c v=\"yyyy\" x\nm,a=d v=\"zz")
    #expect(bad.rejections.count == 2)
    #expect(bad.batch.text == good.batch.text)
    #expect(bad.batch.seriesKeys == good.batch.seriesKeys)
    #expect(bad.batch.fields == good.batch.fields)
  }

  @Test func aLongBadLineIsShortenedBetweenCharacters() throws {
    let line = "m v=" + String(repeating: "é", count: 5000)
    let reason = try #require(parse(line).rejections.first?.reason)
    guard case .malformed(let text, let why) = reason else {
      Issue.record("unexpected reason \(reason)")
      return
    }
    #expect(why == "invalid boolean")
    #expect(text == "m v=" + String(repeating: "é", count: 126) + "…")
    let digits = String(repeating: "9", count: 5000)
    #expect(parse("m v=\(digits)i").rejections.first?.reason.description.utf8.count ?? 0 < 600)
  }

  @Test func aBodyAboveWhatABatchHoldsIsRefusedUnread() {
    var parser = LineProtocolParser(defaultTimestamp: 0)
    // The count alone decides; the memory behind the first byte is never read.
    let (batch, rejections) = [UInt8(ascii: "m")].withUnsafeBytes { bytes in
      parser.parse(
        UnsafeRawBufferPointer(start: bytes.baseAddress, count: PointBatch.textLimit + 1))
    }
    #expect(batch.isEmpty)
    #expect(
      rejections == [
        WriteOutcome.Rejection(
          line: 0,
          reason: .tooLong(
            what: "body", bytes: PointBatch.textLimit + 1, limit: PointBatch.textLimit))
      ])
  }

  @Test func keysAboveInfluxDBsLimitAreRefused() {
    func reasons(_ tag: Int, field: Int) -> [String] {
      let line =
        "m,a=\(String(repeating: "t", count: tag)) \(String(repeating: "f", count: field))=1 1"
      return parse(line).rejections.compactMap {
        if case .malformed(_, let reason) = $0.reason { reason } else { nil }
      }
    }
    #expect(reasons(65_535 - 4 - 4 - 1, field: 1) == [])
    #expect(reasons(65_535 - 4 - 4, field: 1) == ["max key length exceeded: 65536 > 65535"])
    #expect(reasons(65_536 - 4, field: 1) == ["max key length exceeded: 65536 > 65535"])
    #expect(reasons(1, field: 65_535 - 5 - 4) == [])
    #expect(reasons(1, field: 65_536 - 5 - 4) == ["max key length exceeded: 65536 > 65535"])
  }

  /// A body of nonsense must not take many times its size.
  @Test func ofManyBadLinesTheFirstAreListedAndTheOthersCounted() {
    var parser = LineProtocolParser(defaultTimestamp: 0)
    let body = Array(String(repeating: "x\n", count: 50_000).utf8) + Array("m f=1\nx".utf8)
    let (batch, rejections) = body.withUnsafeBytes { parser.parse($0) }
    #expect(batch.points.map(\.line) == [50_001])
    #expect(rejections.count < 10_000)
    #expect(rejections.map(\.line) == (1...UInt32(rejections.count)).map { $0 })
    #expect(rejections.count + parser.unlistedRejections == 50_001)
    _ = Array("m f=1".utf8).withUnsafeBytes { parser.parse($0) }
    #expect(parser.unlistedRejections == 0)
  }
}
