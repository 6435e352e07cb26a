/// Cuts a stream of bytes into lines.
struct LineBuffer {
  private var bytes: [UInt8] = []
  private let limit: Int

  /// - Parameter limit: bytes a line may have.
  init(limit: Int) { self.limit = limit }

  /// The lines that `part` completes, without their ends; empty ones are left out. Throws
  /// ``ConnectionError`` for a line over the limit.
  mutating func add(_ part: [UInt8]) throws -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = part[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      bytes += rest[..<end]
      if !bytes.isEmpty { lines.append(bytes) }
      bytes = []
      rest = rest[(end + 1)...]
    }
    bytes += rest
    guard bytes.count <= limit else {
      throw ConnectionError(description: "the answer has a line of over \(limit) bytes")
    }
    return lines
  }

  /// What came after the last line end.
  mutating func finish() -> [UInt8]? {
    defer { bytes = [] }
    return bytes.isEmpty ? nil : bytes
  }
}
