import TimeSeries

/// Turns a SELECT into a ``SelectPlan``: resolves names, types and times against the store.
struct Planner {
  let source: any QuerySource
  let context: QueryContext
  let database: String?

  /// What a subquery takes over from the query around it.
  struct Inherited {
    var times: TimeRanges
    var interval: SelectStatement.Interval?
    var dimensions: [String]
    var descending: Bool
    var seriesLimit: Int?
    var seriesOffset: Int
  }

  func plan(_ statement: SelectStatement, inherited: Inherited? = nil) throws -> SelectPlan {
    let zone = try statement.clock()
    let times = try TimeCondition(statement.condition, now: context.now, zone: zone)
    // As in InfluxDB, `time(0s)` is as none. A negative length is one for the rules, and groups all
    // rows in one.
    let ownInterval = statement.interval.flatMap { $0.every == 0 ? nil : $0 }
    let interval = ownInterval ?? inherited?.interval
    if let model = try planModel(statement, inherited: inherited, zone: zone) { return model }
    if let episodes = try planEpisodes(statement, inherited: inherited) { return episodes }
    _ = try ProjectionRules(
      statement, interval: interval, inheritsInterval: ownInterval == nil && interval != nil)

    let asked = times.times.intersection(inherited?.times ?? .all)
      .endingBy(interval == nil ? .max : context.now)
    let (from, through) = asked.storedBounds
    let descending = inherited?.descending ?? statement.descending

    // Regexes in GROUP BY need the schema, the sources of a subquery need the dimensions.
    let measurements = try measurements(of: statement)
    var schema = SourceSchema()
    for case .measurement(let measurement) in measurements { schema.add(measurement.schema) }
    let ownDimensions = try dimensions(of: statement, tags: tagNames(of: statement, schema))
    var all = Set(ownDimensions)
    all.formUnion(inherited?.dimensions ?? [])
    let dimensions = all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }

    let inner = Inherited(
      times: asked, interval: interval, dimensions: dimensions,
      descending: descending,
      seriesLimit: statement.seriesLimit ?? inherited?.seriesLimit,
      seriesOffset: max(statement.seriesOffset ?? 0, 0) &+ (inherited?.seriesOffset ?? 0))
    var sources = measurements
    for case .subquery(let subquery) in statement.sources {
      guard subquery.descending == statement.descending || !subquery.ordersExplicitly else {
        throw QueryError.invalid(
          "subqueries must be ordered in the same direction as the query itself")
      }
      var nested = try plan(subquery, inherited: inner)
      // Nulls of an empty interval would be dropped by the outer query anyway.
      if !nested.isRaw, nested.fill == .null { nested.fill = .none }
      schema.add(nested)
      sources.append(.subquery(nested))
    }

    let expansion = FieldExpansion(
      schema: schema, grouped: Set(dimensions),
      groupsByPattern: statement.dimensions.contains { if case .tag = $0 { false } else { true } })
    var builder = ProjectionBuilder(schema: schema, isWritten: statement.into != nil)
    for field in statement.fields {
      if case .reference(let name, _) = field.expression, name == "time" {
        if let alias = field.alias { builder.timeColumn = alias }
        continue
      }
      for expanded in try expansion.expand(field) { try builder.add(expanded) }
    }
    let projected = try builder.finish()
    var binder = ConditionBinder(schema: schema, columns: projected.columns)
    let condition = try times.rest.map { try binder.bind($0) }
    let grid = interval.flatMap { $0.every > 0 ? BucketGrid($0, zone: zone) : nil }

    var plan = SelectPlan(
      outputs: projected.outputs, timeColumn: builder.timeColumn, sources: sources,
      columns: binder.columns, drivingColumns: projected.drivingColumns, condition: condition,
      from: from, through: through, hasLowerBound: from > TimestampBounds.earliest,
      grid: projected.calls.isEmpty ? nil : grid, dimensions: dimensions,
      ownDimensions: ownDimensions, fill: try fill(of: statement), calls: projected.calls,
      auxiliaryColumns: projected.auxiliaryColumns, descending: descending,
      limit: statement.limit.flatMap { $0 > 0 ? $0 : nil }, offset: max(statement.offset ?? 0, 0),
      seriesLimit: inner.seriesLimit.flatMap { $0 > 0 ? $0 : nil },
      seriesOffset: inner.seriesOffset, into: statement.into, model: nil)
    plan.zone = zone
    plan.leaveOutGaps(of: asked)
    return plan
  }

  /// The measurements in FROM that exist, in order; regexes expanded.
  private func measurements(of statement: SelectStatement) throws -> [PlannedSource] {
    var result: [PlannedSource] = []
    for case .measurement(let name) in statement.sources {
      result += try measurements(named: name).map { .measurement($0) }
    }
    return result
  }

  func measurements(named name: MeasurementName) throws -> [PlannedMeasurement] {
    guard let database = name.database ?? database, !database.isEmpty else {
      throw QueryError.databaseNameRequired
    }
    guard let snapshot = source.snapshot(of: database) else {
      throw QueryError.databaseNotFound(database)
    }
    if let policy = name.retentionPolicy,
      source.retentionPolicies(of: database)?.contains(where: { $0.name == policy }) != true
    {
      throw QueryError.retentionPolicyNotFound(policy)
    }
    let names: [String]
    switch name.name {
    case .literal(let literal): names = [literal]
    case .regex(let pattern):
      let pattern = try Pattern(pattern)
      names = snapshot.measurements.filter(pattern.matches)
    case .backReference: names = []
    }
    return names.compactMap { measurement in
      snapshot.schema(of: measurement).map {
        PlannedMeasurement(
          name: measurement, retentionPolicy: name.retentionPolicy, snapshot: snapshot, schema: $0)
      }
    }
  }

  /// What a `SELECT … INTO` consists of. `INTO :MEASUREMENT` is a statement for each measurement, so
  /// that the points of one do not depend on the fields of another.
  func statements(writtenBy statement: SelectStatement) throws -> [SelectStatement] {
    guard case .backReference? = statement.into?.name else { return [statement] }
    var names: [String] = []
    var sources: [String: [Source]] = [:]
    for source in statement.sources {
      guard case .measurement(let reference) = source else { return [statement] }
      for measurement in try measurements(named: reference) {
        if sources[measurement.name] == nil { names.append(measurement.name) }
        var named = reference
        named.name = .literal(measurement.name)
        sources[measurement.name, default: []].append(.measurement(named))
      }
    }
    if names.isEmpty { return [statement] }
    return names.map { name in
      var own = statement
      own.sources = sources[name] ?? []
      return own
    }
  }

  /// The tags that `GROUP BY *` and regexes range over.
  private func tagNames(
    of statement: SelectStatement, _ schema: SourceSchema
  ) throws -> Set<String> {
    var tags = schema.tags
    for case .subquery(let subquery) in statement.sources {
      var inner = SourceSchema()
      for case .measurement(let measurement) in try measurements(of: subquery) {
        inner.add(measurement.schema)
      }
      tags.formUnion(
        try dimensions(of: subquery, tags: try tagNames(of: subquery, inner)))
    }
    return tags
  }

  func dimensions(of statement: SelectStatement, tags: Set<String>) throws -> [String] {
    var result: [String] = []
    let sorted = tags.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for dimension in statement.dimensions {
      switch dimension {
      case .tag(let name):
        if name.lowercased() == "time" {
          throw QueryError.invalid("time() is a function and expects at least one argument")
        }
        result.append(name)
      case .all: result += sorted
      case .regex(let source):
        let pattern = try Pattern(source)
        result += sorted.filter(pattern.matches)
      }
    }
    var seen = Set<String>()
    return result.filter { seen.insert($0).inserted }
  }

  private func fill(of statement: SelectStatement) throws -> FillRule {
    switch statement.fill {
    // What is null is not written, and neither is the zero that count() has for nothing.
    case .null: return statement.into == nil ? .null : .none
    case .none: return .none
    case .previous: return .previous
    case .linear: return .linear
    case .value(let expression):
      guard let value = expression.constantNumber else {
        throw QueryError.invalid("expected number argument in fill()")
      }
      return .value(value)
    }
  }
}

extension SelectStatement {
  /// ORDER BY time ASC is the default and cannot be told from none.
  fileprivate var ordersExplicitly: Bool { descending }
}

extension SourceSchema {
  mutating func add(_ measurement: MeasurementSchema) {
    for field in measurement.fields { addField(field.name, field.type) }
    tags.formUnion(measurement.tagKeys)
  }

  /// A subquery's columns are fields of the query around it, its own dimensions are tags.
  mutating func add(_ subquery: SelectPlan) {
    for output in subquery.outputs {
      guard let type = output.type else { continue }
      addField(output.name, type)
      if output.isTag { tagColumns.insert(output.name) }
    }
    tags.formUnion(subquery.ownDimensions)
  }
}

extension Expression {
  /// A number, possibly behind a minus sign.
  var constantNumber: FieldValue? {
    switch self {
    case .integer(let value): return .integer(value)
    case .number(let value): return .float(value)
    case .parenthesized(let inner): return inner.constantNumber
    case .binary(.multiply, .integer(-1), let inner), .binary(.subtract, .integer(0), let inner):
      switch inner.constantNumber {
      case .integer(let value)? where value != .min: return .integer(-value)
      case .float(let value)?: return .float(-value)
      default: return nil
      }
    default: return nil
    }
  }
}
