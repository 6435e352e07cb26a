import SystemPackage

@testable import Storage

/// Shows another file system, and holds up the threads that do something there until they may go on.
final class GatedFileSystem: FileSystem, @unchecked Sendable {
  private let base: any FileSystem
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private var isHeld: ((_ operation: String, _ path: String) -> Bool)?
  private var heldCount = 0

  init(_ base: any FileSystem) { self.base = base }

  /// From now on operations of which `isHeld` says so wait for ``release()``.
  func hold(_ isHeld: @escaping (_ operation: String, _ path: String) -> Bool) {
    monitor.withLock { self.isHeld = isHeld }
  }

  func release() {
    monitor.withLock {
      isHeld = nil
      monitor.broadcast()
    }
  }

  /// Returns once a thread waits.
  func waitUntilHeld() {
    monitor.withLock { while heldCount == 0 { monitor.wait() } }
  }

  private func pass(_ operation: String, _ path: FilePath) {
    monitor.withLock {
      guard isHeld?(operation, path.string) ?? false else { return }
      heldCount += 1
      monitor.broadcast()
      while isHeld?(operation, path.string) ?? false { monitor.wait() }
      heldCount -= 1
    }
  }

  func createDirectory(_ path: FilePath) throws { try base.createDirectory(path) }
  func list(_ directory: FilePath) throws -> [String] { try base.list(directory) }
  func exists(_ path: FilePath) -> Bool { base.exists(path) }
  func isWritable(_ directory: FilePath) -> Bool { base.isWritable(directory) }
  func size(_ path: FilePath) throws -> Int { try base.size(path) }

  func create(_ path: FilePath) throws -> any AppendableFile {
    pass("create", path)
    return File(try base.create(path), path, self)
  }

  func openForAppending(_ path: FilePath, at offset: Int) throws -> any AppendableFile {
    File(try base.openForAppending(path, at: offset), path, self)
  }

  func map(_ path: FilePath) throws -> MappedFile { try base.map(path) }

  func rename(_ source: FilePath, to destination: FilePath) throws {
    try base.rename(source, to: destination)
  }

  func remove(_ path: FilePath) throws { try base.remove(path) }
  func removeTree(_ path: FilePath) throws { try base.removeTree(path) }
  func syncDirectory(_ path: FilePath) throws { try base.syncDirectory(path) }
  func lock(_ path: FilePath) throws -> any FileLock { try base.lock(path) }
  func sharedLock(_ path: FilePath) throws -> (any FileLock)? { try base.sharedLock(path) }

  private final class File: AppendableFile, Sendable {
    private let base: any AppendableFile
    private let path: FilePath
    private let owner: GatedFileSystem

    init(_ base: any AppendableFile, _ path: FilePath, _ owner: GatedFileSystem) {
      self.base = base
      self.path = path
      self.owner = owner
    }

    var size: Int { base.size }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
      owner.pass("append", path)
      try base.append(bytes)
    }

    func sync() throws {
      owner.pass("sync", path)
      try base.sync()
    }

    func close() throws { try base.close() }
  }
}
