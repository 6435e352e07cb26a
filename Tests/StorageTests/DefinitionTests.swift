import Testing
import TimeSeries

@testable import Storage

/// Databases, policies, measurements, stored files: what is named and kept.
@Suite struct DefinitionTests {
  private let options = StorageOptions.deterministic()

  private func open(
    _ files: SimulatedFileSystem, _ options: StorageOptions? = nil
  ) throws -> StorageEngine {
    try StorageEngine(
      directory: "/data", fileSystem: files, options: options ?? self.options)
  }

  @Test func databasesOfAnyNameAreThereAfterAPowerCutAndStayDropped() throws {
    let names = ["..", "a/b", "A", "Ω %41", "a", "x.new"].sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    var files = SimulatedFileSystem()
    var engine = try open(files)
    for name in names { try engine.createDatabase(name) }
    files = files.afterPowerCut(.everything)
    engine = try open(files)
    #expect(engine.databases == names)
    let held = engine.snapshot(of: "a")
    for name in names { try engine.dropDatabase(name) }
    #expect(held?.measurements == [])
    #expect(throws: StorageError.databaseNotFound("a")) { try engine.dropDatabase("a") }
    #expect(try open(files.afterPowerCut(.everything)).databases == [])
    #expect(throws: StorageError.invalidName("", reason: "empty")) {
      try engine.createDatabase("")
    }
  }

  @Test func aDatabaseCanBeMadeAfterAnAttemptThatFailedAnywhere() throws {
    let untroubled = SimulatedFileSystem()
    let first = try open(untroubled)
    let opened = untroubled.operationCount
    try first.createDatabase("db")
    var failures = 0
    for operation in opened..<untroubled.operationCount {
      let files = SimulatedFileSystem()
      let engine = try open(files)
      files.fail(at: operation)
      do { try engine.createDatabase("db") } catch { failures += 1 }
      try engine.createDatabase("db")
      let again = try open(files.afterPowerCut(.everything))
      #expect(again.databases == ["db"], "operation \(operation)")
    }
    #expect(failures > 5)
  }

  @Test func policiesKeepTheirPointsApartAndGoWithThem() throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    let week = RetentionPolicy(name: "week", duration: 100, partitionDuration: 10)
    try engine.createRetentionPolicy(week, in: "db", isDefault: true)
    try engine.createRetentionPolicy(week, in: "db")
    let points = PointBatch([TestPoint("m", 1, [("f", .float(1))])])
    _ = try engine.write(points, to: "db")
    files = files.afterPowerCut(.everything)
    engine = try open(files)
    #expect(engine.retentionPolicies(of: "db")?.map(\.name) == ["week", "autogen"])
    #expect(try engine.snapshot(of: "db")?.cells().count == 1)
    #expect(try engine.snapshot(of: "db")?.cells(retentionPolicy: "autogen").isEmpty == true)
    #expect(throws: StorageError.self) { try engine.dropRetentionPolicy("week", in: "db") }
    try engine.dropRetentionPolicy("autogen", in: "db")
    #expect(throws: StorageError.retentionPolicyNotFound(database: "db", policy: "autogen")) {
      try engine.write(points, to: "db", retentionPolicy: "autogen")
    }
  }

  @Test func aChangedPolicyKeepsItsPointsAndItsChangesAfterAPowerCut() throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try engine.createRetentionPolicy(
      RetentionPolicy(name: "p", duration: 1_000, partitionDuration: 100), in: "db")
    for time in [Timestamp(1), 150, 99] {
      _ = try engine.write(
        PointBatch([TestPoint("m", time, [("f", .integer(time))])]), to: "db", retentionPolicy: "p")
      try engine.flush("db")
    }
    try engine.alterRetentionPolicy("p", in: "db", partitionDuration: 40, makesDefault: true)
    try engine.alterRetentionPolicy("p", in: "db", duration: 500)
    // Partitions of the old length and of the new one hold the same time; the later write stands.
    for time in [Timestamp(99), 160] {
      _ = try engine.write(PointBatch([TestPoint("m", time, [("f", .integer(-time))])]), to: "db")
      try engine.flush("db")
    }
    files = files.afterPowerCut(.everything)
    engine = try open(files)
    let changed = RetentionPolicy(name: "p", duration: 500, partitionDuration: 40)
    #expect(engine.retentionPolicies(of: "db")?.first == changed)
    let wanted: [FieldValue] = [.integer(1), .integer(-99), .integer(150), .integer(-160)]
    for _ in 0..<2 {
      let cells = try #require(engine.snapshot(of: "db")).cells()
      #expect(cells.sorted { $0.key < $1.key }.map(\.value) == wanted)
      try engine.compact("db")
    }
    #expect(throws: StorageError.retentionPolicyNotFound(database: "db", policy: "x")) {
      try engine.alterRetentionPolicy("x", in: "db", duration: 1)
    }
    #expect(throws: StorageError.self) {
      try engine.alterRetentionPolicy("p", in: "db", partitionDuration: 0)
    }
    #expect(engine.retentionPolicies(of: "db")?.first == changed)
  }

  @Test func whatAPolicyDoesNotKeepIsRefusedAndRemoved() throws {
    let files = SimulatedFileSystem()
    let now = Mutex<Timestamp>(1_000)
    var options = options
    options.now = { now.value }
    let engine = try open(files, options)
    try engine.createDatabase("db")
    try engine.createRetentionPolicy(
      RetentionPolicy(name: "short", duration: 100, partitionDuration: 10), in: "db",
      isDefault: true)
    let outcome = try engine.write(
      PointBatch([
        TestPoint("m", 899, [("f", .float(1))]), TestPoint("m", 900, [("f", .float(2))]),
      ]), to: "db")
    #expect(outcome.rejections == [.init(line: 1, reason: .beyondRetention(899))])
    try engine.flush("db")
    try engine.enforceRetention()
    #expect(try engine.snapshot(of: "db")?.cells().count == 1)
    now.value = 1_001
    try engine.enforceRetention()
    #expect(try engine.snapshot(of: "db")?.cells().isEmpty == true)
    #expect(files.paths.filter { $0.hasSuffix(".seg") } == [])
  }

  private final class Mutex<Value: Sendable>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
  }

  @Test func aPointThatConflictsIsRejectedWholeAndTheOthersKept() throws {
    let engine = try open(SimulatedFileSystem())
    try engine.createDatabase("db")
    let batch = PointBatch([
      TestPoint("m,a=1", 1, [("f", .float(1))]),
      TestPoint("m,a=2", 2, [("g", .integer(1)), ("f", .integer(1))]),
      TestPoint("m,a=3", 3, [("g", .float(1))]),
      TestPoint("m,a=1", .min, [("f", .float(1))]),
    ])
    let outcome = try engine.write(batch, to: "db")
    #expect(
      outcome.rejections == [
        .init(
          line: 2,
          reason: .fieldTypeConflict(
            measurement: "m", field: "f", given: .integer, existing: .float)),
        .init(line: 4, reason: .timestampOutOfRange(.min)),
      ])
    #expect(outcome.acceptedPoints == 2)
    let snapshot = try #require(engine.snapshot(of: "db"))
    // The rejected point leaves neither a series nor the type of a field.
    #expect(snapshot.series(of: "m", matching: nil).map(\.key.description) == ["m,a=1", "m,a=3"])
    #expect(snapshot.schema(of: "m")?.type(of: "g") == .float)
  }

  @Test func theSeriesLimitRejectsNewSeriesOnlyUntilOthersAreDropped() throws {
    var options = options
    options.seriesLimit = 2
    let engine = try open(SimulatedFileSystem(), options)
    try engine.createDatabase("db")
    func write(_ hosts: [Int], at time: Timestamp) throws -> WriteOutcome {
      try engine.write(
        PointBatch(hosts.map { TestPoint("m,a=\($0)", time, [("f", .float(1))]) }), to: "db")
    }
    let refused = WriteOutcome.Rejection(line: 3, reason: .seriesLimit(database: "db", limit: 2))
    #expect(try write([0, 1, 2, 0], at: 1).rejections == [refused])
    let again = try write([0, 1, 3, 1], at: 2)
    #expect(again.rejections == [refused])
    #expect(again.acceptedPoints == 3)
    #expect(try engine.snapshot(of: "db")?.cells().count == 4)
    let first = try #require(
      engine.snapshot(of: "db")?.series(of: "m", matching: .equal(key: "a", value: "0")).first)
    try engine.dropSeries([first.id], in: "db")
    #expect(try write([1, 2], at: 3).rejections == [])
    #expect(try write([0], at: 3).acceptedPoints == 0)
  }

  @Test func theFieldLimitRejectsPointsWholeThatBringTooMany() throws {
    var options = options
    options.fieldLimit = 3
    let files = SimulatedFileSystem()
    let engine = try open(files, options)
    try engine.createDatabase("db")
    func write(_ points: [(measurement: String, fields: [String])]) throws -> WriteOutcome {
      try engine.write(
        PointBatch(
          points.enumerated().map { number, point in
            TestPoint(
              point.measurement, Timestamp(number), point.fields.map { ($0, .float(1)) })
          }), to: "db")
    }
    func refused(_ line: UInt32) -> WriteOutcome.Rejection {
      WriteOutcome.Rejection(line: line, reason: .fieldLimit(measurement: "m", limit: 3))
    }
    let first = try write([
      ("m", ["a", "b"]), ("m", ["b", "c", "d"]), ("m,h=x", ["a", "c"]), ("m,h=y", ["a", "d"]),
      ("m", ["d"]), ("n", ["d", "e", "f"]),
    ])
    #expect(first.rejections == [refused(2), refused(4), refused(5)])
    #expect(first.acceptedPoints == 3)
    let second = try write([("m,h=z", ["d"]), ("m,h=x", ["a", "b", "c"])])
    #expect(second.rejections == [refused(1)])
    let snapshot = try #require(engine.snapshot(of: "db"))
    // What was refused leaves nothing.
    #expect(snapshot.series(of: "m", matching: nil).map(\.key.description) == ["m", "m,h=x"])
    #expect(snapshot.schema(of: "m")?.fields.map(\.name) == ["a", "b", "c"])
    // Fields that are there stay, and take values, when the limit is lowered.
    options.fieldLimit = 1
    let again = try open(files.afterPowerCut(.everything), options)
    #expect(again.problems == [])
    #expect(again.snapshot(of: "db")?.schema(of: "m")?.fields.count == 3)
    let wide = TestPoint("m,h=new", 9, [("a", .float(1)), ("c", .float(1))])
    #expect(try again.write(PointBatch([wide]), to: "db").rejections == [])
  }

  @Test func aMeasurementThatComesBackHasNewSeriesAndMayHaveOtherTypes() throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    _ = try engine.write(PointBatch([TestPoint("m", 1, [("f", .float(1))])]), to: "db")
    let before = try #require(engine.snapshot(of: "db"))
    try engine.dropMeasurement("m", in: "db")
    #expect(engine.snapshot(of: "db")?.measurements == [])
    _ = try engine.write(PointBatch([TestPoint("m", 2, [("f", .string("s"))])]), to: "db")
    #expect(try before.cells() == [Cell(key: "m", field: "f", time: 1): .float(1)])
    for _ in 0..<2 {
      let after = try #require(engine.snapshot(of: "db"))
      #expect(try after.cells() == [Cell(key: "m", field: "f", time: 2): .string("s")])
      #expect(after.series(of: "m", matching: nil).map(\.id.rawValue) == [1])
      files = files.afterPowerCut(.everything)
      engine = try open(files)
    }
  }

  @Test func tagPredicatesAgreeWithTheKeys() throws {
    let engine = try open(SimulatedFileSystem())
    try engine.createDatabase("db")
    let keys = (0..<60).map { number in
      SeriesKey(
        measurement: "m",
        tags: [
          Tag(key: "a", value: number % 3 == 0 ? "" : "\(number % 5)"),
          Tag(key: "b", value: "\(number)"),
        ])
    }
    _ = try engine.write(
      PointBatch(keys.map { TestPoint($0.description, 1, [("f", .float(1))]) }), to: "db")
    let snapshot = try #require(engine.snapshot(of: "db"))
    let parts: [TagPredicate] = [
      .equal(key: "a", value: "2"), .equal(key: "a", value: ""), .equal(key: "none", value: ""),
      .equal(key: "none", value: "x"), .matching(key: "b") { $0.hasSuffix("7") },
      .matching(key: "a") { $0 != "1" }, .matching(key: "a") { _ in false },
    ]
    for a in parts {
      for b in parts {
        for predicate in [a, .not(b), .and([a, b]), .or([a, .not(b)]), .and([]), .or([])] {
          #expect(
            snapshot.series(of: "m", matching: predicate).map(\.key.description)
              == keys.filter(predicate.matches).map(\.description).sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
              })
        }
      }
    }
  }

  @Test func storedFilesSurviveAPowerCutAndAreReplacedWhole() throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try engine.storeFile(kind: "models", name: "a/b", bytes: [1, 2, 3], in: "db")
    let start = files.operationCount
    try engine.storeFile(
      kind: "models", name: "a/b", bytes: Array(repeating: 7, count: 100), in: "db")
    for operation in start..<files.operationCount {
      let other = SimulatedFileSystem()
      let first = try open(other)
      try first.createDatabase("db")
      try first.storeFile(kind: "models", name: "a/b", bytes: [1, 2, 3], in: "db")
      other.crash(at: operation)
      try? first.storeFile(
        kind: "models", name: "a/b", bytes: Array(repeating: 7, count: 100), in: "db")
      for loss in SimulatedFileSystem.Loss.allCases {
        let found = try open(other.afterPowerCut(loss))
          .loadFile(kind: "models", name: "a/b", in: "db")
        #expect(found == [1, 2, 3] || found == Array(repeating: 7, count: 100), "\(operation)")
      }
    }
    files = files.afterPowerCut(.everything)
    engine = try open(files)
    #expect(try engine.listFiles(kind: "models", in: "db") == ["a/b"])
    #expect(try engine.removeFile(kind: "models", name: "a/b", in: "db"))
    #expect(try !engine.removeFile(kind: "models", name: "a/b", in: "db"))
    #expect(try engine.loadFile(kind: "models", name: "a/b", in: "db") == nil)
  }
}
