import TimeSeries

/// Times as Go programs print them: `2026-11-23T21:46:13.484289696Z`, or with an offset at the end.
enum RFC3339 {
  /// Nil where `text` is no such time, or one outside ``TimestampBounds`` (the runtime's zero time is
  /// of the year 1).
  static func timestamp(_ text: String) -> Timestamp? {
    var rest = Array(text.utf8)[...]

    func number(_ digits: Int) -> Int64? {
      guard rest.count >= digits else { return nil }
      var value: Int64 = 0
      for byte in rest.prefix(digits) {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      rest.removeFirst(digits)
      return value
    }
    func skip(_ characters: String) -> Bool {
      guard let first = rest.first, characters.utf8.contains(first) else { return false }
      rest.removeFirst()
      return true
    }

    guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
      skip("Tt"), let hour = number(2), skip(":"), let minute = number(2), skip(":"),
      let second = number(2), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second <= 60
    else { return nil }
    var nanoseconds: Int64 = 0
    if skip(".") {
      let digits = rest.prefix { (0x30...0x39).contains($0) }.count
      guard (1...9).contains(digits), let fraction = number(digits) else { return nil }
      nanoseconds = (digits..<9).reduce(fraction) { value, _ in value * 10 }
    }
    var offset: Int64 = 0
    if !skip("Zz") {
      let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
      guard skip("+-"), let hours = number(2), skip(":"), let minutes = number(2), hours < 24,
        minutes < 60
      else { return nil }
      offset = sign * (hours * 3600 + minutes * 60)
    }
    guard rest.isEmpty else { return nil }

    let seconds =
      days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second - offset
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (timestamp, carried) = scaled.addingReportingOverflow(nanoseconds)
    return overflow || carried || !TimestampBounds.contains(timestamp) ? nil : timestamp
  }

  /// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, chrono-compatible date
  /// algorithms, `days_from_civil`).
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    // The year begins in March, so that a leap day is its last.
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
