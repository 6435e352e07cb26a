import TimeSeries

/// Finds the measurements that a SHOW statement means: those of FROM, in any database and retention
/// policy, or all of its database.
struct ShowSources {
  let source: any QuerySource
  let context: QueryContext
  /// Of names without one.
  let database: String?

  /// - Parameter listsTagKeys: whether `_tagKey` in WHERE has a meaning.
  /// - Returns: the measurements in the order of their names; one of each database that has it.
  /// - Throws: ``QueryError`` for databases and policies that do not exist, and for conditions on
  ///   fields. If FROM is not given, measurements in which a name of the condition is a field are
  ///   left out, unless it is one in all of them.
  func measurements(
    of show: ShowStatement, listsTagKeys: Bool = false
  ) throws -> [ListedMeasurement] {
    let condition = try SeriesCondition(
      show.condition, listsTagKeys: listsTagKeys, now: context.now)
    var databases: [String: [ListedMeasurement]] = [:]
    let names = show.sources.isEmpty ? [MeasurementName(name: .regex(""))] : show.sources
    for name in names {
      let database = try required(name.database ?? show.database)
      databases[database] = try adding(
        name, in: database, condition, to: databases[database] ?? [])
    }
    let listed = databases.sorted { String.isLess($0.key, $1.key) }.flatMap(\.value)
      .sorted { String.isLess($0.name, $1.name) }
    let decidable = listed.filter { condition.field(in: $0.schema) == nil }
    for measurement in listed where !show.sources.isEmpty || decidable.isEmpty {
      guard let field = condition.field(in: measurement.schema) else { continue }
      throw QueryError.invalid(
        "fields not supported in WHERE clause of SHOW: \"\(field)\" is a field of measurement "
          + "\"\(measurement.name)\"")
    }
    return decidable
  }

  func required(_ name: String?) throws -> String {
    // As in InfluxDB, an empty name is none.
    let given = [name, database].compactMap { $0 }.first { !$0.isEmpty }
    guard let given else { throw QueryError.databaseNameRequired }
    return given
  }

  private func adding(
    _ name: MeasurementName, in database: String, _ condition: SeriesCondition,
    to known: [ListedMeasurement]
  ) throws -> [ListedMeasurement] {
    // One moment of each database.
    guard let snapshot = known.first?.snapshot ?? source.snapshot(of: database) else {
      throw QueryError.databaseNotFound(database)
    }
    let policies = (source.retentionPolicies(of: database) ?? []).map(\.name)
    if let policy = name.retentionPolicy, !policies.contains(policy) {
      throw QueryError.retentionPolicyNotFound(policy)
    }
    var listed = known
    for measurement in try measurements(named: name, in: snapshot) {
      guard let schema = snapshot.schema(of: measurement) else { continue }
      let index = listed.firstIndex { $0.name == measurement }
      var selected = index.map { listed[$0].selected } ?? []
      if let policy = name.retentionPolicy { selected?.insert(policy) } else { selected = nil }
      let one = ListedMeasurement(
        schema: schema, snapshot: snapshot, condition: condition, context: context,
        policies: policies, selected: selected)
      if let index { listed[index] = one } else { listed.append(one) }
    }
    return listed
  }

  private func measurements(
    named name: MeasurementName, in snapshot: any DatabaseSnapshot
  ) throws -> [String] {
    switch name.name {
    case .literal(let literal): return [literal]
    case .regex(let source):
      let pattern = try Pattern(source)
      return snapshot.measurements.filter(pattern.matches)
    case .backReference: return []
    }
  }
}
