import Foundation
import TestSupport
import Testing

@testable import Encoding

@Suite struct FloatStreamTests {
  static func decoded(_ bytes: [UInt8], count: Int) throws -> [Double] {
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      let values = try FloatStream.decode(from: &reader, count: count)
      guard reader.remaining == 0 else { throw reader.malformed("bytes left over") }
      return values
    }
  }

  static func encoded(_ values: [Double]) -> [UInt8] {
    var bytes: [UInt8] = []
    FloatStream.encode(values, to: &bytes)
    return bytes
  }

  @Test(arguments: FloatShape.allCases)
  func everyShapeComesBackBitForBit(_ shape: FloatShape) throws {
    for (seed, count) in edgeCounts.enumerated() {
      var generator = SeededGenerator(seed: UInt64(seed))
      let values = shape.values(count, &generator)
      let bytes = Self.encoded(values)
      #expect(
        try Self.decoded(bytes, count: count).map(\.bitPattern) == values.map(\.bitPattern),
        "\(shape), \(count) values, seed \(seed)")
      #expect(bytes.count <= 2 + 8 * count, "\(shape), \(count) values, seed \(seed)")
    }
  }

  @Test(arguments: [
    (FloatShape.threeDecimals, FloatCodec.decimal), (.integerWalk, .decimal), (.poisson, .decimal),
    (.decimalsWithNaN, .decimal), (.allNaN, .bits), (.repeated, .bits), (.sine, .bits),
    (.singlePrecision, .bits), (.halting, .xor),
  ])
  func theCodecMeantForAShapeIsChosen(_ shape: FloatShape, _ codec: FloatCodec) {
    var generator = SeededGenerator(seed: 1)
    let bytes = Self.encoded(shape.values(8192, &generator))
    #expect(bytes.first.flatMap(FloatCodec.init(rawValue:)) == codec)
  }

  /// A few values that are no decimals must not cost the others their size.
  @Test func exceptionsArePatched() {
    var generator = SeededGenerator(seed: 3)
    var values = FloatShape.threeDecimals.values(8192, &generator)
    let size = Self.encoded(values).count
    for row in stride(from: 0, to: values.count, by: 500) { values[row] = .pi * Double(row) }
    #expect(Self.encoded(values).count < size + 17 * 16)
  }

  @Test(arguments: 0...12)
  func decimalTextsOfUpTo15DigitsAreExact(_ places: Int) throws {
    var generator = SeededGenerator(seed: 4)
    let values = try (0..<2000).map { _ in
      let digits = Int64.random(in: 0...999_999_999_999_999, using: &generator)
      return try #require(Double("\(digits)e-\(places)"))
    }
    let bytes = Self.encoded(values)
    #expect(Array(bytes[..<3]) == [FloatCodec.decimal.rawValue, UInt8(places), 0])
    #expect(try Self.decoded(bytes, count: values.count) == values)
  }

  @Test(arguments: FloatShape.allCases)
  func everyTruncationIsAnError(_ shape: FloatShape) {
    var generator = SeededGenerator(seed: 7)
    let values = shape.values(150, &generator)
    let bytes = Self.encoded(values)
    for length in 0..<bytes.count {
      #expect(throws: EncodingError.self, "\(shape) cut to \(length)") {
        try Self.decoded(Array(bytes[..<length]), count: values.count)
      }
    }
  }

  @Test(arguments: FloatShape.allCases)
  func anyFlippedBitIsSurvived(_ shape: FloatShape) {
    var generator = SeededGenerator(seed: 8)
    let bytes = Self.encoded(shape.values(70, &generator))
    for bit in 0..<min(bytes.count, 200) * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if let values = try? Self.decoded(damaged, count: 70) { #expect(values.count == 70) }
    }
  }

  @Test func singleValuesComeBackCompactly() throws {
    let cases: [(Double, Int)] = [
      (0, 1), (50, 2), (-1, 1), (12.345, 3), (-0.0, 9), (.nan, 9), (.infinity, 9), (.pi, 9),
      (1e300, 9), (0.1 + 0.2, 9), (.leastNonzeroMagnitude, 9),
      (Double(bitPattern: 0x7FF8_0000_0000_0123), 9),
    ]
    for (value, size) in cases {
      var bytes: [UInt8] = []
      bytes.appendCompactFloat(value)
      #expect(bytes.count == size, "\(value)")
      let back = try bytes.withUnsafeBytes { raw in
        var reader = ByteReader(raw)
        return try reader.readCompactFloat()
      }
      #expect(back.bitPattern == value.bitPattern, "\(value)")
    }
  }
}
