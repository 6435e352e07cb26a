import Encoding
import SystemPackage

/// Reads one WAL file: every good record, whatever lies between.
///
/// What ends early at the end of the file, or is zeros to the end, is what a crash leaves: the
/// record was never acknowledged as durable, and it is passed over in silence. Anything else that is
/// wrong is a problem, and the search for records goes on behind it.
struct WALReader {
  private(set) var header: WALFormat.Header?
  /// Bytes up to the end of the last good record (or of the header).
  private(set) var validSize = 0
  /// Whether what lies behind `validSize` is just an unfinished record.
  private(set) var endsTorn = false
  private(set) var problems: [StorageError] = []
  let path: FilePath

  init(path: FilePath) { self.path = path }

  /// - Parameter record: gets the payload of each good record, with the offset of the record.
  ///   Errors it throws are problems of that record.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, record: (_ payload: [UInt8], _ sequence: UInt64) throws -> Void
  ) throws {
    guard try readHeader(bytes) else { return }
    var salt = header?.salt
    var lastSequence: UInt64?
    var offset = WALFormat.headerSize
    while offset < bytes.count {
      guard let found = WALFormat.RecordHeader(bytes, at: offset), found.salt == salt ?? found.salt,
        found.sequence > lastSequence ?? 0
      else {
        guard let next = nextHeader(bytes, after: offset, salt: salt) else {
          endsTorn = isUnfinished(bytes, from: offset)
          if !endsTorn { report(offset, "bad record header") }
          return
        }
        report(offset, "bad record header")
        offset = next
        continue
      }
      let start = offset + WALFormat.recordHeaderSize
      guard found.storedSize <= bytes.count - start else {
        // Either the end of what was written, or a file cut short; the file after this one knows.
        endsTorn = true
        return
      }
      let end = start + found.storedSize
      let stored = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      if CRC32C.checksum(stored) == found.payloadChecksum {
        do {
          try record(try Self.expand(stored, size: found.size), found.sequence)
        } catch let error as EncodingError {
          report(offset, "\(error)")
        }
        validSize = end
      } else {
        report(offset, "bad checksum of a record")
      }
      salt = found.salt
      lastSequence = found.sequence
      offset = end
    }
  }

  private static func expand(_ stored: UnsafeRawBufferPointer, size: Int) throws -> [UInt8] {
    stored.count == size ? Array(stored) : try LZ4Block.decompress(stored, count: size)
  }

  /// False where the file holds no more than the beginning of a header.
  private mutating func readHeader(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    guard bytes.count >= WALFormat.headerSize, bytes.contains(where: { $0 != 0 }) else {
      endsTorn = true
      return false
    }
    func checksum() -> UInt32 {
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<(WALFormat.headerSize - 4)]))
    }
    var reader = ByteReader(bytes)
    let magic = try reader.readBytes(8)
    let version = try reader.readFixed(UInt32.self)
    let salt = try reader.readFixed(UInt32.self)
    let number = try reader.readFixed(UInt64.self)
    let previousSize = try reader.readFixed(UInt64.self)
    guard try reader.readFixed(UInt32.self) == checksum(), magic.elementsEqual(WALFormat.magic)
    else {
      report(0, "bad header of the file")
      return true
    }
    guard version == WALFormat.version else {
      throw StorageError.unsupportedVersion(
        path: path.string, found: version, supported: WALFormat.version...WALFormat.version)
    }
    header = WALFormat.Header(salt: salt, number: number, previousSize: previousSize)
    validSize = WALFormat.headerSize
    return true
  }

  /// The next place where a good record header stands.
  private func nextHeader(
    _ bytes: UnsafeRawBufferPointer, after offset: Int, salt: UInt32?
  ) -> Int? {
    var candidate = offset + 1
    while candidate <= bytes.count - WALFormat.recordHeaderSize {
      if bytes[candidate] == UInt8(truncatingIfNeeded: WALFormat.recordMarker),
        let found = WALFormat.RecordHeader(bytes, at: candidate), found.salt == salt ?? found.salt
      {
        return candidate
      }
      candidate += 1
    }
    return nil
  }

  private func isUnfinished(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Bool {
    bytes.count - offset < WALFormat.recordHeaderSize || bytes[offset...].allSatisfy { $0 == 0 }
  }

  private mutating func report(_ offset: Int, _ reason: String) {
    problems.append(.corrupt(path: path.string, offset: offset, reason: reason))
  }
}
