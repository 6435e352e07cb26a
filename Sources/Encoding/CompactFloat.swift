/// Single doubles among other small numbers, such as the statistics of a chunk.
///
/// ```
/// compact := varint           low 4 bits k, the rest a zigzag integer i: the value is i / 10^k
///          | 15, 8 bytes      any other double, its bits in little-endian order
/// ```
extension [UInt8] {
  public mutating func appendCompactFloat(_ value: Double) {
    for exponent in 0..<CompactFloat.exponentLimit {
      let scaled = DecimalScaling.rounded(value * DecimalScaling.powers[exponent])
      // Above this the varint is no smaller than the bits. NaN and infinities fail here, too.
      guard abs(scaled) < 0x1p50 else { break }
      let back = Double(Int64(scaled)) / DecimalScaling.powers[exponent]
      if back.bitPattern == value.bitPattern {
        return appendVarint(Zigzag.encode(Int64(scaled)) << 4 | UInt64(exponent))
      }
    }
    append(CompactFloat.bitsFollow)
    appendFixed(value.bitPattern)
  }
}

extension ByteReader {
  public mutating func readCompactFloat() throws -> Double {
    let code = try readVarint()
    if code == UInt64(CompactFloat.bitsFollow) {
      return Double(bitPattern: try readFixed(UInt64.self))
    }
    let exponent = Int(code & 15)
    guard exponent < CompactFloat.exponentLimit else { throw malformed("unknown power of ten") }
    return Double(Zigzag.decode(code >> 4)) / DecimalScaling.powers[exponent]
  }
}

private enum CompactFloat {
  static let exponentLimit = 10
  static let bitsFollow: UInt8 = 15
}
