import SystemPackage

/// Everything the store does to files goes through here, so that tests can put a file system
/// underneath that drops unsynced writes, tears them, fails or fills up at any operation.
///
/// Paths are absolute or relative to the process; errors are ``StorageError/io(operation:path:errno:)``.
public protocol FileSystem: Sendable {
  /// Creates the directory and the missing ones above it; fine if it is there.
  func createDirectory(_ path: FilePath) throws
  /// Names in a directory, sorted; throws where there is no such directory.
  func list(_ directory: FilePath) throws -> [String]
  func exists(_ path: FilePath) -> Bool
  /// Whether this process may make files in a directory; false if there is none.
  func isWritable(_ directory: FilePath) -> Bool
  /// Bytes in a file.
  func size(_ path: FilePath) throws -> Int
  /// Creates an empty file, replacing what was there.
  func create(_ path: FilePath) throws -> any AppendableFile
  /// Opens an existing file for appending at `offset`; what lies behind is cut off.
  func openForAppending(_ path: FilePath, at offset: Int) throws -> any AppendableFile
  /// The whole file, read-only. It stays readable after the file is removed.
  func map(_ path: FilePath) throws -> MappedFile
  /// Atomically puts `source` in the place of `destination`.
  func rename(_ source: FilePath, to destination: FilePath) throws
  func remove(_ path: FilePath) throws
  /// Removes a directory with all it holds; fine if it is not there.
  func removeTree(_ path: FilePath) throws
  /// Makes creations, renames and removals in a directory durable.
  func syncDirectory(_ path: FilePath) throws
  /// Takes an exclusive lock on a file, creating it, and holds it until the returned object is
  /// released. Throws ``StorageError/locked(path:)`` where another holder has it.
  func lock(_ path: FilePath) throws -> any FileLock
  /// Keeps ``lock(_:)`` of the same file from being taken, without changing anything; nil where
  /// there is no such file. Throws ``StorageError/locked(path:)`` where it is taken.
  func sharedLock(_ path: FilePath) throws -> (any FileLock)?
}

/// A file that grows at its end.
public protocol AppendableFile: AnyObject, Sendable {
  /// Bytes written so far.
  var size: Int { get }
  /// Writes all of `bytes` or throws; after a throw the file's tail is unknown. Throws for a file that
  /// was removed: nobody would find the bytes.
  func append(_ bytes: UnsafeRawBufferPointer) throws
  /// Makes everything appended so far durable (fdatasync).
  func sync() throws
  func close() throws
}

extension AppendableFile {
  public func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try append($0) }
  }
}

/// Held while a directory is in use.
public protocol FileLock: AnyObject, Sendable {
  /// Whether the locked file is still the one at its path: false once the directory was removed or
  /// another was put in its place. Asked for every write.
  var isInPlace: Bool { get }
}

/// The bytes of a file, for as long as this object lives.
public final class MappedFile: Sendable {
  /// Valid while the `MappedFile` is; read it inside `withExtendedLifetime` or through ``withBytes(_:)``.
  nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer
  private let release: @Sendable () -> Void
  private let evictRange: (@Sendable (Range<Int>) -> Void)?

  /// - Parameters:
  ///   - evict: gives the memory of a part of `bytes` back until it is read again; nil where that is
  ///     not possible.
  ///   - release: gives `bytes` back; called once, when the last reference goes.
  public init(
    _ bytes: UnsafeRawBufferPointer, evict: (@Sendable (Range<Int>) -> Void)? = nil,
    release: @escaping @Sendable () -> Void
  ) {
    self.bytes = bytes
    evictRange = evict
    self.release = release
  }

  deinit { release() }

  public var count: Int { bytes.count }

  /// Gives the memory of a part back, which is read from the file again when it is needed.
  func evict(_ range: Range<Int>) { evictRange?(range) }

  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) { try body(bytes) }
  }
}
