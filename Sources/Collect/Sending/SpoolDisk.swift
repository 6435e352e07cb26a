#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file system of the machine.
public struct SpoolDisk: SpoolFileSystem {
  public init() {}

  public func createDirectory(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    let parent = Self.parent(of: path)
    if parent != path { try createDirectory(parent) }
    // Only root may read what the pods of a node do.
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
    try syncDirectory(parent)
  }

  private static func parent(of path: String) -> String {
    let trimmed = path.reversed().drop { $0 == "/" }
    let rest = trimmed.drop { $0 != "/" }.drop { $0 == "/" }
    if rest.isEmpty { return path.hasPrefix("/") ? "/" : "." }
    return String(rest.reversed())
  }

  public func list(_ directory: String) throws -> [String] {
    guard let stream = opendir(directory) else { throw failure("opendir", directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw failure("readdir", directory) }
        return names
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  public func read(_ path: String, limit: Int) throws -> (bytes: [UInt8], size: Int) {
    let descriptor = try open(path, O_RDONLY)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("fstat", path) }
    let size = Int(status.st_size)
    var problem: SpoolError?
    let bytes = [UInt8](unsafeUninitializedCapacity: max(0, min(limit, size))) { target, count in
      while count < target.count {
        let got = pread(
          descriptor, target.baseAddress.map { $0 + count }, target.count - count, off_t(count))
        if got < 0, errno == EINTR { continue }
        if got < 0 { problem = failure("read", path) }
        guard got > 0 else { return }
        count += got
      }
    }
    if let problem { throw problem }
    return (bytes, size)
  }

  public func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = try open(path, O_WRONLY | O_CREAT | O_TRUNC)
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { source in
      var done = 0
      while done < source.count {
        let written = systemWrite(
          descriptor, source.baseAddress.map { $0 + done }, source.count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw failure("write", path) }
        done += written
      }
    }
    guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
  }

  public func rename(_ source: String, to destination: String) throws {
    guard systemRename(source, destination) == 0 else { throw failure("rename", source) }
  }

  public func remove(_ path: String) throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw failure("unlink", path) }
  }

  public func syncDirectory(_ path: String) throws {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
  }

  public func lock(_ path: String) throws -> any SpoolLock {
    let descriptor = try open(path, O_RDWR | O_CREAT)
    // flock locks belong to the open file, so a second open in one process is refused as well.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error = errno == EWOULDBLOCK ? SpoolError.locked(path: path) : failure("flock", path)
      close(descriptor)
      throw error
    }
    return DiskLock(descriptor)
  }

  private func open(_ path: String, _ flags: Int32) throws -> Int32 {
    let descriptor = systemOpen(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("open", path) }
    return descriptor
  }

  private func failure(_ operation: String, _ path: String) -> SpoolError {
    .io(operation: operation, path: path, errno: errno)
  }
}

private final class DiskLock: SpoolLock {
  private let descriptor: Int32
  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    // Closing alone would leave it held by a child that was forked just now and has yet to run its
    // program.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  open(path, flags, mode)
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

private func systemRename(_ source: String, _ destination: String) -> Int32 {
  rename(source, destination)
}
