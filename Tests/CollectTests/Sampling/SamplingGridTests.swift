import Testing
import TimeSeries

@testable import Collect

@Suite("The grid of interval ends")
struct SamplingGridTests {
  private let grid = SamplingGrid(interval: 1000)

  @Test("ends are multiples of the interval, before 1970 as well")
  func ends() {
    for time in [-2001, -2000, -1999, -1, 0, 1, 999, 1000, 1001] as [Timestamp] {
      let end = grid.end(after: time)
      #expect(end % 1000 == 0)
      #expect(end > time && end - time <= 1000, "\(time)")
    }
  }

  @Test("a reading that begins a quarter of an interval late is not that of its time")
  func late() {
    #expect(!grid.isOnTime(4999, for: 5000))
    #expect(grid.isOnTime(5000, for: 5000))
    #expect(grid.isOnTime(5250, for: 5000))
    #expect(!grid.isOnTime(5251, for: 5000))
  }

  private func intervals(
    from: (Timestamp, wall: Timestamp, steady: Int64),
    to: (Timestamp, wall: Timestamp, steady: Int64)
  ) -> Int? {
    grid.intervals(
      from: (from.0, Moment(wall: from.wall, steady: from.steady)),
      to: (to.0, Moment(wall: to.wall, steady: to.steady)))
  }

  @Test("neighbours make an interval, others a gap of so many")
  func neighbours() {
    #expect(intervals(from: (1000, 1001, 1), to: (2000, 2100, 1100)) == 1)
    #expect(intervals(from: (1000, 1001, 1), to: (4000, 4001, 3001)) == 3)
  }

  @Test("where the clock was set, readings that seem neighbours are none")
  func clockSet() {
    // Back by two intervals: three have passed, named as one.
    #expect(intervals(from: (1000, 1000, 0), to: (2000, 2000, 3000)) == nil)
    // Forward: next to nothing has passed.
    #expect(intervals(from: (1000, 1000, 0), to: (2000, 2000, 100)) == nil)
    // Back before the last reading.
    #expect(intervals(from: (5000, 5000, 0), to: (2000, 2000, 1000)) == nil)
    #expect(intervals(from: (5000, 5000, 0), to: (5000, 5000, 1000)) == nil)
  }
}
