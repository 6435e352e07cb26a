import TimeSeries

/// How a result's times are written.
public enum ResultTimeFormat: Sendable, Hashable {
  /// `2017-07-14T02:40:00.123456789Z`, UTC, trailing zeros of the fraction dropped.
  case rfc3339
  /// Whole units since the epoch, rounded toward zero.
  case epoch(TimestampPrecision)

  /// What the parameter `epoch` means: absent or empty is RFC 3339, and a unit that is not known
  /// is nanoseconds, as InfluxDB has it.
  public init(epochParameter: String?) {
    switch epochParameter {
    case nil, "": self = .rfc3339
    case .some(let unit): self = .epoch(TimestampPrecision(unit) ?? .nanoseconds)
    }
  }
}
