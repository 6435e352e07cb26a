/// Where measurement and tags lie in a canonical key, for keys that can be read where they lie:
/// nothing in them is escaped, tags ascend, and none is empty. Nearly all keys are so; the others
/// are read by ``SeriesKey/init(canonical:)`` the long way.
public struct KeyParts: Sendable {
  public struct Tag: Sendable {
    public var key: Range<Int>
    public var value: Range<Int>
  }

  public private(set) var measurement = 0..<0
  public private(set) var tags: [Tag] = []

  public init() {}

  /// Reads a key. False where it is not of that kind; it may be a good one all the same.
  public mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    tags.removeAll(keepingCapacity: true)
    measurement = 0..<0
    var start = 0
    var keyEnd: Int?
    var seen: UInt8 = 0
    for position in bytes.indices {
      let byte = bytes[position]
      seen |= byte
      switch byte {
      case UInt8(ascii: "\\"): return false
      case UInt8(ascii: ","):
        guard close(bytes, start: start, keyEnd: keyEnd, end: position) else { return false }
        start = position + 1
        keyEnd = nil
      case UInt8(ascii: "=") where keyEnd == nil: keyEnd = position
      default: break
      }
    }
    guard close(bytes, start: start, keyEnd: keyEnd, end: bytes.count) else { return false }
    return seen < 0x80 || String(validating: bytes, as: UTF8.self) != nil
  }

  /// Takes in what lies between two commas. An `=` is nothing special in a measurement.
  private mutating func close(
    _ bytes: UnsafeRawBufferPointer, start: Int, keyEnd: Int?, end: Int
  ) -> Bool {
    if start == 0 {
      measurement = 0..<end
      return end > 0
    }
    guard let keyEnd, keyEnd + 1 < end else { return false }
    let key = start..<keyEnd
    if let last = tags.last,
      !bytes[last.key].lexicographicallyPrecedes(bytes[key])
    {
      return false
    }
    tags.append(Tag(key: key, value: keyEnd + 1..<end))
    return true
  }
}
