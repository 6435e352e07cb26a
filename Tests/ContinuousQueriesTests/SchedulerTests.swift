import ContinuousQueries
import Query
import Synchronization
import TestSupport
import Testing
import TimeSeries

@Suite struct ContinuousQuerySchedulerTests {
  static let text =
    "CREATE CONTINUOUS QUERY q ON db RESAMPLE EVERY 20ns BEGIN SELECT sum(v) INTO out FROM raw "
    + "GROUP BY time(10ns) END"

  func parse(_ text: String) throws -> CreateContinuousQueryStatement {
    guard case .createContinuousQuery(let statement) = try Parser.parse(text).first else {
      throw ContinuousQueryError.invalid(text)
    }
    return statement
  }

  func scheduler(_ host: FakeHost) throws -> ContinuousQueryScheduler {
    let scheduler = ContinuousQueryScheduler(host: host)
    host.scheduler.withLock { $0 = scheduler }
    #expect(try scheduler.load().isEmpty)
    return scheduler
  }

  func rows(_ host: FakeHost, _ measurement: String) -> [Timestamp: Int64] {
    host.state.withLock { $0.rows[host.reference(measurement)] ?? [:] }
  }

  @Test func aNewQueryStartsWithAllDataThereIs() throws {
    let host = FakeHost()
    host.write("raw", [3: 1, 5: 2, 999_000: 4])
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    scheduler.runUntilIdle()
    #expect(rows(host, "out") == [0: 3, 999_000: 4])
  }

  @Test func whatAChangeDoesNotReachIsNotComputedAgain() throws {
    let host = FakeHost()
    host.write("raw", [3: 1, 25: 2, 47: 4])
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    scheduler.runUntilIdle()
    for (start, written) in [(48, 0), (47, 1), (25, 2), (21, 2), (Int64.min, 3)] {
      let before = scheduler.statuses()[0].pointsWritten
      try scheduler.invalidate(
        where: { _ in true }, from: start,
        making: {
          let pending = host.state.withLock { $0.stored["q"]?.pending ?? [] }
          #expect(pending.isEmpty == (written == 0), "durable before the change, from \(start)")
        })
      scheduler.runUntilIdle()
      #expect(scheduler.statuses()[0].pointsWritten - before == written, "from \(start)")
    }
  }

  @Test func bucketsOfRowsThatCannotBeReadWaitAndTheOthersDoNot() throws {
    let host = FakeHost(window: 2)
    host.write("raw", [3: 1, 25: 2, 47: 4, 95: 8])
    let scheduler = try scheduler(host)
    host.state.withLock { $0.unreadable = [UnreadableRange(timeRange: 22...28, reason: "torn")] }
    try scheduler.create(parse(Self.text))
    scheduler.runUntilIdle()
    // The row at 25 is in the buckets 20 and 30.
    #expect(rows(host, "out") == [0: 1, 10: 1, 40: 4, 50: 4, 90: 8, 100: 8])
    let status = scheduler.statuses()[0]
    #expect(status.lastError == "torn")
    #expect(host.state.withLock { $0.stored["q"]?.pending } == [[20, 40]])
    // What comes later does not wait for it.
    host.write("raw", [205: 16])
    scheduler.runUntilIdle()
    #expect(rows(host, "out")[200] == 16)
    host.state.withLock { $0.unreadable = [] }
    scheduler.runUntilIdle()
    #expect(rows(host, "out")[20] == 2 && rows(host, "out")[30] == 2)
    #expect(scheduler.statuses()[0].lastError == nil)
  }

  /// Points at both ends of time make nearly everything between them pending.
  @Test func centuriesWithoutRowsArePassedOver() throws {
    let host = FakeHost()
    host.state.withLock { $0.now = 1 << 62 }
    host.write("raw", [3: 1, (1 << 62) - 1000: 2])
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    #expect(scheduler.tick())
    #expect(rows(host, "out") == [0: 1, (1 << 62) - 1004: 2])
    #expect(host.state.withLock { $0.materialized } < 10)
  }

  /// Every piece of work takes longer than a turn.
  @Test func aQueryWithMuchToDoHoldsUpNoOther() throws {
    let host = FakeHost()
    host.state.withLock { $0.now = 200_000 }
    host.write("raw", Dictionary(uniqueKeysWithValues: (0..<200).map { ($0 * 10, $0) }))
    host.write("other", [3: 1])
    let time = Mutex<Int64>(0)
    let scheduler = ContinuousQueryScheduler(host: host) { time.withLock { $0 } }
    host.scheduler.withLock { $0 = scheduler }
    host.beforeMaterializing.withLock { $0 = { time.withLock { $0 += 2_000_000_000 } } }
    try scheduler.create(parse(Self.text))
    try scheduler.create(
      parse(
        "CREATE CONTINUOUS QUERY z ON db BEGIN SELECT sum(v) INTO out2 FROM other "
          + "GROUP BY time(10ns) END"))
    #expect(scheduler.tick())
    #expect(rows(host, "out2") == [0: 1])
    #expect(host.state.withLock { $0.materialized } == 2, "one piece of each")
    #expect(scheduler.tick(), "the rest is due at once")
    scheduler.runUntilIdle()
    #expect(rows(host, "out").count == 200)
  }

  /// The mark of a deletion is durable before the deletion is made, and no run takes it before.
  @Test func aDeletionIsSavedBeforeItIsMade() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.write("raw", [5: 1, 17: 2])
    scheduler.runUntilIdle()
    #expect(host.state.withLock { $0.stored["q"]?.pending } == [])
    let change = try scheduler.beginDeletion([host.reference("raw"): [17...17]])
    scheduler.runUntilIdle()
    #expect(host.state.withLock { $0.stored["q"]?.pending } == [[10, 20]])
    host.state.withLock { $0.rows[host.reference("raw")]?[17] = nil }
    scheduler.end(try #require(change))
    scheduler.runUntilIdle()
    #expect(rows(host, "out") == [0: 1])
  }

  /// A save within a run, as a flush makes one, must not forget what the run is computing.
  @Test func whatIsBeingComputedIsSaved() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.write("raw", [5: 1])
    host.beforeMaterializing.withLock { $0 = { try? scheduler.save() } }
    host.state.withLock { $0.failing = true }
    scheduler.tick()
    let saved = host.state.withLock { $0.stored["q"]?.pending }
    #expect(saved == [[0, 10]])
  }

  @Test func aWriteUnderWayIsSaved() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    var batch = PointBatch()
    batch.beginPoint(
      series: batch.internSeries(SeriesKey(measurement: "raw").canonical), timestamp: 5)
    batch.append(field: batch.internField("v"), float: 0)
    let change = scheduler.beginWrite(batch, to: "db", retentionPolicy: "autogen")
    try scheduler.save()
    #expect(host.state.withLock { $0.stored["q"]?.pending } == [[0, 10]])
    scheduler.end(try #require(change))
    try scheduler.save()
    #expect(host.state.withLock { $0.stored["q"]?.pending } == [[0, 10]])
  }

  @Test func aFurtherSourceMarksAsFarAsItReaches() throws {
    let host = FakeHost()
    host.state.withLock { $0.furtherSources = [host.selection("events"): 25] }
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.write("raw", [5: 1, 95: 1])
    scheduler.runUntilIdle()
    func pending() throws -> [[Int64]]? {
      try scheduler.save()
      return host.state.withLock { $0.stored["q"]?.pending }
    }
    #expect(try pending() == [])
    host.write("events", [33: 1])
    #expect(try pending() == [[30, 60]])
    // What is computed does not come from events, so nothing is made of where there are no rows.
    scheduler.runUntilIdle()
    #expect(rows(host, "out") == [0: 1, 90: 1])
    let change = try scheduler.beginDeletion([host.reference("events"): [33...33]])
    #expect(host.state.withLock { $0.stored["q"]?.pending } == [[30, 60]])
    scheduler.end(try #require(change))
    #expect(try pending() == [[30, 60]])
  }

  /// A clock that was far ahead for a moment must not stop a query until then.
  @Test func aClockPutBackHoldsUpNothing() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.state.withLock { $0.now += 1 << 60 }
    scheduler.tick()
    host.state.withLock { $0.now -= 1 << 60 }
    host.write("raw", [5: 1])
    scheduler.tick()
    #expect(rows(host, "out") == [0: 1])
  }

  @Test func aDroppedQueryStopsAtTheNextPiece() throws {
    let host = FakeHost()
    host.write("raw", [3: 1, 999_000: 4])
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.beforeMaterializing.withLock {
      $0 = { try? scheduler.drop(name: "q", database: "db") }
    }
    scheduler.runUntilIdle()
    #expect(host.state.withLock { $0.materialized } == 1)
    #expect(host.state.withLock { $0.stored.isEmpty })
  }

  @Test(arguments: [1, 4] as [Int64], UInt64(1)...15)
  func equalsOneEvaluationFromScratch(_ window: Int64, _ seed: UInt64) throws {
    var numbers = SeededGenerator(seed: seed)
    let host = FakeHost(window: window)
    var scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    for step in 0..<60 {
      var batch: [Timestamp: Int64] = [:]
      for _ in 0..<numbers.next(below: 5) {
        // Mostly near now, sometimes late, sometimes ahead.
        let now = host.now
        let time =
          numbers.next(below: 4) == 0
          ? Int64(numbers.next(below: 1_000_000)) : now - 50 + Int64(numbers.next(below: 70))
        batch[time] = Int64(numbers.next(below: 100))
      }
      host.write("raw", batch)
      host.state.withLock { $0.now += Int64(numbers.next(below: 30)) }
      if numbers.next(below: 2) == 0 { scheduler.tick() }
      if numbers.next(below: 10) == 0 {
        try scheduler.save()
        scheduler = try self.scheduler(host)
      }
      if step % 20 == 19 {
        scheduler.runUntilIdle()
        let found = rows(host, "out").filter { $0.key + 10 <= host.now }
        #expect(found == host.expected("raw", every: 10), "seed \(seed)")
      }
    }
  }

  @Test func runningTwiceChangesNothing() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    host.write("raw", [5: 1, 17: 2])
    try scheduler.create(parse(Self.text))
    scheduler.runUntilIdle()
    let first = rows(host, "out")
    let runs = host.state.withLock { $0.materialized }
    scheduler.runUntilIdle()
    #expect(rows(host, "out") == first)
    #expect(host.state.withLock { $0.materialized } == runs, "nothing was pending")
  }

  @Test func anIncompleteBucketWaits() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.write("raw", [1_000_001: 1])
    scheduler.runUntilIdle()
    #expect(rows(host, "out").isEmpty)
    host.state.withLock { $0.now = 1_000_010 }
    scheduler.runUntilIdle()
    #expect(rows(host, "out") == [1_000_000: 1])
  }

  @Test func chainsFollow() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    try scheduler.create(
      parse(
        "CREATE CONTINUOUS QUERY q2 ON db BEGIN SELECT sum(sum) INTO far FROM out "
          + "GROUP BY time(100ns) END"))
    host.write("raw", [5: 1, 17: 2, 204: 3])
    scheduler.runUntilIdle()
    #expect(rows(host, "far") == [0: 3, 200: 3])
  }

  @Test func aFailingQueryBacksOffSaysWhyAndLosesNothing() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.write("raw", [5: 1])
    host.state.withLock { $0.failing = true }
    scheduler.tick()
    let status = try #require(scheduler.statuses().first)
    #expect(status.lastError != nil)
    #expect(status.lastRun == nil)
    host.state.withLock { $0.failing = false }
    scheduler.tick()
    #expect(rows(host, "out").isEmpty, "it waits before it tries again")
    host.state.withLock { $0.now += 1000 }
    #expect(scheduler.statuses().first?.lag ?? 0 > 0)
    scheduler.tick()
    #expect(rows(host, "out") == [0: 1])
    #expect(scheduler.statuses().first?.lastError == nil)
    #expect(scheduler.statuses().first?.lag == 0)
  }

  @Test func definitionsSurviveARestart() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(parse(Self.text))
    host.write("raw", [5: 1])
    try scheduler.save()
    let again = try self.scheduler(host)
    again.runUntilIdle()
    #expect(rows(host, "out") == [0: 1])
    try again.drop(name: "q", database: "db")
    #expect(try self.scheduler(host).statuses().isEmpty)
  }

  @Test func aDamagedDefinitionIsNamedAndTheOthersRun() throws {
    let host = FakeHost()
    host.state.withLock {
      $0.stored["bad"] = StoredContinuousQuery(
        name: "bad", database: "db", text: "CREATE CONTINUOUS", pending: [], lastRun: nil)
    }
    let first = ContinuousQueryScheduler(host: host)
    let problems = try first.load()
    #expect(problems.count == 1)
    try first.create(parse(Self.text))
    #expect(first.statuses().map(\.name) == ["q"])
  }

  @Test(arguments: [
    "SELECT sum(v) FROM raw GROUP BY time(10ns)",
    "SELECT sum(v) INTO out FROM raw",
    "SELECT sum(v) INTO raw FROM raw GROUP BY time(10ns)",
  ])
  func refusesWhatCanNotBeKeptUpToDate(_ select: String) throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    #expect(throws: (any Error).self) {
      try scheduler.create(parse("CREATE CONTINUOUS QUERY q ON db BEGIN \(select) END"))
    }
    #expect(scheduler.statuses().isEmpty)
  }

  @Test func refusesQueriesThatFeedEachOther() throws {
    let scheduler = try scheduler(FakeHost())
    try scheduler.create(parse(Self.text))
    #expect(throws: ContinuousQueryError.self) {
      try scheduler.create(
        parse(
          "CREATE CONTINUOUS QUERY back ON db BEGIN SELECT sum(sum) INTO raw FROM out "
            + "GROUP BY time(10ns) END"))
    }
  }

  /// What a query that is made last would close a circle with.
  struct Cycle: Sendable {
    /// The query's database, name and SELECT.
    typealias Query = (database: String, name: String, select: String)

    var queries: [Query]
    var last: Query
    /// Nil if there is none.
    var path: [String]?
  }

  static let cycles = [
    Cycle(
      queries: [("one", "q", "INTO two..x FROM y")], last: ("two", "q", "INTO one..y FROM x"),
      path: ["two.q", "one.q", "two.q"]),
    Cycle(
      queries: [("a", "q", "INTO b..m FROM m"), ("b", "q", "INTO c..m FROM m")],
      last: ("c", "q", "INTO a..m FROM m"), path: ["c.q", "a.q", "b.q", "c.q"]),
    Cycle(
      queries: [("a", "q", "INTO b..m FROM m"), ("b", "q", "INTO c..m FROM m")],
      last: ("c", "q", "INTO a..n FROM m"), path: nil),
    Cycle(
      queries: [("db", "p", "INTO roll.m FROM m")], last: ("db", "q", "INTO m FROM roll.m"),
      path: ["db.q", "db.p", "db.q"]),
    Cycle(
      queries: [("db", "p", "INTO roll.m FROM m")], last: ("db", "q", "INTO other.m FROM roll.m"),
      path: nil),
    Cycle(
      queries: [("db", "p", "INTO roll.:MEASUREMENT FROM /.*/")],
      last: ("db", "q", "INTO cpu FROM roll.mem"), path: ["db.q", "db.p", "db.q"]),
    Cycle(
      queries: [("db", "p", "INTO roll.:MEASUREMENT FROM /^cpu/")],
      last: ("db", "q", "INTO cpu_all FROM roll.cpu"), path: ["db.q", "db.p", "db.q"]),
    Cycle(
      queries: [("db", "p", "INTO roll.:MEASUREMENT FROM /^cpu/")],
      last: ("db", "q", "INTO mem FROM roll.cpu"), path: nil),
    Cycle(
      queries: [("db", "p", "INTO roll.:MEASUREMENT FROM /^cpu/")],
      last: ("db", "q", "INTO :MEASUREMENT FROM roll./^(mem|cpu0)$/"),
      path: ["db.q", "db.p", "db.q"]),
    Cycle(
      queries: [("db", "p", "INTO roll.:MEASUREMENT FROM /^cpu/")],
      last: ("db", "q", "INTO :MEASUREMENT FROM roll./^mem/"), path: nil),
    Cycle(
      queries: [("db", "p", "INTO x FROM (SELECT v FROM y)")],
      last: ("db", "q", "INTO y FROM (SELECT v FROM (SELECT v FROM x))"),
      path: ["db.q", "db.p", "db.q"]),
  ]

  @Test(arguments: cycles)
  func refusesCyclesThroughDatabasesPoliciesAndPatterns(_ cycle: Cycle) throws {
    let scheduler = try scheduler(FakeHost())
    func create(_ query: Cycle.Query) throws {
      try scheduler.create(
        parse(
          "CREATE CONTINUOUS QUERY \(query.name) ON \(query.database) BEGIN "
            + "SELECT mean(v) \(query.select) GROUP BY time(10ns) END"))
    }
    for query in cycle.queries { try create(query) }
    if let path = cycle.path {
      #expect(throws: ContinuousQueryError.cycle(path)) { try create(cycle.last) }
      #expect(scheduler.statuses().count == cycle.queries.count)
    } else {
      try create(cycle.last)
    }
  }

  @Test func refusesQueriesThatFeedTheirFurtherSources() throws {
    let host = FakeHost()
    let scheduler = try scheduler(host)
    try scheduler.create(
      parse(
        "CREATE CONTINUOUS QUERY next ON db BEGIN SELECT sum(sum) INTO events FROM out "
          + "GROUP BY time(10ns) END"))
    for (source, error) in [
      ("out", ContinuousQueryError.invalid("reads and writes db..out")),
      ("events", ContinuousQueryError.cycle(["db.q", "db.next", "db.q"])),
    ] {
      host.state.withLock { $0.furtherSources = [host.selection(source): 1] }
      #expect(throws: error) { try scheduler.create(parse(Self.text)) }
      host.state.withLock { $0.furtherSources = [:] }
      try scheduler.create(parse(Self.text))
      #expect(throws: error) {
        try scheduler.refuseCycle(
          throughReading: host.selection(source), where: { $0.name == "q" })
      }
      try scheduler.refuseCycle(throughReading: host.selection("raw"), where: { $0.name == "q" })
      try scheduler.drop(name: "q", database: "db")
    }
  }

  @Test func aNameIsTakenOnce() throws {
    let scheduler = try scheduler(FakeHost())
    try scheduler.create(parse(Self.text))
    try scheduler.create(parse(Self.text))
    #expect(throws: ContinuousQueryError.alreadyExists(name: "q")) {
      try scheduler.create(parse(Self.text.replacing("sum(v)", with: "max(v)")))
    }
    try scheduler.drop(name: "none", database: "db")
  }
}
