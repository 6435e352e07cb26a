import SystemPackage
import TimeSeries

/// Reading every file of a database.
extension DatabaseStore {
  struct Checked {
    var problems: [StorageError] = []
    var segments = 0
    /// Rows of segments and points of the write-ahead log.
    var points: UInt64 = 0
    /// Of manifest, series log, segments and write-ahead log.
    var bytes: UInt64 = 0

    /// Runs `body`; what it throws becomes a problem.
    fileprivate mutating func attempt(
      _ path: FilePath, _ body: (inout Checked) throws -> Void
    ) {
      do {
        try body(&self)
      } catch {
        problems.append(.wrapping(error, path: path.string))
      }
    }
  }

  /// Damage in any file, by reading all of them.
  func verify() -> [StorageError] { check().problems }

  /// The same, with what was read.
  func check() -> Checked {
    maintenance.withLock {
      var checked = Checked()
      checked.problems += DamageEvidence.files(of: layout, on: fileSystem).map(
        DamageEvidence.problem)
      for (path, magic) in [
        (layout.manifest, Manifest.magic), (layout.manifestCopy, Manifest.magic),
        (layout.series, SeriesLog.magic),
      ] where path == layout.manifest || fileSystem.exists(path) {
        checked.attempt(path) { checked in
          let map = try fileSystem.map(path)
          checked.bytes += UInt64(map.count)
          checked.problems += try map.withBytes {
            try RecordLog.read($0, path: path, magic: magic).problems
          }
        }
      }
      for entry in manifest.state.segments { check(entry, &checked) }
      checkLog(&checked)
      checked.problems += StoredFiles(layout: layout, fileSystem: fileSystem).verify()
      return checked
    }
  }

  private func check(_ entry: SegmentEntry, _ checked: inout Checked) {
    let path = layout.segment(entry.name)
    checked.segments += 1
    checked.points += entry.rowCount
    guard fileSystem.exists(path) else {
      checked.problems.append(.missing(path: path.string))
      return
    }
    checked.attempt(path) { checked in
      let map = try fileSystem.map(path)
      checked.bytes += UInt64(map.count)
      let reader = try SegmentReader(path: path, map: map)
      checked.problems += reader.verify()
      let summary = reader.summary
      if UInt64(summary.byteCount) != entry.size || UInt64(summary.rowCount) != entry.rowCount
        || summary.timeRange != entry.timeRange
      {
        checked.problems.append(
          .corrupt(
            path: path.string, offset: 0,
            reason: "a whole segment, but not the one that the manifest means"))
      }
      try checkKeys(of: reader, &checked)
    }
  }

  /// Whether the rows belong to the series that the index has under their ids.
  private func checkKeys(of reader: SegmentReader, _ checked: inout Checked) throws {
    // Damaged keys are among the segment's own problems.
    guard let keys = try? reader.keys() else { return }
    let dropped = manifest.state.droppedSeries
    let wrong = index.lock.withLock {
      keys.first { id, key in
        guard !dropped.contains(id.rawValue) else { return false }
        return !(index.canonicalKey(of: id.rawValue)?.elementsEqual(key) ?? false)
      }
    }
    guard let (id, key) = wrong else { return }
    checked.problems.append(
      .corrupt(
        path: reader.path.string, offset: 0,
        reason: "series \(id.rawValue) is \(String(decoding: key, as: UTF8.self)) here, "
          + "and another one in the series log"))
  }

  private func checkLog(_ checked: inout Checked) {
    checked.attempt(layout.walDirectory) { checked in
      for number in try fileSystem.list(layout.walDirectory).compactMap(DatabaseLayout.walNumber) {
        let path = layout.wal(number)
        checked.attempt(path) { checked in
          var reader = WALReader(path: path)
          let map = try fileSystem.map(path)
          checked.bytes += UInt64(map.count)
          var points: UInt64 = 0
          try map.withBytes {
            try reader.read($0) { payload, _ in
              points += UInt64(try WALRecord.decode(payload).batch.points.count)
            }
          }
          checked.points += points
          checked.problems += reader.problems
        }
      }
    }
  }
}
