import Encoding
import SystemPackage

/// The frame that the manifest and the series log share: a 16-byte header, then records.
///
///     header := magic [8], version u32, crc32c u32 of the twelve bytes before
///     record := length u32, crc32c u32 of the length, crc32c u32 of the payload, payload [length]
///
/// Integers are little-endian.
enum RecordLog {
  static let headerSize = 16
  static let frameSize = 12
  static let version: UInt32 = 1
  /// No record is longer; a length above is damage.
  static let recordLimit = 1 << 30

  static func header(magic: String) -> [UInt8] {
    var bytes = Array(magic.utf8)
    bytes.appendFixed(version)
    bytes.appendFixed(CRC32C.checksum(bytes))
    return bytes
  }

  static func frame(_ payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(frameSize + payload.count)
    bytes.appendFixed(UInt32(payload.count))
    bytes.appendFixed(CRC32C.checksum(bytes))
    bytes.appendFixed(CRC32C.checksum(payload))
    bytes += payload
    return bytes
  }

  /// What a file held.
  struct Contents {
    /// Payloads of the good records, parts of the file's bytes, with the offset each record begins
    /// at.
    var records: [(offset: Int, payload: UnsafeRawBufferPointer)] = []
    /// Bytes up to the end of the last good record.
    var validSize = 0
    /// Damage; an unfinished record at the end is none.
    var problems: [StorageError] = []
  }

  /// Finds all good records; what is returned is good as long as `bytes` are. Past a bad one the search goes on at the end its length claims, if a
  /// good record begins there; else at the next byte where one does.
  static func read(_ bytes: UnsafeRawBufferPointer, path: FilePath, magic: String) throws
    -> Contents
  {
    var contents = Contents()
    try checkHeader(bytes, path: path, magic: magic)
    contents.validSize = headerSize
    var offset = headerSize
    while offset < bytes.count {
      if let payload = record(bytes, at: offset) {
        contents.records.append((offset, payload))
        offset += frameSize + payload.count
        contents.validSize = offset
        continue
      }
      let next = nextRecord(bytes, after: offset)
      if next == nil, isUnfinished(bytes, from: offset) { break }
      contents.problems.append(
        .corrupt(path: path.string, offset: offset, reason: "bad checksum of a record"))
      guard let next else { break }
      offset = next
    }
    return contents
  }

  private static func checkHeader(
    _ bytes: UnsafeRawBufferPointer, path: FilePath, magic: String
  ) throws {
    guard bytes.count >= headerSize else {
      throw StorageError.corrupt(
        path: path.string, offset: bytes.count, reason: "header ends early")
    }
    guard bytes.prefix(8).elementsEqual(magic.utf8) else {
      throw StorageError.corrupt(path: path.string, offset: 0, reason: "not a \(magic) file")
    }
    guard
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<12]))
        == UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    else {
      throw StorageError.corrupt(
        path: path.string, offset: 12, reason: "bad checksum of the header")
    }
    let found = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard found == version else {
      throw StorageError.unsupportedVersion(
        path: path.string, found: found, supported: version...version)
    }
  }

  /// The length of the record at `offset`, nil where no good frame is there.
  private static func length(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    guard bytes.count - offset >= frameSize else { return nil }
    let field = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 4])
    let length = Int(UInt32(littleEndian: field.loadUnaligned(as: UInt32.self)))
    let checksum = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
    return length <= recordLimit && CRC32C.checksum(field) == checksum ? length : nil
  }

  private static func record(
    _ bytes: UnsafeRawBufferPointer, at offset: Int
  ) -> UnsafeRawBufferPointer? {
    guard let length = length(bytes, at: offset), length <= bytes.count - offset - frameSize else {
      return nil
    }
    let checksum = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
    let start = offset + frameSize
    let payload = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
    return CRC32C.checksum(payload) == checksum ? payload : nil
  }

  /// Whether a crash can have left this: part of a frame or of a payload, or zeros to the end.
  private static func isUnfinished(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Bool {
    if bytes.count - offset < frameSize || bytes[offset...].allSatisfy({ $0 == 0 }) { return true }
    guard let length = length(bytes, at: offset) else { return false }
    return length > bytes.count - offset - frameSize
  }

  /// The next good record behind a bad one: where its length says, or wherever a good frame stands.
  private static func nextRecord(_ bytes: UnsafeRawBufferPointer, after offset: Int) -> Int? {
    if let length = length(bytes, at: offset) {
      let claimed = offset + frameSize + length
      if claimed < bytes.count, record(bytes, at: claimed) != nil { return claimed }
    }
    var candidate = offset + 1
    while candidate <= bytes.count - frameSize {
      if let payload = record(bytes, at: candidate), !payload.isEmpty { return candidate }
      candidate += 1
    }
    return nil
  }
}
