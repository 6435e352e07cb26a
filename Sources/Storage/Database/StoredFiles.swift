import Encoding
import SystemPackage

/// Named pieces of bytes that upper layers keep with a database (models, continuous queries): each a
/// file, replaced as a whole.
///
///     file := "VIGILBLB", version u32, size u64, crc32c of the bytes u32, header crc32c u32, bytes
struct StoredFiles: Sendable {
  static let magic = Array("VIGILBLB".utf8)
  static let version: UInt32 = 1
  static let headerSize = 28

  let layout: DatabaseLayout
  let fileSystem: any FileSystem

  func store(kind: String, name: String, bytes: [UInt8]) throws {
    let directory = try directory(kind)
    let fileName = try EscapedName.escape(name)
    try fileSystem.createDurableDirectory(directory)
    let temporary = directory.appending(fileName + ".new")
    let file = try fileSystem.create(temporary)
    try file.append(Self.header(of: bytes))
    try file.append(bytes)
    try file.sync()
    try file.close()
    try fileSystem.rename(temporary, to: directory.appending(fileName))
    try fileSystem.syncDirectory(directory)
  }

  /// What stands before the bytes in their file.
  static func header(of bytes: [UInt8]) -> [UInt8] {
    var header = magic
    header.appendFixed(version)
    header.appendFixed(UInt64(bytes.count))
    header.appendFixed(CRC32C.checksum(bytes))
    header.appendFixed(CRC32C.checksum(header))
    return header
  }

  /// Nil where there is none of that name.
  func load(kind: String, name: String) throws -> [UInt8]? {
    try open(kind: kind, name: name)?.bytes
  }

  /// Nil where there is none of that name.
  func open(kind: String, name: String) throws -> StoredFile? {
    let path = try path(kind: kind, name: name)
    guard fileSystem.exists(path) else { return nil }
    return try open(path)
  }

  func path(kind: String, name: String) throws -> FilePath {
    try directory(kind).appending(EscapedName.escape(name))
  }

  /// Throws where the file is damaged.
  private func open(_ path: FilePath) throws -> StoredFile {
    func corrupt(_ offset: Int, _ reason: String) -> StorageError {
      .corrupt(path: path.string, offset: offset, reason: reason)
    }
    let map = try fileSystem.map(path)
    return try map.withBytes { bytes in
      guard bytes.count >= Self.headerSize else { throw corrupt(bytes.count, "ends early") }
      func word(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      }
      guard bytes.prefix(8).elementsEqual(Self.magic),
        word(24) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<24]))
      else { throw corrupt(0, "bad header") }
      guard word(8) == Self.version else {
        throw StorageError.unsupportedVersion(
          path: path.string, found: word(8), supported: Self.version...Self.version)
      }
      let size = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
      let content = Self.headerSize..<bytes.count
      guard size == UInt64(content.count) else {
        throw corrupt(bytes.count, "\(content.count) bytes, it had \(size)")
      }
      let expected = word(20)
      var checksum: UInt32 = 0
      map.forEachPiece(of: content, size: StoredFile.pieceSize) {
        checksum = CRC32C.checksum($0, continuing: checksum)
      }
      guard checksum == expected else { throw corrupt(Self.headerSize, "bad checksum") }
      return StoredFile(map: map, content: content)
    }
  }

  /// Sorted.
  func list(kind: String) throws -> [String] {
    let directory = try directory(kind)
    guard fileSystem.exists(directory) else { return [] }
    return try fileSystem.list(directory).compactMap(EscapedName.unescape).sorted()
  }

  /// Sorted.
  func kinds() throws -> [String] {
    guard fileSystem.exists(layout.filesDirectory) else { return [] }
    return try fileSystem.list(layout.filesDirectory).compactMap(EscapedName.unescape)
  }

  /// False where there is none of that name.
  func remove(kind: String, name: String) throws -> Bool {
    let directory = try directory(kind)
    let path = directory.appending(try EscapedName.escape(name))
    guard fileSystem.exists(path) else { return false }
    try fileSystem.remove(path)
    try fileSystem.syncDirectory(directory)
    return true
  }

  /// Damage of any file.
  func verify() -> [StorageError] {
    guard let kinds = try? fileSystem.list(layout.filesDirectory) else { return [] }
    var problems: [StorageError] = []
    for kind in kinds {
      let directory = layout.filesDirectory.appending(kind)
      for name in (try? fileSystem.list(directory)) ?? [] where EscapedName.unescape(name) != nil {
        do {
          _ = try open(directory.appending(name))
        } catch {
          problems.append(
            error as? StorageError
              ?? .corrupt(path: directory.appending(name).string, offset: 0, reason: "\(error)"))
        }
      }
    }
    return problems
  }

  private func directory(_ kind: String) throws -> FilePath {
    layout.filesDirectory.appending(try EscapedName.escape(kind))
  }
}
