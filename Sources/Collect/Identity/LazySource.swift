/// Asks a runtime only when something may have changed since it was asked last.
///
/// A container cannot come or go without a cgroup being made or removed, and the kernel counts
/// these for nothing (``ChangeCounter``). As long as the count stays, the last answer is given
/// again. To a ``Roster`` that is as good as a new one: whoever takes the time before calling
/// ``snapshot()`` knows that no cgroup was made or removed from the last asking until after that
/// time, so no cgroup id can have changed hands.
///
/// The runtime is asked all the same
/// - for five seconds after a change was seen, as its own books may lag behind the kernel;
/// - while it told too little of a container, or has one that is created: its start makes no cgroup
///   that was not there;
/// - when it has said itself that something happened (``changes()``), and when it did not answer;
/// - ten seconds after it was asked last: a container may end and leave its cgroup.
///
/// The source must tell of nothing that changes otherwise, as ``CgroupSource`` does, which looks
/// for processes.
actor LazySource: RuntimeSource {
  nonisolated var name: String { source.name }
  private let source: any RuntimeSource
  private let counter: any ChangeCounter
  private let clock: any SamplingClock

  /// Nanoseconds that the runtime may lag behind the kernel.
  static let longestLag: Int64 = 5_000_000_000
  /// Nanoseconds for which an answer may be given again.
  static let longestMemory: Int64 = 10_000_000_000

  /// What the runtime answered last, if nothing is known that will change it.
  private var settled: Answer?
  private var lastCount: UInt64?
  /// When ``lastCount`` was first seen.
  private var lastChange: Int64 = 0
  /// How often the runtime has said that something happened.
  private var announced: UInt64 = 0
  private var askings: UInt64 = 0

  private struct Answer {
    var snapshot: RuntimeSnapshot
    /// As of just before the runtime was asked, as are the others.
    var count: UInt64
    var announced: UInt64
    var asked: Int64
  }

  init(
    _ source: any RuntimeSource, counter: any ChangeCounter,
    clock: any SamplingClock = SystemSamplingClock()
  ) {
    self.source = source
    self.counter = counter
    self.clock = clock
  }

  /// Throws what the source throws.
  func snapshot() async throws -> RuntimeSnapshot {
    // First: what changes from here on is seen by the next call.
    let count = await counter.count()
    let now = clock.now.steady
    if count != lastCount { (lastCount, lastChange) = (count, now) }
    if let settled, settled.count == count, settled.announced == announced,
      now - settled.asked < Self.longestMemory
    {
      return settled.snapshot
    }
    let isCaughtUp = now - lastChange >= Self.longestLag
    settled = nil
    askings += 1
    let (asking, announced) = (askings, announced)
    let snapshot = try await source.snapshot()
    // Of several that are under way, the one begun last knows most.
    if asking == askings, isCaughtUp, snapshot.leftOut.isEmpty, snapshot.awaited == 0 {
      settled = Answer(snapshot: snapshot, count: count, announced: announced, asked: now)
    }
    return snapshot
  }

  nonisolated func changes() -> AsyncStream<Void>? {
    guard let changes = source.changes() else { return nil }
    let (ticks, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let following = Task {
      for await _ in changes {
        await self.noteAnnouncement()
        continuation.yield()
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in following.cancel() }
    return ticks
  }

  private func noteAnnouncement() { announced += 1 }
}
