import SystemPackage
import Vigil

/// What `vigild restore` does: puts databases of a backup into a directory.
public struct RestoreJob {
  public var source: String
  public var data: String
  /// The name of a backup; nil for the newest of each database.
  public var backup: String?
  /// Nil for all that have such a backup.
  public var database: String?
  /// What `database` is to be called; nil for as it was.
  public var newName: String?

  public init(
    source: String, data: String, backup: String? = nil, database: String? = nil,
    newName: String? = nil
  ) {
    self.source = source
    self.data = data
    self.backup = backup
    self.database = database
    self.newName = newName
  }

  /// - Parameter report: gets a line for each database that is there now.
  /// - Throws: the first error. Databases before it are restored, the others are not there.
  public func run(report: (String) -> Void) throws {
    let archive = try BackupArchive(reading: FilePath(source))
    var databases = try database.map { [$0] } ?? archive.databases()
    if database == nil, let backup {
      databases = try databases.filter { try archive.backupNames(of: $0).contains(backup) }
    }
    guard !databases.isEmpty else { throw BackupError.notABackup(path: source) }
    for database in databases {
      let restored = try DataDirectory.restore(
        database, backup: backup, as: newName, from: archive, to: data)
      report(
        "\(restored.database) from \(restored.backup): \(restored.rowCount) rows; "
          + BackupJob.files(restored.segmentCount, restored.byteCount))
    }
  }
}
