import Logging
import Testing
import TimeSeries

@testable import Collect

/// Drives a sampler step by step, in seconds.
struct SamplerBench {
  static let second: Timestamp = 1_000_000_000
  let clock = ManualClock(0)
  let runtime: FakeSource
  let probe = FakeProbe()
  let cgroups = FakeCgroups()
  let lines: KeptLines
  let log = KeptLog.Lines()
  let sampler: Sampler

  init(
    runtime: FakeSource = FakeSource(), statistics: SenderStatistics? = nil,
    _ adapt: (inout SamplerSettings) -> Void = { _ in }
  ) {
    var settings = SamplerSettings(node: "n1")
    adapt(&settings)
    self.runtime = runtime
    lines = KeptLines(statistics: statistics)
    let log = log
    sampler = Sampler(
      settings: settings, source: runtime, probes: [probe], cgroups: cgroups, sink: lines,
      clock: clock, logger: Logger(label: "test") { _ in KeptLog(lines: log) })
  }

  /// A reading at a time of the grid, a millisecond late.
  func read(at time: Timestamp) async {
    clock.move(to: time * Self.second + 1_000_000)
    await sampler.takeReading(at: time * Self.second, begun: clock.now)
    clock.move(by: 1_000_000)
  }

  func ask() async {
    await sampler.takeSnapshot()
    clock.move(by: 1_000_000)
  }

  func step(_ time: Timestamp) async {
    await read(at: time)
    await ask()
  }

  var rows: [PrintedRow] { lines.lines(of: "container").compactMap(PrintedRow.init) }
  var costs: [PrintedRow] { lines.lines(of: "collector").compactMap(PrintedRow.init) }
  var events: [PrintedRow] { lines.lines(of: "container_events").compactMap(PrintedRow.init) }
}

func container(
  _ id: String, cgroup: UInt64? = nil, startedAt: Timestamp? = nil, attempt: UInt32 = 0,
  labels: [String: String] = [:], state: ContainerRecord.State = .running
) -> ContainerRecord {
  ContainerRecord(
    id: id, name: "c-" + id, podUID: "u-" + id, pod: "p-" + id, namespace: "shop", node: "n1",
    attempt: attempt, cgroupPath: "/" + id, cgroupID: cgroup, startedAt: startedAt, labels: labels,
    state: state)
}

func sample(
  cpu: UInt64? = nil, memory: UInt64? = nil, oomKills: UInt64? = nil, nested: [UInt64] = []
) -> CgroupSample {
  CgroupSample(
    readings: CgroupReadings(cpuNanoseconds: cpu, memoryBytes: memory, oomKills: oomKills),
    nested: nested)
}

@Suite("Sampling all containers at once")
struct SamplerTests {
  private static let second = SamplerBench.second

  @Test("a row has the interval's start, all that is known, and nothing that is not")
  func format() async {
    let bench = SamplerBench(
      runtime: FakeSource([
        container("a", cgroup: 7, labels: ["app": "cart", "tier": "x y", "other": "z"]),
        container("b"),
      ])
    ) { $0.labels = ["app", "tier"] }
    await bench.ask()
    bench.cgroups["a"] = sample(cpu: 1_000, memory: 5)
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 10], .pageFaults: [:]]))
    await bench.step(1)
    #expect(bench.lines.all.isEmpty)
    bench.cgroups["a"] = sample(cpu: 4_500, memory: 4096)
    bench.probe.tell(
      KernelReading(run: 1, totals: [.systemCalls: [7: 30], .pageFaults: [:], .mmapCalls: [7: 1]]))
    await bench.step(2)
    #expect(
      bench.lines.lines(of: "container") == [
        #"container,app=cart,container=c-a,namespace=shop,node=n1,pod=p-a,tier=x\ y "#
          + "cpu_usage=3500i,memory_usage=4096i,sys_calls=20i,page_faults=0i 1000000000"
      ])
  }

  @Test("a hundred containers have one timestamp and their own numbers, interval after interval")
  func aligned() async throws {
    let containers = (1...100).map { container("\($0)", cgroup: UInt64($0)) }
    let bench = SamplerBench(runtime: FakeSource(containers))
    await bench.ask()
    for time in 1...5 as ClosedRange<Int64> {
      var totals: [UInt64: UInt64] = [:]
      for id in 1...100 as ClosedRange<UInt64> {
        bench.cgroups["\(id)"] = sample(cpu: id * UInt64(time), memory: id)
        totals[id] = 3 * id * UInt64(time)
      }
      bench.probe.tell(KernelReading(run: 1, totals: [.fileAccess: totals]))
      await bench.step(time)
    }
    let byTime = Dictionary(grouping: bench.rows, by: \.time)
    #expect(byTime.keys.sorted() == (1...4).map { $0 * Self.second })
    for rows in byTime.values {
      #expect(rows.count == 100)
      for row in rows {
        let id = Int64(try #require(row.tags["pod"]).dropFirst(2))
        #expect(row.number("cpu_usage") == id)
        #expect(row.number("memory_usage") == id)
        #expect(row.number("file_access") == id.map { 3 * $0 })
      }
    }
    #expect(bench.costs.map { $0.number("containers") } == [100, 100, 100, 100])
    #expect(bench.costs.map { $0.number("events") } == [15150, 15150, 15150, 15150])
  }

  @Test("a new run of a probe, and a reading it has not, are gaps of its parameters only")
  func runs() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    let readings: [KernelReading?] = [
      KernelReading(run: 1, totals: [.systemCalls: [7: 10]]),
      KernelReading(run: 1, totals: [.systemCalls: [7: 15]], lostEvents: 2),
      nil,
      KernelReading(run: 2, totals: [.systemCalls: [7: 90]]),
      KernelReading(run: 2, totals: [.systemCalls: [7: 97]]),
      KernelReading(run: 3, totals: [.systemCalls: [7: 99]]),
    ]
    for (index, reading) in readings.enumerated() {
      bench.cgroups["a"] = sample(cpu: UInt64(index) * 5)
      bench.probe.tell(reading)
      await bench.step(Int64(index) + 1)
    }
    #expect(bench.rows.map { $0.number("sys_calls") } == [5, nil, nil, 7, nil])
    #expect(bench.rows.map { $0.number("cpu_usage") } == [5, 5, 5, 5, 5])
    #expect(bench.costs.map { $0.number("missing_parameters") } == [5, 6, 6, 5, 6])
    #expect(bench.costs.map { $0.number("lost_events") } == [2, 0, 0, 0, 0])
  }

  @Test("totals that come after half of the next interval are not taken")
  func lateAnswer() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 10]]))
    await bench.step(1)
    let clock = bench.clock
    let late = FakeProbe {
      clock.move(by: 600_000_000)
      return KernelReading(run: 1, totals: [.systemCalls: [7: 20]])
    }
    let sampler = Sampler(
      settings: SamplerSettings(node: "n1"), source: bench.runtime, probes: [late],
      cgroups: bench.cgroups, sink: bench.lines, clock: clock, logger: .silent)
    bench.cgroups["a"] = sample(cpu: 1)
    await sampler.takeSnapshot()
    for time in 2...4 as ClosedRange<Int64> {
      clock.move(to: time * Self.second)
      await sampler.takeReading(at: time * Self.second, begun: clock.now)
      clock.move(by: 1)
      await sampler.takeSnapshot()
    }
    #expect(bench.rows.map(\.fields) == [["cpu_usage": "0i"], ["cpu_usage": "0i"]])
  }

  @Test("an overslept interval is a gap, and no row covers two")
  func overslept() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    for (time, cpu) in [(1, 100), (2, 200), (5, 500), (6, 600)] as [(Int64, UInt64)] {
      bench.cgroups["a"] = sample(cpu: cpu)
      await bench.step(time)
    }
    #expect(bench.rows.map(\.time) == [Self.second, 5 * Self.second])
    #expect(bench.rows.map { $0.number("cpu_usage") } == [100, 100])
    #expect(bench.costs.map { $0.number("gaps") } == [0, 3])
    #expect(bench.log.all.contains { $0.contains("Overslept") && $0.contains("intervals=3") })
  }

  @Test("a clock that is set makes a gap, and rows go on by the new time", arguments: [-7, 5, 100])
  func clockSet(seconds: Int64) async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    for time in 10...12 as ClosedRange<Int64> {
      bench.cgroups["a"] = sample(cpu: UInt64(time))
      await bench.step(time)
    }
    bench.clock.set(by: seconds * Self.second)
    for time in 13...15 as ClosedRange<Int64> {
      bench.cgroups["a"] = sample(cpu: UInt64(time))
      await bench.step(time + seconds)
    }
    let after = [13 + seconds, 14 + seconds].map { $0 * Self.second }
    #expect(bench.rows.map(\.time) == [10 * Self.second, 11 * Self.second] + after)
    #expect(bench.rows.map { $0.number("cpu_usage") } == [1, 1, 1, 1])
    #expect(bench.costs.map { $0.number("gaps") } == [0, 0, 1, 0])
  }

  @Test("rows wait in order while the runtime is away, and events wait with them")
  func runtimeAway() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    struct Away: Error {}
    bench.runtime.tell { throw Away() }
    for time in 1...5 as ClosedRange<Int64> {
      bench.cgroups["a"] = sample(cpu: UInt64(time * time))
      bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: UInt64(time)]]))
      await bench.step(time)
    }
    #expect(bench.lines.all.isEmpty)
    bench.runtime.tell([container("a", cgroup: 7)])
    await bench.ask()
    #expect(bench.rows.map(\.time) == (1...4).map { $0 * Self.second })
    #expect(bench.rows.map { $0.number("cpu_usage") } == [3, 5, 7, 9])
    #expect(bench.rows.map { $0.number("sys_calls") } == [1, 1, 1, 1])
    #expect(bench.costs.map { $0.number("snapshot_failures") } == [5, 0, 0, 0])
    #expect(bench.log.all.filter { $0.hasPrefix("warning") }.count == 1)
    #expect(bench.log.all.contains { $0.contains("The runtime answers") })
  }

  @Test("only so many intervals wait; the oldest are given up and counted")
  func pendingBound() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)])) {
      $0.pendingIntervals = 3
    }
    await bench.ask()
    for time in 1...9 as ClosedRange<Int64> {
      bench.cgroups["a"] = sample(cpu: UInt64(time))
      await bench.read(at: time)
    }
    await bench.ask()
    #expect(bench.rows.map(\.time) == (6...8).map { $0 * Self.second })
    #expect(bench.costs.map { $0.number("gaps") } == [5, 0, 0])
  }

  @Test("a container that starts within an interval has its first row for that interval")
  func firstRow() async {
    let old = container("old", cgroup: 1)
    let bench = SamplerBench(runtime: FakeSource([old]))
    await bench.ask()
    bench.cgroups["old"] = sample(cpu: 0)
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [1: 5]]))
    await bench.step(1)
    await bench.step(2)
    // Nobody has told of it when the interval ends.
    let new = container("new", cgroup: 2, startedAt: 2_400_000_000)
    bench.runtime.tell([old, new])
    bench.cgroups["new"] = sample(cpu: 80, memory: 9)
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [1: 5, 2: 31]]))
    await bench.step(3)
    bench.cgroups["new"] = sample(cpu: 100, memory: 9)
    await bench.step(4)
    let rows = bench.rows.filter { $0.tags["pod"] == "p-new" }
    #expect(rows.map(\.time) == [2 * Self.second, 3 * Self.second])
    #expect(rows.map { $0.number("sys_calls") } == [31, 0])
    #expect(rows.map { $0.number("cpu_usage") } == [80, 20])
    #expect(rows.map { $0.number("memory_usage") } == [9, 9])
  }

  @Test("one that starts after the end of an interval has no row for it")
  func startedLater() async {
    let new = container("new", cgroup: 2, startedAt: 2_002_500_000)
    let bench = SamplerBench()
    await bench.ask()
    await bench.step(1)
    bench.cgroups["new"] = sample(cpu: 80)
    await bench.read(at: 2)
    bench.runtime.tell([new])
    bench.clock.move(by: 3_000_000)
    await bench.ask()
    #expect(bench.rows.isEmpty)
    bench.cgroups["new"] = sample(cpu: 100)
    await bench.step(3)
    #expect(bench.rows.map { $0.number("cpu_usage") } == [100])
  }

  @Test("one that was there long before it could be told has no processor time of the past")
  func foundLate() async {
    let new = container("new", cgroup: 2, startedAt: 5)
    let bench = SamplerBench()
    await bench.ask()
    await bench.step(1)
    bench.runtime.tell([new])
    bench.cgroups["new"] = sample(cpu: 8000, memory: 1)
    await bench.step(2)
    bench.cgroups["new"] = sample(cpu: 8010, memory: 1)
    await bench.step(3)
    #expect(bench.rows.map { $0.number("cpu_usage") } == [nil, 10])
    #expect(bench.rows.map { $0.number("memory_usage") } == [1, 1])
  }

  @Test("where no start is told, one that no earlier snapshot had is new")
  func startUnknown() async {
    let bench = SamplerBench()
    await bench.ask()
    await bench.step(1)
    bench.clock.move(by: 100_000_000)
    bench.runtime.tell([container("new", cgroup: 2)])
    await bench.ask()
    bench.cgroups["new"] = sample(cpu: 80)
    await bench.step(2)
    #expect(bench.rows.map { $0.number("cpu_usage") } == [80])
    #expect(bench.rows.map(\.time) == [Self.second])
  }

  @Test("a container that stops has its last row for the interval in which it did")
  func lastRow() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    bench.cgroups["a"] = sample(cpu: 10)
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 10], .mmapCalls: [7: 4]]))
    await bench.step(1)
    bench.cgroups["a"] = nil
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 25], .mmapCalls: [7: 4]]))
    bench.runtime.tell([
      container("a", state: .exited(.init(code: 2, finishedAt: 1_500_000_000)))
    ])
    for time in 2...4 as ClosedRange<Int64> { await bench.step(time) }
    #expect(
      bench.rows.map(\.fields) == [["sys_calls": "15i", "mmap_calls": "0i"]])
    #expect(bench.rows.map(\.time) == [Self.second])
    #expect(
      bench.lines.lines(of: "container_events") == [
        "container_events,container=c-a,namespace=shop,node=n1,pod=p-a "
          + #"event="stop",count=1i,exit_code=2i 1500000000"#
      ])
  }

  @Test("counts of an id that changed hands in an interval are nobody's, and said to be so")
  func reusedID() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 7)]))
    await bench.ask()
    bench.cgroups["a"] = sample(cpu: 10)
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 10]]))
    await bench.step(1)
    bench.cgroups["a"] = nil
    bench.cgroups["b"] = sample(cpu: 4)
    bench.runtime.tell([container("b", cgroup: 7, startedAt: 1_500_000_000)])
    for (time, total) in [(2, 25), (3, 26)] as [(Int64, UInt64)] {
      bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: total]]))
      await bench.step(time)
    }
    #expect(bench.rows.map { $0.tags["pod"] } == ["p-b", "p-b"])
    #expect(
      bench.rows.map(\.fields) == [["cpu_usage": "4i"], ["cpu_usage": "0i", "sys_calls": "1i"]])
    #expect(bench.costs.map { $0.number("contested") } == [15, 0])
    #expect(bench.costs.map { $0.number("events") } == [15, 1])
  }

  @Test("what is counted below a container's cgroup is its own")
  func nested() async {
    let bench = SamplerBench(
      runtime: FakeSource([container("a", cgroup: 7), container("b", cgroup: 9)]))
    await bench.ask()
    for (time, factor) in [(1, 1), (2, 2)] as [(Int64, UInt64)] {
      bench.cgroups["a"] = sample(cpu: 1, nested: [70, 71, 9])
      bench.cgroups["b"] = sample(cpu: 1)
      bench.probe.tell(
        KernelReading(
          run: 1,
          totals: [
            .systemCalls: [7: 1, 70: 10, 71: 100, 9: 1000, 99: 10000].mapValues { $0 * factor }
          ]))
      await bench.step(time)
    }
    // b, a container itself, lies in a as well.
    #expect(bench.rows.map { $0.number("sys_calls") } == [111, 1000])
    #expect(bench.costs.map { $0.number("unowned") } == [10000])
  }

  @Test("a cgroup that was below two containers is contested")
  func nestedInTwo() async {
    let bench = SamplerBench(
      runtime: FakeSource([container("a", cgroup: 7), container("b", cgroup: 9)]))
    await bench.ask()
    bench.cgroups["a"] = sample(cpu: 1, nested: [70])
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [70: 1]]))
    await bench.step(1)
    bench.cgroups["a"] = sample(cpu: 1)
    bench.cgroups["b"] = sample(cpu: 1, nested: [70])
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [70: 5]]))
    await bench.step(2)
    #expect(bench.rows.map { $0.number("sys_calls") } == [0, 0])
    #expect(bench.costs.map { $0.number("contested") } == [4])
  }

  @Test("a container that takes another's place within an interval makes one row with it")
  func restarted() async {
    func incarnation(_ id: String, cgroup: UInt64, startedAt: Timestamp) -> ContainerRecord {
      ContainerRecord(
        id: id, name: "c", podUID: "u", pod: "p", namespace: "shop", node: "n1",
        cgroupPath: "/" + id, cgroupID: cgroup, startedAt: startedAt)
    }
    let bench = SamplerBench(runtime: FakeSource([incarnation("a", cgroup: 7, startedAt: 0)]))
    await bench.ask()
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 10]]))
    await bench.step(1)
    bench.runtime.tell([incarnation("b", cgroup: 8, startedAt: 1_500_000_000)])
    bench.cgroups["b"] = sample(cpu: 4, memory: 6)
    bench.probe.tell(KernelReading(run: 1, totals: [.systemCalls: [7: 15, 8: 100]]))
    await bench.step(2)
    #expect(
      bench.rows.map(\.fields) == [
        ["cpu_usage": "4i", "memory_usage": "6i", "sys_calls": "105i"]
      ])
  }

  @Test("a row that cannot be written hides no other, and is said once")
  func unwritable() async {
    var bad = container("bad", cgroup: 1)
    bad.pod = "ends in \\"
    let bench = SamplerBench(runtime: FakeSource([bad, container("good", cgroup: 2)]))
    await bench.ask()
    for time in 1...4 as ClosedRange<Int64> {
      bench.cgroups["bad"] = sample(memory: 1)
      bench.cgroups["good"] = sample(memory: 2)
      await bench.step(time)
    }
    #expect(bench.rows.map { $0.tags["pod"] } == ["p-good", "p-good", "p-good"])
    #expect(bench.log.all.filter { $0.contains("A row cannot be written") }.count == 1)
  }

  @Test("the collector's row tells what became of the lines since the row before")
  func statistics() async {
    var statistics = SenderStatistics()
    statistics.sentLines = 40
    statistics.retries = 2
    statistics.spooledBatches = 3
    statistics.droppedLines = 5
    statistics.refusedLines = 1
    let bench = SamplerBench(statistics: statistics)
    for time in 1...3 as ClosedRange<Int64> { await bench.step(time) }
    #expect(bench.costs.map { $0.number("sent_lines") } == [40, 0])
    #expect(bench.costs.map { $0.number("retries") } == [2, 0])
    #expect(bench.costs.map { $0.number("spooled_batches") } == [3, 3])
    #expect(bench.costs.map { $0.number("lost_lines") } == [6, 0])
    for row in bench.costs {
      #expect(row.tags == ["node": "n1"])
      #expect(row.number("memory_bytes") ?? 0 > 1 << 20)
      #expect(row.number("lag_ns") == 1_000_000)
    }
  }

  @Test("what a probe cannot count is said when it lasts, and when it ends")
  func missing() async {
    let bench = SamplerBench()
    let lost: [Parameter: String] = [.blockRequests: "no tracepoint", .fileAccess: "no tracepoint"]
    bench.probe.tell(missing: lost.merging([.systemCalls: "starting"]) { $1 })
    await bench.read(at: 1)
    #expect(bench.log.all == [])
    bench.probe.tell(missing: lost)
    await bench.read(at: 2)
    await bench.read(at: 3)
    bench.probe.tell(missing: [.fileAccess: "no tracepoint"])
    await bench.read(at: 4)
    #expect(
      bench.log.all == [
        "warning Not counted: block_req, file_access reason=no tracepoint",
        "notice Counted again: block_req ",
      ])
  }
}
