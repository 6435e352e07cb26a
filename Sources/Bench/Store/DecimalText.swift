/// Numbers as text, without a string on the way: the generator must not cost more than what it
/// feeds.
enum DecimalText {
  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(magnitude: value.magnitude, minimumDigits: 1, to: &bytes)
  }

  /// `value` / 1000 with the three decimals.
  static func append(thousandths value: Int64, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(magnitude: value.magnitude / 1000, minimumDigits: 1, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    append(magnitude: value.magnitude % 1000, minimumDigits: 3, to: &bytes)
  }

  private static func append(magnitude: UInt64, minimumDigits: Int, to bytes: inout [UInt8]) {
    let first = bytes.count
    var rest = magnitude
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0 || bytes.count - first < minimumDigits
    var low = first
    var high = bytes.count - 1
    while low < high {
      bytes.swapAt(low, high)
      low += 1
      high -= 1
    }
  }
}
