import Foundation
import Synchronization
import SystemPackage
import Testing
import TimeSeries

@testable import Storage

/// Backups on the real disk while a writer, flushes, merges and deletions go on.
@Suite struct BackupConcurrencyTests {
  private static let rows = 20

  private func write(_ batch: Int, of measurement: String, to engine: StorageEngine) throws {
    let points = (0..<Self.rows).map { number in
      TestPoint(
        "\(measurement),n=\(number % 3)", Timestamp(batch * Self.rows + number),
        [("f", .float(Double(batch)))])
    }
    _ = try engine.write(PointBatch(points), to: "db")
  }

  /// The times of a measurement, each once in order.
  private func times(_ engine: StorageEngine, _ measurement: String) throws -> [Timestamp] {
    let cells = try #require(engine.snapshot(of: "db")).cells()
    return cells.keys.filter { StoreModel.measurement($0.key) == measurement }.map(\.time).sorted()
  }

  @Test func everyBackupIsABeginningWithAllThatWasAcknowledged() throws {
    let root = FilePath("/tmp").appending(
      "vigil-backup-tests-\(UInt64.random(in: .min ... .max))")
    let files = DiskFileSystem()
    defer { try? files.removeTree(root) }
    let engine = try StorageEngine(
      directory: root.appending("data"), options: StorageOptions(memtableLimit: 20_000))
    try engine.createDatabase("db")
    let acknowledged = Mutex(0)
    let isStopping = Mutex(false)
    let failures = Mutex<[String]>([])
    let writer = try #require(
      BackgroundThread {
        var batch = 0
        // Not without end: what is restored is compared row by row.
        while batch < 300, !isStopping.withLock({ $0 }) {
          do {
            try self.write(batch, of: "m", to: engine)
          } catch {
            failures.withLock { $0.append("\(error)") }
            return
          }
          batch += 1
          acknowledged.withLock { $0 = batch }
        }
      })
    var wanted: [(name: String, batches: Int)] = []
    do {
      defer {
        isStopping.withLock { $0 = true }
        writer.join()
      }
      for round in 0..<5 {
        try write(round, of: "gone", to: engine)
        while acknowledged.withLock({ $0 }) < (round + 1) * 10,
          failures.withLock({ $0.isEmpty })
        { usleep(500) }
        let batches = acknowledged.withLock { $0 }
        let backup = try engine.backup("db")
        // The files that the backup is about to read go.
        try engine.compact("db")
        try engine.dropMeasurement("gone", in: "db")
        let archive = try BackupArchive(creating: root.appending("backup"))
        let receiver = try BackupReceiver(archive: archive, database: "db", name: "b\(round)")
        try backup.send(except: receiver.known) { try receiver.receive($0) }
        _ = try receiver.finish()
        wanted.append(("b\(round)", batches))
      }
    }
    #expect(failures.withLock { $0 } == [])
    try engine.close()
    #expect(try DirectoryVerification.run(root.appending("backup")).problems == [])
    for (round, backup) in wanted.enumerated() {
      let directory = root.appending(backup.name)
      _ = try BackupArchive(reading: root.appending("backup"))
        .restore("db", backup: backup.name, to: directory)
      let restored = try StorageEngine(directory: directory)
      #expect(restored.problems == [])
      let times = try times(restored, "m")
      #expect(times.count >= backup.batches * Self.rows && times.count % Self.rows == 0)
      #expect(times == (0..<times.count).map { Timestamp($0) })
      #expect(
        try self.times(restored, "gone")
          == (0..<Self.rows).map { Timestamp(round * Self.rows + $0) })
      try restored.close()
    }
  }
}
