import TestSupport
import Testing
import TimeSeries

@testable import Collect

/// Containers come and go on a handful of cgroup ids; the model knows when each really had its id.
@Suite("Cgroup ids under churn")
struct RosterPropertyTests {
  @Test("nobody is credited with another's counts", arguments: 0..<60 as Range<UInt64>)
  func churn(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var shots: [ClosedRange<Timestamp>] = []
    var time: Timestamp = 1000
    for _ in 0..<30 {
      time += .random(in: 20...60, using: &generator)
      let end = time + .random(in: 0...10, using: &generator)
      shots.append(time...end)
      time = end
    }
    let all = (1...3 as ClosedRange<UInt64>).map {
      CgroupLife.succession(on: $0, shots: shots, using: &generator)
    }

    var roster = Roster(memory: 1_000_000)
    var events: [LifecycleEvent] = []
    var credited = 0
    for (index, shot) in shots.enumerated() {
      var snapshot = RuntimeSnapshot()
      for life in all.joined() {
        // It sees each container at some moment of its own while it is taken.
        let moment = Timestamp.random(in: shot, using: &generator)
        if life.created <= moment, moment < life.ended { snapshot.containers.append(life.record) }
      }
      snapshot.containers.shuffle(using: &generator)
      events += roster.update(snapshot, taken: shot)

      for _ in 0..<60 {
        let cgroup = Int.random(in: 0..<all.count, using: &generator)
        let from = Timestamp.random(
          in: max(900, shot.lowerBound - 250)..<shot.lowerBound, using: &generator)
        let interval = from..<from + .random(in: 1...40, using: &generator)
        let owner = roster.owner(of: UInt64(cgroup + 1), in: interval)
        let isDecided = interval.upperBound <= shot.lowerBound
        #expect(isDecided == (owner != .undecided), "seed \(seed)")

        let active = all[cgroup].filter {
          $0.created < interval.upperBound && $0.ended > interval.lowerBound
        }
        if case .container(let container) = owner {
          credited += 1
          let others = active.map(\.record.id).filter { $0 != container.id }
          #expect(others.isEmpty, "seed \(seed): \(interval) to \(container.id), was \(others)")
        }
        // What was there before the interval and after it must not lose its counts.
        let sure = all[cgroup].first { life in
          life.started <= interval.lowerBound && life.ended >= interval.upperBound
            && shots[...index].contains {
              life.started <= $0.lowerBound && $0.upperBound <= interval.lowerBound
            }
            && shots[...index].contains {
              interval.upperBound <= $0.lowerBound && $0.upperBound < life.ended
            }
        }
        if let sure { #expect(owner == .container(sure.record), "seed \(seed): \(interval)") }
      }
    }
    #expect(credited > 100, "seed \(seed)")
    events += roster.update(RuntimeSnapshot(), taken: time + 1...time + 2)
    for life in all.joined() {
      let kinds = events.filter { $0.container.id == life.record.id }.map(\.kind)
      #expect(kinds == [.start, .stop], "seed \(seed): \(life.record.id)")
    }
  }
}
