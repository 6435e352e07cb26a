import SystemPackage

/// Shows another file system and changes nothing on it. Opening a database repairs what a crash
/// left: with this underneath the repairs go nowhere, so a check can go the way an opening goes and
/// find what that finds.
struct ReadOnlyFileSystem: FileSystem {
  let base: any FileSystem

  /// "Read-only file system".
  private static let readOnly: Int32 = 30

  func createDirectory(_ path: FilePath) throws {}

  /// A directory that is missing is as good as empty: that it is missing is said elsewhere.
  func list(_ directory: FilePath) throws -> [String] {
    base.exists(directory) ? try base.list(directory) : []
  }

  func exists(_ path: FilePath) -> Bool { base.exists(path) }

  func isWritable(_ directory: FilePath) -> Bool { false }

  func size(_ path: FilePath) throws -> Int { try base.size(path) }

  func create(_ path: FilePath) throws -> any AppendableFile {
    throw StorageError.io(operation: "open", path: path.string, errno: Self.readOnly)
  }

  func openForAppending(_ path: FilePath, at offset: Int) throws -> any AppendableFile {
    UnchangedFile(size: offset, path: path)
  }

  func map(_ path: FilePath) throws -> MappedFile { try base.map(path) }

  func rename(_ source: FilePath, to destination: FilePath) throws {
    throw StorageError.io(operation: "rename", path: source.string, errno: Self.readOnly)
  }

  func remove(_ path: FilePath) throws {}

  func removeTree(_ path: FilePath) throws {}

  func syncDirectory(_ path: FilePath) throws {}

  func lock(_ path: FilePath) throws -> any FileLock {
    throw StorageError.io(operation: "flock", path: path.string, errno: Self.readOnly)
  }

  func sharedLock(_ path: FilePath) throws -> (any FileLock)? { try base.sharedLock(path) }

  private final class UnchangedFile: AppendableFile, Sendable {
    let size: Int
    let path: FilePath

    init(size: Int, path: FilePath) {
      self.size = size
      self.path = path
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
      throw StorageError.io(operation: "write", path: path.string, errno: readOnly)
    }

    func sync() throws {}
    func close() throws {}
  }
}
