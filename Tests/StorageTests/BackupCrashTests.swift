import Testing
import TimeSeries

@testable import Storage

/// Power cuts at every file operation of a backup, of pruning and of a restore.
@Suite struct BackupCrashTests {
  private typealias Contents = [[Cell: FieldValue]]

  /// A store, what it held at its first backup and at its second, and the disk with the first.
  private struct Start {
    var engine: StorageEngine
    var target: SimulatedFileSystem
    var first: Contents
    var second: Contents
  }

  private func makeStart() throws -> Start {
    let engine = try BackupTests.makeEngine(SimulatedFileSystem())
    let first = try BackupTests.cells(engine)
    let target = SimulatedFileSystem()
    try BackupTests.backUp(engine, to: target, name: "a")
    try BackupTests.write(1, to: engine)
    try engine.compact("db")
    return Start(
      engine: engine, target: target.afterPowerCut(.everything), first: first,
      second: try BackupTests.cells(engine))
  }

  private func restored(_ files: SimulatedFileSystem, _ backup: String) throws -> Contents {
    let copy = files.afterPowerCut(.nothing)
    try BackupTests.restore(copy, backup: backup)
    return try BackupTests.contents(copy)
  }

  @Test(arguments: SimulatedFileSystem.Loss.allCases)
  func aBackupThatIsCutShortLeavesEarlierOnesAndCanBeRunAgain(
    _ loss: SimulatedFileSystem.Loss
  ) throws {
    let start = try makeStart()
    let whole = start.target.afterPowerCut(.nothing)
    try BackupTests.backUp(start.engine, to: whole, name: "b")
    #expect(whole.operationCount > 8)
    for operation in 0...whole.operationCount {
      let files = start.target.afterPowerCut(.nothing)
      files.crash(at: operation)
      let isDone = (try? BackupTests.backUp(start.engine, to: files, name: "b")) != nil
      let left = files.afterPowerCut(loss, seed: UInt64(operation))
      let place: Comment = "\(loss), operation \(operation)"
      let names = try BackupArchive(reading: "/backup", fileSystem: left)
        .backupNames(of: "db")
      #expect(names == ["a", "b"] || (!isDone && names == ["a"]), place)
      #expect(try DirectoryVerification.run("/backup", fileSystem: left).problems == [], place)
      #expect(try restored(left, "a") == start.first, place)
      if names.contains("b") { #expect(try restored(left, "b") == start.second, place) }
      try BackupTests.backUp(start.engine, to: left, name: "c")
      #expect(!left.paths.contains { $0.hasSuffix(".new") }, place)
      #expect(try restored(left.afterPowerCut(.everything), "c") == start.second, place)
    }
  }

  @Test func pruningThatIsCutShortLeavesNoBackupWithoutItsSegments() throws {
    let start = try makeStart()
    try BackupTests.backUp(start.engine, to: start.target, name: "b")
    let ready = start.target.afterPowerCut(.everything)
    func prune(_ files: SimulatedFileSystem) throws {
      try BackupArchive(creating: "/backup", fileSystem: files).prune("db", keeping: 1)
    }
    let whole = ready.afterPowerCut(.nothing)
    try prune(whole)
    #expect(whole.operationCount > 3)
    for loss in SimulatedFileSystem.Loss.allCases {
      for operation in 0..<whole.operationCount {
        let files = ready.afterPowerCut(.nothing)
        files.crash(at: operation)
        try? prune(files)
        let left = files.afterPowerCut(loss, seed: UInt64(operation))
        #expect(
          try DirectoryVerification.run("/backup", fileSystem: left).problems == [],
          "\(loss), operation \(operation)")
        #expect(try restored(left, "b") == start.second)
      }
    }
  }

  @Test(arguments: SimulatedFileSystem.Loss.allCases)
  func aRestoreThatIsCutShortLeavesNothing(_ loss: SimulatedFileSystem.Loss) throws {
    let start = try makeStart()
    let whole = start.target.afterPowerCut(.nothing)
    try BackupTests.restore(whole)
    #expect(whole.operationCount > 20)
    for operation in 0...whole.operationCount {
      let files = start.target.afterPowerCut(.nothing)
      files.crash(at: operation)
      let isDone = (try? BackupTests.restore(files)) != nil
      let left = files.afterPowerCut(loss, seed: UInt64(operation))
      let place: Comment = "\(loss), operation \(operation)"
      let engine = try StorageEngine(
        directory: "/restored", fileSystem: left, options: BackupTests.options)
      #expect(engine.problems == [], place)
      #expect(!isDone || engine.databases == ["db"], place)
      if engine.databases.isEmpty {
        try engine.close()
        try BackupTests.restore(left)
        #expect(try BackupTests.contents(left) == start.first, place)
      } else {
        #expect(try BackupTests.cells(engine) == start.first, place)
      }
    }
  }
}
