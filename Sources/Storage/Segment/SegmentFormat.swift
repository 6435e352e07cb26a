import Encoding

/// The fixed parts of a segment file; FORMAT.md has every byte.
///
/// ```
/// segment := header chunk* directory keys trailer
/// header  := "VIGILSEG" version                              12 bytes
/// trailer := directoryOffset directoryLength directoryRawLength directoryCRC
///            keysLength keysRawLength keysCRC trailerCRC "GESLIGIV"     44 bytes
/// ```
enum SegmentFormat {
  static let version: UInt32 = 1
  static let supportedVersions: ClosedRange<UInt32> = 1...1
  static let headerMagic = Array("VIGILSEG".utf8)
  static let trailerMagic = Array("GESLIGIV".utf8)
  static let headerLength = 12
  static let trailerLength = 44

  static var header: [UInt8] {
    var bytes = headerMagic
    bytes.appendFixed(version)
    return bytes
  }
}

/// A part of the file that is one checksummed unit, LZ4-compressed where that is smaller.
struct SegmentSection: Equatable {
  /// Bytes in the file.
  var length: UInt32
  /// Bytes once decompressed; equal to `length` where it is stored as it is.
  var rawLength: UInt32
  /// CRC32C of the bytes in the file.
  var checksum: UInt32
}

struct SegmentTrailer: Equatable {
  var directoryOffset: UInt64
  var directory: SegmentSection
  var keys: SegmentSection

  /// CRC32C of the fields.
  var checksum: UInt32 { CRC32C.checksum(fields) }

  var encoded: [UInt8] {
    var bytes = fields
    bytes.appendFixed(checksum)
    return bytes + SegmentFormat.trailerMagic
  }

  private var fields: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendFixed(directoryOffset)
    for section in [directory, keys] {
      bytes.appendFixed(section.length)
      bytes.appendFixed(section.rawLength)
      bytes.appendFixed(section.checksum)
    }
    return bytes
  }

  /// Reads the trailer from its 44 bytes; the reason it is none as an ``EncodingError``.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = ByteReader(bytes)
    directoryOffset = try reader.readFixed(UInt64.self)
    directory = try Self.readSection(from: &reader)
    keys = try Self.readSection(from: &reader)
    let covered = try ByteReader.prefix(of: bytes, count: reader.offset)
    let checksum = try reader.readFixed(UInt32.self)
    guard try reader.readBytes(8).elementsEqual(SegmentFormat.trailerMagic) else {
      throw reader.malformed("not the end of a segment")
    }
    guard checksum == CRC32C.checksum(covered) else {
      throw EncodingError.malformed(offset: 0, reason: "the trailer's checksum does not match")
    }
  }

  init(directoryOffset: UInt64, directory: SegmentSection, keys: SegmentSection) {
    self.directoryOffset = directoryOffset
    self.directory = directory
    self.keys = keys
  }

  private static func readSection(from reader: inout ByteReader) throws -> SegmentSection {
    SegmentSection(
      length: try reader.readFixed(UInt32.self), rawLength: try reader.readFixed(UInt32.self),
      checksum: try reader.readFixed(UInt32.self))
  }
}

extension ByteReader {
  fileprivate static func prefix(of bytes: UnsafeRawBufferPointer, count: Int) throws
    -> UnsafeRawBufferPointer
  {
    var reader = ByteReader(bytes)
    return try reader.readBytes(count)
  }
}
