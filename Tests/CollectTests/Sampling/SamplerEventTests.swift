import Testing
import TimeSeries

@testable import Collect

@Suite("Events of containers")
struct SamplerEventTests {
  private static let exited = ContainerRecord.State.exited(
    .init(code: 137, reason: "OOMKilled", finishedAt: 1_200_000_000))

  @Test("each is written once, and none of what was there before the collector")
  func once() async {
    let old = container("old", cgroup: 1, startedAt: 5)
    let gone = container("gone", state: .exited(.init(code: 0, finishedAt: 6)))
    let bench = SamplerBench(runtime: FakeSource([old, gone]))
    await bench.ask()
    await bench.step(1)
    let new = container("new", cgroup: 2, startedAt: 1_100_000_000)
    bench.runtime.tell([old, gone, new])
    await bench.ask()
    await bench.step(2)
    #expect(bench.events.map { $0.tags["pod"] } == ["p-new"])
    #expect(bench.events.map { $0.fields["event"] } == ["\"start\""])
    #expect(bench.events.map(\.time) == [1_100_000_000])

    // Another collector, which finds all that.
    let next = SamplerBench(runtime: bench.runtime)
    await next.ask()
    await next.step(3)
    #expect(next.events.isEmpty)
  }

  @Test("a kill for want of memory is counted from the cgroup, at the time it was read")
  func oom() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 1)]))
    await bench.ask()
    for (time, kills) in [(1, 4), (2, 4), (3, 6), (4, 6)] as [(Int64, UInt64)] {
      bench.cgroups["a"] = sample(memory: 1, oomKills: kills)
      await bench.step(time)
    }
    #expect(
      bench.lines.lines(of: "container_events") == [
        "container_events,container=c-a,namespace=shop,node=n1,pod=p-a "
          + #"event="oom",count=2i 3001000000"#
      ])
  }

  @Test("a kill and the stop it brings are two rows, though the runtime gives them one time")
  func sameTime() async {
    let bench = SamplerBench(runtime: FakeSource([container("a", cgroup: 1)]))
    await bench.ask()
    await bench.step(1)
    bench.runtime.tell([container("a", state: Self.exited)])
    await bench.ask()
    #expect(bench.events.map { $0.fields["event"] } == ["\"oom\"", "\"stop\""])
    #expect(bench.events.map(\.time) == [1_200_000_000, 1_200_000_001])
    #expect(bench.events.map { $0.number("exit_code") } == [nil, 137])
  }

  @Test("they do not wait for an interval to be decided")
  func atOnce() async {
    let bench = SamplerBench()
    await bench.ask()
    bench.runtime.tell([container("a", cgroup: 1, startedAt: 3)])
    await bench.ask()
    #expect(bench.events.count == 1)
  }

  @Test("a layout of cgroups that is not known is said once, and at most a hundred are")
  func unknownCgroups() async {
    let bench = SamplerBench()
    for second in 1...4 as ClosedRange<Timestamp> {
      let layouts: Set<String> = second == 2 ? [] : ["/x/kata_<id>"]
      bench.runtime.tell { RuntimeSnapshot(unknownCgroups: layouts) }
      await bench.step(second)
    }
    let said = { bench.log.all.filter { $0.contains("It is not known whose") } }
    #expect(said() == ["warning It is not known whose this cgroup is cgroup=/x/kata_<id>"])
    bench.runtime.tell { RuntimeSnapshot(unknownCgroups: Set((0..<300).map { "/\($0)/<id>" })) }
    await bench.step(5)
    #expect(said().count == 100)
  }
}
