import TimeSeries

/// Why a scheduled training failed, and when it is tried again.
struct TrainingFailure: Sendable {
  /// Nanoseconds from the first failure to the next attempt; each time in a row twice as long, and
  /// never longer than the schedule's own interval.
  private static let firstDelay: Int64 = 60_000_000_000

  var reason: String
  /// Failures in a row.
  private var count: Int
  private var time: Timestamp
  private var retry: Timestamp

  init(_ reason: String, after previous: TrainingFailure?, every: Int64, at now: Timestamp) {
    self.reason = reason
    count = (previous?.count ?? 0) + 1
    time = now
    let delay = min(every, Self.firstDelay << Int64(min(count - 1, 12)))
    let (retry, overflow) = now.addingReportingOverflow(delay)
    self.retry = overflow ? .max : retry
  }

  /// A clock that is before the failure was put back, and the time of the next attempt means
  /// nothing.
  func isDue(at now: Timestamp) -> Bool { retry <= now || now < time }
}
