import TestSupport
import Testing
import TimeSeries

@testable import Storage

@Suite struct FullDiskTests {
  /// Whatever the room runs out at, a refused write leaves nothing behind, and with room again the
  /// store goes on.
  @Test func writesFailWhileTheDiskIsFullAndSucceedAfterwards() throws {
    for room in stride(from: 0, to: 3_000, by: 111) {
      let files = SimulatedFileSystem()
      let options = StorageOptions.deterministic(memtableLimit: 6_000)
      let engine = try StorageEngine(directory: "/data", fileSystem: files, options: options)
      try engine.createDatabase("db")
      var source = PointSource(
        generator: SeededGenerator(seed: UInt64(room)), days: 0...1)
      var model = StoreModel()
      var refusals = 0
      files.room = room
      for step in 0..<30 {
        if step == 20 { files.room = nil }
        let points = source.points(atMost: 5)
        do {
          _ = try engine.write(PointBatch(points), to: "db")
          model.write(points, policy: "autogen")
          #expect(step >= 20 || room > 0)
        } catch StorageError.io(_, _, 28) {
          refusals += 1
          #expect(step < 20, "refused with room, \(room)")
        }
        if step % 8 == 7, files.room != nil { try? engine.flush("db") }
      }
      #expect(refusals > 0, "never full, \(room)")
      #expect(try engine.snapshot(of: "db")?.cells() == model.cells["autogen"], "room \(room)")
      try engine.close()
      let again = try StorageEngine(directory: "/data", fileSystem: files, options: options)
      #expect(again.problems == [], "room \(room)")
      #expect(try again.snapshot(of: "db")?.cells() == model.cells["autogen"], "room \(room)")
    }
  }
}
