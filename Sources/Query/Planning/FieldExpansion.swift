import TimeSeries

/// What the sources of a SELECT have together.
struct SourceSchema {
  var fields: [String: FieldType] = [:]
  var tags: Set<String> = []
  /// Columns of a subquery that are tags of its source: projected as fields, used as tags.
  var tagColumns: Set<String> = []

  /// Where sources disagree about a field's type, the stronger one stands for all.
  mutating func addField(_ name: String, _ type: FieldType) {
    if let existing = fields[name], Self.strength(existing) <= Self.strength(type) { return }
    fields[name] = type
  }

  private static func strength(_ type: FieldType) -> Int {
    switch type {
    case .float: 0
    case .integer: 1
    case .unsigned: 2
    case .string: 3
    case .boolean: 4
    }
  }
}

/// Replaces `*` and regexes in projections by what they stand for.
struct FieldExpansion {
  let schema: SourceSchema
  /// Tags in GROUP BY are not projected by `*`.
  let grouped: Set<String>
  /// `GROUP BY *` and regexes take all tags out of `*`, matched or not.
  let groupsByPattern: Bool

  /// Whether a projection stands for others.
  static func isExpanded(_ expression: Expression) -> Bool {
    switch expression {
    case .wildcard, .regex: true
    case .call(_, let arguments): arguments.contains(where: isExpanded)
    case .binary(_, let a, let b): isExpanded(a) || isExpanded(b)
    case .parenthesized(let inner): isExpanded(inner)
    default: false
    }
  }

  func expand(_ field: SelectStatement.Field) throws -> [SelectStatement.Field] {
    switch field.expression {
    case .wildcard(let kind):
      return names(kind).map { SelectStatement.Field(.reference($0.name, cast: $0.cast)) }
    case .regex(let source):
      let pattern = try Pattern(source)
      return names(.all).filter { pattern.matches($0.name) }
        .map { SelectStatement.Field(.reference($0.name, cast: $0.cast)) }
    case .call:
      guard let target = wildcardArgument(field.expression) else { return [field] }
      let function = innermostName(field.expression)
      let pattern: Pattern? =
        if case .regex(let source) = target { try Pattern(source) } else { nil }
      return schema.fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .filter { accepts(function, $0.value) && (pattern?.matches($0.key) ?? true) }
        .map { name, _ in
          SelectStatement.Field(
            replacing(field.expression, with: .reference(name, cast: nil)),
            alias: (field.alias ?? ColumnNames.name(of: field.expression)) + "_" + name)
        }
    default: return [field]
    }
  }

  private func names(
    _ kind: Expression.Wildcard
  ) -> [(name: String, cast: Expression.Cast?)] {
    var result: [(name: String, cast: Expression.Cast?)] = []
    if kind != .tags { result += schema.fields.keys.map { ($0, nil) } }
    if kind != .fields, !groupsByPattern {
      result += schema.tags.subtracting(grouped).map {
        ($0, schema.fields[$0] == nil ? nil : .tag)
      }
    }
    return result.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func wildcardArgument(_ expression: Expression) -> Expression? {
    guard case .call(_, let arguments) = expression, let first = arguments.first else { return nil }
    switch first {
    case .wildcard, .regex: return first
    case .call: return wildcardArgument(first)
    default: return nil
    }
  }

  private func innermostName(_ expression: Expression) -> String {
    guard case .call(let name, let arguments) = expression else { return "" }
    if case .call? = arguments.first { return innermostName(arguments[0]) }
    return name
  }

  private func replacing(_ expression: Expression, with reference: Expression) -> Expression {
    guard case .call(let name, var arguments) = expression, !arguments.isEmpty else {
      return reference
    }
    arguments[0] = replacing(arguments[0], with: reference)
    return .call(name, arguments)
  }

  private func accepts(_ function: String, _ type: FieldType) -> Bool {
    switch function {
    case "count", "first", "last", "distinct", "elapsed", "mode", "sample": true
    case "min", "max": type != .string
    default: Arithmetic.isNumeric(type)
    }
  }
}
