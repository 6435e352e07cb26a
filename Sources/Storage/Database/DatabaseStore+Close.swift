import SystemPackage

extension DatabaseStore {
  /// Flushes and ends. What cannot be flushed stays in the WAL; the error says so.
  func close() throws {
    try maintenance.withLock {
      if monitor.withLock({ isClosed }) { return }
      let flushed = Result { try flushAll() }
      monitor.withLock {
        isClosed = true
        monitor.broadcast()
        while wal.isSyncing { monitor.wait() }
        if case .failure = flushed { try? wal.writer?.sync() }
        wal.leaveFile()
      }
      try manifest.close()
      try seriesLog.close()
      try flushed.get()
    }
  }

  /// Ends without a word to the files, and moves them out of the way.
  func drop(movingTo destination: FilePath) throws {
    try maintenance.withLock {
      try fileSystem.rename(layout.root, to: destination)
      monitor.withLock {
        isClosed = true
        monitor.broadcast()
      }
    }
  }

  /// Damage in any file, by reading all of them.
  func verify() -> [StorageError] {
    maintenance.withLock {
      var found: [StorageError] = []
      func attempt(_ path: FilePath, _ body: () throws -> Void) {
        do {
          try body()
        } catch {
          found.append(
            error as? StorageError
              ?? .corrupt(path: path.string, offset: 0, reason: "\(error)"))
        }
      }
      for (path, magic) in [(layout.manifest, Manifest.magic), (layout.series, SeriesLog.magic)]
      where path == layout.manifest || fileSystem.exists(path) {
        attempt(path) {
          let map = try fileSystem.map(path)
          found += try map.withBytes {
            try RecordLog.read($0, path: path, magic: magic).problems
          }
        }
      }
      for entry in manifest.state.segments {
        let path = layout.segment(entry.name)
        guard fileSystem.exists(path) else {
          found.append(.missing(path: path.string))
          continue
        }
        attempt(path) {
          found += try SegmentReader(path: path, map: try fileSystem.map(path)).verify()
        }
      }
      attempt(layout.walDirectory) {
        for number in try fileSystem.list(layout.walDirectory).compactMap(DatabaseLayout.walNumber)
        {
          var reader = WALReader(path: layout.wal(number))
          let map = try fileSystem.map(layout.wal(number))
          try map.withBytes {
            try reader.read($0) { payload, _ in _ = try WALRecord.decode(payload) }
          }
          found += reader.problems
        }
      }
      return found + StoredFiles(layout: layout, fileSystem: fileSystem).verify()
    }
  }
}
