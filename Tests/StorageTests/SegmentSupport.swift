import SystemPackage
import TimeSeries

@testable import Storage

/// A file in memory, enough for a segment writer.
final class MemoryFile: AppendableFile, @unchecked Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var syncedCount = 0

  var size: Int { bytes.count }
  func append(_ bytes: UnsafeRawBufferPointer) throws { self.bytes.append(contentsOf: bytes) }
  func sync() throws { syncedCount = bytes.count }
  func close() throws {}
}

extension MappedFile {
  /// A copy of `bytes` on the heap.
  convenience init(copying bytes: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, bytes.count), alignment: 8)
    memory.copyBytes(from: bytes)
    nonisolated(unsafe) let owned = memory
    self.init(UnsafeRawBufferPointer(rebasing: memory[..<bytes.count])) { owned.deallocate() }
  }
}

/// One series with its blocks, to be written.
struct SeriesInput {
  var id: UInt32
  var key: String
  var blocks: [SegmentBlock]
}

func segmentBytes(_ series: [SeriesInput], blockRows: Int = 8192) throws -> (
  bytes: [UInt8], summary: SegmentSummary
) {
  let file = MemoryFile()
  var writer = try SegmentWriter(file: file, path: "test.segment", blockRows: blockRows)
  for one in series {
    try writer.beginSeries(SeriesID(rawValue: one.id), key: Array(one.key.utf8))
    for block in one.blocks { try writer.append(block) }
  }
  let summary = try writer.finish()
  return (file.bytes, summary)
}

func openSegment(_ bytes: [UInt8]) throws -> SegmentReader {
  try SegmentReader(path: "test.segment", map: MappedFile(copying: bytes))
}
