import SystemPackage
import TimeSeries

/// A directory of backups: of each database a directory with a catalog for each backup, and the
/// segments that they share. See FORMAT.md.
///
///     LOCK
///     backups/DATABASE/BACKUP.backup
///     backups/DATABASE/segments/SEGMENT.seg
///
/// A catalog is put in place last, so a backup is there whole or not at all, and nothing that an
/// earlier one needs is ever touched.
public struct BackupArchive: Sendable {
  public let directory: FilePath
  let fileSystem: any FileSystem
  /// Nil where the directory is only read and nobody ever locked it.
  private let lock: (any FileLock)?

  /// Opens a directory for adding backups, making it if it is not there. One process at a time.
  public init(
    creating directory: FilePath, fileSystem: any FileSystem = DiskFileSystem()
  ) throws {
    self.directory = directory
    self.fileSystem = fileSystem
    try fileSystem.createDurableDirectory(directory)
    lock = try fileSystem.lock(directory.appending("LOCK"))
    try fileSystem.createDurableDirectory(Self.root(directory))
  }

  /// Opens a directory for reading.
  public init(
    reading directory: FilePath, fileSystem: any FileSystem = DiskFileSystem()
  ) throws {
    self.directory = directory
    self.fileSystem = fileSystem
    guard Self.isArchive(directory, on: fileSystem) else {
      throw BackupError.notABackup(path: directory.string)
    }
    lock = try fileSystem.sharedLock(directory.appending("LOCK"))
  }

  /// Whether a directory is one of backups rather than of a store.
  public static func isArchive(
    _ directory: FilePath, on fileSystem: any FileSystem = DiskFileSystem()
  ) -> Bool {
    fileSystem.exists(root(directory))
  }

  /// A backup of a database.
  public struct Backup: Sendable, Hashable {
    public var database: String
    /// Backups of one database are in the order of their names.
    public var name: String
    /// The moment it shows, nanoseconds since 1970.
    public var time: Timestamp
    public var segmentCount: Int
    public var rowCount: UInt64
    /// Of its segments, those shared with other backups as well.
    public var byteCount: UInt64
  }

  static func root(_ directory: FilePath) -> FilePath { directory.appending("backups") }

  func databaseDirectory(_ database: String) throws -> FilePath {
    Self.root(directory).appending(try EscapedName.escape(database))
  }

  static func segments(in database: FilePath) -> FilePath { database.appending("segments") }

  static let catalogSuffix = ".backup"

  /// Databases with backups, sorted.
  public func databases() throws -> [String] {
    try fileSystem.list(Self.root(directory)).compactMap(EscapedName.unescape)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Names of a database's backups, oldest first.
  public func backupNames(of database: String) throws -> [String] {
    let path = try databaseDirectory(database)
    guard fileSystem.exists(path) else { return [] }
    return try fileSystem.list(path).compactMap { fileName in
      fileName.hasSuffix(Self.catalogSuffix)
        ? EscapedName.unescape(String(fileName.dropLast(Self.catalogSuffix.utf8.count))) : nil
    }
  }

  /// A database's backups, oldest first. Throws where a catalog is damaged.
  public func backups(of database: String) throws -> [Backup] {
    try backupNames(of: database).map { name in
      let catalog = try catalog(name, of: database)
      return Backup(
        database: database, name: name, time: catalog.time, segmentCount: catalog.segments.count,
        rowCount: catalog.rowCount, byteCount: catalog.segments.reduce(0) { $0 &+ $1.size })
    }
  }

  func catalog(_ name: String, of database: String) throws -> BackupCatalog {
    let path = try databaseDirectory(database).appending(name + Self.catalogSuffix)
    return try fileSystem.map(path).withBytes { try BackupCatalog($0, path: path) }
  }

  /// Names of the segments of a database that are here and need not be sent again.
  public func knownSegments(of database: String) throws -> Set<String> {
    let path = Self.segments(in: try databaseDirectory(database))
    guard fileSystem.exists(path) else { return [] }
    var known: Set<String> = []
    for fileName in try fileSystem.list(path) {
      guard let segment = BackupSegment(fileName: fileName),
        UInt64(try fileSystem.size(path.appending(fileName))) == segment.size
      else { continue }
      known.insert(fileName)
    }
    return known
  }

  /// Removes all but the newest backups of a database, and the segments that none of the rest
  /// needs.
  ///
  /// - Returns: backups removed.
  @discardableResult
  public func prune(_ database: String, keeping count: Int) throws -> Int {
    let path = try databaseDirectory(database)
    let names = try backupNames(of: database)
    let kept = names.suffix(max(1, count))
    // Read before anything is removed: a damaged catalog does not say what it needs.
    let needed = Set(
      try kept.flatMap { try catalog($0, of: database).segments.map(\.fileName) })
    let gone = names.dropLast(kept.count)
    for name in gone { try fileSystem.remove(path.appending(name + Self.catalogSuffix)) }
    // No backup must be left without its segments.
    if !gone.isEmpty { try fileSystem.syncDirectory(path) }
    let segments = Self.segments(in: path)
    guard fileSystem.exists(segments) else { return gone.count }
    for fileName in try fileSystem.list(segments) where !needed.contains(fileName) {
      if BackupSegment(fileName: fileName) != nil || fileName.hasSuffix(".new") {
        try fileSystem.remove(segments.appending(fileName))
      }
    }
    return gone.count
  }
}
