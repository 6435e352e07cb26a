/// The texts of a series index: short pieces of bytes, kept until the arena goes.
///
/// A piece is known by its place, a number of 32 bits, and lies in one of many chunks that never
/// move: growing copies nothing, and takes no more than a chunk in advance.
///
/// Unsafe by nature: bytes handed out are good as long as the arena lives, and a place must be one
/// that this arena gave. Adding and looking up are guarded by the index's lock.
final class KeyArena: @unchecked Sendable {
  /// A piece is no longer.
  static let pieceLimit = Int(UInt16.max)

  private static let chunkSize = 1 << 20
  /// Places count in steps of so many bytes, so 16 GiB can be told apart.
  private static let step = 4
  private static let lengthSize = 2

  private var chunks: [UnsafeMutableRawPointer] = []
  /// Bytes of the last chunk in use.
  private var used = chunkSize

  deinit { for chunk in chunks { chunk.deallocate() } }

  /// Keeps a copy. Nil where it is too long or the places are used up.
  func append(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
    guard bytes.count <= Self.pieceLimit else { return nil }
    let size = Self.lengthSize + bytes.count
    if size > Self.chunkSize - used {
      // The last place of all stays unused, so that .max is none.
      guard chunks.count < (Int(UInt32.max) * Self.step) / Self.chunkSize else { return nil }
      chunks.append(.allocate(byteCount: Self.chunkSize, alignment: 8))
      used = 0
    }
    let number = chunks.count - 1
    let target = chunks[number] + used
    target.storeBytes(of: UInt16(bytes.count), as: UInt16.self)
    if let source = bytes.baseAddress {
      (target + Self.lengthSize).copyMemory(from: source, byteCount: bytes.count)
    }
    let place = (number * Self.chunkSize + used) / Self.step
    used = min(Self.chunkSize, (used + size + Self.step - 1) / Self.step * Self.step)
    return UInt32(place)
  }

  /// The bytes of a piece.
  func bytes(at place: UInt32) -> UnsafeRawBufferPointer {
    let offset = Int(place) * Self.step
    let piece = UnsafeRawPointer(chunks[offset / Self.chunkSize] + offset % Self.chunkSize)
    return UnsafeRawBufferPointer(
      start: piece + Self.lengthSize, count: Int(piece.load(as: UInt16.self)))
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are the same.
  func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    count == other.count && elementsEqual(other)
  }
}
