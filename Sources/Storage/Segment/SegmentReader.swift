import Encoding
import Synchronization
import SystemPackage
import TimeSeries

/// Reads a segment. The directory is read and checked once, in `init`; a chunk when it is asked
/// for, so damage to one leaves the others readable.
///
/// All that is wrong with the file is reported as ``StorageError/corrupt(path:offset:reason:)`` with
/// the byte of the file where it shows. Safe to use from many threads.
final class SegmentReader: Sendable {
  let path: FilePath
  let summary: SegmentSummary
  private let map: MappedFile
  private let trailer: SegmentTrailer
  private let directory: SegmentDirectory
  /// One bit a chunk whose checksum was found right; timestamps of all blocks first.
  private let verified: Mutex<[UInt64]>
  private let unreadable = Mutex<UnreadableRows?>(nil)

  /// Throws ``StorageError/corrupt(path:offset:reason:)`` and
  /// ``StorageError/unsupportedVersion(path:found:supported:)``.
  init(path: FilePath, map: MappedFile) throws {
    self.path = path
    self.map = map
    trailer = try map.withBytes { try Self.readTrailer($0, path: path) }
    let offset = Int(trailer.directoryOffset)
    let section = trailer.directory
    directory = try map.withBytes { bytes in
      let raw = try Self.readSection(
        section, at: offset, of: bytes, named: "directory", path: path)
      return try Self.located(path, offset, isPlain: section.length == section.rawLength) {
        try SegmentDirectory(raw, chunksEnd: offset)
      }
    }
    var summary = directory.summary
    summary.byteCount = map.count
    self.summary = summary
    verified = Mutex(
      Array(repeating: 0, count: (directory.blocks.count + directory.columnCount + 63) / 64))
  }

  /// The whole file.
  func withFile<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try map.withBytes(body)
  }

  /// Calls `body` with one piece of the file after the other; no more than one is in memory for it.
  func forEachPiece(size: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    try map.forEachPiece(of: 0..<map.count, size: size, body)
  }

  /// The checksum of the trailer. As that holds the checksums of directory and keys, and the
  /// directory those of all chunks, it stands for the content of the file.
  var checksum: UInt32 { trailer.checksum }

  /// First and last time in the segment, nil where it has no rows.
  var timeRange: ClosedRange<Timestamp>? { summary.timeRange }

  /// Rows that reads have found damaged so far.
  var unreadableRows: UnreadableRows? { unreadable.withLock { $0 } }

  func noteUnreadable(_ timeRange: ClosedRange<Timestamp>, _ error: StorageError) {
    unreadable.withLock { known in
      guard let before = known?.timeRange else {
        known = UnreadableRows(timeRange: timeRange, error: error)
        return
      }
      known?.timeRange =
        min(before.lowerBound, timeRange.lowerBound)...max(before.upperBound, timeRange.upperBound)
    }
  }

  /// Ascending.
  var seriesIDs: [SeriesID] { directory.seriesIDs }

  /// Ascending by time; empty where the segment has nothing of the series.
  func blocks(of series: SeriesID) -> [SegmentBlockReference] {
    directory.blocks(of: series).map { index in
      SegmentBlockReference(
        series: series, index: index, rowCount: directory.blocks[index].rowCount,
        timeRange: directory.blocks[index].timeRange)
    }
  }

  /// The fields of which a block has at least one value.
  func fieldNames(in block: SegmentBlockReference) -> [String] {
    directory.columns(ofBlock: block.index).map { directory.fieldName(ofColumn: $0) }
  }

  func hasField(_ field: String, in block: SegmentBlockReference) -> Bool {
    directory.column(field, ofBlock: block.index) != nil
  }

  /// The type of a field in a block, nil where the block has no value of it.
  func type(of field: String, in block: SegmentBlockReference) -> FieldType? {
    directory.column(field, ofBlock: block.index).flatMap { try? directory.type(ofColumn: $0) }
  }

  /// Names of all blocks' fields.
  var fieldNames: [String] { directory.fieldNames }

  /// The fields of which a block has at least one value, as positions in ``fieldNames``, ascending.
  func fields(in block: SegmentBlockReference) -> [(position: Int, type: FieldType)] {
    directory.columns(ofBlock: block.index).compactMap { column in
      guard let type = try? directory.type(ofColumn: column) else { return nil }
      return (directory.field(ofColumn: column), type)
    }
  }

  /// What the open segment keeps in memory.
  var directoryMemory: Int { directory.memory }

  /// Nil where the block has no value of the field, and for strings of more than 64 bytes.
  func statistics(of field: String, in block: SegmentBlockReference) -> ColumnStatistics? {
    entry(of: field, in: block)?.statistics
  }

  private func entry(of field: String, in block: SegmentBlockReference) -> SegmentColumnEntry? {
    guard let column = directory.column(field, ofBlock: block.index) else { return nil }
    // The directory was read in full once, so it can be read again.
    return try? directory.entry(column, ofBlock: block.index)
  }

  func timestamps(of block: SegmentBlockReference) throws -> [Timestamp] {
    let known = directory.blocks[block.index]
    return try withChunk(directory.timestampChunk(ofBlock: block.index), number: block.index) {
      bytes in
      let timestamps = try TimestampChunk.decode(
        bytes, rowCount: known.rowCount, base: known.timeRange.lowerBound)
      guard timestamps.first == known.timeRange.lowerBound,
        timestamps.last == known.timeRange.upperBound
      else {
        throw EncodingError.malformed(offset: 0, reason: "times differ from the directory's")
      }
      return timestamps
    }
  }

  /// A field's values, as many rows as the block has; nil where it has no value of the field.
  func column(_ field: String, of block: SegmentBlockReference) throws -> Column? {
    guard let column = directory.column(field, ofBlock: block.index) else { return nil }
    return try self.column(column, ofBlock: block.index)
  }

  /// The number of the column of a field of that type, nil where the block has no value of it.
  func column(of field: MeasurementSchema.Field, in block: SegmentBlockReference) -> Int? {
    guard let column = directory.column(field.name, ofBlock: block.index),
      (try? directory.type(ofColumn: column)) == field.type
    else { return nil }
    return column
  }

  /// The values of a column by its number.
  func column(_ column: Int, ofBlock index: Int) throws -> Column {
    let number = directory.blocks.count + column
    let entry = try directory.entry(column, ofBlock: index)
    return try withChunk(directory.chunk(ofColumn: column), number: number) { bytes in
      let decoded = try ColumnChunk.decode(bytes, rowCount: directory.blocks[index].rowCount)
      guard decoded.type == entry.type,
        decoded.validity?.presentCount ?? decoded.count == entry.count
      else {
        throw EncodingError.malformed(offset: 0, reason: "the column differs from the directory's")
      }
      return decoded
    }
  }

  /// The key of one series, nil where the segment does not have it. Reads the key section up to
  /// there; ``keys()`` is the way to many.
  func key(of series: SeriesID) throws -> [UInt8]? {
    guard let first = directory.blocks(of: series).first else { return nil }
    var found: [UInt8]?
    try forEachKey { position, key in
      guard directory.firstBlock(ofSeries: position) == first else { return true }
      found = key
      return false
    }
    return found
  }

  /// The canonical keys of all series, ascending by id.
  func keys() throws -> [(SeriesID, [UInt8])] {
    var keys: [(SeriesID, [UInt8])] = []
    try forEachKey { position, key in
      keys.append((directory.seriesIDs[position], key))
      return true
    }
    return keys
  }

  /// Compares every checksum of the file as it is now; throws the first that does not match.
  func checkFile() throws {
    let fresh = try SegmentReader(path: path, map: map)
    guard fresh.checksum == checksum else {
      throw StorageError.corrupt(path: path.string, offset: 0, reason: "another segment")
    }
    for block in directory.blocks.indices {
      try fresh.withChunk(directory.timestampChunk(ofBlock: block), number: block) { _ in }
      for column in directory.columns(ofBlock: block) {
        try fresh.withChunk(
          directory.chunk(ofColumn: column), number: directory.blocks.count + column
        ) { _ in }
      }
    }
    _ = try fresh.keys()
  }

  /// Checks every checksum, decodes every chunk and compares it with its statistics. One error for
  /// each damaged part, none where all is well.
  func verify() -> [StorageError] {
    var errors: [StorageError] = []
    func attempt<Value>(_ body: () throws -> Value) -> Value? {
      do {
        return try body()
      } catch let error as StorageError {
        errors.append(error)
      } catch {
        errors.append(.corrupt(path: path.string, offset: 0, reason: "\(error)"))
      }
      return nil
    }
    verified.withLock { $0 = Array(repeating: 0, count: $0.count) }
    for series in directory.seriesIDs {
      for block in blocks(of: series) {
        let timestamps = attempt { try self.timestamps(of: block) }
        for index in directory.columns(ofBlock: block.index) {
          guard let column = attempt({ try self.column(index, ofBlock: block.index) }),
            let timestamps,
            let entry = attempt({ try directory.entry(index, ofBlock: block.index) }),
            let chunk = attempt({ try directory.chunk(ofColumn: index) })
          else { continue }
          let found = ColumnStatistics(of: column, timestamps: timestamps)
          if let known = entry.statistics, !(found?.isIdentical(to: known) ?? false) {
            errors.append(
              .corrupt(
                path: path.string, offset: chunk.offset,
                reason: "values differ from their statistics"))
          }
        }
      }
    }
    _ = attempt { try keys() }
    return errors
  }
}

extension SegmentReader {
  private static func readTrailer(_ bytes: UnsafeRawBufferPointer, path: FilePath) throws
    -> SegmentTrailer
  {
    func corrupt(_ offset: Int, _ reason: String) -> StorageError {
      .corrupt(path: path.string, offset: offset, reason: reason)
    }
    guard bytes.count >= SegmentFormat.headerLength + SegmentFormat.trailerLength else {
      throw corrupt(0, "\(bytes.count) bytes are too few for a segment")
    }
    guard bytes.prefix(8).elementsEqual(SegmentFormat.headerMagic) else {
      throw corrupt(0, "not a segment")
    }
    let version = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard SegmentFormat.supportedVersions.contains(version) else {
      throw StorageError.unsupportedVersion(
        path: path.string, found: version, supported: SegmentFormat.supportedVersions)
    }
    let end = bytes.count - SegmentFormat.trailerLength
    let trailer = try located(path, end) {
      try SegmentTrailer(UnsafeRawBufferPointer(rebasing: bytes[end...]))
    }
    let sections = UInt64(trailer.directory.length) + UInt64(trailer.keys.length)
    guard trailer.directoryOffset >= UInt64(SegmentFormat.headerLength),
      trailer.directoryOffset <= UInt64(end), UInt64(end) - trailer.directoryOffset == sections
    else { throw corrupt(end, "the trailer's lengths do not add up to the file's") }
    return trailer
  }

  /// The bytes of a section, checked and decompressed. The trailer's lengths fit the file.
  private static func readSection(
    _ section: SegmentSection, at offset: Int, of bytes: UnsafeRawBufferPointer, named name: String,
    path: FilePath
  ) throws -> [UInt8] {
    let stored = UnsafeRawBufferPointer(
      rebasing: bytes[offset..<offset + Int(section.length)])
    return try located(path, offset, isPlain: false) {
      guard CRC32C.checksum(stored) == section.checksum else {
        throw EncodingError.malformed(
          offset: 0, reason: "the checksum of the \(name) does not match")
      }
      guard section.length != section.rawLength else { return Array(stored) }
      return try LZ4Block.decompress(stored, count: Int(section.rawLength))
    }
  }

  /// Turns an ``EncodingError`` of bytes that begin at `offset` into a ``StorageError``. Where the
  /// bytes were compressed (not `isPlain`) the place inside them means nothing.
  private static func located<Value>(
    _ path: FilePath, _ offset: Int, isPlain: Bool = true, _ body: () throws -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch EncodingError.malformed(let inner, let reason) {
      throw StorageError.corrupt(
        path: path.string, offset: isPlain ? offset + inner : offset, reason: reason)
    }
  }

  private func withChunk<Value>(
    _ chunk: SegmentDirectory.Chunk, number: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    try map.withBytes { file in
      let bytes = UnsafeRawBufferPointer(
        rebasing: file[chunk.offset..<chunk.offset + chunk.length])
      let bit: UInt64 = 1 << UInt64(number & 63)
      return try Self.located(path, chunk.offset) {
        if verified.withLock({ $0[number >> 6] & bit == 0 }) {
          guard CRC32C.checksum(bytes) == chunk.checksum else {
            throw EncodingError.malformed(offset: 0, reason: "a chunk's checksum does not match")
          }
          verified.withLock { $0[number >> 6] |= bit }
        }
        return try body(bytes)
      }
    }
  }

  private func forEachKey(_ body: (Int, [UInt8]) -> Bool) throws {
    let offset = Int(trailer.directoryOffset) + Int(trailer.directory.length)
    let raw = try map.withBytes {
      try Self.readSection(trailer.keys, at: offset, of: $0, named: "keys", path: path)
    }
    try Self.located(path, offset, isPlain: trailer.keys.length == trailer.keys.rawLength) {
      try raw.withUnsafeBytes {
        try SegmentKeys.forEach(in: $0, count: directory.seriesIDs.count, body)
      }
    }
  }
}

extension ColumnStatistics {
  /// Whether both are the same down to the bits.
  func isIdentical(to other: ColumnStatistics) -> Bool {
    let isSumIdentical =
      switch (sum, other.sum) {
      case (let a?, let b?): a.isIdentical(to: b)
      case (nil, nil): true
      default: false
      }
    return isSumIdentical && count == other.count && minimum.isIdentical(to: other.minimum)
      && maximum.isIdentical(to: other.maximum) && first.isIdentical(to: other.first)
      && last.isIdentical(to: other.last) && firstTimestamp == other.firstTimestamp
      && lastTimestamp == other.lastTimestamp
  }
}
