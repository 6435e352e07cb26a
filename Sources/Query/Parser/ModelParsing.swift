extension Parser {
  /// `CREATE MODEL` has been read.
  mutating func parseCreateModel() throws(ParseError) -> CreateModelStatement {
    let name = try parseIdentifier()
    let database = try parseOn()
    try expect(.from)
    if token.kind == .symbol(.slash) { throw unexpected("identifier") }
    let position = token.position
    let source = try parseMeasurement()
    if case .regex = source.name {
      throw ParseError("a model has one measurement, not a regex", at: position)
    }
    try expect(word: "fields")
    let fields = try parseIdentifiers()
    let condition = try parseCondition()
    let groupPosition = token.position
    let group = try parseGroupBy()
    guard let interval = group?.interval else { throw unexpected("GROUP BY time(...)") }
    guard interval.every > 0 else {
      throw ParseError("time dimension must be longer than zero", at: groupPosition)
    }
    var share: String?
    if skip(word: "share") {
      try expect(.by)
      share = try parseIdentifier()
    }
    try expect(word: "using")
    let architecture = try parseIdentifier().lowercased()
    return CreateModelStatement(
      name: name, database: database, source: source, fields: fields, condition: condition,
      interval: interval, dimensions: group?.dimensions ?? [], share: share,
      architecture: architecture,
      options: skip(.with) ? try parseOptions() : [], schedule: try parseSchedule())
  }

  /// `RETRAIN EVERY d OVER d`, where it is given.
  private mutating func parseSchedule() throws(ParseError) -> CreateModelStatement.Schedule? {
    guard skip(word: "retrain") else { return nil }
    try expect(.every)
    let every = try parsePositiveDuration()
    try expect(word: "over")
    return .init(every: every, over: try parsePositiveDuration())
  }

  private mutating func parsePositiveDuration() throws(ParseError) -> Int64 {
    let position = token.position
    let duration = try parseDuration()
    if duration == 0 { throw ParseError("duration must be above 0", at: position) }
    return duration
  }

  /// RETRAIN has been read.
  mutating func parseRetrain() throws(ParseError) -> Statement {
    try expect(word: "model")
    let name = try parseIdentifier()
    let database = try parseOn()
    return .retrainModel(
      name: name, database: database, since: skip(word: "since") ? try parseExpression() : nil)
  }

  /// `(name = literal, …)`.
  private mutating func parseOptions() throws(ParseError) -> [CreateModelStatement.Option] {
    var options: [CreateModelStatement.Option] = []
    try expect(.leftParenthesis)
    repeat {
      let position = token.position
      let name = try parseIdentifier().lowercased()
      if options.contains(where: { $0.name == name }) {
        throw ParseError("option \(name) is given twice", at: position)
      }
      try expect(.equal)
      options.append(.init(name: name, value: try parseLiteral()))
    } while skip(.comma)
    try expect(.rightParenthesis)
    return options
  }

  private mutating func parseLiteral() throws(ParseError) -> Expression {
    let first = token
    let value = try parseExpression()
    switch value {
    case .integer, .unsigned, .number, .string, .boolean, .duration: return value
    default: throw unexpected("string", "number", "bool", "duration", found: first)
    }
  }
}
