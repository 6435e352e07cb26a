import Foundation
import Query
import Testing

@testable import Vigil

@Suite struct SharedModelTests {
  static let create = """
    CREATE MODEL shop ON db FROM container FIELDS cpu, memory
    GROUP BY time(10s), pod SHARE BY service
    USING lstm_autoencoder
    WITH (window = 4, sustain = 2, hidden = 4, latent = 2, epochs = 3, seed = 7)
    """
  static let losses = "SELECT rl(shop) FROM container GROUP BY time(10s), pod"

  /// Rows of a pod, ten seconds apart, from time 0.
  static func lines(pod: String, service: String?, rows: Range<Int>) -> String {
    let tags = "pod=\(pod)" + (service.map { ",service=\($0)" } ?? "")
    return rows.map { row in
      "container,\(tags) cpu=\(sin(Double(row) / 7)),memory=\(100 + row % 13)i "
        + "\(row * 10_000_000_000)"
    }.joined(separator: "\n")
  }

  /// Two pods of service web and one of shop.
  func database() async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    for (pod, service) in [("a", "web"), ("b", "web"), ("c", "shop")] {
      try temporary.database.write(
        lineProtocol: Self.lines(pod: pod, service: service, rows: 0..<240), to: "db")
    }
    return temporary
  }

  /// One more pod of web, one of a service that was not there, and one without a service.
  func addPods(to temporary: TemporaryDatabase) throws {
    for (pod, service) in [("new", "web"), ("odd", "mail"), ("bare", nil)] {
      try temporary.database.write(
        lineProtocol: Self.lines(pod: pod, service: service, rows: 250..<300), to: "db")
    }
  }

  /// What the model says of ten rows that come after everything else.
  private func scores(
    _ temporary: TemporaryDatabase, pod: String, service: String?
  ) throws -> ModelScores {
    let model = try #require(try temporary.database.models.model(named: "shop", in: "db"))
    return try model.score(
      FeatureRows(
        group: [pod], share: service,
        timestamps: (0..<10).map { (400_000_000 + $0) * 10_000_000_000 },
        features: [(0..<10).map { sin(Double($0) / 7) }, (0..<10).map { Double(100 + $0) }]))
  }

  @Test func aNewPodOfAKnownServiceScoresAtOnceAndByItsOwnNetworkAfterRetraining() async throws {
    let temporary = try await database()
    let database = temporary.database
    let training = try #require(try await database.tables(Self.create).first)
    #expect(
      (0..<5).map { training.column("pod")?[$0] }
        == ["a", "b", "c", "", ""].map { .string($0) })
    #expect(
      (0..<5).map { training.column("shared_by")?[$0] }
        == [nil, nil, nil, .string("shop"), .string("web")])
    try addPods(to: temporary)
    let listing = try #require(try await database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("groups")?[0] == .integer(3))
    #expect(listing.column("shared")?[0] == .integer(2))
    let before = try await database.tables(Self.losses)
    #expect(before.map { $0.tags[0].value } == ["a", "b", "c", "new"])
    // 50 rows, of which 4 have no two windows behind them.
    #expect(before.last?.rowCount == 46)
    #expect(try scores(temporary, pod: "new", service: "web").state.last == .shared)
    _ = try await database.tables("RETRAIN MODEL shop ON db")
    #expect(try scores(temporary, pod: "new", service: "web").state.last == .scored)
  }

  @Test func stateTellsWhichNetworkScored() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables(Self.create)
    let warmUp = Array(repeating: ScoreState.warmUp, count: 4)
    func rest(_ state: ScoreState) -> [ScoreState] { warmUp + Array(repeating: state, count: 6) }
    #expect(try scores(temporary, pod: "a", service: "web").state == rest(.scored))
    #expect(try scores(temporary, pod: "new", service: "web").state == rest(.shared))
    for service in ["mail", nil] {
      let none = try scores(temporary, pod: "odd", service: service)
      #expect(none.state == Array(repeating: .untrained, count: 10))
      #expect(none.loss.allSatisfy(\.isNaN) && none.threshold.allSatisfy(\.isNaN))
    }
    // A network of its own is not the shared one.
    let own = try scores(temporary, pod: "a", service: "web")
    let shared = try scores(temporary, pod: "new", service: "web")
    #expect(own.threshold[9] != shared.threshold[9])
  }

  @Test func survivesAReopeningAndIsTrainedAgainTheSame() async throws {
    let temporary = try await database()
    _ = try await temporary.database.tables(Self.create)
    let before = try await temporary.database.tables(Self.losses)
    try temporary.reopen()
    #expect(try await temporary.database.tables(Self.losses) == before)
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db")
    #expect(try await temporary.database.tables(Self.losses) == before, "the seed is the same")
  }

  @Test func podsTooShortLivedForNetworksOfTheirOwnMakeOneTogether() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    for pod in 0..<8 {
      try temporary.database.write(
        lineProtocol: Self.lines(pod: "p\(pod)", service: "web", rows: 25 * pod..<25 * pod + 20),
        to: "db")
    }
    let results = try await temporary.database.query(Self.create, in: "db")
    #expect(results.first?.error == nil)
    #expect(results.first?.messages.count == 8)
    let listing = try #require(try await temporary.database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("groups")?[0] == .integer(0))
    #expect(listing.column("shared")?[0] == .integer(1))
    #expect(try scores(temporary, pod: "p0", service: "web").state.last == .shared)
  }

  @Test(arguments: [
    ("SHARE BY service", "SHARE BY zone", "tag not found in container: zone"),
    ("SHARE BY service", "SHARE BY cpu", "tag not found in container: cpu"),
    ("SHARE BY service", "SHARE BY pod", "SHARE BY pod: each group has a value of its own"),
  ])
  func whatIsWrongIsSaid(_ part: String, _ replacement: String, _ message: String) async throws {
    let temporary = try await database()
    let statement = Self.create.replacingOccurrences(of: part, with: replacement)
    let failure = try await temporary.database.failure(statement)
    #expect(failure?.contains(message) == true, "\(failure ?? "no error")")
  }

  @Test func aModelOfSharedNetworksAloneIsListedByTheirMeans() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    // Too few rows of each pod, and enough of all.
    let lines = (0..<20).map { Self.lines(pod: "p\($0)", service: "web", rows: 0..<30) }
    try database.write(lineProtocol: lines.joined(separator: "\n"), to: "db")
    let training = try #require(
      try await database.tables(
        Self.create.replacingOccurrences(of: "seed = 7", with: "events = 'deploys', mask = 90s")
      ).first)
    let listing = try #require(try await database.tables("SHOW MODELS ON db").first)
    #expect(listing.column("groups")?[0] == .integer(0))
    #expect(listing.column("shared")?[0] == .integer(1))
    for column in ["loss", "validation_loss", "threshold"] {
      #expect(listing.column(column)?[0] == training.column(column)?[0], "\(column)")
    }
    #expect(listing.column("share_by")?[0] == .string("service"))
    #expect(listing.column("events")?[0] == .string("deploys"))
    #expect(listing.column("mask")?[0] == .string("90s"))
  }
}
