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
  /// What is left of WHERE for this series: its rows are at some of these times and meet a condition.
  let times: TimeRanges
  let condition: RowCondition
  let context: QueryContext

  init(
    origin: Origin, fields: [String], bindings: [Binding], columns: [PlanColumn],
    condition: RowCondition, context: QueryContext
  ) {
    self.origin = origin
    self.fields = fields
    self.bindings = bindings
    self.columns = columns
    times = condition.times
    self.condition = condition.besidesTimes
    self.context = context
  }

  /// Blocks of the series in time order, without those that hold none of ``times``.
  func blocks(from: Timestamp, through: Timestamp) throws -> [any SeriesBlock] {
    guard let bounds = times.bounds else { return [] }
    let (from, through) = (max(from, bounds.lowerBound), min(through, bounds.upperBound))
    guard from <= through else { return [] }
    try context.check()
    let blocks = try allBlocks(from: from, through: through)
    return times.ranges.count > 1 ? blocks.filter { times.overlaps($0.timeRange) } : blocks
  }

  private func allBlocks(from: Timestamp, through: Timestamp) throws -> [any SeriesBlock] {
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

  /// Whether every row of a block is wanted. Blocks are within the bounds of ``times``.
  func isUnconditional(_ block: any SeriesBlock) -> Bool {
    guard case .constant(true) = condition else { return false }
    return times.ranges.count == 1 || times.covers(block.timeRange)
  }

  /// The field of the scan that a column of the plan is, nil where it is none.
  func field(ofColumn column: Int) -> Int? {
    if case .field(let field) = bindings[column] { field } else { nil }
  }

  /// A block's rows that meet the condition, as the plan's columns.
  ///
  /// - Parameter first: where given, no more of the rows need be there than this asks for.
  func read(_ block: any SeriesBlock, first: FirstRows? = nil) throws -> RowBatch {
    try context.check()
    if let first, let row = try edgeRow(block, first) { return row }
    context.noteBlockRead()
    let raw = try block.read()
    var rows = isUnconditional(block) ? nil : try conditionRows(raw)
    if let first, (rows?.count ?? raw.rowCount) > first.count {
      rows = try first.rows(of: rows, count: raw.rowCount) { driving in
        try column(of: raw, driving, count: raw.rowCount) { $0 }
      }
    }
    guard let rows, rows.count < raw.rowCount else {
      return RowBatch(
        timestamps: raw.timestamps,
        columns: try columns.indices.map { try column(of: raw, $0, count: raw.rowCount) { $0 } })
    }
    // What is the same in every row is made for the rows that are left.
    return RowBatch(
      timestamps: rows.map { raw.timestamps[$0] },
      columns: try columns.indices.map { index in
        try column(of: raw, index, count: rows.count) { $0.gathered(rows) }
      })
  }

  private func conditionRows(_ raw: ColumnBatch) throws -> [Int] {
    let needed = condition.columns
    let batch = RowBatch(
      timestamps: raw.timestamps,
      columns: try columns.indices.map { index in
        needed.contains(index)
          ? try column(of: raw, index, count: raw.rowCount) { $0 } : Column(.boolean([]))
      })
    let mask = try condition.mask(batch)
    guard times.ranges.count > 1 else { return mask.indices.filter { mask[$0] } }
    return mask.indices.filter { mask[$0] && times.contains(raw.timestamps[$0]) }
  }

  /// A column of the plan: a field's values, of the rows picked, or the one value of `count` rows.
  private func column(
    of raw: ColumnBatch, _ index: Int, count: Int, _ picked: (Column) -> Column
  ) throws -> Column {
    switch bindings[index] {
    case .field(let field):
      try picked(raw.columns[field]).converted(to: columns[index].type ?? .float)
    case .constant(let value):
      Column(repeating: value, count: count, type: columns[index].type ?? .string)
    }
  }

  /// The first or last row of a block from its statistics alone, where one row is asked for and the
  /// statistics have it.
  private func edgeRow(_ block: any SeriesBlock, _ first: FirstRows) throws -> RowBatch? {
    guard first.count == 1, isUnconditional(block), context.limits.usesStatistics else {
      return nil
    }
    let range = block.timeRange
    let time = first.descending ? range.upperBound : range.lowerBound
    var row: [Column] = []
    for (index, column) in columns.enumerated() {
      let type = column.type ?? .float
      switch bindings[index] {
      case .constant(let value):
        row.append(Column(repeating: value, count: 1, type: column.type ?? .string))
      case .field(let field):
        guard block.mayContain(field: field) else {
          row.append(Column(nulls: 1, type: type))
          continue
        }
        guard let known = block.statistics(ofField: field) else { return nil }
        let isThere = (first.descending ? known.lastTimestamp : known.firstTimestamp) == time
        let value = first.descending ? known.last : known.first
        row.append(
          try Column(repeating: isThere ? value : nil, count: 1, type: value.type)
            .converted(to: type))
      }
    }
    guard first.drivingColumns.contains(where: { row[$0].isPresent(0) }) else { return nil }
    return RowBatch(timestamps: [time], columns: row)
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
