import SystemPackage

extension DatabaseStore {
  /// Flushes and ends. What cannot be flushed stays in the WAL, and the error says so; so does what
  /// there is no time for (``endWork(at:)``), which is no error.
  func close() throws {
    try maintenance.withLock {
      if monitor.withLock({ isClosed }) { return }
      var failure: (any Error)?
      do { try flushAll() } catch { failure = error }
      let isFlushed = failure == nil
      if case StorageError.closed? = failure { failure = nil }
      monitor.withLock {
        isClosed = true
        monitor.broadcast()
        while wal.isSyncing { monitor.wait() }
        if !isFlushed { try? wal.writer?.sync() }
        wal.leaveFile()
      }
      try manifest.close()
      try seriesLog.close()
      if let failure { throw failure }
    }
  }

  /// Ends without a word to the files, and moves them out of the way. A flush that is under way is
  /// broken off.
  func drop(movingTo destination: FilePath) throws {
    endWork(at: .now)
    do {
      try maintenance.withLock {
        try fileSystem.rename(layout.root, to: destination)
        monitor.withLock {
          isClosed = true
          monitor.broadcast()
        }
      }
    } catch {
      endWork(at: nil)
      wake()
      throw error
    }
  }
}
