import TestSupport
import Testing
import TimeSeries

@testable import Collect

/// What kernel and runtime do in random histories that are asked about each second.
@Suite("A runtime that is asked seldom, against one that is asked each time")
struct LazySourcePropertyTests {
  private static let second: Int64 = 1_000_000_000

  /// A container on a cgroup id, and when the runtime tells what of it.
  private struct Life {
    var id: String
    var cgroup: UInt64
    /// When the cgroup is made and removed.
    var made: Int64
    var removed: Int64
    var started: Int64
    var ended: Int64
    /// From when it is listed as created, as running, as exited, and not any more.
    var toldCreated: Int64
    var toldRunning: Int64
    var toldExited: Int64
    var toldGone: Int64
  }

  private struct History {
    var lives: [Life] = []
    /// Just before the runtime is asked, and the moment of which it answers.
    var polls: [(begin: Int64, answer: Int64)] = []

    /// - Parameters:
    ///   - lag: whether the runtime knows some things seconds later than the kernel.
    ///   - leavesCgroups: whether cgroups of containers that ended may be there for long.
    init(lag: Bool, leavesCgroups: Bool, using generator: inout SeededGenerator) {
      func seconds(_ range: ClosedRange<Double>) -> Int64 {
        Int64(.random(in: range, using: &generator) * 1e9)
      }
      for number in 1...150 {
        let begin = Int64(number) * second + seconds(0...0.05)
        polls.append((begin, begin + seconds(0...0.1)))
      }
      for cgroup in 1...3 as ClosedRange<UInt64> {
        var free = seconds(0...20)
        while free < 150 * second {
          // A cgroup id may change hands at once.
          let made = free + (Bool.random(using: &generator) ? 1 : seconds(0...60))
          let started = made + seconds(Bool.random(using: &generator) ? 0...0.2 : 0...20)
          let ended = started + seconds(Bool.random(using: &generator) ? 0...2 : 0...60)
          let removed = ended + seconds(leavesCgroups ? 0...40 : 0...0)
          // Some runtimes list a container before its cgroup is made, some after it.
          let toldCreated = made + seconds(lag ? -3...4 : -3...0)
          let toldRunning = max(toldCreated, started + seconds(lag ? 0...2 : 0...0))
          let toldExited = max(toldRunning, ended + seconds(lag ? 0...4 : 0...0))
          lives.append(
            Life(
              id: "\(cgroup)-\(lives.count)", cgroup: cgroup, made: made, removed: removed,
              started: started, ended: ended, toldCreated: toldCreated, toldRunning: toldRunning,
              toldExited: toldExited, toldGone: toldExited + seconds(0...30)))
          free = removed
        }
      }
    }

    func changes(until time: Int64) -> Int {
      lives.reduce(0) { $0 + ($1.made <= time ? 1 : 0) + ($1.removed <= time ? 1 : 0) }
    }

    func snapshot(at time: Int64) -> RuntimeSnapshot {
      var snapshot = RuntimeSnapshot()
      for life in lives where life.toldCreated <= time && time < life.toldGone {
        if time < life.toldRunning {
          snapshot.awaited += 1
          continue
        }
        let isRunning = time < life.toldExited
        let hasCgroup = life.made <= time && time < life.removed
        snapshot.containers.append(
          ContainerRecord(
            id: life.id, name: "c", podUID: life.id, cgroupPath: "/" + life.id,
            cgroupID: isRunning && hasCgroup ? life.cgroup : nil, startedAt: life.started,
            state: isRunning ? .running : .exited(.init(finishedAt: life.ended))))
      }
      return snapshot
    }
  }

  private struct Kernel: ChangeCounter {
    let history: History
    let clock: ManualClock

    func count() async -> UInt64 { UInt64(history.changes(until: clock.now.steady)) }
  }

  @Test(
    "says of no cgroup id that it was one container's where asking each time knows better",
    arguments: 0..<80 as Range<UInt64>)
  func histories(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let lag = seed.isMultiple(of: 2)
    let leavesCgroups = seed % 4 >= 2
    let history = History(lag: lag, leavesCgroups: leavesCgroups, using: &generator)
    let clock = ManualClock(0)
    let runtime = FakeSource {
      let asked = clock.now.wall
      let answer = history.polls.first { $0.begin == asked }?.answer ?? asked
      clock.move(to: answer)
      return history.snapshot(at: answer)
    }
    let source = LazySource(
      runtime, counter: Kernel(history: history, clock: clock), clock: clock)
    var lazy = Roster()
    var eager = Roster()
    var credited = 0
    for (index, poll) in history.polls.enumerated() {
      clock.move(to: poll.begin)
      let told = try await source.snapshot()
      let asked = history.snapshot(at: poll.answer)
      _ = lazy.update(told, taken: poll.begin...max(poll.begin, clock.now.wall))
      _ = eager.update(asked, taken: poll.begin...poll.answer)
      if !leavesCgroups {
        let known = history.snapshot(at: clock.now.wall)
        #expect(Self.running(told) == Self.running(known), "seed \(seed), poll \(index)")
      }
      for cgroup in 1...3 as ClosedRange<UInt64> {
        let begin = index > 0 ? history.polls[index - 1].begin : 0
        let interval = begin..<poll.begin
        let owner = lazy.owner(of: cgroup, in: interval)
        #expect(owner != .undecided, "seed \(seed), poll \(index)")
        guard case .container(let container) = owner else { continue }
        credited += 1
        if case .container(let other) = eager.owner(of: cgroup, in: interval) {
          #expect(container.id == other.id, "seed \(seed), poll \(index)")
        }
        if lag { continue }
        // The runtime tells what is, so that what is told is to be true.
        let others = history.lives.filter { life in
          life.cgroup == cgroup && life.id != container.id
            && life.started < interval.upperBound && life.ended > interval.lowerBound
            && history.polls[...index].contains {
              life.started <= $0.answer && $0.answer < life.ended
            }
        }
        #expect(others.map(\.id) == [], "seed \(seed), poll \(index): \(container.id)")
      }
    }
    #expect(credited > 50, "seed \(seed)")
    #expect(runtime.askings < history.polls.count, "seed \(seed)")
  }

  private static func running(_ snapshot: RuntimeSnapshot) -> [ContainerRecord] {
    snapshot.containers.filter { $0.state == .running }
  }
}
