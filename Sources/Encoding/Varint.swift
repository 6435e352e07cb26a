/// Maps small magnitudes of either sign to small unsigned numbers: 0, -1, 1, -2 … to 0, 1, 2, 3 ….
public enum Zigzag {
  @inlinable
  public static func encode(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
  }

  @inlinable
  public static func decode(_ value: UInt64) -> Int64 {
    Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
  }
}

extension [UInt8] {
  /// Appends `value` in groups of 7 bits, least significant first, each byte but the last with its
  /// high bit set: 1 to 10 bytes.
  @inlinable
  public mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a count that is not negative.
  @inlinable
  public mutating func appendVarint(_ value: Int) { appendVarint(UInt64(value)) }

  /// Appends a zigzag varint.
  @inlinable
  public mutating func appendSignedVarint(_ value: Int64) { appendVarint(Zigzag.encode(value)) }

  /// Appends the little-endian bytes of `value`.
  @inlinable
  public mutating func appendFixed(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

/// Bytes that ``Swift/Array/appendVarint(_:)`` takes for `value`.
func varintSize(_ value: UInt64) -> Int { (70 - (value | 1).leadingZeroBitCount) / 7 }
