import TimeSeries

/// Writes the rows of `SELECT … INTO` through the source's write path: the tags of a group stay
/// tags, the columns become fields, or tags where the plan says so, and nulls are left out.
struct IntoWriter {
  let target: MeasurementName
  let database: String
  let source: any QuerySource
  let context: QueryContext
  private let fields: [(column: Int, name: String)]
  private let tags: [(column: Int, name: String)]
  private var collisions: PointCollisions
  private var batch = PointBatch()
  private var accepted = 0
  /// Rows that have values.
  private(set) var rows = 0

  private static let pointsAtOnce = 10_000

  init(
    target: MeasurementName, database: String, source: any QuerySource, plan: SelectPlan,
    context: QueryContext
  ) {
    self.target = target
    self.database = database
    self.source = source
    self.context = context
    let outputs = plan.outputs.enumerated().map { (column: $0, output: $1) }
    fields = outputs.filter { !$0.output.isWrittenAsTag }.map { ($0.column, $0.output.name) }
    tags = outputs.filter(\.output.isWrittenAsTag).map { ($0.column, $0.output.name) }
    var mergesTables = false
    if case .literal = target.name { mergesTables = plan.measurements.count > 1 }
    collisions = PointCollisions(remembersAll: mergesTables)
  }

  /// Points written so far, each counted once.
  var written: Int { accepted - collisions.count }

  mutating func add(_ key: GroupKey, _ rows: RowBatch) throws {
    if case .regex(let pattern) = target.name {
      throw QueryError.invalid("unable to write into the pattern /\(pattern)/")
    }
    let present = rows.timestamps.indices.filter { row in
      fields.contains { rows.columns[$0.column].isPresent(row) }
    }
    self.rows += present.count
    if collisions.remembersAll {
      try context.charge(present.count * PointCollisions.bytesRemembered)
    }
    collisions.begin(key)
    if tags.isEmpty {
      try add(rows, present[...], to: series(of: key))
    } else {
      for place in present.indices {
        let own = tags.compactMap { tag -> Tag? in
          guard case .string(let value)? = rows.columns[tag.column][present[place]] else {
            return nil
          }
          return Tag(key: tag.name, value: value)
        }
        try add(rows, present[place...place], to: series(of: key, with: own))
      }
    }
  }

  /// Where the rows of a group go.
  func series(of key: GroupKey, with tags: [Tag] = []) -> SeriesKey {
    let measurement = if case .literal(let name) = target.name { name } else { key.name }
    return SeriesKey(measurement: measurement, tags: key.tags + tags)
  }

  private mutating func add(
    _ rows: RowBatch, _ picked: ArraySlice<Int>, to series: SeriesKey
  ) throws {
    collisions.add(picked.lazy.map { rows.timestamps[$0] }, of: series)
    let canonical = series.canonical
    var rest = picked
    while !rest.isEmpty {
      if isFull { try flush() }
      // Names are interned anew for each batch.
      let series = batch.internSeries(canonical)
      let names = fields.map { batch.internField($0.name) }
      while !isFull, let row = rest.popFirst() {
        batch.beginPoint(series: series, timestamp: rows.timestamps[row])
        for (name, field) in zip(names, fields) {
          if let value = rows.columns[field.column][row] { batch.append(field: name, value) }
        }
      }
    }
  }

  private var isFull: Bool {
    batch.points.count >= Self.pointsAtOnce || batch.text.count >= PointBatch.textLimit / 2
  }

  mutating func flush() throws {
    guard !batch.isEmpty else { return }
    let outcome = try source.write(
      batch, to: target.database ?? database, retentionPolicy: target.retentionPolicy)
    accepted += outcome.acceptedPoints
    batch = PointBatch()
    if let first = outcome.rejections.first {
      throw QueryError.partialWrite("\(first.reason) dropped=\(outcome.rejections.count)")
    }
  }
}
