import TestSupport
import Testing

@testable import Encoding

@Suite struct PrimitivesTests {
  @Test func varintsComeBackAndHaveTheSizeForetold() throws {
    var values: [UInt64] = [0, 1, 127, 128, 300, .max]
    for shift in 0..<64 as Range<UInt64> { values += [1 << shift, 1 << shift - 1] }
    for value in values {
      var bytes: [UInt8] = []
      bytes.appendVarint(value)
      #expect(bytes.count == varintSize(value), "\(value)")
      let (back, remaining) = try bytes.withUnsafeBytes { raw in
        var reader = ByteReader(raw)
        return (try reader.readVarint(), reader.remaining)
      }
      #expect(back == value)
      #expect(remaining == 0)
      #expect(Zigzag.encode(Zigzag.decode(value)) == value)
    }
  }

  @Test func varintsThatAreTooLongOrCutAreRefused() {
    for bytes in [
      [], [0x80], [UInt8](repeating: 0xFF, count: 10), [UInt8](repeating: 0x80, count: 11),
    ] as [[UInt8]] {
      #expect(throws: EncodingError.self) {
        try bytes.withUnsafeBytes { raw in
          var reader = ByteReader(raw)
          return try reader.readVarint()
        }
      }
    }
  }

  @Test func theChecksumIsTheOneOfTheStandard() {
    // RFC 3720, appendix B.4.
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(Array(0..<32 as Range<UInt8>)) == 0x46DD_794E)
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([]) == 0)
  }

  @Test func instructionAndTableAgreeAtEveryLengthAndOffset() {
    var generator = SeededGenerator(seed: 5)
    let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
    bytes.withUnsafeBytes { raw in
      for start in 0..<9 {
        for end in stride(from: start, through: 300, by: start % 2 == 0 ? 1 : 7) {
          let part = UnsafeRawBufferPointer(rebasing: raw[start..<end])
          let table = CRC32C.tableChecksum(part)
          #expect(CRC32C.checksum(part) == table)
          let middle = (start + end) / 2
          let first = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[start..<middle]))
          let rest = UnsafeRawBufferPointer(rebasing: raw[middle..<end])
          #expect(CRC32C.checksum(rest, continuing: first) == table)
        }
      }
    }
  }

  @Test(arguments: 0...64)
  func bitsOfEveryWidthComeBackAtEveryLength(_ width: Int) {
    var generator = SeededGenerator(seed: UInt64(width))
    let mask = width == 0 ? 0 : UInt64.max >> UInt64(64 - width)
    for count in [0, 1, 2, 7, 8, 9, 63, 64, 65, 127, 128] {
      let values = (0..<count).map { _ in generator.next() & mask }
      let size = BitPacking.byteCount(count, width: width)
      // Guard bytes behind, which must stay as they are.
      var bytes = [UInt8](repeating: 0xA5, count: size + 8)
      bytes.withUnsafeMutableBytes { raw in
        guard let start = raw.baseAddress else { return }
        values.withUnsafeBufferPointer { BitPacking.pack($0, width: width, to: start) }
      }
      #expect(bytes[size...].allSatisfy { $0 == 0xA5 })
      for visible in [size, size + 3, size + 8] {
        let back = [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
          bytes.withUnsafeBytes { raw in
            BitPacking.unpack(
              UnsafeRawBufferPointer(rebasing: raw[..<visible]), width: width,
              into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
          }
          filled = count
        }
        #expect(back == values, "\(count) values, \(visible) bytes")
      }
    }
  }

  @Test func compressedBlocksComeBackAndLiesAreRefused() throws {
    let plain = Array(repeatElement(Array("segment ".utf8), count: 500).joined())
    for thorough in [false, true] {
      let stored = try #require(LZ4Block.compress(plain, thorough: thorough))
      #expect(stored.count < plain.count / 10)
      let back = try stored.withUnsafeBytes { try LZ4Block.decompress($0, count: plain.count) }
      #expect(back == plain)
      for wrong in [plain.count - 1, plain.count + 1, -1, stored.count * 255 + 1, .max / 512] {
        #expect(throws: EncodingError.self, "\(wrong)") {
          try stored.withUnsafeBytes { try LZ4Block.decompress($0, count: wrong) }
        }
      }
    }
  }

  @Test func whatDoesNotShrinkStaysAsItIs() {
    var generator = SeededGenerator(seed: 9)
    let noise = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(LZ4Block.compress(noise) == nil)
    #expect(LZ4Block.compress([]) == nil)
    #expect(LZ4Block.compress([1]) == nil)
  }
}
