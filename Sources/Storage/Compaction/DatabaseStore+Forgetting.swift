import TimeSeries

/// Deletions that no row is meant by any more need not be known.
extension DatabaseStore {
  /// Forgetting dropped series writes the series log anew, so the background waits for so many.
  static let forgottenSeriesAtLeast = 1000

  /// Deletions that mean nothing any more.
  struct Forgettable {
    fileprivate var tombstones: [Tombstone] = []
    fileprivate var series: [UInt32] = []
  }

  /// Forgets tombstones, oldest first, and dropped series, if those are at least `seriesAtLeast`.
  /// Call it with `compaction` held: so no segment gets rows of older ones meanwhile.
  func forgetDeletions(seriesAtLeast: Int) throws {
    try forget(forgettableDeletions(), seriesAtLeast: seriesAtLeast)
  }

  /// The search takes its time, and is done without `maintenance`.
  func forgettableDeletions() -> Forgettable {
    let version = monitor.withLock { self.version }
    // Nobody knows what is in segments that could not be opened.
    guard version.segments.count == version.state.segments.count else { return Forgettable() }
    return Forgettable(
      tombstones: forgettableTombstones(version), series: forgettableSeries(version))
  }

  /// Other deletions may have come since the search.
  func forget(_ found: Forgettable, seriesAtLeast: Int) throws {
    let series = found.series
    try maintenance.withLock {
      try checkOpen()
      var edits: [ManifestEdit] = []
      if let last = found.tombstones.last?.upToSequence {
        // One that came since may reach up to the same sequence.
        let meant = manifest.state.tombstones.filter { $0.upToSequence <= last }
        if meant.allSatisfy(Set(found.tombstones).contains) {
          edits.append(.dropTombstones(upToSequence: last))
        }
      }
      if !series.isEmpty, series.count >= seriesAtLeast {
        // The series log must not bring them back.
        try seriesLog.rewrite(indexRecords(), on: fileSystem)
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
