import Vigil

/// Where backups are made from: a server (``RemoteBackupSource``), or a directory that no server
/// has open.
public protocol BackupSource: Sendable {
  func listDatabases() async throws -> [String]
  /// Brings over what the receiver does not have.
  func send(_ database: String, to receiver: BackupReceiver) async throws
}

extension Database: BackupSource {
  public func listDatabases() async throws -> [String] { databases }

  public func send(_ database: String, to receiver: BackupReceiver) async throws {
    // Pieces come one after another, and nobody else has the receiver meanwhile.
    nonisolated(unsafe) let receiver = receiver
    try await backup(database, except: receiver.known) { try receiver.receive($0) }
  }
}
