/// A timestamp as day and time of day, in UTC.
public struct CivilTime: Sendable {
  /// Days since 1970-01-01.
  public let daysSinceEpoch: Int64
  public let hour: Int64
  public let minute: Int64
  public let second: Int64
  public let nanosecond: Int64

  public init(_ timestamp: Timestamp) {
    let nanosecondsPerDay: Int64 = 86_400_000_000_000
    var days = timestamp / nanosecondsPerDay
    var rest = timestamp % nanosecondsPerDay
    if rest < 0 {
      rest += nanosecondsPerDay
      days -= 1
    }
    daysSinceEpoch = days
    nanosecond = rest % 1_000_000_000
    let seconds = rest / 1_000_000_000
    hour = seconds / 3600
    minute = seconds / 60 % 60
    second = seconds % 60
  }

  public var date: CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch) }
}
