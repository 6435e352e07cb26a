import TimeSeries

/// Reads the series of a group once and computes streaming aggregates from them, series in
/// parallel, blocks by their statistics where these suffice.
struct StreamingScan: Sendable {
  struct Item: Sendable {
    var aggregate: Aggregate
    var column: Int
    var type: FieldType
  }

  let items: [Item]
  let grid: BucketGrid?
  /// The start of the one bucket there is without a grid.
  let whole: Timestamp
  let needsPointTime: Bool
  /// See ``QueryContext/Limits/isLayoutIndependent``.
  let isLayoutIndependent: Bool
  let from: Timestamp
  let through: Timestamp
  let context: QueryContext

  /// Series whose states are held at one time.
  private static let seriesAtOnce = 64

  /// One result for each item.
  func run(_ members: [SeriesReader]) throws -> [BucketResults] {
    var states = items.map { makeAccumulator($0) }
    var start = 0
    while start < members.count {
      let end = min(start + Self.seriesAtOnce, members.count)
      let part = Array(members[start..<end])
      let partial = try Parallel.map(part.count, isParallel: context.limits.isParallel) {
        try scan(part[$0])
      }
      for series in partial {
        for index in states.indices { states[index].merge(series[index]) }
      }
      for series in partial { for state in series { context.release(state.byteCount) } }
      start = end
    }
    return try states.map { try $0.finish() }
  }

  private func scan(_ reader: SeriesReader) throws -> [any BucketAccumulator] {
    var states = items.map { makeAccumulator($0) }
    for block in try reader.blocks(from: from, through: through) {
      try context.check()
      var open = Array(items.indices)
      if context.limits.usesStatistics, reader.isUnconditional(block) {
        let range = block.timeRange
        let bucket = grid?.bucket(of: range.lowerBound) ?? (whole, .max)
        if range.upperBound < bucket.1 {
          open.removeAll { index in
            guard let field = reader.field(ofColumn: items[index].column) else { return true }
            guard block.mayContain(field: field) else { return true }
            guard let known = block.statistics(ofField: field), isExact(known, items[index]) else {
              return false
            }
            return states[index].add(known, bucket: bucket.0)
          }
        }
      }
      if open.isEmpty { continue }
      let batch = try reader.read(block)
      let runs = BucketRuns(batch.timestamps, grid: grid, whole: whole)
      for index in open {
        states[index].add(batch.columns[items[index].column], batch.timestamps, runs)
      }
    }
    try context.charge(states.reduce(0) { $0 + $1.byteCount })
    return states
  }

  /// Statistics are of the type the store has; a query may read the field as another.
  private func isExact(_ statistics: ColumnStatistics, _ item: Item) -> Bool {
    statistics.first.type == item.type || item.aggregate == .count
  }

  private func makeAccumulator(_ item: Item) -> any BucketAccumulator {
    switch item.type {
    case .float: numeric(item, Double.self)
    case .integer: numeric(item, Int64.self)
    case .unsigned: numeric(item, UInt64.self)
    case .boolean: selecting(item, Bool.self)
    case .string: selecting(item, String.self)
    }
  }

  private func numeric<T: Summable & Selectable>(
    _ item: Item, _: T.Type
  ) -> any BucketAccumulator {
    switch item.aggregate {
    case .sum, .mean:
      SumAccumulator<T>(
        isMean: item.aggregate == .mean,
        isLayoutIndependent: isLayoutIndependent)
    default: selecting(item, T.self)
    }
  }

  private func selecting<T: Selectable>(_ item: Item, _: T.Type) -> any BucketAccumulator {
    switch item.aggregate {
    case .min: SelectAccumulator<T>(.min, needsTime: needsPointTime)
    case .max: SelectAccumulator<T>(.max, needsTime: needsPointTime)
    case .first: SelectAccumulator<T>(.first, needsTime: needsPointTime)
    case .last: SelectAccumulator<T>(.last, needsTime: needsPointTime)
    case .spread: SpreadAccumulator<T>()
    default: CountAccumulator()
    }
  }
}
