/// The double nearest to `mantissa × 10^exponent`, ties to even, or nil where only a slower way
/// can tell (``DecimalText``).
///
/// Two ways, both exact: one rounding of two exact doubles (Clinger, "How to read floating point
/// numbers accurately", 1990), else a 64 by 128 bit product with the power of five (Lemire, "Number
/// parsing at a gigabyte per second", 2021) for exponents whose power fits.
@inline(__always)
func nearestDouble(mantissa: UInt64, exponent: Int) -> Double? {
  if mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
    let value = Double(mantissa)
    return exponent < 0
      ? value / exactPowersOfTen[-exponent] : value * exactPowersOfTen[exponent]
  }
  return nearestDoubleByProduct(mantissa: mantissa, exponent: exponent)
}

@inline(never)
func nearestDoubleByProduct(mantissa: UInt64, exponent: Int) -> Double? {
  if mantissa == 0 { return 0 }
  guard let power = PowerOfFive.of(exponent) else { return nil }
  let shift = mantissa.leadingZeroBitCount
  let normalized = mantissa << UInt64(shift)
  var (high, low) = normalized.multipliedFullWidth(by: power.high)
  // 52 bits of fraction, a hidden one, one for rounding and one the product may lack: if the bits
  // below are all ones, the rest of the power decides.
  let below: UInt64 = .max >> 55
  if high & below == below {
    let rest = normalized.multipliedFullWidth(by: power.low).high
    let (sum, carry) = low.addingReportingOverflow(rest)
    low = sum
    if carry { high += 1 }
  }
  if low == .max, exponent < -27 || exponent > 55 { return nil }
  let upper = Int(high >> 63)
  let discarded = upper + 9
  var significand = high >> UInt64(discarded)
  // floor(log2(10) × exponent), exact in this range.
  var binaryExponent = (217_706 * exponent) >> 16 + 63 + upper - shift + 1023
  guard binaryExponent > 0, binaryExponent < 2046 else { return nil }
  // Exactly half way: only where the power fits 64 bits can the product be exact; then to even.
  if low <= 1, exponent >= -4, exponent <= 23, significand & 3 == 1,
    significand << UInt64(discarded) == high
  {
    significand &= ~1
  }
  significand += significand & 1
  significand >>= 1
  if significand >= 1 << 53 {
    significand = 1 << 52
    binaryExponent += 1
  }
  return Double(bitPattern: significand & ~(1 << 52) | UInt64(binaryExponent) << 52)
}

/// The powers of ten that are doubles without rounding.
private let exactPowersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
]

/// 5^exponent scaled by a power of two to 128 bits with the top one set: exact from 0 to 55,
/// rounded up below.
private struct PowerOfFive {
  let high: UInt64
  let low: UInt64

  static let exponents = -27...55

  static func of(_ exponent: Int) -> PowerOfFive? {
    exponents.contains(exponent) ? table[exponent - exponents.lowerBound] : nil
  }

  private static let table: [PowerOfFive] = exponents.map { exponent in
    var power: UInt128 = 1
    for _ in 0..<abs(exponent) { power *= 5 }
    let bits: UInt128
    if exponent >= 0 {
      bits = power << UInt128(power.leadingZeroBitCount)
    } else {
      // floor(2^(n + 127) / power) + 1 for an n-bit power, by long division from 2^(n - 1), which
      // is smaller than the power.
      var remainder = UInt128(1) << UInt128(127 - power.leadingZeroBitCount)
      var quotient: UInt128 = 0
      for _ in 0..<128 {
        remainder <<= 1
        quotient <<= 1
        if remainder >= power {
          remainder -= power
          quotient |= 1
        }
      }
      bits = quotient + 1
    }
    return PowerOfFive(high: UInt64(bits >> 64), low: UInt64(truncatingIfNeeded: bits))
  }
}
