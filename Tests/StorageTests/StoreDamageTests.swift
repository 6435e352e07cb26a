import Testing
import TimeSeries

@testable import Storage

/// Files flipped, cut short and removed behind the store's back.
@Suite struct StoreDamageTests {
  private let options = StorageOptions.deterministic()

  /// A store with three flushed batches and three in the WAL; nothing is written twice.
  private func makeFiles() throws -> (SimulatedFileSystem, [Cell: FieldValue]) {
    let files = SimulatedFileSystem()
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.createDatabase("db")
    var model = StoreModel()
    for batch in 0..<6 {
      let points = (0..<4).map { number in
        TestPoint(
          "m\(batch % 2),host=h\(number)", Timestamp(batch * 100 + number),
          [("f", .float(Double(batch))), ("i", .integer(Int64(number)))])
      }
      _ = try engine.write(PointBatch(points), to: "db")
      model.write(points, policy: "autogen")
      if batch < 3 { try engine.flush("db") }
    }
    try engine.storeFile(kind: "models", name: "a/b", bytes: [1, 2, 3], in: "db")
    // As a kill leaves it: close would flush.
    return (files.afterPowerCut(.nothing), model.cells["autogen"] ?? [:])
  }

  private func open(_ files: SimulatedFileSystem) throws -> StorageEngine {
    try StorageEngine(directory: "/data", fileSystem: files, options: options)
  }

  /// What can be read, block by block, with damaged ones left out.
  private func readable(_ engine: StorageEngine) throws -> [Cell: FieldValue] {
    var cells: [Cell: FieldValue] = [:]
    let report = DamageReport(failure: .never)
    guard let snapshot = engine.snapshot(of: "db", damage: report) else { return [:] }
    for measurement in snapshot.measurements {
      for series in snapshot.series(of: measurement, matching: nil) {
        for field in snapshot.schema(of: measurement)?.fields ?? [] {
          for block in try snapshot.blocks(
            of: series.id, fields: [field.name], from: .min, through: .max, retentionPolicy: nil)
          {
            guard let batch = try? block.read() else { continue }
            for (row, time) in batch.timestamps.enumerated() {
              cells[Cell(key: series.key.description, field: field.name, time: time)] =
                batch.columns[0][row]
            }
          }
        }
      }
    }
    return cells
  }

  @Test func aFlippedBitIsReportedAndNothingIsInvented() throws {
    let (original, expected) = try makeFiles()
    for path in original.paths where !path.hasSuffix("LOCK") {
      let bytes = try #require(original.contents(path))
      for position in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 24)) {
        let files = original.afterPowerCut(.nothing)
        var damaged = bytes
        damaged[position] ^= 1 << UInt8(position % 8)
        files.tamper(path, damaged)
        let place: Comment = "\(path) byte \(position)"
        let engine: StorageEngine
        do {
          engine = try open(files)
        } catch StorageError.unsupportedVersion {
          continue
        }
        let found = try readable(engine)
        #expect(found.allSatisfy { expected[$0.key] == $0.value }, place)
        let reports = engine.problems + engine.verify()
        #expect(!reports.isEmpty, place)
        if !path.contains("/segments/") && !path.hasSuffix(".wal") {
          #expect(found == expected, place)
        }
      }
    }
  }

  @Test func aMissingFileIsReportedAndTheOthersAreRead() throws {
    let (original, expected) = try makeFiles()
    for path in original.paths where !path.hasSuffix("LOCK") && !path.contains("/files/") {
      let files = original.afterPowerCut(.nothing)
      files.tamper(path, nil)
      let engine = try open(files)
      let found = try readable(engine)
      #expect(found.allSatisfy { expected[$0.key] == $0.value }, "\(path)")
      // A log that is gone with all its numbers cannot be told from one that never was.
      // Nor can a copy that is gone from one that an old store never had.
      if !path.hasSuffix(".wal"), !path.hasSuffix(".copy") {
        #expect(engine.problems.contains(.missing(path: path)), "\(path)")
      }
      let lost = path.contains("/segments/") ? 8 : path.hasSuffix(".wal") ? 24 : 0
      #expect(found.count == expected.count - lost, "\(path)")
      try engine.flush("db")
    }
  }

  @Test func aTruncatedFileKeepsWhatIsBeforeTheCut() throws {
    let (original, expected) = try makeFiles()
    for path in original.paths where !path.hasSuffix("LOCK") && !path.contains("/files/") {
      let bytes = try #require(original.contents(path))
      for size in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 12)) {
        let files = original.afterPowerCut(.nothing)
        files.tamper(path, Array(bytes[..<size]))
        let engine = try open(files)
        let found = try readable(engine)
        #expect(found.allSatisfy { expected[$0.key] == $0.value }, "\(path) cut to \(size)")
        #expect(found.count >= expected.count - 24, "\(path) cut to \(size)")
      }
    }
  }

  /// A cut within a record looks like a crash, and one between records like nothing at all.
  @Test func aSeriesLogCutAnywhereIsMadeUpForByTheSegments() throws {
    let files = SimulatedFileSystem()
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.createDatabase("db")
    for host in 0..<3 {
      _ = try engine.write(
        PointBatch([TestPoint("m,host=h\(host)", Timestamp(host), [("f", .float(1))])]), to: "db")
      try engine.flush("db")
    }
    let expected = try readable(engine)
    try #require(expected.count == 3)
    let path = "/data/databases/db/SERIES"
    let bytes = try #require(files.contents(path))
    for size in RecordLog.headerSize..<bytes.count {
      let damaged = files.afterPowerCut(.nothing)
      damaged.tamper(path, Array(bytes[..<size]))
      let reopened = try open(damaged)
      #expect(try readable(reopened) == expected, "cut to \(size)")
      #expect(reopened.problems.count == 1, "cut to \(size): \(reopened.problems)")
      // What was made up for lasts, and the next start has nothing to complain about.
      _ = try reopened.write(
        PointBatch([TestPoint("m,host=new", 9, [("f", .float(1))])]), to: "db")
      try reopened.flush("db")
      let again = try open(damaged.afterPowerCut(.nothing))
      #expect(again.problems.isEmpty, "cut to \(size): \(again.problems)")
      #expect(try readable(again).count == 4, "cut to \(size)")
    }
  }

  @Test func aDamagedFileOfAnUpperLayerIsReportedAtTheStart() throws {
    let (files, expected) = try makeFiles()
    let path = try #require(files.paths.first { $0.contains("/files/models/") })
    var bytes = try #require(files.contents(path))
    bytes[bytes.count - 1] ^= 1
    files.tamper(path, bytes)
    let engine = try open(files)
    guard case .corrupt(path, _, _)? = engine.problems.first else {
      Issue.record("\(engine.problems)")
      return
    }
    #expect(engine.problems.count == 1)
    #expect(try readable(engine) == expected)
  }

  @Test func recordsBehindABadOneAreReplayed() throws {
    let (files, expected) = try makeFiles()
    let path = try #require(files.paths.first { $0.hasSuffix(".wal") })
    var bytes = try #require(files.contents(path))
    // Inside the payload of the first record.
    bytes[WALFormat.headerSize + WALFormat.recordHeaderSize + 3] ^= 0xff
    files.tamper(path, bytes)
    let engine = try open(files)
    #expect(
      engine.problems == [
        .corrupt(
          path: path, offset: WALFormat.headerSize, reason: "bad checksum of a record")
      ])
    #expect(try readable(engine).count == expected.count - 8)
  }

  @Test func filesWithOtherNamesAreLeftAlone() throws {
    let (files, expected) = try makeFiles()
    let database = "/data/databases/db/"
    for name in [
      "wal/ffffffffffffffff.wal", "wal/1.wal", "wal/notes.txt", "segments/notes.txt",
      "segments/ffffffffffffffff-ffffffffffffffff-00000001.seg",
    ] {
      files.tamper(database + name, [1, 2, 3])
    }
    let engine = try open(files)
    #expect(engine.problems == [])
    #expect(try readable(engine) == expected)
    try engine.flush("db")
    #expect(files.contents(database + "wal/notes.txt") == [1, 2, 3])
  }
}
