import SystemPackage

/// One WAL file being written. The database's lock guards it, but for ``sync()``.
final class WALWriter: Sendable {
  let number: UInt64
  let path: FilePath
  let salt: UInt32
  private let file: any AppendableFile

  /// Creates the file and makes its name durable.
  init(
    number: UInt64, previousSize: UInt64, layout: DatabaseLayout, on fileSystem: any FileSystem,
    salt: UInt32 = .random(in: .min ... .max)
  ) throws {
    self.number = number
    self.salt = salt
    path = layout.wal(number)
    file = try fileSystem.create(path)
    try file.append(
      WALFormat.Header(salt: salt, number: number, previousSize: previousSize).encoded())
    try fileSystem.syncDirectory(layout.walDirectory)
  }

  /// Goes on behind the first `size` bytes of a file whose end was spoilt by a failed append.
  private init(resuming other: WALWriter, at size: Int, on fileSystem: any FileSystem) throws {
    number = other.number
    salt = other.salt
    path = other.path
    file = try fileSystem.openForAppending(path, at: size)
  }

  var size: Int { file.size }

  /// Appends one record; after a throw the end of the file is unknown, see ``cutBack(to:on:)``.
  func append(_ record: WALRecord.Encoded, sequence: UInt64) throws {
    let header = WALFormat.RecordHeader(
      salt: salt, storedSize: record.stored.count, size: record.size, sequence: sequence,
      payloadChecksum: record.checksum)
    // One write, so that the operating system has all of a record or (but for a crash) nothing.
    try file.append(header.encoded() + record.stored)
  }

  /// A writer for the same file without what lies behind `size`.
  func cutBack(to size: Int, on fileSystem: any FileSystem) throws -> WALWriter {
    try? file.close()
    return try WALWriter(resuming: self, at: size, on: fileSystem)
  }

  /// Makes everything appended before the call durable.
  func sync() throws { try file.sync() }

  func close() throws { try file.close() }
}
