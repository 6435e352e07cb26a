/// The alphabet of an entropy-coded stream: ranges of residuals, each of a power of two in size. A
/// residual is the symbol of a bin that holds it and, in as many bits as the bin is wide, its place
/// there. A bin of width 0 is a single residual; wide ones gather what is rare or evenly spread.
/// (After the bins of pcodec, Loncaric et al., "Pcodec: Better Compression for Numerical
/// Sequences", 2025.)
///
/// ```
/// bins := logarithm            1 byte k, 0 to 12
///         count                varint b, 1 to 256, at most 2^k
///         base                 zigzag varint: where the first bin begins
///         gaps                 integer stream of b - 1: from the end of the bin before, either way
///         widths               integer stream of b: 0 to 64
///         weights              integer stream of b: weights less 1; the weights are 2^k together
/// ```
struct EntropyBins {
  var logarithm: Int
  /// The least residual of each bin.
  var lows: [Int64]
  /// Bits that tell the residuals of a bin apart.
  var widths: [Int]
  var weights: [Int]

  func append(to output: inout [UInt8], depth: Int) {
    output.append(UInt8(logarithm))
    output.appendVarint(lows.count)
    output.appendSignedVarint(lows[0])
    var gaps: [Int64] = []
    for bin in 1..<max(lows.count, 1) {
      gaps.append(lows[bin] &- Self.end(lows[bin - 1], widths[bin - 1]))
    }
    for stream in [gaps, widths.map { Int64($0) }, weights.map { Int64($0 - 1) }] {
      stream.withUnsafeBufferPointer {
        IntegerEncoder.encode($0, depth: depth, to: &output)
      }
    }
  }

  init(logarithm: Int, lows: [Int64], widths: [Int], weights: [Int]) {
    self.logarithm = logarithm
    self.lows = lows
    self.widths = widths
    self.weights = weights
  }

  init(from reader: inout ByteReader, depth: Int) throws {
    logarithm = try reader.readCount(atMost: RangeANS.maximumLogarithm)
    let total = 1 << logarithm
    let count = try reader.readCount(atMost: min(total, RangeANS.maximumSymbolCount))
    guard count > 0 else { throw reader.malformed("no bins") }
    let base = try reader.readSignedVarint()
    let gaps = try IntegerDecoder.array(from: &reader, count: count - 1, depth: depth)
    widths = try IntegerDecoder.array(from: &reader, count: count, depth: depth).map { width in
      guard (0...64).contains(width) else { throw reader.malformed("a bin of \(width) bits") }
      return Int(width)
    }
    var rest = total
    weights = try IntegerDecoder.array(from: &reader, count: count, depth: depth).map { less in
      guard less >= 0, less < rest else { throw reader.malformed("weights of the wrong sum") }
      rest -= Int(less) + 1
      return Int(less) + 1
    }
    guard rest == 0 else { throw reader.malformed("weights of the wrong sum") }
    lows = [base]
    for (gap, width) in zip(gaps, widths) {
      lows.append(Self.end(lows[lows.count - 1], width) &+ gap)
    }
  }

  /// All arithmetic wraps; a bin of 64 bits ends where it begins.
  private static func end(_ low: Int64, _ width: Int) -> Int64 {
    low &+ (width < 64 ? 1 << width : 0)
  }
}
