import TimeSeries

/// One series of a group: where its rows come from, and how they become the plan's columns.
struct SeriesReader: Sendable {
  enum Origin: Sendable {
    case stored(SeriesID, PlannedMeasurement)
    /// Rows of a subquery, ascending.
    case rows(RowBatch)
  }

  enum Binding: Sendable, Hashable {
    /// An index into the fields of the scan.
    case field(Int)
    case constant(FieldValue?)
  }

  let origin: Origin
  /// Fields to ask the store for.
  let fields: [String]
  /// One for each column of the plan.
  let bindings: [Binding]
  let columns: [PlanColumn]
  /// What is left of WHERE for this series.
  let condition: RowCondition
  let context: QueryContext

  /// Blocks of the series in time order.
  func blocks(from: Timestamp, through: Timestamp) throws -> [any SeriesBlock] {
    guard from <= through else { return [] }
    try context.check()
    switch origin {
    case .stored(let id, let measurement):
      return try measurement.snapshot.blocks(
        of: id, fields: fields, from: from, through: through,
        retentionPolicy: measurement.retentionPolicy)
    case .rows(let batch):
      let rows = batch.timestamps.indices.filter {
        batch.timestamps[$0] >= from && batch.timestamps[$0] <= through
      }
      guard let first = rows.first, let last = rows.last else { return [] }
      return [MaterializedBlock(batch: batch.slice(first..<last + 1))]
    }
  }

  /// Whether every row of a block is wanted.
  var isUnconditional: Bool { if case .constant(true) = condition { true } else { false } }

  /// The field of the scan that a column of the plan is, nil where it is none.
  func field(ofColumn column: Int) -> Int? {
    if case .field(let field) = bindings[column] { field } else { nil }
  }

  /// A block's rows that meet the condition, as the plan's columns.
  func read(_ block: any SeriesBlock) throws -> RowBatch {
    try context.check()
    context.noteBlockRead()
    let raw = try block.read()
    let bound = zip(bindings, columns).map { binding, column -> Column in
      switch binding {
      case .field(let index): raw.columns[index].converted(to: column.type ?? .float)
      case .constant(let value):
        Column(repeating: value, count: raw.rowCount, type: column.type ?? .string)
      }
    }
    let batch = RowBatch(timestamps: raw.timestamps, columns: bound)
    if isUnconditional { return batch }
    let mask = condition.mask(batch)
    let rows = mask.indices.filter { mask[$0] }
    return rows.count == batch.count ? batch : batch.gathered(rows)
  }
}

/// Rows in memory, as a block.
struct MaterializedBlock: SeriesBlock {
  let batch: RowBatch

  var rowCount: Int { batch.count }

  var timeRange: ClosedRange<Timestamp> {
    let first = batch.timestamps.first ?? 0
    return first...max(first, batch.timestamps.last ?? first)
  }

  func statistics(ofField index: Int) -> ColumnStatistics? { nil }

  func mayContain(field index: Int) -> Bool { true }

  func read() throws -> ColumnBatch {
    ColumnBatch(timestamps: batch.timestamps, columns: batch.columns)
  }
}
