import SystemPackage

/// An offline check of a directory, of a store or of backups: every file is read, every checksum
/// compared, every chunk decoded. Nothing in the directory is changed.
public struct DirectoryVerification {
  let directory: FilePath
  let fileSystem: any FileSystem
  let checkContent: ContentCheck
  var report = VerificationReport()

  /// - Parameter checkContent: for the files of upper layers.
  /// - Throws: ``StorageError/locked(path:)`` where the directory is in use, and
  ///   ``StorageError/missing(path:)`` where it is neither a store's nor one of backups.
  public static func run(
    _ directory: FilePath, fileSystem: any FileSystem = DiskFileSystem(),
    checkContent: @escaping ContentCheck = { _, _, _, _ in }
  ) throws -> VerificationReport {
    let lock = try fileSystem.sharedLock(directory.appending("LOCK"))
    defer { withExtendedLifetime(lock) {} }
    var verification = DirectoryVerification(
      directory: directory, fileSystem: ReadOnlyFileSystem(base: fileSystem),
      checkContent: checkContent)
    if BackupArchive.isArchive(directory, on: fileSystem) {
      try verification.verifyBackups()
    } else {
      try verification.verifyStore()
    }
    return verification.report
  }

  private mutating func verifyStore() throws {
    let root = directory.appending("databases")
    guard fileSystem.exists(root) else { throw StorageError.missing(path: root.string) }
    nameUnknown(in: directory, known: ["LOCK", "databases"])
    for fileName in try fileSystem.list(root) {
      let path = root.appending(fileName)
      if fileName.hasSuffix(".new") || fileName.hasSuffix(".dropped") {
        report.addLeftover(path, "half made or half removed; the next start removes it")
      } else if let name = EscapedName.unescape(fileName) {
        report.databases += 1
        verifyDatabase(name, at: path)
      } else {
        report.addLeftover(path, "not a database")
      }
    }
  }

  private mutating func verifyDatabase(_ name: String, at path: FilePath) {
    var options = StorageOptions(memtableLimit: .max / 4)
    options.usesBackgroundThreads = false
    let problems = ProblemList()
    do {
      let store = try DatabaseStore.open(
        name: name, at: path, fileSystem: fileSystem, options: options, problems: problems,
        wake: { _ in })
      report.add(problems.all)
      let found = store.check()
      report.add(found.problems)
      report.segments += found.segments
      report.points += found.points
      report.bytes += found.bytes
      verifyContents(name, store)
      nameLeftovers(store)
    } catch {
      report.add(problems.all)
      report.add(error, path: path)
    }
  }

  private mutating func verifyContents(_ database: String, _ store: DatabaseStore) {
    let files = StoredFiles(layout: store.layout, fileSystem: fileSystem)
    do {
      for kind in try files.kinds() {
        for name in try files.list(kind: kind) {
          let path = try files.path(kind: kind, name: name)
          report.addBytes(of: path, on: fileSystem)
          // Damage is among the store's problems.
          guard let bytes = try? files.load(kind: kind, name: name) else { continue }
          verifyContent(database, kind: kind, name: name, bytes, path)
        }
      }
    } catch {
      report.add(error, path: store.layout.filesDirectory)
    }
  }

  mutating func verifyContent(
    _ database: String, kind: String, name: String, _ bytes: [UInt8], _ path: FilePath
  ) {
    do {
      try checkContent(database, kind, name, bytes)
    } catch {
      report.add([
        .corrupt(
          path: path.string, offset: 0, reason: "the content of \(kind)/\(name): \(error)")
      ])
    }
  }

  private mutating func nameLeftovers(_ store: DatabaseStore) {
    let layout = store.layout
    let state = store.manifest.state
    nameUnknown(
      in: layout.root,
      known: ["MANIFEST", "MANIFEST.copy", "SERIES", "wal", "segments", "files", "set-aside"])
    for fileName in names(in: layout.setAsideDirectory) {
      report.addLeftover(layout.setAsideDirectory.appending(fileName), "set aside by a repair")
    }
    let segments = Set(state.segments.map(\.name.fileName))
    for fileName in names(in: layout.segmentDirectory) where !segments.contains(fileName) {
      let isSegment = SegmentName(fileName: fileName) != nil
      report.addLeftover(
        layout.segmentDirectory.appending(fileName),
        isSegment ? "the manifest does not name it; the next start removes it" : "unknown")
    }
    for fileName in names(in: layout.walDirectory)
    where !fileName.hasSuffix(DamageEvidence.suffix) {
      let path = layout.walDirectory.appending(fileName)
      if let number = DatabaseLayout.walNumber(fileName) {
        if number < state.walFloor {
          report.addLeftover(path, "its points are in segments; the next start removes it")
        }
      } else {
        report.addLeftover(path, "unknown")
      }
    }
    for kind in names(in: layout.filesDirectory) {
      let directory = layout.filesDirectory.appending(kind)
      guard EscapedName.unescape(kind) != nil else {
        report.addLeftover(directory, "unknown")
        continue
      }
      for fileName in names(in: directory) where StoredFiles.name(ofFile: fileName) == nil {
        report.addLeftover(directory.appending(fileName), Self.reason(fileName))
      }
    }
  }

  func names(in path: FilePath) -> [String] { (try? fileSystem.list(path)) ?? [] }

  mutating func nameUnknown(in path: FilePath, known: Set<String>) {
    for fileName in names(in: path)
    where !known.contains(fileName) && !fileName.hasSuffix(DamageEvidence.suffix) {
      report.addLeftover(path.appending(fileName), Self.reason(fileName))
    }
  }

  static func reason(_ fileName: String) -> String {
    fileName.hasSuffix(".new") ? "half written; harmless" : "unknown"
  }
}
