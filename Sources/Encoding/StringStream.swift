/// How a run of strings is written. Raw values are part of the file formats and never change.
public enum StringCodec: UInt8, Sendable, CaseIterable {
  /// Each text in turn.
  case plain = 0
  /// The distinct texts, and an integer stream of which one each row has.
  case dictionary = 1
}

/// Runs of texts, kept byte for byte (equal under Unicode normalization is not equal here).
///
/// ```
/// stream := codec (1 byte)                           nothing at all where there are no values
///           plain: texts     dictionary: distinct (varint) texts, integer stream of indexes
/// texts  := integer stream of byte counts
///           storedCount (varint): 0 = the bytes follow as they are, else bytes of the LZ4 block
///           bytes                 UTF-8, one text after the other
/// ```
public enum StringStream {
  /// Bytes that the texts of one stream may have together; more is damage, or not one block.
  public static let maximumByteCount = 1 << 30

  public static func encode(_ values: [String], to output: inout [UInt8]) {
    guard !values.isEmpty else { return }
    var texts: [[UInt8]: Int64] = [:]
    var distinct: [[UInt8]] = []
    var indexes: [Int64] = []
    indexes.reserveCapacity(values.count)
    for value in values {
      let bytes = Array(value.utf8)
      if let index = texts[bytes] {
        indexes.append(index)
      } else {
        let index = Int64(distinct.count)
        texts[bytes] = index
        distinct.append(bytes)
        indexes.append(index)
      }
    }
    guard distinct.count <= values.count / 2 || distinct.count == 1 else {
      output.append(StringCodec.plain.rawValue)
      append(values.map { Array($0.utf8) }, to: &output)
      return
    }
    output.append(StringCodec.dictionary.rawValue)
    output.appendVarint(distinct.count)
    append(distinct, to: &output)
    IntegerStream.encode(indexes, to: &output)
  }

  /// Reads `count` texts; the caller has checked that so many may be allocated.
  public static func decode(from reader: inout ByteReader, count: Int) throws -> [String] {
    guard count > 0 else { return [] }
    switch StringCodec(rawValue: try reader.readByte()) {
    case .plain: return try readTexts(from: &reader, count: count)
    case .dictionary:
      let distinct = try readTexts(from: &reader, count: reader.readCount(atMost: count))
      return try IntegerStream.decode(from: &reader, count: count).map { index in
        guard index >= 0, index < distinct.count else {
          throw reader.malformed("an index outside the dictionary")
        }
        return distinct[Int(index)]
      }
    case nil: throw reader.malformed("unknown string codec")
    }
  }

  private static func append(_ texts: [[UInt8]], to output: inout [UInt8]) {
    IntegerStream.encode(texts.map { Int64($0.count) }, to: &output)
    let bytes = Array(texts.joined())
    if let compressed = LZ4Block.compress(bytes), compressed.count + 8 < bytes.count {
      output.appendVarint(compressed.count)
      output.append(contentsOf: compressed)
    } else {
      output.appendVarint(0)
      output.append(contentsOf: bytes)
    }
  }

  private static func readTexts(from reader: inout ByteReader, count: Int) throws -> [String] {
    let lengths = try IntegerStream.decode(from: &reader, count: count)
    var total = 0
    for length in lengths {
      guard length >= 0, length <= maximumByteCount - total else {
        throw reader.malformed("texts of more than \(maximumByteCount) bytes")
      }
      total += Int(length)
    }
    let stored = try reader.readCount(atMost: reader.remaining)
    guard stored > 0 else {
      return try split(reader.readBytes(total), lengths: lengths, at: reader)
    }
    let compressed = try reader.readBytes(stored)
    guard let bytes = try? LZ4Block.decompress(compressed, count: total) else {
      throw reader.malformed("bad LZ4 data")
    }
    return try bytes.withUnsafeBytes { try split($0, lengths: lengths, at: reader) }
  }

  private static func split(
    _ bytes: UnsafeRawBufferPointer, lengths: [Int64], at reader: ByteReader
  ) throws -> [String] {
    var start = 0
    return try lengths.map { length in
      let end = start + Int(length)
      defer { start = end }
      guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
        throw reader.malformed("text that is not UTF-8")
      }
      return text
    }
  }
}
