import Encoding
import SystemPackage
import TimeSeries

/// A database at one moment, ready to be sent somewhere. As long as this object lives its segments
/// can be read, whatever compaction, retention and deletions do to the files meanwhile; writers are
/// not kept waiting.
///
/// What ``send(except:to:)`` sends is
///
///     stream := size of the catalog u64, catalog [size], segment*
///
/// with the segments that were asked for, in the catalog's order; it says how long each one is.
public final class DatabaseBackup: Sendable {
  let catalog: BackupCatalog
  /// In the catalog's order.
  private let readers: [SegmentReader]

  init(catalog: BackupCatalog, readers: [SegmentReader]) {
    self.catalog = catalog
    self.readers = readers
  }

  /// Bytes handed out at a time.
  private static let pieceSize = 1 << 18

  /// Hands out the stream piece by piece.
  ///
  /// - Parameter known: names of segments that the receiver has and that are left out.
  /// - Throws: before the first piece what is wrong with a segment that is to be sent.
  public func send(
    except known: Set<String>, to emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let sent = zip(catalog.segments, readers).filter { !known.contains($0.0.fileName) }
      .map(\.1)
    for reader in sent { try reader.checkFile() }
    let bytes = catalog.encoded
    var size: [UInt8] = []
    size.appendFixed(UInt64(bytes.count))
    try size.withUnsafeBytes(emit)
    try bytes.withUnsafeBytes { try Self.send($0, to: emit) }
    for reader in sent { try reader.forEachPiece(size: Self.pieceSize, emit) }
  }

  private static func send(
    _ bytes: UnsafeRawBufferPointer, to emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try emit(UnsafeRawBufferPointer(rebasing: rest.prefix(pieceSize)))
      rest = rest.dropFirst(pieceSize)
    }
  }
}

extension DatabaseStore {
  /// Everything acknowledged before the call, as of one moment.
  ///
  /// - Throws: what is wrong with a file that cannot be read: a backup without it would pass for a
  ///   whole one.
  func beginBackup() throws -> DatabaseBackup {
    try maintenance.withLock {
      try flushAll()
      let version = monitor.withLock { self.version }
      let segments = version.segments
      if let problem = version.unreadable.first?.error { throw problem }
      if let loss = monitor.withLock({ losses.first }) { throw loss }
      let catalog = BackupCatalog(
        database: name, time: options.now(), state: version.state,
        series: indexRecords(),
        files: try files.withLock { try $0.all(of: name) },
        segments: segments.map {
          BackupSegment(
            name: $0.entry.name, size: UInt64($0.reader.summary.byteCount),
            checksum: $0.reader.checksum)
        })
      return DatabaseBackup(catalog: catalog, readers: segments.map(\.reader))
    }
  }
}

extension StoredFiles {
  /// The content of every file.
  fileprivate func all(of database: String) throws -> [BackupCatalog.StoredFile] {
    try kinds().flatMap { kind in
      try list(kind: kind).compactMap { name in
        guard let bytes = try load(kind: kind, name: name) else { return nil }
        guard bytes.count <= BackupCatalog.fileLimit else {
          throw BackupError.fileTooLarge(
            database: database, kind: kind, name: name, bytes: bytes.count,
            limit: BackupCatalog.fileLimit)
        }
        return BackupCatalog.StoredFile(kind: kind, name: name, bytes: bytes)
      }
    }
  }
}
