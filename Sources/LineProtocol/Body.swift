/// The bytes being parsed. All reading of memory in this module's hot paths happens here.
///
/// Callers keep positions in `0 ..< count` for ``subscript(_:)``; ``word(at:)`` and
/// ``peek(_:)`` take any position from 0.
struct Body {
  private let base: UnsafeRawPointer
  let count: Int

  /// `bytes` outlives this value. Nil where there is nothing to read.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return nil }
    self.base = base
    count = bytes.count
  }

  @inline(__always)
  subscript(_ position: Int) -> UInt8 {
    assert(position >= 0 && position < count)
    return base.load(fromByteOffset: position, as: UInt8.self)
  }

  /// The byte at `position`, a line feed behind the end: the last line needs no terminator.
  @inline(__always)
  func peek(_ position: Int) -> UInt8 {
    position < count ? self[position] : UInt8(ascii: "\n")
  }

  /// Eight bytes, the first in the low bits, zeros behind the end.
  @inline(__always)
  func word(at position: Int) -> UInt64 {
    if count - position >= 8 {
      return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
    return lastWord(at: position)
  }

  @inline(never)
  private func lastWord(at position: Int) -> UInt64 {
    var word: UInt64 = 0
    var shift: UInt64 = 0
    var next = position
    while next < count {
      word |= UInt64(self[next]) << shift
      shift += 8
      next += 1
    }
    return word
  }

  /// The bytes of a range within the body.
  @inline(__always)
  func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    assert(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Whether `length` bytes at two positions are equal.
  @inline(__always)
  func isEqual(_ a: Int, _ b: Int, length: Int) -> Bool {
    guard length <= count - a, length <= count - b else { return false }
    var offset = 0
    while length - offset >= 8 {
      if word(at: a + offset) != word(at: b + offset) { return false }
      offset += 8
    }
    guard offset < length else { return true }
    let mask: UInt64 = (1 << UInt64(8 * (length - offset))) - 1
    return (word(at: a + offset) ^ word(at: b + offset)) & mask == 0
  }

  /// The first position from `start` whose byte is one of these, `count` where there is none.
  @inline(__always)
  func firstPosition(of a: UInt8, _ b: UInt8? = nil, _ c: UInt8? = nil, from start: Int) -> Int {
    let b = b ?? a
    let c = c ?? b
    var position = start
    while position < count {
      let word = word(at: position)
      let found = Self.marks(word, a) | Self.marks(word, b) | Self.marks(word, c)
      if found != 0 { return min(count, position + (found.trailingZeroBitCount >> 3)) }
      position += 8
    }
    return count
  }

  /// The high bit of each byte of `word` that equals `byte`; bytes above the first hit may be
  /// marked without cause (the borrow runs on).
  @inline(__always)
  private static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
  }

  /// How many line feeds lie in `range`.
  func lineFeeds(in range: Range<Int>) -> UInt32 {
    var feeds: UInt32 = 0
    for byte in slice(range) where byte == UInt8(ascii: "\n") { feeds += 1 }
    return feeds
  }

  /// Text for an error message: at most `limit` bytes, cut between characters, with an ellipsis
  /// where something is left out.
  func excerpt(_ range: Range<Int>, limit: Int) -> String {
    guard range.count > limit else { return String(decoding: slice(range), as: UTF8.self) }
    var end = range.lowerBound + limit
    while end > range.lowerBound, self[end] & 0xC0 == 0x80 { end -= 1 }
    return String(decoding: slice(range.lowerBound..<end), as: UTF8.self) + "…"
  }
}
