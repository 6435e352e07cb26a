import Encoding
import TimeSeries

/// Puts a ``SegmentDirectory`` together as the blocks are written.
struct SegmentDirectoryBuilder {
  private var names: [UInt8] = []
  /// Where the names begin in `names`, and their hashes.
  private var starts: [(offset: Int, length: Int)] = []
  private var table = TextTable()
  private var series: [UInt8] = []
  private var seriesCount = 0
  private var nextID: UInt64 = 0
  /// What the next block's first time counts from.
  private var previous: Timestamp = 0
  private var firstTimestamp: Timestamp?
  /// The blocks of the series that is being written.
  private var blocks: [UInt8] = []
  private var blockCount = 0
  /// The columns of the block that is being written.
  private var columns: [UInt8] = []
  private var columnCount = 0
  private var nextField = 0
  private var allBlocks = 0
  private var allColumns = 0

  /// The number of a field, a new one where the name is new. Names are told apart by their bytes.
  mutating func field(_ name: String) -> Int {
    var name = name
    return name.withUTF8 { text in
      let bytes = UnsafeRawBufferPointer(text)
      let hash = TextTable.hash(bytes)
      let known = names.withUnsafeBytes { names in
        table.find(hash) { number in
          let start = starts[Int(number)]
          return start.length == bytes.count
            && names[start.offset..<start.offset + start.length].elementsEqual(bytes)
        }
      }
      if let known { return Int(known) }
      names.appendVarint(bytes.count)
      table.insert(hash, UInt32(starts.count))
      starts.append((names.count, bytes.count))
      names.append(contentsOf: bytes)
      return starts.count - 1
    }
  }

  /// What the directory takes in memory once it is read.
  var memory: Int {
    SegmentDirectory.memory(
      byteCount: names.count + series.count + blocks.count, blocks: allBlocks, columns: allColumns)
  }

  mutating func beginBlock(
    rowCount: Int, timeRange: ClosedRange<Timestamp>, chunk: SegmentChunkSize
  ) {
    blocks.appendVarint(rowCount)
    blocks.appendSignedVarint(timeRange.lowerBound &- previous)
    blocks.appendVarint(UInt64(bitPattern: timeRange.upperBound &- timeRange.lowerBound))
    chunk.append(to: &blocks)
    previous = timeRange.upperBound
    firstTimestamp = firstTimestamp ?? timeRange.lowerBound
    blockCount += 1
  }

  /// Adds a column of the block begun last, of `rowCount` rows over `timeRange`.
  ///
  /// - Precondition: fields of a block ascend.
  mutating func append(
    field: Int, chunk: SegmentChunkSize, entry: SegmentColumnEntry, rowCount: Int,
    timeRange: ClosedRange<Timestamp>
  ) {
    precondition(field >= nextField, "each field of a block once, in order")
    columns.appendVarint(field - nextField)
    chunk.append(to: &columns)
    entry.append(to: &columns, rowCount: rowCount, timeRange: timeRange)
    columnCount += 1
    nextField = field + 1
  }

  mutating func endBlock() {
    blocks.appendVarint(columnCount)
    blocks.append(contentsOf: columns)
    allBlocks += 1
    allColumns += columnCount
    columns.removeAll(keepingCapacity: true)
    columnCount = 0
    nextField = 0
  }

  /// Closes the series whose blocks were added; false where there were none, and then nothing is
  /// written of it.
  mutating func endSeries(_ id: SeriesID) -> Bool {
    guard let first = firstTimestamp else { return false }
    series.appendVarint(UInt64(id.rawValue) - nextID)
    series.appendVarint(blockCount)
    series.append(contentsOf: blocks)
    nextID = UInt64(id.rawValue) + 1
    seriesCount += 1
    blocks.removeAll(keepingCapacity: true)
    blockCount = 0
    previous = first
    firstTimestamp = nil
    return true
  }

  /// The whole directory.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(names.count + series.count + 20)
    bytes.appendVarint(starts.count)
    bytes.append(contentsOf: names)
    bytes.appendVarint(seriesCount)
    bytes.append(contentsOf: series)
    return bytes
  }
}

/// Bytes of a chunk and their CRC32C.
struct SegmentChunkSize {
  var length: Int
  var checksum: UInt32

  init(_ bytes: UnsafeRawBufferPointer) {
    length = bytes.count
    checksum = CRC32C.checksum(bytes)
  }

  func append(to bytes: inout [UInt8]) {
    bytes.appendVarint(length)
    bytes.appendFixed(checksum)
  }
}
