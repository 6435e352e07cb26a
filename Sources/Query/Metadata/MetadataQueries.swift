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

  private var sources: ShowSources {
    ShowSources(source: source, context: context, database: database)
  }

  private func retentionPolicies(of name: String?) throws -> [ResultSeries] {
    let name = try sources.required(name)
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
    if show.cardinality != nil { return try count(show, .measurements) }
    // A database that does not exist has no measurements: InfluxDB does not object here.
    guard source.snapshot(of: try sources.required(show.database)) != nil else { return [] }
    var names: [String] = []
    for measurement in try sources.measurements(of: show) where try measurement.hasSeries() {
      try context.check()
      if names.last != measurement.name { names.append(measurement.name) }
    }
    return [table("measurements", [("name", .string(limited(names, show)))])].compactMap { $0 }
  }

  private func tagKeys(_ show: ShowStatement) throws -> [ResultSeries] {
    if show.cardinality != nil { return try count(show, .tagKeys) }
    return try perMeasurement(show, listsTagKeys: true) { measurement in
      [("tagKey", .string(limited(try measurement.tagKeys(), show)))]
    }
  }

  private func fieldKeys(_ show: ShowStatement) throws -> [ResultSeries] {
    if show.cardinality != nil { return try count(show, .fields) }
    return try perMeasurement(show) { measurement in
      let fields = limited(try measurement.fields(), show)
      return [
        ("fieldKey", .string(fields.map(\.name))),
        ("fieldType", .string(fields.map(\.type.name))),
      ]
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
    if show.cardinality != nil { return try count(show, .tagValues(isWanted: isWanted)) }
    return try perMeasurement(show, listsTagKeys: true) { measurement in
      var pairs = Set<Tag>()
      try measurement.forEachTag(where: isWanted) { pairs.insert($0) }
      let sorted = pairs.sorted {
        $0.key == $1.key ? String.isLess($0.value, $1.value) : String.isLess($0.key, $1.key)
      }
      let kept = limited(sorted, show)
      return [("key", .string(kept.map(\.key))), ("value", .string(kept.map(\.value)))]
    }
  }

  private func series(_ show: ShowStatement) throws -> [ResultSeries] {
    if show.cardinality != nil { return try count(show, .series) }
    var keys: [[UInt8]] = []
    for measurement in try sources.measurements(of: show) {
      try context.check()
      keys += try measurement.series().map(\.key.canonical)
    }
    keys.sort { $0.lexicographicallyPrecedes($1) }
    let texts = limited(keys, show).map { String(decoding: $0, as: UTF8.self) }
    return [table("", [("key", .string(texts))])].compactMap { $0 }
  }

  private func count(
    _ show: ShowStatement, _ subject: CardinalityQuery.Subject
  ) throws -> [ResultSeries] {
    try CardinalityQuery(sources: sources).run(show, counting: subject)
  }

  private func perMeasurement(
    _ show: ShowStatement, listsTagKeys: Bool = false,
    _ columns: (ListedMeasurement) throws -> [(String, ColumnValues)]
  ) throws -> [ResultSeries] {
    let tables = try sources.measurements(of: show, listsTagKeys: listsTagKeys)
      .compactMap { measurement in
        try context.check()
        return table(measurement.name, try columns(measurement))
      }
    return limited(tables, limit: show.seriesLimit, offset: show.seriesOffset)
  }

  private func limited<T>(_ items: [T], _ show: ShowStatement) -> [T] {
    limited(items, limit: show.limit, offset: show.offset)
  }

  private func limited<T>(_ items: [T], limit: Int?, offset: Int?) -> [T] {
    let rest = items.dropFirst(max(offset ?? 0, 0))
    guard let limit, limit > 0 else { return Array(rest) }
    return Array(rest.prefix(limit))
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
