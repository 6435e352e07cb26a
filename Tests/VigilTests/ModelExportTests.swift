import Detection
import Foundation
import Query
import TestSupport
import Testing

@testable import Vigil

/// Models that leave a database as files, and come into one.
@Suite struct ModelExportTests {
  static let second: Int64 = 1_000_000_000
  static let scores = "SELECT detect(shop) FROM container GROUP BY time(10s), pod"

  let clock = CrashingClock(now: 3000 * second)

  /// Rows of ``ModelTests``, and nothing else.
  func rows() async throws -> TemporaryDatabase {
    let temporary = try TemporaryDatabase { [clock] in $0.clock = { clock.read() } }
    try await temporary.database.query("CREATE DATABASE db; CREATE DATABASE other")
    try temporary.database.write(lineProtocol: ModelTests.lines(), to: "db")
    return temporary
  }

  func trained(_ change: (String) -> String = { $0 }) async throws -> TemporaryDatabase {
    let temporary = try await rows()
    _ = try await temporary.database.tables(change(ModelTests.create))
    return temporary
  }

  func listing(
    _ temporary: TemporaryDatabase, _ column: String, of database: String = "db"
  ) async throws -> FieldValue? {
    let table = try await temporary.database.tables("SHOW MODELS ON \(database)").first
    let values = try #require(table?.column(column))
    return values[0]
  }

  /// The exported file with something else in its specification.
  func file(
    of temporary: TemporaryDatabase, _ change: (inout ModelSpecification) -> Void
  ) throws -> [UInt8] {
    let model = try DetectionModel(
      decoding: temporary.database.exportModel("shop", from: "db"))
    var specification = model.specification
    change(&specification)
    return try DetectionModel(specification: specification, groups: model.groups).encoded()
  }

  @Test func aModelScoresElsewhereAsAtHome() async throws {
    let source = try await trained()
    let expected = try await source.database.tables(Self.scores)
    let bytes = try source.database.exportModel("shop", from: "db")
    let target = try await rows()
    let imported = try target.database.importModel(bytes, into: "db")
    #expect(imported == ImportedModel(name: "shop", version: 1, groups: 2, shared: 0))
    #expect(try await target.database.tables(Self.scores) == expected)
    try target.reopen()
    #expect(try await target.database.tables(Self.scores) == expected)
    #expect(try await listing(target, "in_force") == nil, "for all of time")
    #expect(try await listing(target, "trained") == listing(source, "trained"))
    _ = try await target.database.tables("RETRAIN MODEL shop ON db")
    #expect(try await listing(target, "version") == .integer(2))
  }

  @Test func whatIsExportedIsTheFileOfTheNewestVersion() async throws {
    let temporary = try await trained()
    _ = try await temporary.database.tables("RETRAIN MODEL shop ON db SINCE 2000s")
    let bytes = try temporary.database.exportModel("shop", from: "db")
    let stored = try temporary.database.engine.loadFile(kind: "models", name: "shop", in: "db")
    #expect(bytes == stored)
    let imported = try temporary.database.importModel(bytes, as: "copy", into: "db")
    #expect(imported.version == 1, "what the file says of versions is of another place")
    #expect(imported.inForce == nil)
    let model = try #require(try temporary.database.models.model(named: "copy", in: "db"))
    #expect(model.versions.count == 1)
  }

  @Test func anotherNameAndDatabaseAreInTheStatementToo() async throws {
    let temporary = try await trained {
      $0.replacingOccurrences(of: "FROM container", with: "FROM db.autogen.container")
    }
    let bytes = try temporary.database.exportModel("shop", from: "db")
    try temporary.database.write(lineProtocol: ModelTests.lines(), to: "other")
    try temporary.database.importModel(bytes, as: "new name", into: "other")
    let model = try #require(try temporary.database.models.model(named: "new name", in: "other"))
    #expect(model.statement.name == "new name")
    #expect(model.statement.database == "other")
    #expect(model.statement.source.database == "other")
    #expect(model.newest.model.specification.name == "new name")
    _ = try await temporary.database.tables("RETRAIN MODEL \"new name\" ON other")
    #expect(try await listing(temporary, "version", of: "other") == .integer(2))
  }

  @Test func aModelThatIsThereGetsTheNextVersionFromNowOn() async throws {
    let temporary = try await trained()
    let database = temporary.database
    let before = try await database.tables(Self.scores)
    let other = try await trained { $0.replacingOccurrences(of: "seed = 7", with: "seed = 8") }
    clock.advance(15 * Self.second)
    let imported = try database.importModel(
      other.database.exportModel("shop", from: "db"), into: "db")
    #expect(imported.version == 2)
    #expect(imported.inForce == 3010 * Self.second, "on the grid of the model")
    #expect(try await listing(temporary, "versions") == .integer(2))
    #expect(try await database.tables(Self.scores) == before, "history stays")
    let model = try #require(try database.models.model(named: "shop", in: "db"))
    func version(at time: Int64) throws -> Int64? {
      let row = FeatureRows(group: ["a"], timestamps: [time * Self.second], features: [[1], [1]])
      return try model.score(row).version.first
    }
    #expect(try version(at: 3000) == 1)
    #expect(try version(at: 3010) == 2)
  }

  @Test func continuousQueriesComputeAnewWhatTheVersionScores() async throws {
    let temporary = try await trained()
    let database = temporary.database
    _ = try await database.tables(
      """
      CREATE CONTINUOUS QUERY health ON db BEGIN SELECT detect(shop) INTO health FROM container
      GROUP BY time(10s), pod END
      """)
    func health() async throws -> [[String]] {
      database.continuousQueries.scheduler.tick()
      return try await database.tables("SELECT version FROM health GROUP BY pod").map(\.rows)
    }
    _ = try await health()
    clock.advance(600 * Self.second)
    try database.write(lineProtocol: ModelTests.lines(from: 300, to: 340), to: "db")
    #expect(try await health().allSatisfy { $0.allSatisfy { $0.hasSuffix(" 1") } })
    clock.advance(-400 * Self.second)
    try database.importModel(database.exportModel("shop", from: "db"), into: "db")
    clock.advance(800 * Self.second)
    let rows = try await health()
    #expect(rows.count == 2)
    for row in rows.joined() {
      let isLater = (Int64(row.split(separator: " ")[0]) ?? 0) >= 3200 * Self.second
      #expect(row.hasSuffix(isLater ? " 2" : " 1"), "\(row)")
    }
  }

  @Test func anImportMayComeBeforeTheData() async throws {
    let source = try await trained()
    let bytes = try source.database.exportModel("shop", from: "db")
    let target = try TemporaryDatabase { [clock] in $0.clock = { clock.read() } }
    try await target.database.query("CREATE DATABASE db")
    try target.database.importModel(bytes, into: "db")
    try target.database.write(lineProtocol: ModelTests.lines(), to: "db")
    #expect(
      try await target.database.tables(Self.scores) == source.database.tables(Self.scores))
  }

  @Test(arguments: [
    ("container,pod=a cpu=true 1", "field cpu is no number"),
    ("container,pod=a cpu=\"x\" 1", "field cpu is no number"),
    ("container,pod=a,memory=x cpu=1 1", "field not found in container: memory"),
    ("container,node=n pod=1 1", "tag not found in container: pod"),
  ])
  func whatContradictsTheSchemaIsRefused(_ line: String, _ message: String) async throws {
    let temporary = try await trained()
    let bytes = try temporary.database.exportModel("shop", from: "db")
    try temporary.database.write(lineProtocol: line, to: "other")
    do {
      try temporary.database.importModel(bytes, into: "other")
      Issue.record("imported")
    } catch let error as QueryError {
      #expect("\(error)".contains(message), "\(error)")
    }
    #expect(try temporary.database.models.names(in: "other").isEmpty)
  }

  @Test(arguments: [
    ("FIELDS cpu, memory", "FIELDS memory, cpu", "other fields"),
    ("time(10s)", "time(20s)", "another interval"),
    ("time(10s)", "time(10s, 5s)", "another interval"),
    ("time(10s), pod", "time(10s)", "other tags"),
    ("FROM container", "FROM container2", "another measurement"),
  ])
  func aModelOfOtherRowsIsNotReplaced(
    _ part: String, _ replacement: String, _ message: String
  ) async throws {
    let temporary = try await trained()
    let lines = ModelTests.lines().replacingOccurrences(of: "container", with: "container2")
    try temporary.database.write(lineProtocol: lines, to: "db")
    _ = try await temporary.database.tables(
      ModelTests.create.replacingOccurrences(of: part, with: replacement)
        .replacingOccurrences(of: "MODEL shop", with: "MODEL odd"))
    let bytes = try temporary.database.exportModel("odd", from: "db")
    do {
      try temporary.database.importModel(bytes, as: "shop", into: "db")
      Issue.record("imported")
    } catch let error as QueryError {
      #expect("\(error)".contains(message), "\(error)")
    }
    #expect(try await listing(temporary, "version") == .integer(1))
  }

  @Test func namesThatAreNotThereOrCannotBeAreErrors() async throws {
    let temporary = try await trained()
    let database = temporary.database
    let bytes = try database.exportModel("shop", from: "db")
    #expect(throws: QueryError.modelNotFound("no")) { try database.exportModel("no", from: "db") }
    #expect(throws: QueryError.databaseNotFound("no")) {
      try database.exportModel("shop", from: "no")
    }
    #expect(throws: QueryError.databaseNotFound("no")) {
      try database.importModel(bytes, into: "no")
    }
    for name in ["", String(repeating: "x", count: 230)] {
      #expect(throws: StorageError.self) { try database.importModel(bytes, as: name, into: "db") }
    }
    #expect(try database.models.names(in: "db") == ["shop"])
  }

  @Test func aTrainingUnderWayIsNotDisturbed() async throws {
    let temporary = try await trained()
    let database = temporary.database
    let bytes = try database.exportModel("shop", from: "db")
    let model = try #require(try database.models.model(named: "shop", in: "db"))
    let status = ModelTrainingStatus(
      model.statement, context: QueryContext(now: 0), report: nil)
    #expect(database.models.begin(status, in: "db"))
    #expect(throws: QueryError.invalid("model shop is being trained already")) {
      try database.importModel(bytes, into: "db")
    }
    database.models.end("shop", in: "db")
    #expect(try database.importModel(bytes, into: "db").version == 2)
  }

  @Test func damageIsFoundAndNothingIsWritten() async throws {
    let temporary = try await trained()
    let bytes = try temporary.database.exportModel("shop", from: "db")
    var numbers = SeededGenerator(seed: 5)
    var damaged = [[], Array(bytes.dropLast()), bytes + [0], Array(repeating: 0, count: 100)]
    for _ in 0..<50 {
      var copy = bytes
      copy[Int.random(in: copy.indices, using: &numbers)] ^=
        1
        << UInt8.random(
          in: 0..<8, using: &numbers)
      damaged.append(copy)
    }
    for file in damaged {
      #expect(throws: DetectionError.self) {
        try temporary.database.importModel(file, as: "new", into: "db")
      }
    }
    #expect(try temporary.database.models.names(in: "db") == ["shop"])
  }

  /// Files that are whole, and whose parts are not of one model.
  @Test(arguments: [
    ("FIELDS cpu, memory", "FIELDS memory, cpu"), ("time(10s)", "time(20s)"),
    ("pod", "node"), ("hidden = 4", "hidden = 5"), ("hidden = 4", "hiden = 4"),
    ("lstm_autoencoder", "crystal_ball"), ("FROM container", "FROM /container/"),
    ("sustain = 2", "versions = 0"), ("CREATE MODEL", "SHOW MODELS; CREATE MODEL"),
    ("CREATE MODEL", "nonsense"),
  ])
  func aStatementOfOtherNetworksIsDamage(_ part: String, _ replacement: String) async throws {
    let temporary = try await trained()
    let bytes = try file(of: temporary) { specification in
      let statement = specification.annotations["statement"] ?? ""
      let changed = statement.replacingOccurrences(of: part, with: replacement)
      if changed == statement { Issue.record("\(part) is not in \(statement)") }
      specification.annotations["statement"] = changed
    }
    #expect(throws: DetectionError.self) {
      try temporary.database.importModel(bytes, as: "new", into: "db")
    }
    #expect(try temporary.database.models.names(in: "db") == ["shop"])
  }

  @Test func aScheduleBeginsWithTheImport() async throws {
    let source = try await trained { $0 + " RETRAIN EVERY 10m OVER 20m" }
    let bytes = try source.database.exportModel("shop", from: "db")
    let target = try await rows()
    clock.advance(3600 * Self.second)
    try target.database.write(lineProtocol: ModelTests.lines(from: 500, to: 700), to: "db")
    try target.database.importModel(bytes, into: "db")
    target.database.retraining.trainDue()
    #expect(try await listing(target, "version") == .integer(1))
    #expect(try await listing(target, "age") == .integer(3600))
    clock.advance(600 * Self.second)
    target.database.retraining.trainDue()
    #expect(try await listing(target, "version") == .integer(2))
  }
}
