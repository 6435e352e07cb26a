import TimeSeries

/// The SHOW statements about what is stored, in InfluxDB's shapes: one table for each measurement,
/// or one without a name.
struct MetadataQueries {
  let source: any QuerySource
  let context: QueryContext
  let database: String?

  func run(_ statement: Statement) throws -> [ResultSeries] {
    switch statement {
    case .showDatabases:
      return [table("databases", [("name", .string(source.databases))], keepsEmpty: true)]
        .compactMap { $0 }
    case .showRetentionPolicies(let name): return try retentionPolicies(of: name)
    case .showMeasurements(let show): return try measurements(show)
    case .showTagKeys(let show): return try tagKeys(show)
    case .showTagValues(let show, let keys): return try tagValues(show, keys)
    case .showFieldKeys(let show): return try fieldKeys(show)
    case .showSeries(let show): return try series(show)
    default: throw QueryError.notExecutable("the statement")
    }
  }

  private func retentionPolicies(of name: String?) throws -> [ResultSeries] {
    let name = try required(name)
    guard let policies = source.retentionPolicies(of: name) else {
      throw QueryError.databaseNotFound(name)
    }
    return [
      ResultSeries(
        name: "", columnNames: ["name", "duration", "shardGroupDuration", "replicaN", "default"],
        columns: [
          Column(.string(policies.map(\.name))),
          Column(.string(policies.map { DurationText.goFormat($0.duration) })),
          Column(.string(policies.map { DurationText.goFormat($0.partitionDuration) })),
          Column(.integer(policies.map { _ in 1 })),
          Column(.boolean(policies.indices.map { $0 == 0 })),
        ], hasTime: false)
    ]
  }

  private func measurements(_ show: ShowStatement) throws -> [ResultSeries] {
    // A database that does not exist has no measurements: InfluxDB does not object here.
    guard let snapshot = source.snapshot(of: try required(show.database)) else { return [] }
    let condition = try SeriesCondition(show.condition, for: .measurements)
    var names = try selected(show.sources, in: snapshot)
    if condition.isRestricting {
      names = names.filter { !condition.series(of: $0, in: snapshot).isEmpty }
    }
    if show.cardinality {
      return [count("", names.count)].compactMap { $0 }
    }
    return [table("measurements", [("name", .string(limited(names, show)))])].compactMap { $0 }
  }

  private func tagKeys(_ show: ShowStatement) throws -> [ResultSeries] {
    try perMeasurement(show) { measurement, condition, snapshot in
      let keys =
        condition.isRestricting
        ? Self.sorted(
          Set(
            condition.series(of: measurement.name, in: snapshot).flatMap {
              $0.key.tags.map(\.key)
            }))
        : measurement.tagKeys
      if show.cardinality { return count(measurement.name, keys.count) }
      return table(measurement.name, [("tagKey", .string(limited(keys, show)))])
    }
  }

  private func fieldKeys(_ show: ShowStatement) throws -> [ResultSeries] {
    try perMeasurement(show) { measurement, _, _ in
      if show.cardinality { return count(measurement.name, measurement.fields.count) }
      let fields = limited(measurement.fields, show)
      return table(
        measurement.name,
        [
          ("fieldKey", .string(fields.map(\.name))),
          ("fieldType", .string(fields.map(\.type.name))),
        ])
    }
  }

  private func tagValues(
    _ show: ShowStatement, _ selection: TagKeySelection
  ) throws -> [ResultSeries] {
    let isWanted: (String) -> Bool
    switch selection {
    case .oneOf(let keys): isWanted = { keys.contains($0) }
    case .noneOf(let keys): isWanted = { !keys.contains($0) }
    case .matching(let source):
      let pattern = try Pattern(source)
      isWanted = pattern.matches
    case .notMatching(let source):
      let pattern = try Pattern(source)
      isWanted = { !pattern.matches($0) }
    }
    return try perMeasurement(show) { measurement, condition, snapshot in
      guard measurement.tagKeys.contains(where: isWanted) else { return nil }
      var pairs = Set<Tag>()
      for series in condition.series(of: measurement.name, in: snapshot) {
        for tag in series.key.tags where isWanted(tag.key) { pairs.insert(tag) }
      }
      if show.cardinality { return count(measurement.name, pairs.count) }
      let sorted = pairs.sorted {
        $0.key == $1.key ? String.isLess($0.value, $1.value) : String.isLess($0.key, $1.key)
      }
      let kept = limited(sorted, show)
      return table(
        measurement.name,
        [("key", .string(kept.map(\.key))), ("value", .string(kept.map(\.value)))])
    }
  }

  private func series(_ show: ShowStatement) throws -> [ResultSeries] {
    let name = try required(show.database)
    guard let snapshot = source.snapshot(of: name) else {
      throw QueryError.databaseNotFound(name)
    }
    let condition = try SeriesCondition(show.condition, for: .series)
    let times = try TimeCondition(show.condition, now: context.now, zone: nil)
    var keys: [[UInt8]] = []
    var counts: [ResultSeries] = []
    for measurement in try selected(show.sources, in: snapshot) {
      try context.check()
      let before = keys.count
      for series in condition.series(of: measurement, in: snapshot) {
        if times.from != nil || times.through != nil {
          guard try hasRows(series, measurement, snapshot, times) else { continue }
        }
        keys.append(series.key.canonical)
      }
      if let count = count(measurement, keys.count - before) { counts.append(count) }
    }
    if show.cardinality { return counts }
    keys.sort { $0.lexicographicallyPrecedes($1) }
    let texts = limited(keys, show).map { String(decoding: $0, as: UTF8.self) }
    return [table("", [("key", .string(texts))])].compactMap { $0 }
  }

  private func hasRows(
    _ series: SeriesDescriptor, _ measurement: String, _ snapshot: any DatabaseSnapshot,
    _ times: TimeCondition
  ) throws -> Bool {
    let fields = snapshot.schema(of: measurement)?.fields.map(\.name) ?? []
    let from = times.from ?? TimestampBounds.earliest
    let through = times.through ?? TimestampBounds.latest
    guard from <= through else { return false }
    return try !snapshot.blocks(
      of: series.id, fields: fields, from: from, through: through, retentionPolicy: nil
    ).isEmpty
  }

  private func perMeasurement(
    _ show: ShowStatement,
    _ body: (MeasurementSchema, SeriesCondition, any DatabaseSnapshot) throws -> ResultSeries?
  ) throws -> [ResultSeries] {
    let name = try required(show.database)
    guard let snapshot = source.snapshot(of: name) else {
      throw QueryError.databaseNotFound(name)
    }
    let condition = try SeriesCondition(show.condition, for: .tags)
    return try selected(show.sources, in: snapshot).compactMap { measurement in
      try context.check()
      return try snapshot.schema(of: measurement).flatMap { try body($0, condition, snapshot) }
    }
  }

  private func required(_ name: String?) throws -> String {
    guard let name = name ?? database, !name.isEmpty else {
      throw QueryError.databaseNameRequired
    }
    return name
  }

  private func selected(
    _ sources: [MeasurementName], in snapshot: any DatabaseSnapshot
  ) throws -> [String] {
    guard !sources.isEmpty else { return snapshot.measurements }
    var names = Set<String>()
    for source in sources {
      switch source.name {
      case .literal(let name): names.insert(name)
      case .regex(let text):
        let pattern = try Pattern(text)
        names.formUnion(snapshot.measurements.filter(pattern.matches))
      case .backReference: break
      }
    }
    return snapshot.measurements.filter(names.contains)
  }

  private func limited<T>(_ items: [T], _ show: ShowStatement) -> [T] {
    let rest = items.dropFirst(max(show.offset ?? 0, 0))
    guard let limit = show.limit, limit > 0 else { return Array(rest) }
    return Array(rest.prefix(limit))
  }

  private static func sorted(_ names: Set<String>) -> [String] { names.sorted(by: String.isLess) }

  /// Nil for none, which is left out of an answer.
  private func count(_ measurement: String, _ count: Int) -> ResultSeries? {
    count == 0
      ? nil
      : ResultSeries(
        name: measurement, columnNames: ["count"], columns: [Column(.integer([Int64(count)]))],
        hasTime: false)
  }

  private func table(
    _ name: String, _ columns: [(String, ColumnValues)], keepsEmpty: Bool = false
  ) -> ResultSeries? {
    guard keepsEmpty || columns.contains(where: { $0.1.count > 0 }) else { return nil }
    return ResultSeries(
      name: name, columnNames: columns.map(\.0), columns: columns.map { Column($0.1) },
      hasTime: false)
  }
}

/// The WHERE clause of a SHOW statement: conditions on tags; its times say nothing of series.
struct SeriesCondition {
  enum Statement {
    case series, measurements, tags
  }

  private let condition: RowCondition?
  private let names: [String]

  init(_ expression: Expression?, for statement: Statement) throws {
    let rest = try TimeCondition(expression, now: 0, zone: nil).rest
    var binder = ConditionBinder(schema: SourceSchema(), columns: [])
    var bound = try rest.map { try binder.bind($0) }
    if let given = bound, !given.isOnTagsAlone {
      switch statement {
      case .series: throw QueryError.invalid("invalid tag comparison operator")
      case .measurements:
        throw QueryError.invalid("right side of '=' must be a tag value string")
      case .tags: bound = nil
      }
    }
    condition = bound
    names = binder.columns.map(\.name)
  }

  var isRestricting: Bool { condition != nil }

  func series(of measurement: String, in snapshot: any DatabaseSnapshot) -> [SeriesDescriptor] {
    let predicate = condition?.tagPredicate { names[$0] }
    return snapshot.series(of: measurement, matching: predicate).filter { series in
      guard let condition else { return true }
      let decided = condition.simplified { series.key.value(of: names[$0]) ?? "" }
      if case .constant(let holds) = decided { return holds }
      return false
    }
  }
}

extension RowCondition {
  var isOnTagsAlone: Bool {
    switch self {
    case .constant, .matches, .tagEquals: true
    case .and(let a, let b), .or(let a, let b): a.isOnTagsAlone && b.isOnTagsAlone
    case .compare, .column, .time: false
    }
  }
}
