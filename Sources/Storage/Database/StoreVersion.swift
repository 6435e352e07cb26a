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
  private let tombstones: [UInt32: [Tombstone]]

  init(state: ManifestState, segments: [OpenSegment]) {
    self.state = state
    self.segments = segments.sorted { $0.entry.name < $1.entry.name }
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
