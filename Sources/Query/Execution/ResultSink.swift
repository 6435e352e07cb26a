import TimeSeries

/// Gathers rows into results: one for the statement, or chunks of at most so many rows, each marked
/// partial where more follows.
struct ResultSink {
  let statementID: Int
  let chunkSize: Int?
  let context: QueryContext
  let columnNames: [String]
  let zone: ZoneClock?
  private let send: (StatementResult) throws -> Void
  private var current: (key: GroupKey, rows: RowBatch)?
  /// Finished tables of an unchunked result.
  private var done: [ResultSeries] = []
  /// A chunk that waits for knowing whether more follows.
  private var waiting: ResultSeries?
  private var held = 0

  init(
    statementID: Int, columnNames: [String], zone: ZoneClock?, context: QueryContext,
    send: @escaping (StatementResult) throws -> Void
  ) {
    self.statementID = statementID
    self.columnNames = columnNames
    self.zone = zone
    self.context = context
    chunkSize = context.limits.chunkSize.map { max($0, 1) }
    self.send = send
  }

  mutating func add(_ key: GroupKey, _ rows: RowBatch) throws {
    if current?.key != key { try closeTable() }
    try context.charge(rows.byteCount)
    held += rows.byteCount
    guard let chunkSize else { return append(key, rows) }
    var start = 0
    while start < rows.count {
      // A full chunk is only known to be partial once there is a row after it.
      if let (key, full) = current, full.count == chunkSize {
        current = nil
        try push(series(key, full, partial: true))
      }
      let end = min(rows.count, start + chunkSize - (current?.rows.count ?? 0))
      append(key, rows.slice(start..<end))
      start = end
    }
  }

  private mutating func append(_ key: GroupKey, _ rows: RowBatch) {
    if current == nil {
      current = (key, rows)
    } else {
      current?.rows.append(rows)
    }
  }

  mutating func finish() throws {
    try closeTable()
    if chunkSize == nil {
      try send(StatementResult(statementID: statementID, series: done))
    } else {
      try send(StatementResult(statementID: statementID, series: waiting.map { [$0] } ?? []))
    }
    done = []
    waiting = nil
    context.release(held)
    held = 0
  }

  private mutating func closeTable() throws {
    guard let (key, rows) = current else { return }
    current = nil
    let table = series(key, rows, partial: false)
    if chunkSize == nil {
      done.append(table)
    } else {
      try push(table)
    }
  }

  private mutating func push(_ series: ResultSeries) throws {
    if let waiting {
      try send(StatementResult(statementID: statementID, series: [waiting], partial: true))
      let bytes = waiting.columns.reduce(0) { $0 + $1.byteCount }
      context.release(min(bytes, held))
      held -= min(bytes, held)
    }
    waiting = series
  }

  private func series(_ key: GroupKey, _ rows: RowBatch, partial: Bool) -> ResultSeries {
    ResultSeries(
      name: key.name, tags: key.tags, columnNames: columnNames,
      columns: [Column(.integer(rows.timestamps))] + rows.columns, hasTime: true, zone: zone,
      partial: partial)
  }
}
