import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file system of the machine.
///
/// What it creates is its user's alone: files have the mode 0600, directories 0700. The modes of what
/// is there already stay as they are, as an operator may have let others in.
public struct DiskFileSystem: FileSystem {
  public init() {}

  public func createDirectory(_ path: FilePath) throws {
    if isDirectory(path) { return }
    let parent = path.removingLastComponent()
    if !parent.isEmpty, parent != path { try createDirectory(parent) }
    if mkdir(path.string, 0o700) != 0, errno != EEXIST || !isDirectory(path) {
      throw failure("mkdir", path)
    }
  }

  public func list(_ directory: FilePath) throws -> [String] {
    guard let stream = opendir(directory.string) else { throw failure("opendir", directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw failure("readdir", directory) }
        return names.sorted()
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  public func exists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }

  public func isWritable(_ directory: FilePath) -> Bool {
    access(directory.string, W_OK | X_OK) == 0
  }

  public func size(_ path: FilePath) throws -> Int {
    var status = stat()
    guard stat(path.string, &status) == 0 else { throw failure("stat", path) }
    return Int(status.st_size)
  }

  public func create(_ path: FilePath) throws -> any AppendableFile {
    DiskFile(try open("open", path, O_WRONLY | O_CREAT | O_TRUNC), path: path, size: 0)
  }

  public func openForAppending(_ path: FilePath, at offset: Int) throws -> any AppendableFile {
    let descriptor = try open("open", path, O_WRONLY)
    guard ftruncate(descriptor, off_t(offset)) == 0,
      lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset)
    else {
      let error = failure("ftruncate", path)
      close(descriptor)
      throw error
    }
    return DiskFile(descriptor, path: path, size: offset)
  }

  public func map(_ path: FilePath) throws -> MappedFile {
    let descriptor = try open("open", path, O_RDONLY)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("fstat", path) }
    let count = Int(status.st_size)
    if count == 0 { return MappedFile(UnsafeRawBufferPointer(start: nil, count: 0)) {} }
    if count <= Self.copiedUpTo { return try copy(descriptor, count, path) }
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED
    else { throw failure("mmap", path) }
    let address = UInt(bitPattern: start)
    return MappedFile(
      UnsafeRawBufferPointer(start: start, count: count),
      evict: { range in
        // Whole pages only; the first one may have bytes before the range, which are read again.
        let first = range.lowerBound / Self.pageSize * Self.pageSize
        let last = range.upperBound / Self.pageSize * Self.pageSize
        guard last > first else { return }
        madvise(
          UnsafeMutableRawPointer(bitPattern: address + UInt(first)), last - first, MADV_DONTNEED)
      },
      release: { munmap(UnsafeMutableRawPointer(bitPattern: address), count) })
  }

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// Smaller files are read: a mapping takes a page at least, and a process may have some ten
  /// thousand mappings, fewer than a store can have segments of a few rows.
  private static let copiedUpTo = 4096

  private func copy(_ descriptor: CInt, _ count: Int, _ path: FilePath) throws -> MappedFile {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    var filled = 0
    while filled < count {
      let got = pread(descriptor, memory.baseAddress.map { $0 + filled }, count - filled, filled)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        let error =
          got < 0
          ? failure("read", path)
          : StorageError.io(
            operation: "read", path: path.string, errno: EIO)
        memory.deallocate()
        throw error
      }
      filled += got
    }
    nonisolated(unsafe) let owned = memory
    return MappedFile(UnsafeRawBufferPointer(memory)) { owned.deallocate() }
  }

  public func rename(_ source: FilePath, to destination: FilePath) throws {
    guard systemRename(source.string, destination.string) == 0 else {
      throw failure("rename", source)
    }
  }

  public func remove(_ path: FilePath) throws {
    guard unlink(path.string) == 0 else { throw failure("unlink", path) }
  }

  public func removeTree(_ path: FilePath) throws {
    var status = stat()
    if lstat(path.string, &status) != 0 {
      if errno == ENOENT { return }
      throw failure("lstat", path)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return try remove(path) }
    for name in try list(path) { try removeTree(path.appending(name)) }
    guard rmdir(path.string) == 0 else { throw failure("rmdir", path) }
  }

  public func syncDirectory(_ path: FilePath) throws {
    let descriptor = try open("open", path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
  }

  public func lock(_ path: FilePath) throws -> any FileLock {
    try lock(path, try open("open", path, O_RDWR | O_CREAT), LOCK_EX)
  }

  public func sharedLock(_ path: FilePath) throws -> (any FileLock)? {
    guard exists(path) else { return nil }
    return try lock(path, try open("open", path, O_RDONLY), LOCK_SH)
  }

  private func lock(_ path: FilePath, _ descriptor: Int32, _ kind: Int32) throws -> any FileLock {
    // flock locks belong to the open file, so a second open in one process is refused as well.
    guard flock(descriptor, kind | LOCK_NB) == 0 else {
      let error =
        errno == EWOULDBLOCK ? StorageError.locked(path: path.string) : failure("flock", path)
      close(descriptor)
      throw error
    }
    return DiskLock(descriptor, path)
  }

  private func isDirectory(_ path: FilePath) -> Bool {
    var status = stat()
    return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func open(_ operation: String, _ path: FilePath, _ flags: Int32) throws -> Int32 {
    let descriptor = systemOpen(path.string, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(operation, path) }
    return descriptor
  }

  private func failure(_ operation: String, _ path: FilePath) -> StorageError {
    .io(operation: operation, path: path.string, errno: errno)
  }
}

private func systemRename(_ source: String, _ destination: String) -> Int32 {
  rename(source, destination)
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  open(path, flags, mode)
}

/// A descriptor at the end of its file. Appends and closing are the owner's, one at a time; `sync`
/// may run beside an append and then covers what was appended before it began.
private final class DiskFile: AppendableFile, @unchecked Sendable {
  private let descriptor: Int32
  private let path: FilePath
  private var isOpen = true
  private(set) var size: Int

  init(_ descriptor: Int32, path: FilePath, size: Int) {
    self.descriptor = descriptor
    self.path = path
    self.size = size
  }

  deinit { if isOpen { systemClose(descriptor) } }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
      throw StorageError.io(operation: "write", path: path.string, errno: ENOENT)
    }
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = write(descriptor, start, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw StorageError.io(operation: "write", path: path.string, errno: errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      size += written
    }
  }

  func sync() throws {
    #if canImport(Darwin)
      let status = fcntl(descriptor, F_FULLFSYNC)
    #else
      let status = fdatasync(descriptor)
    #endif
    guard status == 0 else {
      throw StorageError.io(operation: "fdatasync", path: path.string, errno: errno)
    }
  }

  func close() throws {
    guard isOpen else { return }
    isOpen = false
    guard systemClose(descriptor) == 0 else {
      throw StorageError.io(operation: "close", path: path.string, errno: errno)
    }
  }
}

@discardableResult
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

private final class DiskLock: FileLock, Sendable {
  private let descriptor: Int32
  private let path: FilePath

  init(_ descriptor: Int32, _ path: FilePath) {
    self.descriptor = descriptor
    self.path = path
  }

  var isInPlace: Bool {
    var (held, found) = (stat(), stat())
    return fstat(descriptor, &held) == 0 && stat(path.string, &found) == 0
      && held.st_ino == found.st_ino && held.st_dev == found.st_dev
  }

  deinit {
    // Closing alone would leave it held by a child that was forked just now and has yet to run its
    // program.
    flock(descriptor, LOCK_UN)
    systemClose(descriptor)
  }
}
