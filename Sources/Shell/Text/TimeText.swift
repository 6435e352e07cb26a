import TimeSeries

/// How times are shown.
public enum TimeDisplay: Sendable, Hashable {
  case rfc3339
  case epoch(TimestampPrecision)

  /// `rfc3339`, or a unit that InfluxDB knows.
  public init?(_ name: String) {
    if name.lowercased() == "rfc3339" {
      self = .rfc3339
    } else if let unit = TimestampPrecision(name.lowercased()) {
      self = .epoch(unit)
    } else {
      return nil
    }
  }

  func text(_ timestamp: Timestamp) -> String {
    switch self {
    case .rfc3339: CalendarTime(timestamp).rfc3339
    case .epoch(let unit): String(unit.units(in: timestamp))
    }
  }

  var name: String {
    switch self {
    case .rfc3339: "rfc3339"
    case .epoch(let unit): unit.shortName
    }
  }

  /// The unit of a timestamp that the user writes with INSERT.
  var writePrecision: TimestampPrecision {
    if case .epoch(let unit) = self { unit } else { .nanoseconds }
  }
}

extension TimestampPrecision {
  /// As the HTTP API takes it.
  var shortName: String {
    switch self {
    case .nanoseconds: "ns"
    case .microseconds: "u"
    case .milliseconds: "ms"
    case .seconds: "s"
    case .minutes: "m"
    case .hours: "h"
    }
  }
}

/// A timestamp as UTC date and time of day, in the proleptic Gregorian calendar.
package struct CalendarTime {
  var year: Int
  var month: Int
  var day: Int
  var hour: Int
  var minute: Int
  var second: Int
  var nanosecond: Int

  package init(_ timestamp: Timestamp) {
    let perDay: Int64 = 86_400_000_000_000
    var days = Int(timestamp / perDay)
    var rest = Int(timestamp % perDay)
    if rest < 0 {
      days -= 1
      rest += Int(perDay)
    }
    // Days to civil date, counted from 0000-03-01 in eras of 400 years (Howard Hinnant,
    // "chrono-Compatible Low-Level Date Algorithms").
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    nanosecond = rest % 1_000_000_000
    rest /= 1_000_000_000
    hour = rest / 3600
    minute = rest / 60 % 60
    second = rest % 60
  }

  /// `2026-01-05`.
  var date: String { Self.digits(year, 4) + "-" + monthAndDay }
  /// `01-05`.
  var monthAndDay: String { Self.digits(month, 2) + "-" + Self.digits(day, 2) }
  /// `15:04`.
  var hourAndMinute: String { Self.digits(hour, 2) + ":" + Self.digits(minute, 2) }
  /// `15:04:05`.
  package var timeOfDay: String { hourAndMinute + ":" + Self.digits(second, 2) }

  /// As Go's RFC3339Nano: the fraction without trailing zeros, none where it is zero.
  var rfc3339: String {
    var text = date + "T" + timeOfDay
    if nanosecond != 0 {
      var fraction = Self.digits(nanosecond, 9)
      while fraction.last == "0" { fraction.removeLast() }
      text += "." + fraction
    }
    return text + "Z"
  }

  static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
