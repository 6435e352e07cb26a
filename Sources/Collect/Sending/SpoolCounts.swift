/// What was lost since the spool was made, and why: the file `counts` of a spool.
///
///     0   "VGSC"
///     4   version: UInt32 = 1
///     8   nine numbers of 8 bytes, in the order of the properties
///     80  CRC-32 of bytes 0 to 79
///
/// It is written before the files it speaks of are removed, and names them: where the collector
/// dies between the two, the next one removes them and does not count them again.
struct SpoolCounts: Sendable, Hashable {
  /// Removed because the spool was full.
  var droppedBatches: UInt64 = 0
  var droppedLines: UInt64 = 0
  /// Refused by the server.
  var refusedBatches: UInt64 = 0
  var refusedLines: UInt64 = 0
  /// Found damaged. Where the damage is in a file's header its lines are not known.
  var damagedBatches: UInt64 = 0
  var damagedLines: UInt64 = 0
  /// Never written, because the disk took nothing and memory was full.
  var unwrittenLines: UInt64 = 0
  /// The numbers of the batches that were counted last: `countedFrom..<countedTo`.
  var countedFrom: UInt64 = 0
  var countedTo: UInt64 = 0

  private static let magic = Array("VGSC".utf8)
  private static let version: UInt32 = 1
  private static let fields: [WritableKeyPath<SpoolCounts, UInt64> & Sendable] = [
    \.droppedBatches, \.droppedLines, \.refusedBatches, \.refusedLines, \.damagedBatches,
    \.damagedLines, \.unwrittenLines, \.countedFrom, \.countedTo,
  ]
  static let size = 8 + 8 * fields.count + 4

  init() {}

  /// - Returns: nil where the bytes are not those of a whole file of this version.
  init?(_ bytes: [UInt8]) {
    let end = Self.size - 4
    guard bytes.count == Self.size, Array(bytes.prefix(4)) == Self.magic,
      LittleEndian.read(UInt32.self, bytes, at: 4) == Self.version,
      LittleEndian.read(UInt32.self, bytes, at: end) == GzipBody.checksum(bytes[..<end])
    else { return nil }
    for (index, field) in Self.fields.enumerated() {
      self[keyPath: field] = LittleEndian.read(UInt64.self, bytes, at: 8 + 8 * index) ?? 0
    }
  }

  var encoded: [UInt8] {
    var bytes = Self.magic
    LittleEndian.append(Self.version, to: &bytes)
    for field in Self.fields { LittleEndian.append(self[keyPath: field], to: &bytes) }
    LittleEndian.append(GzipBody.checksum(bytes[...]), to: &bytes)
    return bytes
  }
}
