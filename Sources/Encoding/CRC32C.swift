import CKernels

/// The CRC of the Castagnoli polynomial (RFC 3720, appendix B.4), as iSCSI, ext4 and LevelDB use.
public enum CRC32C {
  private static let hasInstruction = vigil_crc32c_hardware_available() != 0

  /// The checksum of `bytes`; with `previous`, that of what `previous` covers followed by `bytes`.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0)
    -> UInt32
  {
    guard hasInstruction, let start = bytes.baseAddress else {
      return tableChecksum(bytes, continuing: previous)
    }
    return ~vigil_crc32c_hardware(~previous, start, bytes.count)
  }

  public static func checksum(_ bytes: [UInt8], continuing previous: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { checksum($0, continuing: previous) }
  }

  /// The same in plain Swift, for processors without the instruction.
  static func tableChecksum(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0)
    -> UInt32
  {
    var state = ~previous
    for byte in bytes {
      state = table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ (state >> 8)
    }
    return ~state
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { state, _ in
      state & 1 == 0 ? state >> 1 : state >> 1 ^ 0x82F6_3B78
    }
  }
}
