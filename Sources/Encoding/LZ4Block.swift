import CLZ4

/// One block of the LZ4 block format (lz4_Block_format.md of the LZ4 project), without a frame: the
/// caller keeps both lengths.
public enum LZ4Block {
  /// The best LZ4 can do is 255 bytes out of one (a run's length byte); a declared size above that
  /// is a lie, so memory is bounded by the bytes that are there.
  public static let maximumRatio = 255

  /// Nil where the result would not be smaller than `bytes`, or `bytes` are too many for LZ4 (2 GB).
  ///
  /// - Parameter thorough: spends several times the time on a smaller result; decoding is as fast.
  public static func compress(_ bytes: UnsafeRawBufferPointer, thorough: Bool = false) -> [UInt8]? {
    guard bytes.count > 1, let count = Int32(exactly: bytes.count), count <= LZ4_MAX_INPUT_SIZE,
      let source = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    else { return nil }
    let limit = bytes.count - 1
    let result = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
      buffer.withMemoryRebound(to: CChar.self) { target in
        let written =
          thorough
          ? LZ4_compress_HC(source, target.baseAddress, count, Int32(limit), 9)
          : LZ4_compress_default(source, target.baseAddress, count, Int32(limit))
        filled = Int(max(0, written))
      }
    }
    return result.isEmpty ? nil : result
  }

  public static func compress(_ bytes: [UInt8], thorough: Bool = false) -> [UInt8]? {
    bytes.withUnsafeBytes { compress($0, thorough: thorough) }
  }

  /// Decompresses to exactly `count` bytes.
  public static func decompress(_ bytes: UnsafeRawBufferPointer, count: Int) throws -> [UInt8] {
    guard count >= 0, count <= bytes.count * maximumRatio, let size = Int32(exactly: bytes.count),
      let capacity = Int32(exactly: count)
    else {
      throw EncodingError.malformed(
        offset: 0, reason: "\(bytes.count) bytes of LZ4 cannot hold \(count)")
    }
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      buffer.withMemoryRebound(to: CChar.self) { target in
        let written = LZ4_decompress_safe(
          bytes.baseAddress?.assumingMemoryBound(to: CChar.self), target.baseAddress, size, capacity
        )
        filled = Int(max(0, written))
      }
    }
    guard result.count == count else {
      throw EncodingError.malformed(offset: 0, reason: "bad LZ4 data")
    }
    return result
  }
}
