import TestSupport
import Testing

@testable import Encoding

@Suite struct IntegerStreamTests {
  static func decoded(_ bytes: [UInt8], count: Int) throws -> [Int64] {
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      let values = try IntegerStream.decode(from: &reader, count: count)
      guard reader.remaining == 0 else { throw reader.malformed("bytes left over") }
      return values
    }
  }

  static func encoded(_ values: [Int64]) -> [UInt8] {
    var bytes: [UInt8] = []
    IntegerStream.encode(values, to: &bytes)
    return bytes
  }

  @Test(arguments: IntegerShape.allCases)
  func everyShapeComesBackAtEveryEdgeLength(_ shape: IntegerShape) throws {
    for (seed, count) in edgeCounts.enumerated() {
      var generator = SeededGenerator(seed: UInt64(seed))
      let values = shape.values(count, &generator)
      let bytes = Self.encoded(values)
      #expect(
        try Self.decoded(bytes, count: count) == values, "\(shape), \(count) values, seed \(seed)")
      #expect(bytes.count <= 1 + 8 * count, "\(shape), \(count) values, seed \(seed)")
    }
  }

  /// Each codec wins somewhere, or it would not be worth its number.
  @Test(arguments: [
    (IntegerShape.allEqual, IntegerCodec.constant), (.ramp, .linear), (.wrappingRamp, .linear),
    (.randomBits, .plain), (.pages, .scaled), (.wholeSeconds, .scaled), (.smallRandom, .entropy),
    (.poisson, .entropy), (.randomWalk, .entropy), (.geometric, .entropy), (.skewed, .entropy),
    (.evenSteps, .delta), (.evenTurns, .deltaOfDelta), (.longRuns, .runs),
    (.fewFarApart, .dictionary),
    (.pattern, .lz4),
  ])
  func theCodecMeantForAShapeIsChosen(_ shape: IntegerShape, _ codec: IntegerCodec) {
    var generator = SeededGenerator(seed: 1)
    let bytes = Self.encoded(shape.values(8192, &generator))
    #expect(bytes.first.flatMap(IntegerCodec.init(rawValue:)) == codec)
  }

  @Test func regularTimestampsTakeAFewBytes() {
    let bytes = Self.encoded((0..<8192).map { $0 * 1_000_000_000 })
    #expect(bytes.count <= 8)
  }

  @Test func oneOutlierWidensOneGroupOnly() {
    var generator = SeededGenerator(seed: 2)
    var values = (0..<8192).map { _ in Int64.random(in: 0..<7, using: &generator) }
    let size = Self.encoded(values).count
    values[4000] = .max
    #expect(Self.encoded(values).count < size + 128 * 8 + 256)
  }

  @Test(arguments: IntegerShape.allCases)
  func everyTruncationIsAnError(_ shape: IntegerShape) {
    var generator = SeededGenerator(seed: 7)
    let values = shape.values(300, &generator)
    let bytes = Self.encoded(values)
    for length in 0..<bytes.count {
      #expect(throws: EncodingError.self, "\(shape) cut to \(length)") {
        try Self.decoded(Array(bytes[..<length]), count: values.count)
      }
    }
  }

  /// Damage that no checksum caught may give other values or an error, never more, never a crash.
  @Test(arguments: IntegerShape.allCases)
  func anyFlippedBitIsSurvived(_ shape: IntegerShape) {
    var generator = SeededGenerator(seed: 8)
    let bytes = Self.encoded(shape.values(130, &generator))
    for bit in 0..<min(bytes.count, 200) * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if let values = try? Self.decoded(damaged, count: 130) { #expect(values.count == 130) }
    }
  }

  @Test func randomBytesAreSurvived() {
    for seed in 0..<3000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var bytes = (0..<Int.random(in: 1..<80, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      bytes[0] = UInt8(seed % 12)
      let count = Int.random(in: 0...200, using: &generator)
      if let values = try? Self.decoded(bytes, count: count) { #expect(values.count == count) }
    }
  }

  /// Bytes as the first versions wrote them, one for each codec of then.
  @Test(arguments: [
    ("00 0e", [7, 7, 7, 7]),
    ("01 0a 06", [5, 8, 11, 14]),
    ("02 03 00 00 00 00 00 00 00 ff ff ff ff ff ff ff 7f", [3, .max]),
    ("03 02 06 86 28 1d 3c 61 c9", [3, 17, 9, -4, 30, 2, 11, 25]),
    ("04 d0 0f 02 04 36 a6 81", [1000, 1003, 1001, 1004, 1009, 1008, 1012]),
    ("05 00 14 03 02 00", [0, 10, 21, 33, 46, 60, 75, 91, 108, 126]),
    ("06 03 01 0a 02 03 03 0a 03 20 00", [5, 5, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9, 9] + fives),
    ("07 02 01 0a c2 0e 03 03 00 01 1a", [5, 934, 5, 934, 934]),
    ("09 00 80 20 03 02 05 c2 10 0a", [4096, 12288, 8192, 40960]),
  ])
  func whatWasOnceWrittenStillReads(_ text: String, _ values: [Int64]) throws {
    #expect(try Self.decoded(hexadecimal(text), count: values.count) == values)
  }

  private static let fives = [Int64](repeating: 5, count: 8)

  @Test func nestingEnds() {
    // scaled in scaled in …
    let bytes =
      [UInt8](repeating: 0, count: 0) + Array(repeatElement([9, 0, 2], count: 50).joined())
    #expect(throws: EncodingError.self) { try Self.decoded(bytes + [0, 0], count: 5) }
  }
}
