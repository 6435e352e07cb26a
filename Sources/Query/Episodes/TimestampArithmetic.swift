import TimeSeries

extension Timestamp {
  /// Nanoseconds to a later time, as many as can be told.
  func distance(upTo later: Timestamp) -> Int64 {
    let (distance, overflow) = later.subtractingReportingOverflow(self)
    return overflow ? .max : distance
  }

  /// The time `nanoseconds` on, within what can be stored.
  func moved(by nanoseconds: Int64) -> Timestamp {
    let (time, overflow) = addingReportingOverflow(nanoseconds)
    if overflow { return nanoseconds > 0 ? TimestampBounds.latest : TimestampBounds.earliest }
    return Swift.min(Swift.max(time, TimestampBounds.earliest), TimestampBounds.latest)
  }
}
