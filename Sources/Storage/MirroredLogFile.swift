import SystemPackage

/// A ``RecordLogFile`` that is kept twice: the file, which decides, and a copy for the case that the
/// file is damaged.
///
/// A record goes to the file and, once it is durable there, to the copy. So the copy has the bytes of
/// the file, or less after a crash. A copy that cannot be written is removed, since one that lacks
/// records is worse than none; the next commit writes it anew.
struct MirroredLogFile {
  private var file: RecordLogFile
  private var copy: RecordLogFile

  init(file: FilePath, copy: FilePath, magic: String) {
    func log(_ path: FilePath) -> RecordLogFile {
      RecordLogFile(
        path: path, replacementPath: FilePath(path.string + ".new"), magic: magic)
    }
    self.file = log(file)
    self.copy = log(copy)
  }

  /// Goes on behind the good part of the file, which the copy has as well if `isCopied`.
  mutating func resume(at size: Int, isCopied: Bool, on fileSystem: any FileSystem) throws {
    try file.resume(at: size, on: fileSystem)
    if isCopied { try? copy.resume(at: size, on: fileSystem) }
  }

  /// Makes the next commit write both anew: they lack something.
  mutating func requireRewrite() {
    file.requireRewrite()
    copy.requireRewrite()
  }

  /// Whether a commit would write both anew.
  var isRewriteDue: Bool { file.isRewriteDue || copy.isRewriteDue }

  /// As ``RecordLogFile/commit(_:snapshot:on:)``. A failure of the copy is none of the commit.
  mutating func commit(
    _ payload: [UInt8], snapshot: () -> [[UInt8]], on fileSystem: any FileSystem
  ) throws {
    // Both have the same records in the same places, so neither is written anew alone.
    if isRewriteDue {
      return try rewrite(snapshot(), on: fileSystem)
    }
    if try file.commit(payload, snapshot: snapshot, on: fileSystem) == .rewritten {
      copy.requireRewrite()
    }
    writeCopy(on: fileSystem) { try $0.commit(payload, snapshot: snapshot, on: fileSystem) }
  }

  /// Replaces both by ones that hold just `records`.
  mutating func rewrite(_ records: [[UInt8]], on fileSystem: any FileSystem) throws {
    copy.requireRewrite()
    try file.rewrite(records, on: fileSystem)
    writeCopy(on: fileSystem) { try $0.rewrite(records, on: fileSystem) }
  }

  private mutating func writeCopy(
    on fileSystem: any FileSystem, _ write: (inout RecordLogFile) throws -> Void
  ) {
    do {
      try write(&copy)
    } catch {
      copy.requireRewrite()
      try? fileSystem.remove(copy.path)
    }
  }

  mutating func close() throws {
    try? copy.close()
    try file.close()
  }
}
