extension Parser {
  /// Where a SELECT stands, which decides whether it can have INTO.
  enum SelectPlace {
    case statement, continuousQuery, subquery
  }

  /// A SELECT of which the keyword has been read.
  mutating func parseSelect(
    in place: SelectPlace = .statement
  ) throws(ParseError) -> SelectStatement {
    var select = SelectStatement(fields: [try parseField()], sources: [])
    while skip(.comma) { select.fields.append(try parseField()) }
    select.into = try parseInto(in: place)
    try expect(.from)
    select.sources = try parseSources(allowsSubqueries: true)
    select.condition = try parseCondition()
    if let group = try parseGroupBy() {
      select.interval = group.interval
      select.dimensions = group.dimensions
    }
    select.fill = try parseFill()
    select.descending = try parseOrderBy()
    select.limit = try parseCount(.limit)
    select.offset = try parseCount(.offset)
    select.seriesLimit = try parseCount(.slimit)
    select.seriesOffset = try parseCount(.soffset)
    select.timeZone = try parseTimeZone()
    return select
  }

  private mutating func parseField() throws(ParseError) -> SelectStatement.Field {
    let position = token.position
    let expression: Expression
    if let pattern = try parseRegex() {
      expression = .regex(pattern)
    } else {
      expression = try parseExpression()
      if let found = expression.firstCondition {
        throw ParseError(
          message: "invalid operator \(found.rawValue) in SELECT clause at \(position); "
            + "operator is intended for WHERE clause", at: position)
      }
    }
    return .init(expression, alias: skip(.as) ? try parseIdentifier() : nil)
  }

  private mutating func parseInto(
    in place: SelectPlace
  ) throws(ParseError) -> MeasurementName? {
    guard place != .subquery, skip(.into) else {
      if place == .continuousQuery { throw unexpected("INTO") }
      return nil
    }
    var segments: [String] = []
    if token.kind != .symbol(.colon) {
      let (names, isOpen) = try parseSegments(before: .colon)
      guard isOpen else { return MeasurementName(segments: names) }
      segments = names
    }
    let position = token.position
    try expect(.colon)
    guard skip(.measurement) else {
      throw segments.isEmpty
        ? ParseError("found :, expected identifier", at: position) : unexpected("MEASUREMENT")
    }
    return MeasurementName(segments: segments, name: .backReference)
  }

  /// `fill(…)`, where it is given.
  private mutating func parseFill() throws(ParseError) -> SelectStatement.Fill {
    guard let (arguments, position) = try parseClause("fill") else { return .null }
    guard arguments.count == 1 else {
      throw ParseError(
        "fill requires an argument, e.g.: 0, null, none, previous, linear", at: position)
    }
    switch arguments[0] {
    case .reference(let word, cast: nil):
      switch word.lowercased() {
      case "null": return .null
      case "none": return .none
      case "previous": return .previous
      case "linear": return .linear
      default: break
      }
    case .integer, .number: return .value(arguments[0])
    default: break
    }
    throw ParseError("expected number argument in fill()", at: position)
  }

  /// `tz('…')`, where it is given.
  private mutating func parseTimeZone() throws(ParseError) -> String? {
    guard let (arguments, position) = try parseClause("tz") else { return nil }
    guard arguments.count == 1 else {
      throw ParseError("tz requires exactly one argument", at: position)
    }
    guard case .string(let name) = arguments[0] else {
      throw ParseError("expected string argument in tz()", at: position)
    }
    do {
      _ = try TimeZones.clock(named: name)
    } catch {
      throw ParseError("\(error)", at: position)
    }
    return name
  }

  /// A clause in the form of a call; its arguments, where it is given.
  private mutating func parseClause(
    _ name: String
  ) throws(ParseError) -> ([Expression], Position)? {
    guard case .identifier(let word, _) = token.kind, word.lowercased() == name else { return nil }
    let position = token.position
    guard case .call(name, let arguments) = try parseExpression() else {
      throw ParseError("\(name) must be a function call", at: position)
    }
    return (arguments, position)
  }

  /// `ORDER BY time`, where it is given: whether descending.
  mutating func parseOrderBy() throws(ParseError) -> Bool {
    guard skip(.order) else { return false }
    try expect(.by)
    let position = token.position
    if skip(.asc) { return false }
    if skip(.desc) { return true }
    guard case .identifier(let name, _) = token.kind else {
      throw unexpected("identifier", "ASC", "DESC")
    }
    advance()
    let descending = skip(.desc)
    if !descending { _ = skip(.asc) }
    guard name == "time", token.kind != .symbol(.comma) else {
      throw ParseError("only ORDER BY time supported at this time", at: position)
    }
    return descending
  }

  /// The keyword and a number, where they are given; nil also for 0, which is no limit.
  mutating func parseCount(_ keyword: Keyword) throws(ParseError) -> Int? {
    guard skip(keyword) else { return nil }
    let count = try parseInteger(in: 0...Int64.max)
    return count == 0 ? nil : count
  }
}

extension Parser {
  mutating func parseSources(allowsSubqueries: Bool) throws(ParseError) -> [Source] {
    var sources: [Source] = []
    repeat {
      if allowsSubqueries, token.kind == .symbol(.leftParenthesis) {
        advance()
        let select = try nested { (parser) throws(ParseError) in
          try parser.expect(.select)
          return try parser.parseSelect(in: .subquery)
        }
        try expect(.rightParenthesis)
        sources.append(.subquery(select))
      } else {
        sources.append(.measurement(try parseMeasurement()))
      }
    } while skip(.comma)
    return sources
  }

  /// `[[database.]policy.]name`, where the name can be a regex.
  mutating func parseMeasurement() throws(ParseError) -> MeasurementName {
    if let pattern = try parseRegex() { return MeasurementName(name: .regex(pattern)) }
    let (segments, isOpen) = try parseSegments(before: .slash)
    return isOpen
      ? MeasurementName(segments: segments, name: .regex(try expectRegex()))
      : MeasurementName(segments: segments)
  }
}

extension MeasurementName {
  /// From one to three parts, the last of which is the name.
  fileprivate init(segments: [String]) {
    self.init(segments: segments.dropLast(), name: .literal(segments.last ?? ""))
  }

  /// From up to two parts before the name; an empty one is left out.
  fileprivate init(segments: [String], name: Name) {
    let filled = segments.map { $0.isEmpty ? nil : $0 }
    self.init(
      database: filled.count > 1 ? filled[0] : nil, retentionPolicy: filled.last ?? nil,
      name: name)
  }
}

extension Expression {
  /// The first operator in it that gives a boolean.
  fileprivate var firstCondition: BinaryOperator? {
    switch self {
    case .binary(let operation, let left, let right):
      if operation.precedence <= BinaryOperator.equal.precedence { return operation }
      return left.firstCondition ?? right.firstCondition
    case .parenthesized(let inner): return inner.firstCondition
    case .call(_, let arguments):
      for argument in arguments {
        if let found = argument.firstCondition { return found }
      }
      return nil
    default: return nil
    }
  }
}
