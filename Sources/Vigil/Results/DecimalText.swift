/// Numbers as InfluxDB prints them, which is as Go does: the fewest digits that read back as the
/// same double.
enum DecimalText {
  /// JSON's form (Go's encoding/json): exponents below 1e-6 and from 1e21 on, `1e-7`, `1e+21`.
  /// JSON has no NaN and no infinities; they become `null`.
  static func appendJSON(_ value: Double, to bytes: inout [UInt8]) {
    guard value.isFinite else {
      bytes.append(contentsOf: [0x6e, 0x75, 0x6c, 0x6c])
      return
    }
    if appendShort(value, to: &bytes) { return }
    let magnitude = value.magnitude
    let decimal = ShortestDecimal(value)
    if magnitude < 1e-6 || magnitude >= 1e21 {
      decimal.appendScientific(to: &bytes)
    } else {
      decimal.appendPlain(to: &bytes)
    }
  }

  /// Without an exponent (Go's 'f' format), as in CSV: `NaN`, `+Inf` and `-Inf` for the rest.
  static func appendPlain(_ value: Double, to bytes: inout [UInt8]) {
    guard value.isFinite else {
      bytes.append(contentsOf: (value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf").utf8)
      return
    }
    if !appendShort(value, to: &bytes) { ShortestDecimal(value).appendPlain(to: &bytes) }
  }

  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(value.magnitude, to: &bytes)
  }

  static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var start = 20
    repeat {
      start -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest != 0
    digits.span.withUnsafeBufferPointer {
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[start...]))
    }
  }

  /// Most measured values are whole or have a few decimals; those need no search for the shortest
  /// digits. If n is at most 15 digits and n / 10^k, correctly rounded, is the value, then these
  /// are its shortest digits: no two decimals of at most 15 digits round to one double.
  private static func appendShort(_ value: Double, to bytes: inout [UInt8]) -> Bool {
    let magnitude = value.magnitude
    guard magnitude < 1e15, magnitude >= 1e-4 || value == 0 else { return false }
    func appendSign() {
      if value.sign == .minus { bytes.append(UInt8(ascii: "-")) }
    }
    let whole = UInt64(magnitude)
    if Double(whole) == magnitude {
      appendSign()
      append(whole, to: &bytes)
      return true
    }
    var decimals = 2
    while decimals <= 6 {
      defer { decimals += 4 }
      let scale = decimals == 2 ? 1e2 : 1e6
      guard magnitude * scale < 1e15 - 1 else { return false }
      let scaled = UInt64(magnitude * scale + 0.5)
      guard Double(scaled) / scale == magnitude else { continue }
      appendSign()
      let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: UInt64(scale))
      append(whole, to: &bytes)
      bytes.append(UInt8(ascii: "."))
      appendFraction(fraction, decimals: decimals, to: &bytes)
      return true
    }
    return false
  }

  /// `fraction` as `decimals` digits, trailing zeros dropped; it is not 0.
  private static func appendFraction(_ fraction: UInt64, decimals: Int, to bytes: inout [UInt8]) {
    let start = bytes.count
    var rest = fraction
    for _ in 0..<decimals { bytes.append(UInt8(ascii: "0")) }
    var position = start + decimals
    while rest != 0 {
      position -= 1
      bytes[position] += UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
  }
}
