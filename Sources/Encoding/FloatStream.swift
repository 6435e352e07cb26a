/// How a run of doubles is written. Raw values are part of the file formats and never change; a new
/// way gets a new number.
public enum FloatCodec: UInt8, Sendable, CaseIterable {
  /// Decimal scaling, after ALP (Afroozeh, Kuffó, Boncz: "ALP: Adaptive Lossless floating-Point
  /// Compression", SIGMOD 2024): each value is an integer divided by 10^k, the few that are not are
  /// patched. Measurements, prices, counts.
  case decimal = 0
  /// The bit patterns as an integer stream: repeated values, NaN throughout.
  case bits = 1
  /// XOR with the value before (Pelkonen et al., "Gorilla", VLDB 2015): results of computations.
  case xor = 2
}

/// Runs of doubles, bit for bit: NaN payloads, -0, infinities and subnormals come back as they were.
///
/// ```
/// stream := codec (1 byte) parameters payload        nothing at all where there are no values
/// ```
/// The number of values is not written; whoever holds the stream knows it.
public enum FloatStream {
  public static func encode(_ values: [Double], to output: inout [UInt8]) {
    values.withUnsafeBufferPointer { FloatEncoder.encode($0, to: &output) }
  }

  /// Reads `count` values; the caller has checked that so many may be allocated.
  public static func decode(from reader: inout ByteReader, count: Int) throws -> [Double] {
    try [Double](unsafeUninitializedCapacity: count) { buffer, filled in
      let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      guard count > 0 else { return }
      switch FloatCodec(rawValue: try reader.readByte()) {
      case .decimal: try DecimalScaling.decode(from: &reader, into: target)
      case .bits:
        try target.withMemoryRebound(to: Int64.self) {
          try IntegerStream.decode(from: &reader, into: $0)
        }
      case .xor: try XORFloats.decode(from: &reader, into: target)
      case nil: throw reader.malformed("unknown float codec")
      }
      filled = count
    }
  }
}

enum FloatEncoder {
  /// Bits a value from which on the other ways are tried beside decimal scaling.
  private static let dear = 24

  static func encode(_ values: UnsafeBufferPointer<Double>, to output: inout [UInt8]) {
    guard !values.isEmpty else { return }
    // Each way is written behind the one before, and the shorter of the two stays: with a value or two
    // in a column, memory of its own for each would be most of the work.
    let start = output.count
    let isDecimal = DecimalScaling.append(values, to: &output)
    let end = output.count
    guard !isDecimal || (end - start) / values.count >= dear / 8 || values.count < 16 else {
      return
    }
    output.append(FloatCodec.bits.rawValue)
    values.withMemoryRebound(to: Int64.self) { IntegerStream.encode($0, to: &output) }
    if !isDecimal || output.count - end < end - start {
      output.removeSubrange(start..<end)
    } else {
      output.removeSubrange(end...)
    }
    let limit = output.count - start
    if limit > 12, let xor = XORFloats.encode(values, below: limit) {
      output.replaceSubrange(start..., with: xor)
    }
  }
}
