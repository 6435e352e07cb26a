import Query

/// Which models a SELECT asks.
enum ModelReferences {
  /// The names in `rl("name")` and the other functions of models, subqueries included.
  static func names(in select: SelectStatement) -> Set<String> {
    var names: Set<String> = []
    for field in select.fields { collect(field.expression, into: &names) }
    for case .subquery(let inner) in select.sources { names.formUnion(self.names(in: inner)) }
    return names
  }

  private static func collect(_ expression: Expression, into names: inout Set<String>) {
    switch expression {
    case .call(let function, let arguments) where ModelFunction(rawValue: function) != nil:
      switch arguments.first {
      case .reference(let name, _), .string(let name): names.insert(name)
      default: break
      }
    case .call(_, let arguments):
      for argument in arguments { collect(argument, into: &names) }
    case .binary(_, let left, let right):
      collect(left, into: &names)
      collect(right, into: &names)
    case .parenthesized(let inner): collect(inner, into: &names)
    default: break
    }
  }
}
