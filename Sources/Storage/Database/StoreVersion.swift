import TimeSeries

/// A segment of the manifest with its reader.
struct OpenSegment: Sendable {
  var entry: SegmentEntry
  var reader: SegmentReader
}

/// What is on disk, at one moment: the manifest's state and the segments, in a form that reads ask
/// for. A value; snapshots keep the one they were taken with.
struct StoreVersion: Sendable {
  let state: ManifestState
  /// Ascending by name; those that could be opened.
  let segments: [OpenSegment]
  /// Ascending by name; those that could not, and why.
  let unreadable: [(entry: SegmentEntry, error: StorageError)]
  private let tombstones: [UInt32: [Tombstone]]

  /// - Parameter unreadable: errors of segments that could not be opened, among them those of `state`.
  init(
    state: ManifestState, segments: [OpenSegment],
    unreadable: [SegmentName: StorageError] = [:]
  ) {
    self.state = state
    self.segments = segments.sorted { $0.entry.name < $1.entry.name }
    self.unreadable =
      unreadable.isEmpty
      ? [] : state.segments.compactMap { entry in unreadable[entry.name].map { (entry, $0) } }
    var bySeries: [UInt32: [Tombstone]] = [:]
    for tombstone in state.tombstones {
      var part = tombstone
      part.series = []
      for id in tombstone.series { bySeries[id, default: []].append(part) }
    }
    tombstones = bySeries
  }

  /// Deletions of a series' rows that apply to segments of a sequence, between two times.
  func tombstones(
    of series: UInt32, sequence: UInt64, from: Timestamp, through: Timestamp
  ) -> [Tombstone] {
    (tombstones[series] ?? []).filter {
      $0.upToSequence >= sequence && $0.from <= through && $0.through >= from
    }
  }
}
