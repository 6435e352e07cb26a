import TestSupport
import Testing
import TimeSeries

@testable import Query

/// Sums of integers in 128 bits: from values, and from statistics that hold 64 bits of them.
@Suite struct IntegerSumTests {
  /// Values of all magnitudes, often the largest.
  private func values(_ random: inout SeededGenerator) -> [Int64] {
    let shift = Int64.random(in: 0...63, using: &random)
    let base = Int64.random(in: .min ... .max, using: &random) >> shift
    return (0..<Int.random(in: 1...50, using: &random)).map { _ in
      switch Int.random(in: 0..<6, using: &random) {
      case 0: .max
      case 1: .min
      default: base &+ Int64.random(in: -1000...1000, using: &random)
      }
    }
  }

  @Test func sumsAreExact() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      let values = values(&random)
      var signed = IntegerSum<Int64>(5)
      var unsigned = IntegerSum<UInt64>(-7)
      for value in values {
        signed.add(value)
        unsigned.add(UInt64(bitPattern: value))
      }
      #expect(signed.total == values.reduce(5) { $0 + Int128($1) })
      #expect(unsigned.total == values.reduce(-7) { $0 + Int128(UInt64(bitPattern: $1)) })
    }
  }

  @Test func statisticsGiveTheSumOrNothing() {
    var random = SeededGenerator(seed: 2)
    var known = 0
    for _ in 0..<2_000 {
      let values = values(&random)
      let sum = values.reduce(Int128(0)) { $0 + Int128($1) }
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      let found = IntegerSum.total(
        endingIn: UInt64(truncatingIfNeeded: sum), count: values.count, minimum: low, maximum: high)
      let isUnique =
        Int128(values.count) * (Int128(high) - Int128(low)) <= Int128(UInt64.max)
      #expect(found == (isUnique ? sum : nil))
      if isUnique { known += 1 }
    }
    #expect(known > 100 && known < 1_900)
  }

  @Test func statisticsThatCannotBeGiveNothing() {
    #expect(IntegerSum<Int64>.total(endingIn: 9, count: 2, minimum: 1, maximum: 3) == nil)
    #expect(IntegerSum<Int64>.total(endingIn: 4, count: 2, minimum: 3, maximum: 1) == nil)
    #expect(
      IntegerSum<UInt64>.total(endingIn: 0, count: .max, minimum: .max, maximum: .max) == nil)
  }

  @Test func floatsOfSumsAreTheNearest() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<2_000 {
      let high = Int64.random(in: .min ... .max, using: &random)
      let low = UInt64.random(in: 0 ... .max, using: &random)
      let value =
        (Int128(high) << 64 | Int128(low)) >> Int128(Int.random(in: 0...127, using: &random))
      let found = value.double
      // Half of the distance to the next float on either side.
      let error = Int128(found).distanceMagnitude(to: value)
      let step = Int128(found.ulp / 2)
      #expect(error <= step.magnitude, "\(value) \(found)")
    }
    let tie = Int128(1) << 70 + Int128(1) << 17
    #expect(tie.double == 0x1p70)
    #expect((tie + 1).double == 0x1p70.nextUp)
    #expect((-tie - 1).double == -(0x1p70.nextUp))
    #expect(((Int128(1) << 64) - 1).double == 0x1p64)
  }
}

extension Int128 {
  fileprivate func distanceMagnitude(to other: Int128) -> UInt128 { (self - other).magnitude }
}
