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
      return .showMeasurements(try parseRest(counting: try expectCardinality()))
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
    try parseRest(counting: try parseCardinality())
  }

  private mutating func parseShowFields() throws(ParseError) -> Statement {
    if skip(.key) {
      return .showFieldKeys(try parseRest(counting: try expectCardinality()))
    }
    guard skip(.keys) else { throw unexpected("KEY", "KEYS") }
    var show = ShowStatement()
    try parseOnAndFrom(&show)
    try parseLimits(&show, hasTables: true)
    return .showFieldKeys(show)
  }

  private mutating func parseShowTags() throws(ParseError) -> Statement {
    if skip(.key) {
      return .showTagKeys(try parseRest(counting: try expectCardinality()))
    }
    var show = ShowStatement()
    if skip(.keys) {
      try parseOnAndFrom(&show)
      try parseConditionAndLimits(&show, hasTables: true)
      return .showTagKeys(show)
    }
    guard skip(.values) else { throw unexpected("KEY", "KEYS", "VALUES") }
    show.cardinality = try parseCardinality()
    try parseOnAndFrom(&show)
    let keys = try parseKeySelection()
    try parseConditionAndLimits(&show, hasTables: true)
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
  private mutating func expectCardinality() throws(ParseError) -> ShowStatement.Cardinality {
    guard let cardinality = try parseCardinality() else {
      throw unexpected("EXACT", "CARDINALITY")
    }
    return cardinality
  }

  /// `[EXACT] CARDINALITY`, if it is given.
  private mutating func parseCardinality() throws(ParseError) -> ShowStatement.Cardinality? {
    if skip(.exact) {
      try expect(.cardinality)
      return .exact
    }
    return skip(.cardinality) ? .estimated : nil
  }

  private mutating func parseRest(
    counting cardinality: ShowStatement.Cardinality?
  ) throws(ParseError) -> ShowStatement {
    var show = ShowStatement()
    show.cardinality = cardinality
    try parseOnAndFrom(&show)
    try parseConditionAndLimits(&show)
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
    _ show: inout ShowStatement, hasTables: Bool = false
  ) throws(ParseError) {
    show.condition = try parseCondition()
    try parseLimits(&show, hasTables: hasTables)
  }

  /// - Parameter hasTables: whether there is a table for each measurement, which SLIMIT and SOFFSET
  ///   count.
  private mutating func parseLimits(
    _ show: inout ShowStatement, hasTables: Bool
  ) throws(ParseError) {
    if show.cardinality != nil {
      let position = token.position
      if let group = try parseGroupBy() {
        guard group.interval == nil else {
          throw ParseError("time() is not supported in GROUP BY of SHOW", at: position)
        }
        show.dimensions = group.dimensions
      }
    } else {
      // Names have no time: as in InfluxDB, the order is taken and changes nothing.
      _ = try parseOrderBy()
    }
    show.limit = try parseCount(.limit)
    show.offset = try parseCount(.offset)
    guard hasTables, show.cardinality == nil else { return }
    show.seriesLimit = try parseCount(.slimit)
    show.seriesOffset = try parseCount(.soffset)
  }
}
