import LineProtocol
import Testing
import TimeSeries

/// What backslashes mean in each place of a line, as InfluxDB 1.6.7 stores the same lines.
struct NameEscapeTests {
  /// A spelling, and the name that it is in each place; nil where the line is refused. Keys and
  /// values of tags have the same escapes.
  struct Case: Sendable, CustomTestStringConvertible {
    var spelling: String
    var measurement: String?
    var tag: String?
    var field: String?

    init(_ spelling: String, measurement: String?, tag: String?, field: String?) {
      self.spelling = spelling
      self.measurement = measurement
      self.tag = tag
      self.field = field
    }

    /// The same name in every place.
    init(_ spelling: String, _ name: String) {
      self.init(spelling, measurement: name, tag: name, field: name)
    }

    var testDescription: String { spelling }
  }

  static let cases = [
    Case(#"a\,b"#, "a,b"),
    Case(#"a\ b"#, "a b"),
    Case(#"a\=b"#, "a=b"),
    Case(#"\=a"#, "=a"),
    Case(#"\,"#, ","),
    Case(#"\ "#, " "),
    Case(#"e\=m\,c\ 2"#, "e=m,c 2"),
    Case("a=b", measurement: "a=b", tag: nil, field: nil),
    Case(#"a"b"#, #"a"b"#),
    Case(#"a\"b"#, measurement: #"a"b"#, tag: #"a\"b"#, field: #"a"b"#),
    Case(#"\"a\""#, measurement: #""a""#, tag: #"\"a\""#, field: #""a""#),
    Case(#"a\b"#, #"a\b"#),
    Case(#"a\n"#, #"a\n"#),
    Case(#"a\'b"#, #"a\'b"#),
    Case(#"\a"#, #"\a"#),
    Case("\\#a", "\\#a"),
    Case("a\\\tb", "a\\\tb"),
    Case(#"a\\b"#, #"a\\b"#),
    Case(#"\\a"#, #"\\a"#),
    Case(#"a\\\\b"#, #"a\\\\b"#),
    Case(#"a\\\,b"#, #"a\\,b"#),
    Case(#"a\\\ b"#, #"a\\ b"#),
    Case(#"a\\\=b"#, #"a\\=b"#),
    Case(#"a\\,b"#, measurement: #"a\,b"#, tag: #"a\,b"#, field: nil),
    Case(#"a\\ b"#, measurement: #"a\ b"#, tag: #"a\ b"#, field: nil),
    Case(#"a\\=b"#, measurement: #"a\=b"#, tag: #"a\=b"#, field: nil),
    Case(#"a\\"b"#, measurement: #"a\"b"#, tag: #"a\\"b"#, field: #"a\"b"#),
    Case(#"a\\\"b"#, measurement: #"a\\"b"#, tag: #"a\\\"b"#, field: #"a\\"b"#),
  ]

  @Test(arguments: cases)
  func aMeasurementIsReadAndWrittenBack(_ expected: Case) throws {
    try expect(
      expected.spelling + ",t=x v=1 1",
      expected.measurement.map {
        ReadPoint(
          series: SeriesKey(measurement: $0, tags: [Tag(key: "t", value: "x")]),
          fields: ["v": .float(1)], timestamp: 1)
      })
  }

  @Test(arguments: cases)
  func aTagKeyIsReadAndWrittenBack(_ expected: Case) throws {
    try expect(
      "m,\(expected.spelling)=x v=1 1",
      expected.tag.map {
        ReadPoint(
          series: SeriesKey(measurement: "m", tags: [Tag(key: $0, value: "x")]),
          fields: ["v": .float(1)], timestamp: 1)
      })
  }

  @Test(arguments: cases)
  func aTagValueIsReadAndWrittenBack(_ expected: Case) throws {
    try expect(
      "m,t=\(expected.spelling) v=1 1",
      expected.tag.map {
        ReadPoint(
          series: SeriesKey(measurement: "m", tags: [Tag(key: "t", value: $0)]),
          fields: ["v": .float(1)], timestamp: 1)
      })
  }

  @Test(arguments: cases)
  func aFieldNameIsReadAndWrittenBack(_ expected: Case) throws {
    try expect(
      "m,t=x \(expected.spelling)=1 1",
      expected.field.map {
        ReadPoint(
          series: SeriesKey(measurement: "m", tags: [Tag(key: "t", value: "x")]),
          fields: [$0: .float(1)], timestamp: 1)
      })
  }

  /// Backslashes before the delimiter that ends a name: the last one takes the delimiter into the
  /// name.
  @Test(arguments: [#"m,t=a\\ v=1 1"#, #"m,t\\=x v=1 1"#, #"m,t=x v\\=1 1"#, #"m,t=x v\=1 1"#])
  func aBackslashBeforeTheDelimiterLeavesTheLineWithoutOne(_ line: String) throws {
    try expect(line, nil)
  }

  private func expect(_ line: String, _ point: ReadPoint?) throws {
    let (batch, rejections) = parse(line)
    #expect(batch.readPoints == (point.map { [$0] } ?? []))
    #expect(rejections.isEmpty == (point != nil))
    var writer = LineProtocolWriter()
    try writer.append(batch)
    #expect(parse(writer.bytes).batch.readPoints == batch.readPoints)
  }
}
