import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// A recovery that is killed and begun again, any number of times, stores every row once.
@Suite struct RecoveryRepetitionTests {
  private static let batchRows = 8
  private static let batches = 12
  private static var rows: Int { batchRows * batches }

  private static var options: StorageOptions { .deterministic(memtableLimit: 500) }

  /// A log of several files, none of which was flushed: as after kills of a store whose disk could
  /// not keep up.
  private static func log() throws -> SimulatedFileSystem {
    let files = SimulatedFileSystem()
    var options = options
    options.memtableLimit = 1 << 30
    options.willDiscardLog = {
      throw StorageError.io(operation: "fdatasync", path: "", errno: 5)
    }
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.createDatabase("db")
    for batch in 0..<batches {
      let points = (0..<batchRows).map { row in
        TestPoint(
          "m,s=\(row % 7)", Timestamp(batch * batchRows + row),
          [("f", .float(Double(row))), ("n", .integer(Int64(batch)))])
      }
      _ = try engine.write(PointBatch(points), to: "db")
      if batch % 4 == 3 {
        let store = try engine.store("db")
        store.monitor.withLock { store.freeze() }
      }
    }
    return files.afterPowerCut(.everything)
  }

  /// Opens and flushes, as a start does.
  private static func recover(_ files: SimulatedFileSystem) throws -> StorageEngine {
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.flush("db")
    return engine
  }

  private static func storedRows(_ engine: StorageEngine) throws -> Int {
    try engine.store("db").version.segments.reduce(0) { $0 + $1.reader.summary.rowCount }
  }

  @Test func aLogOfSeveralFilesIsFlushedInSeveralSteps() throws {
    let files = try Self.log()
    #expect(files.paths.filter { $0.hasSuffix(".wal") }.count == 3)
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: Self.options)
    #expect(try engine.store("db").frozen.count == 3)
    try engine.flush("db")
    #expect(try Self.storedRows(engine) == Self.rows)
    #expect(files.paths.filter { $0.hasSuffix(".wal") } == [])
  }

  @Test func aCrashAtAnyStepOfRecoveryDoublesNoRow() throws {
    let original = try Self.log()
    let counting = original.afterPowerCut(.nothing)
    _ = try Self.recover(counting)
    let operations = counting.operationCount
    #expect(operations > 20)
    for operation in 0..<operations {
      for loss in CrashRun.losses(operation) {
        let files = original.afterPowerCut(.nothing)
        files.crash(at: operation)
        _ = try? Self.recover(files)
        let engine = try Self.recover(files.afterPowerCut(loss, seed: UInt64(operation)))
        let place: Comment = "operation \(operation), \(loss)"
        if loss != .zeroedTails { #expect(engine.problems == [], place) }
        // Zeros at the end of the manifest are damage, after which segments that it does not name are
        // taken in beside the log.
        if loss != .zeroedTails { #expect(try Self.storedRows(engine) == Self.rows, place) }
        let isComplete = try engine.snapshot(of: "db")?.cells().count == 2 * Self.rows
        #expect(isComplete, place)
      }
    }
  }

  @Test func manyCrashesOneAfterAnotherDoubleNoRow() throws {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<4 {
      var files = try Self.log()
      for _ in 0..<20 {
        files.crash(at: generator.next(below: 40))
        _ = try? Self.recover(files)
        files = files.afterPowerCut(.nothing)
      }
      let engine = try Self.recover(files)
      #expect(engine.problems == [])
      #expect(try Self.storedRows(engine) == Self.rows)
      #expect(try engine.snapshot(of: "db")?.cells().count == 2 * Self.rows)
    }
  }
}
