import TestSupport
import Testing
import TimeSeries

/// Keys read where they lie against keys read byte by byte.
@Suite struct KeyPartsTests {
  @Test(arguments: 0..<4) func bothWaysReadTheSame(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pieces = ["m", "a", "b", "é", ",", ",", "=", "=", "\\", " ", ",a=", ",b=x", ",c=y"]
    var plain = 0
    for _ in 0..<5000 {
      var bytes = (0..<random.next(below: 9)).flatMap { _ in Array(random.pick(pieces).utf8) }
      if random.next(below: 20) == 0 { bytes.append(0x80 | UInt8(random.next(below: 128))) }
      // A lazy collection has no bytes in one piece, so it is read the long way.
      let long = SeriesKey(canonical: bytes.lazy.map { $0 })
      #expect(SeriesKey(canonical: bytes) == long, "seed \(seed): \(bytes)")
      var parts = KeyParts()
      guard bytes.withUnsafeBytes({ parts.read($0) }) else { continue }
      plain += 1
      func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
      let tags = parts.tags.map { Tag(key: text($0.key), value: text($0.value)) }
      #expect(long?.measurement == text(parts.measurement), "seed \(seed): \(bytes)")
      #expect(long?.tags == tags, "seed \(seed): \(bytes)")
    }
    #expect(plain > 100, "seed \(seed)")
  }
}
