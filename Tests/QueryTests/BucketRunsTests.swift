import TestSupport
import Testing
import TimeSeries

@testable import Query

@Suite struct BucketRunsTests {
  /// Rows lie in the bucket that each of them is in by itself: regular times and gaps, several rows
  /// to a bucket and none, at the ends of the range of timestamps too.
  @Test(arguments: UInt64(1)...40)
  func eachRowLiesInItsBucket(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let every = Int64.random(in: 1...500, using: &random)
    let zone = try seed % 5 == 0 ? TimeZones.clock(named: "Europe/Berlin") : nil
    let grid = BucketGrid(
      .init(every: every, offset: Int64.random(in: -20...20, using: &random)), zone: zone)
    var time: Timestamp =
      switch seed % 4 {
      case 0: TimestampBounds.earliest
      case 1: TimestampBounds.latest - 20_000
      default: Int64.random(in: -1000...1000, using: &random)
      }
    var times: [Timestamp] = []
    let step = Int64.random(in: 1...50, using: &random)
    for _ in 0..<300 {
      times.append(time)
      let gap =
        Int.random(in: 0..<20, using: &random) == 0 ? Int64.random(in: 0...3000, using: &random) : 0
      guard time < TimestampBounds.latest - step - gap else { break }
      time += step + gap
    }
    let runs = BucketRuns(times, grid: grid, whole: 0)
    #expect(runs.bounds.first == 0 && runs.bounds.last == times.count)
    #expect(runs.bounds.count == runs.starts.count + 1)
    #expect(zip(runs.starts, runs.starts.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
    for index in runs.starts.indices {
      let rows = runs.bounds[index]..<runs.bounds[index + 1]
      #expect(!rows.isEmpty, "seed \(seed)")
      for row in rows {
        #expect(grid.start(of: times[row]) == runs.starts[index], "seed \(seed), row \(row)")
      }
    }
  }
}
