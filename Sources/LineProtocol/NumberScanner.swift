import TimeSeries

/// A field value without its name: the type and the bits of ``PointBatch/Field``.
struct ScannedValue {
  var type: FieldType
  var bits: UInt64
}

extension Body {
  /// Whether a value ends here: at a comma, a space, or the end of the line.
  @inline(__always)
  func isValueEnd(_ position: Int) -> Bool {
    switch peek(position) {
    case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\n"): true
    case UInt8(ascii: "\r"): peek(position + 1) == UInt8(ascii: "\n")
    default: false
    }
  }

  /// Reads a float, an integer (`i`) or an unsigned integer (`u`) from `position` on and moves
  /// behind it.
  ///
  ///     number  = ["-"] (digits ("i" | "u") | decimal [("e" | "E") ["+" | "-"] digits])
  ///     decimal = digits ["." [digits]] | "." digits
  @inline(__always)
  func scanNumber(_ position: inout Int) throws(LineError) -> ScannedValue {
    let start = position
    var next = position
    let isNegative = peek(next) == UInt8(ascii: "-")
    if isNegative { next += 1 }
    var run = DigitRun()
    scanDigits(&next, into: &run)
    let wholeDigits = run.count
    var exponent = 0
    if peek(next) == UInt8(ascii: ".") {
      next += 1
      scanDigits(&next, into: &run)
      exponent = wholeDigits - run.count
    } else if isValueEnd(next + 1), run.count > 0 {
      let suffix = peek(next)
      if suffix == UInt8(ascii: "i") || suffix == UInt8(ascii: "u") {
        let value = try integer(
          start..<next, run, isNegative: isNegative, isUnsigned: suffix == UInt8(ascii: "u"))
        position = next + 1
        return value
      }
    }
    guard run.count > 0 else { throw numberError(start) }
    if peek(next) | 0x20 == UInt8(ascii: "e") {
      guard let written = scanExponent(&next) else { throw numberError(start) }
      exponent += written
    }
    guard isValueEnd(next) else { throw numberError(start) }
    position = next
    if run.count <= 19, let magnitude = nearestDouble(mantissa: run.value, exponent: exponent) {
      let value = isNegative ? -magnitude : magnitude
      return ScannedValue(type: .float, bits: value.bitPattern)
    }
    return try decimalText(start..<next)
  }

  /// Reads `e`, a sign and digits; nil where there are none. Beyond all doubles the value stays at
  /// ±100 000, which the caller cannot tell from the exact one.
  private func scanExponent(_ position: inout Int) -> Int? {
    var next = position + 1
    let isNegative = peek(next) == UInt8(ascii: "-")
    if isNegative || peek(next) == UInt8(ascii: "+") { next += 1 }
    var digits = 0
    var value = 0
    while case let byte = peek(next), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      value = min(value * 10 + Int(byte & 0x0F), 100_000)
      digits += 1
      next += 1
    }
    guard digits > 0 else { return nil }
    position = next
    return isNegative ? -value : value
  }

  @inline(__always)
  private func integer(
    _ range: Range<Int>, _ run: DigitRun, isNegative: Bool, isUnsigned: Bool
  ) throws(LineError) -> ScannedValue {
    if isUnsigned {
      if isNegative { throw .invalidNumber }
      guard let value = magnitude(range, run) else {
        throw .unsignedOutOfRange(excerpt(range, limit: LineLimits.quotedNumber))
      }
      return ScannedValue(type: .unsigned, bits: value)
    }
    guard let magnitude = magnitude(range, run),
      magnitude <= Int64.max.magnitude || (isNegative && magnitude == Int64.min.magnitude)
    else {
      throw .integerOutOfRange(excerpt(range, limit: LineLimits.quotedNumber))
    }
    return ScannedValue(type: .integer, bits: isNegative ? 0 &- magnitude : magnitude)
  }

  /// The digits of `range` (which may begin with a sign) as a number, nil above 64 bits.
  @inline(__always)
  func magnitude(_ range: Range<Int>, _ run: DigitRun) -> UInt64? {
    run.count <= 19 ? run.value : longMagnitude(range)
  }

  private func longMagnitude(_ range: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for byte in slice(range) where byte != UInt8(ascii: "-") {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(byte & 0x0F))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  /// The slow way for floats of more than 19 digits or with large exponents: the standard library,
  /// which rounds correctly. InfluxDB refuses what no finite double is near.
  @inline(never)
  private func decimalText(_ range: Range<Int>) throws(LineError) -> ScannedValue {
    guard let value = Double(String(decoding: slice(range), as: UTF8.self)), value.isFinite else {
      throw .invalidFloat
    }
    return ScannedValue(type: .float, bits: value.bitPattern)
  }

  /// Why the bytes at `start` are no number. InfluxDB looks at the characters first ("invalid
  /// number") and only then at what they spell ("invalid float").
  @inline(never)
  private func numberError(_ start: Int) -> LineError {
    var next = peek(start) == UInt8(ascii: "-") ? start + 1 : start
    var points = 0
    var digitsOrExponents = 0
    var isScientific = false
    while !isValueEnd(next) {
      let byte = peek(next)
      let previous = next > start ? peek(next - 1) | 0x20 : 0
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digitsOrExponents += 1
      case UInt8(ascii: "."): points += 1
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        isScientific = true
        digitsOrExponents += 1
      case UInt8(ascii: "+") where previous == UInt8(ascii: "e"),
        UInt8(ascii: "-") where previous == UInt8(ascii: "e"):
        break
      default: return .invalidNumber
      }
      next += 1
    }
    return points <= 1 && digitsOrExponents > 0 && isScientific ? .invalidFloat : .invalidNumber
  }
}
