import ContinuousQueries
import Query
import TimeSeries

/// Tables of SHOW statements about what is not data.
extension StatementRunner {
  /// A table for each database, as InfluxDB has it, with the state of each query beside its text:
  /// `state` is `idle`, `pending` or `failing`, `last_run` a time, `lag` seconds that the oldest
  /// change has waited.
  func continuousQueryListing() -> [ResultSeries] {
    let statuses = Dictionary(grouping: scheduler.statuses(), by: \.database)
    return engine.databases.map { name in
      let queries = statuses[name] ?? []
      return ResultSeries(
        name: name,
        columnNames: ["name", "query", "state", "last_run", "lag", "written", "last_error"],
        columns: [
          Column(.string(queries.map(\.name))),
          Column(.string(queries.map(\.text))),
          Column(
            .string(
              queries.map {
                $0.lastError != nil
                  ? "failing" : $0.lag > 0 || $0.lastRun == nil ? "pending" : "idle"
              })),
          Column(optional: queries.map { $0.lastRun.map(TimestampText.rfc3339) }),
          Column(.float(queries.map { Double($0.lag) / 1e9 })),
          Column(.integer(queries.map { Int64($0.pointsWritten) })),
          Column(optional: queries.map { $0.lastError.map(database.clientText) }),
        ], hasTime: false)
    }
  }

  func queryListing() -> ResultSeries {
    let queries = database.running.all
    let now = ContinuousClock.now
    return ResultSeries(
      name: "", columnNames: ["qid", "query", "database", "duration", "status"],
      columns: [
        Column(.integer(queries.map { Int64(clamping: $0.id) })),
        Column(.string(queries.map(\.text))),
        Column(.string(queries.map { $0.database ?? "" })),
        Column(.string(queries.map { "\(($0.start.duration(to: now)) / .milliseconds(1))ms" })),
        Column(.string(queries.map { $0.context.isCancelled ? "killed" : "running" })),
      ], hasTime: false)
  }
}

extension Column {
  /// A column of strings, some of them missing.
  init(optional texts: [String?]) {
    var validity = Validity(repeating: true, count: texts.count)
    for (row, text) in texts.enumerated() where text == nil { validity[row] = false }
    self.init(.string(texts.map { $0 ?? "" }), validity: validity)
  }
}
