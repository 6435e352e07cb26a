import Encoding
import Testing
import TimeSeries

@testable import Storage

/// The offline check: it finds damage of every kind of file, and changes nothing.
@Suite struct VerificationTests {
  /// As a kill leaves it, with points in the WAL.
  private static func makeStore() throws -> SimulatedFileSystem {
    let files = SimulatedFileSystem()
    let engine = try BackupTests.makeEngine(files)
    for time in 0..<3 { try BackupTests.write(Timestamp(time), to: engine) }
    return files.afterPowerCut(.nothing)
  }

  private static func makeArchive() throws -> SimulatedFileSystem {
    let files = SimulatedFileSystem()
    let engine = try BackupTests.makeEngine(SimulatedFileSystem())
    try BackupTests.backUp(engine, to: files, name: "a")
    try BackupTests.write(1, to: engine)
    try BackupTests.backUp(engine, to: files, name: "b")
    return files.afterPowerCut(.nothing)
  }

  private static func path(_ problem: StorageError) -> String? {
    switch problem {
    case .corrupt(let path, _, _), .missing(let path), .unsupportedVersion(let path, _, _): path
    default: nil
    }
  }

  private func check(_ original: SimulatedFileSystem, _ directory: String) throws {
    let sound = try DirectoryVerification.run(.init(directory), fileSystem: original)
    #expect(sound.problems == [] && sound.leftovers == [])
    #expect(sound.segments > 3 && sound.points > 9 && sound.bytes > 500)
    let files = original.paths.filter { !$0.hasSuffix("LOCK") }
    #expect(files.count > 5)
    for path in files {
      let bytes = try #require(original.contents(path))
      for position in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 32)) {
        var damaged = bytes
        damaged[position] ^= 1 << UInt8(position % 8)
        original.tamper(path, damaged)
        let report = try DirectoryVerification.run(.init(directory), fileSystem: original)
        #expect(
          report.problems.contains { Self.path($0) == path },
          "\(path) byte \(position): \(report.problems)")
        #expect(original.contents(path) == damaged)
      }
      original.tamper(path, bytes)
    }
    #expect(original.operationCount == 0)
  }

  @Test func aFlippedBitAnywhereInAStoreIsFoundAndItsFileNamed() throws {
    try check(Self.makeStore(), "/data")
  }

  @Test func aFlippedBitAnywhereInABackupIsFoundAndItsFileNamed() throws {
    try check(Self.makeArchive(), "/backup")
  }

  @Test func aMissingFileIsNamed() throws {
    for (files, directory) in [
      (try Self.makeStore(), "/data"), (try Self.makeArchive(), "/backup"),
    ] {
      for path in files.paths
      where [".seg", "MANIFEST", "SERIES"].contains(where: path.hasSuffix) {
        let bytes = files.contents(path)
        files.tamper(path, nil)
        let report = try DirectoryVerification.run(.init(directory), fileSystem: files)
        #expect(report.problems.contains(.missing(path: path)), "\(report.problems)")
        files.tamper(path, bytes)
      }
    }
  }

  @Test func aSegmentOfAnotherStoreIsNotTakenForItsOwn() throws {
    let files = try Self.makeStore()
    let segments = files.paths.filter { $0.hasSuffix(".seg") }
    files.tamper(segments[0], files.contents(segments[1]))
    let report = try DirectoryVerification.run("/data", fileSystem: files)
    #expect(report.problems.compactMap(Self.path) == [segments[0]])
  }

  @Test func aSeriesLogWithGoodChecksumsAndOtherKeysIsFound() throws {
    let files = try Self.makeStore()
    let index = SeriesIndex()
    for number in 0..<8 {
      let key = SeriesKey(measurement: "m\(number % 2)", tags: [Tag(key: "x", value: "\(number)")])
      index.add(key.canonical[...])
    }
    for name in ["m0", "m1"] { index.addField("f", type: .float, measurement: name) }
    let records = SeriesLog.snapshot(of: index)
    files.tamper(
      "/data/databases/db/SERIES",
      records.reduce(RecordLog.header(magic: SeriesLog.magic)) { $0 + RecordLog.frame($1) })
    let report = try DirectoryVerification.run("/data", fileSystem: files)
    let found = report.problems.map(\.description)
    #expect(found.contains { $0.contains(".seg") && $0.contains("another one in the series log") })
  }

  @Test func whatACrashLeavesAndStrangeFilesAreNotesNotDamage() throws {
    let files = try Self.makeStore()
    let database = "/data/databases/db/"
    let strange = [
      "/data/notes.txt", "/data/databases/x.y", database + "MANIFEST.new", database + "notes",
      database + "segments/ffffffffffffffff-ffffffffffffffff-00000001.seg",
      database + "segments/0000000000000001-0000000000000077-00000001.seg",
      database + "wal/notes.txt", database + "files/models/x.new",
    ]
    for path in strange { files.tamper(path, [1, 2, 3]) }
    // A record that a crash cut.
    let wal = try #require(files.paths.first { $0.hasSuffix("1.wal") || $0.hasSuffix(".wal") })
    let bytes = try #require(files.contents(wal))
    files.tamper(wal, Array(bytes.dropLast(5)))
    let report = try DirectoryVerification.run("/data", fileSystem: files)
    #expect(report.problems == [])
    #expect(Set(report.leftovers.map(\.path)) == Set(strange))
  }

  @Test func aDirectoryInUseIsRefused() throws {
    let files = SimulatedFileSystem()
    let engine = try BackupTests.makeEngine(files)
    #expect(throws: StorageError.locked(path: "/data/LOCK")) {
      try DirectoryVerification.run("/data", fileSystem: files)
    }
    try engine.close()
    #expect(try DirectoryVerification.run("/data", fileSystem: files).problems == [])
  }

  @Test func aDirectoryOfNothingIsRefused() throws {
    let files = SimulatedFileSystem()
    #expect(throws: StorageError.missing(path: "/data/databases")) {
      try DirectoryVerification.run("/data", fileSystem: files)
    }
    #expect(files.operationCount == 0)
  }

  @Test func contentThatTheUpperLayerCannotReadIsDamage() throws {
    struct Unreadable: Error {}
    let report = try DirectoryVerification.run("/data", fileSystem: Self.makeStore()) {
      database, kind, name, bytes in
      #expect(database == "db" && kind == "models" && name == "a/b" && bytes == [1, 2, 3])
      throw Unreadable()
    }
    #expect(report.problems.compactMap(Self.path).count == 1)
    #expect(report.problems.compactMap(Self.path)[0].contains("/files/models/"))
  }
}

/// Files of a version that this build does not read.
@Suite struct UnsupportedVersionTests {
  /// Where a file has its version's checksum, and of how many bytes it is; nil where it has none.
  private static func checksumOffset(_ path: String) -> Int? {
    if path.hasSuffix(".seg") { return nil }
    if path.hasSuffix(".wal") { return WALFormat.headerSize - 4 }
    if path.contains("/files/") { return StoredFiles.headerSize - 4 }
    return RecordLog.headerSize - 4
  }

  private static func bytes(_ bytes: [UInt8], _ path: String, version: UInt32) -> [UInt8] {
    var bytes = bytes
    func put(_ value: UInt32, at offset: Int) {
      withUnsafeBytes(of: value.littleEndian) {
        bytes.replaceSubrange(offset..<offset + 4, with: $0)
      }
    }
    put(version, at: 8)
    if let offset = checksumOffset(path) {
      put(CRC32C.checksum(Array(bytes[..<offset])), at: offset)
    }
    return bytes
  }

  @Test(arguments: [0, 2, UInt32.max])
  func everyKindOfFileIsRefusedByName(_ version: UInt32) throws {
    let files = SimulatedFileSystem()
    let engine = try BackupTests.makeEngine(files)
    try BackupTests.write(1, to: engine)
    let store = files.afterPowerCut(.nothing)
    var kinds: Set<String> = []
    for path in store.paths where !path.hasSuffix("LOCK") {
      let original = try #require(store.contents(path))
      let wanted = StorageError.unsupportedVersion(path: path, found: version, supported: 1...1)
      store.tamper(path, Self.bytes(original, path, version: version))
      do {
        let opened = try StorageEngine(
          directory: "/data", fileSystem: store.afterPowerCut(.nothing),
          options: BackupTests.options)
        // One segment or one file of an upper layer does not keep the rest from being read.
        #expect(path.hasSuffix(".seg") || path.contains("/files/"), "\(path)")
        #expect(opened.problems == [wanted])
        if path.contains("/files/"), !path.hasSuffix(".copy") {
          #expect(throws: wanted) { try opened.loadFile(kind: "models", name: "a/b", in: "db") }
        }
      } catch let error as StorageError {
        #expect(error == wanted)
      }
      let report = try DirectoryVerification.run("/data", fileSystem: store)
      #expect(report.problems.contains(wanted), "\(path): \(report.problems)")
      store.tamper(path, original)
      kinds.insert(String(decoding: original.prefix(8), as: UTF8.self))
    }
    #expect(kinds == ["VIGILMAN", "VIGILSER", "VIGILWAL", "VIGILSEG", "VIGILBLB"])
  }

  @Test func aBackupOfANewerBuildIsRefusedByName() throws {
    let files = SimulatedFileSystem()
    try BackupTests.backUp(BackupTests.makeEngine(SimulatedFileSystem()), to: files, name: "a")
    let path = "/backup/backups/db/a.backup"
    files.tamper(path, Self.bytes(try #require(files.contents(path)), path, version: 2))
    let wanted = StorageError.unsupportedVersion(path: path, found: 2, supported: 1...1)
    #expect(throws: wanted) { try BackupTests.restore(files) }
    #expect(try DirectoryVerification.run("/backup", fileSystem: files).problems == [wanted])
  }
}
