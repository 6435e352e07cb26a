import SystemPackage
import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// What compaction leaves, and what may happen while it is under way.
@Suite struct CompactionTests {
  private func open(
    _ files: SimulatedFileSystem, blockRows: Int = 8192
  ) throws -> StorageEngine {
    let engine = try StorageEngine(
      directory: "/data", fileSystem: files, options: .deterministic(blockRows: blockRows))
    try engine.createDatabase("db")
    return engine
  }

  private func cells(_ engine: StorageEngine) throws -> [Cell: FieldValue] {
    try #require(engine.snapshot(of: "db")).cells()
  }

  private func segmentFiles(_ files: SimulatedFileSystem) -> [String] {
    files.paths.filter { $0.hasSuffix(".seg") }
  }

  private func bytes(_ files: SimulatedFileSystem) -> Int {
    segmentFiles(files).reduce(0) { $0 + (files.contents($1)?.count ?? 0) }
  }

  private func id(_ engine: StorageEngine, _ key: String) throws -> SeriesID {
    let series = engine.snapshot(of: "db")?.series(of: StoreModel.measurement(key), matching: nil)
    return try #require(series?.first { $0.key.description == key }?.id)
  }

  /// Flushes of few points each, which overlap and overwrite.
  private func fill(
    _ engine: StorageEngine, flushes: Int, seed: UInt64 = 1, days: ClosedRange<Int> = 0...0
  ) throws -> StoreModel {
    var model = StoreModel()
    var source = PointSource(generator: SeededGenerator(seed: seed), days: days)
    for _ in 0..<flushes {
      let points = source.points(atMost: 30)
      _ = try engine.write(PointBatch(points), to: "db")
      model.write(points, policy: "autogen")
      try engine.flush("db")
    }
    return model
  }

  @Test func aScanIsTheSameBeforeAndAfterAndOneSegmentAPartitionIsLeft() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    let model = try fill(engine, flushes: 12, days: -1...1)
    let before = try #require(engine.snapshot(of: "db"))
    #expect(try before.cells() == model.cells["autogen"])
    try engine.compact("db")
    #expect(segmentFiles(files).count == 3)
    #expect(try cells(engine) == model.cells["autogen"])
    #expect(try before.cells() == model.cells["autogen"])
    #expect(engine.verify() == [])
    let again = try open(files.afterPowerCut(.everything))
    #expect(again.problems == [])
    #expect(try cells(again) == model.cells["autogen"])
    // Nothing is left to do.
    let count = files.operationCount
    try engine.compact("db")
    #expect(files.operationCount == count)
  }

  @Test func blocksAreFilledAndTheirStatisticsAreOfTheirRows() throws {
    let engine = try open(SimulatedFileSystem(), blockRows: 10)
    for flush in 0..<25 {
      // Every other row has only one of the fields.
      let points = (0..<3).map { number in
        let time = Timestamp((flush * 3 + number) * 7 % 75)
        return TestPoint(
          "m", time,
          [("f", .float(0.1 * Double(time)))] + (time % 2 == 0 ? [("i", .integer(time))] : []))
      }
      _ = try engine.write(PointBatch(points), to: "db")
      try engine.flush("db")
    }
    try engine.compact("db")
    let snapshot = try #require(engine.snapshot(of: "db"))
    let blocks = try snapshot.blocks(
      of: try id(engine, "m"), fields: ["f", "i"], from: .min, through: .max, retentionPolicy: nil)
    #expect(blocks.map(\.rowCount) == [10, 10, 10, 10, 10, 10, 10, 5])
    for block in blocks {
      let batch = try block.read()
      for (index, column) in batch.columns.enumerated() {
        let found = try #require(ColumnStatistics(of: column, timestamps: batch.timestamps))
        let known = try #require(block.statistics(ofField: index))
        #expect(known.isIdentical(to: found))
      }
    }
  }

  @Test func afterManyFlushesFewSegmentsAreLeft() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    var model = StoreModel()
    var source = PointSource(generator: SeededGenerator(seed: 3), days: 0...0)
    for flush in 0..<150 {
      let points = source.points(atMost: 20)
      _ = try engine.write(PointBatch(points), to: "db")
      model.write(points, policy: "autogen")
      try engine.flush("db")
      #expect(try engine.store("db").compactWhatIsDue())
      let sizes = segmentFiles(files).map { UInt64(files.contents($0)?.count ?? 0) }
      #expect(
        sizes.count <= CompactionPolicy.bound(largest: sizes.max() ?? 0), "flush \(flush)")
    }
    #expect(try cells(engine) == model.cells["autogen"])
    #expect(engine.problems == [])
  }

  @Test func theSpaceOfDeletedRowsIsGivenBackAndTheDeletionsAreForgotten() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    var model = StoreModel()
    for key in ["m,host=a", "m,host=b", "n"] {
      let points = (0..<2000).map {
        TestPoint(key, Timestamp($0), [("f", .float(Double($0 * $0) / 7))])
      }
      _ = try engine.write(PointBatch(points), to: "db")
      model.write(points, policy: "autogen")
    }
    try engine.flush("db")
    let full = bytes(files)
    try engine.delete([try id(engine, "m,host=a")], from: 100, through: 1899, in: "db")
    model.delete(key: "m,host=a", from: 100, through: 1899)
    try engine.dropMeasurement("n", in: "db")
    model.dropMeasurement("n")
    let store = try engine.store("db")
    #expect(store.compactWhatIsDue())
    #expect(bytes(files) < full / 2)
    #expect(store.manifest.state.tombstones == [])
    #expect(store.manifest.state.droppedSeries.count == 1, "the background waits for more")
    let nextSeries = store.index.nextID
    try engine.compact("db")
    #expect(store.manifest.state.droppedSeries == [])
    #expect(try cells(engine) == model.cells["autogen"])

    let again = try open(files.afterPowerCut(.everything))
    #expect(again.problems == [])
    #expect(again.snapshot(of: "db")?.measurements == ["m"])
    #expect(try cells(again) == model.cells["autogen"])
    #expect(try again.store("db").index.nextID == nextSeries, "no id is given twice")
  }

  @Test func whatIsAllDeletedLeavesNoSegment() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    _ = try fill(engine, flushes: 3)
    for name in ["m", "n"] { try engine.dropMeasurement(name, in: "db") }
    try engine.compact("db")
    #expect(segmentFiles(files) == [])
    #expect(try open(files.afterPowerCut(.everything)).problems == [])
  }

  @Test func manySmallDeletionsAreForgotten() throws {
    let engine = try open(SimulatedFileSystem())
    let points = (0..<4000).map { TestPoint("m", Timestamp($0), [("f", .float(Double($0)))]) }
    _ = try engine.write(PointBatch(points), to: "db")
    let series = try id(engine, "m")
    let store = try engine.store("db")
    for number in 0..<100 {
      let time = Timestamp(number * 10)
      try engine.delete([series], from: time, through: time, in: "db")
      #expect(store.compactWhatIsDue())
      #expect(store.manifest.state.tombstones.count <= DatabaseStore.tombstoneLimit)
    }
    #expect(try cells(engine).count == 3900)
  }

  /// Runs `body` while rows are being copied, and compaction to its end.
  private func compacting(_ engine: StorageEngine, _ body: () throws -> Void) throws {
    var asked = 0
    var failure: (any Error)?
    let store = try engine.store("db")
    withoutActuallyEscaping(body) { body in
      let isWell = store.compactWhatIsDue(isStopping: {
        asked += 1
        if asked == 3 { do { try body() } catch { failure = error } }
        return false
      })
      #expect(asked >= 3, "nothing was copied")
      if !isWell { Issue.record("\(engine.problems)") }
    }
    if let failure { throw failure }
  }

  @Test func deletionsThatComeDuringAMergeAreNotLost() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    var model = try fill(engine, flushes: 8)
    let before = model
    let held = try #require(engine.snapshot(of: "db"))
    try compacting(engine) {
      let key = "m,host=a"
      try engine.delete([try self.id(engine, key)], from: 0, through: 20, in: "db")
      model.delete(key: key, from: 0, through: 20)
      try engine.dropMeasurement("n", in: "db")
      model.dropMeasurement("n")
      let later = [TestPoint(key, 5, [("f", .float(5))]), TestPoint("n", 6, [("f", .float(6))])]
      _ = try engine.write(PointBatch(later), to: "db")
      model.write(later, policy: "autogen")
      try engine.flush("db")
    }
    #expect(try cells(engine) == model.cells["autogen"])
    #expect(try cells(open(files.afterPowerCut(.nothing))) == model.cells["autogen"])
    try engine.compact("db")
    #expect(try cells(engine) == model.cells["autogen"])
    #expect(try held.cells() == before.cells["autogen"])
    #expect(engine.verify() == [])
  }

  @Test func aPolicyDroppedDuringTheMergeOfItsSegmentsStaysDropped() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    try engine.createRetentionPolicy(StoreModelTests.second, in: "db")
    for flush in 0..<5 {
      let points = [TestPoint("m", Timestamp(flush), [("f", .float(1))])]
      _ = try engine.write(PointBatch(points), to: "db", retentionPolicy: "short")
      try engine.flush("db")
    }
    try compacting(engine) { try engine.dropRetentionPolicy("short", in: "db") }
    #expect(segmentFiles(files) == [])
    #expect(try engine.store("db").manifest.state.segments == [])
    #expect(try open(files.afterPowerCut(.nothing)).problems == [])
  }

  @Test func aDatabaseDroppedDuringAMergeLeavesNothingInTheNextOfItsName() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    _ = try fill(engine, flushes: 5)
    var model = StoreModel()
    try compacting(engine) {
      try engine.dropDatabase("db")
      try engine.createDatabase("db")
      model = try self.fill(engine, flushes: 5, seed: 9)
    }
    #expect(segmentFiles(files).count == 5)
    #expect(try cells(engine) == model.cells["autogen"])
    #expect(engine.verify() == [])
  }

  @Test func aMergeThatIsStoppedChangesNothing() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    let model = try fill(engine, flushes: 6)
    let before = segmentFiles(files)
    var asked = 0
    let isWell = try engine.store("db").compactWhatIsDue(isStopping: {
      asked += 1
      return asked > 4
    })
    #expect(isWell)
    #expect(segmentFiles(files) == before)
    #expect(try cells(engine) == model.cells["autogen"])
  }

  @Test func aDamagedSegmentIsLeftAndTheOthersAreMerged() throws {
    let original = SimulatedFileSystem()
    var engine = try open(original)
    _ = try fill(engine, flushes: 9)
    let files = original.afterPowerCut(.nothing)
    let path = segmentFiles(files)[4]
    var bytes = try #require(files.contents(path))
    bytes[SegmentFormat.headerLength + 1] ^= 0xff
    files.tamper(path, bytes)
    engine = try open(files)
    #expect(throws: StorageError.self) { try engine.compact("db") }
    #expect(segmentFiles(files).count == 3)
    #expect(files.contents(path) == bytes)
    #expect(!engine.problems.isEmpty)
    // It is not tried again and again.
    let count = files.operationCount
    try engine.compact("db")
    #expect(files.operationCount == count)
  }

  @Test func aManifestCutShortBeforeAMergeFindsWhatWasMerged() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    let model = try fill(engine, flushes: 5)
    let path = "/data/databases/db/MANIFEST"
    let manifest = try #require(files.contents(path))
    try engine.compact("db")
    let left = files.afterPowerCut(.nothing)
    left.tamper(path, manifest)
    // The copy has what the cut took.
    let whole = try open(left.afterPowerCut(.nothing))
    #expect(whole.problems.count == 1)
    #expect(try cells(whole) == model.cells["autogen"])
    left.tamper(path + ".copy", manifest)
    let again = try open(left)
    #expect(again.problems.count == 5)
    let snapshot = again.snapshot(of: "db", damage: DamageReport(failure: .never))
    #expect(try #require(snapshot).cells() == model.cells["autogen"])
  }
}
