import SystemPackage
import TimeSeries
import Vigil

/// What `vigild backup` does: a backup of each database, all under one name.
public struct BackupJob {
  public var destination: String
  /// Databases; none for all that there are.
  public var databases: [String]
  /// Backups of each database that stay afterwards, nil for all.
  public var keep: Int?

  public init(destination: String, databases: [String] = [], keep: Int? = nil) {
    self.destination = destination
    self.databases = databases
    self.keep = keep
  }

  /// - Parameter report: gets a line for each database.
  /// - Throws: the first error. Databases before it are backed up, and earlier backups are as they
  ///   were.
  public func run(from source: some BackupSource, report: (String) -> Void) async throws {
    let archive = try BackupArchive(creating: FilePath(destination))
    let name = Database.backupName()
    let names = databases.isEmpty ? try await source.listDatabases() : databases
    for database in names {
      let receiver = try BackupReceiver(archive: archive, database: database, name: name)
      try await source.send(database, to: receiver)
      let summary = try receiver.finish()
      report(
        "\(database) \(name): \(summary.rowCount) rows; "
          + "\(Self.files(summary.sentSegments, summary.sentBytes)) transferred, "
          + "\(Self.files(summary.reusedSegments, summary.reusedBytes)) reused")
      if let keep {
        let removed = try archive.prune(database, keeping: keep)
        if removed > 0 { report("\(database): \(removed) older removed") }
      }
    }
    if names.isEmpty { report("no databases") }
  }

  /// So many segments of so many bytes.
  static func files(_ count: Int, _ bytes: UInt64) -> String {
    "\(count) \(count == 1 ? "segment" : "segments") (\(bytes) bytes)"
  }

  /// A line for each backup in a directory.
  public static func list(_ directory: String) throws -> [String] {
    let archive = try BackupArchive(reading: FilePath(directory))
    return try archive.databases().flatMap { try archive.backups(of: $0) }.map { backup in
      "\(backup.database) \(backup.name): \(backup.rowCount) rows; "
        + files(backup.segmentCount, backup.byteCount)
    }
  }
}
