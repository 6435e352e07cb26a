import TimeSeries

/// What the deletions of a version still mean in its segments: down to the row, so that a segment
/// written without its deleted rows counts as clean.
struct DeletedRows {
  let version: StoreVersion

  /// Whether any row of a segment is deleted.
  func areIn(_ segment: OpenSegment) throws -> Bool {
    if holdsDropped(segment) { return true }
    return try version.state.tombstones.contains { try means($0, in: segment) }
  }

  func holdsDropped(_ segment: OpenSegment) -> Bool {
    let dropped = version.state.droppedSeries
    if dropped.isEmpty { return false }
    return segment.reader.seriesIDs.contains { dropped.contains($0.rawValue) }
  }

  /// Whether a tombstone deletes any row of a segment.
  func means(_ tombstone: Tombstone, in segment: OpenSegment) throws -> Bool {
    guard applies(tombstone, to: segment) else { return false }
    for id in tombstone.series {
      for block in segment.reader.blocks(of: SeriesID(rawValue: id))
      where try rows(of: block, in: segment, deletedBy: tombstone) > 0 { return true }
    }
    return false
  }

  /// Whether a segment has a row of a series that is not deleted.
  func leaveRows(of id: UInt32, in segment: OpenSegment) throws -> Bool {
    for block in segment.reader.blocks(of: SeriesID(rawValue: id)) {
      let ranges = version.tombstones(
        of: id, sequence: segment.entry.name.sequence, from: block.timeRange.lowerBound,
        through: block.timeRange.upperBound
      ).map { $0.from...$0.through }
      if ranges.isEmpty { return true }
      let isWhole = ranges.contains {
        $0.contains(block.timeRange.lowerBound) && $0.contains(block.timeRange.upperBound)
      }
      if isWhole { continue }
      let times = try segment.reader.timestamps(of: block)
      if times.contains(where: { time in !ranges.contains { $0.contains(time) } }) { return true }
    }
    return false
  }

  /// Rows of a segment that are deleted; those that several deletions mean are counted as often.
  func count(in segment: OpenSegment) throws -> Int {
    let dropped = version.state.droppedSeries
    var count = 0
    if !dropped.isEmpty {
      for id in segment.reader.seriesIDs where dropped.contains(id.rawValue) {
        count += segment.reader.blocks(of: id).reduce(0) { $0 + $1.rowCount }
      }
    }
    for tombstone in version.state.tombstones where applies(tombstone, to: segment) {
      for id in tombstone.series where !dropped.contains(id) {
        for block in segment.reader.blocks(of: SeriesID(rawValue: id)) {
          count += try rows(of: block, in: segment, deletedBy: tombstone)
        }
      }
    }
    return count
  }

  private func applies(_ tombstone: Tombstone, to segment: OpenSegment) -> Bool {
    tombstone.upToSequence >= segment.entry.name.sequence
      && tombstone.from <= segment.entry.timeRange.upperBound
      && tombstone.through >= segment.entry.timeRange.lowerBound
  }

  private func rows(
    of block: SegmentBlockReference, in segment: OpenSegment, deletedBy tombstone: Tombstone
  ) throws -> Int {
    let range = tombstone.from...tombstone.through
    if !range.overlaps(block.timeRange) { return 0 }
    if range.contains(block.timeRange.lowerBound), range.contains(block.timeRange.upperBound) {
      return block.rowCount
    }
    return try segment.reader.timestamps(of: block).reduce(0) { $0 + (range.contains($1) ? 1 : 0) }
  }
}
