/// Doubles by the XOR with the one before.
///
/// ```
/// xor   := byteCount (varint) bits          bits from the least significant of each byte on
/// bits  := first value (64 bits), then for each further one
///          0                                the same value again
///          1 0 meaningful                   the XOR's meaningful bits, within the window before
///          1 1 leading (6) length-1 (6) meaningful   a new window: zeros above, bits within
/// ```
enum XORFloats {
  /// Nil where the result would take `limit` bytes or more.
  static func encode(_ values: UnsafeBufferPointer<Double>, below limit: Int) -> [UInt8]? {
    var writer = BitWriter()
    var previous = values[0].bitPattern
    writer.write(previous, bits: 64)
    var leading = 65
    var trailing = 0
    for row in 1..<max(1, values.count) {
      let pattern = values[row].bitPattern
      let difference = pattern ^ previous
      previous = pattern
      if difference == 0 {
        writer.write(0, bits: 1)
        continue
      }
      let above = difference.leadingZeroBitCount
      let below = difference.trailingZeroBitCount
      let length = 64 - above - below
      // A new window costs 12 bits; an old one the bits it is too wide by.
      if leading <= above, trailing <= below, 64 - leading - trailing <= length + 12 {
        writer.write(0b01, bits: 2)
      } else {
        leading = above
        trailing = below
        writer.write(0b11, bits: 2)
        writer.write(UInt64(above), bits: 6)
        writer.write(UInt64(length - 1), bits: 6)
      }
      writer.write(difference >> UInt64(trailing), bits: 64 - leading - trailing)
      if row & 255 == 0, writer.byteCount >= limit { return nil }
    }
    let bits = writer.finish()
    var output = [FloatCodec.xor.rawValue]
    output.appendVarint(bits.count)
    output.append(contentsOf: bits)
    return output.count < limit ? output : nil
  }

  static func decode(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Double>
  ) throws {
    var bits = BitReader(try reader.readBytes(reader.readCount(atMost: reader.remaining)))
    var value = bits.read(64)
    target[0] = Double(bitPattern: value)
    var trailing = 0
    var length = 0
    for row in 1..<target.count {
      if bits.read(1) != 0 {
        if bits.read(1) != 0 {
          let leading = Int(bits.read(6))
          length = Int(bits.read(6)) + 1
          trailing = 64 - leading - length
        }
        guard length > 0, trailing >= 0 else { throw reader.malformed("no window of bits") }
        value ^= bits.read(length) &<< UInt64(trailing)
      }
      target[row] = Double(bitPattern: value)
    }
    guard bits.isWithinBounds else { throw reader.malformed("ends early") }
  }
}

/// Writes runs of bits, least significant first.
struct BitWriter {
  private var bytes: [UInt8] = []
  private var word: UInt64 = 0
  private var used = 0

  var byteCount: Int { bytes.count + (used + 7) / 8 }

  /// The low `bits` (1 to 64) of `value`; those above are zero.
  mutating func write(_ value: UInt64, bits: Int) {
    word |= value &<< UInt64(used)
    used += bits
    if used >= 64 {
      bytes.appendFixed(word)
      used -= 64
      word = used == 0 ? 0 : value &>> UInt64(bits - used)
    }
  }

  mutating func finish() -> [UInt8] {
    while used > 0 {
      bytes.append(UInt8(truncatingIfNeeded: word))
      word >>= 8
      used -= 8
    }
    used = 0
    word = 0
    return bytes
  }
}

/// Reads runs of bits; past the end it reads zeros and ``isWithinBounds`` turns false, so that one
/// check at the end of a column does for all.
struct BitReader {
  private let bytes: UnsafeRawBufferPointer
  /// Bits read so far.
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  var isWithinBounds: Bool { position <= bytes.count * 8 }

  /// The next `count` bits, 1 to 64.
  @inline(__always)
  mutating func read(_ count: Int) -> UInt64 {
    let offset = position &>> 3
    let shift = UInt64(position & 7)
    position &+= count
    var value: UInt64
    if offset &+ 9 <= bytes.count {
      value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      value &>>= shift
      if shift != 0 { value |= UInt64(bytes[offset &+ 8]) &<< (64 &- shift) }
    } else {
      value = slowWord(at: offset, shift: shift)
    }
    return value & (UInt64.max &>> UInt64(64 &- count))
  }

  private func slowWord(at offset: Int, shift: UInt64) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<9 where offset + index < bytes.count {
      let byte = UInt64(bytes[offset + index])
      let place = index * 8 - Int(shift)
      value |= place < 0 ? byte >> UInt64(-place) : byte << UInt64(place)
    }
    return value
  }
}
