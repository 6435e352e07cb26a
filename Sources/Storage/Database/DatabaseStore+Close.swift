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
}
