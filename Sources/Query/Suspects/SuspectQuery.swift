import TimeSeries

/// Runs SHOW SUSPECTS.
struct SuspectQuery {
  let source: any QuerySource
  let context: QueryContext
  let database: String?

  /// Nanoseconds up to the end that are looked at where WHERE does not say.
  private static let window: Int64 = 3_600_000_000_000

  /// - Returns: one table, and what the user should know of it.
  func run(
    _ show: ShowSuspectsStatement
  ) throws -> (series: [ResultSeries], messages: [StatementResult.Message]) {
    let planner = Planner(source: source, context: context, database: show.database ?? database)
    var schema = SourceSchema()
    for measurement in try planner.measurements(named: show.source) {
      schema.add(measurement.schema)
    }
    let columns = HealthColumns(schema)
    let plan = try healthPlan(show, columns, Array(schema.tags), planner)
    let groups = try GroupListing(plan: plan, context: context).groups()
    var suspects = try Parallel.map(groups.count, isParallel: context.limits.isParallel) {
      try suspect(groups[$0], plan, columns)
    }.compactMap { $0 }
    guard !suspects.isEmpty, case .literal(let name) = show.source.name else { return ([], []) }
    suspects.scoreByAnomalies()
    var messages: [StatementResult.Message] = []
    if let measurement = show.graph {
      let graph = try graph(measurement, planner, at: plan)
      if graph.edges.isEmpty {
        messages.append(
          .init(level: "warning", text: "\(measurement) has no calls in the time range"))
      }
      suspects.spreadScores(over: graph)
    }
    suspects = Array(suspects.ranked().prefix(show.limit ?? .max))
    return ([table(suspects, plan.dimensions, columns.metrics, name: name)], messages)
  }

  private func healthPlan(
    _ show: ShowSuspectsStatement, _ columns: HealthColumns, _ tags: [String], _ planner: Planner
  ) throws -> SelectPlan {
    var plan = try planner.rowPlan(
      of: show.source, fields: columns.fields, dimensions: tags, condition: show.condition)
    if !plan.hasLowerBound { plan.from = plan.through.moved(by: -Self.window) }
    plan.leaveOutGaps(of: plan.resultTimes)
    return plan
  }

  /// Nil for a group without anomalies.
  private func suspect(
    _ group: Group, _ plan: SelectPlan, _ columns: HealthColumns
  ) throws -> Suspect? {
    var suspect: Suspect?
    try forEachBatch(of: group, plan) { batch in
      let rows = columns.rows(batch)
      for (row, time) in batch.timestamps.enumerated() where rows.isFlagged(row) {
        var current = suspect ?? Suspect(tags: group.key.tags, firstFlagged: time)
        current.anomalies += 1
        current.peak = max(current.peak, rows.ratio(row) ?? 0)
        current.shares.add(rows.shares(row))
        suspect = current
      }
    }
    return suspect
  }

  /// Calls are what a field `count` or `calls` adds up to, else each row is one.
  ///
  /// - Parameter health: the plan whose times count.
  private func graph(
    _ name: MeasurementName, _ planner: Planner, at health: SelectPlan
  ) throws -> ServiceGraph {
    var schema = SourceSchema()
    for measurement in try planner.measurements(named: name) { schema.add(measurement.schema) }
    let fields = schema.fields.keys.sorted()
    var plan = try planner.rowPlan(
      of: name, fields: fields, dimensions: ["source", "target"], condition: nil)
    plan.from = health.from
    plan.through = health.through
    plan.leaveOutGaps(of: health.resultTimes)
    let weight = ["count", "calls"].compactMap { fields.firstIndex(of: $0) }
      .first { plan.columns[$0].type.map(Arithmetic.isNumeric) ?? false }
    var graph = ServiceGraph()
    for group in try GroupListing(plan: plan, context: context).groups() {
      var calls = 0.0
      try forEachBatch(of: group, plan) { batch in
        for row in batch.timestamps.indices {
          let number = weight.map { max(batch.columns[$0].number(row) ?? 0, 0) } ?? 1
          calls = min(calls + number, .greatestFiniteMagnitude)
        }
      }
      let tags = Dictionary(group.key.tags.map { ($0.key, $0.value) }) { $1 }
      graph.add(from: tags["source"] ?? "", to: tags["target"] ?? "", calls: calls)
    }
    return graph
  }

  private func forEachBatch(
    of group: Group, _ plan: SelectPlan, _ body: (RowBatch) -> Void
  ) throws {
    guard plan.from <= plan.through else { return }
    var stream = try GroupStream(
      group, from: plan.from, through: plan.through, descending: false, context: context)
    while let batch = try stream.next() {
      if batch.count > 0 { body(batch) }
    }
  }

  private func table(
    _ suspects: [Suspect], _ tags: [String], _ metrics: [String], name: String
  ) -> ResultSeries {
    ResultSeries(
      name: name,
      columnNames: tags + ["rank", "score", "first_flagged", "anomalies", "peak", "top"],
      columns: tags.indices.map { tag in Column(.string(suspects.map { $0.tags[tag].value })) } + [
        Column(.integer(suspects.indices.map { Int64($0 + 1) })),
        Column(.float(suspects.map(\.score))),
        Column(.string(suspects.map { TimestampText.rfc3339($0.firstFlagged) })),
        Column(.integer(suspects.map(\.anomalies))),
        Column(.float(suspects.map(\.peak))),
        Column(.string(suspects.map { $0.shares.text(metrics) })),
      ], hasTime: false)
  }
}

extension Planner {
  /// A plan whose first columns are fields and whose groups are what `dimensions` tell apart.
  func rowPlan(
    of name: MeasurementName, fields: [String], dimensions: [String], condition: Expression?
  ) throws -> SelectPlan {
    try featurePlan(
      of: name, fields: fields, interval: SelectStatement.Interval(every: 1),
      dimensions: dimensions, condition: condition, statement: "SHOW SUSPECTS")
  }
}
