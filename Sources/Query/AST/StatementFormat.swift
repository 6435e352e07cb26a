extension Statement: CustomStringConvertible {
  /// The canonical text: the parser reads it as this statement again.
  public var description: String {
    switch self {
    case .select(let select): select.description
    case .explain(let select, let analyze): "EXPLAIN \(analyze ? "ANALYZE " : "")\(select)"
    case .showDatabases: "SHOW DATABASES"
    case .showRetentionPolicies(let database): "SHOW RETENTION POLICIES\(on(database))"
    case .showMeasurements(let show):
      show.cardinality != nil ? show.format("MEASUREMENT") : show.formatMeasurements
    case .showTagKeys(let show): show.format(show.cardinality != nil ? "TAG KEY" : "TAG KEYS")
    case .showTagValues(let show, let keys): show.format("TAG VALUES", " WITH KEY \(keys)")
    case .showFieldKeys(let show):
      show.format(show.cardinality != nil ? "FIELD KEY" : "FIELD KEYS")
    case .showSeries(let show): show.format("SERIES")
    case .showSuspects(let show): show.description
    case .createDatabase(let name, let policy):
      "CREATE DATABASE \(quoteIdentifier(name))" + (policy.map { " WITH\($0.clauses)" } ?? "")
    case .dropDatabase(let name): "DROP DATABASE \(quoteIdentifier(name))"
    case .createRetentionPolicy(let database, let policy, let isDefault):
      "CREATE RETENTION POLICY \(quoteIdentifier(policy.name ?? ""))\(on(database))"
        + policy.unnamed.clauses + (isDefault ? " DEFAULT" : "")
    case .alterRetentionPolicy(let database, let policy, let isDefault):
      "ALTER RETENTION POLICY \(quoteIdentifier(policy.name ?? ""))\(on(database))"
        + policy.unnamed.clauses + (isDefault ? " DEFAULT" : "")
    case .dropRetentionPolicy(let name, let database):
      "DROP RETENTION POLICY \(quoteIdentifier(name))\(on(database))"
    case .dropMeasurement(let name): "DROP MEASUREMENT \(quoteIdentifier(name))"
    case .dropSeries(let sources, let condition): "DROP SERIES" + deletion(sources, condition)
    case .delete(let sources, let condition): "DELETE" + deletion(sources, condition)
    case .createModel(let model): model.description
    case .showModels(let database): "SHOW MODELS\(on(database))"
    case .dropModel(let name, let database): "DROP MODEL \(quoteIdentifier(name))\(on(database))"
    case .retrainModel(let name, let database, let since):
      "RETRAIN MODEL \(quoteIdentifier(name))\(on(database))"
        + (since.map { " SINCE \($0)" } ?? "")
    case .createContinuousQuery(let query): query.description
    case .showContinuousQueries: "SHOW CONTINUOUS QUERIES"
    case .dropContinuousQuery(let name, let database):
      "DROP CONTINUOUS QUERY \(quoteIdentifier(name))\(on(database))"
    case .showQueries: "SHOW QUERIES"
    case .killQuery(let id): "KILL QUERY \(id)"
    }
  }

  private func deletion(_ sources: [Source], _ condition: Expression?) -> String {
    from(sources) + (condition.map { " WHERE \($0)" } ?? "")
  }
}

/// ` ON database`, where there is one.
private func on(_ database: String?) -> String {
  database.map { " ON \(quoteIdentifier($0))" } ?? ""
}

/// ` FROM …`, where there are any.
private func from(_ sources: [some CustomStringConvertible]) -> String {
  sources.isEmpty ? "" : " FROM " + sources.map(\.description).joined(separator: ", ")
}

extension ShowStatement {
  /// - Parameters:
  ///   - subject: what is shown.
  ///   - selection: the clause between FROM and WHERE.
  fileprivate func format(_ subject: String, _ selection: String = "") -> String {
    let count =
      switch cardinality {
      case nil: ""
      case .estimated: " CARDINALITY"
      case .exact: " EXACT CARDINALITY"
      }
    return "SHOW \(subject)\(count)\(on(database))\(from(sources))" + selection
      + conditionAndLimits
  }

  fileprivate var formatMeasurements: String {
    var text = "SHOW MEASUREMENTS\(on(database))"
    if let source = sources.first {
      var relation = "="
      if case .regex = source.name { relation = "=~" }
      text += " WITH MEASUREMENT \(relation) \(source)"
    }
    return text + conditionAndLimits
  }

  private var conditionAndLimits: String {
    (condition.map { " WHERE \($0)" } ?? "") + SelectStatement.groupBy(nil, dimensions)
      + (limit.map { " LIMIT \($0)" } ?? "") + (offset.map { " OFFSET \($0)" } ?? "")
      + (seriesLimit.map { " SLIMIT \($0)" } ?? "") + (seriesOffset.map { " SOFFSET \($0)" } ?? "")
  }
}

extension ShowSuspectsStatement: CustomStringConvertible {
  public var description: String {
    "SHOW SUSPECTS\(on(database)) FROM \(source)" + (graph.map { " GRAPH \($0)" } ?? "")
      + (condition.map { " WHERE \($0)" } ?? "") + (limit.map { " LIMIT \($0)" } ?? "")
  }
}

extension TagKeySelection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .oneOf(let keys) where keys.count == 1: "= \(quoteIdentifier(keys[0]))"
    case .oneOf(let keys): "IN (\(keys.map(quoteIdentifier).joined(separator: ", ")))"
    case .noneOf(let keys) where keys.count == 1: "!= \(quoteIdentifier(keys[0]))"
    case .noneOf(let keys): "NOT IN (\(keys.map(quoteIdentifier).joined(separator: ", ")))"
    case .matching(let pattern): "=~ \(quoteRegex(pattern))"
    case .notMatching(let pattern): "!~ \(quoteRegex(pattern))"
    }
  }
}

extension RetentionPolicyOptions {
  fileprivate var clauses: String {
    var text = ""
    if let duration {
      text += " DURATION \(duration == 0 ? "INF" : DurationLiteral.format(duration))"
    }
    if let replication { text += " REPLICATION \(replication)" }
    if let shardDuration { text += " SHARD DURATION \(DurationLiteral.format(shardDuration))" }
    if let name { text += " NAME \(quoteIdentifier(name))" }
    return text
  }

  fileprivate var unnamed: RetentionPolicyOptions {
    var policy = self
    policy.name = nil
    return policy
  }
}

extension CreateModelStatement: CustomStringConvertible {
  public var description: String {
    var text = "CREATE MODEL \(quoteIdentifier(name))\(on(database)) FROM \(source) FIELDS "
    text += fields.map(quoteIdentifier).joined(separator: ", ")
    if let condition { text += " WHERE \(condition)" }
    text += SelectStatement.groupBy(interval, dimensions)
    if let share { text += " SHARE BY \(quoteIdentifier(share))" }
    text += " USING \(quoteIdentifier(architecture))"
    if !options.isEmpty {
      let pairs = options.map { "\(quoteIdentifier($0.name)) = \($0.value)" }
      text += " WITH (\(pairs.joined(separator: ", ")))"
    }
    if let schedule {
      text += " RETRAIN EVERY \(DurationLiteral.format(schedule.every))"
      text += " OVER \(DurationLiteral.format(schedule.over))"
    }
    return text
  }
}

extension CreateContinuousQueryStatement: CustomStringConvertible {
  public var description: String {
    var text = "CREATE CONTINUOUS QUERY \(quoteIdentifier(name))\(on(database))"
    if resampleEvery != nil || resampleFor != nil { text += " RESAMPLE" }
    if let resampleEvery { text += " EVERY \(DurationLiteral.format(resampleEvery))" }
    if let resampleFor { text += " FOR \(DurationLiteral.format(resampleFor))" }
    return text + " BEGIN \(select) END"
  }
}
