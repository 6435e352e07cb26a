import TestSupport
import Testing
import TimeSeries

@testable import LineProtocol

/// Whatever bytes come in, every line is either a point or a rejection.
struct MutationTests {
  static let seeds = [
    "cpu,host=a,region=eu\\ west usage=0.5,idle=99i,ok=t,name=\"x \\\"y\\\\\" 1700000000000000000\n",
    "m\\,x,a\\=b=c\\\\d v=1,w=\"a\nb\",x=18446744073709551615u\r\n",
    "# comment \" = \n  \t m f\\ g=-1.5e-7 -12 \n\nmem used=1i 1\nmem used=2i 2\nmem free=3i,used=1i 3",
    "m,t\\\\=1 v\\\\=1,\\\"=2 7\n,x\nm =1\nm v=1 1 1\nm,é=日 \"q\"=\"🦊\" 5\n",
  ]

  @Test func linesAreNeitherLostNorInvented() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    let special = Array(" ,=\\\"\n\r\t\0#-+.eEiutTfFNn019".utf8) + [0xC3, 0xFF, 0x80]
    var points = 0
    var rejected = 0
    for _ in 0..<6000 {
      var body: [UInt8] = []
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        body += Array(generator.pick(Self.seeds).utf8)
      }
      for _ in 0..<Int.random(in: 0...8, using: &generator) {
        let position = Int.random(in: 0..<body.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: body[position] = generator.pick(special)
        case 1: body.insert(generator.pick(special), at: position)
        case 2 where body.count > 1: body.remove(at: position)
        default: body.removeSubrange(min(position + 1, body.count)...)
        }
      }
      let (batch, rejections) = parse(body)
      points += batch.points.count
      rejected += rejections.count
      #expect(
        batch.points.count + rejections.count == Self.lineCount(body),
        "seed \(seed), body \(String(decoding: body, as: UTF8.self).debugDescription)")
      #expect(
        batch.points.allSatisfy { $0.fieldCount > 0 && TimestampBounds.contains($0.timestamp) })
      #expect(batch.seriesKeys.allSatisfy { SeriesKey(canonical: batch.bytes($0)) != nil })
      #expect(
        batch.seriesKeys.allSatisfy { range in
          let bytes = Array(batch.bytes(range))
          return SeriesKey(canonical: bytes)?.canonical == bytes
        }, "seed \(seed)")
    }
    #expect(points > 1000)
    #expect(rejected > 1000)
  }

  /// The lines of a body that are neither blank nor comments, found byte by byte.
  private static func lineCount(_ body: [UInt8]) -> Int {
    var lines = 0
    var position = 0
    while position < body.count {
      while position < body.count, [0x20, 0x09, 0].contains(body[position]) { position += 1 }
      guard position < body.count else { break }
      let rest = body[position...]
      if rest.first == 0x0A || rest.elementsEqual([0x0D]) || rest.starts(with: [0x0D, 0x0A]) {
        position = (rest.firstIndex(of: 0x0A) ?? body.count) + 1
        continue
      }
      if rest.first == UInt8(ascii: "#") {
        position = (rest.firstIndex(of: 0x0A) ?? body.count) + 1
        continue
      }
      lines += 1
      position = end(ofLineAt: position, in: body) + 1
    }
    return lines
  }

  /// As InfluxDB's `scanLine` finds it, but that the fields begin at the space that ends the key.
  private static func end(ofLineAt start: Int, in body: [UInt8]) -> Int {
    var inFields = false
    var isQuoted = false
    var equals = 0
    var commas = 0
    var isEscaped = false
    for position in start..<body.count {
      let byte = body[position]
      let wasEscaped = isEscaped
      isEscaped = byte == UInt8(ascii: "\\") && !wasEscaped && position + 2 < body.count
      if !inFields {
        if byte == 0x0A, !wasEscaped { return position }
        let previous = position > start ? body[position - 1] : 0
        if byte == 0x20, previous != UInt8(ascii: "\\") { inFields = true }
        continue
      }
      if wasEscaped { continue }
      switch byte {
      case UInt8(ascii: "=") where !isQuoted: equals += 1
      case UInt8(ascii: ",") where !isQuoted: commas += 1
      case UInt8(ascii: "\"") where equals > commas: isQuoted.toggle()
      case 0x0A where !isQuoted: return position
      default: break
      }
    }
    return body.count
  }
}

/// The validator against the standard library's.
struct UTF8ValidationTests {
  @Test func agreesWithTheStandardLibrary() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    let interesting: [UInt8] = [
      0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
      0xED,
      0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    var valid = 0
    for _ in 0..<200_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { index in
        index < 7 && Bool.random(using: &generator) ? 0x61 : generator.pick(interesting)
      }
      let expected = String(validating: bytes, as: UTF8.self) != nil
      valid += expected ? 1 : 0
      #expect(bytes.withUnsafeBytes { isWellFormedUTF8($0) } == expected, "\(bytes), seed \(seed)")
    }
    #expect(valid > 1000)
  }

  @Test func everyCharacterIsWellFormed() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isValid = Array(String(scalar).utf8).withUnsafeBytes { isWellFormedUTF8($0) }
      if !isValid { Issue.record("U+\(String(value, radix: 16))") }
    }
  }
}
