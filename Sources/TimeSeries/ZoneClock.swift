/// What the clocks of a time zone show: the offset from UTC that holds at each moment.
public struct ZoneClock: Sendable, Hashable {
  /// A span of time with one offset, up to the start of the next period.
  public struct Period: Sendable, Hashable {
    /// The first moment; `Timestamp.min` in the first period.
    public var start: Timestamp
    /// Nanoseconds that the clocks are ahead of UTC.
    public var offset: Int64

    public init(start: Timestamp, offset: Int64) {
      self.start = start
      self.offset = offset
    }
  }

  /// As the tz database has it: `Europe/Berlin`.
  public let name: String
  /// Ascending, at least one.
  public let periods: [Period]

  /// - Parameters:
  ///   - offset: of the first period.
  ///   - changes: the later periods, ascending.
  public init(name: String, offset: Int64, changes: [Period] = []) {
    self.name = name
    periods = [Period(start: .min, offset: offset)] + changes
  }

  /// The index of the period that holds `time`.
  public func period(at time: Timestamp) -> Int {
    var (low, high) = (1, periods.count)
    while low < high {
      let middle = low + (high - low) / 2
      if periods[middle].start <= time { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// The first moment behind a period; nil for the last one.
  public func end(of period: Int) -> Timestamp? {
    period + 1 < periods.count ? periods[period + 1].start : nil
  }

  public func offset(at time: Timestamp) -> Int64 { periods[period(at: time)].offset }

  /// The offset that a reading of the clock is meant in, given as the moment at which a clock in UTC
  /// shows the same. Of a reading that the clock shows twice it is either one, as in Go's `time.Date`;
  /// one that it skips means as much after the change as it is after the start of the gap.
  public func offset(atLocal local: Timestamp) -> Int64 {
    let (time, overflow) = local.subtractingReportingOverflow(offset(at: local))
    return offset(at: overflow ? local : time)
  }
}
