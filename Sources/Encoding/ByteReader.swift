/// A cursor over bytes that came from outside: every read is checked against the end, every count
/// against a limit, before anything is touched or allocated.
///
/// It does not keep the bytes alive; use it inside the scope that does. Inlinable, since a value is
/// read for each point of a log that is replayed: a call that is not specialised costs several
/// times the read.
public struct ByteReader {
  public let bytes: UnsafeRawBufferPointer
  /// Bytes consumed so far.
  @inlinable public var offset: Int { position }
  @usableFromInline var position = 0

  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  @inlinable public var remaining: Int { bytes.count - offset }

  /// The error for whatever is wrong where the cursor stands.
  public func malformed(_ reason: String) -> EncodingError {
    .malformed(offset: offset, reason: reason)
  }

  @inlinable
  public mutating func readByte() throws -> UInt8 {
    guard position < bytes.count else { throw malformed("ends early") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next `count` bytes, valid as long as the reader's own.
  @inlinable
  public mutating func readBytes(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw malformed("ends early") }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// A little-endian integer of the type's own width.
  @inlinable
  public mutating func readFixed<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    let size = MemoryLayout<Value>.size
    guard size <= remaining else { throw malformed("ends early") }
    defer { position += size }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
  }

  /// A varint (see ``Swift/Array/appendVarint(_:)``).
  @inlinable
  public mutating func readVarint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readByte()
      if shift == 63 && byte > 1 { throw malformed("a varint of more than 64 bits") }
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// A zigzag varint.
  @inlinable
  public mutating func readSignedVarint() throws -> Int64 { Zigzag.decode(try readVarint()) }

  /// A varint that counts something there may be at most `limit` of.
  @inlinable
  public mutating func readCount(atMost limit: Int) throws -> Int {
    let start = offset
    let value = try readVarint()
    guard let count = Int(exactly: value), count <= limit else {
      throw EncodingError.malformed(offset: start, reason: "count \(value) exceeds \(limit)")
    }
    return count
  }
}
