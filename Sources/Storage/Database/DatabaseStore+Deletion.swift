import TimeSeries

/// Deletions and policies: pieces of work that change the manifest.
extension DatabaseStore {
  /// Drops series for good: their ids are not given again, and a write with the same key makes a
  /// new series. Ids that are unknown are passed over.
  func dropSeries(_ ids: [UInt32]) throws {
    try withWritersWaiting {
      let live = index.lock.withLock { Set(index.liveIDs) }
      let known = Set(ids).intersection(live)
      if !known.isEmpty { try commit([], dropping: known) }
    }
  }

  /// Deletes rows of series between two times, both included. Series of which no row is left are
  /// dropped.
  func delete(_ ids: [UInt32], from: Timestamp, through: Timestamp) throws {
    guard from <= through, !ids.isEmpty else { return }
    try withWritersWaiting {
      guard let newest = manifest.state.segments.last?.name.sequence else { return }
      var tombstone = Tombstone(
        series: Set(ids).sorted(), from: from, through: through, upToSequence: newest)
      let emptied = emptiedSeries(among: tombstone.series, after: [.addTombstone(tombstone)])
      // Nothing is left of these that a tombstone would have to hide.
      tombstone.series.removeAll(where: emptied.contains)
      try commit(
        tombstone.series.isEmpty ? [] : [.addTombstone(tombstone)], dropping: emptied)
    }
  }

  /// Of some series those that are known and have no row once edits are made. Call it with writers
  /// waiting and everything in segments. Nobody knows what is in a segment that could not be opened
  /// or is damaged, so then a series stays.
  private func emptiedSeries(
    among ids: some Sequence<UInt32>, after edits: [ManifestEdit]
  ) -> Set<UInt32> {
    var state = manifest.state
    for edit in edits { state.apply(edit) }
    let names = Set(state.segments.map(\.name))
    let segments = monitor.withLock { version.segments }.filter { names.contains($0.entry.name) }
    guard segments.count == names.count else { return [] }
    let deleted = DeletedRows(version: StoreVersion(state: state, segments: segments))
    let live = index.lock.withLock { Set(index.liveIDs) }
    return live.intersection(ids).filter { id in
      !segments.contains { (try? deleted.leaveRows(of: id, in: $0)) ?? true }
    }
  }

  /// Commits edits that take segments away, and drops the series that had rows only there.
  private func remove(_ segments: [SegmentEntry], by edits: [ManifestEdit]) throws {
    let names = Set(segments.map(\.name))
    let readers = monitor.withLock { version.segments }.filter { names.contains($0.entry.name) }
    let touched = Set(readers.flatMap { $0.reader.seriesIDs.map(\.rawValue) })
    try commit(edits, dropping: emptiedSeries(among: touched, after: edits))
    removeFiles(segments)
  }

  /// One commit of edits and of the end of series.
  private func commit(_ edits: [ManifestEdit], dropping ids: Set<UInt32>) throws {
    if ids.isEmpty { return try commit(edits) }
    try commit(edits + [.dropSeries(ids.sorted())]) { index.drop(ids) }
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
      try remove(gone, by: [.dropPolicy(id: known.id)])
    }
  }

  /// Changes what is given of a policy.
  func alterPolicy(
    _ name: String, duration: Int64?, partitionDuration: Int64?, makesDefault: Bool
  ) throws {
    try maintenance.withLock {
      try checkOpen()
      guard let known = manifest.state.policy(named: name) else {
        throw StorageError.retentionPolicyNotFound(database: self.name, policy: name)
      }
      var policy = known.policy
      policy.duration = duration ?? policy.duration
      policy.partitionDuration = partitionDuration ?? policy.partitionDuration
      try policy.validate()
      var edits: [ManifestEdit] = []
      if policy != known.policy { edits.append(.addPolicy(id: known.id, policy)) }
      if makesDefault, manifest.state.defaultPolicy != known.id {
        edits.append(.setDefaultPolicy(id: known.id))
      }
      if !edits.isEmpty { try commit(edits) }
    }
  }

  /// Removes the segments whose points are all older than their policy keeps, and the series that
  /// have no others.
  func enforceRetention() throws {
    let isDue = try maintenance.withLock {
      try checkOpen()
      return !expiredSegments.isEmpty
    }
    // Writers are made to wait only where there is something to remove.
    guard isDue else { return }
    try withWritersWaiting {
      let expired = expiredSegments
      if expired.isEmpty { return }
      try remove(expired, by: expired.map { .removeSegment($0.name) })
    }
  }

  /// `maintenance` is held.
  private var expiredSegments: [SegmentEntry] {
    let now = options.now()
    return manifest.state.segments.filter { entry in
      guard let policy = manifest.state.policy(id: entry.name.policy)?.policy else { return true }
      return entry.timeRange.upperBound < policy.earliest(now: now)
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
