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

  /// - Parameter zone: the clock that RFC 3339 shows; nil for UTC.
  func text(_ timestamp: Timestamp, zone: ZoneClock? = nil) -> String {
    switch self {
    case .rfc3339: TimestampText.rfc3339(timestamp, zone: zone)
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
