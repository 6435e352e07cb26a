import CZlib

/// gzip (RFC 1952) and CRC-32 by zlib, for bodies that are wholly in memory. The unsafe calls of
/// the sender are here.
enum GzipBody {
  /// Level 1: lines repeat one another's tags, which any level finds, and the collector has to stay
  /// small on the node it observes.
  private static let level: Int32 = 1
  /// The largest window, and 16 for "gzip, not zlib".
  private static let windowBits: Int32 = 15 + 16

  /// - Returns: nil where zlib has no memory.
  static func compress(_ input: [UInt8]) -> [UInt8]? {
    guard UInt32(exactly: input.count) != nil else { return nil }
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard
      deflateInit2_(
        &stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    let capacity = Int(deflateBound(&stream, UInt(input.count)))
    guard UInt32(exactly: capacity) != nil else { return nil }
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      input.withUnsafeBufferPointer { source in
        stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        status = deflate(&stream, Z_FINISH)
        count = target.count - Int(stream.avail_out)
      }
    }
    return status == Z_STREAM_END ? output : nil
  }

  /// The first bytes, at most `limit`, of what was compressed; nil where it is not gzip.
  static func start(of body: [UInt8], limit: Int) -> [UInt8]? {
    guard UInt32(exactly: body.count) != nil, UInt32(exactly: limit) != nil else { return nil }
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: limit) { target, count in
      body.withUnsafeBufferPointer { source in
        stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(limit)
        status = inflate(&stream, Z_SYNC_FLUSH)
        count = limit - Int(stream.avail_out)
      }
    }
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? output : nil
  }

  /// CRC-32 as in gzip and PNG (ISO 3309).
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer {
      UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count))
    }
  }
}
