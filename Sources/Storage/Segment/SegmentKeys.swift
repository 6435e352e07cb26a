import Encoding

/// The key section: the canonical key of every series, in the order of the directory. With it a
/// segment says by itself whose rows it holds, so a lost series index can be rebuilt.
///
/// ```
/// keys := (shared suffixLength suffix)*      varint, varint, bytes; `shared` bytes are those of the
///                                            key before, none for every sixteenth key
/// ```
enum SegmentKeys {
  /// Every so many keys one is written whole, which bounds what a short section can expand to.
  static let restartInterval = 16

  struct Builder {
    private(set) var bytes: [UInt8] = []
    private var previous: [UInt8] = []
    private var count = 0

    mutating func append(_ key: [UInt8]) {
      var shared = 0
      if count % restartInterval != 0 {
        while shared < min(previous.count, key.count), previous[shared] == key[shared] {
          shared += 1
        }
      }
      bytes.appendVarint(shared)
      bytes.appendVarint(key.count - shared)
      bytes.append(contentsOf: key[shared...])
      previous = key
      count += 1
    }
  }

  /// Calls `body` with the position and key of each of `count` series, until it returns false.
  static func forEach(
    in bytes: UnsafeRawBufferPointer, count: Int, _ body: (Int, [UInt8]) -> Bool
  ) throws {
    var reader = ByteReader(bytes)
    var key: [UInt8] = []
    for index in 0..<count {
      let shared = try reader.readCount(
        atMost: index % restartInterval == 0 ? 0 : key.count)
      let suffix = try reader.readBytes(reader.readCount(atMost: reader.remaining))
      key.removeSubrange(shared...)
      key.append(contentsOf: suffix)
      guard body(index, key) else { return }
    }
    guard reader.remaining == 0 else { throw reader.malformed("more keys than series") }
  }
}
