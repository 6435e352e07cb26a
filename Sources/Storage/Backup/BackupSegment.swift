import SystemPackage

/// A segment as backups name it: what it is called in its database, and what is in it. So two
/// backups share a file just where they mean the same bytes, whatever became of the database in
/// between (dropped and made anew, restored from another backup).
struct BackupSegment: Sendable, Hashable {
  var name: SegmentName
  /// Bytes.
  var size: UInt64
  /// ``SegmentReader/checksum``.
  var checksum: UInt32

  /// The segment's name with size (16 digits) and checksum (8) added, hexadecimal.
  var fileName: String {
    [
      String(name.fileName.dropLast(4)), DatabaseLayout.hexadecimal(size),
      DatabaseLayout.hexadecimal(checksum, digits: 8),
    ].joined(separator: "-") + ".seg"
  }

  init(name: SegmentName, size: UInt64, checksum: UInt32) {
    self.name = name
    self.size = size
    self.checksum = checksum
  }

  init?(fileName: String) {
    guard fileName.hasSuffix(".seg") else { return nil }
    let parts = fileName.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 5,
      let name = SegmentName(fileName: parts[..<3].joined(separator: "-") + ".seg"),
      let size = DatabaseLayout.number(parts[3], digits: 16),
      let checksum = DatabaseLayout.number(parts[4], digits: 8)
    else { return nil }
    self.init(name: name, size: size, checksum: UInt32(truncatingIfNeeded: checksum))
  }

  /// Opens a file that should hold the segment and reads all of it.
  ///
  /// - Throws: the first thing that is wrong, as a ``StorageError``.
  func check(_ path: FilePath, on fileSystem: any FileSystem) throws -> SegmentReader {
    guard fileSystem.exists(path) else { throw StorageError.missing(path: path.string) }
    let reader = try SegmentReader(path: path, map: try fileSystem.map(path))
    if let problem = reader.verify().first { throw problem }
    guard UInt64(reader.summary.byteCount) == size, reader.checksum == checksum else {
      throw StorageError.corrupt(
        path: path.string, offset: 0, reason: "a whole segment, but not the one that was saved")
    }
    return reader
  }
}
