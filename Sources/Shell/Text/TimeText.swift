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
    case .rfc3339: TimestampText.rfc3339(timestamp)
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

/// A timestamp as UTC date and time of day.
package struct CalendarTime {
  private let civil: CivilDate
  private let hour: Int64
  private let minute: Int64
  private let second: Int64
  private let nanosecond: Int64

  package init(_ timestamp: Timestamp) {
    civil = CivilDate(of: timestamp)
    let perDay: Int64 = 86_400_000_000_000
    let rest = timestamp % perDay
    let sinceMidnight = rest < 0 ? rest + perDay : rest
    nanosecond = sinceMidnight % 1_000_000_000
    let seconds = sinceMidnight / 1_000_000_000
    hour = seconds / 3600
    minute = seconds / 60 % 60
    second = seconds % 60
  }

  /// `2026-01-05`.
  var date: String { Self.digits(civil.year, 4) + "-" + monthAndDay }
  /// `01-05`.
  var monthAndDay: String { Self.digits(civil.month, 2) + "-" + Self.digits(civil.day, 2) }
  /// `15:04`.
  var hourAndMinute: String { Self.digits(hour, 2) + ":" + Self.digits(minute, 2) }
  /// `15:04:05`.
  package var timeOfDay: String { hourAndMinute + ":" + Self.digits(second, 2) }
  /// Nine digits.
  var nanoseconds: String { Self.digits(nanosecond, 9) }

  static func digits(_ value: some BinaryInteger, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
