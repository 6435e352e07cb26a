import Encoding
import SystemPackage

/// Named pieces of bytes that upper layers keep with a database (models, continuous queries): each a
/// file, replaced as a whole, and a copy of it for the case that the file is damaged.
///
///     file := "VIGILBLB", version u32, size u64, crc32c of the bytes u32, header crc32c u32, bytes
struct StoredFiles: Sendable {
  static let magic = Array("VIGILBLB".utf8)
  static let version: UInt32 = 1
  static let headerSize = 28

  let layout: DatabaseLayout
  let fileSystem: any FileSystem

  func store(kind: String, name: String, bytes: [UInt8]) throws {
    // Making the directories of a database that was removed would only hide that.
    guard fileSystem.exists(layout.root) else {
      throw StorageError.missing(path: layout.root.string)
    }
    let directory = try directory(kind)
    let path = try path(kind: kind, name: name)
    try fileSystem.createDurableDirectory(directory)
    let content = [Self.header(of: bytes), bytes]
    try write(content, to: path)
    writeCopy(content, of: path)
    try fileSystem.syncDirectory(directory)
  }

  private func write(_ content: [[UInt8]], to path: FilePath) throws {
    let temporary = FilePath(path.string + ".new")
    let file = try fileSystem.create(temporary)
    for part in content { try file.append(part) }
    try file.sync()
    try file.close()
    try fileSystem.rename(temporary, to: path)
  }

  /// A copy that cannot be written is removed: one of an earlier content is worse than none.
  private func writeCopy(_ content: [[UInt8]], of path: FilePath) {
    do {
      try write(content, to: Self.copy(of: path))
    } catch {
      try? fileSystem.remove(Self.copy(of: path))
    }
  }

  private static let copySuffix = ".copy"

  static func copy(of path: FilePath) -> FilePath { FilePath(path.string + copySuffix) }

  /// The name that a file or a copy is of, nil for neither.
  static func name(ofFile fileName: String) -> String? {
    EscapedName.unescape(
      fileName.hasSuffix(copySuffix) ? String(fileName.dropLast(copySuffix.count)) : fileName)
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

  /// Nil if there is none of that name.
  func load(kind: String, name: String) throws -> [UInt8]? {
    try open(kind: kind, name: name)?.bytes
  }

  /// Nil if there is none of that name.
  func open(kind: String, name: String) throws -> StoredFile? {
    let path = try path(kind: kind, name: name)
    do {
      return try open(path)
    } catch let error as StorageError {
      let copy = Self.copy(of: path)
      guard fileSystem.exists(copy) else {
        if case .missing = error { return nil }
        throw error
      }
      if case .unsupportedVersion = error { throw error }
      guard let content = try? open(copy) else { throw error }
      return content
    }
  }

  func path(kind: String, name: String) throws -> FilePath {
    try directory(kind).appending(EscapedName.escape(name))
  }

  /// Throws where the file is damaged.
  private func open(_ path: FilePath) throws -> StoredFile {
    func corrupt(_ offset: Int, _ reason: String) -> StorageError {
      .corrupt(path: path.string, offset: offset, reason: reason)
    }
    guard fileSystem.exists(path) else { throw StorageError.missing(path: path.string) }
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

  /// Sorted; with the names of which only the copy is left.
  func list(kind: String) throws -> [String] {
    let directory = try directory(kind)
    guard fileSystem.exists(directory) else { return [] }
    return Set(try fileSystem.list(directory).compactMap(Self.name(ofFile:))).sorted()
  }

  /// Sorted.
  func kinds() throws -> [String] {
    guard fileSystem.exists(layout.filesDirectory) else { return [] }
    return try fileSystem.list(layout.filesDirectory).compactMap(EscapedName.unescape)
  }

  /// False if there is none of that name.
  func remove(kind: String, name: String) throws -> Bool {
    let directory = try directory(kind)
    let path = try path(kind: kind, name: name)
    var isThere = false
    // The copy first, and for good: alone it stands for a file that was lost.
    for path in [Self.copy(of: path), path] where fileSystem.exists(path) {
      try fileSystem.remove(path)
      try fileSystem.syncDirectory(directory)
      isThere = true
    }
    return isThere
  }

  /// Damage of any file or copy.
  func verify() -> [StorageError] {
    var problems: [StorageError] = []
    forEachFile { _, _, path in
      problems += damage(of: path)
    }
    return problems
  }

  /// What is wrong with a file or its copy. Old stores have no copies.
  func damage(of path: FilePath) -> [StorageError] {
    [path, Self.copy(of: path)].compactMap { part in
      guard part == path || fileSystem.exists(part) else { return nil }
      do {
        _ = try open(part)
        return nil
      } catch {
        return .wrapping(error, path: part.string)
      }
    }
  }

  /// Makes a file and its copy the same where one of them is good, as far as the disk lets it.
  func repair() {
    forEachFile { _, _, path in
      let copy = Self.copy(of: path)
      func content(_ path: FilePath) -> [UInt8]? {
        try? fileSystem.map(path).withBytes(Array.init)
      }
      if (try? open(path)) != nil, let good = content(path) {
        if content(copy) == good { return }
        try? write([good], to: copy)
      } else if case .unsupportedVersion? = damage(of: path).first {
        return
      } else if (try? open(copy)) != nil, let good = content(copy) {
        try? write([good], to: path)
      } else {
        return
      }
      try? fileSystem.syncDirectory(path.removingLastComponent())
    }
  }

  /// Every name of every kind, with the path of its file.
  func forEachFile(_ body: (_ kind: String, _ name: String, _ path: FilePath) -> Void) {
    for kind in (try? kinds()) ?? [] {
      for name in (try? list(kind: kind)) ?? [] {
        if let path = try? path(kind: kind, name: name) { body(kind, name, path) }
      }
    }
  }

  private func directory(_ kind: String) throws -> FilePath {
    layout.filesDirectory.appending(try EscapedName.escape(kind))
  }
}
