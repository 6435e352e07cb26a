import Query
import TestSupport
import Testing
import TimeSeries

@testable import ContinuousQueries

@Suite struct TimeRangeSetTests {
  /// A set of times kept one by one.
  func times(_ set: TimeRangeSet) -> Set<Int64> { Set(set.ranges.flatMap { Array($0) }) }

  @Test(arguments: UInt64(1)...20)
  func holdsExactlyWhatWasAdded(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var set = TimeRangeSet(limit: 1000)
    var expected: Set<Int64> = []
    for _ in 0..<200 {
      let start = Int64(generator.next(below: 1000)) - 500
      let range = start..<start + Int64(generator.next(below: 20))
      set.insert(range)
      expected.formUnion(range)
      #expect(times(set) == expected, "seed \(seed)")
      for (a, b) in zip(set.ranges, set.ranges.dropFirst()) { #expect(a.upperBound < b.lowerBound) }
    }
    let bound = Int64(generator.next(below: 1000)) - 500
    let prefix = set.removePrefix(below: bound)
    #expect(times(prefix) == expected.filter { $0 < bound }, "seed \(seed)")
    #expect(times(set) == expected.filter { $0 >= bound }, "seed \(seed)")
  }

  @Test func staysWithinItsLimitAndLosesNothing() {
    var generator = SeededGenerator(seed: 7)
    var set = TimeRangeSet(limit: 8)
    var expected: Set<Int64> = []
    for _ in 0..<300 {
      let start = Int64(generator.next(below: 100_000))
      set.insert(start..<start + 3)
      expected.formUnion(start..<start + 3)
      #expect(set.ranges.count <= 8)
    }
    #expect(times(set).isSuperset(of: expected))
  }

  @Test func reachesTheEndsOfTime() {
    var set = TimeRangeSet(limit: 1)
    set.insert(Int64.min..<Int64.min + 1)
    set.insert(Int64.max - 1..<Int64.max)
    #expect(set.ranges == [Int64.min..<Int64.max])
  }
}

@Suite struct PendingBucketsTests {
  @Test(arguments: UInt64(1)...10)
  func rangesAreWholeBuckets(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let every = Int64(generator.next(below: 1000)) + 1
      let offset = Int64(generator.next(below: 5000)) - 2500
      let lookahead = Int64(generator.next(below: 3000))
      let grid = BucketGrid(.init(every: every, offset: offset), zone: nil)
      let first = Int64(generator.next(below: 100_000)) - 50_000
      let last = first + Int64(generator.next(below: 2000))
      let range = grid.buckets(from: first, through: last, lookahead: lookahead)
      #expect((range.lowerBound - offset) % every == 0 && (range.upperBound - offset) % every == 0)
      #expect(range.lowerBound <= first && first - range.lowerBound < every)
      #expect(range.upperBound > last + lookahead && range.upperBound - every <= last + lookahead)
    }
  }

  @Test func doesNotWrapAtTheEndsOfTime() {
    let grid = BucketGrid(.init(every: 3_600_000_000_000, offset: 17), zone: nil)
    let all = grid.buckets(from: .min, through: .max, lookahead: .max)
    #expect(all == TimestampBounds.earliest..<Int64.max)
  }
}
