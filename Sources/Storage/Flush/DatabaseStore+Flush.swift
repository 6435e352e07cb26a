import TimeSeries

extension DatabaseStore {
  /// Writes everything in memory to segments.
  func flush() throws {
    try maintenance.withLock { try flushAll() }
  }

  /// ``flush()`` with `maintenance` held.
  func flushAll() throws {
    try monitor.withLock {
      guard !isClosed else { throw StorageError.closed }
      freeze()
    }
    try flushFrozen()
  }

  /// Flushes until nothing is frozen, with `maintenance` held.
  private func flushFrozen() throws {
    var newSeries = 0
    while let oldest = nextToFlush {
      try flush(oldest)
      newSeries += oldest.newSeries.count
    }
    releaseFreedMemory(newSeries: newSeries)
  }

  /// Nil also of a database that ended: its directory may be another one's of the same name.
  private var nextToFlush: FrozenMemtable? {
    monitor.withLock { isClosed ? nil : frozen.first }
  }

  private func releaseFreedMemory(newSeries: Int) {
    if newSeries >= FreedMemory.newSeriesAtLeast { FreedMemory.release() }
  }

  /// The index as records of the series log, without the series and fields that came with memtables
  /// yet to be flushed: all but the `count` oldest. With `monitor` held, so that of no batch there is
  /// a series without its fields. Call it with `maintenance` held.
  func indexRecords(flushed count: Int = 0) -> [[UInt8]] {
    monitor.withLock {
      let later = frozen.dropFirst(count)
      let series = Set(later.flatMap(\.newSeries) + pendingSeries)
      let fields = Set(later.flatMap(\.newFields) + pendingFields)
      return index.lock.withLock { SeriesLog.snapshot(of: index, except: series, fields) }
    }
  }

  /// A turn of a background thread: flushes the oldest frozen memtable.
  func flushInBackground() -> StoreQueue.Outcome {
    maintenance.withLock {
      guard let oldest = nextToFlush else { return .done }
      do { try flush(oldest) } catch StorageError.closed { return .done } catch { return .later }
      releaseFreedMemory(newSeries: oldest.newSeries.count)
      return monitor.withLock { frozen.isEmpty } ? .done : .again
    }
  }

  /// Flushes what is frozen, without threads; a failure is noted and met again by a later write or
  /// flush.
  func flushFrozenHere() {
    maintenance.withLock { _ = try? flushFrozen() }
  }

  /// Writes one frozen memtable, commits it, and lets go of its WAL files. Throws
  /// ``StorageError/closed`` if the work is to end (``endWork(at:)``): then it stays frozen.
  private func flush(_ oldest: FrozenMemtable) throws {
    do {
      try writeSegments(of: oldest)
      monitor.withLock {
        flushFailure = nil
        flushAttempts += 1
        monitor.broadcast()
      }
    } catch StorageError.closed {
      throw StorageError.closed
    } catch {
      problems.add(error, path: layout.root.string)
      monitor.withLock {
        flushFailure = error
        flushAttempts += 1
        monitor.broadcast()
      }
      throw error
    }
    removeWAL(before: oldest.walFloor)
  }

  private func writeSegments(of oldest: FrozenMemtable) throws {
    if !oldest.newSeries.isEmpty || !oldest.newFields.isEmpty || seriesLog.isRewriteDue {
      let payload = index.lock.withLock {
        SeriesLog.payload(series: oldest.newSeries, fields: oldest.newFields, of: index)
      }
      try seriesLog.commit(
        payload, snapshot: { indexRecords(flushed: 1) }, on: fileSystem)
    }
    var flush = SegmentFlush(
      oldest, policies: manifest.state.policies, index: index, layout: layout,
      fileSystem: fileSystem, options: options, nextNumber: nextSegmentNumber,
      isCancelled: { [self] in isEnding })
    try flush.run()
    var edits: [ManifestEdit] = flush.written.map { .addSegment($0.entry) }
    edits += [
      .setWALFloor(oldest.walFloor), .setNextSeries(oldest.nextSeries),
      .setNextSequence(oldest.sequence + 1),
    ]
    do {
      try options.willDiscardLog()
      try commit(edits, adding: flush.written) {
        // In one step with the segments becoming visible, so that no read finds both or neither.
        frozen.removeFirst()
      }
    } catch {
      // Whether the manifest names them is not known.
      abandonedSegments += flush.written.map(\.entry.name)
      throw error
    }
  }

  private func removeWAL(before floor: UInt64) {
    guard let names = try? fileSystem.list(layout.walDirectory) else { return }
    for name in names {
      guard let number = DatabaseLayout.walNumber(name), number < floor else { continue }
      let path = layout.wal(number)
      if damagedLogs.remove(number) != nil {
        try? fileSystem.rename(path, to: DamageEvidence.path(for: path, on: fileSystem))
      } else {
        try? fileSystem.remove(path)
      }
    }
  }
}
