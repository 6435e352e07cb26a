import TimeSeries

/// Runs statements of the query language that read: SELECT (with or without INTO), EXPLAIN, and
/// SHOW of databases, policies, measurements, tags, fields, series and suspects. What creates and drops is
/// run above it.
///
///     let executor = Executor(source: store, context: QueryContext(now: now))
///     try executor.execute(statement, database: "metrics") { result in … }
///
/// Results come in order while the statement runs; a statement that is not chunked gives one. What
/// is wrong with a statement is thrown as ``QueryError``, also in the middle, after results that
/// were already given.
public struct Executor: Sendable {
  public let source: any QuerySource
  public let context: QueryContext

  public init(source: any QuerySource, context: QueryContext) {
    self.source = source
    self.context = context
  }

  /// - Parameters:
  ///   - database: what unqualified names are looked up in.
  ///   - statementID: the statement's place in the request, handed through to results.
  public func execute(
    _ statement: Statement, database: String?, statementID: Int = 0,
    emit: (StatementResult) throws -> Void
  ) throws {
    try context.check()
    switch statement {
    case .select(let select):
      try run(select, database: database, statementID: statementID, emit: emit)
    case .explain(let select, let analyze):
      let lines = try Explanation(source: source, context: context, database: database)
        .lines(select, analyze: analyze)
      try emit(
        StatementResult(
          statementID: statementID,
          series: [
            ResultSeries(
              name: "", columnNames: [analyze ? "EXPLAIN ANALYZE" : "QUERY PLAN"],
              columns: [Column(.string(lines))], hasTime: false)
          ]))
    case .showDatabases, .showRetentionPolicies, .showMeasurements, .showTagKeys, .showTagValues,
      .showFieldKeys, .showSeries:
      let series = try MetadataQueries(source: source, context: context, database: database)
        .run(statement)
      try emit(StatementResult(statementID: statementID, series: series))
    case .showSuspects(let show):
      let (series, messages) = try SuspectQuery(
        source: source, context: context, database: database
      ).run(show)
      try emit(StatementResult(statementID: statementID, series: series, messages: messages))
    default:
      throw QueryError.notExecutable("the statement")
    }
  }

  /// Whether ``execute(_:database:statementID:emit:)`` runs a statement.
  public static func canExecute(_ statement: Statement) -> Bool {
    switch statement {
    case .select, .explain, .showDatabases, .showRetentionPolicies, .showMeasurements,
      .showTagKeys, .showTagValues, .showFieldKeys, .showSeries, .showSuspects:
      true
    default: false
    }
  }

  /// Checks a SELECT as running it would, without reading data. Continuous queries are checked so
  /// when they are created.
  public func validate(_ select: SelectStatement, database: String?) throws {
    _ = try Planner(source: source, context: context, database: database).plan(select)
  }

  /// Names of the columns of a SELECT; nil where they depend on what is stored (`*` and patterns).
  public func columnNames(of select: SelectStatement, database: String?) throws -> Set<String>? {
    if select.fields.contains(where: { FieldExpansion.isExpanded($0.expression) }) { return nil }
    let plan = try Planner(source: source, context: context, database: database).plan(select)
    return Set(plan.outputs.lazy.filter { !$0.isWrittenAsTag }.map(\.name))
  }

  private func run(
    _ select: SelectStatement, database: String?, statementID: Int,
    emit: (StatementResult) throws -> Void
  ) throws {
    if select.into != nil {
      let written = try write(select, database: database)
      try emit(
        StatementResult(
          statementID: statementID,
          series: [
            ResultSeries(
              name: "result", columnNames: ["time", "written"],
              columns: [Column(.integer([0])), Column(.integer([Int64(written.points)]))],
              hasTime: true)
          ],
          messages: written.warnings.map { StatementResult.Message(level: "warning", text: $0) }))
      return
    }
    let plan = try Planner(source: source, context: context, database: database).plan(select)
    let runner = SelectRunner(plan: plan, context: context)
    try withoutActuallyEscaping(emit) { emit in
      var sink = ResultSink(
        statementID: statementID, columnNames: [plan.timeColumn] + plan.outputs.map(\.name),
        zone: plan.zone, context: context, send: emit)
      try runner.run { try sink.add($0, $1) }
      try sink.finish()
    }
  }
}
