import SystemPackage

/// What can go wrong below the query engine. Every case names the file or the thing it is about.
public enum StorageError: Error, Sendable, Hashable {
  /// The operating system refused; `operation` is the call ("open", "write", "fdatasync").
  case io(operation: String, path: String, errno: Int32)
  /// A checksum, length or structure is wrong at a byte offset of a file.
  case corrupt(path: String, offset: Int, reason: String)
  /// A file the manifest names is not there.
  case missing(path: String)
  /// Written by a version this one does not read.
  case unsupportedVersion(path: String, found: UInt32, supported: ClosedRange<UInt32>)
  /// The directory of the store was removed, or another one was put in its place.
  case replaced(path: String)
  /// Another process has the directory open.
  case locked(path: String)
  case databaseNotFound(String)
  case retentionPolicyNotFound(database: String, policy: String)
  case invalidName(String, reason: String)
  /// A batch that would make a record of the write-ahead log too long; split it.
  case batchTooLarge(bytes: Int, limit: Int)
  /// The store was closed.
  case closed

  /// Whether a file is not as it was written: trying again does not help.
  public var isDamage: Bool {
    switch self {
    case .corrupt, .missing, .unsupportedVersion: true
    case .io, .replaced, .locked, .databaseNotFound, .retentionPolicyNotFound, .invalidName,
      .batchTooLarge,
      .closed:
      false
    }
  }

  /// The file or directory that the error is about, nil if it is about none.
  public var path: String? {
    switch self {
    case .io(_, let path, _), .corrupt(let path, _, _), .missing(let path),
      .unsupportedVersion(let path, _, _), .replaced(let path), .locked(let path):
      path
    case .databaseNotFound, .retentionPolicyNotFound, .invalidName, .batchTooLarge, .closed: nil
    }
  }

  /// An error of any kind, as one about a file.
  static func wrapping(_ error: any Error, path: String) -> StorageError {
    error as? StorageError ?? .corrupt(path: path, offset: 0, reason: "\(error)")
  }
}

extension StorageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .io(let operation, let path, let errno):
      "\(operation) \(path): \(Errno(rawValue: errno))"
    case .corrupt(let path, let offset, let reason):
      "\(path): damaged at byte \(offset): \(reason)"
    case .missing(let path): "\(path): missing"
    case .unsupportedVersion(let path, let found, let supported):
      "\(path): format version \(found), this build reads \(supported.lowerBound) to "
        + "\(supported.upperBound)"
    case .replaced(let path): "\(path): removed or replaced while in use"
    case .locked(let path): "\(path): in use by another process"
    case .databaseNotFound(let name): "database not found: \(name)"
    case .retentionPolicyNotFound(let database, let policy):
      "retention policy not found: \(database).\(policy)"
    case .invalidName(let name, let reason): "invalid name \"\(name)\": \(reason)"
    case .batchTooLarge(let bytes, let limit):
      "the batch takes \(bytes) bytes in the write-ahead log, at most \(limit)"
    case .closed: "the store is closed"
    }
  }
}
