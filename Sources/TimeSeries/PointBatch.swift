/// Points on their way into the store: what the line protocol parser, the embedded API and
/// continuous queries produce, what a WAL record holds, and what the memtable takes in.
///
/// The batch is flat. All text lies in one arena (``text``); series keys and field names are
/// interned, so a point refers to them by index and costs no allocation. Series keys are canonical
/// (``SeriesKey``).
///
///     var batch = PointBatch()
///     let series = batch.internSeries(SeriesKey(measurement: "cpu", tags: [...]).canonical)
///     batch.beginPoint(series: series, timestamp: t, line: 1)
///     batch.append(field: batch.internField("usage"), float: 0.5)
public struct PointBatch: Sendable {
  /// A run of bytes in ``PointBatch/text``.
  public struct TextRange: Sendable, Hashable {
    public var offset: UInt32
    public var length: UInt32

    @inlinable
    public init(offset: UInt32, length: UInt32) {
      self.offset = offset
      self.length = length
    }
  }

  /// One row: a series, a time, and a run of ``PointBatch/fields``.
  public struct Point: Sendable, Hashable {
    /// Index into ``PointBatch/seriesKeys``.
    public var series: UInt32
    /// Where the point came from (a line number, from 1; 0 if it has none), for error messages.
    public var line: UInt32
    public var timestamp: Timestamp
    /// The point's fields are `fields[firstField ..< firstField + fieldCount]`; at least one.
    public var firstField: UInt32
    public var fieldCount: UInt32
  }

  /// One value. `bits` holds the IEEE 754 pattern, the two's complement, the unsigned value, 0 or
  /// 1, or for a string `offset << 32 | length` into ``PointBatch/text``.
  public struct Field: Sendable, Hashable {
    /// Index into ``PointBatch/fieldNames``.
    public var name: UInt32
    public var type: FieldType
    public var bits: UInt64

    @inlinable
    public init(name: UInt32, type: FieldType, bits: UInt64) {
      self.name = name
      self.type = type
      self.bits = bits
    }

    /// Where a string value lies; meaningless for the other types.
    @inlinable
    public var stringRange: TextRange {
      TextRange(
        offset: UInt32(truncatingIfNeeded: bits >> 32), length: UInt32(truncatingIfNeeded: bits))
    }
  }

  /// No batch holds more text than this, so that offsets fit 32 bits with room to spare.
  public static let textLimit = 1 << 30

  public internal(set) var text: [UInt8] = []
  /// Distinct canonical series keys.
  public internal(set) var seriesKeys: [TextRange] = []
  /// Distinct field names, unescaped.
  public internal(set) var fieldNames: [TextRange] = []
  public internal(set) var points: [Point] = []
  public internal(set) var fields: [Field] = []

  private var seriesTable = TextTable()
  private var fieldTable = TextTable()

  public init() {}

  @inlinable public var isEmpty: Bool { points.isEmpty }

  /// The bytes of `range`.
  @inlinable
  public func bytes(_ range: TextRange) -> ArraySlice<UInt8> {
    text[Int(range.offset)..<Int(range.offset) + Int(range.length)]
  }

  public func string(_ range: TextRange) -> String {
    String(decoding: bytes(range), as: UTF8.self)
  }

  /// The value of a field.
  public func value(of field: Field) -> FieldValue {
    switch field.type {
    case .float: .float(Double(bitPattern: field.bits))
    case .integer: .integer(Int64(bitPattern: field.bits))
    case .unsigned: .unsigned(field.bits)
    case .boolean: .boolean(field.bits != 0)
    case .string: .string(string(field.stringRange))
    }
  }

  /// Copies `bytes` into the arena. The caller keeps the total under ``textLimit``.
  public mutating func appendText(_ bytes: some Collection<UInt8>) -> TextRange {
    let range = TextRange(offset: UInt32(text.count), length: UInt32(bytes.count))
    text.append(contentsOf: bytes)
    return range
  }

  /// Copies `bytes` into the arena. The caller keeps the total under ``textLimit``.
  public mutating func appendText(_ bytes: UnsafeRawBufferPointer) -> TextRange {
    let range = TextRange(offset: UInt32(text.count), length: UInt32(bytes.count))
    text.append(contentsOf: bytes)
    return range
  }

  /// Makes room for this many more points, fields and bytes of text.
  public mutating func reserve(points: Int, fields: Int, text: Int) {
    self.points.reserveCapacity(self.points.count + points)
    self.fields.reserveCapacity(self.fields.count + fields)
    self.text.reserveCapacity(self.text.count + text)
  }

  /// The index of a canonical series key, new or known.
  public mutating func internSeries(_ canonicalKey: some Collection<UInt8>) -> UInt32 {
    if let index = canonicalKey.withContiguousStorageIfAvailable({
      internSeries(UnsafeRawBufferPointer($0))
    }) {
      return index
    }
    return Array(canonicalKey).withUnsafeBytes { internSeries($0) }
  }

  /// The index of an unescaped field name, new or known.
  public mutating func internField(_ name: some Collection<UInt8>) -> UInt32 {
    if let index = name.withContiguousStorageIfAvailable({
      internField(UnsafeRawBufferPointer($0))
    }) {
      return index
    }
    return Array(name).withUnsafeBytes { internField($0) }
  }

  public mutating func internField(_ name: String) -> UInt32 {
    var name = name
    return name.withUTF8 { internField(UnsafeRawBufferPointer($0)) }
  }

  /// The index of a canonical series key, new or known.
  public mutating func internSeries(_ canonicalKey: UnsafeRawBufferPointer) -> UInt32 {
    Self.intern(canonicalKey, text: &text, entries: &seriesKeys, table: &seriesTable)
  }

  /// The index of an unescaped field name, new or known.
  public mutating func internField(_ name: UnsafeRawBufferPointer) -> UInt32 {
    Self.intern(name, text: &text, entries: &fieldNames, table: &fieldTable)
  }

  /// Adds a whole point at once, which costs less than field by field.
  public mutating func appendPoint(
    series: UInt32, timestamp: Timestamp, line: UInt32 = 0, fields new: UnsafeBufferPointer<Field>
  ) {
    points.append(
      Point(
        series: series, line: line, timestamp: timestamp, firstField: UInt32(fields.count),
        fieldCount: UInt32(new.count)))
    fields.append(contentsOf: new)
  }

  /// Starts a point; the fields appended next belong to it.
  public mutating func beginPoint(series: UInt32, timestamp: Timestamp, line: UInt32 = 0) {
    points.append(
      Point(
        series: series, line: line, timestamp: timestamp, firstField: UInt32(fields.count),
        fieldCount: 0))
  }

  /// Adds a value to the point begun last.
  public mutating func append(_ field: Field) {
    fields.append(field)
    points[points.count - 1].fieldCount += 1
  }

  public mutating func append(field: UInt32, float value: Double) {
    append(Field(name: field, type: .float, bits: value.bitPattern))
  }

  /// Adds a value of any type to the point begun last.
  public mutating func append(field: UInt32, _ value: FieldValue) {
    let bits: UInt64
    switch value {
    case .float(let value): bits = value.bitPattern
    case .integer(let value): bits = UInt64(bitPattern: value)
    case .unsigned(let value): bits = value
    case .boolean(let value): bits = value ? 1 : 0
    case .string(let value):
      let range = appendText(Array(value.utf8))
      bits = UInt64(range.offset) << 32 | UInt64(range.length)
    }
    append(Field(name: field, type: value.type, bits: bits))
  }

  /// Takes back the point begun last with its fields, as a parser does on a bad line.
  public mutating func discardLastPoint() {
    guard let point = points.popLast() else { return }
    fields.removeSubrange(Int(point.firstField)...)
  }

  private static func intern(
    _ bytes: UnsafeRawBufferPointer, text: inout [UInt8], entries: inout [TextRange],
    table: inout TextTable
  ) -> UInt32 {
    let hash = TextTable.hash(bytes)
    let known = text.withUnsafeBytes { text in
      table.find(hash) { index in
        let range = entries[Int(index)]
        let start = Int(range.offset)
        return Int(range.length) == bytes.count
          && text[start..<start + bytes.count].elementsEqual(bytes)
      }
    }
    if let known { return known }
    let index = UInt32(entries.count)
    entries.append(TextRange(offset: UInt32(text.count), length: UInt32(bytes.count)))
    text.append(contentsOf: bytes)
    table.insert(hash, index)
    return index
  }
}
