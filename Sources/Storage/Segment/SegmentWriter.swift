import Encoding
import SystemPackage
import TimeSeries

/// Writes a segment in one pass: chunks go to the file block by block, what stays in memory is one
/// block and the directory.
///
/// ```swift
/// var writer = try SegmentWriter(file: try fileSystem.create(path), path: path)
/// try writer.beginSeries(id, key: key.canonical)
/// try writer.append(SegmentBlock(timestamps: timestamps, fields: [("usage", column)]))
/// let summary = try writer.finish()
/// ```
/// Nothing before ``finish()`` can be read. After any throw the file is to be thrown away.
struct SegmentWriter {
  private let file: any AppendableFile
  private let path: FilePath
  private let blockRows: Int
  private var summary = SegmentSummary()
  private var directory = SegmentDirectoryBuilder()
  private var keys = SegmentKeys.Builder()
  private var current: (id: SeriesID, key: [UInt8])?
  private var lastTimestamp: Timestamp?
  /// Chunks on their way to the file; kept for its memory.
  private var buffer: [UInt8] = []

  /// - Parameters:
  ///   - file: empty.
  ///   - blockRows: rows of a block at most, 1 to ``ColumnChunk/maximumRowCount``.
  init(file: any AppendableFile, path: FilePath, blockRows: Int = 8192) throws {
    self.file = file
    self.path = path
    self.blockRows = min(max(1, blockRows), ColumnChunk.maximumRowCount)
    try file.append(SegmentFormat.header)
  }

  /// What the directory takes in memory once it is read.
  var directoryMemory: Int { directory.memory }

  /// The blocks that follow are of this series. A series without rows leaves no trace.
  ///
  /// - Precondition: ids ascend.
  mutating func beginSeries(_ id: SeriesID, key: [UInt8]) throws {
    precondition(current.map { $0.id < id } ?? true, "series of a segment ascend")
    endSeries()
    current = (id, key)
    lastTimestamp = nil
  }

  /// Writes rows, as several blocks where they are more than `blockRows`.
  ///
  /// - Precondition: a series was begun; rows of a series ascend, within and across calls, and
  ///   columns are as long as the timestamps.
  mutating func append(_ block: SegmentBlock) throws {
    precondition(current != nil, "rows before any series")
    guard let first = block.timestamps.first else { return }
    precondition(lastTimestamp.map { $0 < first } ?? true, "blocks of a series ascend")
    precondition(block.fields.allSatisfy { $0.column.count == block.timestamps.count })
    lastTimestamp = block.timestamps.last
    let limit = BlockSize.rows(atMost: blockRows, columns: block.fields.count)
    for start in stride(from: 0, to: block.timestamps.count, by: limit) {
      try write(block, rows: start..<min(start + limit, block.timestamps.count))
    }
  }

  private mutating func write(_ block: SegmentBlock, rows: Range<Int>) throws {
    let timestamps = Array(block.timestamps[rows])
    // Rows out of order would be unreadable; better to stop here than to lose them.
    for row in 1..<timestamps.count { precondition(timestamps[row - 1] < timestamps[row]) }
    let timeRange = timestamps[0]...timestamps[timestamps.count - 1]
    buffer.removeAll(keepingCapacity: true)
    TimestampChunk.encode(timestamps, base: timeRange.lowerBound, to: &buffer)
    directory.beginBlock(rowCount: rows.count, timeRange: timeRange, chunk: chunk(from: 0))
    // The directory wants the fields of a block in the order of their numbers.
    let numbers = block.fields.map { directory.field($0.name) }
    let isInOrder = zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    let order =
      isInOrder ? Array(numbers.indices) : numbers.indices.sorted { numbers[$0] < numbers[$1] }
    for position in order {
      let part = block.fields[position].column.rows(rows)
      guard let statistics = ColumnStatistics(of: part, timestamps: timestamps) else { continue }
      let start = buffer.count
      ColumnChunk.encode(part, to: &buffer)
      directory.append(
        field: numbers[position], chunk: chunk(from: start), entry: SegmentColumnEntry(statistics),
        rowCount: rows.count, timeRange: timeRange)
      summary.valueCount += statistics.count
    }
    directory.endBlock()
    try file.append(buffer)
    summary.blockCount += 1
    summary.rowCount += rows.count
    summary.extend(by: timeRange)
  }

  private func chunk(from start: Int) -> SegmentChunkSize {
    buffer.withUnsafeBytes { SegmentChunkSize(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  private mutating func endSeries() {
    guard let current, directory.endSeries(current.id) else { return }
    keys.append(current.key)
    summary.seriesCount += 1
  }

  /// Writes directory, keys and trailer and makes the file durable; the caller closes it and puts
  /// it in its place.
  mutating func finish() throws -> SegmentSummary {
    endSeries()
    current = nil
    let offset = UInt64(file.size)
    let trailer = SegmentTrailer(
      directoryOffset: offset, directory: try writeSection(directory.encoded),
      keys: try writeSection(keys.bytes))
    try file.append(trailer.encoded)
    try file.sync()
    summary.byteCount = file.size
    return summary
  }

  private static let thoroughBytes = 4 << 20

  private func writeSection(_ raw: [UInt8]) throws -> SegmentSection {
    // Less than an eighth is not worth the time that every reader will spend, nor is a little more
    // the time that a writer would with megabytes.
    let compressed = LZ4Block.compress(raw, thorough: raw.count <= Self.thoroughBytes).flatMap {
      $0.count <= raw.count - raw.count / 8 ? $0 : nil
    }
    let stored = compressed ?? raw
    guard let length = UInt32(exactly: stored.count), let rawLength = UInt32(exactly: raw.count)
    else {
      throw StorageError.io(
        operation: "write", path: path.string, errno: Errno.fileTooLarge.rawValue)
    }
    try file.append(stored)
    return SegmentSection(
      length: length, rawLength: rawLength, checksum: CRC32C.checksum(stored))
  }
}
