import Testing
import TimeSeries

@testable import Collect

@Suite("Who owned a cgroup id, and what happened")
struct RosterTests {
  private static let second: Timestamp = 1_000_000_000

  private func container(
    _ id: String, cgroup: UInt64? = 1, startedAt: Timestamp? = nil, attempt: UInt32 = 0,
    state: ContainerRecord.State = .running
  ) -> ContainerRecord {
    ContainerRecord(
      id: id, name: "c", podUID: "p", attempt: attempt, cgroupPath: "/" + id, cgroupID: cgroup,
      startedAt: startedAt, state: state)
  }

  private func snapshot(_ containers: ContainerRecord...) -> RuntimeSnapshot {
    RuntimeSnapshot(containers: containers)
  }

  @Test("an interval is decided only by a snapshot begun after it")
  func undecided() {
    var roster = Roster()
    #expect(roster.owner(of: 1, in: 0..<1) == .undecided)
    _ = roster.update(snapshot(container("a")), taken: 10...12)
    #expect(roster.owner(of: 1, in: 5..<11) == .undecided)
    #expect(roster.owner(of: 1, in: 5..<10) == .container(container("a")))
    #expect(roster.owner(of: 2, in: 5..<10) == .nobody)
    #expect(roster.owner(of: 2, in: 5..<11) == .undecided)
  }

  @Test("counts of an interval in which a cgroup id changed hands are nobody's")
  func reused() {
    let a = container("a", startedAt: 0)
    let b = container("b", startedAt: 35)
    var roster = Roster()
    _ = roster.update(snapshot(a), taken: 20...21)
    _ = roster.update(snapshot(b), taken: 40...41)
    #expect(roster.owner(of: 1, in: 10..<20) == .container(a))
    #expect(roster.owner(of: 1, in: 20..<30) == .contested)
    #expect(roster.owner(of: 1, in: 30..<40) == .contested)
    #expect(roster.owner(of: 1, in: 35..<40) == .container(b))
  }

  @Test(
    "without the time of its start, a new owner counts from the snapshot that ended the old one")
  func reusedWithoutStart() {
    var roster = Roster()
    _ = roster.update(snapshot(container("a")), taken: 20...21)
    _ = roster.update(snapshot(container("b")), taken: 40...41)
    _ = roster.update(snapshot(container("b")), taken: 60...61)
    #expect(roster.owner(of: 1, in: 35..<45) == .contested)
    #expect(roster.owner(of: 1, in: 41..<51) == .container(container("b")))
  }

  @Test("the last interval of a container that ended is its own, the next is nobody's")
  func ended() {
    let a = container("a", startedAt: 0)
    var roster = Roster()
    _ = roster.update(snapshot(a), taken: 20...21)
    _ = roster.update(snapshot(), taken: 40...41)
    _ = roster.update(snapshot(), taken: 60...61)
    #expect(roster.owner(of: 1, in: 30..<40) == .container(a))
    #expect(roster.owner(of: 1, in: 41..<50) == .nobody)
  }

  @Test("what an id counted before its owner's start is not the owner's")
  func beforeStart() {
    let a = container("a", startedAt: 30)
    var roster = Roster()
    _ = roster.update(snapshot(), taken: 10...11)
    _ = roster.update(snapshot(a), taken: 40...41)
    #expect(roster.owner(of: 1, in: 20..<30) == .nobody)
    #expect(roster.owner(of: 1, in: 25..<35) == .container(a))
  }

  @Test("two containers that claim an id at once both lose it")
  func claimedTwice() {
    var roster = Roster()
    _ = roster.update(snapshot(container("a"), container("b")), taken: 10...11)
    #expect(roster.owner(of: 1, in: 5..<10) == .contested)
  }

  @Test("the end of one that shared an id is when it was missed, not when the other started")
  func sharedUntilMissed() {
    let b = container("b", startedAt: 5)
    var roster = Roster()
    _ = roster.update(snapshot(container("a"), b), taken: 20...21)
    _ = roster.update(snapshot(b), taken: 40...41)
    _ = roster.update(snapshot(b), taken: 60...61)
    #expect(roster.owner(of: 1, in: 25..<35) == .contested)
    #expect(roster.owner(of: 1, in: 41..<50) == .container(b))
  }

  @Test("a start told to be before the old owner was last seen is not believed against it")
  func contradictingStart() {
    var roster = Roster()
    _ = roster.update(snapshot(container("a")), taken: 20...21)
    _ = roster.update(snapshot(container("b", startedAt: 5)), taken: 40...41)
    #expect(roster.owner(of: 1, in: 10..<20) == .contested)
  }

  @Test("a clock that is set back makes the roster forget, not guess")
  func clockSetBack() {
    var roster = Roster()
    _ = roster.update(snapshot(container("a")), taken: 100...101)
    let b = container("b", startedAt: 45)
    _ = roster.update(snapshot(b), taken: 50...51)
    #expect(roster.owner(of: 1, in: 90..<100) == .undecided)
    #expect(roster.owner(of: 1, in: 45..<50) == .container(b))
    #expect(roster.owner(of: 1, in: 30..<40) == .nobody)
  }

  @Test("what ended is forgotten after the time that was asked for")
  func forgotten() {
    var roster = Roster(memory: 100)
    _ = roster.update(snapshot(container("a", startedAt: 0)), taken: 10...11)
    _ = roster.update(snapshot(), taken: 20...21)
    _ = roster.update(snapshot(), taken: 121...122)
    #expect(roster.owner(of: 1, in: 5..<10) == .container(container("a", startedAt: 0)))
    _ = roster.update(snapshot(), taken: 122...123)
    #expect(roster.owner(of: 1, in: 5..<10) == .nobody)
  }

  @Test("a container that cannot be read once is not gone")
  func leftOut() {
    let a = container("a", startedAt: 0)
    var roster = Roster()
    _ = roster.update(snapshot(a), taken: 10...11)
    let events = roster.update(
      RuntimeSnapshot(leftOut: [.init(id: "a", reason: "timeout")]), taken: 20...21)
    #expect(events == [])
    #expect(roster.owner(of: 1, in: 12..<20) == .container(a))
  }

  @Test("starts, stops and restarts are told once, with the runtime's times")
  func lifecycle() {
    var roster = Roster()
    let old = container("old")
    #expect(roster.update(snapshot(old), taken: 10...11) == [])

    let a = container("a", startedAt: 15)
    #expect(
      roster.update(snapshot(old, a), taken: 20...21)
        == [LifecycleEvent(kind: .start, container: a, time: 15)])
    #expect(roster.update(snapshot(old, a), taken: 30...31) == [])

    let exited = container(
      "a", cgroup: nil, startedAt: 15,
      state: .exited(.init(code: 3, reason: "Error", finishedAt: 33)))
    let again = container("b", startedAt: 36, attempt: 1)
    #expect(
      roster.update(snapshot(old, exited, again), taken: 40...41) == [
        LifecycleEvent(kind: .stop, container: exited, time: 33, exitCode: 3),
        LifecycleEvent(kind: .restart, container: again, time: 36),
      ])
    #expect(roster.update(snapshot(old, exited, again), taken: 50...51) == [])
    // One that the runtime forgets altogether.
    #expect(
      roster.update(snapshot(exited, again), taken: 60...61)
        == [LifecycleEvent(kind: .stop, container: old, time: 61)])
    #expect(roster.update(snapshot(again), taken: 70...71) == [])
  }

  @Test("a container that lived between two snapshots started and stopped")
  func shortLived() {
    var roster = Roster()
    _ = roster.update(snapshot(), taken: 10...11)
    let gone = container(
      "a", cgroup: nil, startedAt: 13, attempt: 2,
      state: .exited(.init(code: 0, reason: "Completed", finishedAt: 14)))
    #expect(
      roster.update(snapshot(gone), taken: 20...21).map(\.kind) == [.restart, .stop])
  }

  @Test("a kill for want of memory is told once, by the kernel's count or by the runtime's reason")
  func oom() {
    let killed = ContainerRecord.State.exited(
      .init(code: 137, reason: "OOMKilled", finishedAt: 25))
    var roster = Roster()
    _ = roster.update(snapshot(container("a"), container("b", cgroup: 2)), taken: 10...11)
    #expect(roster.observe(oomKills: 7, of: "a", at: 12) == nil)
    #expect(roster.observe(oomKills: 7, of: "a", at: 13) == nil)
    #expect(
      roster.observe(oomKills: 9, of: "a", at: 14)
        == LifecycleEvent(kind: .oom, container: container("a"), time: 14, count: 2))
    #expect(roster.observe(oomKills: 9, of: "unknown", at: 14) == nil)
    let events = roster.update(
      snapshot(
        container("a", cgroup: nil, state: killed), container("b", cgroup: nil, state: killed)),
      taken: 30...31)
    #expect(events.filter { $0.container.id == "a" }.map(\.kind) == [.stop])
    #expect(events.filter { $0.container.id == "b" }.map(\.kind) == [.oom, .stop])
  }

  @Test("the first kill in a container that is new counts")
  func firstOOM() {
    var roster = Roster()
    _ = roster.update(snapshot(), taken: 10...11)
    _ = roster.update(snapshot(container("a")), taken: 20...21)
    #expect(roster.observe(oomKills: 1, of: "a", at: 22)?.count == 1)
  }
}
