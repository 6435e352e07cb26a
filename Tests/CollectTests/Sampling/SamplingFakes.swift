import Synchronization
import TimeSeries

@testable import Collect

/// A clock that stands until it is moved.
final class ManualClock: SamplingClock {
  private let moment: Mutex<Moment>

  init(_ time: Timestamp) { moment = Mutex(Moment(wall: time, steady: time)) }

  var now: Moment { moment.withLock { $0 } }

  func move(by nanoseconds: Int64) {
    moment.withLock {
      $0.wall += nanoseconds
      $0.steady += nanoseconds
    }
  }

  func move(to time: Timestamp) { move(by: time - now.wall) }

  /// Somebody sets the time of day.
  func set(by nanoseconds: Int64) { moment.withLock { $0.wall += nanoseconds } }

  func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

/// A clock on which waiting takes no time: who sleeps moves it.
final class RacingClock: SamplingClock {
  struct State {
    var moment: Moment
    /// The sleeps of the grid that are left; the one after them is cancelled.
    var sleepsLeft: Int
    /// What happens to the clock after each sleep.
    var script: [(inout Moment) -> Void]
  }

  private let state: Mutex<State>
  private let watchdog: Duration
  private let watchdogBarks: Bool

  /// - Parameters:
  ///   - watchdog: the duration of the sleep after which patience ends.
  ///   - watchdogBarks: whether that sleep ends at all; if so, at once.
  init(
    _ time: Timestamp, sleeps: Int, watchdog: Duration, watchdogBarks: Bool,
    script: sending [(inout Moment) -> Void] = []
  ) {
    state = Mutex(
      State(moment: Moment(wall: time, steady: time), sleepsLeft: sleeps, script: script))
    self.watchdog = watchdog
    self.watchdogBarks = watchdogBarks
  }

  /// Time passes as it is looked at.
  var now: Moment {
    state.withLock {
      $0.moment.wall += 1000
      $0.moment.steady += 1000
      return $0.moment
    }
  }

  func sleep(for duration: Duration) async throws {
    for _ in 0..<20 { await Task.yield() }
    if duration == watchdog {
      if watchdogBarks { return }
      throw CancellationError()
    }
    try state.withLock { state in
      guard state.sleepsLeft > 0 else { throw CancellationError() }
      state.sleepsLeft -= 1
      state.moment.wall += duration.nanoseconds
      state.moment.steady += duration.nanoseconds
      if !state.script.isEmpty { state.script.removeFirst()(&state.moment) }
    }
  }
}

/// A runtime that tells what it is told to.
final class FakeSource: RuntimeSource {
  typealias Answer = @Sendable () async throws -> RuntimeSnapshot

  let name = "fake"
  private let answer: Mutex<Answer>
  private let asked = Mutex(0)
  private let ticks: AsyncStream<Void>?

  init(changes: AsyncStream<Void>? = nil, _ answer: @escaping Answer) {
    self.answer = Mutex(answer)
    ticks = changes
  }

  convenience init(_ containers: [ContainerRecord] = []) {
    self.init { RuntimeSnapshot(containers: containers) }
  }

  func tell(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }
  func tell(_ containers: [ContainerRecord]) {
    tell { RuntimeSnapshot(containers: containers) }
  }

  /// How often it was asked.
  var askings: Int { asked.withLock { $0 } }

  func snapshot() async throws -> RuntimeSnapshot {
    asked.withLock { $0 += 1 }
    return try await answer.withLock { $0 }()
  }
  func changes() -> AsyncStream<Void>? { ticks }
}

/// A probe whose reading is made by a closure.
final class FakeProbe: KernelProbe {
  let name = "fake"
  private let reading: Mutex<@Sendable () -> KernelReading?>
  private let gaps = Mutex<[Parameter: String]>([:])

  init(_ reading: @escaping @Sendable () -> KernelReading? = { nil }) {
    self.reading = Mutex(reading)
  }

  func tell(_ reading: KernelReading?) { self.reading.withLock { $0 = { reading } } }
  func tell(missing: [Parameter: String]) { gaps.withLock { $0 = missing } }

  func read() async -> KernelReading? { reading.withLock { $0 }() }
  func missing() async -> [Parameter: String] { gaps.withLock { $0 } }
  func stop() async {}
}

/// The cgroups of containers, by the containers' ids.
final class FakeCgroups: CgroupReader {
  private let samples = Mutex<[String: CgroupSample]>([:])

  subscript(id: String) -> CgroupSample? {
    get { samples.withLock { $0[id] } }
    set { samples.withLock { $0[id] = newValue } }
  }

  func sample(of container: ContainerRecord) -> CgroupSample? { self[container.id] }
}

/// Keeps the lines.
final class KeptLines: LineSink {
  private let kept = Mutex<[String]>([])
  private let statistics: SenderStatistics?

  init(statistics: SenderStatistics? = nil) { self.statistics = statistics }

  var all: [String] { kept.withLock { $0 } }
  func lines(of measurement: String) -> [String] { all.filter { $0.hasPrefix(measurement + ",") } }

  func add(_ lines: [UInt8]) {
    kept.withLock {
      $0 += String(decoding: lines, as: UTF8.self).split(separator: "\n").map(String.init)
    }
  }

  func currentStatistics() async -> SenderStatistics? { statistics }
}

/// A row as it was printed: no test has names that need escapes.
struct PrintedRow: Hashable {
  var tags: [String: String] = [:]
  var fields: [String: String] = [:]
  var time: Timestamp

  init?(_ line: String) {
    let parts = line.split(separator: " ")
    guard parts.count == 3, let time = Timestamp(parts[2]) else { return nil }
    self.time = time
    for tag in parts[0].split(separator: ",").dropFirst() {
      let pair = tag.split(separator: "=", maxSplits: 1)
      if pair.count == 2 { tags[String(pair[0])] = String(pair[1]) }
    }
    for field in parts[1].split(separator: ",") {
      let pair = field.split(separator: "=", maxSplits: 1)
      if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
    }
  }

  func number(_ field: String) -> Int64? {
    fields[field].flatMap { $0.hasSuffix("i") ? Int64($0.dropLast()) : nil }
  }
}
