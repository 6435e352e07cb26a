import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// Measurements with thousands of fields, full and sparse.
@Suite struct WideMeasurementTests {
  private func open(_ options: StorageOptions) throws -> StorageEngine {
    let engine = try StorageEngine(
      directory: "/data", fileSystem: SimulatedFileSystem(), options: options)
    try engine.createDatabase("db")
    return engine
  }

  private func count(_ engine: StorageEngine, _ field: String) throws -> Int {
    let snapshot = try #require(engine.snapshot(of: "db"))
    return try snapshot.series(of: "m", matching: nil).reduce(0) { sum, series in
      try snapshot.blocks(
        of: series.id, fields: [field], from: .min, through: .max, retentionPolicy: nil
      ).reduce(sum) { try $0 + $1.read().rowCount }
    }
  }

  /// Every point has a field of its own: as many columns as rows, each with one value.
  @Test func pointsWithAFieldEachAreFlushedMergedAndRead() throws {
    let engine = try open(.deterministic())
    for part in 0..<2 {
      let points = (0..<1500).map {
        TestPoint(
          "m", Timestamp(part * 1500 + $0), [("f\(part * 1500 + $0)", .integer(Int64($0)))])
      }
      _ = try engine.write(PointBatch(points), to: "db")
      try engine.flush("db")
    }
    func check() throws {
      for number in [0, 1499, 1500, 2999] { #expect(try count(engine, "f\(number)") == 1) }
      let segments = try engine.store("db").version.segments
      #expect(segments.reduce(0) { $0 + $1.reader.summary.rowCount } == 3000)
      #expect(segments.reduce(0) { $0 + $1.reader.summary.valueCount } == 3000)
      for segment in segments {
        for block in segment.reader.blocks(of: SeriesID(rawValue: 0)) {
          #expect(block.rowCount <= BlockSize.rows(atMost: 8192, columns: 1500))
        }
      }
    }
    try check()
    try engine.compact("db")
    #expect(try engine.store("db").version.segments.count == 1)
    try check()
    #expect(engine.verify() == [])
  }

  @Test func blocksOfManyColumnsHaveFewRows() {
    #expect(BlockSize.rows(atMost: 8192, columns: 0) == 8192)
    #expect(BlockSize.rows(atMost: 8192, columns: 256) == 8192)
    #expect(BlockSize.rows(atMost: 8192, columns: 257) < 8192)
    #expect(BlockSize.rows(atMost: 8192, columns: 10_000) == 209)
    #expect(BlockSize.rows(atMost: 8192, columns: .max) == 1)
  }

  /// A flush goes to several segments where one would have too large a directory, and these are not
  /// merged to one again.
  @Test func aDirectoryStaysWithinItsLimit() throws {
    var options = StorageOptions.deterministic()
    options.directoryLimit = 20_000
    let engine = try open(options)
    for part in 0..<2 {
      let points = (0..<40).map { series in
        TestPoint(
          "m,s=\(series)", Timestamp(part),
          (0..<50).map { ("f\($0)", .float(Double(series) + Double($0) / 8)) })
      }
      _ = try engine.write(PointBatch(points), to: "db")
      try engine.flush("db")
      try engine.compact("db")
      for segment in try engine.store("db").version.segments {
        // A series more than the limit, at most.
        #expect(segment.reader.directoryMemory < options.directoryLimit + 4_000)
      }
      #expect(try engine.store("db").version.segments.count > part + 1)
      #expect(try count(engine, "f7") == 40 * (part + 1))
    }
    #expect(engine.verify() == [])
  }
}
