import TimeSeries

/// A set of timestamps, as the ranges it consists of.
public struct TimeRanges: Sendable, Hashable {
  /// Ascending, disjoint, not adjacent.
  public private(set) var ranges: [ClosedRange<Timestamp>]

  /// Every timestamp.
  public static let all = TimeRanges(Timestamp.min ... .max)
  public static let none = TimeRanges(ranges: [])

  public init(_ range: ClosedRange<Timestamp>) { ranges = [range] }

  private init(ranges: [ClosedRange<Timestamp>]) { self.ranges = ranges }

  public var isEmpty: Bool { ranges.isEmpty }

  /// The first and the last timestamp; nil if there are none.
  public var bounds: ClosedRange<Timestamp>? {
    guard let first = ranges.first, let last = ranges.last else { return nil }
    return first.lowerBound...last.upperBound
  }

  /// The first and the last timestamp that a row can have; the first is behind the last if there are
  /// none.
  var storedBounds: (from: Timestamp, through: Timestamp) {
    guard let bounds else { return (TimestampBounds.latest, TimestampBounds.earliest) }
    return (
      max(bounds.lowerBound, TimestampBounds.earliest),
      min(bounds.upperBound, TimestampBounds.latest)
    )
  }

  public func contains(_ time: Timestamp) -> Bool {
    range(endingAtOrAfter: time)?.contains(time) ?? false
  }

  /// Whether any timestamp of `range` is in the set.
  public func overlaps(_ range: ClosedRange<Timestamp>) -> Bool {
    self.range(endingAtOrAfter: range.lowerBound)?.overlaps(range) ?? false
  }

  /// Whether every timestamp of `range` is in the set.
  public func covers(_ range: ClosedRange<Timestamp>) -> Bool {
    self.range(endingAtOrAfter: range.lowerBound).map {
      $0.lowerBound <= range.lowerBound && $0.upperBound >= range.upperBound
    } ?? false
  }

  public func union(_ other: TimeRanges) -> TimeRanges {
    if other == self || other.isEmpty { return self }
    var joined: [ClosedRange<Timestamp>] = []
    joined.reserveCapacity(ranges.count + other.ranges.count)
    var (left, right) = (ranges[...], other.ranges[...])
    while let next = Self.popFirst(&left, &right) {
      if let last = joined.last,
        last.upperBound == .max || next.lowerBound <= last.upperBound + 1
      {
        joined[joined.count - 1] = last.lowerBound...max(last.upperBound, next.upperBound)
      } else {
        joined.append(next)
      }
    }
    return TimeRanges(ranges: joined)
  }

  public func intersection(_ other: TimeRanges) -> TimeRanges {
    if other == self { return self }
    var common: [ClosedRange<Timestamp>] = []
    var (left, right) = (ranges[...], other.ranges[...])
    while let a = left.first, let b = right.first {
      if a.overlaps(b) { common.append(a.clamped(to: b)) }
      if a.upperBound < b.upperBound { left.removeFirst() } else { right.removeFirst() }
    }
    return TimeRanges(ranges: common)
  }

  /// Without the timestamps after `time`, unless something else bounds the set.
  func endingBy(_ time: Timestamp) -> TimeRanges {
    bounds?.upperBound == .max ? intersection(TimeRanges(.min...time)) : self
  }

  /// All timestamps but those of the gaps between the ranges.
  var unbounded: TimeRanges {
    guard !isEmpty else { return .all }
    var open = ranges
    open[0] = .min...open[0].upperBound
    open[open.count - 1] = open[open.count - 1].lowerBound ... .max
    return TimeRanges(ranges: open)
  }

  private func range(endingAtOrAfter time: Timestamp) -> ClosedRange<Timestamp>? {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = low + (high - low) / 2
      if ranges[middle].upperBound < time { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count ? ranges[low] : nil
  }

  private static func popFirst(
    _ left: inout ArraySlice<ClosedRange<Timestamp>>,
    _ right: inout ArraySlice<ClosedRange<Timestamp>>
  ) -> ClosedRange<Timestamp>? {
    guard let a = left.first else { return right.popFirst() }
    guard let b = right.first, b.lowerBound < a.lowerBound else { return left.popFirst() }
    return right.popFirst()
  }
}
