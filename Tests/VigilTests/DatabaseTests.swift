import Dispatch
import Foundation
import Synchronization
import Testing
import Vigil

@Suite struct DatabaseTests {
  @Test func keepsWhatWasWrittenAcrossAReopening() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(
      lineProtocol: "cpu,host=a usage=1.5,ok=true 10\ncpu,host=b usage=2.5,n=7i 20\n", to: "db")
    let before = try await temporary.database.tables("SELECT * FROM cpu")
    try temporary.reopen()
    #expect(temporary.database.databases == ["db"])
    let after = try await temporary.database.tables("SELECT * FROM cpu")
    #expect(after == before)
    #expect(after.first?.rows == ["10 a - true 1.5", "20 b 7 - 2.5"])
  }

  @Test func aDirectoryIsOpenOnce() async throws {
    let temporary = try TemporaryDatabase()
    #expect(throws: StorageError.self) { try Database.open(at: temporary.path) }
  }

  @Test func badLinesAreNamedAndTheOthersStay() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    let outcome = try temporary.database.write(
      lineProtocol: "m v=1 1\nm v=\nm v=\"text\" 3\n\nm v=2 4", to: "db")
    #expect(outcome.acceptedPoints == 2)
    #expect(outcome.rejections.map(\.line) == [2, 3])
    #expect("\(outcome.rejections[1].reason)".hasPrefix("field type conflict"))
    let tables = try await temporary.database.tables("SELECT v FROM m")
    #expect(tables.first?.rows == ["1 1.0", "4 2.0"])
  }

  @Test func writingToAnUnknownDatabaseIsRefused() throws {
    let temporary = try TemporaryDatabase()
    #expect(throws: StorageError.databaseNotFound("nowhere")) {
      try temporary.database.write(lineProtocol: "m v=1", to: "nowhere")
    }
  }

  @Test func theLaterWriteStands() async throws {
    let temporary = try TemporaryDatabase { $0.memtableLimit = 4096 }
    try await temporary.database.query("CREATE DATABASE db")
    for round in 0..<50 {
      let lines = (0..<100).map { "m,s=\($0 % 3) v=\(round * 1000 + $0) \($0)" }
      try temporary.database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
    }
    try temporary.reopen()
    let tables = try await temporary.database.tables("SELECT count(v), sum(v) FROM m")
    #expect(tables.first?.rows == ["0 100 \(49_000.0 * 100 + 4950)"])
  }

  @Test func whatDoesNotParseRunsNothing() async throws {
    let temporary = try TemporaryDatabase()
    await #expect(throws: ParseError.self) {
      try await temporary.database.query("CREATE DATABASE db; SELEKT 1")
    }
    #expect(temporary.database.databases.isEmpty)
  }

  @Test func statementsBehindAFailureAreNotExecuted() async throws {
    let temporary = try TemporaryDatabase()
    let results = try await temporary.database.query(
      "SHOW MEASUREMENTS ON gone; DROP MODEL x ON gone; CREATE DATABASE db")
    #expect(results.last?.error == "not executed")
    #expect(temporary.database.databases.isEmpty)
  }

  @Test func aReadOnlyQueryChangesNothing() async throws {
    let temporary = try TemporaryDatabase()
    var options = QueryOptions()
    options.readOnly = true
    let results = try await temporary.database.query("CREATE DATABASE db", options: options)
    #expect(results.first?.error != nil)
    #expect(temporary.database.databases.isEmpty)
  }

  @Test func parametersAreValuesNotText() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: "m,host=a' v=1 1\nm,host=b v=2 2", to: "db")
    var options = QueryOptions()
    options.parameters = ["host": .string("a'"), "least": .number(0.5)]
    let results = try await temporary.database.query(
      "SELECT v FROM m WHERE host = $host AND v > $least", in: "db", options: options)
    #expect(results.first?.series.first?.rows == ["1 1.0"])
  }

  @Test func droppedDataIsGoneAndTheNamesAreFree() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(
      lineProtocol: "a,h=x v=1 1\na,h=y v=1 2\na,h=y v=1 3\nb v=1 1", to: "db")
    _ = try await database.tables("DELETE FROM a WHERE h = 'y' AND time >= 3")
    #expect(try await database.tables("SELECT v, h FROM a").first?.rows == ["1 1.0 x", "2 1.0 y"])
    _ = try await database.tables("DROP SERIES FROM a WHERE h = 'x'")
    #expect(try await database.tables("SHOW SERIES").first?.rows == ["a,h=y", "b"])
    _ = try await database.tables("DROP MEASUREMENT a")
    #expect(try await database.tables("SHOW MEASUREMENTS").first?.rows == ["b"])
    // The field is free to have another type.
    try database.write(lineProtocol: "a v=\"text\" 1", to: "db")
    #expect(try await database.tables("SELECT v FROM a").first?.rows == ["1 text"])
    _ = try await database.tables("DROP DATABASE db")
    #expect(database.databases.isEmpty)
  }

  @Test func fieldsOutliveTheSeriesTheyCameWith() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: "m,pod=a v=1 1", to: "db")
    try temporary.database.write(lineProtocol: "m,pod=b v=2 2", to: "db")
    _ = try await temporary.database.tables("DROP SERIES FROM m WHERE pod='a'")
    for _ in 0..<2 {
      try temporary.reopen()
      let database = temporary.database
      #expect(try await database.tables("SHOW SERIES").flatMap(\.rows) == ["m,pod=b"])
      #expect(try await database.tables("SHOW FIELD KEYS").flatMap(\.rows) == ["v float"])
      #expect(try await database.tables("SELECT v FROM m").flatMap(\.rows) == ["2 2.0"])
    }
  }

  @Test func aSeriesWithoutRowsIsNotListed() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: "a,h=x v=1 1\na,h=y v=1 2\nb v=1 1", to: "db")
    _ = try await database.tables("DELETE FROM a WHERE time < 2")
    #expect(try await database.tables("SHOW SERIES").first?.rows == ["a,h=y", "b"])
    #expect(
      try await database.tables("SHOW TAG VALUES WITH KEY = h").first?.rows == ["h y"])
    _ = try await database.tables("DELETE FROM a")
    #expect(try await database.tables("SHOW MEASUREMENTS").first?.rows == ["b"])
    #expect(try await database.tables("SHOW SERIES CARDINALITY").first?.rows == ["1"])
  }

  @Test func aPolicyIsAltered() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try await database.query("CREATE RETENTION POLICY p ON db DURATION 30d REPLICATION 1")
    _ = try await database.tables(
      "ALTER RETENTION POLICY p ON db SHARD DURATION 2h DEFAULT DURATION 1d REPLICATION 1")
    #expect(
      try await database.tables("SHOW RETENTION POLICIES").first?.rows
        == ["p 24h0m0s 2h0m0s 1 true", "autogen 0s 24h0m0s 1 false"])
    #expect(
      try await database.failure("ALTER RETENTION POLICY p ON db DURATION 1h")
        == "retention policy duration must be greater than the shard duration")
    #expect(
      try await database.failure("ALTER RETENTION POLICY p ON db DURATION 1m")
        == "retention policy duration must be at least 1h0m0s")
    #expect(
      try await database.failure("ALTER RETENTION POLICY q ON db DEFAULT")
        == "retention policy not found: q")
    #expect(
      try await database.failure("ALTER RETENTION POLICY p ON x DEFAULT") == "database not found: x"
    )
    try temporary.reopen()
    #expect(
      try await temporary.database.tables("SHOW RETENTION POLICIES").first?.rows.first
        == "p 24h0m0s 2h0m0s 1 true")
  }

  @Test func deletingByFieldIsRefused() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: "a,h=x v=1 1", to: "db")
    #expect(try await temporary.database.failure("DELETE FROM a WHERE v > 0") != nil)
    #expect(try await temporary.database.failure("DROP SERIES FROM a WHERE time > 0") != nil)
    #expect(try await temporary.database.tables("SELECT v FROM a").first?.rows == ["1 1.0"])
  }

  @Test func aSelectIntoIsAnOrdinaryWrite() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(
      lineProtocol: (0..<20).map { "m,h=\($0 % 2) v=\($0) \($0)" }.joined(separator: "\n"),
      to: "db")
    let result = try await temporary.database.tables(
      "SELECT sum(v) INTO sums FROM m WHERE time >= 0 AND time < 20 GROUP BY time(10ns), h")
    #expect(result.first?.rows == ["0 4"])
    try temporary.reopen()
    let sums = try await temporary.database.tables("SELECT sum FROM sums GROUP BY h")
    #expect(sums.map(\.rows) == [["0 20.0", "10 70.0"], ["0 25.0", "10 75.0"]])
  }

  @Test func aFieldThatTheTargetHasWithAnotherTypeIsAnError() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: "floats v=1.5 1\nints v=3i,s=\"x\" 2", to: "db")
    for select in ["v", "v, s", "*"] {
      #expect(
        try await database.failure("SELECT \(select) INTO floats FROM ints")
          == "partial write: field type conflict: input field \"v\" on measurement \"floats\" is "
          + "type integer, already exists as type float dropped=1")
    }
    #expect(try await database.tables("SELECT * FROM floats").first?.rows == ["1 1.5"])
    #expect(try await database.failure("SELECT v::float INTO floats FROM ints") == nil)
    #expect(try await database.tables("SELECT v FROM floats").first?.rows == ["1 1.5", "2 3.0"])
  }

  /// Sums of blocks on disk, whose statistics hold 64 bits.
  @Test func sumsOfSegmentsAreExact() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(
      lineProtocol: (0..<7).map { "ping,host=0 rt=1598313600000000000i \($0)" }
        .joined(separator: "\n")
        + "\nends v=9223372036854775807i 1\nends v=-9223372036854775808i 2\n"
        + "ends v=9223372036854775807i 3\nends v=9223372036854775807i 4", to: "db")
    for _ in 0..<2 {
      let database = temporary.database
      #expect(
        try await database.tables("SELECT mean(rt) FROM ping").first?.rows
          == ["0 1.5983136e+18"])
      #expect(
        try await database.failure("SELECT sum(rt) FROM ping")
          == "numeric overflow: sum 11188195200000000000 does not fit type integer")
      #expect(
        try await database.tables("SELECT mean(v) FROM ends").first?.rows
          == ["0 4.611686018427388e+18"])
      // Closing puts what is in memory into segments.
      try temporary.reopen()
    }
  }

  @Test func aDatabaseWithANamedPolicyHasNoOther() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    let create = "CREATE DATABASE db WITH DURATION 3d NAME own"
    for _ in 0..<2 { #expect(try await database.failure(create, in: nil) == nil) }
    let policies = try await database.tables("SHOW RETENTION POLICIES ON db").first
    #expect(policies?.rows == ["own 72h0m0s 24h0m0s 1 true"])
    #expect(
      try await database.failure("CREATE DATABASE db WITH DURATION 4d NAME own", in: nil)
        == "retention policy conflicts with an existing policy")
  }

  @Test func aPolicyThatIsNotThereIsAsGoodAsDropped() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    #expect(try await database.failure("DROP RETENTION POLICY nosuch ON db") == nil)
    let create = "CREATE RETENTION POLICY p ON db DURATION "
    #expect(try await database.failure(create + "1h REPLICATION 1") == nil)
    #expect(try await database.failure(create + "1h REPLICATION 1") == nil)
    #expect(
      try await database.failure(create + "2h REPLICATION 1") == "retention policy already exists")
  }

  @Test func parametersCanBeNamesAndPatterns() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(
      lineProtocol: "m,host=a v=1 1\nm,host=b v=2 60000000001", to: "db")
    var options = QueryOptions()
    options.parameters = [
      "field": .identifier("v"), "host": .regex("^[b]$"), "age": .duration(nanoseconds: 60),
    ]
    let results = try await temporary.database.query(
      "SELECT $field FROM m WHERE host =~ $host AND time > $age", in: "db", options: options)
    #expect(results.compactMap(\.error).isEmpty)
    #expect(results.flatMap(\.series).map(\.rows) == [["60000000001 2.0"]])
  }

  @Test func aDatabaseIsMadeWithItsPolicyOrNotAtAll() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    _ = try await database.tables("CREATE DATABASE a WITH DURATION 3d")
    _ = try await database.tables("CREATE DATABASE b WITH DURATION 3d SHARD DURATION 1h NAME own")
    #expect(try await database.failure("CREATE DATABASE c WITH DURATION 3m") != nil)
    #expect(database.databases == ["a", "b"])
    #expect(
      try await database.tables("SHOW RETENTION POLICIES ON a").first?.rows == [
        "autogen 72h0m0s 24h0m0s 1 true"
      ])
    #expect(
      try await database.tables("SHOW RETENTION POLICIES ON b").first?.rows == [
        "own 72h0m0s 1h0m0s 1 true"
      ])
  }

  @Test func retentionPoliciesKeepTheirDataApart() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    _ = try await database.tables("CREATE RETENTION POLICY short ON db DURATION 1d REPLICATION 1")
    try database.write(lineProtocol: "m v=1 1", to: "db")
    let now = Int64(Date().timeIntervalSince1970) * 1_000_000_000
    try database.write(lineProtocol: "m v=2 \(now)", to: "db", retentionPolicy: "short")
    #expect(try await database.tables("SELECT v FROM m").first?.rows == ["1 1.0"])
    #expect(try await database.tables("SELECT v FROM short.m").first?.rows == ["\(now) 2.0"])
    var options = QueryOptions()
    options.retentionPolicy = "short"
    let results = try await database.query("SELECT v FROM m", in: "db", options: options)
    #expect(results.first?.series.first?.rows == ["\(now) 2.0"])
  }

  enum Ending { case kill, cancel }

  @Test(arguments: [Ending.kill, .cancel]) func aRunningQueryCanBeStopped(_ ending: Ending)
    async throws
  {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(
      lineProtocol: (0..<9).map { "m v=1 \($0)" }.joined(separator: "\n"), to: "db")
    var options = QueryOptions()
    options.chunkSize = 1
    let chunked = options
    let (started, signal) = AsyncStream.makeStream(of: Void.self)
    let release = DispatchSemaphore(value: 0)
    let task = Task {
      let collector = Collector()
      try await database.query("SELECT v FROM m", in: "db", options: chunked) { result in
        if collector.add(result) == 1 {
          signal.yield()
          release.wait()
        }
      }
      return collector.errors
    }
    for await _ in started { break }
    switch ending {
    case .kill:
      let queries = try await database.tables("SHOW QUERIES")
      let row = try #require(queries.first?.rows.firstIndex { $0.contains("SELECT v") })
      let id = try #require(queries.first?.column("qid")?[row])
      guard case .integer(let number) = id else { return #expect(Bool(false)) }
      _ = try await database.tables("KILL QUERY \(number)")
    case .cancel: task.cancel()
    }
    release.signal()
    #expect(try await task.value == ["query interrupted"])
    #expect(try await database.failure("KILL QUERY 999999") == "no such query id: 999999")
  }

  @Test func writersAndReadersDoNotDisturbEachOther() async throws {
    let temporary = try TemporaryDatabase { $0.memtableLimit = 64 << 10 }
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for batch in 0..<40 {
            let lines = (0..<50).map { "m,w=\(writer) v=1i \(batch * 50 + $0)" }
            try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
          }
        }
      }
      group.addTask {
        var last: Int64 = 0
        for _ in 0..<40 {
          let tables = try await database.tables("SELECT sum(v) FROM m")
          guard case .integer(let sum)? = tables.first?.columns[1][0] else { continue }
          #expect(sum >= last, "a later query sees no less")
          #expect(sum % 50 == 0, "a batch is seen whole or not at all")
          last = sum
        }
      }
      try await group.waitForAll()
    }
    let tables = try await database.tables("SELECT sum(v) FROM m GROUP BY w")
    #expect(tables.map(\.rows) == Array(repeating: ["0 2000"], count: 4))
  }
}

/// Gathers results on the query's thread.
private final class Collector: Sendable {
  private let results = Mutex<[StatementResult]>([])

  /// How many there are now.
  func add(_ result: StatementResult) -> Int {
    results.withLock {
      $0.append(result)
      return $0.count
    }
  }

  var errors: [String] { results.withLock { $0.compactMap(\.error) } }
}
