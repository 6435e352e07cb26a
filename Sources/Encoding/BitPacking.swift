/// Values of `width` bits one after the other, least significant bit first, in little-endian order;
/// the last byte is filled up with zeros.
enum BitPacking {
  static func byteCount(_ count: Int, width: Int) -> Int { (count * width + 7) / 8 }

  /// Writes `byteCount(values.count, width:)` bytes; every value is below 2^width.
  static func pack(
    _ values: UnsafeBufferPointer<UInt64>, width: Int, to target: UnsafeMutableRawPointer
  ) {
    guard width > 0 else { return }
    var target = target
    var word: UInt64 = 0
    var used = 0
    for value in values {
      word |= value &<< UInt64(used)
      used += width
      if used >= 64 {
        target.storeBytes(of: word.littleEndian, as: UInt64.self)
        target += 8
        used -= 64
        word = used == 0 ? 0 : value &>> UInt64(width - used)
      }
    }
    while used > 0 {
      target.storeBytes(of: UInt8(truncatingIfNeeded: word), as: UInt8.self)
      target += 1
      word >>= 8
      used -= 8
    }
  }

  /// Reads `target.count` values. `bytes` hold at least `byteCount(target.count, width:)` bytes and
  /// `width` is at most 64: the caller has checked both. Bytes beyond that may be touched but only
  /// within `bytes`, so the more of them there are the fewer values take the slow way.
  static func unpack(
    _ bytes: UnsafeRawBufferPointer, width: Int, into target: UnsafeMutableBufferPointer<UInt64>
  ) {
    guard let source = bytes.baseAddress, let values = target.baseAddress, width > 0 else {
      target.update(repeating: 0)
      return
    }
    let mask = UInt64.max &>> UInt64(64 - width)
    var row = 0
    // Up to 57 bits lie within the 8 bytes from the one they begin in.
    if width <= 57, bytes.count >= 8 {
      let whole = min(target.count, ((bytes.count - 8) * 8 + 7) / width + 1)
      var bit = 0
      while row < whole {
        let word = UInt64(
          littleEndian: source.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self))
        values[row] = (word &>> UInt64(bit & 7)) & mask
        bit &+= width
        row &+= 1
      }
    }
    while row < target.count {
      let bit = row * width
      let shift = bit & 7
      var value = word(of: bytes, at: bit >> 3) &>> UInt64(shift)
      if shift + width > 64 {
        value |= UInt64(bytes[(bit >> 3) + 8]) &<< UInt64(64 - shift)
      }
      values[row] = value & mask
      row += 1
    }
  }

  /// Eight bytes from `offset` on, zeros standing for those past the end.
  private static func word(of bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    if offset + 8 <= bytes.count {
      return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var value: UInt64 = 0
    for position in stride(from: bytes.count - 1, through: offset, by: -1) {
      value = value << 8 | UInt64(bytes[position])
    }
    return value
  }
}
