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

  @Test func mergesBesideWritersReadersAndDeletionsLoseNothing() throws {
    let directory = temporaryDirectory()
    let files = DiskFileSystem()
    defer { try? files.removeTree(directory) }
    let options = StorageOptions(syncPolicy: .never, memtableLimit: 40_000)
    let engine = try StorageEngine(directory: directory, options: options)
    try engine.createDatabase("db")
    let failures = Mutex<[String]>([])
    let isDone = Mutex(false)
    let (writers, batches) = (2, 60)
    let writing = (0..<writers).compactMap { writer in
      BackgroundThread {
        for batch in 0..<batches {
          do {
            _ = try engine.write(PointBatch(self.points(writer: writer, batch: batch)), to: "db")
            if batch % 10 == 9 {
              // Every fifth row of the last batches goes, and stays away.
              let series = engine.snapshot(of: "db")?.series(
                of: "m", matching: .equal(key: "writer", value: "w\(writer)"))
              for number in stride(from: 0, to: 200, by: 5) {
                let time = Timestamp((batch - 9) * 20 + number)
                try engine.delete(
                  (series ?? []).map(\.id), from: time, through: time, in: "db")
              }
            }
            if batch % 4 == 0 { try engine.flush("db") }
          } catch {
            failures.withLock { $0.append("writer \(writer), batch \(batch): \(error)") }
          }
        }
      }
    }
    let others = (0..<2).compactMap { number in
      BackgroundThread {
        var held: (snapshot: any DatabaseSnapshot, cells: [Cell: FieldValue])?
        while !isDone.withLock({ $0 }) {
          do {
            if number == 0 {
              try engine.compact("db")
            } else if let snapshot = engine.snapshot(of: "db") {
              let cells = try snapshot.cells()
              if let held, try held.snapshot.cells() != held.cells {
                throw ContractBroken(what: "a snapshot changed")
              }
              held = (snapshot, cells)
            }
          } catch {
            failures.withLock { $0.append("thread \(number): \(error)") }
            return
          }
        }
      }
    }
    for thread in writing { thread.join() }
    isDone.withLock { $0 = true }
    for thread in others { thread.join() }
    #expect(failures.withLock { $0 } == [])
    var model = StoreModel()
    for writer in 0..<writers {
      for batch in 0..<batches {
        model.write(points(writer: writer, batch: batch), policy: "autogen")
      }
    }
    let expected = (model.cells["autogen"] ?? [:]).filter { $0.key.time % 5 != 0 }
    let isComplete = try engine.snapshot(of: "db")?.cells() == expected
    #expect(isComplete)
    try engine.compact("db")
    #expect(try files.list(directory.appending("databases/db/segments")).count == 1)
    #expect(engine.verify() == [])
    try engine.close()
    let again = try StorageEngine(directory: directory, options: options)
    #expect(again.problems == [])
    let isStillComplete = try again.snapshot(of: "db")?.cells() == expected
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
