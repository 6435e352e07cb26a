import TimeSeries

/// Binds a WHERE clause to the columns of a plan, adding those that only it needs.
struct ConditionBinder {
  let schema: SourceSchema
  var columns: [PlanColumn]

  mutating func bind(_ expression: Expression) throws -> RowCondition {
    switch expression {
    case .boolean(let value): return .constant(value)
    case .parenthesized(let inner): return try bind(inner)
    case .binary(.and, let a, let b): return .both(try bind(a), try bind(b))
    case .binary(.or, let a, let b): return .either(try bind(a), try bind(b))
    case .reference(let name, let cast): return .column(column(name, cast))
    case .binary(let op, let left, .integer(let time)) where left.isTime:
      return .time(try TimeCondition.times(op, time))
    case .binary(let op, let left, let right) where op == .matches || op == .doesNotMatch:
      let (reference, pattern) =
        if case .regex = left { (right, left) } else { (left, right) }
      guard case .reference(let name, let cast) = reference, case .regex(let source) = pattern
      else { throw invalid(expression) }
      return .matches(
        column: column(name, cast), try Pattern(source), negated: op == .doesNotMatch)
    case .binary(let op, let left, let right) where op.precedence == 3:
      switch (left, right) {
      case (.reference(let name, let cast), .string(let text)),
        (.string(let text), .reference(let name, let cast)):
        guard op == .equal || op == .notEqual else { break }
        return .tagEquals(column: column(name, cast), text, negated: op == .notEqual)
      default: break
      }
      return .compare(op, try value(left), try value(right))
    default: throw invalid(expression)
    }
  }

  private mutating func value(_ expression: Expression) throws -> RowExpression {
    if let value = expression.literalValue { return .literal(value) }
    switch expression {
    case .reference(let name, let cast): return .column(column(name, cast))
    case .parenthesized(let inner): return try value(inner)
    case .binary(.divide, let a, let b): return .quotient(try value(a), try value(b))
    case .binary(let op, let a, let b): return .binary(op, try value(a), try value(b))
    case .call(let name, let arguments):
      guard let function = MathFunction(rawValue: name),
        arguments.count == function.argumentCount
      else { throw QueryError.invalid("invalid function call in condition: \(expression)") }
      var values: [RowExpression] = []
      for argument in arguments { values.append(try value(argument)) }
      return .math(function, values)
    default: throw invalid(expression)
    }
  }

  private mutating func column(_ name: String, _ cast: Expression.Cast?) -> Int {
    if let known = columns.firstIndex(where: { $0.name == name && $0.cast == cast }) {
      return known
    }
    columns.append(schema.column(name, cast: cast))
    return columns.count - 1
  }

  private func invalid(_ expression: Expression) -> QueryError {
    .invalid("invalid condition expression: \(expression)")
  }
}
