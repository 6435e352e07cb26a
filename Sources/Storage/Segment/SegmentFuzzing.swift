import SystemPackage
import TimeSeries

/// What the fuzz target does with bytes that claim to be a segment; here because the reader is not
/// public.
package enum SegmentFuzzing {
  /// Opens `bytes` as a segment and reads all there is in it.
  package static func readEverything(_ bytes: UnsafeRawBufferPointer) {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, bytes.count), alignment: 8)
    memory.copyMemory(from: bytes)
    nonisolated(unsafe) let owned = memory
    let map = MappedFile(UnsafeRawBufferPointer(rebasing: memory[..<bytes.count])) {
      owned.deallocate()
    }
    guard let reader = try? SegmentReader(path: "fuzz.segment", map: map) else { return }
    _ = reader.verify()
    for id in reader.seriesIDs {
      _ = try? reader.key(of: id)
      for block in reader.blocks(of: id) {
        for field in reader.fieldNames(in: block) {
          _ = reader.statistics(of: field, in: block)
          _ = try? reader.column(field, of: block)
        }
      }
    }
  }

  /// Reads `bytes` as a directory (of a segment of 64 KiB of chunks) and as its key section, no
  /// checksum asked.
  package static func readDirectory(_ bytes: UnsafeRawBufferPointer) {
    if let directory = try? SegmentDirectory(Array(bytes), chunksEnd: 1 << 16) {
      for index in directory.blocks.indices {
        for column in directory.blocks[index].columns {
          _ = try? directory.entry(column, ofBlock: index)
        }
      }
    }
    try? SegmentKeys.forEach(in: bytes, count: 1000) { _, _ in true }
  }
}
