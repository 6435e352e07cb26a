/// Whole numbers in the files of the spool.
enum LittleEndian {
  static func append<T: FixedWidthInteger>(_ value: T, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// The number at `offset`; nil where the bytes end before it does.
  static func read<T: FixedWidthInteger>(_ type: T.Type, _ bytes: [UInt8], at offset: Int) -> T? {
    let size = MemoryLayout<T>.size
    guard offset >= 0, bytes.count >= size, offset <= bytes.count - size else { return nil }
    return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | T($1) }
  }
}
