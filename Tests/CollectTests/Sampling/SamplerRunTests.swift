import Logging
import Testing
import TimeSeries

@testable import Collect

@Suite("A sampler that runs")
struct SamplerRunTests {
  private static let second: Timestamp = 1_000_000_000

  /// Runs until the clock allows no further sleep.
  private func run(
    sleeps: Int, runtime: FakeSource, isPatient: Bool = true,
    script: sending [(inout Moment) -> Void] = []
  ) async -> (rows: [PrintedRow], costs: [PrintedRow], log: [String]) {
    let settings = SamplerSettings(node: "n")
    let clock = RacingClock(
      Self.second / 2, sleeps: sleeps, watchdog: settings.finalWait,
      watchdogBarks: !isPatient, script: script)
    let lines = KeptLines()
    let log = KeptLog.Lines()
    let cgroups = FakeCgroups()
    cgroups["a"] = sample(memory: 1)
    let sampler = Sampler(
      settings: settings, source: runtime, probes: [], cgroups: cgroups, sink: lines,
      clock: clock, logger: Logger(label: "test") { _ in KeptLog(lines: log) })
    await sampler.run()
    return (
      lines.lines(of: "container").compactMap(PrintedRow.init),
      lines.lines(of: "collector").compactMap(PrintedRow.init), log.all
    )
  }

  @Test("every interval has its row, the last one too when it is told to end")
  func everyInterval() async {
    let (rows, costs, log) = await run(
      sleeps: 10, runtime: FakeSource([container("a", cgroup: 7)]))
    #expect(rows.map(\.time) == (1...9).map { $0 * Self.second })
    #expect(costs.map(\.time) == (1...9).map { $0 * Self.second })
    #expect(costs.allSatisfy { $0.number("gaps") == 0 })
    #expect(log == [])
  }

  @Test("a sleep that takes too long is a gap, and the grid stays")
  func oversleeps() async {
    let untouched: (inout Moment) -> Void = { _ in }
    let late: (inout Moment) -> Void = {
      $0.wall += 2 * Self.second + Self.second / 2
      $0.steady += 2 * Self.second + Self.second / 2
    }
    // Readings at 1, 2 and, instead of 3, half past 5, which is none; then at 6, 7 and 8.
    let (_, costs, _) = await run(
      sleeps: 6, runtime: FakeSource(), script: [untouched, untouched, late])
    #expect(costs.map(\.time) == [1, 6, 7].map { $0 * Self.second })
    #expect(costs.map { $0.number("gaps") } == [0, 4, 0])
  }

  @Test("while it sleeps the clock is set back: no interval is longer than it says")
  func setBack() async {
    let untouched: (inout Moment) -> Void = { _ in }
    let back: (inout Moment) -> Void = { $0.wall -= 2 * Self.second + Self.second / 2 }
    // Readings at 1 to 5; at 6 it is half past 3 again, so that readings follow at 4, 5 and 6.
    let (_, costs, log) = await run(
      sleeps: 9, runtime: FakeSource(),
      script: Array(repeating: untouched, count: 5) + [back])
    #expect(costs.map(\.time) == [1, 2, 3, 4, 4, 5].map { $0 * Self.second })
    #expect(costs.last?.number("gaps") == 0)
    #expect(log.contains { $0.contains("The clock was set") })
  }

  @Test("a runtime that hangs delays no reading, and ends nothing but its rows")
  func hangingRuntime() async {
    let runtime = FakeSource {
      try await Task.sleep(for: .seconds(3600))
      return RuntimeSnapshot()
    }
    let (rows, costs, log) = await run(sleeps: 5, runtime: runtime, isPatient: false)
    #expect(rows.isEmpty && costs.isEmpty)
    #expect(
      log == [
        "warning The runtime did not tell whose intervals are: given up intervals=4"
      ])
  }

  @Test("a runtime that is slow delays rows only")
  func slowRuntime() async {
    let runtime = FakeSource {
      for _ in 0..<50 { await Task.yield() }
      return RuntimeSnapshot(containers: [container("a", cgroup: 7)])
    }
    let (_, costs, log) = await run(sleeps: 12, runtime: runtime)
    #expect(costs.map(\.time) == (1...11).map { $0 * Self.second })
    #expect(log == [])
  }

  @Test("what the runtime says by itself is looked at without waiting for the interval's end")
  func ticks() async throws {
    let (changes, tick) = AsyncStream.makeStream(of: Void.self)
    let asked = AsyncStream.makeStream(of: Void.self)
    let runtime = FakeSource(changes: changes) {
      asked.continuation.yield()
      return RuntimeSnapshot()
    }
    let lines = KeptLines()
    // It stands: no interval ends.
    let clock = ManualClock(-(1 << 60))
    var settings = SamplerSettings(node: "n")
    settings.interval = .seconds(3600)
    let sampler = Sampler(
      settings: settings, source: runtime, probes: [], cgroups: FakeCgroups(), sink: lines,
      clock: clock, logger: .silent)
    let running = Task { await sampler.run() }
    var answers = asked.stream.makeAsyncIterator()
    await answers.next()
    runtime.tell {
      asked.continuation.yield()
      return RuntimeSnapshot(containers: [container("new", cgroup: 1, startedAt: 5)])
    }
    tick.yield()
    await answers.next()
    running.cancel()
    await running.value
    while lines.all.isEmpty { await Task.yield() }
    #expect(lines.lines(of: "container_events").count == 1)
  }
}
