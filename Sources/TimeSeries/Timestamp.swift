/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public typealias Timestamp = Int64

/// The range of timestamps that can be stored and queried, the one InfluxDB 1.x accepts.
///
/// The two smallest and the largest `Int64` stay free, so that "before everything" and "after
/// everything" can be told from data.
public enum TimestampBounds {
  /// 1677-09-21T00:12:43.145224194Z.
  public static let earliest: Timestamp = Int64.min + 2
  /// 2262-04-11T23:47:16.854775806Z.
  public static let latest: Timestamp = Int64.max - 1

  public static func contains(_ timestamp: Timestamp) -> Bool {
    timestamp >= earliest && timestamp <= latest
  }
}

/// The unit of a timestamp as clients send it (`precision=`) or ask for it (`epoch=`).
public enum TimestampPrecision: Sendable, Hashable, CaseIterable {
  case nanoseconds, microseconds, milliseconds, seconds, minutes, hours

  /// The spellings of InfluxDB 1.x: `n`, `ns`, `u`, `us`, `µ`, `ms`, `s`, `m`, `h`.
  public init?(_ name: some StringProtocol) {
    switch name {
    case "n", "ns": self = .nanoseconds
    case "u", "us", "µ": self = .microseconds
    case "ms": self = .milliseconds
    case "s": self = .seconds
    case "m": self = .minutes
    case "h": self = .hours
    default: return nil
    }
  }

  /// Nanoseconds in one unit.
  public var nanosecondsPerUnit: Int64 {
    switch self {
    case .nanoseconds: 1
    case .microseconds: 1_000
    case .milliseconds: 1_000_000
    case .seconds: 1_000_000_000
    case .minutes: 60_000_000_000
    case .hours: 3_600_000_000_000
    }
  }

  /// The timestamp of `value` units, or nil where that is outside ``TimestampBounds``.
  public func timestamp(of value: Int64) -> Timestamp? {
    let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: nanosecondsPerUnit)
    return overflow || !TimestampBounds.contains(nanoseconds) ? nil : nanoseconds
  }

  /// Whole units in `timestamp`, rounded toward zero as InfluxDB does.
  public func units(in timestamp: Timestamp) -> Int64 { timestamp / nanosecondsPerUnit }
}
