import Testing
import TimeSeries

@testable import Storage

/// Series that lose their last row are gone, and no others.
@Suite struct EmptiedSeriesTests {
  private func open(_ files: SimulatedFileSystem, now: Timestamp = 0) throws -> StorageEngine {
    var options = StorageOptions.deterministic()
    options.now = { now }
    return try StorageEngine(directory: "/data", fileSystem: files, options: options)
  }

  private func write(
    _ points: [(key: String, time: Timestamp)], to engine: StorageEngine, policy: String? = nil
  ) throws {
    let batch = PointBatch(points.map { TestPoint($0.key, $0.time, [("f", .float(1))]) })
    let outcome = try engine.write(batch, to: "db", retentionPolicy: policy)
    #expect(outcome.rejections == [])
  }

  private func series(_ engine: StorageEngine) -> [String] {
    let snapshot = engine.snapshot(of: "db")
    return (snapshot?.measurements ?? []).flatMap { name in
      snapshot?.series(of: name, matching: nil).map(\.key.description) ?? []
    }
  }

  private func delete(
    _ measurement: String, _ range: ClosedRange<Timestamp>, _ engine: StorageEngine
  ) throws {
    let ids = engine.snapshot(of: "db")?.series(of: measurement, matching: nil).map(\.id) ?? []
    try engine.delete(ids, from: range.lowerBound, through: range.upperBound, in: "db")
  }

  @Test func aDeletionOfAllRowsDropsTheSeriesAndTheirMeasurement() throws {
    var files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write([("m,a=1", 1), ("m,a=1", 3), ("m,a=2", 9), ("n", 1)], to: engine)
    try engine.flush("db")
    let before = try #require(engine.snapshot(of: "db"))
    // What is in memory counts as well.
    try write([("m,a=1", 2)], to: engine)
    try delete("m", 1...1, engine)
    #expect(series(engine) == ["m,a=1", "m,a=2", "n"])
    // Of the first segment one row is deleted already: the two deletions take the block together.
    try delete("m", 2...5, engine)
    #expect(series(engine) == ["m,a=2", "n"])
    files = files.afterPowerCut(.everything)
    engine = try open(files)
    #expect(series(engine) == ["m,a=2", "n"])
    try delete("m", .min ... .max, engine)
    #expect(series(engine) == ["n"])
    #expect(engine.snapshot(of: "db")?.schema(of: "m") == nil)
    #expect(try before.cells().count == 4, "a snapshot keeps what it saw")
    // A key that comes back is a new series, without the old rows and with a type of its own.
    let again = PointBatch([TestPoint("m,a=1", 7, [("f", .string("x"))])])
    #expect(try engine.write(again, to: "db").rejections == [])
    engine = try open(files.afterPowerCut(.everything))
    #expect(try engine.snapshot(of: "db")?.cells().count == 2)
  }

  @Test func rowsOfAnotherPolicyKeepASeries() throws {
    let engine = try open(SimulatedFileSystem())
    try engine.createDatabase("db")
    try engine.createRetentionPolicy(
      RetentionPolicy(name: "other", partitionDuration: 10), in: "db")
    try write([("m,a=1", 1), ("m,a=2", 1)], to: engine)
    try write([("m,a=1", 100), ("m,a=3", 100)], to: engine, policy: "other")
    try delete("m", 0...50, engine)
    #expect(series(engine) == ["m,a=1", "m,a=3"])
    try write([("m,a=3", 100)], to: engine)
    try engine.dropRetentionPolicy("other", in: "db")
    #expect(series(engine) == ["m,a=3"])
  }

  @Test func retentionDropsSeriesWithThePartitionThatHasTheirLastRow() throws {
    let files = SimulatedFileSystem()
    var engine = try open(files, now: 1_000)
    try engine.createDatabase(
      "db", policy: RetentionPolicy(name: "p", duration: 100, partitionDuration: 10))
    try write([("m,a=1", 901), ("m,a=2", 902), ("m,a=2", 985)], to: engine)
    try engine.close()
    engine = try open(files, now: 1_050)
    // Not flushed yet when retention comes: must not be taken for gone.
    try write([("m,a=1", 1_049)], to: engine)
    try engine.enforceRetention()
    #expect(series(engine) == ["m,a=1", "m,a=2"])
    #expect(try engine.snapshot(of: "db")?.cells().count == 2)
    try engine.close()
    engine = try open(files, now: 1_120)
    try engine.enforceRetention()
    #expect(series(engine) == ["m,a=1"])
    engine = try open(files.afterPowerCut(.everything), now: 1_200)
    #expect(series(engine) == ["m,a=1"])
    try engine.enforceRetention()
    #expect(series(engine) == [])
    #expect(engine.problems == [])
  }

  @Test func aDamagedSegmentKeepsTheSeriesItMayHold() throws {
    let files = SimulatedFileSystem()
    var engine = try open(files)
    try engine.createDatabase("db")
    try write([("m,a=1", 1), ("m,a=1", 5)], to: engine)
    try engine.flush("db")
    try write([("m,a=1", 2)], to: engine)
    try engine.close()
    let damaged = try #require(files.paths.first { $0.hasSuffix(".seg") })
    var bytes = try #require(files.contents(damaged))
    bytes[bytes.count - 1] ^= 1
    files.tamper(damaged, bytes)
    engine = try open(files)
    #expect(!engine.problems.isEmpty)
    try delete("m", .min ... .max, engine)
    #expect(series(engine) == ["m,a=1"])
  }

  @Test func aWriteDuringADeletionIsNeverLost() async throws {
    let engine = try open(SimulatedFileSystem())
    try engine.createDatabase("db")
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for time in 0..<200 {
          #expect(throws: Never.self) {
            try write([("m,a=1", Timestamp(1000 + time))], to: engine)
          }
        }
      }
      group.addTask {
        for time in 0..<50 {
          #expect(throws: Never.self) {
            try write([("m,a=1", Timestamp(time))], to: engine)
            try delete("m", 0...999, engine)
          }
        }
      }
    }
    #expect(try engine.snapshot(of: "db")?.cells().count == 200)
  }
}
