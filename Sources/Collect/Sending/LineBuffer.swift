/// Lines in memory on their way to the spool, cut into batches, within a bound.
struct LineBuffer {
  struct Chunk: Hashable {
    var bytes: [UInt8] = []
    var lineCount = 0

    mutating func append(_ lines: ArraySlice<UInt8>) {
      bytes += lines
      lineCount += lines.count { $0 == LineBuffer.lineFeed }
    }
  }

  private static let lineFeed = UInt8(ascii: "\n")
  private let batchBytes: Int
  private let byteLimit: Int
  private var full: [Chunk] = []
  private var open = Chunk()
  private var byteCount = 0
  /// Lines that left because the bound was reached.
  private var droppedLines = 0

  init(batchBytes: Int, byteLimit: Int) {
    self.batchBytes = batchBytes
    self.byteLimit = byteLimit
  }

  /// Whether there is a full batch.
  var hasFullBatch: Bool { !full.isEmpty }

  /// Adds whole lines; a line feed missing at the end is added.
  mutating func add(_ lines: [UInt8]) {
    guard let last = lines.last else { return }
    var rest = lines[...]
    if last != Self.lineFeed { rest.append(Self.lineFeed) }
    while let first = rest.firstIndex(of: Self.lineFeed) {
      let room = rest.prefix(max(0, batchBytes - open.bytes.count))
      // A line longer than a batch is a batch of its own.
      guard let end = room.lastIndex(of: Self.lineFeed) ?? (open.bytes.isEmpty ? first : nil)
      else {
        close()
        continue
      }
      open.append(rest[...end])
      byteCount += rest[...end].count
      rest = rest[(end + 1)...]
      if open.bytes.count >= batchBytes { close() }
    }
    while byteCount > byteLimit, let oldest = full.first {
      full.removeFirst()
      byteCount -= oldest.bytes.count
      droppedLines += oldest.lineCount
    }
  }

  /// The oldest lines, at most a batch of them.
  mutating func take() -> Chunk? {
    if full.isEmpty { close() }
    guard let chunk = full.first else { return nil }
    full.removeFirst()
    byteCount -= chunk.bytes.count
    return chunk
  }

  /// How many lines left because the bound was reached since this was last asked.
  mutating func takeDroppedLines() -> Int {
    defer { droppedLines = 0 }
    return droppedLines
  }

  private mutating func close() {
    guard !open.bytes.isEmpty else { return }
    full.append(open)
    open = Chunk()
  }
}
