extension Parser {
  /// A SHOW of which the keyword has been read.
  mutating func parseShow() throws(ParseError) -> Statement {
    switch token.kind {
    case .keyword(.continuous):
      advance()
      try expect(.queries)
      return .showContinuousQueries
    case .keyword(.databases):
      advance()
      return .showDatabases
    case .keyword(.queries):
      advance()
      return .showQueries
    case .keyword(.retention):
      advance()
      try expect(.policies)
      return .showRetentionPolicies(database: try parseOn())
    case .keyword(.measurement):
      advance()
      try expectCardinality()
      return .showMeasurements(try parseCardinality())
    case .keyword(.measurements):
      advance()
      return .showMeasurements(try parseShowMeasurements())
    case .keyword(.series):
      advance()
      return .showSeries(try parseShowSeries())
    case .keyword(.field):
      advance()
      return try parseShowFields()
    case .keyword(.tag):
      advance()
      return try parseShowTags()
    default:
      if skip(word: "suspects") { return .showSuspects(try parseShowSuspects()) }
      guard skip(word: "models") else {
        throw unexpected(
          "CONTINUOUS", "DATABASES", "FIELD", "MEASUREMENT", "MEASUREMENTS", "MODELS", "QUERIES",
          "RETENTION", "SERIES", "SUSPECTS", "TAG")
      }
      return .showModels(database: try parseOn())
    }
  }

  private mutating func parseShowMeasurements() throws(ParseError) -> ShowStatement {
    var show = ShowStatement()
    show.database = try parseOn()
    if skip(.with) {
      try expect(.measurement)
      guard skip(.equal) || skip(.matches) else { throw unexpected("=", "=~") }
      show.sources = [try parseMeasurement()]
    }
    try parseConditionAndLimits(&show)
    return show
  }

  private mutating func parseShowSeries() throws(ParseError) -> ShowStatement {
    if skip(.exact) {
      try expect(.cardinality)
      return try parseCardinality()
    }
    if skip(.cardinality) { return try parseCardinality() }
    return try parseRest()
  }

  private mutating func parseShowFields() throws(ParseError) -> Statement {
    if skip(.key) {
      try expectCardinality()
      return .showFieldKeys(try parseCardinality())
    }
    guard skip(.keys) else { throw unexpected("KEY", "KEYS") }
    return .showFieldKeys(try parseRest(hasCondition: false))
  }

  private mutating func parseShowTags() throws(ParseError) -> Statement {
    if skip(.key) {
      try expectCardinality()
      return .showTagKeys(try parseCardinality())
    }
    if skip(.keys) { return .showTagKeys(try parseRest()) }
    guard skip(.values) else { throw unexpected("KEY", "KEYS", "VALUES") }
    var show = ShowStatement()
    if skip(.exact) {
      try expect(.cardinality)
      show.cardinality = true
    } else if skip(.cardinality) {
      show.cardinality = true
    }
    try parseOnAndFrom(&show)
    let keys = try parseKeySelection()
    try parseConditionAndLimits(&show)
    return .showTagValues(show, keys: keys)
  }

  private mutating func parseShowSuspects() throws(ParseError) -> ShowSuspectsStatement {
    let database = try parseOn()
    try expect(.from)
    var show = ShowSuspectsStatement(source: try parseMeasurementName())
    show.database = database
    if skip(word: "graph") { show.graph = try parseMeasurementName() }
    show.condition = try parseCondition()
    show.limit = try parseCount(.limit)
    return show
  }

  /// `WITH KEY …`.
  private mutating func parseKeySelection() throws(ParseError) -> TagKeySelection {
    try expect(.with)
    try expect(.key)
    if skip(.in) { return .oneOf(try parseKeyList()) }
    if skip(.equal) { return .oneOf([try parseIdentifier()]) }
    if skip(.notEqual) { return .noneOf([try parseIdentifier()]) }
    if skip(.matches) { return .matching(try expectRegex()) }
    if skip(.doesNotMatch) { return .notMatching(try expectRegex()) }
    guard skip(word: "not") else { throw unexpected("IN", "=", "=~") }
    try expect(.in)
    return .noneOf(try parseKeyList())
  }

  private mutating func parseKeyList() throws(ParseError) -> [String] {
    try expect(.leftParenthesis)
    let keys = try parseIdentifiers()
    try expect(.rightParenthesis)
    return keys
  }
}

extension Parser {
  private mutating func expectCardinality() throws(ParseError) {
    let isExact = skip(.exact)
    guard skip(.cardinality) else {
      throw isExact ? unexpected("CARDINALITY") : unexpected("EXACT", "CARDINALITY")
    }
  }

  private mutating func parseCardinality() throws(ParseError) -> ShowStatement {
    var show = try parseRest()
    show.cardinality = true
    return show
  }

  private mutating func parseRest(
    hasCondition: Bool = true
  ) throws(ParseError) -> ShowStatement {
    var show = ShowStatement()
    try parseOnAndFrom(&show)
    if hasCondition {
      try parseConditionAndLimits(&show)
    } else {
      try parseLimits(&show)
    }
    return show
  }

  private mutating func parseOnAndFrom(_ show: inout ShowStatement) throws(ParseError) {
    show.database = try parseOn()
    guard skip(.from) else { return }
    repeat { show.sources.append(try parseMeasurement()) } while skip(.comma)
  }

  /// A measurement, by its name.
  private mutating func parseMeasurementName() throws(ParseError) -> MeasurementName {
    if token.kind == .symbol(.slash) { throw unexpected("identifier") }
    let position = token.position
    let name = try parseMeasurement()
    if case .regex = name.name {
      throw ParseError("one measurement is needed here, not a regex", at: position)
    }
    return name
  }

  private mutating func parseConditionAndLimits(
    _ show: inout ShowStatement
  ) throws(ParseError) {
    show.condition = try parseCondition()
    try parseLimits(&show)
  }

  private mutating func parseLimits(_ show: inout ShowStatement) throws(ParseError) {
    show.limit = try parseCount(.limit)
    show.offset = try parseCount(.offset)
  }
}
