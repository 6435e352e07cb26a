import TimeSeries

/// The buckets of `GROUP BY time(every, offset)`, in UTC or on the clock of a time zone.
///
/// A bucket starts whenever the clock shows a multiple of `every` plus `offset`, counted from
/// 1970-01-01 00:00 on that clock, and ends where the next one starts. So starts increase strictly,
/// and each moment is in one bucket, that with the latest start. Where the clock is changed:
/// - Put forward, it skips starts: one bucket starts at the change instead of all that are skipped.
/// - Put back, it shows starts twice. If buckets are longer than the change, only the first time
///   counts: the hour that is added belongs to the bucket that it interrupts, and a day has 25 hours.
///   Else both count, since otherwise one bucket would be far longer than the others.
public struct BucketGrid: Sendable, Hashable {
  /// Nanoseconds from start to start, but for changes of the clock.
  public let every: Int64
  /// From 0 to `every`.
  private let offset: Int64
  public let zone: ZoneClock?

  /// `start <= time < end`. Starts are not before the earliest timestamp; `end` is `Timestamp.max`
  /// where it would be behind the latest.
  public typealias Bucket = (start: Timestamp, end: Timestamp)

  /// - Parameter interval: above 0.
  public init(_ interval: SelectStatement.Interval, zone: ZoneClock?) {
    every = max(interval.every, 1)
    offset = Self.remainder(interval.offset, every)
    self.zone = zone
  }

  /// The bucket that holds `time`.
  public func bucket(of time: Timestamp) -> Bucket {
    guard let zone else {
      let into = distance(into: time, ahead: 0)
      return (Self.sum(time, -into), Self.sum(time, every - into))
    }
    let period = zone.period(at: time)
    return (
      start(atOrBefore: time, in: period, of: zone), end(after: time, in: period, of: zone)
    )
  }

  /// The bucket that holds `time`, which is not before the end of `bucket`.
  func bucket(after bucket: Bucket, of time: Timestamp) -> Bucket {
    // Mostly it is the next one, and no division is needed to know it.
    let (end, overflow) = bucket.end.addingReportingOverflow(every)
    guard zone == nil, !overflow, time < end else { return self.bucket(of: time) }
    return (bucket.end, end)
  }

  public func start(of time: Timestamp) -> Timestamp { bucket(of: time).start }

  /// The last time in the bucket that holds `time`.
  func lastMoment(ofBucketAt time: Timestamp) -> Timestamp {
    min(bucket(of: time).end - 1, TimestampBounds.latest)
  }

  /// The time as far into its bucket as `time` is into its own, `count` buckets later, or earlier if
  /// negative.
  func time(_ time: Timestamp, movedBy count: Int64) -> Timestamp {
    guard zone != nil else {
      let (span, overflow) = every.multipliedReportingOverflow(by: count)
      return min(
        Self.sum(time, overflow ? (count < 0 ? .min : .max) : span), TimestampBounds.latest)
    }
    let (first, end) = bucket(of: time)
    var start = first
    for _ in 0..<count.magnitude {
      let next = count < 0 ? self.start(of: start - 1) : bucket(of: start).end
      guard TimestampBounds.contains(next) else { break }
      start = next
    }
    let moved = Self.sum(start, time - first)
    return count < 0 ? min(moved, first) : max(moved, end)
  }

  /// `a + b` within the range of timestamps, `Timestamp.max` beyond it.
  private static func sum(_ a: Timestamp, _ b: Int64) -> Timestamp {
    let (sum, overflow) = a.addingReportingOverflow(b)
    if overflow { return b > 0 ? .max : TimestampBounds.earliest }
    return max(sum, TimestampBounds.earliest)
  }

  private static func remainder(_ value: Int64, _ every: Int64) -> Int64 {
    let remainder = value % every
    return remainder < 0 ? remainder + every : remainder
  }

  /// How long ago a clock that is `ahead` of UTC showed a start, at `time`, had it not been changed.
  private func distance(into time: Timestamp, ahead: Int64) -> Int64 {
    let shift = ahead == 0 ? offset : Self.remainder(offset &- Self.remainder(ahead, every), every)
    let into = Self.remainder(time, every) - shift
    return into < 0 ? into + every : into
  }
}

// On the clock of a time zone.
extension BucketGrid {
  /// What the change of the clock at the beginning of a period does to starts.
  private enum Change {
    case none
    /// A start is skipped, and there is one at the change instead.
    case startsBucket
    /// Starts before this moment were shown before the change already.
    case repeatsUntil(Timestamp)
  }

  private func change(at period: Int, of zone: ZoneClock) -> Change {
    guard period > 0 else { return .none }
    let (start, offset) = (zone.periods[period].start, zone.periods[period].offset)
    let skipped = offset - zone.periods[period - 1].offset
    if skipped > 0 {
      // The last start that would have been shown by now is one of those skipped.
      return distance(into: start - 1, ahead: offset) < skipped ? .startsBucket : .none
    }
    return every > -skipped ? .repeatsUntil(Self.sum(start, -skipped)) : .none
  }

  /// The latest start at or before `time`, which is in the period.
  private func start(
    atOrBefore time: Timestamp, in period: Int, of zone: ZoneClock
  ) -> Timestamp {
    var (time, period) = (time, period)
    while true {
      let (first, ahead) = (zone.periods[period].start, zone.periods[period].offset)
      let start = Self.sum(time, -distance(into: time, ahead: ahead))
      switch change(at: period, of: zone) {
      case .none where start >= first: return start
      case .startsBucket: return max(start, first)
      case .repeatsUntil(let end) where start >= end: return start
      case .none, .repeatsUntil: break
      }
      guard period > 0 else { return start }
      time = first - 1
      period -= 1
    }
  }

  /// The first start after `time`, which is in the period.
  private func end(after time: Timestamp, in period: Int, of zone: ZoneClock) -> Timestamp {
    var (time, period) = (time, period)
    while true {
      let ahead = zone.periods[period].offset
      if case .repeatsUntil(let end) = change(at: period, of: zone) { time = max(time, end - 1) }
      let start = Self.sum(time, every - distance(into: time, ahead: ahead))
      guard let end = zone.end(of: period), start >= end else { return start }
      period += 1
      if case .startsBucket = change(at: period, of: zone) { return end }
      time = end - 1
    }
  }
}

/// Where the buckets of a batch begin: rows `bounds[i] ..< bounds[i + 1]` lie in the bucket that
/// starts at `starts[i]`. Times ascend.
struct BucketRuns {
  var starts: [Timestamp] = []
  var bounds: [Int] = [0]

  /// - Parameter whole: the start of the one bucket there is without a grid.
  init(_ timestamps: [Timestamp], grid: BucketGrid?, whole: Timestamp) {
    guard !timestamps.isEmpty else { return }
    guard let grid else {
      starts = [whole]
      bounds = [0, timestamps.count]
      return
    }
    timestamps.withUnsafeBufferPointer { fill($0, grid) }
  }

  /// Looks at few of the rows where the buckets have about as many each, as those of regular times
  /// have: the length of the last one is tried first.
  private mutating func fill(_ times: UnsafeBufferPointer<Timestamp>, _ grid: BucketGrid) {
    var row = 0
    var length = 1
    var bucket = grid.bucket(of: times[0])
    while true {
      starts.append(bucket.start)
      let next = Self.firstRow(times, after: row, length, from: bucket.end)
      bounds.append(next)
      guard next < times.count else { return }
      length = next - row
      row = next
      bucket = grid.bucket(after: bucket, of: times[row])
    }
  }

  /// The first row behind `row` whose time is `end` or later; `length` rows ahead is likely.
  private static func firstRow(
    _ times: UnsafeBufferPointer<Timestamp>, after row: Int, _ length: Int, from end: Timestamp
  ) -> Int {
    let guess = row + length
    if guess < times.count, times[guess - 1] < end, times[guess] >= end { return guess }
    // Steps double until they are past the end.
    var low = row
    var step = 1
    while low + step < times.count, times[low + step] < end {
      low += step
      step *= 2
    }
    var high = min(low + step, times.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if times[middle] < end { low = middle } else { high = middle }
    }
    return high
  }
}
