#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a spool does to files, so that tests can stop it between any two steps.
///
/// Errors are ``SpoolError/io(operation:path:errno:)``.
public protocol SpoolFileSystem: Sendable {
  /// Creates the directory and the missing ones above it; fine if it is there.
  func createDirectory(_ path: String) throws
  /// Names in a directory.
  func list(_ directory: String) throws -> [String]
  /// The first bytes of a file, at most `limit`, and its whole size.
  func read(_ path: String, limit: Int) throws -> (bytes: [UInt8], size: Int)
  /// Creates or replaces a file and makes its content durable (fsync).
  func write(_ bytes: [UInt8], to path: String) throws
  /// Atomically puts `source` in the place of `destination`.
  func rename(_ source: String, to destination: String) throws
  func remove(_ path: String) throws
  /// Makes creations, renames and removals in a directory durable.
  func syncDirectory(_ path: String) throws
  /// Takes the exclusive lock on a file, creating it, until the returned object is released.
  ///
  /// - Throws: ``SpoolError/locked(path:)`` where another holder has it.
  func lock(_ path: String) throws -> any SpoolLock
}

/// Held while a spool is open.
public protocol SpoolLock: AnyObject, Sendable {}

public enum SpoolError: Error, Hashable, CustomStringConvertible {
  case io(operation: String, path: String, errno: Int32)
  /// Another collector has this spool.
  case locked(path: String)

  public var description: String {
    switch self {
    case .io(let operation, let path, let errno):
      "\(operation) \(path): \(String(cString: strerror(errno)))"
    case .locked(let path): "\(path): another collector uses this spool"
    }
  }
}
