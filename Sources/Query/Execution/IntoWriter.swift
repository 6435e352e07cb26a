import TimeSeries

/// Writes the rows of `SELECT … INTO` through the source's write path: the tags of a group stay
/// tags, the columns become fields, nulls are left out.
struct IntoWriter {
  let target: MeasurementName
  let database: String
  let source: any QuerySource
  let outputs: [SelectPlan.Output]
  private var batch = PointBatch()
  /// Points written so far.
  private(set) var written = 0

  private static let pointsAtOnce = 10_000

  init(
    target: MeasurementName, database: String, source: any QuerySource,
    outputs: [SelectPlan.Output]
  ) {
    self.target = target
    self.database = database
    self.source = source
    self.outputs = outputs
  }

  mutating func add(_ key: GroupKey, _ rows: RowBatch) throws {
    if case .regex(let pattern) = target.name {
      throw QueryError.invalid("unable to write into the pattern /\(pattern)/")
    }
    let canonical = series(of: key).canonical
    var row = 0
    while row < rows.count {
      // Names are interned anew for each batch.
      let series = batch.internSeries(canonical)
      let fields = outputs.map { batch.internField($0.name) }
      while row < rows.count, batch.points.count < Self.pointsAtOnce,
        batch.text.count < PointBatch.textLimit / 2
      {
        add(rows, row, series, fields)
        row += 1
      }
      if row < rows.count { try flush() }
    }
  }

  /// Where the rows of a group go.
  func series(of key: GroupKey) -> SeriesKey {
    let measurement = if case .literal(let name) = target.name { name } else { key.name }
    return SeriesKey(measurement: measurement, tags: key.tags)
  }

  private mutating func add(_ rows: RowBatch, _ row: Int, _ series: UInt32, _ fields: [UInt32]) {
    guard rows.columns.contains(where: { $0.isPresent(row) }) else { return }
    batch.beginPoint(series: series, timestamp: rows.timestamps[row])
    for (field, column) in zip(fields, rows.columns) {
      if let value = column[row] { batch.append(field: field, value) }
    }
  }

  mutating func flush() throws {
    guard !batch.isEmpty else { return }
    let outcome = try source.write(
      batch, to: target.database ?? database, retentionPolicy: target.retentionPolicy)
    written += outcome.acceptedPoints
    batch = PointBatch()
    if let first = outcome.rejections.first {
      throw QueryError.partialWrite("\(first.reason) dropped=\(outcome.rejections.count)")
    }
  }
}
