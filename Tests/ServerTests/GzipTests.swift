import TestSupport
import Testing

@testable import Server

@Suite struct GzipTests {
  /// `printf 'm v=1 1\n' | gzip -n`, so that the format is gzip's and not just our own.
  private let fromGzip: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x55, 0x28, 0xb3, 0x35, 0x54,
    0x30, 0xe4, 0x02, 0x00, 0xfc, 0xf6, 0xe9, 0x33, 0x08, 0x00, 0x00, 0x00,
  ]

  private func inflate(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [UInt8] {
    try bytes.withUnsafeBytes { try Gzip.inflate($0, limit: limit) }
  }

  private func compress(_ bytes: [UInt8]) throws -> [UInt8] {
    try Gzip.Compressor().compress(bytes, flush: false, isLast: true)
  }

  @Test func whatGzipWroteIsRead() throws {
    #expect(try inflate(fromGzip) == Array("m v=1 1\n".utf8))
    #expect(try inflate(fromGzip + fromGzip) == Array("m v=1 1\nm v=1 1\n".utf8))
    #expect(try inflate([]) == [])
  }

  @Test func everyCutIsAnErrorAndNoChangedByteIsTakenForData() throws {
    for length in 1..<fromGzip.count {
      #expect(throws: Gzip.Failure.self, "cut at \(length)") {
        try inflate(Array(fromGzip.prefix(length)))
      }
    }
    // Of the header only the first three bytes and the flags say how to read the rest.
    for index in Array(0..<4) + Array(10..<fromGzip.count) {
      for bit in 0..<8 {
        var damaged = fromGzip
        damaged[index] ^= 1 << UInt8(bit)
        let result = try? inflate(damaged)
        #expect(
          result == nil || result == Array("m v=1 1\n".utf8), "bit \(bit) of byte \(index)")
      }
    }
  }

  @Test func noMoreThanTheLimitComesOut() throws {
    let compressed = try compress([UInt8](repeating: 7, count: 1_000_000))
    #expect(try inflate(compressed, limit: 1_000_000).count == 1_000_000)
    #expect(throws: Gzip.Failure.tooLarge(limit: 999_999)) {
      try inflate(compressed, limit: 999_999)
    }
  }

  @Test(arguments: [0, 1, 100, 32 << 10, 64 << 10, 1_000_000])
  func randomBytesComeBack(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(try inflate(try compress(bytes)) == bytes)
  }

  @Test func whatIsFlushedCanBeReadBeforeTheEnd() throws {
    let compressor = try Gzip.Compressor()
    let first = compressor.compress(Array("first".utf8), flush: true, isLast: false)
    let second = compressor.compress(Array("second".utf8), flush: false, isLast: false)
    let rest = compressor.compress([], flush: false, isLast: true)
    #expect(first.count > 10)
    #expect(try inflate(first + second + rest) == Array("firstsecond".utf8))
  }
}
