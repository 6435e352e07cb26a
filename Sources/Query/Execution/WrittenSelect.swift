import TimeSeries

/// What a `SELECT … INTO` has written.
public struct WrittenSelect: Sendable {
  public var points = 0
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
    var plan = try Planner(source: source, context: context, database: database).plan(select)
    guard let target = plan.into else { throw QueryError.notExecutable("a SELECT without INTO") }
    plan.episodes?.notBefore = notBefore
    return try write(plan, to: target, database: database)
  }

  func write(
    _ plan: SelectPlan, to target: MeasurementName, database: String?
  ) throws -> WrittenSelect {
    guard let database = target.database ?? database else {
      throw QueryError.databaseNameRequired
    }
    guard source.retentionPolicies(of: database) != nil else {
      throw QueryError.databaseNotFound(database)
    }
    var written = WrittenSelect()
    var writer = IntoWriter(
      target: target, database: database, source: source, outputs: plan.outputs)
    var stretches: [(GroupKey, Range<Timestamp>)] = []
    try SelectRunner(plan: plan, context: context).run(
      settled: { stretches.append(($0, $1)) }, { try writer.add($0, $1) })
    try writer.flush()
    written.points = writer.written
    for (key, stretch) in stretches { written.settled[writer.series(of: key)] = stretch }
    return written
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
    guard times.from == nil, times.through == nil, plan.limit == nil, plan.offset == 0 else {
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
