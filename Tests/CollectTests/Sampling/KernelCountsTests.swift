import Testing

@testable import Collect

@Suite("What was counted between two readings")
struct KernelCountsTests {
  private func counts(_ earlier: KernelReading?, _ later: KernelReading?) -> KernelCounts {
    var counts = KernelCounts()
    counts.add(from: earlier, to: later)
    return counts
  }

  @Test("totals are differenced, and a cgroup that is new counts from 0")
  func differences() {
    let counts = counts(
      KernelReading(run: 1, totals: [.systemCalls: [7: 10, 8: 5]], lostEvents: 2),
      KernelReading(run: 1, totals: [.systemCalls: [7: 15, 8: 5, 9: 3]], lostEvents: 6))
    #expect(counts.parameters == [.systemCalls])
    #expect(counts.byCgroup == [7: [.systemCalls: 5], 9: [.systemCalls: 3]])
    #expect(counts.lostEvents == 4)
    #expect(counts.total == 8)
  }

  @Test("nothing is known across two runs, or where a reading is missing")
  func gap() {
    let one = KernelReading(run: 1, totals: [.systemCalls: [7: 10]])
    let two = KernelReading(run: 2, totals: [.systemCalls: [7: 15]], lostEvents: 9)
    for pair in [(one, two), (nil, two), (one, nil)] as [(KernelReading?, KernelReading?)] {
      #expect(counts(pair.0, pair.1) == KernelCounts())
    }
  }

  @Test("a parameter is known only where both readings have it, also when nothing was counted")
  func parameters() {
    let counts = counts(
      KernelReading(run: 1, totals: [.systemCalls: [:], .pageFaults: [1: 1]]),
      KernelReading(run: 1, totals: [.systemCalls: [:], .mmapCalls: [1: 1]]))
    #expect(counts.parameters == [.systemCalls])
    #expect(counts.total == 0)
  }

  @Test("a parameter whose totals go back is not known, the others are")
  func back() {
    let counts = counts(
      KernelReading(run: 1, totals: [.systemCalls: [1: 5, 2: 5], .pageFaults: [1: 1]]),
      KernelReading(run: 1, totals: [.systemCalls: [1: 9, 2: 4], .pageFaults: [1: 2]]))
    #expect(counts.parameters == [.pageFaults])
    #expect(counts.byCgroup == [1: [.pageFaults: 1]])
  }

  @Test("a parameter that two probes count is taken from one, and sums do not overflow")
  func probes() {
    var counts = KernelCounts()
    let zero = KernelReading(run: 1, totals: [.systemCalls: [:]])
    counts.add(from: zero, to: KernelReading(run: 1, totals: [.systemCalls: [1: .max, 2: 7]]))
    counts.add(from: zero, to: KernelReading(run: 1, totals: [.systemCalls: [1: 5]]))
    #expect(counts.byCgroup == [1: [.systemCalls: .max], 2: [.systemCalls: 7]])
    #expect(counts.total == .max)
  }
}
