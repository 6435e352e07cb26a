import SystemPackage
import Testing
import TimeSeries

@testable import Storage

/// Backups of a store, and stores restored from them.
@Suite struct BackupTests {
  static let options = StorageOptions.deterministic()

  /// A store with segments, a tombstone, a dropped series, a second policy, files and a WAL.
  static func makeEngine(_ files: SimulatedFileSystem) throws -> StorageEngine {
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.createDatabase("db")
    try engine.createRetentionPolicy(
      RetentionPolicy(name: "other", duration: 0, partitionDuration: StoreModel.day), in: "db")
    for batch in 0..<4 {
      let points = (0..<3).map { number in
        TestPoint(
          "m\(batch % 2),host=h\(number)", Timestamp(batch * 100 + number),
          [("f", .float(Double(batch))), ("s", .string("text \(number)"))])
      }
      _ = try engine.write(PointBatch(points), to: "db")
      if batch < 3 { try engine.flush("db") }
    }
    _ = try engine.write(
      PointBatch([TestPoint("p,host=x", 5, [("i", .integer(7))])]), to: "db",
      retentionPolicy: "other")
    let series = try #require(engine.snapshot(of: "db")).series(of: "m0", matching: nil)
    try engine.delete([series[0].id], from: 0, through: 50, in: "db")
    try engine.dropSeries([series[1].id], in: "db")
    try engine.storeFile(kind: "models", name: "a/b", bytes: [1, 2, 3], in: "db")
    return engine
  }

  static func write(_ time: Timestamp, to engine: StorageEngine) throws {
    _ = try engine.write(
      PointBatch([TestPoint("later,host=z", time, [("f", .float(1))])]), to: "db")
  }

  @discardableResult
  static func backUp(
    _ engine: StorageEngine, to files: SimulatedFileSystem, name: String
  ) throws -> BackupReceiver.Summary {
    try receive(engine.backup("db"), into: files, name: name)
  }

  static func receive(
    _ backup: DatabaseBackup, into files: SimulatedFileSystem, name: String
  ) throws -> BackupReceiver.Summary {
    let archive = try BackupArchive(creating: "/backup", fileSystem: files)
    let receiver = try BackupReceiver(archive: archive, database: "db", name: name)
    try backup.send(except: receiver.known) { try receiver.receive($0) }
    return try receiver.finish()
  }

  @discardableResult
  static func restore(
    _ files: SimulatedFileSystem, backup: String? = nil, as name: String? = nil
  ) throws -> BackupArchive.Restored {
    try BackupArchive(reading: "/backup", fileSystem: files)
      .restore("db", backup: backup, as: name, to: "/restored")
  }

  static func contents(
    _ files: SimulatedFileSystem, _ name: String = "db"
  ) throws -> [[Cell: FieldValue]] {
    let engine = try StorageEngine(directory: "/restored", fileSystem: files, options: options)
    #expect(engine.problems == [])
    #expect(try engine.loadFile(kind: "models", name: "a/b", in: name) == [1, 2, 3])
    return try cells(engine, name)
  }

  static func cells(
    _ engine: StorageEngine, _ name: String = "db"
  ) throws -> [[Cell: FieldValue]] {
    let snapshot = try #require(engine.snapshot(of: name))
    return try ["autogen", "other"].map { try snapshot.cells(retentionPolicy: $0) }
  }

  @Test func aRestoredDatabaseIsWhatItWasWhenTheBackupBegan() throws {
    let files = SimulatedFileSystem()
    let engine = try Self.makeEngine(files)
    let expected = try Self.cells(engine)
    let backup = try engine.backup("db")
    // Written, deleted and merged after the moment of the backup, before it is read.
    try Self.write(1, to: engine)
    try engine.dropMeasurement("m1", in: "db")
    try engine.compact("db")
    let summary = try Self.receive(backup, into: files, name: "a")
    #expect(summary.reusedSegments == 0 && summary.sentSegments > 2)
    let restored = try Self.restore(files)
    #expect(restored.segmentCount == summary.sentSegments)
    #expect(try Self.contents(files) == expected)
    let policies = try StorageEngine(
      directory: "/restored", fileSystem: files.afterPowerCut(.everything), options: Self.options
    ).retentionPolicies(of: "db")
    #expect(policies == engine.retentionPolicies(of: "db"))
  }

  @Test func seriesAndFieldsWrittenAfterTheMomentAreNotInTheBackup() throws {
    let files = SimulatedFileSystem()
    let engine = try Self.makeEngine(files)
    try engine.flush("db")
    try Self.write(1, to: engine)
    let records = try engine.store("db").indexRecords()
    let index = SeriesIndex()
    var loader = SeriesLog.Loader(index: index, dropped: [])
    for record in records { try record.withUnsafeBytes { try loader.load($0) } }
    loader.addFields()
    #expect(!loader.hasFieldsOfEndedMeasurements)
    #expect(Set(index.measurements.keys) == ["m0", "m1", "p"])
  }

  @Test func aSecondBackupSendsOnlyWhatIsNew() throws {
    let files = SimulatedFileSystem()
    let engine = try Self.makeEngine(files)
    let first = try Self.backUp(engine, to: files, name: "a")
    let expected = try Self.cells(engine)
    try Self.write(1, to: engine)
    let second = try Self.backUp(engine, to: files, name: "b")
    #expect(second.sentSegments == 1)
    #expect(second.reusedSegments == first.sentSegments)
    #expect(second.reusedBytes == first.sentBytes)
    try Self.restore(files, as: "new")
    try Self.restore(files, backup: "a", as: "old")
    let engineAfter = try StorageEngine(
      directory: "/restored", fileSystem: files, options: Self.options)
    #expect(try Self.cells(engineAfter, "old") == expected)
    #expect(try Self.cells(engineAfter, "new") == Self.cells(engine))
  }

  @Test func aRestoredDatabaseGoesOnAndIsBackedUpWithoutSendingAnything() throws {
    let files = SimulatedFileSystem()
    let first = try Self.backUp(Self.makeEngine(files), to: files, name: "a")
    try Self.restore(files)
    let engine = try StorageEngine(directory: "/restored", fileSystem: files, options: Self.options)
    let before = try Self.cells(engine)
    let second = try Self.backUp(engine, to: files, name: "b")
    #expect(second.sentSegments == 0 && second.reusedSegments == first.sentSegments)
    try Self.write(1, to: engine)
    try engine.flush("db")
    #expect(try Self.cells(engine)[0].count == before[0].count + 1)
  }

  @Test func anotherDatabaseOfTheSameNameSharesNothingByMistake() throws {
    let files = SimulatedFileSystem()
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: Self.options)
    for round in 0..<2 {
      try engine.createDatabase("db")
      _ = try engine.write(
        PointBatch([TestPoint("m,host=a", 1, [("f", .float(Double(round)))])]), to: "db")
      let summary = try Self.backUp(engine, to: files, name: "b\(round)")
      // The file's name in the database is the same both times.
      #expect(summary.sentSegments == 1 && summary.reusedSegments == 0)
      try engine.dropDatabase("db")
    }
  }

  @Test func restoringNeverOverwrites() throws {
    let files = SimulatedFileSystem()
    try Self.backUp(Self.makeEngine(files), to: files, name: "a")
    try Self.restore(files)
    let before = files.paths.map { files.contents($0) }
    #expect(throws: BackupError.databaseExists(path: "/restored", database: "db")) {
      try Self.restore(files)
    }
    #expect(files.paths.map { files.contents($0) } == before)
    let engine = try StorageEngine(directory: "/restored", fileSystem: files, options: Self.options)
    #expect(throws: StorageError.locked(path: "/restored/LOCK")) {
      try Self.restore(files, as: "other")
    }
    try engine.close()
    #expect(throws: BackupError.backupNotFound(path: "/backup", database: "db", backup: "x")) {
      try Self.restore(files, backup: "x", as: "other")
    }
  }

  @Test func pruningKeepsWhatTheRestNeeds() throws {
    let files = SimulatedFileSystem()
    let engine = try Self.makeEngine(files)
    for (number, name) in ["a", "b", "c"].enumerated() {
      try Self.write(Timestamp(number), to: engine)
      try Self.backUp(engine, to: files, name: name)
      if number == 1 { try engine.compact("db") }
    }
    do {
      let archive = try BackupArchive(creating: "/backup", fileSystem: files)
      let before = try archive.knownSegments(of: "db").count
      #expect(try archive.prune("db", keeping: 1) == 2)
      #expect(try archive.backupNames(of: "db") == ["c"])
      #expect(try archive.knownSegments(of: "db").count < before)
    }
    let report = try DirectoryVerification.run("/backup", fileSystem: files)
    #expect(report.problems == [] && report.leftovers == [])
    try Self.restore(files)
    #expect(try Self.contents(files) == Self.cells(engine))
  }

  @Test func aDamagedStoreIsNotBackedUpInSilence() throws {
    let files = SimulatedFileSystem()
    try Self.makeEngine(files).close()
    let path = try #require(files.paths.first { $0.hasSuffix(".seg") })
    var bytes = try #require(files.contents(path))
    bytes[SegmentFormat.headerLength] ^= 1
    files.tamper(path, bytes)
    let engine = try StorageEngine(
      directory: "/data", fileSystem: files.afterPowerCut(.nothing), options: Self.options)
    let target = SimulatedFileSystem()
    #expect {
      try Self.backUp(engine, to: target, name: "a")
    } throws: { error in
      // The sender says so before it sends anything.
      (error as? StorageError)?.path == path
    }
    #expect(!target.paths.contains { $0.hasSuffix(".backup") })
  }

  @Test func aStreamThatIsCutOrWrongMakesNoBackup() throws {
    let files = SimulatedFileSystem()
    var stream: [UInt8] = []
    try Self.makeEngine(files).backup("db").send(except: []) { stream += $0 }
    func receive(_ bytes: [UInt8], pieces: Int) throws -> SimulatedFileSystem {
      // Segments that come over whole stay, and the stream does not leave them out.
      let target = SimulatedFileSystem()
      let archive = try BackupArchive(creating: "/backup", fileSystem: target)
      let receiver = try BackupReceiver(archive: archive, database: "db", name: "a")
      for start in stride(from: 0, to: bytes.count, by: pieces) {
        try bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes {
          try receiver.receive($0)
        }
      }
      _ = try receiver.finish()
      return target
    }
    for size in stride(from: 0, to: stream.count, by: 61) {
      #expect(throws: (any Error).self, "\(size)") {
        try receive(Array(stream[..<size]), pieces: 1000)
      }
    }
    for position in stride(from: 0, to: stream.count, by: 37) {
      var wrong = stream
      wrong[position] ^= 0x20
      #expect(throws: (any Error).self, "byte \(position)") { try receive(wrong, pieces: 1000) }
    }
    #expect(throws: (any Error).self) { try receive(stream + [0], pieces: 1000) }
    let target = try receive(stream, pieces: 1)
    #expect(try DirectoryVerification.run("/backup", fileSystem: target).problems == [])
  }
}
