import TimeSeries

/// Where a model's lifecycle events are read from.
struct PlannedEvents: Sendable {
  var mask: EventMask
  var measurement: PlannedMeasurement
  /// All policies of the database: an event counts in whichever it was written to.
  var policies: [String]
}

/// The lifecycle events of a query's time range, keyed by the groups that they concern; read once
/// for all groups.
///
/// An event concerns the groups whose tags have the values that the event's own have; a tag that
/// the event does not have contradicts none.
struct LifecycleEvents: Sendable {
  private let duration: Int64
  /// Times in ascending order by the values of some group tags, by which tags these are (indices).
  private var times: [[Int]: [[String]: [Timestamp]]] = [:]

  /// - Parameters:
  ///   - groupTags: in the order of groups' values.
  ///   - from: the first row that may be masked.
  ///   - through: the last moment that such a row covers.
  init(
    _ events: PlannedEvents, groupTags: [String], from: Timestamp, through: Timestamp,
    context: QueryContext
  ) throws {
    duration = events.mask.duration
    let (first, overflow) = from.subtractingReportingOverflow(duration - 1)
    let measurement = events.measurement
    let fields = measurement.schema.fields.map(\.name)
    for series in measurement.snapshot.series(of: measurement.name, matching: nil) {
      try context.check()
      var found: [Timestamp] = []
      for policy in events.policies {
        let blocks = try measurement.snapshot.blocks(
          of: series.id, fields: fields,
          from: overflow ? TimestampBounds.earliest : max(first, TimestampBounds.earliest),
          through: through, retentionPolicy: policy)
        for block in blocks {
          context.noteBlockRead()
          found += try block.read().timestamps
        }
      }
      if found.isEmpty { continue }
      try context.charge(found.count * MemoryLayout<Timestamp>.stride)
      let values = groupTags.map { series.key.value(of: $0) }
      let tags = values.indices.filter { values[$0] != nil }
      times[tags, default: [:]][values.compactMap { $0 }, default: []] += found
    }
    for (tags, groups) in times { times[tags] = groups.mapValues { $0.sorted() } }
  }

  /// The rows whose interval overlaps the `duration` after an event of their group.
  ///
  /// - Parameter rows: `group` has the values of the group tags that the events were read for.
  func maskedRows(of rows: FeatureRows, grid: BucketGrid) -> [Int] {
    let concerned = times.compactMap { tags, groups in groups[tags.map { rows.group[$0] }] }
    if concerned.isEmpty { return [] }
    return rows.timestamps.indices.filter { row in
      let bucket = grid.bucket(of: rows.timestamps[row])
      return concerned.contains { isMasked(from: bucket.start, to: bucket.end, by: $0) }
    }
  }

  /// Whether the last event before `end` lasts beyond `start`.
  private func isMasked(from start: Timestamp, to end: Timestamp, by events: [Timestamp]) -> Bool {
    var (low, high) = (0, events.count)
    while low < high {
      let middle = low + (high - low) / 2
      if events[middle] < end { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return false }
    let (masked, overflow) = events[low - 1].addingReportingOverflow(duration)
    return overflow || start < masked
  }
}
