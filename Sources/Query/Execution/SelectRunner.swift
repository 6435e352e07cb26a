import TimeSeries

/// Runs a plan and hands its rows on, table by table in order, as batches whose columns are the
/// plan's outputs.
struct SelectRunner {
  let plan: SelectPlan
  let context: QueryContext

  /// - Parameter settled: told of each group the stretch that its rows stand for, where that is not
  ///   the plan's time range.
  func run(
    settled: (GroupKey, Range<Timestamp>) -> Void = { _, _ in },
    _ emit: (GroupKey, RowBatch) throws -> Void
  ) throws {
    if plan.isRaw && plan.drivingColumns.isEmpty { return }
    guard plan.from <= plan.through else { return }
    let groups = try GroupListing(plan: plan, context: context).groups()
    if plan.isRaw {
      for group in groups {
        try context.check()
        try runRaw(group) { try emit(group.key, $0) }
      }
      return
    }
    if groups.isEmpty { return }
    let events = try ModelScan.events(of: plan, context: context)
    var start = 0
    while start < groups.count {
      let end = min(start + Self.groupsAtOnce, groups.count)
      let part = Array(groups[start..<end])
      let tables = try Parallel.map(part.count, isParallel: context.limits.isParallel) {
        try compute(part[$0], events)
      }
      for (group, table) in zip(part, tables) {
        if let stretch = table.settled { settled(group.key, stretch) }
        guard table.rows.count > 0 else { continue }
        context.release(table.rows.byteCount)
        try emit(group.key, table.rows)
      }
      start = end
    }
  }

  /// Tables that are computed at one time before they are handed on.
  private static let groupsAtOnce = 32

  private func compute(
    _ group: Group, _ events: LifecycleEvents?
  ) throws -> (rows: RowBatch, settled: Range<Timestamp>?) {
    try context.check()
    let rows: RowBatch
    var settled: Range<Timestamp>?
    if let episodes = plan.episodes, let grid = plan.grid {
      (rows, settled) = try EpisodeScan(
        plan: plan, selection: episodes, grid: grid, context: context
      ).result(of: group)
    } else if let model = plan.model {
      rows = try ModelScan(plan: plan, selection: model, events: events, context: context)
        .rows(of: group)
    } else {
      let (calls, auxiliary) = try aggregate(group)
      rows = try outputs(try merge(calls, auxiliary))
    }
    try context.charge(rows.byteCount)
    return (rows, settled)
  }

  /// The results of the calls, from no more of the time range than the limit needs.
  private func aggregate(_ group: Group) throws -> (calls: [CallResult], auxiliary: [Column]) {
    var ranges = LimitedRange(plan)
    while let part = ranges.next() {
      var aggregation = GroupAggregation(plan: part, group: group, context: context)
      let results = try aggregation.results()
      if ranges.isComplete(results.calls) { return results }
    }
    return ([], [])
  }

  private func outputs(_ batch: RowBatch) throws -> RowBatch {
    RowBatch(
      timestamps: batch.timestamps,
      columns: try plan.outputs.map { output in
        guard let type = output.type else { return Column(nulls: batch.count, type: .float) }
        return try output.expression.evaluate(batch).converted(to: type)
      })
  }

  private func runRaw(_ group: Group, _ emit: (RowBatch) throws -> Void) throws {
    var toSkip = plan.offset
    var left = plan.limit ?? .max
    var stream = try GroupStream(
      group, from: plan.from, through: plan.through, descending: plan.descending, first: firstRows,
      context: context)
    while left > 0, let next = try stream.next() {
      var batch = withoutEmptyRows(next)
      if toSkip > 0 {
        let skipped = min(toSkip, batch.count)
        toSkip -= skipped
        batch = batch.slice(skipped..<batch.count)
      }
      if batch.count > left { batch = batch.slice(0..<left) }
      guard batch.count > 0 else { continue }
      left -= batch.count
      try emit(try outputs(batch))
    }
  }

  private var firstRows: FirstRows? {
    guard let limit = plan.limit, !plan.keepsEmptyRows else { return nil }
    let (count, overflow) = limit.addingReportingOverflow(plan.offset)
    return overflow
      ? nil
      : FirstRows(
        count: count, descending: plan.descending, drivingColumns: plan.drivingColumns)
  }

  /// A row counts where one of the fields selected has a value, whatever the condition reads.
  private func withoutEmptyRows(_ batch: RowBatch) -> RowBatch {
    if batch.count == 0 || plan.keepsEmptyRows { return batch }
    for column in plan.drivingColumns where batch.columns[column].validity == nil { return batch }
    let rows = batch.timestamps.indices.filter { row in
      plan.drivingColumns.contains { batch.columns[$0].isPresent(row) }
    }
    return rows.count == batch.count ? batch : batch.gathered(rows)
  }

  /// Puts the results of the calls side by side by time; where a call has nothing for a time it is
  /// fill()'s number, or null.
  private func merge(_ calls: [CallResult], _ auxiliary: [Column]) throws -> RowBatch {
    if calls.count == 1 {
      return RowBatch(timestamps: calls[0].times, columns: [calls[0].column] + auxiliary)
    }
    if let first = calls.first, calls.allSatisfy({ $0.times == first.times }) {
      return RowBatch(timestamps: first.times, columns: calls.map(\.column))
    }
    var times: [Timestamp] = []
    var rows: [[Int]] = Array(repeating: [], count: calls.count)
    var positions = Array(repeating: 0, count: calls.count)
    while true {
      var next: Timestamp?
      for (index, call) in calls.enumerated() where positions[index] < call.count {
        let time = call.times[positions[index]]
        if next.map({ plan.descending ? time > $0 : time < $0 }) ?? true { next = time }
      }
      guard let next else { break }
      times.append(next)
      for (index, call) in calls.enumerated() {
        if positions[index] < call.count, call.times[positions[index]] == next {
          rows[index].append(positions[index])
          positions[index] += 1
        } else {
          rows[index].append(-1)
        }
      }
    }
    let columns = try zip(calls, rows).map { call, rows -> Column in
      let column = call.column.gathered(rows)
      guard case .value(let filler) = plan.fill else { return column }
      return try column.replacingNulls(rows, with: filler)
    }
    return RowBatch(timestamps: times, columns: columns)
  }
}
