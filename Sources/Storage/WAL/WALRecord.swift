import Encoding
import TimeSeries

/// The payload of a WAL record: a batch, its parts kept apart so that LZ4 finds what repeats.
///
///     payload := policy varint,
///                n, n × series key (length, bytes),
///                n, n × field (type u8, name (length, bytes)),
///                n, n × shape (n, n × field number),
///                n points: n × series number, n × shape number,
///                          n × time (zigzag varint of the difference to the one before),
///                values of all points, one after another
///     value := 8 bytes | boolean u8 | string (length, bytes)
///
/// Counts, lengths and numbers are varints.
enum WALRecord {
  /// A payload as the file stores it.
  struct Encoded: Sendable {
    /// LZ4 if shorter than `size`, else the payload itself.
    var stored: [UInt8]
    var size: Int
    var checksum: UInt32
  }

  static func encode(
    _ batch: PointBatch, _ plan: WritePlan, policy: UInt32, accepted: [Bool]?
  ) throws -> Encoded {
    let payload = Self.payload(batch, plan, policy: policy, accepted: accepted)
    guard payload.count <= WALFormat.payloadLimit else {
      throw StorageError.batchTooLarge(bytes: payload.count, limit: WALFormat.payloadLimit)
    }
    let stored = LZ4Block.compress(payload) ?? payload
    return Encoded(stored: stored, size: payload.count, checksum: CRC32C.checksum(stored))
  }

  /// - Parameter accepted: for each point whether it is in; nil where all are.
  static func payload(
    _ batch: PointBatch, _ plan: WritePlan, policy: UInt32, accepted: [Bool]?
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(batch.fields.count * 8 + batch.points.count * 8 + batch.text.count + 64)
    bytes.appendVarint(UInt64(policy))
    bytes.appendVarint(batch.seriesKeys.count)
    for key in batch.seriesKeys { bytes.appendText(batch.bytes(key)) }
    // Name and type of a field are one thing here; the batch keeps the type with each value.
    var numbers: [UInt64: Int] = [:]
    var fields: [UInt64] = []
    for shape in plan.shapes {
      for field in shape.fields where numbers[field] == nil {
        numbers[field] = fields.count
        fields.append(field)
      }
    }
    bytes.appendVarint(fields.count)
    for field in fields {
      bytes.append(UInt8(truncatingIfNeeded: field))
      bytes.appendText(batch.bytes(batch.fieldNames[Int(field >> 8)]))
    }
    bytes.appendVarint(plan.shapes.count)
    for shape in plan.shapes {
      bytes.appendVarint(shape.fields.count)
      for field in shape.fields { bytes.appendVarint(numbers[field] ?? 0) }
    }
    let taken = batch.points.indices.filter { accepted?[$0] ?? true }
    bytes.appendVarint(taken.count)
    for index in taken { bytes.appendVarint(UInt64(batch.points[index].series)) }
    for index in taken { bytes.appendVarint(UInt64(plan.pointShapes[index])) }
    var previous: Timestamp = 0
    for index in taken {
      let time = batch.points[index].timestamp
      bytes.appendSignedVarint(time &- previous)
      previous = time
    }
    for index in taken {
      let point = batch.points[index]
      appendValues(
        batch.fields[Int(point.firstField)..<Int(point.firstField) + Int(point.fieldCount)],
        of: batch, to: &bytes)
    }
    return bytes
  }

  private static func appendValues(
    _ fields: ArraySlice<PointBatch.Field>, of batch: PointBatch, to bytes: inout [UInt8]
  ) {
    // Most points are numbers only: their words go over in one piece.
    if !fields.contains(where: { $0.type == .boolean || $0.type == .string }) {
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: fields.count) { words in
        for (index, field) in fields.enumerated() {
          words.initializeElement(at: index, to: field.bits.littleEndian)
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(words))
      }
      return
    }
    for field in fields {
      switch field.type {
      case .float, .integer, .unsigned: bytes.appendFixed(field.bits)
      case .boolean: bytes.append(field.bits == 0 ? 0 : 1)
      case .string: bytes.appendText(batch.bytes(field.stringRange))
      }
    }
  }

  /// Reads a payload. Every count is checked against the bytes that are left before anything is
  /// allocated, so memory stays within a small multiple of the payload's.
  static func decode(_ payload: [UInt8]) throws -> (batch: PointBatch, policy: UInt32) {
    try payload.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var batch = PointBatch()
      let policy = try reader.readUInt32Varint()
      let series = try readSeries(&reader, into: &batch)
      let fields = try readFields(&reader, into: &batch)
      let shapes = try readShapes(&reader, fields: fields.count)
      try readPoints(&reader, series: series, fields: fields, shapes: shapes, into: &batch)
      guard reader.remaining == 0 else { throw reader.malformed("bytes behind the values") }
      return (batch, policy)
    }
  }

  private static func readSeries(
    _ reader: inout ByteReader, into batch: inout PointBatch
  ) throws -> [UInt32] {
    let count = try reader.readCount(atMost: reader.remaining)
    var series: [UInt32] = []
    series.reserveCapacity(count)
    for _ in 0..<count {
      series.append(
        batch.internSeries(try reader.readTextBytes(atMost: SeriesIndex.keyLimit)))
    }
    return series
  }

  private static func readFields(
    _ reader: inout ByteReader, into batch: inout PointBatch
  ) throws -> [(name: UInt32, type: FieldType)] {
    let count = try reader.readCount(atMost: reader.remaining)
    var fields: [(name: UInt32, type: FieldType)] = []
    fields.reserveCapacity(count)
    for _ in 0..<count {
      guard let type = FieldType(rawValue: try reader.readByte()) else {
        throw reader.malformed("unknown field type")
      }
      fields.append(
        (batch.internField(try reader.readTextBytes(atMost: SeriesIndex.keyLimit)), type))
    }
    return fields
  }

  private static func readShapes(_ reader: inout ByteReader, fields: Int) throws -> [[Int]] {
    let count = try reader.readCount(atMost: reader.remaining)
    var shapes: [[Int]] = []
    shapes.reserveCapacity(count)
    for _ in 0..<count {
      let size = try reader.readCount(atMost: reader.remaining)
      shapes.append(try (0..<size).map { _ in try readNumber(&reader, below: fields) })
    }
    return shapes
  }

  private static func readNumber(_ reader: inout ByteReader, below limit: Int) throws -> Int {
    let number = try reader.readCount(atMost: limit)
    guard number < limit else { throw reader.malformed("number \(number) of \(limit)") }
    return number
  }

  private static func readPoints(
    _ reader: inout ByteReader, series: [UInt32], fields: [(name: UInt32, type: FieldType)],
    shapes: [[Int]], into batch: inout PointBatch
  ) throws {
    let count = try reader.readCount(atMost: reader.remaining)
    var numbers: [(series: UInt32, shape: Int)] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count { numbers.append((series[try readNumber(&reader, below: series.count)], 0)) }
    for index in 0..<count {
      numbers[index].shape = try readNumber(&reader, below: shapes.count)
    }
    var times: [Timestamp] = []
    times.reserveCapacity(count)
    var time: Timestamp = 0
    for _ in 0..<count {
      time = time &+ (try reader.readSignedVarint())
      times.append(time)
    }
    var values: [PointBatch.Field] = []
    for index in 0..<count {
      values.removeAll(keepingCapacity: true)
      for number in shapes[numbers[index].shape] {
        let field = fields[number]
        let bits: UInt64
        switch field.type {
        case .float, .integer, .unsigned: bits = try reader.readFixed(UInt64.self)
        case .boolean: bits = try reader.readByte() == 0 ? 0 : 1
        case .string:
          let text = batch.appendText(try reader.readTextBytes(atMost: reader.remaining))
          bits = UInt64(text.offset) << 32 | UInt64(text.length)
        }
        values.append(PointBatch.Field(name: field.name, type: field.type, bits: bits))
      }
      values.withUnsafeBufferPointer {
        batch.appendPoint(series: numbers[index].series, timestamp: times[index], fields: $0)
      }
    }
  }
}
