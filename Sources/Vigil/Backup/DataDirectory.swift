import Storage
import SystemPackage

/// A directory of a database, or of backups, that nobody has open.
public enum DataDirectory {
  /// Reads every file, checks every checksum, decodes every chunk, and changes nothing.
  ///
  /// - Throws: ``StorageError``: `locked` where a process has the directory open, `missing` where it
  ///   is neither a database's nor one of backups.
  public static func verify(_ path: String) throws -> VerificationReport {
    try DirectoryVerification.run(FilePath(path)) { database, kind, name, bytes in
      try StoredContent.check(database, kind, name, bytes)
    }
  }

  /// Makes a store whole again, as far as what is there allows (``DirectoryRepair``).
  ///
  /// - Parameters:
  ///   - isDryRun: changes nothing, and reports what would be done.
  ///   - report: gets a line for each thing that is wrong and what becomes of it.
  /// - Returns: how many those were.
  @discardableResult
  public static func repair(
    _ path: String, isDryRun: Bool, report: (String) -> Void
  ) throws -> Int {
    try DirectoryRepair.run(
      FilePath(path), isDryRun: isDryRun,
      checkContent: { try StoredContent.check($0, $1, $2, $3) }, report: report)
  }

  /// Puts a database of a backup into a directory, where it is whole when this returns, and not at
  /// all after a throw. Never overwrites one.
  ///
  /// - Parameters:
  ///   - backup: nil is the newest one.
  ///   - newName: the name the database gets; nil keeps its own. What its continuous queries say of
  ///     the old name they then say of the new one.
  /// - Throws: ``BackupError``, and ``StorageError`` for a damaged backup, naming the file.
  public static func restore(
    _ database: String, backup: String? = nil, as newName: String? = nil,
    from archive: BackupArchive, to path: String
  ) throws -> BackupArchive.Restored {
    try archive.restore(database, backup: backup, as: newName, to: FilePath(path)) {
      kind, _, bytes in
      guard let newName, newName != database else { return bytes }
      return try StoredContent.moved(from: database, to: newName, kind: kind, bytes)
    }
  }
}
