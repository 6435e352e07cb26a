import Foundation
import TimeSeries

/// The intervals of `GROUP BY time(every, offset)`, in UTC or on the clock of a time zone.
struct BucketGrid: Sendable, Hashable {
  var every: Int64
  var offset: Int64
  var zone: TimeZone?

  init(_ interval: SelectStatement.Interval, zone: TimeZone?) {
    every = max(interval.every, 1)
    offset = interval.offset % every
    self.zone = zone
  }

  /// The bucket that holds `time`: `start <= time < end`. Ends are cut to the range of timestamps.
  func bucket(of time: Timestamp) -> (start: Timestamp, end: Timestamp) {
    let shifted = clamp(time, minus: offset)
    let zoneOffset = self.zoneOffset(at: shifted)
    let (local, _) = shifted.addingReportingOverflow(zoneOffset)
    var into = local % every
    if into < 0 { into += every }
    var start = clamp(shifted, minus: into)
    if start != TimestampBounds.earliest { start = clamp(start, minus: -offset) }
    var end = clamp(clamp(shifted, minus: into - every), minus: -offset)
    if zone != nil {
      let atStart = zoneOffset - self.zoneOffset(at: start)
      if atStart != 0, abs(atStart) < every { start = clamp(start, minus: -atStart) }
      let offsetAtEnd = self.zoneOffset(at: end)
      let atEnd = zoneOffset - offsetAtEnd
      if atEnd != 0, abs(atEnd) < every,
        atEnd > 0 || self.zoneOffset(at: clamp(end, minus: -atEnd)) == offsetAtEnd
      {
        end = clamp(end, minus: -atEnd)
      }
    }
    return (start, end)
  }

  /// The bucket that holds `time`, which is past the end of `bucket`.
  func bucket(
    after bucket: (start: Timestamp, end: Timestamp), of time: Timestamp
  ) -> (start: Timestamp, end: Timestamp) {
    // Mostly it is the next one, and no division is needed to know it.
    let (end, overflow) = bucket.end.addingReportingOverflow(every)
    guard zone == nil, !overflow, end < TimestampBounds.latest, time < end else {
      return self.bucket(of: time)
    }
    return (bucket.end, end)
  }

  func start(of time: Timestamp) -> Timestamp { bucket(of: time).start }

  /// The last time in the bucket that holds `time`.
  func lastMoment(ofBucketAt time: Timestamp) -> Timestamp {
    let end = bucket(of: time).end
    return end == TimestampBounds.latest ? end : end - 1
  }

  /// The bucket after the one that starts at `start`.
  func next(after start: Timestamp) -> Timestamp {
    guard zone != nil else { return clamp(start, minus: -every) }
    return bucket(of: start).end
  }

  private func zoneOffset(at time: Timestamp) -> Int64 {
    guard let zone else { return 0 }
    let date = Date(timeIntervalSince1970: Double(time / 1_000_000_000))
    return Int64(zone.secondsFromGMT(for: date)) * 1_000_000_000
  }

  private func clamp(_ time: Timestamp, minus amount: Int64) -> Timestamp {
    let (result, overflow) = time.subtractingReportingOverflow(amount)
    if overflow { return amount > 0 ? TimestampBounds.earliest : TimestampBounds.latest }
    return min(max(result, TimestampBounds.earliest), TimestampBounds.latest)
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
      // The last bucket's end is cut to the latest timestamp, which lies inside it.
      let isLast = bucket.end == TimestampBounds.latest
      let next = isLast ? times.count : Self.firstRow(times, after: row, length, from: bucket.end)
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
