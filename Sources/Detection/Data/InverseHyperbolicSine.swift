/// asinh(x) = ±log(|x| + √(x² + 1)), to an absolute error of 4e-15 for |x| up to 1e6.
///
/// Made of operations that IEEE 754 rounds correctly, because C libraries differ in the last bits
/// and a score must not depend on the machine.
func inverseHyperbolicSine(_ x: Double) -> Double {
  let size = x.magnitude
  let value = naturalLogarithm(size + (size * size + 1).squareRoot())
  return x < 0 ? -value : value
}

/// log(x) = e·log 2 + log m for x = m·2ᵉ, and log m = 2·artanh((m − 1)/(m + 1)) by its series.
///
/// - Parameter x: finite, at least 1.
private func naturalLogarithm(_ x: Double) -> Double {
  // From the bits, as x is normal: `significand` and `exponent` look at every kind of number.
  let significand = Double(bitPattern: x.bitPattern & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
  // m in √½...√2, where the series needs the fewest terms.
  let isUpper = significand > 1.4142135623730951
  let m = isUpper ? significand / 2 : significand
  let exponent = Double(Int64(x.bitPattern >> 52) - 1023) + (isUpper ? 1 : 0)
  let s = (m - 1) / (m + 1)
  let square = s * s
  // Written out: in a loop each coefficient would be a division.
  var sum = 1.0 / 21
  sum = sum * square + 1.0 / 19
  sum = sum * square + 1.0 / 17
  sum = sum * square + 1.0 / 15
  sum = sum * square + 1.0 / 13
  sum = sum * square + 1.0 / 11
  sum = sum * square + 1.0 / 9
  sum = sum * square + 1.0 / 7
  sum = sum * square + 1.0 / 5
  sum = sum * square + 1.0 / 3
  sum = sum * square + 1
  return exponent * 0.6931471805599453 + 2 * s * sum
}
