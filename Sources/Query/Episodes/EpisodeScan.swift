import TimeSeries

/// Finds the episodes of a group that rows in the plan's time range belong to.
///
/// Where episodes are apart is told by `quiet` intervals without a hot row, and by nothing further
/// away. So the range is extended to both sides up to such a separator, which is never further than
/// the episodes at its edges reach, and what is found there is the same whatever range was asked for.
struct EpisodeScan {
  private let plan: SelectPlan
  private let selection: EpisodeSelection
  private let grid: BucketGrid
  private let context: QueryContext

  /// Intervals looked at first beyond the range; eight times as many each time that was not enough.
  private static let intervalsAtFirst: Int64 = 64

  init(plan: SelectPlan, selection: EpisodeSelection, grid: BucketGrid, context: QueryContext) {
    self.plan = plan
    self.selection = selection
    self.grid = grid
    self.context = context
  }

  /// - Returns: the episodes as the plan's outputs, and the stretch (whole intervals) in which
  ///   nothing else begins. Without INTO only those that overlap the plan's range.
  func result(of group: Group) throws -> (rows: RowBatch, settled: Range<Timestamp>) {
    let settled = try settledRange(group)
    var (episodes, isOpen) = try episodes(of: group, in: settled)
    let lastStart = episodes.last?.start
    if plan.into == nil {
      episodes.removeAll {
        !plan.resultTimes.overlaps($0.start...$0.end.moved(by: grid.every - 1))
      }
    } else {
      episodes.removeAll { $0.start < selection.notBefore }
    }
    if plan.descending { episodes.reverse() }
    episodes = Array(episodes.dropFirst(plan.offset).prefix(plan.limit ?? .max))
    return (table(episodes) { isOpen && $0.start == lastStart }, settled)
  }

  /// - Returns: the episodes, and whether the last one may go on.
  private func episodes(
    of group: Group, in settled: Range<Timestamp>
  ) throws -> (episodes: [Episode], isOpen: Bool) {
    var builder = EpisodeBuilder(selection)
    var episodes: [Episode] = []
    var last = Timestamp.min
    try forEachRow(of: group, from: settled.lowerBound, through: settled.upperBound - 1) {
      rows, row, interval in
      if let episode = builder.add(rows, row, interval: interval) { episodes.append(episode) }
      last = interval
      return true
    }
    if let episode = builder.finish() { episodes.append(episode) }
    guard let end = episodes.last?.end else { return ([], false) }
    let over = end.moved(by: selection.quietSpan)
    let isOpen =
      try last < over && !hasRows(group, from: max(over, settled.upperBound))
    return (episodes, isOpen)
  }

  private func table(_ episodes: [Episode], isOpen: (Episode) -> Bool) -> RowBatch {
    RowBatch(
      timestamps: episodes.map(\.start),
      columns: [
        Column(.integer(episodes.map(\.end))),
        Column(
          .integer(
            episodes.map {
              let (length, overflow) = $0.start.distance(upTo: $0.end)
                .addingReportingOverflow(grid.every)
              return overflow ? .max : length
            })),
        Column(.float(episodes.map(\.peak))),
        Column(.integer(episodes.map(\.peakTime))),
        Column(.integer(episodes.map(\.rows))),
        Column(.string(episodes.map { $0.shares.text(selection.columns.metrics) })),
        Column(.boolean(episodes.map(isOpen))),
      ])
  }
}

// How far rows are read.
extension EpisodeScan {
  private func settledRange(_ group: Group) throws -> Range<Timestamp> {
    let last = grid.bucket(of: plan.through)
    let start =
      plan.hasLowerBound
      ? try settledStart(grid.start(of: plan.from), group) : TimestampBounds.earliest
    let end =
      last.end == .max ? .max : try settledEnd(last.end, group)
    return start..<max(start, end)
  }

  /// The start of the stretch: nothing in the `quiet` intervals before it is hot.
  private func settledStart(_ start: Timestamp, _ group: Group) throws -> Timestamp {
    var edge = start
    var searched = start
    // Whether an episode is still open hangs on rows any distance behind it: the last row before
    // the range counts, wherever it is.
    var isAtRows = plan.into == nil
    var span = firstSpan
    while searched > TimestampBounds.earliest {
      if isAtRows, searched.distance(upTo: edge) >= selection.quietSpan { return edge }
      let from = searched.moved(by: -span)
      var isSettled = false
      try forEachRow(of: group, from: from, through: searched - 1, descending: true) {
        rows, row, interval in
        let end = interval.moved(by: grid.every)
        if !isAtRows {
          isAtRows = true
          edge = end
        }
        isSettled = end.distance(upTo: edge) >= selection.quietSpan
        if !isSettled, rows.isHot(row, release: selection.release) { edge = interval }
        return !isSettled
      }
      if isSettled { return edge }
      searched = from
      span = wider(span)
    }
    return edge
  }

  /// The end of the stretch, not in it: nothing in the `quiet` intervals from there on is hot.
  private func settledEnd(_ end: Timestamp, _ group: Group) throws -> Timestamp {
    var edge = end
    var searched = end
    var span = firstSpan
    while searched < TimestampBounds.latest {
      if edge.distance(upTo: searched) >= selection.quietSpan { return edge }
      let next = searched.moved(by: span)
      var isSettled = false
      try forEachRow(of: group, from: searched, through: next - 1) { rows, row, interval in
        isSettled = edge.distance(upTo: interval) >= selection.quietSpan
        if !isSettled, rows.isHot(row, release: selection.release) {
          edge = interval.moved(by: grid.every)
        }
        return !isSettled
      }
      if isSettled { return edge }
      searched = next
      span = wider(span)
    }
    return edge
  }

  private func hasRows(_ group: Group, from start: Timestamp) throws -> Bool {
    var searched = start
    var span = firstSpan
    while searched < TimestampBounds.latest {
      let next = searched.moved(by: span)
      var stream = try GroupStream(
        group, from: searched, through: next - 1, descending: false, context: context)
      while let batch = try stream.next() {
        if batch.count > 0 { return true }
      }
      searched = next
      span = wider(span)
    }
    return false
  }

  private var firstSpan: Int64 {
    max(selection.quietSpan, Self.product(grid.every, Self.intervalsAtFirst))
  }

  private func wider(_ span: Int64) -> Int64 { Self.product(span, 8) }

  private static func product(_ a: Int64, _ b: Int64) -> Int64 {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : product
  }

  /// Reads rows in time order, a block at a time, until `body` returns false.
  private func forEachRow(
    of group: Group, from: Timestamp, through: Timestamp, descending: Bool = false,
    _ body: (HealthRows, Int, Timestamp) -> Bool
  ) throws {
    guard from <= through else { return }
    var stream = try GroupStream(
      group, from: from, through: through, descending: descending, context: context)
    while let batch = try stream.next() {
      guard batch.count > 0 else { continue }
      let rows = selection.columns.rows(batch)
      for row in batch.timestamps.indices {
        guard body(rows, row, grid.start(of: batch.timestamps[row])) else { return }
      }
    }
  }
}
