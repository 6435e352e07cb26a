import TimeSeries

/// What DELETE and DROP SERIES mean: series of one measurement, and a range of their rows.
public struct SeriesSelection: Sendable {
  public var measurement: String
  /// Nil for all series.
  public var predicate: TagPredicate?
  public var from: Timestamp
  public var through: Timestamp

  public init(
    measurement: String, predicate: TagPredicate?, from: Timestamp, through: Timestamp
  ) {
    self.measurement = measurement
    self.predicate = predicate
    self.from = from
    self.through = through
  }
}

extension Executor {
  /// Resolves the sources and the condition of DELETE or DROP SERIES. Nothing is deleted here.
  ///
  /// - Parameters:
  ///   - sources: measurements; none means all.
  ///   - allowsTime: DELETE takes times, DROP SERIES does not.
  /// - Throws: ``QueryError`` for unknown databases, and conditions on anything but tags and time.
  public func selectSeries(
    sources: [Source], condition: Expression?, database: String?, allowsTime: Bool
  ) throws -> [SeriesSelection] {
    guard let database, !database.isEmpty else { throw QueryError.databaseNameRequired }
    guard let snapshot = source.snapshot(of: database) else {
      throw QueryError.databaseNotFound(database)
    }
    let times = try TimeCondition(condition, now: context.now, zone: nil)
    if !allowsTime, times.from != nil || times.through != nil {
      throw QueryError.invalid("DROP SERIES doesn't support time in WHERE clause")
    }
    var names: [String] = []
    for source in sources {
      guard case .measurement(let measurement) = source else {
        throw QueryError.invalid("subqueries are not supported in this statement")
      }
      switch measurement.name {
      case .literal(let name): names.append(name)
      case .regex(let text):
        let pattern = try Pattern(text)
        names += snapshot.measurements.filter(pattern.matches)
      case .backReference: break
      }
    }
    if sources.isEmpty { names = snapshot.measurements }
    var seen = Set<String>()
    var isDecidable = false
    let selections: [SeriesSelection] = try names.filter { seen.insert($0).inserted }.compactMap {
      name in
      guard let schema = snapshot.schema(of: name) else { return nil }
      let predicate: TagPredicate?
      switch try self.predicate(times.rest, schema) {
      case .all: predicate = nil
      case .some(let tags): predicate = tags
      case .onFields:
        // What all measurements are asked for is not meant for one where the name is a field.
        if sources.isEmpty { return nil }
        throw QueryError.invalid("fields not supported in WHERE clause during deletion")
      }
      isDecidable = true
      return SeriesSelection(
        measurement: name, predicate: predicate, from: times.from ?? TimestampBounds.earliest,
        through: times.through ?? TimestampBounds.latest)
    }
    guard isDecidable || snapshot.measurements.isEmpty || !sources.isEmpty else {
      throw QueryError.invalid("fields not supported in WHERE clause during deletion")
    }
    return selections
  }

  private enum Reach {
    case all, onFields
    case some(TagPredicate)
  }

  /// Which series of a measurement a condition means.
  private func predicate(_ rest: Expression?, _ schema: MeasurementSchema) throws -> Reach {
    guard let rest else { return .all }
    var fields = SourceSchema()
    fields.add(schema)
    var binder = ConditionBinder(schema: fields, columns: [])
    let condition = try binder.bind(rest)
    let isOnTags = binder.columns.allSatisfy { $0.type == nil || $0.isTag }
    guard isOnTags, condition.isOnTagsAlone else { return .onFields }
    let names = binder.columns.map(\.name)
    if case .constant(true) = condition { return .all }
    return .some(condition.exactTagPredicate { names[$0] })
  }

  /// Reads what a model is trained on, and scored on by others than ``execute``: the means of
  /// fields on a grid of intervals, group by group, in the order of the groups.
  ///
  /// - Parameters:
  ///   - fields: the features, in order.
  ///   - dimensions: the tags of GROUP BY; the groups' values come in their order.
  ///   - share: a tag whose value each group's rows are to tell.
  ///   - condition: tags, fields, and the time range; buckets that begin outside of it are left
  ///     out, those that begin in it are whole.
  ///   - mask: rows near its events are left out.
  public func featureRows(
    of measurement: MeasurementName, fields: [String], interval: SelectStatement.Interval,
    dimensions: [String], share: String? = nil, condition: Expression?, mask: EventMask? = nil,
    database: String?
  ) throws -> [FeatureRows] {
    let planner = Planner(source: source, context: context, database: database)
    let plan = try planner.featurePlan(
      of: measurement, fields: fields, interval: interval, dimensions: dimensions,
      share: share, condition: condition)
    guard let grid = plan.grid else { return [] }
    let through = grid.lastMoment(ofBucketAt: plan.through)
    var first = grid.bucket(of: plan.from)
    if plan.hasLowerBound, first.start < plan.from { first = grid.bucket(of: first.end) }
    guard plan.from <= plan.through, first.start <= through else { return [] }
    let scan = FeatureScan(plan: plan, count: fields.count, context: context)
    let planned = try mask.flatMap {
      try planner.events($0, in: measurement.database ?? database ?? "")
    }
    let events = try planned.map {
      try LifecycleEvents(
        $0, groupTags: plan.dimensions, from: first.start, through: through, context: context)
    }
    return try GroupListing(plan: plan, context: context).groups().map { group in
      var rows = try scan.rows(of: group, from: first.start, through: through)
      if let events { rows.remove(events.maskedRows(of: rows, grid: grid)) }
      let values = Dictionary(group.key.tags.map { ($0.key, $0.value) }) { $1 }
      rows.group = dimensions.map { values[$0] ?? "" }
      return rows
    }.filter { !$0.timestamps.isEmpty }
  }
}

extension RowCondition {
  /// The condition as the store takes it; only where ``isOnTagsAlone``.
  func exactTagPredicate(_ name: (Int) -> String) -> TagPredicate {
    switch self {
    case .constant(let value): return value ? .and([]) : .or([])
    case .and(let a, let b): return .and([a.exactTagPredicate(name), b.exactTagPredicate(name)])
    case .or(let a, let b): return .or([a.exactTagPredicate(name), b.exactTagPredicate(name)])
    case .tagEquals(let column, let text, let negated):
      let equal = TagPredicate.equal(key: name(column), value: text)
      return negated ? .not(equal) : equal
    case .matches(let column, let pattern, let negated):
      return .matching(key: name(column)) { pattern.matches($0) != negated }
    case .compare, .column: return .or([])
    }
  }
}
