import Foundation
import TestSupport
import Testing

@testable import Encoding

@Suite struct EntropyCodingTests {
  private static let shapes: [IntegerShape] = [
    .smallRandom, .randomWalk, .poisson, .skewed, .twoValued, .geometric, .wideWithOutliers,
    .aroundTheEnds, .steadyNoise, .outliers, .timestampsWithJitter, .zeros, .mostlyZero, .widths,
    .fewFarApart,
  ]

  /// The codec's bytes whether or not it is the smallest; nil where it sees no hope.
  private static func encoded(_ values: [Int64], order: Int) -> [UInt8]? {
    var residuals = values
    var start: [Int64] = []
    for _ in 0..<order {
      start.append(residuals[0])
      residuals = zip(residuals.dropFirst(), residuals).map { $0 &- $1 }
    }
    return residuals.withUnsafeBufferPointer {
      EntropyCoding.encode([(order, $0)], start: start, depth: 0, below: .max)
    }
  }

  @Test(arguments: shapes, [0, 1, 2])
  func residualsOfEveryOrderComeBack(_ shape: IntegerShape, _ order: Int) throws {
    for (seed, count) in [131, 132, 133, 134, 257, 1000, 8192].enumerated() {
      var generator = SeededGenerator(seed: UInt64(seed))
      let values = shape.values(count, &generator)
      guard let bytes = Self.encoded(values, order: order) else { continue }
      #expect(
        try IntegerStreamTests.decoded(bytes, count: count) == values,
        "\(shape), order \(order), \(count) values, seed \(seed)")
    }
  }

  /// Found by the fuzzer: joined in one bin, what lies far to both sides spans more than 2^64. The
  /// sample that the bins are chosen by sees every other row only.
  @Test func valuesFarToBothSidesThatTheSampleMissesComeBack() throws {
    var generator = SeededGenerator(seed: 1)
    for distance in [Int64(1) << 61, 1 << 62, 3 << 61, 7 << 60] {
      let values = (0..<1024).map { row in
        let noise = Int64.random(in: 0..<1 << 40, using: &generator)
        return switch row % 4 {
        case 1: distance + noise
        case 3: -distance - noise
        default: Int64(row / 2 % 3)
        }
      }
      for order in [0, 1, 2] {
        guard let bytes = Self.encoded(values, order: order) else { continue }
        let back = try IntegerStreamTests.decoded(bytes, count: values.count)
        #expect(back == values, "order \(order), distance \(distance)")
      }
      var stream: [UInt8] = []
      IntegerStream.encode(values, to: &stream)
      let back = try IntegerStreamTests.decoded(stream, count: values.count)
      #expect(back == values, "distance \(distance)")
    }
  }

  enum Noise: CaseIterable, Sendable {
    case walk, poisson, threeDecimals, twoValues, geometric

    /// Bits a value, by the distribution and not by the sample.
    var entropy: Double {
      switch self {
      case .walk:
        return EntropyCodingTests.entropy(
          (-6...6).map { step in
            let edges = [Double(step) - 0.5, Double(step) + 0.5].map { erf($0 / 2.squareRoot()) }
            return (edges[1] - edges[0]) / 2
          })
      case .poisson:
        var probabilities = [exp(-40.0)]
        for value in 1...150 {
          probabilities.append(probabilities[value - 1] * 40 / Double(value))
        }
        return EntropyCodingTests.entropy(probabilities)
      case .threeDecimals: return log2(1000 * (2 * Double.pi * exp(1)).squareRoot())
      case .twoValues: return EntropyCodingTests.entropy([0.1, 0.9])
      case .geometric: return 2
      }
    }

    func values(_ count: Int, _ generator: inout SeededGenerator) -> [Int64] {
      var last: Int64 = 0
      return (0..<count).map { _ in
        switch self {
        case .walk: last += Int64(generator.nextNormal().rounded())
        case .poisson: last = generator.nextPoisson(40)
        case .threeDecimals: last += Int64((generator.nextNormal() * 1000).rounded())
        case .twoValues: last = Int.random(in: 0..<10, using: &generator) == 0 ? 1 : 0
        case .geometric: last = Int64((generator.next() | 1 << 60).trailingZeroBitCount)
        }
        return last
      }
    }
  }

  /// 4 % above it, and the bins.
  @Test(arguments: Noise.allCases)
  func noiseCostsItsEntropy(_ noise: Noise) {
    let byteCount = noise.entropy / 8 * 8192
    for seed in 1...5 as ClosedRange<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let size = Double(IntegerStreamTests.encoded(noise.values(8192, &generator)).count)
      #expect(size < byteCount * 1.04 + 64, "\(noise), seed \(seed)")
      #expect(size > byteCount * 0.96 - 64, "\(noise), seed \(seed): too good to be true")
    }
  }

  private static func entropy(_ probabilities: [Double]) -> Double {
    probabilities.reduce(0) { $1 > 0 ? $0 - $1 * log2($1) : $0 }
  }

  /// A few values far away must not cost the others their size.
  @Test func outliersCostWhatTheyAre() {
    var generator = SeededGenerator(seed: 4)
    var values = IntegerShape.poisson.values(8192, &generator)
    let size = IntegerStreamTests.encoded(values).count
    for row in stride(from: 7, to: values.count, by: 500) {
      values[row] = Int64(bitPattern: generator.next())
    }
    #expect(IntegerStreamTests.encoded(values).count < size + 17 * 16 + 128)
  }

  @Test(arguments: [60, 100])
  func shortBlocksAreAsTheyWere(_ count: Int) {
    for shape in IntegerShape.allCases {
      var generator = SeededGenerator(seed: 5)
      let bytes = IntegerStreamTests.encoded(shape.values(count, &generator))
      #expect(bytes.first != IntegerCodec.entropy.rawValue, "\(shape)")
    }
  }

  @Test(arguments: shapes)
  func everyTruncationIsAnError(_ shape: IntegerShape) {
    var generator = SeededGenerator(seed: 7)
    let values = shape.values(200, &generator)
    guard let bytes = Self.encoded(values, order: 0) else { return }
    for length in 0..<bytes.count {
      #expect(throws: EncodingError.self, "\(shape) cut to \(length)") {
        try IntegerStreamTests.decoded(Array(bytes[..<length]), count: values.count)
      }
    }
  }

  /// Damage may give other values or an error, never more, never a crash.
  @Test(arguments: shapes)
  func anyFlippedBitIsSurvived(_ shape: IntegerShape) {
    var generator = SeededGenerator(seed: 8)
    guard let bytes = Self.encoded(shape.values(200, &generator), order: 1) else { return }
    for bit in 0..<min(bytes.count, 250) * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      for count in [0, 1, 2, 200, 201] {
        if let values = try? IntegerStreamTests.decoded(damaged, count: count) {
          #expect(values.count == count)
        }
      }
    }
  }

  /// Well-formed tables before whatever bytes: what a checksum would let pass.
  @Test func anyCodedBytesAreSurvived() {
    for seed in 0..<2000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let logarithm = Int.random(in: 0...12, using: &generator)
      var weights: [Int] = []
      var rest = 1 << logarithm
      while rest > 0, weights.count < 255 {
        let weight = Int.random(in: 1...max(1, rest / 4), using: &generator)
        weights.append(weight)
        rest -= weight
      }
      if rest > 0 { weights.append(rest) }
      var bytes: [UInt8] = [10, 0]
      EntropyBins(
        logarithm: logarithm,
        lows: weights.map { _ in Int64(bitPattern: generator.next()) },
        widths: weights.map { _ in Int.random(in: 0...64, using: &generator) }, weights: weights
      ).append(to: &bytes, depth: 1)
      for _ in 0..<Int.random(in: 0..<400, using: &generator) {
        bytes.append(UInt8.random(in: 0...255, using: &generator))
      }
      let count = Int.random(in: 0...100, using: &generator)
      if let values = try? IntegerStreamTests.decoded(bytes, count: count) {
        #expect(values.count == count, "seed \(seed)")
      }
    }
  }

  /// Order, logarithm, bin count, base, gaps, widths, weights less 1, then states.
  @Test(arguments: [
    ("an order of three", "03 00 01 00 00 00 00 00"),
    ("a logarithm of 13", "00 0d 01 00 00 00 00 fe 3f"),
    ("no bins", "00 00 00 00"),
    ("more bins than slots", "00 01 03 00 00 00 00 00 00 00"),
    ("a bin of 65 bits", "00 00 01 00 00 82 01 00 00"),
    ("a bin of -1 bits", "00 00 01 00 00 01 00 00"),
    ("weights of too small a sum", "00 02 01 00 00 00 00 04"),
    ("weights of too large a sum", "00 02 01 00 00 00 00 08"),
    ("a weight of 0", "00 00 01 00 00 00 00 01"),
  ])
  func aWrongTableIsRefused(_ what: String, _ text: String) {
    let bytes = [10] + hexadecimal(text) + hexadecimal("00 00 01 00").repeated(4)
    #expect(throws: EncodingError.self, "\(what)") {
      try IntegerStreamTests.decoded(bytes, count: 2)
    }
  }

  @Test func statesAreChecked() throws {
    // One bin, 5, of weight 1 = 2^0: nothing is read for a value.
    let head: [UInt8] = [10] + hexadecimal("00 00 01 0a 00 00 00 00")
    let states = hexadecimal("00 00 01 00").repeated(4)
    #expect(
      try IntegerStreamTests.decoded(head + states, count: 9) == Array(repeating: 5, count: 9))
    for byte in states.indices {
      var damaged = states
      damaged[byte] ^= 1
      #expect(throws: EncodingError.self) {
        try IntegerStreamTests.decoded(head + damaged, count: 9)
      }
    }
  }
}

/// Bytes from their hexadecimal digits, two each, with spaces between.
func hexadecimal(_ text: String) -> [UInt8] {
  text.split(separator: " ").compactMap { UInt8($0, radix: 16) }
}

extension [UInt8] {
  func repeated(_ times: Int) -> [UInt8] { Array(repeatElement(self, count: times).joined()) }
}
