import Testing
import TimeSeries

@testable import Storage

/// Forgetting deletions, while others come.
@Suite struct ForgettingTests {
  @Test func aDeletionThatComesDuringTheSearchIsNotForgottenWithAnOlderOne() throws {
    let files = SimulatedFileSystem()
    let engine = try StorageEngine(
      directory: "/data", fileSystem: files, options: .deterministic())
    try engine.createDatabase("db")
    let points = (1...3).map { TestPoint("m", Timestamp($0), [("f", .float(1))]) }
    _ = try engine.write(PointBatch(points), to: "db")
    let series = try #require(engine.snapshot(of: "db")?.series(of: "m", matching: nil).first?.id)
    let store = try engine.store("db")
    // It means no row, so it may be forgotten.
    try engine.delete([series], from: 100, through: 100, in: "db")
    let found = store.forgettableDeletions()
    // No segment was written since, so this one reaches up to the same sequence.
    try engine.delete([series], from: 1, through: 2, in: "db")
    #expect(store.manifest.state.tombstones.map(\.upToSequence) == [1, 1])
    try store.compaction.withLock { try store.forget(found, seriesAtLeast: 1) }
    #expect(try engine.snapshot(of: "db")?.cells().map(\.key.time) == [3])
    let again = try StorageEngine(
      directory: "/data", fileSystem: files.afterPowerCut(.everything), options: .deterministic())
    #expect(try again.snapshot(of: "db")?.cells().map(\.key.time) == [3])
    // Once the rows are gone both are.
    try engine.compact("db")
    #expect(store.manifest.state.tombstones == [])
  }
}
