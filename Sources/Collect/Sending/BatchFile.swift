/// A batch in a file: a header of 32 bytes, then the body. All numbers are little endian.
///
///     0   "VGSP"
///     4   version: UInt32 = 1
///     8   number: UInt64      as in the file's name
///     16  lines: UInt32
///     20  length: UInt32      bytes of the body, which ends the file
///     24  CRC-32 of the body
///     28  CRC-32 of bytes 0 to 27
///     32  body: line protocol, gzip
///
/// The two checksums find every damaged byte; the number finds a file under another's name.
enum BatchFile {
  static let headerSize = 32
  private static let magic = Array("VGSP".utf8)
  private static let version: UInt32 = 1

  struct Header: Hashable {
    var number: UInt64
    var lineCount: Int
    var length: Int
    var checksum: UInt32

    /// - Returns: nil where these are not the first bytes of a batch file of this version.
    init?(_ bytes: [UInt8]) {
      guard bytes.count >= headerSize, Array(bytes.prefix(4)) == magic,
        LittleEndian.read(UInt32.self, bytes, at: 4) == version,
        let number = LittleEndian.read(UInt64.self, bytes, at: 8),
        let lineCount = LittleEndian.read(UInt32.self, bytes, at: 16),
        let length = LittleEndian.read(UInt32.self, bytes, at: 20),
        let checksum = LittleEndian.read(UInt32.self, bytes, at: 24),
        LittleEndian.read(UInt32.self, bytes, at: 28) == GzipBody.checksum(bytes[..<28])
      else { return nil }
      self.number = number
      self.lineCount = Int(lineCount)
      self.length = Int(length)
      self.checksum = checksum
    }
  }

  static func encode(_ batch: Batch, number: UInt64) -> [UInt8] {
    var bytes = magic
    bytes.reserveCapacity(headerSize + batch.body.count)
    LittleEndian.append(version, to: &bytes)
    LittleEndian.append(number, to: &bytes)
    LittleEndian.append(UInt32(clamping: batch.lineCount), to: &bytes)
    LittleEndian.append(UInt32(clamping: batch.body.count), to: &bytes)
    LittleEndian.append(GzipBody.checksum(batch.body[...]), to: &bytes)
    LittleEndian.append(GzipBody.checksum(bytes[...]), to: &bytes)
    bytes += batch.body
    return bytes
  }

  /// - Returns: nil where the file is not whole.
  static func decode(_ bytes: [UInt8], number: UInt64) -> Batch? {
    guard let header = Header(bytes), header.number == number,
      bytes.count - headerSize == header.length,
      GzipBody.checksum(bytes[headerSize...]) == header.checksum
    else { return nil }
    return Batch(body: Array(bytes[headerSize...]), lineCount: header.lineCount)
  }
}
