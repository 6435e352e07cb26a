import SystemPackage
import TimeSeries

/// What compaction remembers from one round to the next.
struct CompactionMemory {
  /// Segments that could not be merged: damaged ones. They stay as they are.
  var excluded: Set<SegmentName> = []
  /// Segments of which too few rows are deleted to write them anew, as the deletions then were.
  var mostlyLive: Set<SegmentName> = []
  var tombstones: [Tombstone] = []
  var droppedSeries: Set<UInt32> = []

  /// Forgets what was found out about other deletions than these.
  mutating func see(_ state: ManifestState) {
    if tombstones == state.tombstones, droppedSeries == state.droppedSeries { return }
    tombstones = state.tombstones
    droppedSeries = state.droppedSeries
    mostlyLive.removeAll()
  }
}

/// Merging segments. It runs beside everything else: `maintenance` is held to create a file and to
/// commit, not while rows are copied.
extension DatabaseStore {
  /// A segment is written anew when one row in so many is deleted.
  static let deletedShare = 4
  /// With more tombstones than this, those in the way of forgetting the oldest are cleared.
  static let tombstoneLimit = 32

  /// Merges all that may be merged, so that a partition is one segment without deleted rows.
  ///
  /// Points that are written meanwhile may or may not be included. Damaged segments are left as
  /// they are; the first such error is thrown, after everything else is done.
  func compactAll() throws {
    try flush()
    try compaction.withLock {
      let newest = monitor.withLock { version.segments.last?.entry.name.sequence } ?? 0
      var failure: (any Error)?
      while let run = fullRun(through: newest) {
        do {
          _ = try merge(run.segments, of: run.version)
        } catch {
          guard exclude(error, among: run.segments) else { throw error }
          failure = failure ?? error
        }
      }
      try forgetDeletions(seriesAtLeast: 1)
      if let failure { throw failure }
    }
  }

  /// Does one merge that ``CompactionPolicy`` asks for; if there is none, forgets deletions.
  ///
  /// - Parameter isStopping: asked often; true ends the work, with nothing lost.
  func compactOnce(isStopping: @escaping () -> Bool = { false }) -> StoreQueue.Outcome {
    compaction.withLock {
      if isStopping() { return .done }
      if let run = dueRun() {
        do {
          _ = try merge(run.segments, of: run.version, isStopping: isStopping)
          return .again
        } catch is CompactionCancelled {
          return .done
        } catch StorageError.closed {
          return .done
        } catch {
          problems.add(error, path: layout.segmentDirectory.string)
          return exclude(error, among: run.segments) ? .again : .later
        }
      }
      do {
        try forgetDeletions(seriesAtLeast: Self.forgottenSeriesAtLeast)
        return .done
      } catch StorageError.closed {
        return .done
      } catch {
        problems.add(error, path: layout.manifest.string)
        return .later
      }
    }
  }

  private struct Run {
    var segments: [OpenSegment]
    var version: StoreVersion
  }

  private func stretches(of version: StoreVersion) -> [[OpenSegment]] {
    CompactionGroups.stretches(
      of: version, excluding: compactionMemory.excluded, directoryLimit: options.directoryLimit)
  }

  private func fullRun(through newest: UInt64) -> Run? {
    let version = monitor.withLock { self.version }
    let deleted = DeletedRows(version: version)
    for stretch in stretches(of: version) {
      let segments = stretch.filter { $0.entry.name.sequence <= newest }
      guard let only = segments.first else { continue }
      if segments.count > 1 || isDirty(only, deleted) {
        return Run(segments: segments, version: version)
      }
    }
    return nil
  }

  /// Damage found on the way is met again by the merge, which reports it.
  private func isDirty(_ segment: OpenSegment, _ deleted: DeletedRows) -> Bool {
    (try? deleted.areIn(segment)) ?? true
  }

  /// The cheapest merge that is due.
  private func dueRun() -> Run? {
    let version = monitor.withLock { self.version }
    let stretches = stretches(of: version)
    let runs = stretches.compactMap { stretch in
      CompactionPolicy.due(stretch.map(\.entry.size)).map { Array(stretch[$0]) }
    }
    func size(_ run: [OpenSegment]) -> UInt64 { run.reduce(0) { $0 &+ $1.entry.size } }
    if let run = runs.min(by: { size($0) < size($1) }) {
      return Run(segments: run, version: version)
    }
    return cleaning(stretches, version).map { Run(segments: [$0], version: version) }
  }

  /// A segment that is to be written without its deleted rows.
  private func cleaning(_ stretches: [[OpenSegment]], _ version: StoreVersion) -> OpenSegment? {
    if version.state.tombstones.isEmpty, version.state.droppedSeries.isEmpty { return nil }
    compactionMemory.see(version.state)
    let deleted = DeletedRows(version: version)
    for segment in stretches.joined()
    where !compactionMemory.mostlyLive.contains(segment.entry.name) {
      let rows = (try? deleted.count(in: segment)) ?? .max
      if rows > 0, rows >= segment.reader.summary.rowCount / Self.deletedShare { return segment }
      compactionMemory.mostlyLive.insert(segment.entry.name)
    }
    guard version.state.tombstones.count > Self.tombstoneLimit,
      let oldest = version.state.tombstones.min(by: { $0.upToSequence < $1.upToSequence })
    else { return nil }
    return stretches.joined().first { (try? deleted.means(oldest, in: $0)) ?? true }
  }

  /// Whether an error is the fault of a segment, which is left alone from now on.
  private func exclude(_ error: any Error, among segments: [OpenSegment]) -> Bool {
    guard case StorageError.corrupt(let path, _, _) = error else { return false }
    let damaged = segments.filter { $0.reader.path.string == path }.map(\.entry.name)
    compactionMemory.excluded.formUnion(damaged)
    return !damaged.isEmpty
  }

  /// Puts one segment in the place of several, or none where no row is left.
  ///
  /// The new segment has the sequence of the newest one. So it stands where they stood, and what
  /// was deleted since `version` was taken is deleted in it too: a tombstone reaches up to the
  /// newest segment of its time, and that was not older than any of these.
  ///
  /// - Returns: false where one of them is gone meanwhile (retention, a dropped policy) and the work
  ///   was for nothing.
  private func merge(
    _ segments: [OpenSegment], of version: StoreVersion,
    isStopping: @escaping () -> Bool = { false }
  ) throws -> Bool {
    guard let newest = segments.last?.entry.name else { return false }
    // With the lock held, so that the directory is not another database's of the same name.
    let (name, file) = try maintenance.withLock {
      try checkOpen()
      let name = SegmentName(
        sequence: newest.sequence, number: nextSegmentNumber, policy: newest.policy)
      return (name, try fileSystem.create(layout.segment(name)))
    }
    do {
      let merge = SegmentMerge(
        inputs: segments, version: version, index: index, problems: problems,
        blockRows: options.blockRows,
        isCancelled: { [self] in isStopping() || isEnding || monitor.withLock { isClosed } })
      let summary = try merge.write(to: file, path: layout.segment(name))
      try file.close()
      return try maintenance.withLock { try replace(segments, by: name, summary) }
    } catch {
      maintenance.withLock {
        let isKnown = abandonedSegments.contains(name)
        if !isKnown, !monitor.withLock({ isClosed }) {
          try? fileSystem.remove(layout.segment(name))
        }
      }
      throw error
    }
  }

  /// The commit; `maintenance` is held.
  private func replace(
    _ old: [OpenSegment], by name: SegmentName, _ summary: SegmentSummary
  ) throws -> Bool {
    try checkOpen()
    let path = layout.segment(name)
    let current = Set(manifest.state.segments.map(\.name))
    guard old.allSatisfy({ current.contains($0.entry.name) }) else {
      try? fileSystem.remove(path)
      return false
    }
    var edits: [ManifestEdit] = old.map { .removeSegment($0.entry.name) }
    var added: [OpenSegment] = []
    if let timeRange = summary.timeRange {
      try fileSystem.syncDirectory(layout.segmentDirectory)
      let entry = SegmentEntry(
        name: name, partitionStart: old.map(\.entry.partitionStart).min() ?? timeRange.lowerBound,
        size: UInt64(summary.byteCount), rowCount: UInt64(summary.rowCount), timeRange: timeRange)
      added = [
        OpenSegment(entry: entry, reader: try SegmentReader(path: path, map: fileSystem.map(path)))
      ]
      edits.append(.addSegment(entry))
    }
    do {
      try commit(edits, adding: added)
    } catch {
      // Whether the manifest names it is not known; the old ones stay as well.
      abandonedSegments.append(name)
      throw error
    }
    if added.isEmpty { try? fileSystem.remove(path) }
    removeFiles(old.map(\.entry))
    return true
  }
}
