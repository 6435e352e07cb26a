import TimeSeries

/// Deletions and policies: pieces of work that change the manifest.
extension DatabaseStore {
  /// Drops series for good: their ids are not given again, and a write with the same key makes a
  /// new series. Ids that are unknown are passed over.
  ///
  /// - Returns: what went.
  func dropSeries(_ ids: [UInt32]) throws -> [WriteNotice] {
    try withWritersWaiting {
      let live = index.lock.withLock { Set(index.liveIDs) }
      let known = Set(ids).intersection(live)
      if known.isEmpty { return [] }
      let gone = notices(of: known, TimestampBounds.earliest...TimestampBounds.latest)
      try announcing(gone) { try commit([], dropping: known) }
      return gone
    }
  }

  /// Deletes rows of series, as one change. Series of which no row is left are dropped.
  ///
  /// - Returns: what went.
  func delete(_ spans: [DeletedSpan]) throws -> [WriteNotice] {
    let spans = spans.filter { !$0.series.isEmpty && $0.from <= $0.through }
    if spans.isEmpty { return [] }
    return try withWritersWaiting {
      guard let newest = manifest.state.segments.last?.name.sequence else { return [] }
      var tombstones = spans.map {
        Tombstone(
          series: Set($0.series.map(\.rawValue)).sorted(), from: $0.from, through: $0.through,
          upToSequence: newest)
      }
      let gone = tombstones.flatMap { notices(of: Set($0.series), $0.from...$0.through) }
      let emptied = emptiedSeries(
        among: Set(tombstones.flatMap(\.series)), after: tombstones.map { .addTombstone($0) })
      // Nothing is left of these that a tombstone would have to hide.
      for index in tombstones.indices {
        tombstones[index].series.removeAll(where: emptied.contains)
      }
      tombstones.removeAll { $0.series.isEmpty }
      try announcing(gone) {
        try commit(tombstones.map { .addTombstone($0) }, dropping: emptied)
      }
      return gone
    }
  }

  /// Makes a change that takes rows away, between telling of it and telling that it is made.
  private func announcing(_ notices: [WriteNotice], _ change: () throws -> Void) throws {
    let isMade = notices.isEmpty ? {} : try options.willDelete(notices)
    defer { isMade() }
    try change()
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
    try commit(edits + [.dropSeries(ids.sorted())]) {
      // Should the measurement come back, the log must not have its old fields before the new ones.
      if index.drop(ids) { seriesLog.requireRewrite() }
    }
  }

  /// Runs `body` with `maintenance` held, all points in segments and no new ones coming: so what
  /// it decides is about what was written before, and the WAL does not bring anything back.
  private func withWritersWaiting<Result>(_ body: () throws -> Result) throws -> Result {
    let result = try maintenance.withLock {
      monitor.withLock { isGateClosed = true }
      defer {
        monitor.withLock {
          isGateClosed = false
          monitor.broadcast()
        }
      }
      try flushAll()
      return try body()
    }
    // Compaction may have something to do.
    wake()
    return result
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
  ///
  /// - Returns: what went.
  func dropPolicy(_ name: String) throws -> [WriteNotice] {
    try withWritersWaiting {
      guard let known = manifest.state.policy(named: name) else {
        throw StorageError.retentionPolicyNotFound(database: self.name, policy: name)
      }
      guard known.id != manifest.state.defaultPolicy else {
        throw StorageError.invalidName(name, reason: "the default policy cannot be dropped")
      }
      let all = index.lock.withLock { Set(index.liveIDs) }
      let gone = notices(
        of: all, TimestampBounds.earliest...TimestampBounds.latest, policy: known.id)
      let segments = manifest.state.segments.filter { $0.name.policy == known.id }
      try announcing(gone) { try remove(segments, by: [.dropPolicy(id: known.id)]) }
      return gone
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

  /// Where these series have rows within a range of time, to the day or whatever a partition covers:
  /// for each segment the first and last time of each measurement. Call it with writers waiting and
  /// everything in segments.
  private func notices(
    of ids: Set<UInt32>, _ range: ClosedRange<Timestamp>, policy only: UInt32? = nil
  ) -> [WriteNotice] {
    let names = index.lock.withLock {
      Dictionary(
        uniqueKeysWithValues: ids.compactMap { id in
          index.measurement(of: id).map { (id, $0.name) }
        })
    }
    let version = monitor.withLock { self.version }
    var notices: [WriteNotice] = []
    for segment in version.segments where segment.entry.timeRange.overlaps(range) {
      guard let policy = version.state.policy(id: segment.entry.name.policy),
        only == nil || policy.id == only
      else { continue }
      var found: [String: ClosedRange<Timestamp>] = [:]
      for (id, name) in names {
        for block in segment.reader.blocks(of: SeriesID(rawValue: id))
        where block.timeRange.overlaps(range) {
          let part = block.timeRange.clamped(to: range)
          let known = found[name] ?? part
          found[name] =
            min(known.lowerBound, part.lowerBound)...max(known.upperBound, part.upperBound)
        }
      }
      notices += found.sorted { $0.key < $1.key }.map { measurement, timeRange in
        WriteNotice(
          database: name, retentionPolicy: policy.policy.name, measurement: measurement,
          timeRange: timeRange)
      }
    }
    return notices
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
