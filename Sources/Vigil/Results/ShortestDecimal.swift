/// The shortest digits of a finite double, ±0.d₁d₂… · 10^exponent.
///
/// Swift's `description` finds them (SwiftDtoa); it only lays them out differently than Go.
struct ShortestDecimal {
  private(set) var isNegative = false
  /// ASCII digits without leading or trailing zeros; empty for zero.
  private(set) var digits: [UInt8] = []
  private(set) var exponent = 0

  init(_ value: Double) {
    digits.reserveCapacity(17)
    var pointSeen = false
    var written = 0
    var negativeExponent = false
    var inExponent = false
    for byte in value.description.utf8 {
      switch byte {
      case UInt8(ascii: "-") where inExponent: negativeExponent = true
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): pointSeen = true
      case UInt8(ascii: "e"): inExponent = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let digit = byte - UInt8(ascii: "0")
        if inExponent {
          written = written * 10 + Int(digit)
        } else if digits.isEmpty && digit == 0 {
          if pointSeen { exponent -= 1 }
        } else {
          digits.append(byte)
          if !pointSeen { exponent += 1 }
        }
      default: break
      }
    }
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    exponent = digits.isEmpty ? 0 : exponent + (negativeExponent ? -written : written)
  }

  /// `-123.45`, `0.001`, `100000`.
  func appendPlain(to bytes: inout [UInt8]) {
    if isNegative { bytes.append(UInt8(ascii: "-")) }
    if exponent <= 0 {
      bytes.append(UInt8(ascii: "0"))
      if digits.isEmpty { return }
      bytes.append(UInt8(ascii: "."))
      bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -exponent))
      bytes.append(contentsOf: digits)
    } else if exponent >= digits.count {
      bytes.append(contentsOf: digits)
      bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: exponent - digits.count))
    } else {
      bytes.append(contentsOf: digits[..<exponent])
      bytes.append(UInt8(ascii: "."))
      bytes.append(contentsOf: digits[exponent...])
    }
  }

  /// `-1.2345e+30`, `1e-7`.
  func appendScientific(to bytes: inout [UInt8]) {
    guard let first = digits.first else { return appendPlain(to: &bytes) }
    if isNegative { bytes.append(UInt8(ascii: "-")) }
    bytes.append(first)
    if digits.count > 1 {
      bytes.append(UInt8(ascii: "."))
      bytes.append(contentsOf: digits[1...])
    }
    let power = exponent - 1
    bytes.append(UInt8(ascii: "e"))
    bytes.append(UInt8(ascii: power < 0 ? "-" : "+"))
    DecimalText.append(UInt64(power.magnitude), to: &bytes)
  }
}
