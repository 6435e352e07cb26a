import TimeSeries

/// A column as it lies in a file.
///
/// ```
/// chunk  := head              1 byte: the field type; bit 7 set = some rows have no value
///           validity          boolean stream, where bit 7 is set: true = the row has a value
///           values            stream of the type, the values that are there without gaps
/// ```
public enum ColumnChunk {
  /// Rows a chunk may have. What is decoded from a few bytes can be as large as this, no larger.
  public static let maximumRowCount = 65_536

  private static let hasNulls: UInt8 = 0x80

  /// - Precondition: at most ``maximumRowCount`` rows.
  public static func encode(_ column: Column, to output: inout [UInt8]) {
    precondition(column.count <= maximumRowCount)
    let head = column.type.rawValue
    guard let validity = column.validity, validity.presentCount < column.count else {
      output.append(head)
      return encode(column.values, to: &output)
    }
    output.append(head | hasNulls)
    BooleanStream.encode(words: validity.words, count: column.count, to: &output)
    encode(present(column.values, validity), to: &output)
  }

  private static func encode(_ values: ColumnValues, to output: inout [UInt8]) {
    switch values {
    case .float(let values): FloatStream.encode(values, to: &output)
    case .integer(let values): IntegerStream.encode(values, to: &output)
    case .unsigned(let values):
      values.withUnsafeBufferPointer { patterns in
        patterns.withMemoryRebound(to: Int64.self) { IntegerStream.encode($0, to: &output) }
      }
    case .boolean(let values): BooleanStream.encode(values, to: &output)
    case .string(let values): StringStream.encode(values, to: &output)
    }
  }

  private static func present(_ values: ColumnValues, _ validity: Validity) -> ColumnValues {
    func pick<Value>(_ values: [Value]) -> [Value] {
      var picked: [Value] = []
      picked.reserveCapacity(validity.presentCount)
      for row in values.indices where validity[row] { picked.append(values[row]) }
      return picked
    }
    return switch values {
    case .float(let values): .float(pick(values))
    case .integer(let values): .integer(pick(values))
    case .unsigned(let values): .unsigned(pick(values))
    case .boolean(let values): .boolean(pick(values))
    case .string(let values): .string(pick(values))
    }
  }

  /// Reads a column of `rowCount` rows from all of `bytes`; throws ``EncodingError`` where they are
  /// not one, or `rowCount` is more than ``maximumRowCount``.
  public static func decode(_ bytes: UnsafeRawBufferPointer, rowCount: Int) throws -> Column {
    var reader = ByteReader(bytes)
    guard (0...maximumRowCount).contains(rowCount) else {
      throw reader.malformed("\(rowCount) rows")
    }
    let head = try reader.readByte()
    guard let type = FieldType(rawValue: head & ~hasNulls) else {
      throw reader.malformed("unknown field type")
    }
    var validity: Validity?
    var count = rowCount
    if head & hasNulls != 0 {
      let words = try BooleanStream.decodeWords(from: &reader, count: rowCount)
      let present = Validity(words: words, count: rowCount)
      count = present.presentCount
      validity = present
    }
    let values = try decodeValues(type, count: count, from: &reader)
    guard reader.remaining == 0 else { throw reader.malformed("bytes past the end of a column") }
    guard let validity else { return Column(values) }
    return Column(spread(values, validity), validity: validity)
  }

  private static func decodeValues(
    _ type: FieldType, count: Int, from reader: inout ByteReader
  ) throws -> ColumnValues {
    switch type {
    case .float: return .float(try FloatStream.decode(from: &reader, count: count))
    case .integer: return .integer(try IntegerStream.decode(from: &reader, count: count))
    case .unsigned:
      return .unsigned(
        try [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
          try UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            .withMemoryRebound(to: Int64.self) {
              try IntegerStream.decode(from: &reader, into: $0)
            }
          filled = count
        })
    case .boolean: return .boolean(try BooleanStream.decode(from: &reader, count: count))
    case .string: return .string(try StringStream.decode(from: &reader, count: count))
    }
  }

  private static func spread(_ values: ColumnValues, _ validity: Validity) -> ColumnValues {
    func place<Value>(_ values: [Value], empty: Value) -> [Value] {
      var placed = [Value](repeating: empty, count: validity.count)
      var next = 0
      for (index, word) in validity.words.enumerated() {
        var rest = word
        while rest != 0 {
          placed[index << 6 + rest.trailingZeroBitCount] = values[next]
          next += 1
          rest &= rest - 1
        }
      }
      return placed
    }
    return switch values {
    case .float(let values): .float(place(values, empty: 0))
    case .integer(let values): .integer(place(values, empty: 0))
    case .unsigned(let values): .unsigned(place(values, empty: 0))
    case .boolean(let values): .boolean(place(values, empty: false))
    case .string(let values): .string(place(values, empty: ""))
    }
  }
}

/// Ascending times as they lie in a file: an integer stream of nanoseconds since `base`.
public enum TimestampChunk {
  public static func encode(
    _ timestamps: [Timestamp], base: Timestamp, to output: inout [UInt8]
  ) {
    IntegerStream.encode(timestamps.map { $0 &- base }, to: &output)
  }

  /// Reads `rowCount` times from all of `bytes`; throws ``EncodingError`` where they are not that,
  /// do not ascend strictly, or `rowCount` is more than ``ColumnChunk/maximumRowCount``.
  public static func decode(_ bytes: UnsafeRawBufferPointer, rowCount: Int, base: Timestamp) throws
    -> [Timestamp]
  {
    var reader = ByteReader(bytes)
    guard (0...ColumnChunk.maximumRowCount).contains(rowCount) else {
      throw reader.malformed("\(rowCount) rows")
    }
    let timestamps = try [Timestamp](unsafeUninitializedCapacity: rowCount) { buffer, filled in
      let target = UnsafeMutableBufferPointer(rebasing: buffer[..<rowCount])
      try IntegerStream.decode(from: &reader, into: target)
      for row in 0..<rowCount { target[row] &+= base }
      filled = rowCount
    }
    guard reader.remaining == 0 else { throw reader.malformed("bytes past the end of a column") }
    for row in 1..<max(1, rowCount) where timestamps[row - 1] >= timestamps[row] {
      throw reader.malformed("times do not ascend at row \(row)")
    }
    return timestamps
  }
}
