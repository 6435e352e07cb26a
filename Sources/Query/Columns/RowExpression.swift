import TimeSeries

/// A projected expression after planning: what is left to do on a batch of rows, whose columns are
/// references (raw queries) or the results of calls (aggregates).
indirect enum RowExpression: Sendable, Hashable {
  case column(Int)
  case literal(FieldValue)
  case math(MathFunction, [RowExpression])
  case binary(BinaryOperator, RowExpression, RowExpression)
  /// Division as WHERE has it: of integers an integer, where SELECT gives a float.
  case quotient(RowExpression, RowExpression)

  /// The type of the results where the columns have these types; nil (unknown) gives nulls.
  func type(columns: [FieldType?]) -> FieldType? {
    switch self {
    case .column(let index): return columns[index]
    case .literal(let value): return value.type
    case .math(let function, let arguments):
      return arguments.first?.type(columns: columns).flatMap(function.type(of:))
    case .binary(let op, let a, let b):
      guard let a = a.type(columns: columns), let b = b.type(columns: columns) else { return nil }
      return Arithmetic.type(op, a, b)
    case .quotient(let a, let b):
      guard let a = a.type(columns: columns), let b = b.type(columns: columns),
        Arithmetic.isNumeric(a), Arithmetic.isNumeric(b)
      else { return nil }
      // Operands of a remainder and of such a division have the same types.
      return Arithmetic.type(.modulo, a, b)
    }
  }

  /// The columns that ``evaluate(_:)`` looks at.
  var columns: Set<Int> {
    switch self {
    case .column(let index): [index]
    case .literal: []
    case .math(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.columns) }
    case .binary(_, let a, let b), .quotient(let a, let b): a.columns.union(b.columns)
    }
  }

  /// - Throws: ``QueryError/overflow(_:_:)``
  func evaluate(_ batch: RowBatch) throws -> Column {
    switch self {
    case .column(let index): return batch.columns[index]
    case .literal(let value):
      return Column(repeating: value, count: batch.count, type: value.type)
    case .math(let function, let arguments):
      return try function.apply(arguments.map { try $0.evaluate(batch) })
    case .quotient(let a, let b):
      return try Arithmetic.quotient(a.evaluate(batch), b.evaluate(batch))
    case .binary(let op, let a, let b):
      switch op {
      case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
        return Column(.boolean(Comparison.apply(op, try a.evaluate(batch), try b.evaluate(batch))))
      default: return try Arithmetic.apply(op, a.evaluate(batch), b.evaluate(batch))
      }
    }
  }
}
