import SystemPackage
import TimeSeries

extension BackupArchive {
  /// What was restored.
  public struct Restored: Sendable, Hashable {
    public var database: String
    public var backup: String
    public var time: Timestamp
    public var segmentCount: Int
    public var rowCount: UInt64
    public var byteCount: UInt64
  }

  /// Puts a database of a backup into a store's directory, which is made if it is not there. It is
  /// there whole when this returns, and not at all after a throw.
  ///
  /// - Parameters:
  ///   - backup: nil is the newest one.
  ///   - newName: the name the database gets; nil keeps its own.
  ///   - adapt: is given each file of an upper layer, to change what has the database's name in it.
  /// - Throws: ``BackupError/databaseExists(path:database:)``, ``StorageError/locked(path:)`` where
  ///   the store is in use, and ``StorageError/corrupt(path:offset:reason:)`` for a damaged backup.
  public func restore(
    _ database: String, backup: String? = nil, as newName: String? = nil,
    to directory: FilePath,
    adapt: (_ kind: String, _ name: String, _ bytes: [UInt8]) throws -> [UInt8] = { $2 }
  ) throws -> Restored {
    let name = try resolve(backup, of: database)
    let catalog = try catalog(name, of: database)
    let source = Self.segments(in: try databaseDirectory(database))
    let target = newName ?? database
    let databases = directory.appending("databases")
    let final = databases.appending(try EscapedName.escape(target))
    try fileSystem.createDurableDirectory(directory)
    let lock = try fileSystem.lock(directory.appending("LOCK"))
    defer { withExtendedLifetime(lock) {} }
    guard !fileSystem.exists(final) else {
      throw BackupError.databaseExists(path: directory.string, database: target)
    }
    try fileSystem.createDurableDirectory(databases)
    // As a database is made: the next start removes it if it does not come to the rename.
    let temporary = databases.appending(try EscapedName.escape(target) + ".new")
    try fileSystem.removeTree(temporary)
    let layout = DatabaseLayout(root: temporary)
    try fileSystem.createDirectory(layout.walDirectory)
    try fileSystem.createDirectory(layout.segmentDirectory)
    for segment in catalog.segments {
      try copy(segment, from: source, to: layout.segment(segment.name))
    }
    try fileSystem.syncDirectory(layout.segmentDirectory)
    let files = StoredFiles(layout: layout, fileSystem: fileSystem)
    for file in catalog.files {
      try files.store(
        kind: file.kind, name: file.name, bytes: adapt(file.kind, file.name, file.bytes))
    }
    try writeLogs(catalog, layout)
    try fileSystem.syncDirectory(temporary)
    try fileSystem.rename(temporary, to: final)
    try fileSystem.syncDirectory(databases)
    return Restored(
      database: target, backup: name, time: catalog.time, segmentCount: catalog.segments.count,
      rowCount: catalog.rowCount, byteCount: catalog.segments.reduce(0) { $0 &+ $1.size })
  }

  /// The name of an existing backup.
  private func resolve(_ backup: String?, of database: String) throws -> String {
    let names = try backupNames(of: database)
    guard let newest = names.last else {
      throw BackupError.databaseNotFound(path: directory.string, database: database)
    }
    guard let backup else { return newest }
    guard names.contains(backup) else {
      throw BackupError.backupNotFound(
        path: directory.string, database: database, backup: backup)
    }
    return backup
  }

  private func copy(
    _ segment: BackupSegment, from source: FilePath, to destination: FilePath
  ) throws {
    let reader = try segment.check(source.appending(segment.fileName), on: fileSystem)
    let file = try fileSystem.create(destination)
    try reader.withFile { try file.append($0) }
    try file.sync()
    try file.close()
  }

  private func writeLogs(_ catalog: BackupCatalog, _ layout: DatabaseLayout) throws {
    if !catalog.series.isEmpty {
      var series = SeriesLog(layout: layout)
      try series.rewrite(catalog.series, on: fileSystem)
      try series.close()
    }
    var manifest = try Manifest(creatingIn: layout, state: catalog.state, on: fileSystem)
    try manifest.close()
  }
}
