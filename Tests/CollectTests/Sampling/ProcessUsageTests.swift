import Foundation
import Testing

@testable import Collect

@Suite("What the collector itself uses")
struct ProcessUsageTests {
  private let line =
    "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 9 0 100 12345 678 184467"

  @Test("times and memory are found behind a name with blanks and brackets")
  func stat() {
    let stat = ProcessStat(line[...], ticksPerSecond: 100, pageSize: 4096)
    #expect(stat?.cpuNanoseconds == 2_100_000_000)
    #expect(stat?.memoryBytes == 678 * 4096)
  }

  @Test(
    "lines that are none",
    arguments: [
      "", "42", "42 (a", "42 (a) S 1 2 3",
      "42 (a) S 1 42 42 0 -1 4194560 1 2 3 4 x 50 7 3 20 0 9 0 100 12345 678 1",
      "42 (a) S 1 42 42 0 -1 4194560 1 2 3 4 18446744073709551615 5 7 3 20 0 9 0 100 12345 678 1",
    ])
  func malformed(line: String) {
    #expect(ProcessStat(line[...], ticksPerSecond: 100, pageSize: 4096) == nil)
    #expect(ProcessStat(line[...], ticksPerSecond: 0, pageSize: 4096) == nil)
  }

  @Test("a process that is gone adds nothing, one that is there does")
  func current() {
    let alone = ProcessUsage.current(children: [Int32.max])
    #expect(alone.cpuNanoseconds > 0)
    #expect(alone.memoryBytes > 1 << 20)
    let both = ProcessUsage.current(children: [getpid()])
    #expect(both.memoryBytes > alone.memoryBytes)
    #expect(both.cpuNanoseconds >= alone.cpuNanoseconds)
  }
}
