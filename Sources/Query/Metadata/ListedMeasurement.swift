import TimeSeries

/// A measurement that a SHOW statement lists, with the series of it that are meant.
///
/// A series is meant if it has a row that FROM and WHERE ask for: in the retention policy that FROM
/// names (in any, if it names none) and at the times of WHERE. Rows are looked for to the
/// nanosecond, and read only where a block begins before the times and ends after them.
struct ListedMeasurement {
  let schema: MeasurementSchema
  let snapshot: any DatabaseSnapshot
  let condition: SeriesCondition
  let context: QueryContext
  /// All policies of the database.
  let policies: [String]
  /// Those that FROM names; nil for any.
  var selected: Set<String>?

  /// Series with the times at which they must have a row.
  typealias Members = [(series: SeriesDescriptor, times: TimeRanges)]

  var name: String { schema.name }

  /// Whether all series, fields and tag keys are meant.
  var isWhole: Bool { condition.isEmpty && selected == nil }

  /// The series that are meant, sorted by key.
  ///
  /// - Parameter tagKey: the one that is listed.
  func series(listing tagKey: String? = nil) throws -> [SeriesDescriptor] {
    try meant(tagKey).map(\.series)
  }

  /// Whether any series is meant.
  func hasSeries() throws -> Bool {
    if isWhole { return true }
    return try condition.series(of: name, in: snapshot).contains {
      try hasRows($0.series, at: $0.times)
    }
  }

  /// Calls `body` with the tags of the series, some of them more than once.
  func forEachTag(where isWanted: (String) -> Bool, _ body: (Tag) -> Void) throws {
    guard condition.isOnTagKeys else {
      for series in try series() {
        for tag in series.key.tags where isWanted(tag.key) { body(tag) }
      }
      return
    }
    for key in schema.tagKeys where isWanted(key) {
      for series in try series(listing: key) {
        if let value = series.key.value(of: key) { body(Tag(key: key, value: value)) }
      }
    }
  }

  /// The tag keys that the series have.
  func tagKeys() throws -> [String] {
    if isWhole { return schema.tagKeys }
    var keys: Set<String> = []
    try forEachTag(where: { !keys.contains($0) }, { keys.insert($0.key) })
    return schema.tagKeys.filter(keys.contains)
  }

  /// The fields that the series have a value of, in the rows that are meant.
  func fields() throws -> [MeasurementSchema.Field] {
    if isWhole { return schema.fields }
    return try fields(of: try meant())
  }

  func fields(of series: Members) throws -> [MeasurementSchema.Field] {

    var missing = Set(schema.fields.indices)
    for (series, times) in series where !missing.isEmpty {
      try context.check()
      for block in try blocks(of: series, at: times) where !missing.isEmpty {
        missing = missing.filter { (block.statistics(ofField: $0)?.count ?? 0) == 0 }
        guard missing.contains(where: block.mayContain) else { continue }
        let batch = try block.read()
        missing = missing.filter { field in
          !batch.timestamps.indices.contains { batch.columns[field].isPresent($0) }
        }
      }
    }
    return schema.fields.indices.filter { !missing.contains($0) }.map { schema.fields[$0] }
  }

  /// The series that are meant, with the times of WHERE.
  func meant(_ tagKey: String? = nil) throws -> Members {
    try condition.series(of: name, tagKey: tagKey, in: snapshot)
      .filter { try hasRows($0.series, at: $0.times) }
  }

  private func hasRows(_ series: SeriesDescriptor, at times: TimeRanges) throws -> Bool {
    if times == .all, selected == nil { return true }
    try context.check()
    return try blocks(of: series, at: times).contains { try $0.hasRows() }
  }

  private func blocks(
    of series: SeriesDescriptor, at times: TimeRanges
  ) throws -> [any SeriesBlock] {
    let fields = schema.fields.map(\.name)
    return try policies.filter { selected?.contains($0) ?? true }.flatMap { policy in
      try times.ranges.flatMap { range in
        try snapshot.blocks(
          of: series.id, fields: fields,
          from: max(range.lowerBound, TimestampBounds.earliest),
          through: min(range.upperBound, TimestampBounds.latest), retentionPolicy: policy)
      }
    }
  }
}
