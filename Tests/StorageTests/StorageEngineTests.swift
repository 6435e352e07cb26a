import SystemPackage
import Testing
import TimeSeries

@testable import Storage

@Suite struct StorageEngineTests {
  private func open(
    _ files: SimulatedFileSystem, _ options: StorageOptions = .deterministic()
  ) throws -> StorageEngine {
    let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
    try engine.createDatabase("db")
    return engine
  }

  private func cells(_ engine: StorageEngine) throws -> [Cell: FieldValue] {
    try #require(engine.snapshot(of: "db")).cells()
  }

  private let points = PointBatch([
    TestPoint("cpu,host=a", 10, [("usage", .float(1.5)), ("n", .integer(-3))]),
    TestPoint("cpu,host=b", 20, [("usage", .float(2)), ("on", .boolean(true))]),
    TestPoint("cpu,host=a", 5, [("usage", .float(0.5)), ("text", .string("naïve"))]),
    TestPoint("mem", 7, [("free", .unsigned(.max))]),
  ])
  private let expected: [Cell: FieldValue] = [
    Cell(key: "cpu,host=a", field: "usage", time: 10): .float(1.5),
    Cell(key: "cpu,host=a", field: "n", time: 10): .integer(-3),
    Cell(key: "cpu,host=b", field: "usage", time: 20): .float(2),
    Cell(key: "cpu,host=b", field: "on", time: 20): .boolean(true),
    Cell(key: "cpu,host=a", field: "usage", time: 5): .float(0.5),
    Cell(key: "cpu,host=a", field: "text", time: 5): .string("naïve"),
    Cell(key: "mem", field: "free", time: 7): .unsigned(.max),
  ]

  @Test func whatWasWrittenIsReadFromTheMemtable() throws {
    let engine = try open(SimulatedFileSystem())
    let outcome = try engine.write(points, to: "db")
    #expect(outcome == WriteOutcome(acceptedPoints: 4, acceptedValues: 7))
    #expect(try cells(engine) == expected)
  }

  @Test func whatWasWrittenIsReplayedFromTheWAL() throws {
    let files = SimulatedFileSystem()
    _ = try open(files).write(points, to: "db")
    let engine = try open(files.afterPowerCut(.everything))
    #expect(engine.problems == [])
    #expect(try cells(engine) == expected)
  }

  @Test func whatWasFlushedIsReadFromSegments() throws {
    let files = SimulatedFileSystem()
    var engine = try open(files)
    _ = try engine.write(points, to: "db")
    try engine.flush("db")
    #expect(try cells(engine) == expected)
    #expect(files.paths.filter { $0.hasSuffix(".wal") } == [])
    engine = try open(files.afterPowerCut(.everything))
    #expect(engine.problems == [])
    #expect(try cells(engine) == expected)
    #expect(engine.verify() == [])
  }

  @Test func aSecondOpenIsRefusedAndTheFirstGoesOn() throws {
    let files = SimulatedFileSystem()
    let engine = try open(files)
    #expect(throws: StorageError.locked(path: "/data/LOCK")) { try open(files) }
    _ = try engine.write(points, to: "db")
    try engine.close()
    #expect(try cells(try open(files)) == expected)
  }
}
