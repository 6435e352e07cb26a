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
  // m in √½...√2, where the series needs the fewest terms.
  let isUpper = x.significand > 1.4142135623730951
  let m = isUpper ? x.significand / 2 : x.significand
  let exponent = Double(x.exponent) + (isUpper ? 1 : 0)
  let s = (m - 1) / (m + 1)
  let square = s * s
  var sum = 0.0
  var k = 21.0
  while k >= 1 {
    sum = sum * square + 1 / k
    k -= 2
  }
  return exponent * 0.6931471805599453 + 2 * s * sum
}
