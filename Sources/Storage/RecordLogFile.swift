import SystemPackage

/// A ``RecordLog`` file being appended to.
///
/// After a failed append or sync nobody knows what the file ends with, so it is not appended to
/// again: the next commit writes a whole new file and renames it into place.
struct RecordLogFile {
  let path: FilePath
  let replacementPath: FilePath
  let magic: String
  /// Nil when the next commit must rewrite.
  private var file: (any AppendableFile)?
  /// Bytes of the file as last rewritten; growing well past that is the sign to rewrite again.
  private var rewrittenSize = 0

  init(path: FilePath, replacementPath: FilePath, magic: String) {
    self.path = path
    self.replacementPath = replacementPath
    self.magic = magic
  }

  /// Goes on behind the good part of an existing file.
  mutating func resume(at size: Int, on fileSystem: any FileSystem) throws {
    file = try fileSystem.openForAppending(path, at: size)
    rewrittenSize = size
  }

  /// Makes the next commit write a whole new file: the old one lacks something.
  mutating func requireRewrite() { file = nil }

  /// Whether ``commit(_:snapshot:on:)`` would write a whole new file.
  var isRewriteDue: Bool {
    guard let file else { return true }
    return file.size > max(1 << 16, rewrittenSize * 4)
  }

  /// Appends a record and makes it durable, or puts a new file with just `snapshot` (which includes
  /// the record's effect) in the old one's place.
  ///
  /// After a throw it is not known whether the next start will find the record; the next commit
  /// that succeeds settles it.
  @discardableResult
  mutating func commit(
    _ payload: [UInt8], snapshot: () -> [[UInt8]], on fileSystem: any FileSystem
  ) throws -> Way {
    if !isRewriteDue, let file {
      do {
        try file.append(RecordLog.frame(payload))
        try file.sync()
        return .appended
      } catch {
        // The whole new file has a sync of its own, so its success makes up for this failure.
        self.file = nil
      }
    }
    try rewrite(snapshot(), on: fileSystem)
    return .rewritten
  }

  /// How a commit was made.
  enum Way {
    case appended, rewritten
  }

  /// Replaces the file by one that holds just `records`.
  mutating func rewrite(_ records: [[UInt8]], on fileSystem: any FileSystem) throws {
    file = nil
    let new = try fileSystem.create(replacementPath)
    var bytes = RecordLog.header(magic: magic)
    for record in records { bytes += RecordLog.frame(record) }
    try new.append(bytes)
    try new.sync()
    try fileSystem.rename(replacementPath, to: path)
    try fileSystem.syncDirectory(path.removingLastComponent())
    file = new
    rewrittenSize = bytes.count
  }

  mutating func close() throws {
    try file?.close()
    file = nil
  }
}
