import FuzzSupport
import TimeSeries

@testable import Encoding

/// One way of turning values into bytes and back, as the fuzzer sees it. Floats are their bit
/// patterns and texts their bytes here, so that "the same" means down to the bits.
struct Codec<Value: Equatable & Sendable>: Sendable {
  /// Nil where the codec declines the values.
  var encode: @Sendable ([Value]) -> [UInt8]?
  var decode: @Sendable (UnsafeRawBufferPointer, Int) throws -> [Value]

  /// Decodes bytes that nobody encoded: an ``EncodingError``, or `count` values that come back.
  func read(_ bytes: [UInt8], count: Int) {
    do {
      let values = try decode(bytes, count)
      require(values.count == count, "\(values.count) values for \(count)")
      roundTrip(values)
    } catch is EncodingError {
      return
    } catch {
      fatalError("an untyped error: \(error)")
    }
  }

  func roundTrip(_ values: [Value]) {
    guard let bytes = encode(values) else { return }
    do {
      let back = try decode(bytes, values.count)
      require(back == values, "values changed")
    } catch {
      fatalError("what was encoded cannot be read: \(error)")
    }
  }

  private func decode(_ bytes: [UInt8], _ count: Int) throws -> [Value] {
    try bytes.withUnsafeBytes { try decode($0, count) }
  }

  /// A codec of a stream, which knows where it ends.
  static func stream(
    encode: @escaping @Sendable ([Value], inout [UInt8]) -> Void,
    decode: @escaping @Sendable (inout ByteReader, Int) throws -> [Value]
  ) -> Codec {
    Codec(
      encode: { values in
        var bytes: [UInt8] = []
        encode(values, &bytes)
        return bytes
      },
      decode: { bytes, count in
        var reader = ByteReader(bytes)
        return try decode(&reader, count)
      })
  }
}

enum Codecs {
  static let base: Timestamp = 1_700_000_000_000_000_000

  static let integers = Codec<Int64>.stream(
    encode: { IntegerStream.encode($0, to: &$1) },
    decode: { try IntegerStream.decode(from: &$0, count: $1) })

  /// Integers entropy-coded whether or not that is the smallest way.
  static let entropy = Codec<Int64>(
    encode: { values in
      values.withUnsafeBufferPointer {
        EntropyCoding.encode([(0, $0)], start: [], depth: 0, below: .max)
      }
    },
    decode: integers.decode)

  static let floats = Codec<UInt64>.stream(
    encode: { FloatStream.encode($0.map(Double.init(bitPattern:)), to: &$1) },
    decode: { try FloatStream.decode(from: &$0, count: $1).map(\.bitPattern) })

  static let booleans = Codec<Bool>.stream(
    encode: { BooleanStream.encode($0, to: &$1) },
    decode: { try BooleanStream.decode(from: &$0, count: $1) })

  static let strings = Codec<[UInt8]>.stream(
    encode: { StringStream.encode($0.map { String(decoding: $0, as: UTF8.self) }, to: &$1) },
    decode: { try StringStream.decode(from: &$0, count: $1).map { Array($0.utf8) } })

  /// Declines what does not ascend.
  static let timestamps = Codec<Timestamp>(
    encode: { times in
      guard zip(times, times.dropFirst()).allSatisfy(<) else { return nil }
      var bytes: [UInt8] = []
      TimestampChunk.encode(times, base: base, to: &bytes)
      return bytes
    },
    decode: { try TimestampChunk.decode($0, rowCount: $1, base: base) })

  static let lz4 = Codec<UInt8>(
    encode: { LZ4Block.compress($0) }, decode: { try LZ4Block.decompress($0, count: $1) })

  /// A chunk with its nulls; the one value is the chunk as this encoder writes it.
  static func readColumn(_ bytes: [UInt8], rowCount: Int) {
    func recoded(_ bytes: [UInt8]) throws -> [UInt8] {
      let column = try bytes.withUnsafeBytes { try ColumnChunk.decode($0, rowCount: rowCount) }
      require(column.count == rowCount)
      var chunk: [UInt8] = []
      ColumnChunk.encode(column, to: &chunk)
      return chunk
    }
    guard let chunk = try? recoded(bytes) else { return }
    do {
      let again = try recoded(chunk)
      require(again == chunk, "a column changed")
    } catch {
      fatalError("a column that was encoded cannot be read: \(error)")
    }
  }
}
