/// Writes timestamps as RFC 3339. Times of a result mostly share their day, so the date is kept.
public struct RFC3339Writer: Sendable {
  private var day = Int64.min
  private var date: [UInt8] = []

  public init() {}

  public mutating func append(_ timestamp: Timestamp, to bytes: inout [UInt8]) {
    let nanosecondsPerDay: Int64 = 86_400_000_000_000
    var dayOfTimestamp = timestamp / nanosecondsPerDay
    var rest = timestamp % nanosecondsPerDay
    if rest < 0 {
      rest += nanosecondsPerDay
      dayOfTimestamp -= 1
    }
    if dayOfTimestamp != day {
      day = dayOfTimestamp
      date = Self.date(ofDay: day)
    }
    bytes.append(contentsOf: date)
    bytes.append(UInt8(ascii: "T"))
    let seconds = rest / 1_000_000_000
    Self.appendTwoDigits(seconds / 3600, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(seconds / 60 % 60, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.appendTwoDigits(seconds % 60, to: &bytes)
    var fraction = rest % 1_000_000_000
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

  /// `YYYY-MM-DD` of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
  ///
  /// The year is counted from March, so that the leap day is the last one (Howard Hinnant,
  /// "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
  private static func date(ofDay day: Int64) -> [UInt8] {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    var bytes: [UInt8] = []
    appendTwoDigits(year / 100, to: &bytes)
    appendTwoDigits(year % 100, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(month, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(dayOfMonth, to: &bytes)
    return bytes
  }

  /// `value` is 0…99.
  private static func appendTwoDigits(_ value: Int64, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
  }
}
