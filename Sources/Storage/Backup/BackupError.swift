/// What can go wrong with a backup, beyond ``StorageError``.
public enum BackupError: Error, Sendable, Hashable {
  /// A directory that holds no backups.
  case notABackup(path: String)
  case databaseNotFound(path: String, database: String)
  case backupNotFound(path: String, database: String, backup: String)
  /// Restoring never overwrites.
  case databaseExists(path: String, database: String)
  /// What was sent is not what a backup is.
  case malformedStream(reason: String)
  /// What an upper layer keeps in one file is too long for a record of a catalog.
  case fileTooLarge(database: String, kind: String, name: String, bytes: Int, limit: Int)
  /// A segment came as the store has it, and is damaged there.
  case damagedSegment(database: String, segment: String, reason: String)
}

extension BackupError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notABackup(let path): "\(path): holds no backups"
    case .databaseNotFound(let path, let database):
      "\(path): holds no backup of the database \(database)"
    case .backupNotFound(let path, let database, let backup):
      "\(path): holds no backup \(backup) of the database \(database)"
    case .databaseExists(let path, let database):
      "\(path): has a database \(database) already; nothing was restored over it"
    case .malformedStream(let reason): "the backup was not received as it should be: \(reason)"
    case .fileTooLarge(let database, let kind, let name, let bytes, let limit):
      "database \(database): \(kind)/\(name) has \(bytes) bytes, a backup takes at most \(limit)"
    case .damagedSegment(let database, let segment, let reason):
      "database \(database): the store's segment \(segment) is damaged: \(reason)"
    }
  }
}
