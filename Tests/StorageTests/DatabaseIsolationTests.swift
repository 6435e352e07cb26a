import Synchronization
import Testing
import TimeSeries

@testable import Storage

/// Databases do not wait for each other's files, and what takes long can be broken off without loss.
@Suite(.timeLimit(.minutes(5))) struct DatabaseIsolationTests {
  private let files = GatedFileSystem(SimulatedFileSystem())

  private func open(_ change: (inout StorageOptions) -> Void = { _ in }) throws -> StorageEngine {
    var options = StorageOptions(
      syncPolicy: .interval(milliseconds: 5), memtableLimit: 20_000, now: { 0 })
    change(&options)
    return try StorageEngine(directory: "/data", fileSystem: files, options: options)
  }

  private func write(_ range: Range<Int>, to database: String, _ engine: StorageEngine) throws {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 100) {
      let points = (start..<min(start + 100, range.upperBound)).map {
        TestPoint("m,s=\($0 % 5)", Timestamp($0), [("f", .integer(Int64($0)))])
      }
      _ = try engine.write(PointBatch(points), to: database)
    }
  }

  private func count(_ database: String, _ engine: StorageEngine) throws -> Int? {
    try engine.snapshot(of: database)?.cells().count
  }

  /// Makes every flush of a database wait, and has one begin.
  private func holdFlush(
    of database: String, at operation: String = "create", _ engine: StorageEngine
  ) throws {
    files.hold { $0 == operation && $1.contains("/\(database)/segments/") }
    let store = try engine.store(database)
    store.monitor.withLock { store.freeze() }
    files.waitUntilHeld()
  }

  @Test func nothingOfAnotherDatabaseWaitsForAFlush() throws {
    let engine = try open()
    for name in ["slow", "other"] { try engine.createDatabase(name) }
    try write(0..<100, to: "slow", engine)
    try holdFlush(of: "slow", engine)
    // More than would fit in memory without a flush.
    try write(0..<20_000, to: "other", engine)
    try engine.flush("other")
    try engine.compact("other")
    let store = try engine.store("other")
    try write(20_000..<20_100, to: "other", engine)
    while store.monitor.withLock({ store.wal.lastSettled < store.wal.lastAppended }) {}
    try engine.createDatabase("third")
    try write(0..<100, to: "third", engine)
    try engine.dropDatabase("third")
    #expect(try count("other", engine) == 20_100)
    // The one that waits takes points meanwhile, too.
    try write(100..<200, to: "slow", engine)
    #expect(try count("slow", engine) == 200)
    try engine.dropDatabase("other")
    #expect(engine.databases == ["slow"])
    files.release()
    try engine.close()
    let again = try open()
    #expect(again.problems == [])
    #expect(try count("slow", again) == 200)
    try again.close()
  }

  @Test func aDatabaseIsDroppedWithoutItsFlushBeingCompleted() throws {
    let engine = try open { $0.blockRows = 10 }
    try engine.createDatabase("db")
    try write(0..<500, to: "db", engine)
    let store = try engine.store("db")
    try engine.flush("db")
    let attempts = store.monitor.withLock { store.flushAttempts }
    try write(500..<900, to: "db", engine)
    try holdFlush(of: "db", at: "append", engine)
    let failure = Mutex<String?>(nil)
    let thread = try #require(
      BackgroundThread {
        do { try engine.dropDatabase("db") } catch { failure.withLock { $0 = "\(error)" } }
      })
    while !store.isEnding {}
    files.release()
    thread.join()
    #expect(failure.withLock { $0 } == nil)
    #expect(store.flushAttempts == attempts)
    #expect(engine.databases == [])
    #expect(throws: StorageError.databaseNotFound("db")) { try engine.flush("db") }
    try engine.createDatabase("db")
    try write(0..<100, to: "db", engine)
    #expect(try count("db", engine) == 100)
    try engine.close()
  }

  @Test func aFlushThatIsUnderWayIsBrokenOffAtTheEnd() throws {
    let engine = try open {
      $0.blockRows = 10
      $0.closingLimit = .zero
    }
    try engine.createDatabase("db")
    try write(0..<1000, to: "db", engine)
    try engine.flush("db")
    let store = try engine.store("db")
    let segments = store.version.segments.count
    try write(1000..<1400, to: "db", engine)
    try holdFlush(of: "db", at: "append", engine)
    try write(1400..<1500, to: "db", engine)
    let failure = Mutex<String?>(nil)
    let thread = try #require(
      BackgroundThread {
        do { try engine.close() } catch { failure.withLock { $0 = "\(error)" } }
      })
    while !store.isEnding {}
    files.release()
    thread.join()
    #expect(failure.withLock { $0 } == nil)
    let again = try open()
    #expect(again.problems == [])
    #expect(try again.store("db").version.state.segments.count == segments)
    #expect(try count("db", again) == 1500)
    try again.close()
  }

  @Test func whatThereIsNoTimeToFlushIsInTheLog() throws {
    for sync in [SyncPolicy.always, .interval(milliseconds: 1000)] {
      let disk = SimulatedFileSystem()
      var options = StorageOptions.deterministic(sync: sync)
      options.closingLimit = .zero
      let engine = try StorageEngine(directory: "/data", fileSystem: disk, options: options)
      for name in ["a", "b"] {
        try engine.createDatabase(name)
        try write(0..<300, to: name, engine)
      }
      try engine.close()
      #expect(disk.paths.filter { $0.hasSuffix(".seg") } == [])
      let again = try StorageEngine(
        directory: "/data", fileSystem: disk.afterPowerCut(.everything), options: options)
      #expect(again.problems == [])
      for name in ["a", "b"] { #expect(try count(name, again) == 300) }
    }
  }

  @Test func storesTakeTurns() throws {
    let engine = try open { $0.usesBackgroundThreads = false }
    for name in ["a", "b"] { try engine.createDatabase(name) }
    let (a, b) = (try engine.store("a"), try engine.store("b"))
    let turns = Mutex<[String]>([])
    let monitor = Monitor()
    nonisolated(unsafe) var isOpen = false
    let queue = StoreQueue(threadLimit: 1, pauseMilliseconds: 1) { store in
      monitor.withLock { while !isOpen { monitor.wait() } }
      return turns.withLock { turns in
        turns.append(store.name)
        let count = turns.filter { $0 == store.name }.count
        return store.name == "b" ? .done : count < 3 ? .again : count < 5 ? .later : .done
      }
    }
    try queue.start()
    for store in [a, b, b, a] { queue.add(store) }
    monitor.withLock {
      isOpen = true
      monitor.broadcast()
    }
    while turns.withLock({ $0.filter { $0 == "a" }.count < 5 }) {}
    queue.stop()
    #expect(turns.withLock { $0 } == ["a", "b", "a", "a", "a", "a"])
  }
}
