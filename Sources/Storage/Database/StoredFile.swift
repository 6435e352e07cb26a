/// A stored file that was found whole, to be handed out in pieces. It stays readable when the file is
/// replaced or removed.
public struct StoredFile: Sendable {
  let map: MappedFile
  /// Where the content is in the file.
  let content: Range<Int>

  /// Bytes handed out at a time.
  static let pieceSize = 1 << 18

  /// Bytes of the content.
  public var count: Int { content.count }

  /// Hands out the content piece by piece. No more than a piece of it is in memory at a time.
  public func send(to emit: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    try map.forEachPiece(of: content, size: Self.pieceSize, emit)
  }

  var bytes: [UInt8] { map.withBytes { Array($0[content]) } }
}

extension MappedFile {
  /// Calls `body` with one piece of `range` after the other, and gives each one's memory back.
  func forEachPiece(
    of range: Range<Int>, size: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    try withBytes { bytes in
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(start + size, range.upperBound)
        try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        evict(start..<end)
        start = end
      }
    }
  }
}
