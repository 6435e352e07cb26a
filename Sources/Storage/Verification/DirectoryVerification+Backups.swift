import SystemPackage

extension DirectoryVerification {
  /// Every catalog and every segment, those that no backup needs as well: the next backup may.
  mutating func verifyBackups() throws {
    let root = BackupArchive.root(directory)
    nameUnknown(in: directory, known: ["LOCK", "backups"])
    for fileName in try fileSystem.list(root) {
      guard let database = EscapedName.unescape(fileName) else {
        report.addLeftover(root.appending(fileName), "not a database")
        continue
      }
      report.databases += 1
      verifyBackups(of: database, in: root.appending(fileName))
    }
  }

  private mutating func verifyBackups(of database: String, in path: FilePath) {
    var needed: Set<String> = []
    var isComplete = true
    for fileName in names(in: path) where fileName != "segments" {
      let file = path.appending(fileName)
      guard fileName.hasSuffix(BackupArchive.catalogSuffix) else {
        report.addLeftover(file, Self.reason(fileName))
        continue
      }
      report.backups += 1
      report.addBytes(of: file, on: fileSystem)
      do {
        let catalog = try fileSystem.map(file).withBytes { try BackupCatalog($0, path: file) }
        if catalog.database != database {
          report.add([
            .corrupt(
              path: file.string, offset: RecordLog.headerSize,
              reason: "a backup of \(catalog.database)")
          ])
        }
        needed.formUnion(catalog.segments.map(\.fileName))
        for stored in catalog.files {
          verifyContent(catalog.database, kind: stored.kind, name: stored.name, stored.bytes, file)
        }
      } catch {
        isComplete = false
        report.add(error, path: file)
      }
    }
    verifySegments(
      in: BackupArchive.segments(in: path), needed: needed, isComplete: isComplete)
  }

  private mutating func verifySegments(
    in path: FilePath, needed: Set<String>, isComplete: Bool
  ) {
    let present = names(in: path)
    for missing in needed.subtracting(present).sorted() {
      report.add([.missing(path: path.appending(missing).string)])
    }
    for fileName in present {
      let file = path.appending(fileName)
      guard let segment = BackupSegment(fileName: fileName) else {
        report.addLeftover(file, Self.reason(fileName))
        continue
      }
      report.segments += 1
      report.addBytes(of: file, on: fileSystem)
      do {
        report.points += UInt64(try segment.check(file, on: fileSystem).summary.rowCount)
      } catch {
        report.add(error, path: file)
      }
      if isComplete, !needed.contains(fileName) {
        report.addLeftover(file, "no backup needs it")
      }
    }
  }
}
