import TestSupport
import Testing

@testable import Encoding

@Suite struct BooleanStreamTests {
  static func decoded(_ bytes: [UInt8], count: Int) throws -> [Bool] {
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      let values = try BooleanStream.decode(from: &reader, count: count)
      guard reader.remaining == 0 else { throw reader.malformed("bytes left over") }
      return values
    }
  }

  static func encoded(_ values: [Bool]) -> [UInt8] {
    var bytes: [UInt8] = []
    BooleanStream.encode(values, to: &bytes)
    return bytes
  }

  static let shapes: [(name: String, codec: BooleanCodec, value: @Sendable (Int, UInt64) -> Bool)] =
    [
      ("all true", .constant, { _, _ in true }),
      ("all false", .constant, { _, _ in false }),
      ("alternating", .bitmap, { row, _ in row & 1 == 0 }),
      ("random", .bitmap, { _, random in random & 1 == 0 }),
      ("one in the middle", .runs, { row, _ in row == 500 }),
      ("changes at word edges", .runs, { row, _ in row / 64 % 2 == 1 }),
      ("long runs", .runs, { row, _ in row / 1000 % 2 == 0 }),
    ]

  @Test(arguments: shapes.indices)
  func everyShapeComesBackAtEveryEdgeLength(_ index: Int) throws {
    let shape = Self.shapes[index]
    for (seed, count) in edgeCounts.enumerated() {
      var generator = SeededGenerator(seed: UInt64(seed))
      let values = (0..<count).map { shape.value($0, generator.next()) }
      let bytes = Self.encoded(values)
      #expect(try Self.decoded(bytes, count: count) == values, "\(shape.name), \(count)")
      #expect(bytes.count <= max(2, 1 + (count + 7) / 8) || count == 0, "\(shape.name), \(count)")
      if count == 8192 { #expect(bytes.first == shape.codec.rawValue, "\(shape.name)") }
      for length in 0..<min(bytes.count, 40) {
        #expect(throws: EncodingError.self) {
          try Self.decoded(Array(bytes[..<length]), count: count)
        }
      }
    }
  }

  @Test func bitsPastTheEndAreRefused() {
    #expect(throws: EncodingError.self) {
      try Self.decoded([BooleanCodec.bitmap.rawValue, 0b1000_0001], count: 7)
    }
  }

  @Test func randomBytesAreSurvived() {
    for seed in 0..<2000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let bytes =
        [UInt8(seed % 3)]
        + (0..<20).map { _ in UInt8.random(in: 0...9, using: &generator) }
      if let values = try? Self.decoded(bytes, count: 100) { #expect(values.count == 100) }
    }
  }
}
