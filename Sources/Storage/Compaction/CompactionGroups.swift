import TimeSeries

/// The stretches of segments within which neighbours may be merged.
///
/// A merged segment stands where its newest input stood, so the inputs must follow each other in
/// the order that decides which of two values is the later one. Segments of other policies and of
/// other partitions hold none of the same rows and do not count as being between.
enum CompactionGroups {
  /// - Parameters:
  ///   - version: what there is.
  ///   - excluded: segments to leave as they are. Like those that could not be opened they end a
  ///     stretch: nothing is moved past them.
  ///   - directoryLimit: bytes of memory that the directories of the segments of a stretch may take together, as
  ///     one segment has them all once it is merged.
  /// - Returns: each stretch oldest first.
  static func stretches(
    of version: StoreVersion, excluding excluded: Set<SegmentName>, directoryLimit: Int
  ) -> [[OpenSegment]] {
    var readable: [SegmentName: OpenSegment] = [:]
    for segment in version.segments where !excluded.contains(segment.entry.name) {
      readable[segment.entry.name] = segment
    }
    var stretches: [[OpenSegment]] = []
    for policy in Set(version.state.segments.map(\.name.policy)).sorted() {
      for group in groups(version.state.segments.filter { $0.name.policy == policy }) {
        var current: [OpenSegment] = []
        var memory = 0
        for entry in group {
          let segment = readable[entry.name]
          memory += segment?.reader.directoryMemory ?? 0
          if segment == nil || memory > directoryLimit {
            stretches.append(current)
            current = []
            memory = segment?.reader.directoryMemory ?? 0
          }
          if let segment { current.append(segment) }
        }
        stretches.append(current)
      }
    }
    return stretches.filter { !$0.isEmpty }
  }

  /// By partition, each group in the order of `entries`. Segments that were taken in without their
  /// manifest may reach over several partitions; groups whose times overlap are one.
  private static func groups(_ entries: [SegmentEntry]) -> [[SegmentEntry]] {
    let partitions = Dictionary(grouping: entries, by: \.partitionStart).values.map { group in
      (
        entries: group, first: group.map(\.timeRange.lowerBound).min() ?? 0,
        last: group.map(\.timeRange.upperBound).max() ?? 0
      )
    }
    var merged: [(entries: [SegmentEntry], last: Timestamp)] = []
    for partition in partitions.sorted(by: { $0.first < $1.first }) {
      if let known = merged.last, partition.first <= known.last {
        merged[merged.count - 1] = (
          known.entries + partition.entries, max(known.last, partition.last)
        )
      } else {
        merged.append((partition.entries, partition.last))
      }
    }
    return merged.map { group in group.entries.sorted { $0.name < $1.name } }
  }
}
