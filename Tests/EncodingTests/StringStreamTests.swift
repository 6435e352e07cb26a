import Testing

@testable import Encoding

@Suite struct StringStreamTests {
  static func decoded(_ bytes: [UInt8], count: Int) throws -> [[UInt8]] {
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      let values = try StringStream.decode(from: &reader, count: count)
      guard reader.remaining == 0 else { throw reader.malformed("bytes left over") }
      return values.map { Array($0.utf8) }
    }
  }

  static func encoded(_ values: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    StringStream.encode(values, to: &bytes)
    return bytes
  }

  static let inputs: [[String]] = [
    [], [""], ["a"], ["", "", ""], ["ok", "failed", "ok", "ok", "failed", "ok"],
    // Equal under Unicode normalization, different bytes.
    ["\u{e9}", "e\u{301}", "\u{e9}", "e\u{301}", "\u{e9}", "e\u{301}"],
    ["\u{0}", "🜁", "日本語", "\u{0}", "naïve"],
    (0..<500).map { "request \($0) took \($0 * 7 % 13) ms" },
    (0..<500).map { _ in "the same long text again and again" },
    [String(repeating: "x", count: 100_000)],
    (0..<8192).map { "pod-\($0 % 37)" },
  ]

  @Test(arguments: inputs.indices)
  func textsComeBackByteForByte(_ index: Int) throws {
    let values = Self.inputs[index]
    let bytes = Self.encoded(values)
    #expect(try Self.decoded(bytes, count: values.count) == values.map { Array($0.utf8) })
    for length in 0..<min(bytes.count, 300) {
      #expect(throws: EncodingError.self) {
        try Self.decoded(Array(bytes[..<length]), count: values.count)
      }
    }
  }

  @Test func repeatedTextsTakeLessThanAByteEach() {
    #expect(Self.encoded(Self.inputs[10]).count < 8192)
  }

  @Test func logLinesAreCompressed() {
    let plain = Self.inputs[7].reduce(0) { $0 + $1.utf8.count }
    #expect(Self.encoded(Self.inputs[7]).count < plain / 2)
  }

  @Test func textThatIsNotUTF8IsRefused() {
    var bytes = Self.encoded(["ab"])
    bytes[bytes.count - 1] = 0xFF
    #expect(throws: EncodingError.self) { try Self.decoded(bytes, count: 1) }
  }

  /// A few bytes must not make the decoder reserve gigabytes.
  @Test func lengthsThatNothingBacksAreRefused() {
    var bytes: [UInt8] = [StringCodec.plain.rawValue]
    IntegerStream.encode([Int64](repeating: 1 << 40, count: 4), to: &bytes)
    bytes += [3, 1, 2, 3]
    #expect(throws: EncodingError.self) { try Self.decoded(bytes, count: 4) }
    bytes = [StringCodec.plain.rawValue]
    IntegerStream.encode([Int64](repeating: 1 << 25, count: 4), to: &bytes)
    bytes += [3, 1, 2, 3]
    #expect(throws: EncodingError.self) { try Self.decoded(bytes, count: 4) }
    bytes = [StringCodec.plain.rawValue]
    IntegerStream.encode([-1, 2], to: &bytes)
    bytes += [0, 1]
    #expect(throws: EncodingError.self) { try Self.decoded(bytes, count: 2) }
  }

  @Test func anyFlippedBitIsSurvived() {
    for values in Self.inputs.prefix(7) where !values.isEmpty {
      let bytes = Self.encoded(values)
      for bit in 0..<bytes.count * 8 {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        if let found = try? Self.decoded(damaged, count: values.count) {
          #expect(found.count == values.count)
        }
      }
    }
  }
}
