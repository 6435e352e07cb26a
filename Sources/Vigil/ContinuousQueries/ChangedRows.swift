import Query
import TimeSeries

/// A source that writes only what is not stored yet. Episodes are found again and again while
/// nothing about them changes; writing them each time would fill the store, and wake every query
/// that reads them.
final class ChangedRows: ForwardingSource {
  let base: any QuerySource

  init(base: any QuerySource) { self.base = base }

  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  {
    guard let snapshot = base.snapshot(of: database) else {
      return try base.write(batch, to: database, retentionPolicy: retentionPolicy)
    }
    var changed = PointBatch()
    let names = batch.fieldNames.map { batch.string($0) }
    for (series, points) in Dictionary(grouping: batch.points, by: \.series)
      .sorted(by: { $0.key < $1.key })
    {
      let canonical = batch.bytes(batch.seriesKeys[Int(series)])
      let stored = try rows(
        SeriesKey(canonical: Array(canonical)), names, points.map(\.timestamp), snapshot,
        retentionPolicy)
      for point in points {
        let first = Int(point.firstField)
        let fields = batch.fields[first..<first + Int(point.fieldCount)]
        let values = Dictionary(
          fields.map { (names[Int($0.name)], batch.value(of: $0)) }, uniquingKeysWith: { $1 })
        if stored[point.timestamp] == values { continue }
        changed.beginPoint(
          series: changed.internSeries(Array(canonical)), timestamp: point.timestamp)
        for field in fields {
          changed.append(
            field: changed.internField(names[Int(field.name)]), batch.value(of: field))
        }
      }
    }
    guard !changed.isEmpty else { return WriteOutcome(acceptedPoints: 0) }
    return try base.write(changed, to: database, retentionPolicy: retentionPolicy)
  }

  /// What a series holds between the first and the last of `times`.
  private func rows(
    _ key: SeriesKey?, _ fields: [String], _ times: [Timestamp], _ snapshot: any DatabaseSnapshot,
    _ policy: String?
  ) throws -> [Timestamp: [String: FieldValue]] {
    guard let key, let from = times.min(), let through = times.max() else { return [:] }
    let tags = TagPredicate.and(key.tags.map { .equal(key: $0.key, value: $0.value) })
    guard
      let series = snapshot.series(of: key.measurement, matching: tags).first(where: {
        $0.key == key
      })
    else { return [:] }
    var rows: [Timestamp: [String: FieldValue]] = [:]
    for block in try snapshot.blocks(
      of: series.id, fields: fields, from: from, through: through, retentionPolicy: policy)
    {
      let batch = try block.read()
      for (row, time) in batch.timestamps.enumerated() {
        for (field, column) in zip(fields, batch.columns) {
          if let value = column[row] { rows[time, default: [:]][field] = value }
        }
      }
    }
    return rows
  }
}
