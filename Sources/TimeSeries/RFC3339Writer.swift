/// Writes timestamps as RFC 3339. Times of a result mostly share their day, so the date is kept.
public struct RFC3339Writer: Sendable {
  private var day = Int64.min
  private var date: [UInt8] = []

  public init() {}

  public mutating func append(_ timestamp: Timestamp, to bytes: inout [UInt8]) {
    let time = CivilTime(timestamp)
    if time.daysSinceEpoch != day {
      day = time.daysSinceEpoch
      date = Self.text(time.date)
    }
    bytes.append(contentsOf: date)
    bytes.append(UInt8(ascii: "T"))
    Self.appendTwoDigits(time.hour, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(time.minute, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(time.second, to: &bytes)
    var fraction = time.nanosecond
    if fraction != 0 {
      bytes.append(UInt8(ascii: "."))
      var unit: Int64 = 100_000_000
      while fraction != 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / unit))
        fraction %= unit
        unit /= 10
      }
    }
    bytes.append(UInt8(ascii: "Z"))
  }

  private static func text(_ date: CivilDate) -> [UInt8] {
    var bytes: [UInt8] = []
    appendTwoDigits(date.year / 100, to: &bytes)
    appendTwoDigits(date.year % 100, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(date.month, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(date.day, to: &bytes)
    return bytes
  }

  /// `value` is 0…99.
  private static func appendTwoDigits(_ value: Int64, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
  }
}
