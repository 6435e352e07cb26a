import LineProtocol
import TestSupport
import Testing
import TimeSeries

/// What the writer writes the parser reads back; what cannot be written is refused.
struct RoundTripTests {
  @Test func randomPointsComeBack() throws {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    var written = 0
    var refused = 0
    for _ in 0..<300 {
      var writer = LineProtocolWriter()
      var points: [ReadPoint] = []
      for _ in 0..<30 {
        let tags = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          Tag(key: generator.text(limit: 4), value: generator.text(limit: 4))
        }
        let point = ReadPoint(
          series: SeriesKey(measurement: generator.text(limit: 4), tags: tags),
          fields: Dictionary(
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in
              (generator.text(limit: 4), generator.fieldValue())
            }, uniquingKeysWith: { $1 }),
          timestamp: generator.timestamp())
        do {
          try writer.append(
            point.series, fields: point.fields.map { ($0.key, $0.value) },
            timestamp: point.timestamp)
          points.append(point)
          written += 1
        } catch {
          refused += 1
        }
      }
      let (batch, rejections) = parse(writer.bytes)
      #expect(rejections.isEmpty, "seed \(seed)")
      let difference = zip(batch.readPoints, points).first { $0 != $1 }
      #expect(difference == nil, "seed \(seed)")
      #expect(batch.points.count == points.count, "seed \(seed)")
      var again = LineProtocolWriter()
      try again.append(batch)
      let isSame = again.bytes == writer.bytes
      #expect(isSame, "seed \(seed)")
    }
    #expect(written > 1000, "seed \(seed)")
    #expect(refused > 1000, "seed \(seed)")
  }

  @Test func aPointIsWrittenPlainly() throws {
    var writer = LineProtocolWriter()
    try writer.append(
      measurement: "m x", tags: [Tag(key: "b", value: "a=b,c"), Tag(key: "a", value: "")],
      fields: [
        ("f", .float(0.1)), ("g", .float(1e300)), ("i", .integer(.min)), ("u", .unsigned(.max)),
        ("t", .boolean(true)), ("s,\"", .string(#"a"\b"#)),
      ], timestamp: -5)
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"m\ x,b=a\=b\,c f=0.1,g=1e+300,i=-9223372036854775808i,u=18446744073709551615u,t=true,s\,"="a\"\\b" -5"#
        + "\n")
  }

  @Test func fieldNamesWithBackslashesInPairsBeforeDelimitersComeBack() throws {
    var writer = LineProtocolWriter()
    let names = [##"a\\ b"##, ##"\\,"##, ##"\\="##, ##"\""##, ##"\\""##, ##"\a"##, ##"\\\\ \\=x"##]
    try writer.append(
      measurement: "m", fields: names.map { ($0, .integer(1)) }, timestamp: 0)
    let (batch, rejections) = parse(writer.bytes)
    #expect(rejections.isEmpty)
    #expect(batch.fieldNames.map { batch.string($0) } == names)
  }

  @Test(arguments: ["", "#m", "\tm", "\0m", "m\\", "m\n", "m\\\\\nx"])
  func aMeasurementThatCannotBeWrittenIsRefused(_ name: String) {
    var writer = LineProtocolWriter()
    #expect(throws: LineProtocolWriterError.unrepresentable(name: name)) {
      try writer.append(measurement: name, fields: [("v", .float(1))], timestamp: 0)
    }
    #expect(writer.bytes.isEmpty)
  }

  @Test(arguments: ["", "a\\", "a\n", "time"])
  func aTagKeyThatCannotBeWrittenIsRefused(_ name: String) {
    var writer = LineProtocolWriter()
    #expect(throws: LineProtocolWriterError.unrepresentable(name: name)) {
      try writer.append(
        measurement: "m", tags: [Tag(key: name, value: "x")], fields: [("v", .float(1))],
        timestamp: 0)
    }
    #expect(writer.bytes.isEmpty)
  }

  @Test(arguments: ["a\\", "a\nb"])
  func aTagValueThatCannotBeWrittenIsRefused(_ value: String) {
    var writer = LineProtocolWriter()
    #expect(throws: LineProtocolWriterError.unrepresentable(name: value)) {
      try writer.append(
        measurement: "m", tags: [Tag(key: "a", value: value)], fields: [("v", .float(1))],
        timestamp: 0)
    }
    #expect(writer.bytes.isEmpty)
  }

  @Test(arguments: ["", "a\\", "a\n", "time", "a\\,b", "a\\ b", "a\\=b", "\ta", "\0"])
  func aFieldNameThatCannotBeWrittenIsRefused(_ name: String) {
    var writer = LineProtocolWriter()
    #expect(throws: LineProtocolWriterError.unrepresentable(name: name)) {
      try writer.append(
        measurement: "m", fields: [(name, .float(1)), ("v", .float(1))], timestamp: 0)
    }
    #expect(writer.bytes.isEmpty)
  }

  @Test func whatIsNoPointIsRefusedAndWhatWasWrittenStays() throws {
    var writer = LineProtocolWriter()
    try writer.append(measurement: "m", fields: [("v", .float(1))], timestamp: 0)
    let before = writer.bytes
    #expect(throws: LineProtocolWriterError.noFields(measurement: "m")) {
      try writer.append(measurement: "m", fields: [], timestamp: 0)
    }
    #expect(throws: LineProtocolWriterError.notFinite(field: "v", .infinity)) {
      try writer.append(measurement: "m", fields: [("v", .float(.infinity))], timestamp: 0)
    }
    #expect(throws: LineProtocolWriterError.duplicateField("v")) {
      try writer.append(
        measurement: "m", fields: [("v", .float(1)), ("v", .float(2))], timestamp: 0)
    }
    #expect(throws: LineProtocolWriterError.timestampOutOfRange(.max)) {
      try writer.append(measurement: "m", fields: [("v", .float(1))], timestamp: .max)
    }
    let long = String(repeating: "x", count: 65_530)
    #expect(throws: LineProtocolWriterError.tooLong(long)) {
      try writer.append(measurement: "mm", fields: [(long, .float(1))], timestamp: 0)
    }
    #expect(writer.bytes == before)
  }
}
