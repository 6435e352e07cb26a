import Encoding
import TimeSeries

/// The directory: which series a segment holds, in which blocks, and where and what each column
/// chunk of them is.
///
/// ```
/// directory := fieldCount (length name)*                    varint, varint, UTF-8
///              seriesCount series*                          varint
/// series    := idStep blockCount block*                     id less the one before less 1
/// block     := rowCount firstStep duration chunk            firstStep: zigzag, see below
///              columnCount (fieldStep chunk column)*
/// chunk     := length checksum                              varint, 4 bytes
/// column    := what SegmentColumnEntry says
/// ```
/// Chunks lie in the file in the order in which the directory names them, without gaps, the first
/// right behind the header; so no offset is written. A block's first time counts from the last one of
/// the block before it, that of a series' first block from the first time of the series before (from
/// 0 at the start). Steps of fields count from the field before in the block, less 1. All numbers are
/// varints unless said otherwise.
struct SegmentDirectory {
  struct Chunk {
    var offset: Int
    var length: Int
    var checksum: UInt32
  }

  struct Block {
    var rowCount: Int
    var timeRange: ClosedRange<Timestamp>
    var timestamps: Chunk
    /// Where in ``columns`` its own are.
    var columns: Range<Int>
  }

  struct BlockColumn {
    /// Position in ``fieldNames``.
    var field: Int
    var chunk: Chunk
    /// Where in the directory's bytes its ``SegmentColumnEntry`` is.
    var entry: Int
  }

  private(set) var fieldNames: [String] = []
  /// By UTF-8 bytes: strings that Unicode calls equal are different fields here.
  private var fields: [[UInt8]: Int] = [:]
  private(set) var seriesIDs: [SeriesID] = []
  /// First block of each series, and one more: the number of blocks.
  private(set) var seriesBlocks: [Int] = [0]
  private(set) var blocks: [Block] = []
  private(set) var columns: [BlockColumn] = []
  private(set) var summary = SegmentSummary()
  /// The directory itself, which the entries are read from when they are asked for.
  let bytes: [UInt8]

  /// Reads and checks a directory whose chunks fill the file from the header up to `end`; throws
  /// ``EncodingError``.
  init(_ bytes: [UInt8], chunksEnd end: Int) throws {
    self.bytes = bytes
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      try readFieldNames(from: &reader)
      var chunks = ChunkCursor(offset: SegmentFormat.headerLength, end: end)
      var previous: Timestamp = 0
      var next: UInt64 = 0
      for _ in 0..<(try reader.readCount(atMost: reader.remaining)) {
        let (id, overflow) = try reader.readVarint().addingReportingOverflow(next)
        guard !overflow, let id = UInt32(exactly: id) else {
          throw reader.malformed("a series number of more than 32 bits")
        }
        next = UInt64(id) + 1
        let blockCount = try reader.readCount(atMost: reader.remaining)
        guard blockCount > 0 else { throw reader.malformed("a series without blocks") }
        for position in 0..<blockCount {
          try readBlock(
            from: &reader, chunks: &chunks, previous: previous, isFirst: position == 0)
          previous = blocks[blocks.count - 1].timeRange.upperBound
        }
        previous = blocks[blocks.count - blockCount].timeRange.lowerBound
        seriesIDs.append(SeriesID(rawValue: id))
        seriesBlocks.append(blocks.count)
      }
      guard reader.remaining == 0 else { throw reader.malformed("bytes past the last series") }
      guard chunks.offset == end else { throw reader.malformed("chunks do not fill their part") }
    }
    summary.seriesCount = seriesIDs.count
    summary.blockCount = blocks.count
  }

  private mutating func readFieldNames(from reader: inout ByteReader) throws {
    for position in 0..<(try reader.readCount(atMost: reader.remaining)) {
      let name = try reader.readBytes(reader.readCount(atMost: reader.remaining))
      guard let text = String(validating: name, as: UTF8.self) else {
        throw reader.malformed("a field name that is not UTF-8")
      }
      fieldNames.append(text)
      fields[Array(name)] = position
    }
  }

  private mutating func readBlock(
    from reader: inout ByteReader, chunks: inout ChunkCursor, previous: Timestamp, isFirst: Bool
  ) throws {
    let rowCount = try reader.readCount(atMost: ColumnChunk.maximumRowCount)
    guard rowCount > 0 else { throw reader.malformed("a block without rows") }
    let first = previous &+ (try reader.readSignedVarint())
    let duration = try reader.readVarint()
    guard duration <= UInt64(bitPattern: Int64.max &- first), isFirst || first > previous else {
      throw reader.malformed("times of blocks do not ascend")
    }
    let last = first &+ Int64(bitPattern: duration)
    let timestamps = try chunks.next(from: &reader)
    let start = columns.count
    var field = -1
    for _ in 0..<(try reader.readCount(atMost: fieldNames.count)) {
      field += 1 + (try reader.readCount(atMost: fieldNames.count))
      guard field < fieldNames.count else { throw reader.malformed("an unknown field") }
      let chunk = try chunks.next(from: &reader)
      let position = reader.offset
      let entry = try SegmentColumnEntry(
        from: &reader, rowCount: rowCount, timeRange: first...last)
      summary.valueCount += entry.count
      columns.append(BlockColumn(field: field, chunk: chunk, entry: position))
    }
    blocks.append(
      Block(
        rowCount: rowCount, timeRange: first...last, timestamps: timestamps,
        columns: start..<columns.count))
    summary.rowCount += rowCount
    summary.extend(by: first...last)
  }

  /// Hands out the chunks' places in turn.
  private struct ChunkCursor {
    var offset: Int
    let end: Int

    mutating func next(from reader: inout ByteReader) throws -> Chunk {
      let length = try reader.readCount(atMost: end - offset)
      let checksum = try reader.readFixed(UInt32.self)
      defer { offset += length }
      return Chunk(offset: offset, length: length, checksum: checksum)
    }
  }

  /// Positions of a series' blocks; empty where the segment does not have it.
  func blocks(of id: SeriesID) -> Range<Int> {
    var low = 0
    var high = seriesIDs.count
    while low < high {
      let middle = (low + high) / 2
      if seriesIDs[middle] < id { low = middle + 1 } else { high = middle }
    }
    guard low < seriesIDs.count, seriesIDs[low] == id else { return 0..<0 }
    return seriesBlocks[low]..<seriesBlocks[low + 1]
  }

  /// Position in ``columns`` of a field of a block, nil where the block has no value of it.
  func column(_ field: String, ofBlock index: Int) -> Int? {
    guard let field = fields[Array(field.utf8)], blocks.indices.contains(index) else { return nil }
    return blocks[index].columns.first { columns[$0].field == field }
  }

  /// What is said of a column.
  func entry(_ column: Int, ofBlock index: Int) throws -> SegmentColumnEntry {
    let block = blocks[index]
    return try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      _ = try reader.readBytes(columns[column].entry)
      return try SegmentColumnEntry(
        from: &reader, rowCount: block.rowCount, timeRange: block.timeRange)
    }
  }
}
