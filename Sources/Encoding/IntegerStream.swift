/// How a run of 64-bit integers is written. Raw values are part of the file formats and never
/// change; a new way gets a new number.
public enum IntegerCodec: UInt8, Sendable, CaseIterable {
  /// All values equal.
  case constant = 0
  /// A first value and a step: regular timestamps, plain counters.
  case linear = 1
  /// Eight bytes a value, where nothing is smaller.
  case plain = 2
  /// Bit-packed less the smallest (frame of reference) or zigzag: values that stay in a range.
  case packed = 3
  /// Differences, packed: values that move by little.
  case delta = 4
  /// Differences of differences, packed: timestamps that keep a beat, counters that keep a rate.
  case deltaOfDelta = 5
  /// Run lengths and their values: states, settings, values that rarely change.
  case runs = 6
  /// The distinct values and an index for each row: few values far apart.
  case dictionary = 7
  /// Whole bytes less the smallest, then LZ4: values that repeat in patterns.
  case lz4 = 8
  /// Multiples of a common divisor: timestamps in seconds, byte counts of pages.
  case scaled = 9
  /// Values, differences or differences of differences, coded by how often they occur: noise that
  /// is not evenly spread.
  case entropy = 10
}

/// Runs of `Int64`, each with the codec that makes it smallest. `UInt64` travels as its bit pattern;
/// all arithmetic wraps, so every value of either type comes back.
///
/// ```
/// stream := codec (1 byte) parameters payload        nothing at all where there are no values
/// ```
/// The number of values is not written; whoever holds the stream knows it.
public enum IntegerStream {
  /// Streams in streams (the values of runs, the quotients of scaled values) go no deeper.
  static let maximumDepth = 4

  public static func encode(_ values: [Int64], to output: inout [UInt8]) {
    values.withUnsafeBufferPointer { IntegerEncoder.encode($0, depth: 0, to: &output) }
  }

  public static func encode(_ values: UnsafeBufferPointer<Int64>, to output: inout [UInt8]) {
    IntegerEncoder.encode(values, depth: 0, to: &output)
  }

  /// Reads `count` values; the caller has checked that so many may be allocated.
  public static func decode(from reader: inout ByteReader, count: Int) throws -> [Int64] {
    try [Int64](unsafeUninitializedCapacity: count) { buffer, filled in
      try decode(from: &reader, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      filled = count
    }
  }

  /// Reads as many values as `target` has room for.
  public static func decode(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>
  ) throws {
    try IntegerDecoder.decode(from: &reader, into: target, depth: 0)
  }
}
