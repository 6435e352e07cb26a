import TimeSeries

/// Deletions and policies: pieces of work that change the manifest.
extension DatabaseStore {
  /// Drops series for good: their ids are not given again, and a write with the same key makes a
  /// new series. Ids that are unknown are passed over.
  func dropSeries(_ ids: [UInt32]) throws {
    try withWritersWaiting {
      let live = index.lock.withLock { Set(index.liveIDs) }
      let known = Set(ids).intersection(live)
      if known.isEmpty { return }
      try commit([.dropSeries(known.sorted())]) { index.drop(known) }
    }
  }

  /// Deletes rows of series between two times, both included.
  func delete(_ ids: [UInt32], from: Timestamp, through: Timestamp) throws {
    guard from <= through, !ids.isEmpty else { return }
    try withWritersWaiting {
      guard let newest = manifest.state.segments.last?.name.sequence else { return }
      try commit([
        .addTombstone(
          Tombstone(
            series: Set(ids).sorted(), from: from, through: through, upToSequence: newest))
      ])
    }
  }

  /// Runs `body` with `maintenance` held, all points in segments and no new ones coming: so what
  /// it decides is about what was written before, and the WAL does not bring anything back.
  private func withWritersWaiting(_ body: () throws -> Void) throws {
    try maintenance.withLock {
      monitor.withLock { isGateClosed = true }
      defer {
        monitor.withLock {
          isGateClosed = false
          monitor.broadcast()
        }
      }
      try flushAll()
      try body()
    }
    // Compaction may have something to do.
    wake()
  }

  /// Adds a policy; the same one again is fine.
  func createPolicy(_ policy: RetentionPolicy, isDefault: Bool) throws {
    try policy.validate()
    try maintenance.withLock {
      try checkOpen()
      var edits: [ManifestEdit] = []
      let id: UInt32
      if let known = manifest.state.policy(named: policy.name) {
        guard known.policy == policy else {
          throw StorageError.invalidName(
            policy.name, reason: "a retention policy of that name has other durations")
        }
        id = known.id
      } else {
        id = manifest.state.nextPolicy
        edits.append(.addPolicy(id: id, policy))
      }
      if isDefault, manifest.state.defaultPolicy != id { edits.append(.setDefaultPolicy(id: id)) }
      if !edits.isEmpty { try commit(edits) }
    }
  }

  /// Drops a policy with its points. The default one cannot go.
  func dropPolicy(_ name: String) throws {
    try withWritersWaiting {
      guard let known = manifest.state.policy(named: name) else {
        throw StorageError.retentionPolicyNotFound(database: self.name, policy: name)
      }
      guard known.id != manifest.state.defaultPolicy else {
        throw StorageError.invalidName(name, reason: "the default policy cannot be dropped")
      }
      let gone = manifest.state.segments.filter { $0.name.policy == known.id }
      try commit([.dropPolicy(id: known.id)])
      removeFiles(gone)
    }
  }

  /// Removes the segments whose points are all older than their policy keeps.
  func enforceRetention() throws {
    try maintenance.withLock {
      try checkOpen()
      let now = options.now()
      let expired = manifest.state.segments.filter { entry in
        guard let policy = manifest.state.policy(id: entry.name.policy)?.policy else { return true }
        return entry.timeRange.upperBound < policy.earliest(now: now)
      }
      if expired.isEmpty { return }
      try commit(expired.map { .removeSegment($0.name) })
      removeFiles(expired)
    }
  }

  /// What cannot be removed now is removed when the database is opened.
  func removeFiles(_ segments: [SegmentEntry]) {
    for segment in segments { try? fileSystem.remove(layout.segment(segment.name)) }
  }

  func checkOpen() throws {
    try monitor.withLock { if isClosed { throw StorageError.closed } }
  }

  /// What a deletion from these series touches, in each policy.
  func notices(of ids: [UInt32], _ range: ClosedRange<Timestamp>) -> [WriteNotice] {
    let measurements = index.lock.withLock {
      Set(ids.compactMap { index.measurement(of: $0)?.name })
    }
    return measurements.sorted().flatMap { measurement in
      policies.map {
        WriteNotice(
          database: name, retentionPolicy: $0.name, measurement: measurement, timeRange: range)
      }
    }
  }
}

extension RetentionPolicy {
  /// - Throws: ``StorageError/invalidName(_:reason:)`` for what no manifest can hold.
  func validate() throws {
    guard !name.isEmpty else { throw StorageError.invalidName(name, reason: "empty") }
    guard name.utf8.count <= SeriesIndex.keyLimit else {
      throw StorageError.invalidName(name, reason: "too long")
    }
    guard partitionDuration > 0, duration >= 0 else {
      throw StorageError.invalidName(name, reason: "durations are not positive")
    }
  }
}
