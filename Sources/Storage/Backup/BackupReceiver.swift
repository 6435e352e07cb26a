import Encoding
import SystemPackage

/// Takes the stream of a ``DatabaseBackup`` into a ``BackupArchive``. Let go of before ``finish()``
/// it leaves no backup, only segments that the next attempt need not send again.
public final class BackupReceiver {
  /// What went over and what was there already.
  public struct Summary: Sendable, Hashable {
    public var database = ""
    /// The rows of all segments.
    public var rowCount: UInt64 = 0
    public var sentSegments = 0
    public var sentBytes: UInt64 = 0
    public var reusedSegments = 0
    public var reusedBytes: UInt64 = 0
  }

  /// Names of segments that the stream is to leave out.
  public let known: Set<String>
  private let database: String
  private let name: String
  /// Keeps the directory locked.
  private let archive: BackupArchive
  private var fileSystem: any FileSystem { archive.fileSystem }
  private let directory: FilePath
  private let segmentDirectory: FilePath
  private var summary = Summary()

  private var catalogSize: UInt64?
  /// Bytes of the catalog, before that of its size.
  private var buffer: [UInt8] = []
  private var catalog: BackupCatalog?
  /// Segments to come, the next one last.
  private var coming: [BackupSegment] = []
  private var file: (any AppendableFile)?

  /// A series key is at most 64 KiB and a database has millions at most.
  private static let catalogLimit: UInt64 = 1 << 36

  /// - Parameter name: of the backup; letters and digits, later ones sort behind earlier ones.
  public init(archive: BackupArchive, database: String, name: String) throws {
    self.database = database
    self.name = name
    self.archive = archive
    guard try EscapedName.escape(name) == name else {
      throw StorageError.invalidName(name, reason: "not letters and digits")
    }
    directory = try archive.databaseDirectory(database)
    segmentDirectory = BackupArchive.segments(in: directory)
    try archive.fileSystem.createDurableDirectory(segmentDirectory)
    guard !archive.fileSystem.exists(directory.appending(name + BackupArchive.catalogSuffix)) else {
      throw StorageError.invalidName(name, reason: "there is a backup of that name")
    }
    known = try archive.knownSegments(of: database)
    // What an attempt that was broken off had not finished.
    for path in [directory, segmentDirectory] {
      for fileName in try archive.fileSystem.list(path) where fileName.hasSuffix(".new") {
        try archive.fileSystem.remove(path.appending(fileName))
      }
    }
  }

  /// The next bytes of the stream.
  public func receive(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let taken =
        if catalog != nil {
          try receiveSegment(rest)
        } else if let catalogSize {
          try receiveCatalog(rest, size: catalogSize)
        } else {
          try receiveSize(rest)
        }
      rest = rest.dropFirst(taken)
    }
  }

  private func fill(_ bytes: Slice<UnsafeRawBufferPointer>, upTo size: Int) -> Int {
    let taken = min(bytes.count, size - buffer.count)
    buffer += bytes.prefix(taken)
    return taken
  }

  private func receiveSize(_ bytes: Slice<UnsafeRawBufferPointer>) throws -> Int {
    let taken = fill(bytes, upTo: 8)
    guard buffer.count == 8 else { return taken }
    let size = buffer.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard size <= Self.catalogLimit else {
      throw BackupError.malformedStream(reason: "a catalog of \(size) bytes")
    }
    catalogSize = size
    buffer = []
    return taken
  }

  private func receiveCatalog(_ bytes: Slice<UnsafeRawBufferPointer>, size: UInt64) throws -> Int {
    let taken = fill(bytes, upTo: Int(size))
    guard UInt64(buffer.count) == size else { return taken }
    let catalog = try buffer.withUnsafeBytes { try BackupCatalog($0, path: "catalog") }
    guard catalog.database == database else {
      throw BackupError.malformedStream(
        reason: "database \(catalog.database) instead of \(database)")
    }
    summary.database = database
    summary.rowCount = catalog.rowCount
    for segment in catalog.segments {
      if known.contains(segment.fileName) {
        summary.reusedSegments += 1
        summary.reusedBytes += segment.size
      } else {
        coming.append(segment)
      }
    }
    coming.reverse()
    self.catalog = catalog
    return taken
  }

  private func receiveSegment(_ bytes: Slice<UnsafeRawBufferPointer>) throws -> Int {
    guard let segment = coming.last else {
      throw BackupError.malformedStream(reason: "bytes behind the last segment")
    }
    let temporary = segmentDirectory.appending(segment.fileName + ".new")
    let file = try self.file ?? fileSystem.create(temporary)
    self.file = file
    let taken = min(UInt64(bytes.count), segment.size - UInt64(file.size))
    try file.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(taken))))
    if UInt64(file.size) == segment.size { try finishSegment(segment, file, temporary) }
    return Int(taken)
  }

  private func finishSegment(
    _ segment: BackupSegment, _ file: any AppendableFile, _ temporary: FilePath
  ) throws {
    try file.sync()
    try file.close()
    self.file = nil
    do {
      _ = try segment.check(temporary, on: fileSystem)
    } catch let error as StorageError {
      try? fileSystem.remove(temporary)
      guard case .corrupt(_, let offset, let reason) = error else { throw error }
      throw BackupError.damagedSegment(
        database: database, segment: segment.name.fileName, reason: "byte \(offset): \(reason)")
    }
    try fileSystem.rename(temporary, to: segmentDirectory.appending(segment.fileName))
    coming.removeLast()
    summary.sentSegments += 1
    summary.sentBytes += segment.size
  }

  /// The end of the stream: makes the backup, durable on return.
  public func finish() throws -> Summary {
    guard catalog != nil, coming.isEmpty else {
      throw BackupError.malformedStream(reason: "it ends early")
    }
    try fileSystem.syncDirectory(segmentDirectory)
    let path = directory.appending(name + BackupArchive.catalogSuffix)
    let temporary = directory.appending(name + BackupArchive.catalogSuffix + ".new")
    let file = try fileSystem.create(temporary)
    try file.append(buffer)
    try file.sync()
    try file.close()
    try fileSystem.rename(temporary, to: path)
    try fileSystem.syncDirectory(directory)
    return summary
  }
}
