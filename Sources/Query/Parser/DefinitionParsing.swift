extension Parser {
  /// A CREATE of which the keyword has been read.
  mutating func parseCreate() throws(ParseError) -> Statement {
    if skip(.continuous) {
      try expect(.query)
      return .createContinuousQuery(try parseCreateContinuousQuery())
    }
    if skip(.database) { return try parseCreateDatabase() }
    if skip(.retention) {
      try expect(.policy)
      return try parseCreateRetentionPolicy()
    }
    if skip(word: "model") { return .createModel(try parseCreateModel()) }
    throw unexpected("CONTINUOUS", "DATABASE", "MODEL", "RETENTION")
  }

  /// A DROP of which the keyword has been read.
  mutating func parseDrop() throws(ParseError) -> Statement {
    if skip(.continuous) {
      try expect(.query)
      let name = try parseIdentifier()
      return .dropContinuousQuery(name: name, database: try expectOn())
    }
    if skip(.database) { return .dropDatabase(name: try parseIdentifier()) }
    if skip(.measurement) { return .dropMeasurement(name: try parseIdentifier()) }
    if skip(.retention) {
      try expect(.policy)
      let name = try parseIdentifier()
      return .dropRetentionPolicy(name: name, database: try expectOn())
    }
    if skip(.series) {
      let (sources, condition) = try parseDeletion()
      return .dropSeries(sources: sources, condition: condition)
    }
    if skip(word: "model") {
      let name = try parseIdentifier()
      return .dropModel(name: name, database: try parseOn())
    }
    throw unexpected("CONTINUOUS", "DATABASE", "MEASUREMENT", "MODEL", "RETENTION", "SERIES")
  }

  /// An ALTER of which the keyword has been read.
  mutating func parseAlter() throws(ParseError) -> Statement {
    try expect(.retention)
    try expect(.policy)
    return try parseAlterRetentionPolicy()
  }

  /// A DELETE of which the keyword has been read.
  mutating func parseDelete() throws(ParseError) -> Statement {
    let (sources, condition) = try parseDeletion()
    return .delete(sources: sources, condition: condition)
  }

  /// A KILL of which the keyword has been read. The host of `ON host` does not matter: there is
  /// only this one.
  mutating func parseKill() throws(ParseError) -> Statement {
    try expect(.query)
    let id = try parseUnsigned()
    _ = try parseOn()
    return .killQuery(id: id)
  }

  /// `[FROM …] [WHERE …]`, not both left out. It is the current database that loses, in all its
  /// retention policies, so the names are bare ones.
  private mutating func parseDeletion() throws(ParseError) -> ([Source], Expression?) {
    let first = token
    var sources: [Source] = []
    if skip(.from) {
      repeat {
        let position = token.position
        let measurement = try parseMeasurement()
        if measurement.retentionPolicy != nil {
          throw ParseError("retention policy not supported", at: position)
        }
        if measurement.database != nil { throw ParseError("database not supported", at: position) }
        sources.append(.measurement(measurement))
      } while skip(.comma)
    }
    let condition = try parseCondition()
    if sources.isEmpty, condition == nil { throw unexpected("FROM", "WHERE", found: first) }
    return (sources, condition)
  }
}

extension Parser {
  private static let replications: ClosedRange<Int64> = 1...Int64(Int32.max)

  private mutating func parseCreateDatabase() throws(ParseError) -> Statement {
    let name = try parseIdentifier()
    guard skip(.with) else { return .createDatabase(name: name, policy: nil) }
    switch token.kind {
    case .keyword(.duration), .keyword(.name), .keyword(.replication), .keyword(.shard): break
    default: throw unexpected("DURATION", "NAME", "REPLICATION", "SHARD")
    }
    var policy = RetentionPolicyOptions()
    if skip(.duration) { policy.duration = try parseRetention() }
    if skip(.replication) { policy.replication = try parseInteger(in: Self.replications) }
    if skip(.shard) {
      try expect(.duration)
      policy.shardDuration = try parseRetention()
    }
    if skip(.name) { policy.name = try parseIdentifier() }
    return .createDatabase(name: name, policy: policy)
  }

  private mutating func parseCreateRetentionPolicy() throws(ParseError) -> Statement {
    var policy = RetentionPolicyOptions()
    policy.name = try parseIdentifier()
    let database = try expectOn()
    try expect(.duration)
    policy.duration = try parseRetention()
    try expect(.replication)
    policy.replication = try parseInteger(in: Self.replications)
    if skip(.shard) {
      policy.shardDuration = try parseShardDuration()
    }
    return .createRetentionPolicy(database: database, policy, isDefault: skip(.default))
  }

  /// The options come in any order, each at most once. Here alone the name `default`, which old
  /// databases have, needs no quotes.
  private mutating func parseAlterRetentionPolicy() throws(ParseError) -> Statement {
    var policy = RetentionPolicyOptions()
    policy.name = skip(.default) ? Keyword.default.rawValue : try parseIdentifier()
    let database = try expectOn()
    var isDefault = false
    var isFirst = true
    while true {
      let option = token
      var isGivenTwice = false
      if skip(.duration) {
        isGivenTwice = policy.duration != nil
        policy.duration = try parseRetention()
      } else if skip(.replication) {
        isGivenTwice = policy.replication != nil
        policy.replication = try parseInteger(in: Self.replications)
      } else if skip(.shard) {
        isGivenTwice = policy.shardDuration != nil
        policy.shardDuration = try parseShardDuration()
      } else if skip(.default) {
        isGivenTwice = isDefault
        isDefault = true
      } else if isFirst {
        throw unexpected("DURATION", "REPLICATION", "SHARD", "DEFAULT")
      } else {
        return .alterRetentionPolicy(database: database, policy, isDefault: isDefault)
      }
      isFirst = false
      if isGivenTwice, case .keyword(let word) = option.kind {
        throw ParseError(
          "found duplicate \(word.rawValue.uppercased()) option", at: option.position)
      }
    }
  }

  /// The `DURATION d` of which `SHARD` has been read.
  private mutating func parseShardDuration() throws(ParseError) -> Int64 {
    try expect(.duration)
    if token.kind == .keyword(.inf) {
      throw ParseError("invalid duration INF for shard duration", at: token.position)
    }
    return try parseDuration()
  }

  /// A duration, or INF, which is 0.
  private mutating func parseRetention() throws(ParseError) -> Int64 {
    skip(.inf) ? 0 : try parseDuration()
  }

  mutating func expectOn() throws(ParseError) -> String {
    try expect(.on)
    return try parseIdentifier()
  }

  /// `CREATE CONTINUOUS QUERY` has been read.
  private mutating func parseCreateContinuousQuery() throws(ParseError)
    -> CreateContinuousQueryStatement
  {
    let name = try parseIdentifier()
    let database = try expectOn()
    var every: Int64?
    var span: Int64?
    if skip(.resample) {
      if skip(.every) { every = try parseDuration().nilIfZero }
      if skip(.for) { span = try parseDuration().nilIfZero }
      if every == nil, span == nil { throw unexpected("EVERY", "FOR") }
    }
    try expect(.begin)
    try expect(.select)
    let select = try parseSelect(in: .continuousQuery)
    guard let interval = select.interval, interval.every > 0 else {
      throw unexpected("GROUP BY time(...)", found: previous)
    }
    try expect(.end)
    return CreateContinuousQueryStatement(
      name: name, database: database, resampleEvery: every, resampleFor: span, select: select)
  }
}

extension Int64 {
  fileprivate var nilIfZero: Int64? { self == 0 ? nil : self }
}
