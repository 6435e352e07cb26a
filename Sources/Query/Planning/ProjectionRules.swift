import TimeSeries

/// What a SELECT's projections are allowed to be, checked before wildcards are expanded, in
/// InfluxDB's words.
struct ProjectionRules {
  private(set) var callCount = 0
  private(set) var onlySelectors = true
  private(set) var hasAuxiliaryFields = false
  private var hasDistinct = false
  private var topBottom: String?
  private let interval: SelectStatement.Interval?
  private let inheritsInterval: Bool
  private let limit: Int?

  /// - Parameter inheritsInterval: the interval is an outer query's.
  init(
    _ statement: SelectStatement, interval: SelectStatement.Interval?, inheritsInterval: Bool
  ) throws {
    self.interval = interval
    self.inheritsInterval = inheritsInterval
    limit = statement.limit
    var count = 0
    for field in statement.fields {
      if case .reference("time", _) = field.expression { continue }
      count += 1
      guard field.expression.hasVariable else {
        throw QueryError.invalid("field must contain at least one variable")
      }
      try check(field.expression, allowsWildcard: true)
    }
    if count == 0 { throw QueryError.invalid("at least 1 non-time field must be queried") }
    try checkTogether(fill: statement.fill)
  }

  private func checkTogether(fill: SelectStatement.Fill) throws {
    if callCount > 1, let topBottom {
      throw QueryError.invalid(
        "selector function \(topBottom)() cannot be combined with other functions")
    }
    if callCount == 0 {
      switch fill {
      case .none: throw QueryError.invalid("fill(none) must be used with a function")
      case .linear: throw QueryError.invalid("fill(linear) must be used with a function")
      default: break
      }
      if interval != nil, !inheritsInterval {
        throw QueryError.invalid("GROUP BY requires at least one aggregate function")
      }
    }
    if hasDistinct, callCount != 1 || hasAuxiliaryFields {
      throw QueryError.invalid(
        "aggregate function distinct() cannot be combined with other functions or fields")
    }
    if hasAuxiliaryFields {
      if !onlySelectors {
        throw QueryError.invalid("mixing aggregate and non-aggregate queries is not supported")
      }
      if callCount > 1 {
        throw QueryError.invalid(
          "mixing multiple selector functions with tags or fields is not supported")
      }
    }
  }

  private mutating func check(_ expression: Expression, allowsWildcard: Bool) throws {
    switch expression {
    case .reference: hasAuxiliaryFields = true
    case .wildcard:
      hasAuxiliaryFields = true
      if !allowsWildcard {
        throw QueryError.invalid("unable to use wildcard in a binary expression")
      }
    case .regex:
      if !allowsWildcard {
        throw QueryError.invalid("unable to use regex in a binary expression")
      }
      hasAuxiliaryFields = true
    case .parenthesized(let inner): try check(inner, allowsWildcard: allowsWildcard)
    case .binary(let op, let a, let b):
      if op.precedence < 4 {
        throw QueryError.invalid("invalid operator \(op.rawValue) in SELECT clause")
      }
      if !a.isLiteral { try check(a, allowsWildcard: false) }
      if !b.isLiteral { try check(b, allowsWildcard: false) }
    case .call(let name, let arguments):
      try check(call: name, arguments, allowsWildcard: allowsWildcard)
    case .integer, .unsigned, .number, .string, .boolean, .duration:
      throw QueryError.invalid("field must contain at least one variable")
    }
  }

  private mutating func check(
    call name: String, _ arguments: [Expression], allowsWildcard: Bool
  ) throws {
    if let function = MathFunction(rawValue: name) {
      try expect(function.argumentCount, arguments, name)
      for argument in arguments where !argument.isLiteral {
        try check(argument, allowsWildcard: allowsWildcard)
      }
      return
    }
    callCount += 1
    if let kind = Indicator.Kind(rawValue: name) {
      try kind.check(arguments)
      return try checkTransformation(name, arguments[0], allowsWildcard)
    }
    switch name {
    case "holt_winters", "holt_winters_with_fit":
      try HoltWinters.check(name, arguments)
      try checkTransformation(name, arguments[0], allowsWildcard)
    case "sample":
      try expect(2, arguments, name)
      guard case .integer(let size) = arguments[1] else {
        throw QueryError.invalid("expected integer argument in sample()")
      }
      guard size > 0 else {
        throw QueryError.invalid("sample window must be greater than 1, got \(size)")
      }
      try checkField(arguments[0], name, allowsWildcard)
    case "max", "min", "first", "last":
      try expect(1, arguments, name)
      try checkField(arguments[0], name, allowsWildcard)
    case "count", "sum", "mean", "median", "mode", "stddev", "spread":
      onlySelectors = false
      try expect(1, arguments, name)
      if name == "count", case .call("distinct", let inner) = arguments[0] {
        return try checkDistinct(inner, nested: true)
      }
      try checkField(arguments[0], name, allowsWildcard)
    case "percentile":
      try expect(2, arguments, name)
      switch arguments[1] {
      case .integer, .number: break
      default: throw QueryError.invalid("expected float argument in percentile()")
      }
      try checkField(arguments[0], name, allowsWildcard)
    case "distinct": try checkDistinct(arguments, nested: false)
    case "integral":
      onlySelectors = false
      try expect(1...2, arguments, name)
      if arguments.count == 2 {
        guard case .duration(let unit) = arguments[1] else {
          throw QueryError.invalid("second argument must be a duration")
        }
        try checkPositive(unit)
      }
      try checkField(arguments[0], name, allowsWildcard)
    case "top", "bottom": try checkTopBottom(name, arguments)
    case "derivative", "non_negative_derivative", "elapsed":
      try expect(1...2, arguments, name)
      if arguments.count == 2 {
        guard case .duration(let unit) = arguments[1] else {
          throw QueryError.invalid(
            "second argument to \(name) must be a duration, got \(arguments[1].goTypeName)")
        }
        try checkPositive(unit)
      }
      try checkTransformation(name, arguments[0], allowsWildcard)
    case "difference", "non_negative_difference", "cumulative_sum":
      guard arguments.count == 1 else {
        throw QueryError.invalid(
          "invalid number of arguments for \(name), expected 1, got \(arguments.count)")
      }
      try checkTransformation(name, arguments[0], allowsWildcard)
    case "moving_average":
      guard arguments.count == 2 else {
        throw QueryError.invalid(
          "invalid number of arguments for moving_average, expected 2, got \(arguments.count)")
      }
      guard case .integer(let window) = arguments[1] else {
        throw QueryError.invalid(
          "second argument for moving_average must be an integer, got \(arguments[1].goTypeName)")
      }
      guard window > 1 else {
        throw QueryError.invalid("moving_average window must be greater than 1, got \(window)")
      }
      try checkTransformation(name, arguments[0], allowsWildcard)
    default: throw QueryError.invalid("undefined function \(name)()")
    }
  }

  private func expect(_ count: Int, _ arguments: [Expression], _ name: String) throws {
    guard arguments.count == count else {
      throw QueryError.invalid(
        "invalid number of arguments for \(name), expected \(count), got \(arguments.count)")
    }
  }

  private func expect(
    _ counts: ClosedRange<Int>, _ arguments: [Expression], _ name: String
  ) throws {
    guard counts.contains(arguments.count) else {
      throw QueryError.invalid(
        "invalid number of arguments for \(name), expected at least \(counts.lowerBound) but no "
          + "more than \(counts.upperBound), got \(arguments.count)")
    }
  }

  private func checkPositive(_ duration: Int64) throws {
    guard duration > 0 else {
      throw QueryError.invalid(
        "duration argument must be positive, got \(DurationLiteral.format(duration))")
    }
  }

  private mutating func checkField(
    _ argument: Expression, _ name: String, _ allowsWildcard: Bool
  ) throws {
    switch argument {
    case .reference: break
    case .wildcard, .regex:
      guard allowsWildcard else {
        let kind = if case .wildcard = argument { "wildcard" } else { "regex field" }
        throw QueryError.invalid("unsupported expression with \(kind): \(name)()")
      }
      onlySelectors = false
    default: throw QueryError.invalid("expected field argument in \(name)()")
    }
  }

  private mutating func checkDistinct(_ arguments: [Expression], nested: Bool) throws {
    guard let argument = arguments.first else {
      throw QueryError.invalid("distinct function requires at least one argument")
    }
    guard arguments.count == 1 else {
      throw QueryError.invalid("distinct function can only have one argument")
    }
    guard case .reference = argument else {
      throw QueryError.invalid("expected field argument in distinct()")
    }
    if !nested { hasDistinct = true }
    onlySelectors = false
  }

  private mutating func checkTopBottom(_ name: String, _ arguments: [Expression]) throws {
    if let topBottom {
      throw QueryError.invalid(
        "selector function \(topBottom)() cannot be combined with other functions")
    }
    guard arguments.count >= 2, let last = arguments.last else {
      throw QueryError.invalid(
        "invalid number of arguments for \(name), expected at least 2, got \(arguments.count)")
    }
    guard case .integer(let count) = last else {
      throw QueryError.invalid("expected integer as last argument in \(name)(), found \(last)")
    }
    guard count > 0 else {
      throw QueryError.invalid("limit (\(count)) in \(name) function must be at least 1")
    }
    if let limit, limit > 0, count > limit {
      throw QueryError.invalid(
        "limit (\(count)) in \(name) function can not be larger than the LIMIT (\(limit)) in the "
          + "select statement")
    }
    guard case .reference = arguments[0] else {
      throw QueryError.invalid(
        "expected first argument to be a field in \(name)(), found \(arguments[0])")
    }
    for argument in arguments.dropFirst().dropLast() {
      guard case .reference = argument else {
        throw QueryError.invalid(
          "only fields or tags are allowed in \(name)(), found \(argument)")
      }
      hasAuxiliaryFields = true
    }
    topBottom = name
  }

  private mutating func checkTransformation(
    _ name: String, _ argument: Expression, _ allowsWildcard: Bool
  ) throws {
    onlySelectors = false
    guard case .call(let inner, let arguments) = argument else {
      if interval != nil, !inheritsInterval {
        throw QueryError.invalid("aggregate function required inside the call to \(name)")
      }
      return try checkField(argument, name, allowsWildcard)
    }
    guard interval != nil else {
      throw QueryError.invalid("\(name) aggregate requires a GROUP BY interval")
    }
    callCount -= 1
    if inner == "distinct" {
      callCount += 1
      return try checkDistinct(arguments, nested: true)
    }
    try check(argument, allowsWildcard: allowsWildcard)
  }
}

extension Expression {
  /// Whether there is a field, tag, wildcard or call in it.
  var hasVariable: Bool {
    switch self {
    case .reference, .wildcard, .regex, .call: true
    case .binary(_, let a, let b): a.hasVariable || b.hasVariable
    case .parenthesized(let inner): inner.hasVariable
    default: false
    }
  }
}
