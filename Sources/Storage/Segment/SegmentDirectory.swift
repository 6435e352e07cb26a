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
    var timeRange: ClosedRange<Timestamp>
    private var storedRowCount: UInt32
    /// Its first one in the list of all blocks' columns.
    fileprivate var firstColumn: UInt32
    fileprivate var timestamps: ChunkPlace

    fileprivate init(
      rowCount: Int, timeRange: ClosedRange<Timestamp>, firstColumn: Int, timestamps: ChunkPlace
    ) {
      self.timeRange = timeRange
      storedRowCount = UInt32(rowCount)
      self.firstColumn = UInt32(firstColumn)
      self.timestamps = timestamps
    }

    var rowCount: Int { Int(storedRowCount) }
  }

  /// What is kept of a chunk. There may be millions of blocks of a row each, so what the directory's
  /// bytes have is read from them when it is asked for.
  fileprivate struct ChunkPlace {
    var offset: Int
    /// Where in the directory's bytes it is described; these are less than 4 GiB.
    var description: UInt32
    /// Position in ``fieldNames``; 0 of timestamps.
    var field: UInt32
  }

  private(set) var fieldNames: [String] = []
  /// By UTF-8 bytes: strings that Unicode calls equal are different fields here.
  private var fieldTable = TextTable()
  private(set) var seriesIDs: [SeriesID] = []
  /// First block of each series, and one more: the number of blocks.
  private var seriesBlocks: [UInt32] = [0]
  private(set) var blocks: [Block] = []
  private var columns: [ChunkPlace] = []
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
        seriesBlocks.append(UInt32(blocks.count))
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
      guard field(text) == nil else { throw reader.malformed("a field name twice") }
      fieldNames.append(text)
      fieldTable.insert(TextTable.hash(name), UInt32(position))
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
    let timestamps = try chunks.next(from: &reader, field: 0)
    let start = columns.count
    var field = -1
    for _ in 0..<(try reader.readCount(atMost: fieldNames.count)) {
      field += 1 + (try reader.readCount(atMost: fieldNames.count))
      guard field < fieldNames.count else { throw reader.malformed("an unknown field") }
      columns.append(try chunks.next(from: &reader, field: field))
      let entry = try SegmentColumnEntry(
        from: &reader, rowCount: rowCount, timeRange: first...last)
      summary.valueCount += entry.count
    }
    blocks.append(
      Block(
        rowCount: rowCount, timeRange: first...last, firstColumn: start, timestamps: timestamps))
    summary.rowCount += rowCount
    summary.extend(by: first...last)
  }

  /// Hands out the chunks' places in turn.
  private struct ChunkCursor {
    var offset: Int
    let end: Int

    mutating func next(from reader: inout ByteReader, field: Int) throws -> ChunkPlace {
      let description = UInt32(reader.offset)
      let length = try reader.readCount(atMost: end - offset)
      _ = try reader.readFixed(UInt32.self)
      defer { offset += length }
      return ChunkPlace(offset: offset, description: description, field: UInt32(field))
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
    return firstBlock(ofSeries: low)..<firstBlock(ofSeries: low + 1)
  }

  /// The first block of the series at a position; of the position behind the last the number of
  /// blocks.
  func firstBlock(ofSeries position: Int) -> Int { Int(seriesBlocks[position]) }

  /// Columns of all blocks.
  var columnCount: Int { columns.count }

  /// The numbers of a block's columns.
  func columns(ofBlock index: Int) -> Range<Int> {
    let end = index + 1 < blocks.count ? Int(blocks[index + 1].firstColumn) : columns.count
    return Int(blocks[index].firstColumn)..<end
  }

  /// The position in ``fieldNames``, nil if no block has the field.
  func field(_ name: String) -> Int? {
    fieldTable.find(TextTable.hash(name.utf8)) {
      fieldNames[Int($0)].utf8.elementsEqual(name.utf8)
    }.map(Int.init)
  }

  /// The number of the column of a field of a block, nil where the block has no value of it.
  func column(_ name: String, ofBlock index: Int) -> Int? {
    field(name).flatMap { column(ofField: $0, block: index) }
  }

  /// Fields of a block ascend.
  private func column(ofField field: Int, block index: Int) -> Int? {
    guard blocks.indices.contains(index) else { return nil }
    let all = columns(ofBlock: index)
    var (low, high) = (all.lowerBound, all.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if columns[middle].field < field { low = middle + 1 } else { high = middle }
    }
    return low < all.upperBound && columns[low].field == field ? low : nil
  }

  /// The position in ``fieldNames`` of a column's field.
  func field(ofColumn number: Int) -> Int { Int(columns[number].field) }

  func fieldName(ofColumn number: Int) -> String { fieldNames[field(ofColumn: number)] }

  /// The type of a column, without its statistics being read.
  func type(ofColumn number: Int) throws -> FieldType {
    try describe(columns[number]) { reader, _ in try SegmentColumnEntry.readType(from: &reader) }
  }

  /// What a directory of so many bytes, blocks and columns takes in memory once it is read.
  static func memory(byteCount: Int, blocks: Int, columns: Int) -> Int {
    byteCount + blocks * MemoryLayout<Block>.stride + columns * MemoryLayout<ChunkPlace>.stride
  }

  /// What this one takes in memory.
  var memory: Int {
    Self.memory(byteCount: bytes.count, blocks: blocks.count, columns: columns.count)
  }

  func timestampChunk(ofBlock index: Int) throws -> Chunk {
    try describe(blocks[index].timestamps) { _, chunk in chunk }
  }

  func chunk(ofColumn number: Int) throws -> Chunk {
    try describe(columns[number]) { _, chunk in chunk }
  }

  /// What is said of a column.
  func entry(_ column: Int, ofBlock index: Int) throws -> SegmentColumnEntry {
    let block = blocks[index]
    return try describe(columns[column]) { reader, _ in
      try SegmentColumnEntry(from: &reader, rowCount: block.rowCount, timeRange: block.timeRange)
    }
  }

  /// Reads the description of a chunk again. All of the directory was read once, so this does not
  /// fail.
  private func describe<Value>(
    _ place: ChunkPlace, _ body: (inout ByteReader, Chunk) throws -> Value
  ) throws -> Value {
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      _ = try reader.readBytes(Int(place.description))
      let length = try reader.readCount(atMost: .max)
      let checksum = try reader.readFixed(UInt32.self)
      return try body(
        &reader, Chunk(offset: place.offset, length: length, checksum: checksum))
    }
  }
}
