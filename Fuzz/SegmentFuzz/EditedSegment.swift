import Encoding
import FuzzSupport
import TimeSeries

@testable import Storage

/// A valid segment in its parts, to be changed and put together again with checksums that fit.
struct EditedSegment {
  private struct Block {
    var rowCount: Int
    var timeRange: ClosedRange<Timestamp>
    var columns: [(field: String, entry: SegmentColumnEntry)]
  }

  /// Each series' blocks.
  private var series: [(id: SeriesID, blocks: [Block])] = []
  /// The chunks of all blocks, in the order of the file.
  private var chunks: [[UInt8]] = []
  private(set) var keys: [UInt8] = []
  /// Edits of the directory, once it has the checksums of the chunks.
  private var directoryEdits: [UInt8] = []

  /// Takes apart what ``SegmentWriter`` wrote.
  init(_ bytes: [UInt8]) throws {
    let reader = try SegmentReader(path: "valid.seg", map: MappedFile(copying: bytes))
    let trailer = try bytes.withUnsafeBytes {
      try SegmentTrailer(UnsafeRawBufferPointer(rebasing: $0.suffix(SegmentFormat.trailerLength)))
    }
    let end = Int(trailer.directoryOffset)
    func section(_ section: SegmentSection, at offset: Int) throws -> [UInt8] {
      let stored = Array(bytes[offset..<offset + Int(section.length)])
      if section.length == section.rawLength { return stored }
      return try stored.withUnsafeBytes {
        try LZ4Block.decompress($0, count: Int(section.rawLength))
      }
    }
    let directory = try SegmentDirectory(section(trailer.directory, at: end), chunksEnd: end)
    keys = try section(trailer.keys, at: end + Int(trailer.directory.length))
    func take(_ chunk: SegmentDirectory.Chunk) {
      chunks.append(Array(bytes[chunk.offset..<chunk.offset + chunk.length]))
    }
    for id in reader.seriesIDs {
      var blocks: [Block] = []
      for index in directory.blocks(of: id) {
        let block = directory.blocks[index]
        take(try directory.timestampChunk(ofBlock: index))
        var columns: [(field: String, entry: SegmentColumnEntry)] = []
        for number in directory.columns(ofBlock: index) {
          take(try directory.chunk(ofColumn: number))
          columns.append(
            (directory.fieldName(ofColumn: number), try directory.entry(number, ofBlock: index)))
        }
        blocks.append(
          Block(rowCount: block.rowCount, timeRange: block.timeRange, columns: columns))
      }
      series.append((id, blocks))
    }
  }

  /// The first choice says whether the chunks or the directory and the keys are edited.
  mutating func edit(_ input: inout FuzzInput) {
    if input.byte() & 1 == 0 {
      input.edit(&chunks)
    } else {
      directoryEdits = input.rest()
    }
  }

  func directory() -> SegmentDirectoryBuilder {
    var directory = SegmentDirectoryBuilder()
    var rest = chunks[...]
    func next() -> SegmentChunkSize {
      (rest.popFirst() ?? []).withUnsafeBytes { SegmentChunkSize($0) }
    }
    for (id, blocks) in series {
      for block in blocks {
        directory.beginBlock(rowCount: block.rowCount, timeRange: block.timeRange, chunk: next())
        for (field, entry) in block.columns {
          directory.append(
            field: directory.field(field), chunk: next(), entry: entry, rowCount: block.rowCount,
            timeRange: block.timeRange)
        }
        directory.endBlock()
      }
      _ = directory.endSeries(id)
    }
    return directory
  }

  func file() -> [UInt8] {
    var sections = [directory().encoded, keys]
    directoryEdits.withUnsafeBufferPointer {
      var edits = FuzzInput($0.baseAddress, $0.count)
      edits.edit(&sections)
    }
    let body = SegmentFormat.header + chunks.joined()
    func section(_ bytes: [UInt8]) -> SegmentSection {
      SegmentSection(
        length: UInt32(bytes.count), rawLength: UInt32(bytes.count),
        checksum: CRC32C.checksum(bytes))
    }
    let trailer = SegmentTrailer(
      directoryOffset: UInt64(body.count), directory: section(sections[0]),
      keys: section(sections[1]))
    return body + sections.joined() + trailer.encoded
  }
}
