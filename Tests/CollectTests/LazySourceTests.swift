import Synchronization
import Testing
import TimeSeries

@testable import Collect

@Suite("Asking the runtime only when something may have changed", .timeLimit(.minutes(1)))
struct LazySourceTests {
  private static let second: Int64 = 1_000_000_000

  /// A source, what it asks and what it looks at.
  private struct Setting {
    let runtime: FakeSource
    let counter = ManualCounter()
    let clock = ManualClock(1_000 * LazySourceTests.second)
    let source: LazySource

    init(changes: AsyncStream<Void>? = nil) {
      runtime = FakeSource(changes: changes) { RuntimeSnapshot() }
      source = LazySource(runtime, counter: counter, clock: clock)
    }

    /// Asks each second until an answer is remembered.
    func settle() async throws {
      for _ in 0...5 {
        _ = try await source.snapshot()
        clock.move(by: LazySourceTests.second)
      }
    }

    /// Whether the runtime is asked for a snapshot that is wanted now.
    func asks() async throws -> Bool {
      let before = runtime.askings
      _ = try await source.snapshot()
      return runtime.askings > before
    }
  }

  private struct Away: Error {}

  private static func container(_ id: String) -> ContainerRecord {
    ContainerRecord(id: id, name: id, cgroupPath: "/" + id, cgroupID: 1)
  }

  @Test("while nothing changes, the last answer is given again for ten seconds, then it is asked")
  func quiet() async throws {
    let setting = Setting()
    setting.runtime.tell([Self.container("a")])
    // The settled answer is that of the fifth second.
    try await setting.settle()
    for second in 6..<15 {
      #expect(try await !setting.asks(), "second \(second)")
      #expect(try await setting.source.snapshot().containers.map(\.id) == ["a"])
      setting.clock.move(by: Self.second)
    }
    #expect(try await setting.asks())
    setting.clock.move(by: 10 * Self.second - 1)
    #expect(try await !setting.asks())
    setting.clock.move(by: 1)
    #expect(try await setting.asks())
  }

  @Test("it is asked when it begins, as something may have changed just before")
  func beginning() async throws {
    let setting = Setting()
    for _ in 0...5 {
      #expect(try await setting.asks())
      setting.clock.move(by: Self.second)
    }
    #expect(try await !setting.asks())
  }

  @Test("after a change it is asked for five seconds, by a clock that is never set")
  func change() async throws {
    let setting = Setting()
    try await setting.settle()
    #expect(try await !setting.asks())
    setting.counter.add()
    #expect(try await setting.asks())
    setting.clock.set(by: -3600 * Self.second)
    setting.clock.move(by: 5 * Self.second - 1)
    #expect(try await setting.asks())
    #expect(try await setting.asks())
    setting.clock.move(by: 1)
    #expect(try await setting.asks())
    #expect(try await !setting.asks())
    setting.clock.set(by: 3600 * Self.second)
    #expect(try await !setting.asks())
  }

  @Test("a change in the meantime begins the five seconds anew")
  func changes() async throws {
    let setting = Setting()
    try await setting.settle()
    for _ in 0..<4 {
      setting.counter.add()
      #expect(try await setting.asks())
      setting.clock.move(by: 4 * Self.second)
      #expect(try await setting.asks())
    }
    setting.clock.move(by: Self.second)
    #expect(try await setting.asks())
    #expect(try await !setting.asks())
  }

  @Test(
    "as long as a container cannot be read or has not started, it is asked",
    arguments: [
      RuntimeSnapshot(leftOut: [.init(id: "a", reason: "no pid")]), RuntimeSnapshot(awaited: 1),
    ])
  func incomplete(snapshot: RuntimeSnapshot) async throws {
    let setting = Setting()
    setting.runtime.tell { snapshot }
    try await setting.settle()
    for _ in 0..<20 {
      #expect(try await setting.asks())
      setting.clock.move(by: Self.second)
    }
    setting.runtime.tell([Self.container("a")])
    #expect(try await setting.source.snapshot().containers.map(\.id) == ["a"])
    #expect(try await !setting.asks())
  }

  @Test("a failure is passed on, and forgets what was known")
  func failure() async throws {
    let setting = Setting()
    try await setting.settle()
    setting.runtime.tell { throw Away() }
    #expect(try await !setting.asks())
    setting.counter.add()
    for _ in 0..<20 {
      await #expect(throws: Away.self) { try await setting.source.snapshot() }
      setting.clock.move(by: Self.second)
    }
    #expect(setting.runtime.askings == 26)
    setting.runtime.tell([Self.container("a")])
    #expect(try await setting.asks())
    #expect(try await !setting.asks())
  }

  @Test("when the runtime says that something happened, it is asked before that is passed on")
  func announcements() async throws {
    let (events, runtime) = AsyncStream.makeStream(of: Void.self)
    let setting = Setting(changes: events)
    let changes = try #require(setting.source.changes())
    var ticks = changes.makeAsyncIterator()
    try await setting.settle()
    #expect(try await !setting.asks())
    runtime.yield()
    #expect(await ticks.next() != nil)
    #expect(try await setting.asks())
    #expect(try await !setting.asks())
    runtime.finish()
    #expect(await ticks.next() == nil)
    #expect(try await !setting.asks())
  }

  @Test("an announcement while the runtime is being asked is not missed")
  func announcedMeanwhile() async throws {
    let (events, runtime) = AsyncStream.makeStream(of: Void.self)
    let setting = Setting(changes: events)
    let changes = try #require(setting.source.changes())
    try await setting.settle()
    setting.clock.move(by: 10 * Self.second)
    setting.runtime.tell {
      runtime.yield()
      for await _ in changes { break }
      return RuntimeSnapshot()
    }
    #expect(try await setting.asks())
    setting.runtime.tell([])
    #expect(try await setting.asks())
    #expect(try await !setting.asks())
  }

  @Test("who stops listening to the changes stops the source's listening")
  func stoppedListening() async throws {
    let (events, runtime) = AsyncStream.makeStream(of: Void.self)
    let setting = Setting(changes: events)
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    runtime.onTermination = { _ in end.finish() }
    let listening = Task {
      guard let changes = setting.source.changes() else { return }
      for await _ in changes {}
    }
    listening.cancel()
    for await _ in ended {}
    await listening.value
  }

  @Test("a runtime without events has none, and its name is kept")
  func passedOn() async throws {
    let setting = Setting()
    #expect(setting.source.changes() == nil)
    #expect(setting.source.name == setting.runtime.name)
  }

  @Test("a change while the runtime is being asked is not missed")
  func changedMeanwhile() async throws {
    let setting = Setting()
    try await setting.settle()
    setting.clock.move(by: 10 * Self.second)
    // What is answered is what there was before.
    setting.runtime.tell {
      setting.counter.add()
      return RuntimeSnapshot()
    }
    #expect(try await setting.asks())
    setting.runtime.tell([Self.container("new")])
    #expect(try await setting.source.snapshot().containers.map(\.id) == ["new"])
    #expect(try await setting.asks())
  }

  @Test("an answer that took long does not take the place of one to a later question")
  func overtaken() async throws {
    let setting = Setting()
    try await setting.settle()
    setting.clock.move(by: 10 * Self.second)
    let (isAsked, asked) = AsyncStream.makeStream(of: Void.self)
    let (mayAnswer, answer) = AsyncStream.makeStream(of: Void.self)
    setting.runtime.tell {
      asked.finish()
      for await _ in mayAnswer {}
      return RuntimeSnapshot(containers: [Self.container("old")])
    }
    async let slow = setting.source.snapshot()
    for await _ in isAsked {}
    setting.runtime.tell([Self.container("new")])
    #expect(try await setting.source.snapshot().containers.map(\.id) == ["new"])
    answer.finish()
    #expect(try await slow.containers.map(\.id) == ["old"])
    #expect(try await !setting.asks())
    #expect(try await setting.source.snapshot().containers.map(\.id) == ["new"])
  }

  @Test("many that ask at once never get what was there before they asked")
  func concurrent() async throws {
    let setting = Setting()
    setting.runtime.tell {
      RuntimeSnapshot(containers: [Self.container("\(setting.counter.value)")])
    }
    let askers = 8
    let each = 200
    try await withThrowingTaskGroup { group in
      for _ in 0..<askers {
        group.addTask {
          for number in 0..<each {
            if number.isMultiple(of: 20) { setting.counter.add() }
            setting.clock.move(by: Self.second)
            let before = setting.counter.value
            let told = try await setting.source.snapshot().containers.first
            #expect(told.flatMap { UInt64($0.id) }.map { $0 >= before } == true)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(setting.runtime.askings < askers * each)
  }
}

/// Counts what it is told to.
private final class ManualCounter: ChangeCounter {
  private let changes = Mutex<UInt64>(0)

  var value: UInt64 { changes.withLock { $0 } }
  func add() { changes.withLock { $0 += 1 } }
  func count() async -> UInt64 { value }
}
