import TimeSeries

/// Writes points as line protocol that ``LineProtocolParser`` and InfluxDB read back as the same
/// points, timestamps in nanoseconds.
///
///     var writer = LineProtocolWriter()
///     try writer.append(
///       SeriesKey(measurement: "cpu", tags: [Tag(key: "host", value: "a")]),
///       fields: [("usage", .float(0.5))], timestamp: 1_700_000_000_000_000_000)
///     send(writer.bytes)
///
/// Not everything that can be stored can be written: see ``LineProtocolWriterError``.
public struct LineProtocolWriter: Sendable {
  /// The lines so far, each with its line feed.
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// Forgets the lines and keeps the memory.
  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Appends a point. If it cannot be written, nothing is appended.
  public mutating func append(
    measurement: String, tags: [Tag] = [], fields: [(name: String, value: FieldValue)],
    timestamp: Timestamp
  ) throws(LineProtocolWriterError) {
    try append(
      SeriesKey(measurement: measurement, tags: tags), fields: fields, timestamp: timestamp)
  }

  /// Appends a point. If it cannot be written, nothing is appended.
  public mutating func append(
    _ series: SeriesKey, fields: [(name: String, value: FieldValue)], timestamp: Timestamp
  ) throws(LineProtocolWriterError) {
    let start = bytes.count
    do throws(LineProtocolWriterError) {
      try appendLine(series, fields, timestamp)
    } catch {
      bytes.removeSubrange(start...)
      throw error
    }
  }

  /// Appends all points of a batch. If one cannot be written, nothing is appended.
  public mutating func append(_ batch: PointBatch) throws(LineProtocolWriterError) {
    let start = bytes.count
    do throws(LineProtocolWriterError) {
      for point in batch.points {
        let key = batch.seriesKeys[Int(point.series)]
        guard let series = SeriesKey(canonical: batch.bytes(key)) else {
          throw .unreadableSeriesKey(batch.string(key))
        }
        let first = Int(point.firstField)
        let fields = batch.fields[first..<first + Int(point.fieldCount)].map {
          (name: batch.string(batch.fieldNames[Int($0.name)]), value: batch.value(of: $0))
        }
        try appendLine(series, fields, point.timestamp)
      }
    } catch {
      bytes.removeSubrange(start...)
      throw error
    }
  }

  private mutating func appendLine(
    _ series: SeriesKey, _ fields: [(name: String, value: FieldValue)], _ timestamp: Timestamp
  ) throws(LineProtocolWriterError) {
    guard !fields.isEmpty else { throw .noFields(measurement: series.measurement) }
    guard TimestampBounds.contains(timestamp) else { throw .timestampOutOfRange(timestamp) }
    let keyLength = try appendKey(series)
    var names: Set<String> = []
    var separator = UInt8(ascii: " ")
    for (name, value) in fields {
      guard names.insert(name).inserted else { throw .duplicateField(name) }
      bytes.append(separator)
      separator = UInt8(ascii: ",")
      let start = bytes.count
      try appendFieldName(name, isFirst: names.count == 1)
      if keyLength + LineLimits.keySeparatorLength + bytes.count - start > LineLimits.keyLength {
        throw .tooLong(name)
      }
      bytes.append(UInt8(ascii: "="))
      try appendValue(value, of: name)
    }
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: String(timestamp).utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Appends measurement and tags; returns their length.
  private mutating func appendKey(_ series: SeriesKey) throws(LineProtocolWriterError) -> Int {
    switch series.measurement.utf8.first {
    case nil, UInt8(ascii: "#"), UInt8(ascii: "\t"), 0:
      throw .unrepresentable(name: series.measurement)
    default: break
    }
    let start = bytes.count
    appendMeasurement(series.measurement)
    try checkName(series.measurement, from: start)
    for tag in series.tags {
      guard !tag.key.isEmpty, tag.key != "time" else { throw .unrepresentable(name: tag.key) }
      for (mark, text) in [(UInt8(ascii: ","), tag.key), (UInt8(ascii: "="), tag.value)] {
        bytes.append(mark)
        let start = bytes.count
        SeriesKey.appendEscaped(text, inMeasurement: false, to: &bytes)
        try checkName(text, from: start)
      }
    }
    let length = bytes.count - start
    if length > LineLimits.keyLength { throw .tooLong(series.measurement) }
    // Where backslashes meet delimiters the canonical key may read back as another one.
    if series.description.contains(#"\\"#), SeriesKey(canonical: series.canonical) != series {
      throw .unrepresentable(name: series.description)
    }
    return length
  }

  /// An equals sign or a quote needs an escape only behind a backslash, which would escape it.
  private mutating func appendMeasurement(_ name: String) {
    var previous: UInt8 = 0
    for byte in name.utf8 {
      if SeriesKey.isEscapable(byte, inMeasurement: true)
        || (previous == UInt8(ascii: "\\") && NamePlace.measurement.isEscapable(byte))
      {
        bytes.append(UInt8(ascii: "\\"))
      }
      bytes.append(byte)
      previous = byte
    }
  }

  private mutating func appendFieldName(
    _ name: String, isFirst: Bool
  ) throws(LineProtocolWriterError) {
    guard let first = name.utf8.first, name != "time" else { throw .unrepresentable(name: name) }
    if isFirst, first == UInt8(ascii: "\t") || first == 0 { throw .unrepresentable(name: name) }
    let start = bytes.count
    var backslashes = 0
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "="):
        // With the one that escapes there must be an odd number: backslashes are read in pairs.
        if backslashes & 1 == 1 { throw .unrepresentable(name: name) }
        bytes.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "\"") where backslashes > 0: bytes.append(UInt8(ascii: "\\"))
      default: break
      }
      bytes.append(byte)
      backslashes = byte == UInt8(ascii: "\\") ? backslashes + 1 : 0
    }
    try checkName(name, from: start)
  }

  /// Refuses what no escape can express, looking at a name written from `start` on: a backslash at
  /// the end, which would escape the delimiter, and line feeds, but for those that an odd number of
  /// backslashes precedes.
  private func checkName(_ name: String, from start: Int) throws(LineProtocolWriterError) {
    if bytes.last == UInt8(ascii: "\\") { throw .unrepresentable(name: name) }
    var backslashes = 0
    for byte in bytes[start...] {
      if byte == UInt8(ascii: "\\") {
        backslashes += 1
        continue
      }
      if byte == UInt8(ascii: "\n"), backslashes & 1 == 0 { throw .unrepresentable(name: name) }
      backslashes = 0
    }
  }

  private mutating func appendValue(
    _ value: FieldValue, of name: String
  ) throws(LineProtocolWriterError) {
    switch value {
    case .float(let value):
      guard value.isFinite else { throw .notFinite(field: name, value) }
      bytes.append(contentsOf: value.description.utf8)
    case .integer(let value):
      bytes.append(contentsOf: String(value).utf8)
      bytes.append(UInt8(ascii: "i"))
    case .unsigned(let value):
      bytes.append(contentsOf: String(value).utf8)
      bytes.append(UInt8(ascii: "u"))
    case .boolean(let value):
      bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .string(let value):
      bytes.append(UInt8(ascii: "\""))
      for byte in value.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
          bytes.append(UInt8(ascii: "\\"))
        }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
  }
}

/// A point that line protocol has no way to write.
public enum LineProtocolWriterError: Error, Sendable, Equatable {
  case noFields(measurement: String)
  case timestampOutOfRange(Timestamp)
  /// One name twice in a point.
  case duplicateField(String)
  /// NaN or an infinity, for which the protocol has no spelling.
  case notFinite(field: String, Double)
  /// A name that no escape can express:
  /// - an empty one, or one that ends in a backslash;
  /// - one with a line feed that an even number of backslashes (or none) precedes;
  /// - a measurement that begins with `#`, a tab or NUL;
  /// - a tag or field named `time`;
  /// - the first field, if it begins with a tab or NUL;
  /// - a field with an odd number of backslashes directly before a comma, space or equals sign;
  /// - a series key with a backslash before one of these, if it could not be read back.
  case unrepresentable(name: String)
  /// Measurement and tags, with or without a field's name, above 65,535 bytes.
  case tooLong(String)
  case unreadableSeriesKey(String)
}

extension LineProtocolWriterError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noFields(let measurement): "point of measurement \"\(measurement)\" has no fields"
    case .timestampOutOfRange(let timestamp): "time outside range: \(timestamp)"
    case .duplicateField(let name): "field \"\(name)\" occurs twice in a point"
    case .notFinite(let field, let value):
      "field \"\(field)\" is \(value), which line protocol cannot express"
    case .unrepresentable(let name): "line protocol cannot express the name \"\(name)\""
    case .tooLong(let name):
      "max key length exceeded at \"\(name.prefix(64))\": > \(LineLimits.keyLength)"
    case .unreadableSeriesKey(let key): "not a canonical series key: \"\(key)\""
    }
  }
}
