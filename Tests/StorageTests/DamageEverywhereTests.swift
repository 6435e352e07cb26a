import Foundation
import SystemPackage
import Testing
import TimeSeries

@testable import Storage

/// A small store that has something of everything, and damage to any of its files.
enum DamagedStore {
  static let options = StorageOptions.deterministic()
  /// What the files of upper layers hold.
  static let definition: [UInt8] = [1, 2, 3]

  /// What can be read of a store, and how it is told that something cannot.
  struct Reading {
    var cells: [String: [Cell: FieldValue]] = [:]
    var definition: [UInt8]?
    var entries: [DamageReport.Entry] = []
    var problems: [StorageError] = []
  }

  /// Segments of two policies, a deletion, a dropped series, a value written twice, files of upper
  /// layers, and a log with points of three policies, one of which nothing else names.
  static func make() throws -> SimulatedFileSystem {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    try engine.createDatabase("db")
    for name in ["a", "b", "c"] {
      try engine.createRetentionPolicy(
        RetentionPolicy(name: name, partitionDuration: StoreModel.day), in: "db",
        isDefault: name == "a")
    }
    func write(_ key: String, _ time: Timestamp, _ value: Double, _ policy: String) throws {
      let point = TestPoint(key, time, [("f", .float(value)), ("s", .string("text \(value)"))])
      _ = try engine.write(PointBatch([point]), to: "db", retentionPolicy: policy)
    }
    for time in 0..<3 { try write("m,host=x", Timestamp(time), 1, "autogen") }
    try write("gone,host=x", 1, 1, "autogen")
    try engine.flush("db")
    try write("m,host=x", 1, 2, "autogen")
    try write("m,host=y", 5, 3, "a")
    try engine.flush("db")
    let series = try #require(engine.snapshot(of: "db"))
    try engine.dropSeries(series.series(of: "gone", matching: nil).map(\.id), in: "db")
    try engine.delete(
      series.series(of: "m", matching: .equal(key: "host", value: "x")).map(\.id), from: 0,
      through: 0, in: "db")
    try engine.storeFile(kind: "models", name: "a/b", bytes: definition, in: "db")
    for (number, policy) in ["autogen", "a", "c"].enumerated() {
      try write("m,host=z", Timestamp(number + 10), 4, policy)
    }
    // As a kill leaves it: close would flush.
    return files.afterPowerCut(.nothing)
  }

  static func open(_ files: SimulatedFileSystem) throws -> StorageEngine {
    try StorageEngine(directory: "/data", fileSystem: files, options: options)
  }

  static func read(_ engine: StorageEngine) throws -> Reading {
    var reading = Reading()
    let report = DamageReport(failure: .never)
    let snapshot = engine.snapshot(of: "db", damage: report)
    for policy in engine.retentionPolicies(of: "db") ?? [] {
      let cells = try snapshot.map { try self.cells($0, policy.name) } ?? [:]
      if !cells.isEmpty { reading.cells[policy.name] = cells }
    }
    reading.definition = try? engine.loadFile(kind: "models", name: "a/b", in: "db")
    reading.entries = report.entries
    reading.problems = engine.problems
    return reading
  }

  /// What can be read. Unlike ``DatabaseSnapshot/cells(from:through:retentionPolicy:)`` it does not
  /// hold rows against statistics: those of a damaged block are of all its rows.
  private static func cells(
    _ snapshot: any DatabaseSnapshot, _ policy: String
  ) throws -> [Cell: FieldValue] {
    var cells: [Cell: FieldValue] = [:]
    for measurement in snapshot.measurements {
      let fields = snapshot.schema(of: measurement)?.fields.map(\.name) ?? []
      for series in snapshot.series(of: measurement, matching: nil) {
        for block in try snapshot.blocks(
          of: series.id, fields: fields, from: TimestampBounds.earliest,
          through: TimestampBounds.latest, retentionPolicy: policy)
        {
          let batch = try block.read()
          for (row, time) in batch.timestamps.enumerated() {
            for (field, column) in zip(fields, batch.columns) {
              cells[Cell(key: series.key.description, field: field, time: time)] = column[row]
            }
          }
        }
      }
    }
    return cells
  }

  /// An error of a backup; nil if there is one.
  static func backupFailure(_ engine: StorageEngine) -> (any Error)? {
    do {
      try engine.backup("db").send(except: []) { _ in }
      return nil
    } catch {
      return error
    }
  }

  /// What may happen to a file's bytes; nil is that it is removed.
  static func damages(of bytes: [UInt8], every step: Int) -> [(String, [UInt8]?)] {
    var all: [(String, [UInt8]?)] = [("removed", nil)]
    for position in stride(from: 0, to: bytes.count, by: max(1, step)) {
      var flipped = bytes
      flipped[position] ^= 1 << UInt8(position % 8)
      all.append(("byte \(position) flipped", flipped))
    }
    for position in stride(from: 0, to: bytes.count, by: max(1, step * 4)) {
      var zeroed = bytes
      for index in position..<min(position + 16, bytes.count) { zeroed[index] = 0 }
      if zeroed != bytes { all.append(("zeros at \(position)", zeroed)) }
      all.append(("cut to \(position)", Array(bytes[..<position])))
    }
    return all
  }

  /// The ordinary run tries some bytes of each file; `VIGIL_DAMAGE=all` tries every one.
  static func step(_ bytes: [UInt8], _ parts: Int) -> Int {
    ProcessInfo.processInfo.environment["VIGIL_DAMAGE"] == "all" ? 1 : bytes.count / parts
  }
}

@Suite struct DamageEverywhereTests {
  /// What nobody can know: a crash leaves just that of a log (FORMAT.md).
  private func isUndetectable(_ path: String, _ what: String) -> Bool {
    path.hasSuffix(".wal") && !what.contains("flipped")
  }

  @Test func nothingIsLostInSilence() throws {
    let original = try DamagedStore.make()
    let expected = try DamagedStore.read(DamagedStore.open(original.afterPowerCut(.nothing)))
    try #require(expected.problems == [] && expected.cells.count == 3)
    for path in original.paths where !path.hasSuffix("LOCK") {
      let bytes = try #require(original.contents(path))
      for (what, damaged) in DamagedStore.damages(of: bytes, every: DamagedStore.step(bytes, 3)) {
        let files = original.afterPowerCut(.nothing)
        files.tamper(path, damaged)
        try check(files, expected, path, what, original)
      }
    }
  }

  private func check(
    _ files: SimulatedFileSystem, _ expected: DamagedStore.Reading, _ path: String, _ what: String,
    _ original: SimulatedFileSystem
  ) throws {
    let place: Comment = "\(path) \(what)"
    let engine: StorageEngine
    do {
      engine = try DamagedStore.open(files)
    } catch StorageError.unsupportedVersion {
      return
    }
    let first = try DamagedStore.read(engine)
    try engine.close()
    let report = try DirectoryVerification.run("/data", fileSystem: files)
    let again = try DamagedStore.open(files)
    let second = try DamagedStore.read(again)
    // What a start has found, the next one finds.
    #expect(second.cells == first.cells, place)
    #expect(first.definition == DamagedStore.definition, place)
    #expect(second.definition == DamagedStore.definition, place)
    // Files that are not damaged stay, whatever became of others.
    for other in original.paths where other != path && other.hasSuffix(".seg") {
      #expect(files.contents(other) == original.contents(other), place)
    }
    if isUndetectable(path, what) || first.cells == expected.cells { return }
    #expect(!first.problems.isEmpty && !second.problems.isEmpty, place)
    #expect(!first.entries.isEmpty && !second.entries.isEmpty, place)
    #expect(!report.problems.isEmpty, place)
    #expect(DamagedStore.backupFailure(again) != nil, place)
  }

  @Test func aRepairedStoreHasNoDamageAndWhatCouldBeRead() throws {
    let original = try DamagedStore.make()
    for path in original.paths where !path.hasSuffix("LOCK") {
      let bytes = try #require(original.contents(path))
      for (what, damaged) in DamagedStore.damages(of: bytes, every: DamagedStore.step(bytes, 2)) {
        let place: Comment = "\(path) \(what)"
        let files = original.afterPowerCut(.nothing)
        files.tamper(path, damaged)
        let readable: DamagedStore.Reading
        do {
          readable = try DamagedStore.read(DamagedStore.open(files.afterPowerCut(.nothing)))
        } catch StorageError.unsupportedVersion {
          continue
        }
        // A newer build can read it, so it is not set aside.
        let isOfANewerBuild = readable.problems.contains {
          if case .unsupportedVersion = $0 { true } else { false }
        }
        if isOfANewerBuild { continue }
        let before = files.fingerprint
        var said: [String] = []
        try DirectoryRepair.run("/data", isDryRun: true, fileSystem: files) { said.append($0) }
        #expect(files.fingerprint == before, place)
        var done: [String] = []
        let count = try DirectoryRepair.run("/data", isDryRun: false, fileSystem: files) {
          done.append($0)
        }
        #expect(count == done.count && done.count == said.count, "\(place): \(said) \(done)")
        if !readable.problems.isEmpty { #expect(count > 0, place) }
        let report = try DirectoryVerification.run("/data", fileSystem: files)
        #expect(report.problems == [], place)
        let after = try DirectoryRepair.run("/data", isDryRun: false, fileSystem: files) { _ in }
        #expect(after == 0, place)
        let engine = try DamagedStore.open(files)
        #expect(try DamagedStore.read(engine).cells == readable.cells, place)
        #expect(DamagedStore.backupFailure(engine) == nil, place)
      }
    }
  }

  /// A store of an older build has no copy: one bit took a policy, its segments and the points that
  /// the log had for it.
  @Test func aManifestWithoutACopyAndWithoutItsFirstRecord() throws {
    let original = try DamagedStore.make()
    let expected = try DamagedStore.read(DamagedStore.open(original.afterPowerCut(.nothing)))
    let files = original.afterPowerCut(.nothing)
    let path = "/data/databases/db/MANIFEST"
    var bytes = try #require(files.contents(path))
    bytes[41] ^= 1
    files.tamper(path, bytes)
    files.tamper(path + ".copy", nil)
    let engine = try DamagedStore.open(files)
    #expect(try DamagedStore.read(engine).cells == expected.cells)
    try engine.close()
    #expect(files.contents(path + ".damaged") == bytes)
    #expect(try !DirectoryVerification.run("/data", fileSystem: files).problems.isEmpty)
    #expect(DamagedStore.backupFailure(try DamagedStore.open(files)) != nil)
    #expect(
      try DirectoryRepair.run("/data", isDryRun: false, fileSystem: files) { _ in } == 1)
    #expect(try DirectoryVerification.run("/data", fileSystem: files).problems == [])
    #expect(try DamagedStore.read(DamagedStore.open(files)).cells == expected.cells)
  }

  /// Nothing but the log names the policies.
  @Test func aPolicyThatOnlyTheLogNamesIsMadeAgain() throws {
    let original = try DamagedStore.make()
    let path = "/data/databases/db/MANIFEST"
    for name in [path, path + ".copy"] { original.tamper(name, nil) }
    let engine = try DamagedStore.open(original)
    let policies = try #require(engine.retentionPolicies(of: "db")).map(\.name)
    #expect(Set(policies) == ["autogen", "recovered-2", "recovered-4"])
    let reading = try DamagedStore.read(engine)
    #expect(reading.cells["recovered-4"]?.count == 2)
    #expect(!reading.entries.isEmpty)
  }

  @Test func aDamagedDefinitionIsReadFromItsCopy() throws {
    let original = try DamagedStore.make()
    let path = try #require(
      original.paths.first { $0.contains("/files/") && !$0.hasSuffix(".copy") })
    original.tamper(path, [1, 2, 3])
    let engine = try DamagedStore.open(original)
    #expect(engine.problems.count == 1)
    #expect(
      try engine.loadFile(kind: "models", name: "a/b", in: "db") == DamagedStore.definition)
    // Both are good again.
    #expect(engine.verify() == [])
    #expect(try engine.removeFile(kind: "models", name: "a/b", in: "db"))
    #expect(try engine.listFiles(kind: "models", in: "db") == [])
    #expect(original.paths.allSatisfy { !$0.contains("/files/") })
  }

  @Test func anOlderValueThatShowsThroughIsSaid() throws {
    let files = try DamagedStore.make()
    let segments = files.paths.filter { $0.hasSuffix("00000001.seg") }
    let newer = try #require(segments.dropFirst().first)
    var bytes = try #require(files.contents(newer))
    bytes[bytes.count - 1] ^= 1
    files.tamper(newer, bytes)
    let engine = try DamagedStore.open(files)
    let report = DamageReport(failure: .never)
    let snapshot = try #require(engine.snapshot(of: "db", damage: report))
    let cell = Cell(key: "m,host=x", field: "f", time: 1)
    #expect(try snapshot.cells(from: 1, through: 1, retentionPolicy: "autogen")[cell] == .float(1))
    #expect(report.entries.map(\.error.path) == [newer])
    #expect(report.entries.map(\.timeRange) == [1...1])
    // Rows of other times do not hang on it.
    let others = DamageReport(failure: .unreadableRows)
    let rest = try #require(engine.snapshot(of: "db", damage: others))
    #expect(try !rest.cells(from: 2, through: 2, retentionPolicy: "autogen").isEmpty)
    #expect(throws: StorageError.self) {
      try rest.cells(from: 1, through: 1, retentionPolicy: "autogen")
    }
  }

  @Test func aBackupOfADamagedBlockFailsAndNamesTheFile() throws {
    let files = try DamagedStore.make()
    let path = try #require(files.paths.first { $0.hasSuffix(".seg") })
    var bytes = try #require(files.contents(path))
    bytes[SegmentFormat.headerLength] ^= 1
    files.tamper(path, bytes)
    let failure = DamagedStore.backupFailure(try DamagedStore.open(files))
    #expect((failure as? StorageError)?.path == path)
  }
}
