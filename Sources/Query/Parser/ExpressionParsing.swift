/// An expression and the height of its tree, which ``Parser/depthLimit`` bounds.
struct ParsedExpression {
  var expression: Expression
  var height = 1
}

extension Parser {
  mutating func parseExpression() throws(ParseError) -> Expression {
    try parseBinary(above: 0).expression
  }

  /// `WHERE expression`, where it is given.
  mutating func parseCondition() throws(ParseError) -> Expression? {
    skip(.where) ? try parseExpression() : nil
  }

  /// Operands joined by operators that bind tighter than `precedence`.
  private mutating func parseBinary(
    above precedence: Int
  ) throws(ParseError) -> ParsedExpression {
    var left = try parseUnary()
    while let operation = nextOperator, operation.precedence > precedence {
      if operation == .and || operation == .or {
        left = try parseChain(of: operation, after: left)
        continue
      }
      let position = token.position
      advance()
      if operation == .matches || operation == .doesNotMatch {
        left = try join(
          operation, left, ParsedExpression(expression: .regex(try expectRegex())), at: position)
        // A regex is no operand of a tighter operator.
        if let next = nextOperator, next.precedence > operation.precedence {
          throw unexpected("AND", "OR")
        }
      } else {
        left = try join(
          operation, left, try parseBinary(above: operation.precedence), at: position)
      }
    }
    return left
  }

  /// `a AND b AND …`: a balanced tree, so that conditions of thousands of alternatives, which
  /// programs write, stay shallow. For three operands it is the one that associates to the left.
  private mutating func parseChain(
    of operation: BinaryOperator, after first: ParsedExpression
  ) throws(ParseError) -> ParsedExpression {
    let position = token.position
    var operands = [first]
    while nextOperator == operation {
      advance()
      operands.append(try parseBinary(above: operation.precedence))
    }
    while operands.count > 1 {
      var joined: [ParsedExpression] = []
      joined.reserveCapacity(operands.count / 2 + 1)
      for index in stride(from: 0, to: operands.count - 1, by: 2) {
        joined.append(
          try join(operation, operands[index], operands[index + 1], at: position))
      }
      if !operands.count.isMultiple(of: 2) { joined.append(operands[operands.count - 1]) }
      operands = joined
    }
    return operands[0]
  }

  private func join(
    _ operation: BinaryOperator, _ left: ParsedExpression, _ right: ParsedExpression,
    at position: Position
  ) throws(ParseError) -> ParsedExpression {
    let height = max(left.height, right.height) + 1
    guard height <= Self.depthLimit else { throw tooDeep(at: position) }
    return ParsedExpression(
      expression: .binary(operation, left.expression, right.expression), height: height)
  }

  private var nextOperator: BinaryOperator? {
    switch token.kind {
    case .keyword(.and): .and
    case .keyword(.or): .or
    case .symbol(let symbol): BinaryOperator(rawValue: symbol.rawValue)
    default: nil
    }
  }
}

extension Parser {
  /// An operand.
  private mutating func parseUnary() throws(ParseError) -> ParsedExpression {
    let first = token
    switch first.kind {
    case .symbol(.leftParenthesis):
      advance()
      let inner = try nested { (parser) throws(ParseError) in try parser.parseBinary(above: 0) }
      try expect(.rightParenthesis)
      return try wrap(.parenthesized(inner.expression), height: inner.height, at: first.position)
    case .symbol(.plus), .symbol(.minus):
      advance()
      return try parseSigned(isNegative: first.kind == .symbol(.minus))
    case .identifier(let name, _):
      return try parseName(name)
    case .keyword(.distinct):
      return try parseDistinct()
    case .symbol(.star):
      advance()
      return ParsedExpression(expression: .wildcard(try parseWildcard()))
    case .parameter(let name):
      throw ParseError(
        name.isEmpty ? "empty bound parameter" : "missing parameter: \(name)", at: first.position)
    default:
      if let value = try parseValue(isNegative: false) {
        advance()
        return ParsedExpression(expression: value)
      }
      throw unexpected("identifier", "string", "number", "bool")
    }
  }

  private func wrap(
    _ expression: Expression, height: Int, at position: Position
  ) throws(ParseError) -> ParsedExpression {
    guard height < Self.depthLimit else { throw tooDeep(at: position) }
    return ParsedExpression(expression: expression, height: height + 1)
  }

  /// What follows a sign. A negative number is a literal; the negative of anything else is its
  /// product with -1, as InfluxDB has it.
  private mutating func parseSigned(isNegative: Bool) throws(ParseError) -> ParsedExpression {
    switch token.kind {
    case .symbol(.leftParenthesis), .identifier, .keyword(.distinct), .bound(.reference, as: _):
      let position = token.position
      let operand = try parseUnary()
      guard isNegative else { return operand }
      return try join(
        .multiply, ParsedExpression(expression: .integer(-1)), operand, at: position)
    case .integer, .number, .duration, .bound(.integer, as: _), .bound(.unsigned, as: _),
      .bound(.number, as: _), .bound(.duration, as: _):
      guard let value = try parseValue(isNegative: isNegative) else { break }
      advance()
      return ParsedExpression(expression: value)
    default:
      break
    }
    throw unexpected("identifier", "number", "duration", "(")
  }

  /// The literal that the next token is, which stays.
  private func parseValue(isNegative: Bool) throws(ParseError) -> Expression? {
    let position = token.position
    switch token.kind {
    case .string(let text): return .string(text)
    case .keyword(.true): return .boolean(true)
    case .keyword(.false): return .boolean(false)
    case .integer(let digits):
      guard let value = UInt64(digits) else {
        throw ParseError("unable to parse integer", at: position)
      }
      return try integer(value, isNegative: isNegative)
    case .number(let digits):
      // More digits than a double holds: its infinity is out of range here.
      guard let value = Double(digits), value.isFinite else {
        throw ParseError("unable to parse number", at: position)
      }
      return .number(isNegative ? -value : value)
    case .duration(let text):
      let magnitude = try parseDuration(text, at: position)
      guard let value = Int64(magnitude: magnitude, isNegative: isNegative) else {
        throw ParseError(
          "overflowed duration \(text): choose a smaller duration or INF", at: position)
      }
      return .duration(value)
    case .bound(let value, as: let name):
      return try parameter(value, name: name, isNegative: isNegative)
    default:
      return nil
    }
  }

  private func integer(_ value: UInt64, isNegative: Bool) throws(ParseError) -> Expression {
    if let value = Int64(magnitude: value, isNegative: isNegative) { return .integer(value) }
    guard !isNegative else {
      throw ParseError("constant -\(value) underflows int64", at: token.position)
    }
    return .unsigned(value)
  }

  private func parameter(
    _ value: Expression, name: String, isNegative: Bool
  ) throws(ParseError) -> Expression? {
    switch value {
    case .integer(let number):
      return try integer(number.magnitude, isNegative: isNegative != (number < 0))
    case .unsigned(let number): return try integer(number, isNegative: isNegative)
    case .number(let number) where number.isFinite: return .number(isNegative ? -number : number)
    case .duration(let length):
      guard isNegative else { return value }
      guard length != .min else {
        throw ParseError("overflowed duration in parameter: \(name)", at: token.position)
      }
      return .duration(-length)
    case .string, .boolean: return value
    case .reference(_, cast: _) where !isNegative: return value
    case .regex: return nil
    default:
      throw ParseError("invalid value of parameter: \(name)", at: token.position)
    }
  }
}

extension Parser {
  /// A call where a parenthesis follows at once, else a reference.
  private mutating func parseName(_ name: String) throws(ParseError) -> ParsedExpression {
    // The name itself may be the first of several parts, so look without moving on.
    var ahead = self
    ahead.advance()
    if ahead.token.kind == .symbol(.leftParenthesis), !ahead.token.isSpaced {
      self = ahead
      return try parseCall(name.lowercased())
    }
    let reference = try parseSegments().names.joined(separator: ".")
    return ParsedExpression(expression: .reference(reference, cast: try parseCast()))
  }

  /// Arguments in parentheses, of which the opening one is next.
  private mutating func parseCall(_ name: String) throws(ParseError) -> ParsedExpression {
    let position = token.position
    advance()
    var arguments: [Expression] = []
    var height = 0
    if !skip(.rightParenthesis) {
      repeat {
        if let pattern = try parseRegex() {
          arguments.append(.regex(pattern))
          height = max(height, 1)
        } else {
          let argument = try nested { (parser) throws(ParseError) in
            try parser.parseBinary(above: 0)
          }
          arguments.append(argument.expression)
          height = max(height, argument.height)
        }
      } while skip(.comma)
      try expect(.rightParenthesis)
    }
    return try wrap(.call(name, arguments), height: height, at: position)
  }

  /// `DISTINCT(name)` or `DISTINCT name`: a call either way.
  private mutating func parseDistinct() throws(ParseError) -> ParsedExpression {
    advance()
    if token.kind == .symbol(.leftParenthesis), !token.isSpaced {
      return try parseCall("distinct")
    }
    guard token.isSpaced else { throw unexpected("(", "identifier") }
    let name = try parseIdentifier()
    return ParsedExpression(
      expression: .call("distinct", [.reference(name, cast: nil)]), height: 2)
  }

  /// `::field` or `::tag` behind a star, where it is given.
  private mutating func parseWildcard() throws(ParseError) -> Expression.Wildcard {
    guard token.kind == .symbol(.doubleColon), !token.isSpaced else { return .all }
    advance()
    if skip(.field) { return .fields }
    if skip(.tag) { return .tags }
    throw unexpected("field", "tag")
  }

  /// `::type` behind a reference, where it is given.
  private mutating func parseCast() throws(ParseError) -> Expression.Cast? {
    guard token.kind == .symbol(.doubleColon), !token.isSpaced else { return nil }
    advance()
    if skip(.field) { return .field }
    if skip(.tag) { return .tag }
    for (word, cast) in [
      ("float", Expression.Cast.float), ("integer", .integer), ("unsigned", .unsigned),
      ("string", .string), ("boolean", .boolean),
    ] where skip(word: word) {
      return cast
    }
    // InfluxDB forgets one type unless it has found a name.
    if case .identifier = token.kind {
      throw unexpected("float", "integer", "unsigned", "string", "boolean", "field", "tag")
    }
    throw unexpected("float", "integer", "string", "boolean", "field", "tag")
  }
}

extension Int64 {
  /// Nil where it does not fit.
  fileprivate init?(magnitude: UInt64, isNegative: Bool) {
    guard isNegative else {
      self.init(exactly: magnitude)
      return
    }
    guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
    self = 0 &- Int64(truncatingIfNeeded: magnitude)
  }
}
