import TimeSeries

/// The times at which intervals end: the multiples of the interval since 1970.
///
/// A reading belongs to a grid time only if it was begun soon after it, and two readings make an
/// interval only if they belong to neighbouring grid times and that much time has really passed
/// between them. So where the collector slept too long, or the clock was set, there is a gap, and
/// never an interval that is longer or shorter by more than half of what its name says.
struct SamplingGrid: Sendable, Hashable {
  /// Nanoseconds, at least 1.
  let interval: Int64

  init(interval: Int64) { self.interval = max(1, interval) }

  /// How late a reading may begin and still be that of its grid time.
  var tolerance: Int64 { interval / 4 }

  /// The first grid time after `time`.
  func end(after time: Timestamp) -> Timestamp {
    let remainder = time % interval
    // Towards the past for times before 1970 as well.
    let start = time - (remainder < 0 ? remainder + interval : remainder)
    return start + interval
  }

  func isOnTime(_ time: Timestamp, for end: Timestamp) -> Bool {
    time >= end && time - end <= tolerance
  }

  /// How many intervals lie between two readings that were each on time, told by their grid times
  /// and by when they really began; nil where the clock was set between them.
  func intervals(
    from earlier: (end: Timestamp, begun: Moment), to later: (end: Timestamp, begun: Moment)
  ) -> Int? {
    let steps = (later.end - earlier.end) / interval
    let passed = later.begun.steady - earlier.begun.steady
    guard steps > 0, abs(passed - (later.end - earlier.end)) <= 2 * tolerance else { return nil }
    return Int(steps)
  }
}
