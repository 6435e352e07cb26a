import LineProtocol
import TestSupport
import Testing
import TimeSeries

/// Floats are the doubles nearest to what is written, as the standard library reads them.
struct NumberTests {
  /// Parses numbers as the fields of lines of a hundred and compares the bits.
  private func expectNearestDoubles(_ numbers: [String], seed: UInt64) {
    var body = ""
    for (index, number) in numbers.enumerated() {
      body += index % 100 == 0 ? (index == 0 ? "m " : " 1\nm ") : ","
      body += "f\(index % 100)=\(number)"
    }
    let (batch, rejections) = parse(body)
    var expected: [UInt64] = []
    expected.reserveCapacity(numbers.count)
    for number in numbers {
      guard let value = Double(number) else {
        Issue.record("the test's own number \(number) is none, seed \(seed)")
        return
      }
      expected.append(value.bitPattern)
    }
    #expect(rejections.isEmpty, "seed \(seed)")
    guard batch.fields.map(\.bits) != expected else { return }
    for (index, field) in batch.fields.enumerated() where field.bits != expected[index] {
      Issue.record("\(numbers[index]) read as \(Double(bitPattern: field.bits)), seed \(seed)")
      return
    }
    Issue.record("\(batch.fields.count) values of \(numbers.count), seed \(seed)")
  }

  private func digits(_ count: Int, _ generator: inout SeededGenerator) -> String {
    String((0..<count).map { _ in Character(String(Int.random(in: 0...9, using: &generator))) })
  }

  @Test func randomDecimalStrings() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      expectNearestDoubles(
        (0..<20_000).map { _ in
          var text = Bool.random(using: &generator) ? "-" : ""
          text += digits(Int.random(in: 1...20, using: &generator), &generator)
          if Bool.random(using: &generator) {
            text += "." + digits(Int.random(in: 0...20, using: &generator), &generator)
          }
          if Int.random(in: 0..<3, using: &generator) == 0 {
            text += "e\(Int.random(in: -340...265, using: &generator))"
          }
          return text
        }, seed: seed)
    }
  }

  @Test func shortestTextsOfRandomDoubles() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      expectNearestDoubles(
        (0..<10_000).flatMap { _ in
          let any = Double(bitPattern: generator.next())
          let usual = Double.random(in: -1000...1000, using: &generator)
          return [any.isFinite ? "\(any)" : "0", "\(usual)"]
        }, seed: seed)
    }
  }

  /// The exact middle between two neighbouring doubles, and the decimals just beside it.
  @Test func halfwayCases() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    var numbers: [String] = []
    for _ in 0..<20_000 {
      // An odd multiple of half the spacing of doubles with 53 bits: an integer of 54 bits, shifted.
      let middle = (UInt64(1) << 53 | generator.next() >> 11) | 1
      let shift = UInt64.random(in: 0...9, using: &generator)
      let whole = middle << shift
      numbers += ["\(whole)", "\(whole - 1)", "\(whole + 1)", "\(whole).0", "\(whole)e0"]
      numbers += ["\(whole).00000000000000000000001", "\(whole - 1).9999999999999999999999"]
      // The same with a fraction: 54 bits × 2^-k, k digits behind the point.
      let places = Int.random(in: 1...10, using: &generator)
      let divisor = UInt64(1) << UInt64(places)
      var remainder = middle % divisor
      var fraction = ""
      for _ in 0..<places {
        remainder *= 10
        fraction += "\(remainder / divisor)"
        remainder %= divisor
      }
      numbers += ["\(middle / divisor).\(fraction)", "\(middle / divisor).\(fraction)1"]
    }
    for start in stride(from: 0, to: numbers.count, by: 20_000) {
      expectNearestDoubles(
        Array(numbers[start..<min(start + 20_000, numbers.count)]), seed: seed)
    }
  }

  @Test func wellKnownHardCases() {
    expectNearestDoubles(
      [
        "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9406564584124654e-324",
        "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308",
        "1.7976931348623158e308", "179769313486231580793728971405301e276", "9007199254740993",
        "9007199254740992", "9007199254740991", "9007199254740995", "1e22", "1e23", "1e-22",
        "1e-23",
        "9007199254740993e22", "0.30000000000000004", "123456789012345678", "1234567890123456789",
        "9999999999999999999", "12345678901234567890", "18446744073709551615e-5",
        "0.000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000001.5", "6.631236846766476e-316",
        "3.2378839133029012895883524125015321748630094390565e-319", "8.5e22", "5e-27", "1e55",
        "1e56",
        "1e-27", "1e-28",
      ], seed: 0)
  }

  @Test func integersOfAllLengths() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    var body = "m "
    var expected: [UInt64] = []
    for index in 0..<20_000 {
      let bits = generator.next()
      let signed = Int64(bitPattern: bits) >> Int64.random(in: 0..<64, using: &generator)
      let unsigned = bits >> UInt64.random(in: 0..<64, using: &generator)
      body += (index == 0 ? "" : ",") + "i\(index)=\(signed)i,u\(index)=\(unsigned)u"
      expected += [UInt64(bitPattern: signed), unsigned]
    }
    let (batch, rejections) = parse(body)
    #expect(rejections.isEmpty, "seed \(seed)")
    #expect(batch.fields.map(\.bits) == expected, "seed \(seed)")
  }
}
