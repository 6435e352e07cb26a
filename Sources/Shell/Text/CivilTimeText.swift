import TimeSeries

extension CivilTime {
  /// `2026-01-05`.
  var yearMonthDay: String { Self.digits(date.year, 4) + "-" + monthAndDay }
  /// `01-05`.
  var monthAndDay: String { Self.digits(date.month, 2) + "-" + Self.digits(date.day, 2) }
  /// `15:04`.
  var hourAndMinute: String { Self.digits(hour, 2) + ":" + Self.digits(minute, 2) }
  /// `15:04:05`.
  package var timeOfDay: String { hourAndMinute + ":" + Self.digits(second, 2) }
  /// Nine digits.
  var fraction: String { Self.digits(nanosecond, 9) }

  static func digits(_ value: some BinaryInteger, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
