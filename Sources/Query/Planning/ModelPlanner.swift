import TimeSeries

/// `SELECT rl("m"), threshold("m"), anomaly("m") FROM …`.
extension Planner {
  private static let functionNames: Set<String> = ["rl", "threshold", "anomaly"]

  /// The plan of a SELECT of model functions, nil for any other SELECT.
  func planModel(
    _ statement: SelectStatement
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
    var calls: [(String, [Expression])] = []
    for field in fields {
      guard case .call(let function, let arguments) = field.expression,
        Self.functionNames.contains(function)
      else {
        throw QueryError.invalid("model functions cannot be combined with other fields")
      }
      guard let first = arguments.first, let given = Self.text(first) else {
        throw QueryError.invalid("expected the name of a model in \(function)()")
      }
      if let modelName, modelName != given {
        throw QueryError.invalid("one SELECT can use one model: \(modelName) and \(given) given")
      }
      modelName = given
      calls.append((function, Array(arguments.dropFirst())))
    }
    guard let modelName, let model = try source.model(named: modelName, in: database) else {
      throw QueryError.modelNotFound(modelName ?? "")
    }
    try checkGrouping(statement, against: model, name: modelName)
    let functions = try calls.map { try function($0.0, $0.1, model: model) }
    return try modelPlan(
      statement, fields: fields, name: name,
      selection: ModelSelection(model: model, functions: functions))
  }

  private func modelPlan(
    _ statement: SelectStatement, fields: [SelectStatement.Field], name: MeasurementName,
    selection: ModelSelection
  ) throws -> SelectPlan {
    let model = selection.model
    guard name.name == .literal(model.measurement) else {
      throw QueryError.invalid("the model reads measurement \(model.measurement) alone")
    }
    var plan = try featurePlan(
      of: name, fields: model.fields, interval: model.interval, dimensions: model.groupTags,
      share: model.shareTag, condition: statement.condition)
    let names = ColumnNames.resolve(
      fields.map { ($0.alias, ColumnNames.name(of: $0.expression)) })
    plan.outputs = zip(names, selection.functions).enumerated().map { index, pair in
      SelectPlan.Output(
        name: pair.0, expression: .column(index), type: pair.1 == .anomaly ? .integer : .float,
        isTag: false)
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

  /// A plan whose first columns are a model's features; what is computed from them is the caller's.
  func featurePlan(
    of name: MeasurementName, fields: [String], interval: SelectStatement.Interval,
    dimensions: [String], share: String?, condition: Expression?
  ) throws -> SelectPlan {
    let times = try TimeCondition(condition, now: context.now, zone: nil)
    let measurements = try measurements(named: name)
    var schema = SourceSchema()
    for measurement in measurements { schema.add(measurement.schema) }
    var binder = ConditionBinder(
      schema: schema, columns: fields.map { schema.column($0, cast: .field) })
    let rest = try times.rest.map { try binder.bind($0) }
    return SelectPlan(
      outputs: [], sources: measurements.map { .measurement($0) }, columns: binder.columns,
      drivingColumns: Array(fields.indices), condition: rest,
      from: times.from ?? TimestampBounds.earliest, through: times.through ?? context.now,
      hasLowerBound: times.from != nil, grid: BucketGrid(interval, zone: nil),
      dimensions: dimensions.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) },
      ownDimensions: dimensions, fill: .none, calls: [], auxiliaryColumns: [], descending: false,
      limit: nil, offset: 0, seriesLimit: nil, seriesOffset: 0, into: nil, model: nil,
      shareTag: share)
  }

  private static func usesModel(_ expression: Expression) -> Bool {
    switch expression {
    case .call(let name, let arguments):
      functionNames.contains(name) || arguments.contains(where: usesModel)
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

  private func function(
    _ name: String, _ arguments: [Expression], model: any ScoringModel
  ) throws -> ModelSelection.Function {
    guard name == "rl", let feature = arguments.first else {
      guard arguments.isEmpty else {
        throw QueryError.invalid(
          "invalid number of arguments for \(name), expected 1, got \(arguments.count + 1)")
      }
      return name == "rl" ? .loss : name == "threshold" ? .threshold : .anomaly
    }
    guard arguments.count == 1, let field = Self.text(feature) else {
      throw QueryError.invalid("expected the name of a feature in rl()")
    }
    guard let index = model.fields.firstIndex(of: field) else {
      throw QueryError.invalid("the model has no feature \(field)")
    }
    return .featureLoss(index)
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
