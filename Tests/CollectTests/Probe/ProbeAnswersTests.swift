import Testing

@testable import Collect

@Suite("Answers of bpftrace")
struct ProbeAnswersTests {
  private func readings(_ messages: [BpftraceOutput.Message]) -> [KernelReading?] {
    var answers = ProbeAnswers(run: 3, parameters: [.pageFaults, .blockRequests])
    return messages.compactMap { answers.take($0) }.map(\.reading)
  }

  private func reading(
    _ pageFaults: [UInt64: UInt64], _ blockRequests: [UInt64: UInt64] = [:], lost: UInt64 = 0
  ) -> KernelReading {
    KernelReading(
      run: 3, totals: [.pageFaults: pageFaults, .blockRequests: blockRequests], lostEvents: lost)
  }

  private let faults = BpftraceOutput.Message.map(name: "page_faults", counts: [1: 2])
  private let blocks = BpftraceOutput.Message.map(name: "block_req", counts: [1: 5])

  @Test("a map that bpftrace has nothing in yet counts nothing")
  func empty() {
    #expect(
      readings([.other, .mark(1), faults, .mark(2), .other, blocks, faults, .mark(3)]) == [
        reading([:]), reading([1: 2]), reading([1: 2], [1: 5]),
      ])
  }

  @Test("an answer with a line that cannot be read is none")
  func unreadable() {
    #expect(
      readings([faults, .unreadable, .mark(1), faults, .mark(2)]) == [nil, reading([1: 2])])
  }

  @Test("an answer without a map that was there before is none")
  func lostMap() {
    #expect(
      readings([faults, blocks, .mark(1), faults, .mark(2), faults, blocks, .mark(3)]) == [
        reading([1: 2], [1: 5]), nil, reading([1: 2], [1: 5]),
      ])
  }

  @Test("an answer with a map twice, or with one that is not counted, is none")
  func unexpected() {
    let mmaps = BpftraceOutput.Message.map(name: "mmap_calls", counts: [:])
    let unknown = BpftraceOutput.Message.map(name: "nonsense", counts: [:])
    #expect(
      readings([faults, faults, .mark(1), mmaps, .mark(2), unknown, .mark(3), faults, .mark(4)])
        == [nil, nil, nil, reading([1: 2])])
  }

  @Test("lost events add up, and never overflow")
  func lost() {
    #expect(
      readings([
        .lostEvents(2), .mark(1), .lostEvents(3), .mark(2), .lostEvents(.max), .mark(3),
      ]) == [reading([:], lost: 2), reading([:], lost: 5), reading([:], lost: .max)])
  }
}
