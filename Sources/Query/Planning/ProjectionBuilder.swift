import TimeSeries

/// Collects the columns a SELECT reads, the calls it computes and the expressions that make its
/// output columns.
struct ProjectionBuilder {
  struct Projected {
    var outputs: [SelectPlan.Output]
    var columns: [PlanColumn]
    var calls: [Call]
    var auxiliaryColumns: [Int]
    var drivingColumns: [Int]
  }

  let schema: SourceSchema
  /// `SELECT … INTO`: keys of top() and bottom() are no columns of their own. Those that are tags
  /// become tags of the points.
  let isWritten: Bool
  var timeColumn = "time"
  private var columns: [PlanColumn] = []
  private var calls: [Call] = []
  private var auxiliaryColumns: [Int] = []
  private var pending: [(alias: String?, name: String, expression: Draft, text: Expression)] = []
  /// Columns that become tags of the points written.
  private var writtenTags: [Int] = []

  /// A row expression in which calls and plain columns are still told apart.
  private indirect enum Draft {
    case call(Int)
    case column(Int)
    case literal(FieldValue)
    case math(MathFunction, [Draft])
    case binary(BinaryOperator, Draft, Draft)
  }

  init(schema: SourceSchema, isWritten: Bool) {
    self.schema = schema
    self.isWritten = isWritten
  }

  mutating func add(_ field: SelectStatement.Field) throws {
    let draft = try draft(field.expression)
    pending.append(
      (field.alias, ColumnNames.name(of: field.expression), draft, field.expression))
    guard case .call(let name, let arguments) = field.expression, name == "top" || name == "bottom"
    else { return }
    for case .reference(let key, let cast) in arguments.dropFirst().dropLast() {
      let column = column(key, cast: cast)
      if !isWritten {
        pending.append((nil, key, .column(column), .reference(key, cast: cast)))
      } else if columns[column].isTag, !writtenTags.contains(column) {
        writtenTags.append(column)
      }
    }
  }

  mutating func finish() throws -> Projected {
    let names = ColumnNames.resolve(pending.map { ($0.alias, $0.name) })
    if !calls.isEmpty {
      for field in pending { collectAuxiliary(field.expression) }
      for column in writtenTags { collectAuxiliary(.column(column)) }
    }
    let types: [FieldType?] =
      calls.isEmpty
      ? columns.map(\.type)
      : try calls.map { try $0.type(columns: columns) } + auxiliaryColumns.map { columns[$0].type }
    var outputs: [SelectPlan.Output] = []
    for (field, name) in zip(pending, names) {
      let expression = row(field.expression)
      try check(field.text, expression, types)
      var isTag = false
      if case .column(let index) = field.expression { isTag = columns[index].isTag }
      outputs.append(
        SelectPlan.Output(
          name: name, expression: expression, type: expression.type(columns: types), isTag: isTag))
    }
    for column in writtenTags {
      outputs.append(
        SelectPlan.Output(
          name: columns[column].name, expression: row(.column(column)), type: .string, isTag: true,
          isWrittenAsTag: true))
    }
    return Projected(
      outputs: outputs, columns: columns, calls: calls, auxiliaryColumns: auxiliaryColumns,
      drivingColumns: columns.indices.filter { !columns[$0].isTag && columns[$0].type != nil })
  }

  /// Arithmetic whose operands are known and have no meaning together.
  private func check(
    _ text: Expression, _ expression: RowExpression, _ types: [FieldType?]
  ) throws {
    switch (text, expression) {
    case (.parenthesized(let inner), _): try check(inner, expression, types)
    case (.binary(_, let left, let right), .binary(let op, let a, let b)):
      try check(left, a, types)
      try check(right, b, types)
      guard let x = a.type(columns: types), let y = b.type(columns: types),
        Arithmetic.type(op, x, y) == nil
      else { return }
      let typed = text.typed { name in
        schema.fields[name].map(Expression.Cast.init) ?? (schema.tags.contains(name) ? .tag : nil)
      }
      throw QueryError.invalid(
        "type error: \(typed): incompatible types: \(x.name) and \(y.name)")
    default: break
    }
  }

  private mutating func collectAuxiliary(_ draft: Draft) {
    switch draft {
    case .column(let column):
      if !auxiliaryColumns.contains(column) { auxiliaryColumns.append(column) }
    case .call, .literal: break
    case .math(_, let arguments):
      for argument in arguments { collectAuxiliary(argument) }
    case .binary(_, let a, let b):
      collectAuxiliary(a)
      collectAuxiliary(b)
    }
  }

  private func row(_ draft: Draft) -> RowExpression {
    switch draft {
    case .call(let index): .column(index)
    case .column(let index):
      calls.isEmpty
        ? .column(index)
        : .column(calls.count + (auxiliaryColumns.firstIndex(of: index) ?? 0))
    case .literal(let value): .literal(value)
    case .math(let function, let arguments): .math(function, arguments.map(row))
    case .binary(let op, let a, let b): .binary(op, row(a), row(b))
    }
  }

  private mutating func draft(_ expression: Expression) throws -> Draft {
    if let value = expression.literalValue { return .literal(value) }
    switch expression {
    case .reference(let name, let cast): return .column(column(name, cast: cast))
    case .parenthesized(let inner): return try draft(inner)
    case .binary(let op, let a, let b): return .binary(op, try draft(a), try draft(b))
    case .call(let name, let arguments):
      if let function = MathFunction(rawValue: name) {
        var drafts: [Draft] = []
        for argument in arguments { drafts.append(try draft(argument)) }
        return .math(function, drafts)
      }
      let call = try call(name, arguments)
      if let known = calls.firstIndex(of: call) { return .call(known) }
      calls.append(call)
      return .call(calls.count - 1)
    default: throw QueryError.invalid("invalid expression \(expression) in SELECT clause")
    }
  }

  private mutating func column(_ name: String, cast: Expression.Cast?) -> Int {
    if let known = columns.firstIndex(where: { $0.name == name && $0.cast == cast }) {
      return known
    }
    columns.append(schema.column(name, cast: cast))
    return columns.count - 1
  }

  /// The column of a call's argument: always a field, for InfluxDB finds no points in a tag.
  private mutating func fieldColumn(_ expression: Expression?) throws -> Int {
    guard case .reference(let name, let cast)? = expression else {
      throw QueryError.invalid("expected field argument")
    }
    let index = column(name, cast: cast)
    if columns[index].isTag, !schema.tagColumns.contains(name) {
      if let known = columns.firstIndex(where: { $0.name == name && $0.cast == .field }) {
        return known
      }
      columns.append(PlanColumn(name: name, cast: .field, type: nil, isTag: false))
      return columns.count - 1
    }
    return index
  }

  private mutating func call(_ name: String, _ arguments: [Expression]) throws -> Call {
    let unit: Int64? =
      if arguments.count > 1, case .duration(let unit) = arguments[1] { unit } else { nil }
    if let kind = Indicator.Kind(rawValue: name),
      let indicator = Indicator(kind, arguments: arguments)
    {
      return try transform(.indicator(indicator), arguments)
    }
    switch name {
    case "derivative", "non_negative_derivative":
      let isNested = if case .call? = arguments.first { true } else { false }
      return try transform(
        .derivative(
          unit: unit ?? (isNested ? 0 : 1_000_000_000), nonNegative: name != "derivative"),
        arguments)
    case "difference", "non_negative_difference":
      return try transform(.difference(nonNegative: name != "difference"), arguments)
    case "cumulative_sum": return try transform(.cumulativeSum, arguments)
    case "elapsed": return try transform(.elapsed(unit: unit ?? 1), arguments)
    case "moving_average":
      guard arguments.count == 2, case .integer(let window) = arguments[1] else { break }
      return try transform(.movingAverage(Int(window)), arguments)
    case "holt_winters", "holt_winters_with_fit":
      guard let forecast = HoltWinters(name, arguments: arguments) else { break }
      return try transform(.holtWinters(forecast), arguments)
    case "sample":
      guard case .integer(let count)? = arguments.last else { break }
      return .aggregate(
        .sample(Int(clamping: count)), column: try fieldColumn(arguments.first))
    case "top", "bottom":
      guard case .integer(let count)? = arguments.last else { break }
      var keys: [Int] = []
      for case .reference(let key, let cast) in arguments.dropFirst().dropLast() {
        keys.append(column(key, cast: cast))
      }
      return .aggregate(
        .top(Int(clamping: count), keys: keys, isBottom: name == "bottom"),
        column: try fieldColumn(arguments.first))
    case "count":
      if case .call("distinct", let inner)? = arguments.first {
        return .aggregate(.countDistinct, column: try fieldColumn(inner.first))
      }
      return .aggregate(.count, column: try fieldColumn(arguments.first))
    case "percentile":
      let percent: Double =
        switch arguments.last {
        case .integer(let value)?: Double(value)
        case .number(let value)?: value
        default: 0
        }
      return .aggregate(.percentile(percent), column: try fieldColumn(arguments.first))
    case "integral":
      return .aggregate(
        .integral(unit: unit ?? 1_000_000_000), column: try fieldColumn(arguments.first))
    default:
      let simple: [String: Aggregate] = [
        "sum": .sum, "mean": .mean, "min": .min, "max": .max, "first": .first, "last": .last,
        "spread": .spread, "median": .median, "stddev": .stddev, "mode": .mode,
        "distinct": .distinct,
      ]
      guard let aggregate = simple[name] else { break }
      return .aggregate(aggregate, column: try fieldColumn(arguments.first))
    }
    throw QueryError.invalid("undefined function \(name)()")
  }

  private mutating func transform(
    _ transformation: Transformation, _ arguments: [Expression]
  ) throws -> Call {
    if case .call(let inner, let innerArguments)? = arguments.first {
      return .transform(transformation, try call(inner, innerArguments))
    }
    return .transformPoints(transformation, column: try fieldColumn(arguments.first))
  }
}

extension SourceSchema {
  /// What a name stands for: a field before a tag, unless a cast says which.
  func column(_ name: String, cast: Expression.Cast?) -> PlanColumn {
    var type: FieldType?
    var isTag = false
    switch cast {
    case .tag:
      isTag = true
      type = tags.contains(name) || tagColumns.contains(name) ? .string : nil
    case .field: type = fields[name]
    case .float where fields[name].map(Arithmetic.isNumeric) == true: type = .float
    case .integer where fields[name].map(Arithmetic.isNumeric) == true: type = .integer
    case .unsigned where fields[name].map(Arithmetic.isNumeric) == true: type = .unsigned
    case .string where fields[name] == .string: type = .string
    case .boolean where fields[name] == .boolean: type = .boolean
    case .float, .integer, .unsigned, .string, .boolean: type = nil
    case nil:
      if let field = fields[name] {
        type = field
        isTag = tagColumns.contains(name)
      } else if tags.contains(name) {
        type = .string
        isTag = true
      }
    }
    return PlanColumn(name: name, cast: cast, type: type, isTag: isTag)
  }
}
