/// Appending to the WAL and making it durable, many writers at a time.
extension DatabaseStore {
  /// Appends one record; returns its sequence, the ticket for ``waitUntilDurable(_:)``. After a
  /// throw nothing of the record counts. `monitor` is held.
  func appendToWAL(_ record: WALRecord.Encoded) throws -> UInt64 {
    let writer = try wal.writer ?? openWAL()
    let size = writer.size
    // A sequence is used up even if the record fails: its bytes may be in the file.
    let sequence = wal.lastAppended + 1
    do {
      try writer.append(record, sequence: sequence)
    } catch {
      wal.note(error)
      if wal.lastSettled == wal.lastAppended { wal.lastSettled = sequence }
      wal.lastAppended = sequence
      do {
        wal.writer = try writer.cutBack(to: size, on: fileSystem)
      } catch {
        // Half a record may be at the end of this file, so nothing else goes behind it.
        freeze()
      }
      throw error
    }
    wal.lastAppended = sequence
    // After a failed sync the next one decides.
    if options.syncPolicy == .never { wal.note(nil) }
    return sequence
  }

  private func openWAL() throws -> WALWriter {
    let writer: WALWriter
    do {
      writer = try WALWriter(
        number: wal.nextNumber, previousSize: wal.previousSize, layout: layout, on: fileSystem)
    } catch {
      wal.note(error)
      throw error
    }
    wal.writer = writer
    wal.syncedSize = 0
    return writer
  }

  /// Returns once a record is durable. Whoever comes first syncs for all whose records are in the
  /// file by then; the others wait for that, and one of them goes next.
  func waitUntilDurable(_ ticket: UInt64) throws {
    monitor.lock()
    defer { monitor.unlock() }
    while true {
      if let error = wal.failure(of: ticket) { throw error }
      if wal.lastSettled >= ticket { return }
      if wal.isSyncing { monitor.wait() } else { syncWAL() }
    }
  }

  /// What the background thread does: makes durable what is not.
  func syncInBackground() {
    monitor.lock()
    defer { monitor.unlock() }
    if !wal.isSyncing, wal.lastSettled < wal.lastAppended { syncWAL() }
  }

  /// One sync, `monitor` given up meanwhile. Its failure is left for the writers concerned.
  private func syncWAL() {
    guard let writer = wal.writer else {
      // Left behind unsynced by a failure; what was in it is in the memtable that is being flushed.
      wal.lastSettled = wal.lastAppended
      return
    }
    wal.isSyncing = true
    let target = wal.lastAppended
    let size = writer.size
    monitor.unlock()
    let result = Result { try writer.sync() }
    monitor.lock()
    wal.isSyncing = false
    settle(result, upTo: target, size: size)
    monitor.broadcast()
  }

  private func settle(_ result: Result<Void, any Error>, upTo target: UInt64, size: Int) {
    switch result {
    case .success:
      wal.note(nil)
      wal.lastSettled = max(wal.lastSettled, target)
      wal.syncedSize = max(wal.syncedSize, size)
    case .failure(let error):
      // The operating system may have thrown the unwritten pages away, and a later sync of the
      // same file would succeed without them. So this file is done with: the records' writers are
      // told, and what the memtable has goes to a segment instead.
      problems.add(error, path: layout.walDirectory.string)
      wal.note(error)
      wal.settleAsFailed(error)
      freeze()
    }
  }

  /// Ends the memtable, if it has more than `limit` bytes, and its WAL file; both go once the
  /// memtable is in segments. `monitor` is held, but given up while another thread's sync of the
  /// file is under way.
  func freeze(above limit: Int = 0) {
    while wal.isSyncing { monitor.wait() }
    if active.byteCount < limit { return }
    if let writer = wal.writer, wal.lastSettled < wal.lastAppended, options.syncPolicy != .never {
      let size = writer.size
      do {
        try writer.sync()
        wal.lastSettled = wal.lastAppended
        wal.syncedSize = size
      } catch {
        problems.add(error, path: writer.path.string)
        wal.note(error)
        wal.settleAsFailed(error)
      }
    }
    wal.leaveFile()
    if !active.isEmpty {
      frozen.append(
        FrozenMemtable(
          table: active, sequence: nextSequence, walFloor: wal.nextNumber,
          newSeries: pendingSeries, newFields: pendingFields, nextSeries: index.nextID))
      nextSequence += 1
      active = Memtable()
      pendingSeries = []
      pendingFields = []
      wake()
    }
    monitor.broadcast()
  }
}
