/// A run of decimal digits.
struct DigitRun {
  /// Wraps around above 19 digits; the caller looks at `count`.
  var value: UInt64 = 0
  var count = 0
}

extension Body {
  /// Reads digits from `position` on, eight at a time, adds them to `run` and moves behind them.
  @inline(__always)
  func scanDigits(_ position: inout Int, into run: inout DigitRun) {
    while true {
      let word = word(at: position)
      let digits = Self.leadingDigits(word)
      if digits == 8 {
        run.value = run.value &* 100_000_000 &+ Self.value(ofDigits: word)
        run.count += 8
        position += 8
        continue
      }
      if digits > 0 {
        // Zeros moved in below are leading digits; what is no digit is moved out.
        let padded = (word ^ Self.zeros) << UInt64(64 - 8 * digits) ^ Self.zeros
        run.value = run.value &* smallPowersOfTen[digits] &+ Self.value(ofDigits: padded)
        run.count += digits
        position += digits
      }
      return
    }
  }

  private static var zeros: UInt64 { 0x3030_3030_3030_3030 }

  /// How many of the eight bytes, from the low end, are digits before the first that is none.
  @inline(__always)
  private static func leadingDigits(_ word: UInt64) -> Int {
    let digits = word ^ zeros
    // Bytes above 9 get their high bit; a carry out of a byte reaches only bytes behind it.
    let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
    return others == 0 ? 8 : others.trailingZeroBitCount >> 3
  }

  /// The number that eight ASCII digits spell, by joining neighbours: bytes to pairs, pairs to
  /// fours, fours to eight.
  @inline(__always)
  private static func value(ofDigits word: UInt64) -> UInt64 {
    let bytes = word ^ zeros
    let pairs = (bytes &* 10 &+ (bytes >> 8)) & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 100 &+ (pairs >> 16)) & 0x0000_FFFF_0000_FFFF
    return (fours &* 10_000 &+ (fours >> 32)) & 0xFFFF_FFFF
  }
}

private let smallPowersOfTen: [UInt64] = [
  1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000,
]
