import Synchronization
import TestSupport
import Testing
import TimeSeries

@testable import Collect

/// A node whose containers come and go on a few cgroup ids and are counted, in intervals of 100 ns;
/// the model knows who did what.
private final class SimulatedNode: CgroupReader {
  struct Event {
    var time: Timestamp
    var cgroup: UInt64
    var parameter: Parameter
    var count: UInt64
    /// Nil for the host's own.
    var life: String?
  }

  static let parameters: [Parameter] = [.systemCalls, .pageFaults]
  let clock: ManualClock
  let lives: [CgroupLife]
  let nested: [String: UInt64]
  let events: [Event]
  private let state: Mutex<State>

  private struct State {
    var generator: SeededGenerator
    var run: (number: UInt64, begin: Timestamp) = (1, .min)
    /// When totals were read, in the order of the readings; nil where they were not, or where it
    /// was another run than before.
    var moments: [(time: Timestamp, run: UInt64)?] = []
  }

  init(shots: [ClosedRange<Timestamp>], clock: ManualClock, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    self.clock = clock
    lives = (1...4 as ClosedRange<UInt64>).flatMap {
      CgroupLife.succession(on: $0, shots: shots, using: &generator)
    }
    var nested: [String: UInt64] = [:]
    var events: [Event] = []
    func count(_ cgroup: UInt64, _ times: Range<Timestamp>, of life: String?) {
      for _ in 0..<(times.upperBound - times.lowerBound) / 7 + 1 {
        events.append(
          Event(
            time: .random(in: times, using: &generator), cgroup: cgroup,
            parameter: Self.parameters[Int.random(in: 0...1, using: &generator)],
            count: .random(in: 1...9, using: &generator), life: life))
      }
    }
    for (index, life) in lives.enumerated() {
      count(life.record.cgroupID ?? 0, life.created..<life.ended, of: life.record.id)
      if index % 2 == 0 {
        let below = 1000 + UInt64(index)
        nested[life.record.id] = below
        count(below, life.created..<life.ended, of: life.record.id)
      }
    }
    if let last = shots.last { count(99, 0..<last.upperBound, of: nil) }
    self.nested = nested
    self.events = events
    state = Mutex(State(generator: generator))
  }

  func random(_ range: ClosedRange<Int64>) -> Int64 {
    state.withLock { .random(in: range, using: &$0.generator) }
  }

  func snapshot(during shot: ClosedRange<Timestamp>) -> RuntimeSnapshot {
    state.withLock { state in
      // It sees each container at some moment of its own while it is taken.
      let seen = lives.filter {
        $0.isThere(at: .random(in: shot, using: &state.generator))
      }
      return RuntimeSnapshot(containers: seen.map(\.record).shuffled(using: &state.generator))
    }
  }

  func sample(of container: ContainerRecord) -> CgroupSample? {
    let now = clock.now.wall
    guard let life = lives.first(where: { $0.record.id == container.id }), life.isThere(at: now)
    else { return nil }
    return CgroupSample(
      readings: CgroupReadings(cpuNanoseconds: UInt64(3 * (now - life.created)), memoryBytes: 1),
      nested: nested[container.id].map { [$0] } ?? [])
  }

  func reading() -> KernelReading? {
    clock.move(by: random(0...8))
    defer { clock.move(by: random(0...8)) }
    let now = clock.now.wall
    return state.withLock { state in
      let chance = Int.random(in: 0..<12, using: &state.generator)
      if chance == 0 {
        state.moments.append(nil)
        return nil
      }
      if chance == 1 { state.run = (state.run.number + 1, now - 20) }
      var reading = KernelReading(run: state.run.number)
      for parameter in Self.parameters { reading.totals[parameter] = [:] }
      for event in events where event.time > state.run.begin && event.time <= now {
        reading.totals[event.parameter]?[event.cgroup, default: 0] += event.count
      }
      state.moments.append((now, state.run.number))
      return reading
    }
  }

  /// From when to when the counts of the interval between two readings are, the first excluded, the
  /// last included; nil where there are none.
  func window(after index: Int) -> (Timestamp, Timestamp)? {
    state.withLock { state in
      guard let from = state.moments[index], let to = state.moments[index + 1], from.run == to.run
      else { return nil }
      return (from.time, to.time)
    }
  }

  /// What was counted in a window.
  func events(in window: (Timestamp, Timestamp)) -> [Event] {
    events.filter { $0.time > window.0 && $0.time <= window.1 }
  }
}

@Suite("Counts under churn")
struct SamplerPropertyTests {
  private enum Step {
    case reading(end: Timestamp, begun: Timestamp)
    case shot(ClosedRange<Timestamp>)
  }

  /// Readings at the end of each interval, and snapshots now and then between them.
  private func steps(using generator: inout SeededGenerator) -> [Step] {
    var steps: [Step] = []
    for end in stride(from: 1000 as Timestamp, through: 5000, by: 100) {
      steps.append(.reading(end: end, begun: end + .random(in: 0...8, using: &generator)))
      var time = end + 26
      while Bool.random(using: &generator) {
        time += .random(in: 0...20, using: &generator)
        let shot = time...time + .random(in: 0...8, using: &generator)
        guard shot.upperBound < end + 90 else { break }
        steps.append(.shot(shot))
        time = shot.upperBound + 9
      }
    }
    steps.append(.shot(5092...5094))
    return steps
  }

  @Test("nobody is given another's counts, and none are lost", arguments: 0..<60 as Range<UInt64>)
  func churn(seed: UInt64) async {
    var generator = SeededGenerator(seed: seed)
    let steps = steps(using: &generator)
    let shots = steps.compactMap { if case .shot(let shot) = $0 { shot } else { nil } }
    let clock = ManualClock(990)
    let node = SimulatedNode(shots: shots, clock: clock, seed: seed)
    let runtime = FakeSource()
    let lines = KeptLines()
    var settings = SamplerSettings(node: "n")
    settings.interval = .nanoseconds(100)
    let sampler = Sampler(
      settings: settings, source: runtime, probes: [FakeProbe { node.reading() }], cgroups: node,
      sink: lines, clock: clock, logger: .silent)
    var spans: [(begun: Timestamp, completed: Timestamp)] = []
    for step in steps {
      switch step {
      case .reading(let end, let begun):
        clock.move(to: begun)
        await sampler.takeReading(at: end, begun: clock.now)
        spans.append((begun, clock.now.wall))
      case .shot(let shot):
        clock.move(to: shot.lowerBound)
        runtime.tell {
          clock.move(to: shot.upperBound)
          return node.snapshot(during: shot)
        }
        await sampler.takeSnapshot()
      }
    }

    let costs = lines.lines(of: "collector").compactMap(PrintedRow.init)
    let rows = Dictionary(
      grouping: lines.lines(of: "container").compactMap(PrintedRow.init), by: \.time)
    #expect(costs.map(\.time) == Array(stride(from: 1000, to: 5000, by: 100)), "seed \(seed)")
    var credited: Int64 = 0
    for (index, cost) in costs.enumerated() {
      let window = node.window(after: index)
      let events = window.map { node.events(in: $0) } ?? []
      func count(where isMeant: (SimulatedNode.Event) -> Bool) -> Int64 {
        Int64(events.filter(isMeant).reduce(0) { $0 + $1.count })
      }
      #expect(
        cost.number("missing_parameters") == (window == nil ? 6 : 4), "seed \(seed), \(cost.time)")
      let rows = rows[cost.time] ?? []
      var sum: Int64 = 0
      for row in rows {
        let id = row.tags["pod"]
        for parameter in SimulatedNode.parameters {
          guard let told = row.number(parameter.rawValue) else { continue }
          sum += told
          let nested = id.flatMap { node.nested[$0] }
          let all = count { $0.life == id && $0.parameter == parameter }
          let below = count { $0.cgroup == nested && $0.parameter == parameter }
          // What is below is its own as far as it was seen.
          #expect(told == all || told == all - below, "seed \(seed): \(cost.time) \(row)")
        }
      }
      credited += sum
      let counted = count { _ in true }
      #expect(cost.number("events") == counted, "seed \(seed), \(cost.time)")
      let rest = (cost.number("unowned") ?? 0) + (cost.number("contested") ?? 0)
      #expect(sum + rest == counted, "seed \(seed), \(cost.time)")

      // What was surely there from before the interval to after it has all its counts.
      let span = spans[index].begun...spans[index + 1].completed
      for life in node.lives {
        let isSure =
          life.started <= span.lowerBound && life.ended > span.upperBound
          && shots.contains { life.started <= $0.lowerBound && $0.upperBound <= span.lowerBound }
          && shots.contains { span.upperBound < $0.lowerBound && $0.upperBound < life.ended }
        guard isSure else { continue }
        let row = rows.first { $0.tags["pod"] == life.record.id }
        #expect(row != nil, "seed \(seed): \(life.record.id) at \(cost.time)")
        guard window != nil else { continue }
        for parameter in SimulatedNode.parameters {
          let all = count {
            $0.life == life.record.id && $0.parameter == parameter
          }
          #expect(row?.number(parameter.rawValue) == all, "seed \(seed): \(cost.time)")
        }
      }
    }
    #expect(credited > 100, "seed \(seed)")
    // No processor time is told twice.
    for life in node.lives {
      let told = rows.values.joined().filter { $0.tags["pod"] == life.record.id }
        .compactMap { $0.number("cpu_usage") }.reduce(0, +)
      #expect(told <= 3 * (life.ended - life.created), "seed \(seed): \(life.record.id)")
    }
  }
}
