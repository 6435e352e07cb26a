import Foundation
import Synchronization
import Testing
import Vigil

@Suite struct ModelTests {
  static let create = """
    CREATE MODEL shop ON db FROM container FIELDS cpu, memory WHERE time < 2400s
    GROUP BY time(10s), pod
    USING lstm_autoencoder
    WITH (window = 4, sustain = 2, hidden = 4, latent = 2, epochs = 3, seed = 7)
    """

  /// 300 rows of two pods, ten seconds apart, from time 0; pod b's cpu jumps at 2500 s for two rows.
  static func lines(from: Int = 0, to: Int = 300) -> String {
    (from..<to).flatMap { row in
      ["a", "b"].map { pod in
        let wave = sin(Double(row) / 7) + (pod == "b" && (250...251).contains(row) ? 40 : 0)
        return "container,pod=\(pod) cpu=\(wave),memory=\(100 + row % 13)i \(row * 10_000_000_000)"
      }
    }.joined(separator: "\n")
  }

  func database() async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    try temporary.database.write(lineProtocol: Self.lines(), to: "db")
    return temporary
  }

  @Test func isTrainedPerGroupAndScores() async throws {
    let temporary = try await database()
    let database = temporary.database
    let training = try await database.tables(Self.create)
    #expect(training.first?.column("pod")?[1] == .string("b"))
    let listing = try #require(try await database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("state")?[0] == .string("ready"))
    #expect(listing.column("groups")?[0] == .integer(2))
    let scores = try await database.tables(
      "SELECT rl(shop), threshold(shop), anomaly(shop) FROM container GROUP BY time(10s), pod")
    #expect(scores.map { $0.tags.map(\.value) } == [["a"], ["b"]])
    // The first four rows do not have two full windows behind them.
    #expect(scores.allSatisfy { $0.rowCount == 296 })
    #expect(scores[1].rows.contains { $0.hasPrefix("2510000000000 ") && $0.hasSuffix(" 1") })
  }

  @Test func aRowScoresTheSameWhereverTheRangeBegins() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables(Self.create)
    let all = try await database.tables("SELECT rl(shop) FROM container GROUP BY time(10s), pod")
    for start in [11, 100, 205] {
      let part = try await database.tables(
        "SELECT rl(shop) FROM container WHERE time >= \(start * 10)s AND time < \(start * 10 + 400)s "
          + "GROUP BY time(10s), pod")
      #expect(part[0].rows == Array(all[0].rows[(start - 4)..<(start + 36)]))
    }
  }

  @Test func survivesAReopeningAndIsTrainedAgainTheSame() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables(Self.create)
    let query = "SELECT rl(shop) FROM container GROUP BY time(10s), pod"
    let before = try await temporary.database.tables(query)
    try temporary.reopen()
    #expect(try await temporary.database.tables(query) == before)
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db")
    #expect(try await temporary.database.tables(query) == before, "the seed is the same")
    let listing = try await temporary.database.tables("SHOW MODELS ON db").first
    #expect(listing?.column("version")?[0] == .integer(2))
  }

  @Test func aGapBreaksWindows() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables(Self.create)
    _ = try await database.tables("DELETE FROM container WHERE time >= 1000s AND time < 1010s")
    let scores = try await database.tables(
      "SELECT rl(shop) FROM container WHERE pod = 'a' AND time >= 970s AND time < 1060s "
        + "GROUP BY time(10s), pod")
    let times = scores.first?.rows.map { $0.split(separator: " ")[0] }
    #expect(
      times == [
        "970000000000", "980000000000", "990000000000", "1050000000000",
      ])
  }

  @Test(arguments: [
    ("cpu, memory", "cpu, disk", "field not found in container: disk"),
    ("container", "nowhere", "measurement not found: nowhere"),
    ("pod", "node", "tag not found in container: node"),
    ("lstm_autoencoder", "crystal_ball", "unknown model architecture crystal_ball"),
    ("window = 4", "window = 1", "invalid option window"),
    ("window = 4", "windows = 4", "invalid option windows"),
    ("time < 2400s", "time < 100s", "too little data"),
    ("time < 2400s", "time < 0s", "no data to train on"),
  ])
  func whatIsWrongIsSaid(_ part: String, _ replacement: String, _ message: String) async throws {
    let temporary = try await database()
    let statement = Self.create.replacingOccurrences(of: part, with: replacement)
    let failure = try await temporary.database.failure(statement)
    #expect(failure?.contains(message) == true, "\(failure ?? "no error")")
    #expect(try await temporary.database.tables("SHOW MODELS ON db").isEmpty)
  }

  @Test func aGroupWithTooLittleDataIsSkippedAndNamed() async throws {
    let temporary = try await database()
    try temporary.database.write(lineProtocol: "container,pod=new cpu=1,memory=1i 0", to: "db")
    let results = try await temporary.database.query(Self.create, in: "db")
    #expect(results.first?.error == nil)
    #expect(results.first?.messages.first?.text.hasPrefix("pod=new: not trained") == true)
    let listing = try await temporary.database.tables("SHOW MODELS ON db").first
    #expect(listing?.column("groups")?[0] == .integer(2))
    let scores = try await temporary.database.tables(
      "SELECT rl(shop) FROM container GROUP BY time(10s), pod")
    #expect(scores.map { $0.tags.map(\.value) } == [["a"], ["b"]])
  }

  @Test func ofManySkippedGroupsAFewAreNamed() async throws {
    let temporary = try await database()
    let lines = (100..<112).map { "container,pod=p\($0) cpu=1,memory=1i 0\n" }.joined()
    try temporary.database.write(lineProtocol: lines, to: "db")
    let results = try await temporary.database.query(Self.create, in: "db")
    let warnings = results.first?.messages.map(\.text) ?? []
    #expect(warnings.count == 11)
    #expect(warnings.dropLast().last?.hasPrefix("pod=p109: not trained") == true)
    #expect(warnings.last == "the same of 2 more groups")
  }

  @Test func aNameIsTakenOnceAndFreeAfterTheDrop() async throws {
    let temporary = try await database()
    let database = temporary.database
    _ = try await database.tables(Self.create)
    #expect(try await database.failure(Self.create)?.hasPrefix("model already exists") == true)
    _ = try await database.tables("DROP MODEL shop ON db")
    let query = "SELECT rl(shop) FROM container GROUP BY time(10s), pod"
    #expect(try await database.failure(query) == "model not found: shop")
    #expect(try await database.failure("DROP MODEL shop ON db") == "model not found: shop")
    #expect(try await database.failure("RETRAIN MODEL shop ON db") == "model not found: shop")
    _ = try await database.tables(Self.create)
  }

  @Test func progressReachesTheEnd() async throws {
    let temporary = try await database()
    let reports = Mutex<[TrainingProgress]>([])
    var options = QueryOptions()
    options.progress = { progress in reports.withLock { $0.append(progress) } }
    _ = try await temporary.database.query(Self.create, in: "db", options: options)
    let all = reports.withLock { $0 }
    #expect(all.last?.fraction == 1)
    #expect(all.last?.groupsDone == 2)
    #expect(Set(all.map(\.group)).isSuperset(of: ["pod=a", "pod=b"]))
    #expect(all.contains { $0.epoch == 3 && $0.validationLoss.isFinite })
  }

  @Test func cancellingATrainingLeavesNothing() async throws {
    let temporary = try await database()
    let database = temporary.database
    let (started, signal) = AsyncStream.makeStream(of: Void.self)
    var options = QueryOptions()
    options.progress = { if $0.epoch > 0 { signal.yield() } }
    let training = options
    let long = Self.create.replacingOccurrences(
      of: "epochs = 3", with: "epochs = 10000, patience = 10000")
    let task = Task { try await database.query(long, in: "db", options: training) }
    for await _ in started { break }
    let listing = try await database.tables("SHOW MODELS ON db").first
    #expect(listing?.column("state")?[0] == .string("training"))
    task.cancel()
    let results = try await task.value
    #expect(results.first?.error?.contains("cancelled") == true)
    #expect(try await database.tables("SHOW MODELS ON db").isEmpty)
  }
}
