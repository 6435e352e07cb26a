import Encoding
import TimeSeries

/// What the directory says of a column chunk beside where it is: its type, how many values it holds
/// and their statistics.
///
/// ```
/// column := head              1 byte: bits 0-2 the field type; bit 3 set = a value in every row;
///                             bit 4 = statistics follow; bit 5 = first value in the block's first
///                             row; bit 6 = last value in its last row; bit 7 = first, last,
///                             minimum and maximum are one and the same
///           count             varint, where bit 3 is clear
///           first             value, where bit 4 is set, as all that follows
///           last minimum maximum      values, where bit 7 is clear
///           sum               value, for numbers
///           fromFirst         varint: nanoseconds after the block's first row, bit 5 clear
///           toLast            varint: nanoseconds before the block's last row, bit 6 clear
/// value  := compact float | zigzag varint | varint | 1 byte | length (varint) UTF-8
/// ```
/// Statistics are left out for strings of more than 64 bytes.
struct SegmentColumnEntry {
  var type: FieldType
  /// Values, nulls not counted.
  var count: Int
  var statistics: ColumnStatistics?

  /// Bytes a string may have to be kept as a statistic.
  static let longestString = 64

  private static let isFull: UInt8 = 1 << 3
  private static let hasStatistics: UInt8 = 1 << 4
  private static let beginsAtFirst: UInt8 = 1 << 5
  private static let endsAtLast: UInt8 = 1 << 6
  private static let isOneValue: UInt8 = 1 << 7

  init(_ statistics: ColumnStatistics) {
    type = statistics.first.type
    count = statistics.count
    let texts = [statistics.first, statistics.last, statistics.minimum, statistics.maximum]
    let isShort = texts.allSatisfy {
      guard case .string(let text) = $0 else { return true }
      return text.utf8.count <= Self.longestString
    }
    self.statistics = isShort ? statistics : nil
  }

  func append(to bytes: inout [UInt8], rowCount: Int, timeRange: ClosedRange<Timestamp>) {
    var head = type.rawValue
    if count == rowCount { head |= Self.isFull }
    guard let statistics else {
      bytes.append(head)
      if count != rowCount { bytes.appendVarint(count) }
      return
    }
    head |= Self.hasStatistics
    let fromFirst = statistics.firstTimestamp &- timeRange.lowerBound
    let toLast = timeRange.upperBound &- statistics.lastTimestamp
    if fromFirst == 0 { head |= Self.beginsAtFirst }
    if toLast == 0 { head |= Self.endsAtLast }
    let others = [statistics.last, statistics.minimum, statistics.maximum]
    let isOneValue = others.allSatisfy { $0.isIdentical(to: statistics.first) }
    if isOneValue { head |= Self.isOneValue }
    bytes.append(head)
    if count != rowCount { bytes.appendVarint(count) }
    bytes.append(statistic: statistics.first)
    if !isOneValue { for value in others { bytes.append(statistic: value) } }
    if let sum = statistics.sum { bytes.append(statistic: sum) }
    if fromFirst != 0 { bytes.appendVarint(UInt64(bitPattern: fromFirst)) }
    if toLast != 0 { bytes.appendVarint(UInt64(bitPattern: toLast)) }
  }

  /// Reads the type, which comes first.
  static func readType(from reader: inout ByteReader) throws -> FieldType {
    let head = try reader.readByte()
    guard let type = FieldType(rawValue: head & 7) else {
      throw reader.malformed("unknown field type")
    }
    return type
  }

  /// Reads an entry of a block with `rowCount` rows over `timeRange`.
  init(from reader: inout ByteReader, rowCount: Int, timeRange: ClosedRange<Timestamp>) throws {
    let head = try reader.readByte()
    guard let type = FieldType(rawValue: head & 7) else {
      throw reader.malformed("unknown field type")
    }
    self.type = type
    count = head & Self.isFull != 0 ? rowCount : try reader.readCount(atMost: rowCount)
    guard count > 0 else { throw reader.malformed("a column without values") }
    guard head & Self.hasStatistics != 0 else { return }
    let first = try reader.readStatistic(type)
    var (last, minimum, maximum) = (first, first, first)
    if head & Self.isOneValue == 0 {
      last = try reader.readStatistic(type)
      minimum = try reader.readStatistic(type)
      maximum = try reader.readStatistic(type)
    }
    let hasSum = type != .boolean && type != .string
    let sum = hasSum ? try reader.readStatistic(type) : nil
    let duration = UInt64(bitPattern: timeRange.upperBound &- timeRange.lowerBound)
    let fromFirst = head & Self.beginsAtFirst != 0 ? 0 : try reader.readVarint()
    let toLast = head & Self.endsAtLast != 0 ? 0 : try reader.readVarint()
    guard fromFirst <= duration, toLast <= duration else {
      throw reader.malformed("a statistic's time outside its block")
    }
    statistics = ColumnStatistics(
      count: count, minimum: minimum, maximum: maximum, sum: sum, first: first,
      firstTimestamp: timeRange.lowerBound &+ Int64(bitPattern: fromFirst), last: last,
      lastTimestamp: timeRange.upperBound &- Int64(bitPattern: toLast))
  }
}

extension FieldValue {
  /// Whether both are the same down to the bits, as `==` is not for NaN, -0 and Unicode.
  func isIdentical(to other: FieldValue) -> Bool {
    switch (self, other) {
    case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    default: self == other
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(statistic value: FieldValue) {
    switch value {
    case .float(let value): appendCompactFloat(value)
    case .integer(let value): appendSignedVarint(value)
    case .unsigned(let value): appendVarint(value)
    case .boolean(let value): append(value ? 1 : 0)
    case .string(let value):
      appendVarint(value.utf8.count)
      append(contentsOf: value.utf8)
    }
  }
}

extension ByteReader {
  fileprivate mutating func readStatistic(_ type: FieldType) throws -> FieldValue {
    switch type {
    case .float: return .float(try readCompactFloat())
    case .integer: return .integer(try readSignedVarint())
    case .unsigned: return .unsigned(try readVarint())
    case .boolean: return .boolean(try readByte() != 0)
    case .string:
      let bytes = try readBytes(readCount(atMost: SegmentColumnEntry.longestString))
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw malformed("text that is not UTF-8")
      }
      return .string(text)
    }
  }
}
