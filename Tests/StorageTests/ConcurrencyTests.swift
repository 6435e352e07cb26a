import Synchronization
import SystemPackage
import Testing
import TimeSeries

@testable import Storage

/// The real file system, the store's own threads, and several writers at a time.
@Suite struct ConcurrencyTests {
  private func temporaryDirectory() -> FilePath {
    FilePath("/tmp").appending("vigil-storage-tests-\(UInt64.random(in: .min ... .max))")
  }

  private func points(writer: Int, batch: Int) -> [TestPoint] {
    (0..<20).map { number in
      TestPoint(
        "m,n=\(number % 4),writer=w\(writer)", Timestamp(batch * 20 + number),
        [("f", .float(Double(batch))), ("text", .string("\(writer).\(number)"))])
    }
  }

  @Test(arguments: [SyncPolicy.always, .interval(milliseconds: 5), .never])
  func writersReadersAndFlushesAtOnceLoseNothing(_ sync: SyncPolicy) throws {
    let directory = temporaryDirectory()
    let files = DiskFileSystem()
    defer { try? files.removeTree(directory) }
    // Small enough that flushes and back-pressure happen all the time.
    let options = StorageOptions(syncPolicy: sync, memtableLimit: 40_000)
    let engine = try StorageEngine(directory: directory, options: options)
    try engine.createDatabase("db")
    let failures = Mutex<[String]>([])
    let notices = Mutex(0)
    engine.onWrite { _ in notices.withLock { $0 += 1 } }
    let (writers, batches) = (3, 30)
    let threads = (0..<writers).compactMap { writer in
      BackgroundThread {
        for batch in 0..<batches {
          do {
            let batch = PointBatch(self.points(writer: writer, batch: batch))
            let outcome = try engine.write(batch, to: "db")
            // What was acknowledged is seen at once.
            guard outcome.acceptedPoints == 20, let snapshot = engine.snapshot(of: "db") else {
              throw ContractBroken(what: "accepted \(outcome)")
            }
            let own = snapshot.series(
              of: "m", matching: .equal(key: "writer", value: "w\(writer)"))
            let rows = try own.reduce(0) { sum, series in
              try snapshot.blocks(
                of: series.id, fields: ["f"], from: .min, through: .max, retentionPolicy: nil
              ).reduce(sum) { try $0 + $1.read().rowCount }
            }
            let written = Int(batch.points[0].timestamp) + 20
            if rows != written { throw ContractBroken(what: "\(rows) of \(written) rows") }
          } catch {
            failures.withLock { $0.append("writer \(writer), batch \(batch): \(error)") }
          }
        }
      }
    }
    #expect(threads.count == writers)
    for thread in threads { thread.join() }
    #expect(failures.withLock { $0 } == [])
    #expect(notices.withLock { $0 } == writers * batches)
    var model = StoreModel()
    for writer in 0..<writers {
      for batch in 0..<batches {
        model.write(points(writer: writer, batch: batch), policy: "autogen")
      }
    }
    let isComplete = try engine.snapshot(of: "db")?.cells() == model.cells["autogen"]
    #expect(isComplete)
    try engine.close()
    let again = try StorageEngine(directory: directory, options: options)
    #expect(again.problems == [])
    #expect(again.verify() == [])
    let isStillComplete = try again.snapshot(of: "db")?.cells() == model.cells["autogen"]
    #expect(isStillComplete)
    try again.close()
  }

  @Test func theDirectoryIsRefusedToASecondStoreOnDisk() throws {
    let directory = temporaryDirectory()
    defer { try? DiskFileSystem().removeTree(directory) }
    let engine = try StorageEngine(directory: directory)
    #expect(throws: StorageError.locked(path: directory.appending("LOCK").string)) {
      try StorageEngine(directory: directory)
    }
    try engine.close()
    try StorageEngine(directory: directory).close()
  }
}
