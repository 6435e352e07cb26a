import Encoding

/// The bytes around the records of a WAL file. Integers are little-endian; see FORMAT.md.
///
///     file := header record*
///     header := "VIGILWAL", version u32, salt u32, number u64, previous size u64, crc32c u32
///     record := "VREC", salt u32, stored size u32, size u32, sequence u64, payload crc32c u32,
///               header crc32c u32, stored payload
enum WALFormat {
  static let magic = Array("VIGILWAL".utf8)
  static let version: UInt32 = 1
  static let headerSize = 36
  static let recordMarker: UInt32 = 0x4345_5256  // "VREC"
  static let recordHeaderSize = 32
  /// No payload is larger, stored or not.
  static let payloadLimit = 1 << 30

  struct Header: Hashable {
    /// Chosen at random for each file and repeated in its records, so that bytes that look like a
    /// record inside somebody's string are not taken for one.
    var salt: UInt32
    var number: UInt64
    /// Bytes that count in the file with the number before, so that a torn end of an older file can
    /// be told from a truncated one.
    var previousSize: UInt64

    func encoded() -> [UInt8] {
      var bytes = WALFormat.magic
      bytes.appendFixed(WALFormat.version)
      bytes.appendFixed(salt)
      bytes.appendFixed(number)
      bytes.appendFixed(previousSize)
      bytes.appendFixed(CRC32C.checksum(bytes))
      return bytes
    }
  }

  struct RecordHeader: Hashable {
    var salt: UInt32
    var storedSize: Int
    /// Of the payload; LZ4 if it differs from the stored size.
    var size: Int
    /// One more than the record before, over all files of the database.
    var sequence: UInt64
    var payloadChecksum: UInt32

    func encoded() -> [UInt8] {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(WALFormat.recordHeaderSize)
      bytes.appendFixed(WALFormat.recordMarker)
      bytes.appendFixed(salt)
      bytes.appendFixed(UInt32(storedSize))
      bytes.appendFixed(UInt32(size))
      bytes.appendFixed(sequence)
      bytes.appendFixed(payloadChecksum)
      bytes.appendFixed(CRC32C.checksum(bytes))
      return bytes
    }

    /// The header at `offset`, nil where there is no good one.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
      guard bytes.count - offset >= WALFormat.recordHeaderSize else { return nil }
      func word(_ position: Int) -> UInt32 {
        UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: offset + position, as: UInt32.self))
      }
      guard word(0) == WALFormat.recordMarker,
        word(28) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 28]))
      else { return nil }
      salt = word(4)
      storedSize = Int(word(8))
      size = Int(word(12))
      sequence = UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      payloadChecksum = word(24)
      guard storedSize <= size, size <= WALFormat.payloadLimit, sequence < UInt64(Int64.max) else {
        return nil
      }
    }

    init(salt: UInt32, storedSize: Int, size: Int, sequence: UInt64, payloadChecksum: UInt32) {
      self.salt = salt
      self.storedSize = storedSize
      self.size = size
      self.sequence = sequence
      self.payloadChecksum = payloadChecksum
    }
  }
}
