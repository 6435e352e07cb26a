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
    if !allowsTime, times.isOnTime {
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
    var selections: [SeriesSelection] = []
    for name in names where seen.insert(name).inserted {
      guard let schema = snapshot.schema(of: name) else { continue }
      guard let parts = try self.parts(times, schema) else {
        // What all measurements are asked for is not meant for one where the name is a field.
        if sources.isEmpty { continue }
        throw QueryError.invalid("fields not supported in WHERE clause during deletion")
      }
      isDecidable = true
      for (range, predicate) in parts {
        try context.check()
        let (from, through) = TimeRanges(range).storedBounds
        selections.append(
          SeriesSelection(
            measurement: name, predicate: predicate, from: from, through: through))
      }
    }
    guard isDecidable || snapshot.measurements.isEmpty || !sources.isEmpty else {
      throw QueryError.invalid("fields not supported in WHERE clause during deletion")
    }
    return selections
  }

  /// The series that a condition means in each of some ranges of time, all of them if there is no
  /// predicate; nil if tags and times do not decide it.
  private func parts(
    _ condition: TimeCondition, _ schema: MeasurementSchema
  ) throws -> [(ClosedRange<Timestamp>, TagPredicate?)]? {
    guard let rest = try condition.rest?.decided(measurement: schema.name) else {
      return condition.times.ranges.map { ($0, nil) }
    }
    var fields = SourceSchema()
    fields.add(schema)
    var binder = ConditionBinder(schema: fields, columns: [])
    let bound = try binder.bind(rest)
    let names = binder.columns.map(\.name)
    guard binder.columns.allSatisfy({ $0.type == nil || $0.isTag }), bound.isOnTagsAndTimes else {
      return nil
    }
    return condition.times.ranges.flatMap { range in
      bound.pieces(of: range).compactMap { piece in
        let tags = bound.decided(at: piece.lowerBound)
        if case .constant(let value) = tags { return value ? (piece, nil) : nil }
        return (piece, tags.exactTagPredicate { names[$0] })
      }
    }
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
      share: share, condition: condition, statement: "CREATE MODEL")
    guard let grid = plan.grid, plan.from <= plan.through else { return [] }
    let through = grid.lastMoment(ofBucketAt: plan.through)
    var first = grid.bucket(of: plan.from)
    if plan.hasLowerBound, first.start < plan.from { first = grid.bucket(of: first.end) }
    guard first.start <= through else { return [] }
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
      rows.remove(
        rows.timestamps.indices.filter { !plan.resultTimes.contains(rows.timestamps[$0]) })
      if let events { rows.remove(events.maskedRows(of: rows, grid: grid)) }
      let values = Dictionary(group.key.tags.map { ($0.key, $0.value) }) { $1 }
      rows.group = dimensions.map { values[$0] ?? "" }
      return rows
    }.filter { !$0.timestamps.isEmpty }
  }
}

// DELETE asks for rows by their tags and times.
extension RowCondition {
  fileprivate var isOnTagsAndTimes: Bool {
    switch self {
    case .constant, .matches, .tagEquals, .time: true
    case .and(let a, let b), .or(let a, let b): a.isOnTagsAndTimes && b.isOnTagsAndTimes
    case .compare, .column: false
    }
  }

  /// The parts of a range in each of which every comparison of times is true or false throughout.
  fileprivate func pieces(of range: ClosedRange<Timestamp>) -> [ClosedRange<Timestamp>] {
    var starts: Set<Timestamp> = [range.lowerBound]
    func collect(_ condition: RowCondition) {
      switch condition {
      case .time(let times):
        for part in times.ranges {
          starts.insert(part.lowerBound)
          if part.upperBound < .max { starts.insert(part.upperBound + 1) }
        }
      case .and(let a, let b), .or(let a, let b):
        collect(a)
        collect(b)
      case .constant, .compare, .column, .matches, .tagEquals: break
      }
    }
    collect(self)
    let sorted = starts.filter(range.contains).sorted()
    return sorted.indices.map { index in
      sorted[index]...(index + 1 < sorted.count ? sorted[index + 1] - 1 : range.upperBound)
    }
  }

  /// The condition for rows of one time.
  fileprivate func decided(at time: Timestamp) -> RowCondition {
    switch self {
    case .time(let times): .constant(times.contains(time))
    case .and(let a, let b): .both(a.decided(at: time), b.decided(at: time))
    case .or(let a, let b): .either(a.decided(at: time), b.decided(at: time))
    case .constant, .compare, .column, .matches, .tagEquals: self
    }
  }

  /// The condition as the store takes it, of conditions on tags alone.
  fileprivate func exactTagPredicate(_ name: (Int) -> String) -> TagPredicate {
    switch self {
    case .constant(let value): return value ? .and([]) : .or([])
    case .and(let a, let b): return .and([a.exactTagPredicate(name), b.exactTagPredicate(name)])
    case .or(let a, let b): return .or([a.exactTagPredicate(name), b.exactTagPredicate(name)])
    case .tagEquals(let column, let text, let negated):
      let equal = TagPredicate.equal(key: name(column), value: text)
      return negated ? .not(equal) : equal
    case .matches(let column, let pattern, let negated):
      return .matching(key: name(column)) { pattern.matches($0) != negated }
    case .compare, .column, .time: return .or([])
    }
  }
}
