import TimeSeries

/// Computes the calls of a plan for one group.
struct GroupAggregation {
  let plan: SelectPlan
  let group: Group
  let context: QueryContext

  /// The group's rows, read once for all calls that need them; by range, since a transformation
  /// reads further back.
  private var gathered: [Int: RowBatch] = [:]

  init(plan: SelectPlan, group: Group, context: QueryContext) {
    self.plan = plan
    self.group = group
    self.context = context
  }

  /// The result of each call, and the auxiliary columns of the rows a selector picked.
  mutating func results() throws -> (calls: [CallResult], auxiliary: [Column]) {
    let streamed = try streamedResults()
    var results: [CallResult] = []
    for call in plan.calls {
      results.append(
        try evaluate(call, lookback: 0, streamed: streamed)
          .limited(plan.limit, offset: plan.offset))
    }
    var auxiliary: [Column] = []
    if let first = results.first, !plan.auxiliaryColumns.isEmpty {
      let rows = try groupRows(lookback: 0)
      auxiliary = try plan.auxiliaryColumns.map { index in
        rows.columns.isEmpty
          ? Column(nulls: first.count, type: plan.columns[index].type ?? .float)
          : try auxiliaryColumn(rows.columns[index], first.rows)
      }
    }
    for rows in gathered.values { context.release(rows.byteCount) }
    gathered = [:]
    return (results, auxiliary)
  }

  /// Another column of the rows picked. In GROUP BY time fill() is for its nulls too: a number for
  /// numbers, or what it was before.
  private func auxiliaryColumn(_ column: Column, _ rows: [Int]) throws -> Column {
    let known = rows.map { $0 >= 0 && column.isPresent($0) ? $0 : -1 }
    guard plan.grid != nil else { return column.gathered(rows) }
    switch plan.fill {
    case .value(let filler) where Arithmetic.isNumeric(column.type):
      return try column.gathered(known).replacingNulls(known, with: filler)
    case .previous:
      var last = -1
      return column.gathered(
        known.map { row in
          if row >= 0 { last = row }
          return last
        })
    default: return column.gathered(rows)
    }
  }

  /// A streamed aggregate together with how far back it reads.
  private struct Streamed: Hashable {
    var call: Call
    var lookback: Int
  }

  private func streamedResults() throws -> [Streamed: BucketResults] {
    var wanted: [Streamed] = []
    func collect(_ call: Call, _ lookback: Int) {
      switch call {
      case .aggregate(let aggregate, let column):
        guard aggregate.isStreaming, plan.auxiliaryColumns.isEmpty,
          plan.columns[column].type != nil
        else { return }
        let item = Streamed(call: call, lookback: lookback)
        if !wanted.contains(item) { wanted.append(item) }
      case .transform(let transformation, let inner):
        collect(inner, lookback + transformation.lookback)
      case .transformPoints: break
      }
    }
    for call in plan.calls { collect(call, 0) }
    var results: [Streamed: BucketResults] = [:]
    for lookback in Set(wanted.map(\.lookback)).sorted() {
      let items = wanted.filter { $0.lookback == lookback }
      let (from, through) = range(lookback: lookback)
      let aggregates = items.compactMap { item -> StreamingScan.Item? in
        guard case .aggregate(let aggregate, let column) = item.call,
          let type = plan.columns[column].type
        else { return nil }
        return StreamingScan.Item(aggregate: aggregate, column: column, type: type)
      }
      let scan = StreamingScan(
        items: aggregates, grid: plan.grid, whole: wholeTime, needsPointTime: plan.keepsPointTime,
        isLayoutIndependent: context.limits.isLayoutIndependent,
        from: from, through: through, context: context)
      for (item, result) in zip(items, try scan.run(group.members)) { results[item] = result }
    }
    return results
  }

  /// The time that results without GROUP BY time have.
  private var wholeTime: Timestamp { plan.hasLowerBound ? plan.from : 0 }

  private func range(lookback: Int) -> (Timestamp, Timestamp) {
    guard lookback > 0, let grid = plan.grid else { return (plan.from, plan.through) }
    if plan.descending {
      return (plan.from, grid.time(plan.through, movedBy: Int64(lookback)))
    }
    guard plan.hasLowerBound else { return (plan.from, plan.through) }
    return (grid.time(plan.from, movedBy: -Int64(lookback)), plan.through)
  }

  private mutating func evaluate(
    _ call: Call, lookback: Int, streamed: [Streamed: BucketResults]
  ) throws -> CallResult {
    switch call {
    case .transform(let transformation, let inner):
      let input = try evaluate(
        inner, lookback: lookback + transformation.lookback, streamed: streamed)
      let result = try transformation.apply(
        input, interval: plan.grid?.every ?? 0, descending: plan.descending, context: context)
      guard case .indicator = transformation else { return result }
      return withoutLookback(result, kept: lookback)
    case .transformPoints(let transformation, let column):
      guard plan.columns[column].type != nil else { return empty(call) }
      var rows = try groupRows(lookback: lookback)
      guard !rows.columns.isEmpty else { return empty(call) }
      if plan.descending { rows = rows.reversed() }
      return try transformation.apply(
        CallResult(times: rows.timestamps, column: rows.columns[column]),
        interval: plan.grid?.every ?? 0, descending: plan.descending, context: context)
    case .aggregate(let aggregate, let column):
      guard plan.columns[column].type != nil else { return empty(call) }
      var result: CallResult
      let isIntegral = if case .integral = aggregate { true } else { false }
      if let buckets = streamed[Streamed(call: call, lookback: lookback)] {
        result = CallResult(
          times: plan.keepsPointTime ? buckets.pointTimes : buckets.buckets, column: buckets.column)
      } else {
        let rows = try groupRows(lookback: lookback)
        guard !rows.columns.isEmpty else { return empty(call) }
        // InfluxDB gives an integral over all time the time 0, whatever the range.
        result = GatheredAggregate(
          aggregate: aggregate, rows: rows, column: rows.columns[column], grid: plan.grid,
          whole: isIntegral ? 0 : wholeTime,
          keepsPointTime: plan.keepsPointTime || aggregate.picksSeveral,
          descending: plan.descending, seed: group.key.seed
        ).results()
      }
      if plan.descending {
        result =
          aggregate.picksSeveral || aggregate == .distinct
          ? bucketsReversed(result) : result.reversed()
      }
      // A row for each of several values in a bucket leaves nothing to fill, and InfluxDB does not
      // fill integrals either.
      guard let grid = plan.grid, !aggregate.picksSeveral, !isIntegral, aggregate != .distinct
      else {
        return result
      }
      let (from, through) = range(lookback: lookback)
      let isCount = aggregate == .count || aggregate == .countDistinct
      return try BucketFilling(
        grid: grid, rule: plan.fill, from: from, through: through,
        hasLowerBound: plan.hasLowerBound, descending: plan.descending,
        context: context
      ).fill(result, isCount: isCount)
    }
  }

  /// The results of the range that was asked for: what has a result of its own from the first value
  /// on has one for an interval that was read to warm up.
  ///
  /// - Parameter kept: intervals that whatever takes the results needs before the range.
  private func withoutLookback(_ result: CallResult, kept: Int) -> CallResult {
    guard let grid = plan.grid else { return result }
    let (from, through) = range(lookback: kept)
    let wanted = grid.start(of: from)...max(through, from)
    return result.times.allSatisfy(wanted.contains)
      ? result : result.gathered(result.times.indices.filter { wanted.contains(result.times[$0]) })
  }

  /// Later buckets first; within a bucket the several rows it has stay in order.
  private func bucketsReversed(_ result: CallResult) -> CallResult {
    let runs = BucketRuns(result.times, grid: plan.grid, whole: wholeTime)
    let order = runs.starts.indices.reversed().flatMap {
      Array(runs.bounds[$0]..<runs.bounds[$0 + 1])
    }
    return result.gathered(order)
  }

  private func empty(_ call: Call) -> CallResult {
    CallResult(
      times: [], column: Column(nulls: 0, type: (try? call.type(columns: plan.columns)) ?? .float))
  }

  private mutating func groupRows(lookback: Int) throws -> RowBatch {
    if let known = gathered[lookback] { return known }
    let (from, through) = range(lookback: lookback)
    var all = RowBatch(timestamps: [], columns: [])
    var stream = try GroupStream(
      group, from: from, through: through, descending: false, context: context)
    while let batch = try stream.next() {
      guard batch.count > 0 else { continue }
      try context.charge(batch.byteCount)
      all.append(batch)
    }
    gathered[lookback] = all
    return all
  }
}
