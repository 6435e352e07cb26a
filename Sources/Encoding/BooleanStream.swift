/// How a run of booleans is written. Raw values are part of the file formats and never change.
public enum BooleanCodec: UInt8, Sendable, CaseIterable {
  /// All equal: one byte, 0 or 1.
  case constant = 0
  /// One bit a value, least significant first.
  case bitmap = 1
  /// The first value (one byte), the number of runs (varint), an integer stream of their lengths
  /// less one.
  case runs = 2
}

/// Runs of booleans, and of the bits that say which rows hold a value.
///
/// ```
/// stream := codec (1 byte) payload                   nothing at all where there are no values
/// ```
public enum BooleanStream {
  /// The first `count` bits of `words`, least significant first.
  public static func encode(words: [UInt64], count: Int, to output: inout [UInt8]) {
    guard count > 0, words.count * 64 >= count else { return }
    var ends: [Int] = []
    let bitmapSize = 1 + (count + 7) / 8
    // Run ends are where a bit differs from the one before; more than one in 8 cannot win.
    var previous = words[0] & 1
    let first = previous
    var runCount = 1
    for index in 0..<(count + 63) / 64 {
      var changes = words[index] ^ (words[index] << 1 | previous)
      previous = words[index] >> 63
      if count - index * 64 < 64 { changes &= (1 << UInt64(count - index * 64)) - 1 }
      runCount += changes.nonzeroBitCount
      guard runCount <= max(1, count / 8) else { continue }
      while changes != 0 {
        ends.append(index * 64 + changes.trailingZeroBitCount)
        changes &= changes - 1
      }
    }
    if runCount == 1 {
      output.append(BooleanCodec.constant.rawValue)
      output.append(UInt8(first))
      return
    }
    if runCount <= count / 8 {
      ends.append(count)
      var start = 0
      let lengths = ends.map { end in
        defer { start = end }
        return Int64(end - start - 1)
      }
      var runs = [BooleanCodec.runs.rawValue, UInt8(first)]
      runs.appendVarint(lengths.count)
      IntegerStream.encode(lengths, to: &runs)
      if runs.count < bitmapSize {
        output.append(contentsOf: runs)
        return
      }
    }
    output.append(BooleanCodec.bitmap.rawValue)
    for index in 0..<(count + 7) / 8 {
      var byte = UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(index % 8 * 8))
      if count - index * 8 < 8 { byte &= 1 << UInt8(count - index * 8) - 1 }
      output.append(byte)
    }
  }

  public static func encode(_ values: [Bool], to output: inout [UInt8]) {
    var words = [UInt64](repeating: 0, count: (values.count + 63) / 64)
    for row in values.indices where values[row] { words[row >> 6] |= 1 << UInt64(row & 63) }
    encode(words: words, count: values.count, to: &output)
  }

  /// Reads `count` bits; the caller has checked that so many may be allocated. Bits past `count`
  /// are zero.
  public static func decodeWords(from reader: inout ByteReader, count: Int) throws -> [UInt64] {
    var words = [UInt64](repeating: 0, count: (count + 63) / 64)
    guard count > 0 else { return words }
    switch BooleanCodec(rawValue: try reader.readByte()) {
    case .constant:
      if try readBit(from: &reader) { fill(0..<count, in: &words) }
    case .bitmap:
      let bytes = try reader.readBytes((count + 7) / 8)
      for (index, byte) in bytes.enumerated() {
        words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
      }
      if count & 63 != 0, words[words.count - 1] >> UInt64(count & 63) != 0 {
        throw reader.malformed("bits past the end of a bitmap")
      }
    case .runs:
      var value = try readBit(from: &reader)
      let runs = try reader.readCount(atMost: count)
      var row = 0
      for length in try IntegerStream.decode(from: &reader, count: runs) {
        guard length >= 0, length < count - row else {
          throw reader.malformed("runs are longer than the column")
        }
        let end = row + Int(length) + 1
        if value { fill(row..<end, in: &words) }
        value.toggle()
        row = end
      }
      guard row == count else { throw reader.malformed("runs are shorter than the column") }
    case nil: throw reader.malformed("unknown boolean codec")
    }
    return words
  }

  public static func decode(from reader: inout ByteReader, count: Int) throws -> [Bool] {
    let words = try decodeWords(from: &reader, count: count)
    return [Bool](unsafeUninitializedCapacity: count) { buffer, filled in
      for row in 0..<count { buffer[row] = words[row >> 6] >> UInt64(row & 63) & 1 != 0 }
      filled = count
    }
  }

  private static func readBit(from reader: inout ByteReader) throws -> Bool {
    let byte = try reader.readByte()
    guard byte <= 1 else { throw reader.malformed("a boolean of \(byte)") }
    return byte == 1
  }

  private static func fill(_ rows: Range<Int>, in words: inout [UInt64]) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let index = row >> 6
      let end = min(rows.upperBound, (index + 1) << 6)
      words[index] |=
        (UInt64.max >> UInt64(64 - (end - row))) << UInt64(row & 63)
      row = end
    }
  }
}
