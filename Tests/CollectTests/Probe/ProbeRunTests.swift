import Testing

@testable import Collect

@Suite("A run of bpftrace")
struct ProbeRunTests {
  private let run = ProbeRun(number: 1, parameters: [.pageFaults], keyLimit: 10)

  private struct Never: Sleeper {
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: .seconds(3600)) }
  }

  private struct AtOnce: Sleeper {
    func sleep(for duration: Duration) async throws {}
  }

  private func totals(
    _ sleeper: any Sleeper = Never(), ask: @Sendable (Int32) -> Void
  ) async -> UInt64? {
    await run.totals(within: .seconds(1), sleeper: sleeper, ask: ask)?.totals[.pageFaults]?[7]
  }

  private func answer(_ question: Int32, _ count: Int) {
    let text = """
      {"type": "map", "data": {"@page_faults": {"7": \(count)}}}
      {"type": "printf", "data": "mark \(question)\\n"}\n
      """
    run.take(Array(text.utf8)[...])
  }

  @Test("a question is answered with the totals before its mark")
  func answered() async {
    #expect(await totals { answer($0, 5) } == 5)
    #expect(await totals { answer($0, 6) } == 6)
  }

  @Test("an answer that comes late is not that of the next question")
  func late() async {
    #expect(await totals(AtOnce()) { _ in } == nil)
    #expect(
      await totals { question in
        answer(question - 1, 5)
        answer(question, 6)
      } == 6)
  }

  @Test("a mark that nobody asked for is passed over")
  func stray() async {
    #expect(
      await totals { question in
        answer(0, 5)
        answer(question + 1, 6)
        answer(question, 7)
      } == 7)
  }

  @Test("who asked before is answered with the next totals")
  func both() async {
    let (questions, asked) = AsyncStream.makeStream(of: Int32.self)
    async let first = totals { asked.yield($0) }
    for await _ in questions { break }
    #expect(await totals { answer($0, 5) } == 5)
    #expect(await first == 5)
  }

  @Test("its end leaves no question waiting, and none begins")
  func end() async {
    #expect(await totals { _ in run.end() } == nil)
    #expect(await totals { answer($0, 5) } == nil)
  }
}
