import TimeSeries

/// `SELECT detect("m") FROM …` and the other functions of models.
extension Planner {
  /// The plan of a SELECT of model functions, nil for any other SELECT.
  func planModel(
    _ statement: SelectStatement, inherited: Inherited?, zone: ZoneClock?
  ) throws -> SelectPlan? {
    let uses = statement.fields.map { Self.usesModel($0.expression) }
    guard uses.contains(true) else { return nil }
    let fields = statement.fields.filter { field in
      if case .reference("time", _) = field.expression { return false }
      return true
    }
    guard statement.sources.count == 1, case .measurement(let name)? = statement.sources.first
    else { throw QueryError.invalid("a model function needs one measurement in FROM") }
    guard let database = name.database ?? database, !database.isEmpty else {
      throw QueryError.databaseNameRequired
    }
    var modelName: String?
    var calls: [(function: ModelFunction, arguments: [Expression], alias: String?)] = []
    for field in fields {
      guard case .call(let name, let arguments) = field.expression,
        let function = ModelFunction(rawValue: name)
      else {
        throw QueryError.invalid("model functions cannot be combined with other fields")
      }
      guard let first = arguments.first, let given = Self.text(first) else {
        throw QueryError.invalid("expected the name of a model in \(name)()")
      }
      if let modelName, modelName != given {
        throw QueryError.invalid("one SELECT can use one model: \(modelName) and \(given) given")
      }
      modelName = given
      calls.append((function, Array(arguments.dropFirst()), field.alias))
    }
    guard let modelName, let model = try source.model(named: modelName, in: database) else {
      throw QueryError.modelNotFound(modelName ?? "")
    }
    try checkGrouping(statement, against: model, name: modelName)
    let columns = try calls.flatMap {
      try self.columns(of: $0.function, $0.arguments, alias: $0.alias, model: model)
    }
    var selection = ModelSelection(model: model, columns: columns)
    if selection.showsMasking {
      selection.events = try model.eventMask.flatMap { try events($0, in: database) }
    }
    var plan = try modelPlan(
      statement, name: name, selection: selection, within: inherited?.times ?? .all, zone: zone)
    plan.zone = zone
    return plan
  }

  private func modelPlan(
    _ statement: SelectStatement, name: MeasurementName, selection: ModelSelection,
    within times: TimeRanges, zone: ZoneClock?
  ) throws -> SelectPlan {
    let model = selection.model
    guard name.name == .literal(model.measurement) else {
      throw QueryError.invalid("the model reads measurement \(model.measurement) alone")
    }
    var plan = try featurePlan(
      of: name, fields: model.fields, interval: model.interval, dimensions: model.groupTags,
      share: model.shareTag, condition: statement.condition, within: times, zone: zone,
      statement: "a SELECT of model functions")
    let names = ColumnNames.resolve(selection.columns.map { ($0.alias, $0.name) })
    plan.outputs = zip(names, selection.columns).enumerated().map { index, column in
      SelectPlan.Output(
        name: column.0, expression: .column(index), type: column.1.function.type, isTag: false)
    }
    plan.descending = statement.descending
    plan.limit = statement.limit.flatMap { $0 > 0 ? $0 : nil }
    plan.offset = max(statement.offset ?? 0, 0)
    plan.seriesLimit = statement.seriesLimit.flatMap { $0 > 0 ? $0 : nil }
    plan.seriesOffset = max(statement.seriesOffset ?? 0, 0)
    plan.into = statement.into
    plan.model = selection
    return plan
  }

  /// Nil where there is no such measurement.
  func events(_ mask: EventMask, in database: String) throws -> PlannedEvents? {
    let name = MeasurementName(
      database: database, retentionPolicy: nil, name: .literal(mask.measurement))
    return try measurements(named: name).first.map { measurement in
      PlannedEvents(
        mask: mask, measurement: measurement,
        policies: (source.retentionPolicies(of: database) ?? []).map(\.name))
    }
  }

  /// A plan whose first columns are a model's features; what is computed from them is the caller's.
  ///
  /// - Parameters:
  ///   - within: the times of a query around it.
  ///   - zone: the clock that dates in the condition are read on.
  ///   - statement: what an error calls the statement.
  func featurePlan(
    of name: MeasurementName, fields: [String], interval: SelectStatement.Interval,
    dimensions: [String], share: String? = nil, condition: Expression?,
    within outer: TimeRanges = .all, zone: ZoneClock? = nil, statement: String
  ) throws -> SelectPlan {
    let times = try TimeCondition(condition, now: context.now, zone: zone)
    try times.requireSeparateTimes(in: statement)
    let asked = times.times.intersection(outer).endingBy(context.now)
    let (from, through) = asked.storedBounds
    let measurements = try measurements(named: name)
    var schema = SourceSchema()
    for measurement in measurements { schema.add(measurement.schema) }
    var binder = ConditionBinder(
      schema: schema, columns: fields.map { schema.column($0, cast: .field) })
    let rest = try times.rest.map { try binder.bind($0) }
    return SelectPlan(
      outputs: [], sources: measurements.map { .measurement($0) }, columns: binder.columns,
      drivingColumns: Array(fields.indices), condition: rest,
      from: from, through: through, hasLowerBound: from > TimestampBounds.earliest,
      grid: BucketGrid(interval, zone: nil),
      dimensions: dimensions.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) },
      ownDimensions: dimensions, fill: .none, calls: [], auxiliaryColumns: [], descending: false,
      limit: nil, offset: 0, seriesLimit: nil, seriesOffset: 0, into: nil, model: nil,
      shareTag: share, resultTimes: asked)
  }

  private static func usesModel(_ expression: Expression) -> Bool {
    switch expression {
    case .call(let name, let arguments):
      ModelFunction(rawValue: name) != nil || arguments.contains(where: usesModel)
    case .binary(_, let a, let b): usesModel(a) || usesModel(b)
    case .parenthesized(let inner): usesModel(inner)
    default: false
    }
  }

  /// A name in single or double quotes.
  private static func text(_ expression: Expression) -> String? {
    switch expression {
    case .reference(let name, _): name
    case .string(let name): name
    default: nil
    }
  }

  /// The columns that a call stands for. An alias of `detect` is what their names begin with, as
  /// that of a function of `*` is.
  private func columns(
    of function: ModelFunction, _ arguments: [Expression], alias: String?, model: any ScoringModel
  ) throws -> [ModelSelection.Column] {
    if function != .rl, function != .share, !arguments.isEmpty {
      throw QueryError.invalid(
        "invalid number of arguments for \(function), expected 1, got \(arguments.count + 1)")
    }
    func one(_ content: ModelSelection.Function) -> [ModelSelection.Column] {
      [ModelSelection.Column(alias: alias, name: function.rawValue, function: content)]
    }
    switch function {
    case .rl where arguments.isEmpty: return one(.loss)
    case .rl: return one(.featureLoss(try feature(arguments, of: model, function)))
    case .threshold: return one(.threshold)
    case .anomaly: return one(.anomaly)
    case .state: return one(.state)
    case .version: return one(.version)
    case .share: return one(.share(try feature(arguments, of: model, function)))
    case .detect:
      let all: [(String, ModelSelection.Function)] =
        [
          ("rl", .loss), ("threshold", .threshold), ("anomaly", .anomaly), ("state", .state),
          ("version", .version),
        ] + model.fields.enumerated().map { ("share_\($1)", .share($0)) }
      return all.map { name, content in
        ModelSelection.Column(
          alias: alias.map { "\($0)_\(name)" }, name: name, function: content)
      }
    }
  }

  private func feature(
    _ arguments: [Expression], of model: any ScoringModel, _ function: ModelFunction
  ) throws -> Int {
    guard arguments.count == 1, let field = arguments.first.flatMap(Self.text) else {
      throw QueryError.invalid("expected the name of a feature in \(function)()")
    }
    guard let index = model.fields.firstIndex(of: field) else {
      throw QueryError.invalid("the model has no feature \(field)")
    }
    return index
  }

  /// GROUP BY is the model's, or left out.
  private func checkGrouping(
    _ statement: SelectStatement, against model: any ScoringModel, name: String
  ) throws {
    guard statement.interval != nil || !statement.dimensions.isEmpty else { return }
    var given = Set<String>()
    for case .tag(let tag) in statement.dimensions { given.insert(tag) }
    let onlyTags = statement.dimensions.allSatisfy { if case .tag = $0 { true } else { false } }
    let own = BucketGrid(model.interval, zone: nil)
    let matches = statement.interval.map { BucketGrid($0, zone: nil) == own } ?? false
    guard matches, onlyTags, given == Set(model.groupTags), statement.timeZone == nil else {
      let tags = model.groupTags.map { ", \"\($0)\"" }.joined()
      let offset =
        model.interval.offset == 0 ? "" : ", " + DurationLiteral.format(model.interval.offset)
      throw QueryError.invalid(
        "GROUP BY of model \(name) is time(\(DurationLiteral.format(model.interval.every))\(offset))"
          + "\(tags); the query must have the same or none")
    }
  }
}
