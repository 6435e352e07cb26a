import TimeSeries

/// What a `SELECT … INTO` has written.
public struct WrittenSelect: Sendable {
  /// Points that are there now, each counted once.
  public var points = 0
  /// What the points do not show of the rows.
  public var warnings: [String] = []
  /// The stretches that the results stand for, series by series of the target, where these are not
  /// the SELECT's time range: `episodes()` looks as far as its episodes reach. In such a stretch a
  /// series has the rows that were written, and no others.
  public var settled: [SeriesKey: Range<Timestamp>] = [:]
}

extension Executor {
  /// Runs a `SELECT … INTO`.
  ///
  /// - Parameter notBefore: episodes that begin earlier are not written.
  public func write(
    _ select: SelectStatement, database: String?, notBefore: Timestamp = .min
  ) throws -> WrittenSelect {
    try context.check()
    guard let target = select.into else {
      throw QueryError.notExecutable("a SELECT without INTO")
    }
    let planner = Planner(source: source, context: context, database: database)
    let plans = try planner.statements(writtenBy: select).map { try planner.plan($0) }
    guard let database = target.database ?? database else {
      throw QueryError.databaseNameRequired
    }
    guard source.retentionPolicies(of: database) != nil else {
      throw QueryError.databaseNotFound(database)
    }
    // A series key has no way to write such a name.
    if case .literal(let name) = target.name, name.isEmpty || name.hasSuffix("\\") {
      throw QueryError.invalid("a measurement cannot be named \(quoteIdentifier(name))")
    }
    var written = WrittenSelect()
    for plan in plans { written.warnings += try plan.writtenTypeWarnings() }
    for var plan in plans {
      plan.episodes?.notBefore = notBefore
      try write(plan, to: target, of: database, &written)
    }
    return written
  }

  private func write(
    _ plan: SelectPlan, to target: MeasurementName, of database: String,
    _ written: inout WrittenSelect
  ) throws {
    var writer = IntoWriter(
      target: target, database: database, source: source, plan: plan, context: context)
    var stretches: [(GroupKey, Range<Timestamp>)] = []
    try SelectRunner(plan: plan, context: context).run(
      settled: { stretches.append(($0, $1)) }, { try writer.add($0, $1) })
    try writer.flush()
    written.points += writer.written
    if writer.written < writer.rows {
      written.warnings.append(
        "\(writer.rows) rows are \(writer.written) points: rows of the same series and time are "
          + "merged, the last value of a field stands")
    }
    for (key, stretch) in stretches { written.settled[writer.series(of: key)] = stretch }
  }
}

// What continuous queries need to know.
extension Executor {
  /// How far behind a change a bucket can be, in nanoseconds, whose rows it joins with others or
  /// parts from them: the quiet intervals of `episodes()`, 0 for any other SELECT.
  ///
  /// - Throws: ``QueryError`` where `episodes()` is used in a way that cannot be kept up to date,
  ///   bucket by bucket.
  public func lookback(of select: SelectStatement, database: String?) throws -> Int64 {
    guard !Self.readsEpisodes(select) else {
      throw QueryError.invalid("episodes() in a subquery cannot be kept up to date")
    }
    let plan = try Planner(source: source, context: context, database: database).plan(select)
    guard let episodes = plan.episodes else { return 0 }
    let times = try TimeCondition(select.condition, now: context.now, zone: nil)
    guard !times.isOnTime, plan.limit == nil, plan.offset == 0 else {
      throw QueryError.invalid(
        "episodes() with a time range, LIMIT or OFFSET cannot be kept up to date")
    }
    return episodes.quietSpan
  }

  private static func readsEpisodes(_ select: SelectStatement) -> Bool {
    select.sources.contains { source in
      guard case .subquery(let inner) = source else { return false }
      return inner.selectsEpisodes || readsEpisodes(inner)
    }
  }
}
