import Query
import TimeSeries

/// Disjoint, sorted, half-open stretches of time: what a continuous query has still to compute.
///
/// Bounded: past ``limit`` stretches the two with the smallest gap between them become one. The set
/// may then cover time that needed no work, never less than was added.
public struct TimeRangeSet: Sendable, Hashable {
  public let limit: Int
  public private(set) var ranges: [Range<Timestamp>] = []

  public init(limit: Int = 256) {
    precondition(limit > 0)
    self.limit = limit
  }

  public var isEmpty: Bool { ranges.isEmpty }

  /// Adds a stretch; one that touches or overlaps others joins them.
  public mutating func insert(_ range: Range<Timestamp>) {
    guard !range.isEmpty else { return }
    let start = ranges.partitioningIndex { $0.upperBound >= range.lowerBound }
    let end = ranges.partitioningIndex { $0.lowerBound > range.upperBound }
    var joined = range
    if start < end {
      let first = ranges[start].lowerBound
      let last = ranges[end - 1].upperBound
      joined = min(first, range.lowerBound)..<max(last, range.upperBound)
    }
    ranges.replaceSubrange(start..<end, with: CollectionOfOne(joined))
    if ranges.count > limit { joinNearest() }
  }

  public mutating func formUnion(_ other: TimeRangeSet) {
    for range in other.ranges { insert(range) }
  }

  /// Takes out and returns the part below `bound`.
  public mutating func removePrefix(below bound: Timestamp) -> TimeRangeSet {
    var prefix = TimeRangeSet(limit: limit)
    var rest: [Range<Timestamp>] = []
    for range in ranges {
      if range.upperBound <= bound {
        prefix.ranges.append(range)
      } else if range.lowerBound >= bound {
        rest.append(range)
      } else {
        prefix.ranges.append(range.lowerBound..<bound)
        rest.append(bound..<range.upperBound)
      }
    }
    ranges = rest
    return prefix
  }

  /// Takes out and returns the part within `range`.
  public mutating func remove(_ range: Range<Timestamp>) -> TimeRangeSet {
    let below = removePrefix(below: range.lowerBound)
    let inside = removePrefix(below: range.upperBound)
    ranges = below.ranges + ranges
    return inside
  }

  private mutating func joinNearest() {
    var nearest = 1
    for index in ranges.indices.dropFirst(2) {
      if gap(before: index) < gap(before: nearest) { nearest = index }
    }
    ranges[nearest - 1] = ranges[nearest - 1].lowerBound..<ranges[nearest].upperBound
    ranges.remove(at: nearest)
  }

  private func gap(before index: Int) -> UInt64 {
    UInt64(bitPattern: ranges[index].lowerBound)
      &- UInt64(bitPattern: ranges[index - 1].upperBound)
  }
}

extension Array {
  /// The first index whose element satisfies a predicate that is false, then true.
  fileprivate func partitioningIndex(where belongsInSecond: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if belongsInSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension BucketGrid {
  /// The buckets that rows in `first...last` fall into, and those behind them within `lookahead`
  /// nanoseconds, as one stretch of whole buckets: a part of one would be computed as if it were all
  /// of it.
  func buckets(
    from first: Timestamp, through last: Timestamp, lookahead: Int64 = 0
  ) -> Range<Timestamp> {
    let start = start(of: first)
    return start..<max(start, bucket(of: saturatingAdd(last, lookahead)).end)
  }
}

/// `a + b`, held at the ends of the range.
func saturatingAdd(_ a: Int64, _ b: Int64) -> Int64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? (b < 0 ? .min : .max) : sum
}
