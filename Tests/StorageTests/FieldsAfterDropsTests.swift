import Testing
import TimeSeries

@testable import Storage

/// Fields last as long as their measurement has series, whichever series they came with.
@Suite struct FieldsAfterDropsTests {
  private static let options = StorageOptions.deterministic()
  private static let log = "/data/databases/db/SERIES"

  private func open(_ files: SimulatedFileSystem) throws -> StorageEngine {
    try StorageEngine(directory: "/data", fileSystem: files, options: Self.options)
  }

  /// What comes between two statements of a test.
  enum Pause: CaseIterable {
    case nothing, flush, restart, kill

    func take(_ engine: inout StorageEngine, _ files: inout SimulatedFileSystem) throws {
      switch self {
      case .nothing: return
      case .flush:
        try engine.flush("db")
        return
      case .restart: try engine.close()
      case .kill: files = files.afterPowerCut(.everything)
      }
      engine = try StorageEngine(
        directory: "/data", fileSystem: files, options: FieldsAfterDropsTests.options)
      #expect(engine.problems == [])
    }
  }

  private func write(
    _ key: String, _ time: Timestamp, _ fields: [(String, FieldValue)], to engine: StorageEngine
  ) throws {
    let batch = PointBatch([TestPoint(key, time, fields)])
    #expect(try engine.write(batch, to: "db").rejections == [])
  }

  private func drop(_ key: String, _ engine: StorageEngine) throws {
    let measurement = StoreModel.measurement(key)
    let series = engine.snapshot(of: "db")?.series(of: measurement, matching: nil) ?? []
    try engine.dropSeries(series.filter { $0.key.description == key }.map(\.id), in: "db")
  }

  private func fields(_ engine: StorageEngine) -> [String: FieldType] {
    let schema = engine.snapshot(of: "db")?.schema(of: "m")
    return Dictionary(uniqueKeysWithValues: (schema?.fields ?? []).map { ($0.name, $0.type) })
  }

  @Test(arguments: Pause.allCases, Pause.allCases)
  func theSeriesThatAFieldCameWithMayGo(_ first: Pause, _ second: Pause) throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write("m,pod=a", 1, [("v", .float(1))], to: engine)
    try first.take(&engine, &files)
    try write("m,pod=b", 2, [("v", .float(2))], to: engine)
    try second.take(&engine, &files)
    try drop("m,pod=a", engine)
    let expected = [Cell(key: "m,pod=b", field: "v", time: 2): FieldValue.float(2)]
    for pause in [Pause.nothing, .restart, .kill, .restart] {
      try pause.take(&engine, &files)
      #expect(fields(engine) == ["v": .float])
      #expect(try #require(engine.snapshot(of: "db")).cells() == expected)
    }
  }

  @Test(arguments: Pause.allCases, Pause.allCases)
  func aMeasurementThatComesBackHasOnlyItsNewFields(_ first: Pause, _ second: Pause) throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write("m,pod=a", 1, [("v", .float(1)), ("w", .float(1))], to: engine)
    try write("other", 1, [("w", .float(1))], to: engine)
    try first.take(&engine, &files)
    try drop("m,pod=a", engine)
    try second.take(&engine, &files)
    #expect(fields(engine) == [:])
    try write("m,pod=b", 2, [("v", .string("x"))], to: engine)
    for pause in Pause.allCases {
      try pause.take(&engine, &files)
      #expect(fields(engine) == ["v": .string])
    }
    try write("m,pod=b", 2, [("w", .boolean(true))], to: engine)
    for pause in Pause.allCases {
      try pause.take(&engine, &files)
      #expect(fields(engine) == ["v": .string, "w": .boolean])
    }
    let expected: [Cell: FieldValue] = [
      Cell(key: "m,pod=b", field: "v", time: 2): .string("x"),
      Cell(key: "m,pod=b", field: "w", time: 2): .boolean(true),
      Cell(key: "other", field: "w", time: 1): .float(1),
    ]
    #expect(try #require(engine.snapshot(of: "db")).cells() == expected)
  }

  /// The measurement's end is in the manifest, and then the log cannot be written anew.
  @Test(arguments: 0..<12) func aRewriteThatFailsIsMadeUpFor(_ operation: Int) throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write("m,pod=a", 1, [("v", .float(1)), ("w", .float(1))], to: engine)
    try engine.flush("db")
    try drop("m,pod=a", engine)
    try write("m,pod=b", 2, [("v", .string("x"))], to: engine)
    files.fail(at: files.operationCount + operation)
    try? engine.flush("db")
    #expect(fields(engine) == ["v": .string])
    for pause in [Pause.kill, .restart, .restart] {
      try pause.take(&engine, &files)
      #expect(fields(engine) == ["v": .string])
    }
  }

  /// A log that is written anew by a flush has nothing of memtables that are not flushed yet: were
  /// their points lost, nothing would show what made their fields.
  @Test func aNewLogHasNothingOfLaterMemtables() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    try engine.createDatabase("db")
    try write("m", 1, [("v", .float(1))], to: engine)
    try engine.flush("db")
    try drop("m", engine)
    try write("m", 1, [("v", .string("x"))], to: engine)
    let store = try engine.store("db")
    store.monitor.withLock { store.freeze() }
    try write("m", 1, [("w", .float(1))], to: engine)
    try write("n", 1, [("f", .float(1))], to: engine)
    #expect(store.flushInBackground() == .done)
    var problems: [StorageError] = []
    let index = SeriesIndex()
    _ = try SeriesLog(
      opening: store.layout, on: files, into: index, dropped: [0], problems: &problems)
    #expect(problems == [])
    #expect(index.liveIDs == [1])
    #expect(index.measurements["m"]?.fields.map(\.name) == ["v"])
    // What was left out comes with its own flush.
    try engine.flush("db")
    let again = SeriesIndex()
    _ = try SeriesLog(
      opening: store.layout, on: files, into: again, dropped: [0], problems: &problems)
    #expect(again.liveIDs == [1, 2])
    #expect(again.measurements["m"]?.fields.map(\.name) == ["v", "w"])
  }

  /// A log as it was written when nothing kept fields of ended measurements out of it.
  @Test func anOldLogLosesNoFieldAndTheLaterTypeWins() throws {
    let files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write("m,pod=a", 1, [("v", .float(1)), ("w", .float(1))], to: engine)
    try engine.flush("db")
    try drop("m,pod=a", engine)
    try write("m,pod=b", 2, [("v", .string("x"))], to: engine)
    try engine.close()
    let index = SeriesIndex()
    for key in ["m,pod=a", "m,pod=b"] { index.add(Array(key.utf8)[...]) }
    func field(_ name: String, _ type: FieldType) -> SeriesLog.NewField {
      SeriesLog.NewField(measurement: "m", name: name, type: type)
    }
    files.tamper(
      Self.log,
      RecordLog.header(magic: SeriesLog.magic)
        + RecordLog.frame(
          SeriesLog.payload(
            series: [0], fields: [field("v", .float), field("w", .float)], of: index))
        + RecordLog.frame(
          SeriesLog.payload(series: [1], fields: [field("v", .string)], of: index)))
    let expected = [Cell(key: "m,pod=b", field: "v", time: 2): FieldValue.string("x")]
    for _ in 0..<3 {
      engine = try open(files)
      #expect(engine.problems == [])
      // Whether "w" came before or after the end of the first series, nobody knows.
      #expect(fields(engine) == ["v": .string, "w": .float])
      #expect(try #require(engine.snapshot(of: "db")).cells() == expected)
      try write("n", 1, [("f", .float(1))], to: engine)
      try drop("n", engine)
      try engine.close()
    }
  }

  /// A log that was written anew by a store that had lost the fields; or one cut between records.
  @Test func fieldsThatTheLogLostAreFoundInTheSegments() throws {
    let files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write("m,pod=a", 1, [("v", .float(1)), ("w", .string("x"))], to: engine)
    try write("n", 1, [("f", .float(1))], to: engine)
    let expected = try #require(engine.snapshot(of: "db")).cells()
    try engine.close()
    let index = SeriesIndex()
    for key in ["m,pod=a", "n"] { index.add(Array(key.utf8)[...]) }
    let field = SeriesLog.NewField(measurement: "n", name: "f", type: .float)
    let payload = SeriesLog.payload(series: [0, 1], fields: [field], of: index)
    files.tamper(
      Self.log, RecordLog.header(magic: SeriesLog.magic) + RecordLog.frame(payload))
    engine = try open(files)
    #expect(engine.problems.count == 1)
    #expect(fields(engine) == ["v": .float, "w": .string])
    #expect(try #require(engine.snapshot(of: "db")).cells() == expected)
    // Written anew with the next flush.
    try write("n", 1, [("f", .float(1))], to: engine)
    try engine.close()
    engine = try open(files)
    #expect(engine.problems == [])
    #expect(try #require(engine.snapshot(of: "db")).cells() == expected)
  }

  @Test func backupsHaveTheFieldsThatAreThereAndNoOthers() throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write("m,pod=a", 1, [("v", .float(1)), ("w", .float(1))], to: engine)
    func expectBackup(_ name: String, has expected: [String: FieldType]) throws {
      try BackupTests.backUp(engine, to: files, name: name)
      try BackupTests.restore(files, backup: name, as: name)
      let restored = try StorageEngine(
        directory: "/restored", fileSystem: files, options: Self.options)
      #expect(restored.problems == [])
      let schema = restored.snapshot(of: name)?.schema(of: "m")
      let found = (schema?.fields ?? []).map { ($0.name, $0.type) }
      #expect(Dictionary(uniqueKeysWithValues: found) == expected, "backup \(name)")
      #expect(
        try restored.snapshot(of: name)?.cells() == engine.snapshot(of: "db")?.cells(),
        "backup \(name)")
      try restored.close()
    }
    try expectBackup("a", has: ["v": .float, "w": .float])
    try write("m,pod=b", 2, [("v", .float(2))], to: engine)
    try drop("m,pod=a", engine)
    try expectBackup("b", has: ["v": .float, "w": .float])
    try Pause.restart.take(&engine, &files)
    try expectBackup("c", has: ["v": .float, "w": .float])
    try drop("m,pod=b", engine)
    try expectBackup("d", has: [:])
    try write("m,pod=b", 3, [("v", .string("x"))], to: engine)
    try expectBackup("e", has: ["v": .string])
    let report = try DirectoryVerification.run("/backup", fileSystem: files)
    #expect(report.problems == [])
  }
}
