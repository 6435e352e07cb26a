import TimeSeries

/// Deletions that no row is meant by any more need not be known.
extension DatabaseStore {
  /// Forgetting dropped series writes the series log anew, so the background waits for so many.
  static let forgottenSeriesAtLeast = 1000

  /// Forgets tombstones, oldest first, and dropped series, if those are at least `seriesAtLeast`.
  /// Call it with `compaction` held: so no segment gets rows of older ones meanwhile.
  func forgetDeletions(seriesAtLeast: Int) throws {
    let version = monitor.withLock { self.version }
    // Nobody knows what is in segments that could not be opened.
    let isComplete = version.segments.count == version.state.segments.count
    guard isComplete else { return }
    let tombstones = forgettableTombstones(version)
    let series = forgettableSeries(version)
    try maintenance.withLock {
      try checkOpen()
      var edits: [ManifestEdit] = []
      if let last = tombstones.last?.upToSequence {
        // One that came since may reach up to the same sequence.
        let meant = manifest.state.tombstones.filter { $0.upToSequence <= last }
        if meant.allSatisfy(Set(tombstones).contains) {
          edits.append(.dropTombstones(upToSequence: last))
        }
      }
      if !series.isEmpty, series.count >= seriesAtLeast {
        // The series log must not bring them back.
        try seriesLog.rewrite(
          index.lock.withLock { SeriesLog.snapshot(of: index) }, on: fileSystem)
        edits.append(.forgetSeries(series))
      }
      if !edits.isEmpty { try commit(edits) }
    }
  }

  /// Those that may go by the largest sequence of which all tombstones up to it mean nothing.
  private func forgettableTombstones(_ version: StoreVersion) -> [Tombstone] {
    let deleted = DeletedRows(version: version)
    let ordered = version.state.tombstones.sorted { $0.upToSequence < $1.upToSequence }
    let kept = ordered.firstIndex { tombstone in
      version.segments.contains { (try? deleted.means(tombstone, in: $0)) ?? true }
    }
    guard let kept else { return ordered }
    return ordered[..<kept].filter { $0.upToSequence < ordered[kept].upToSequence }
  }

  private func forgettableSeries(_ version: StoreVersion) -> [UInt32] {
    var left = version.state.droppedSeries
    for segment in version.segments {
      if left.isEmpty { break }
      for id in segment.reader.seriesIDs { left.remove(id.rawValue) }
    }
    return left.sorted()
  }
}
