import TimeSeries

/// One block of a segment as a scan reads it: cut to the scan's range, deleted rows taken out.
struct SegmentSource: Sendable {
  let segment: OpenSegment
  let block: SegmentBlockReference
  let tombstones: [Tombstone]
  let problems: ProblemList

  func hasField(_ field: MeasurementSchema.Field) -> Bool {
    segment.reader.column(of: field, in: block) != nil
  }

  /// Rows with `from <= time <= through`; a column for each field, empty where the block has none.
  func read(
    _ fields: [MeasurementSchema.Field], from: Timestamp, through: Timestamp
  ) throws -> ColumnBatch {
    do {
      return try decode(fields, from: from, through: through)
    } catch {
      problems.add(error, path: segment.reader.path.string)
      throw error
    }
  }

  private func decode(
    _ fields: [MeasurementSchema.Field], from: Timestamp, through: Timestamp
  ) throws -> ColumnBatch {
    let found = fields.map { segment.reader.column(of: $0, in: block) }
    guard found.contains(where: { $0 != nil }) else {
      var nulls = NullColumns(count: 0)
      return ColumnBatch(timestamps: [], columns: fields.map { nulls[$0.type] })
    }
    let all = try segment.reader.timestamps(of: block)
    let rows = Self.firstRow(all, from: from)..<Self.endRow(all, through: through)
    var nulls = NullColumns(count: rows.count)
    let columns = try zip(fields, found).map { field, column in
      guard let column else { return nulls[field.type] }
      return try segment.reader.column(column, ofBlock: block.index).rows(rows)
    }
    let batch = ColumnBatch(
      timestamps: rows.count == all.count ? all : Array(all[rows]), columns: columns)
    if tombstones.isEmpty { return batch }
    return batch.filtered(
      batch.timestamps.map { time in
        !tombstones.contains { $0.from <= time && time <= $0.through }
      })
  }

  private static func firstRow(_ times: [Timestamp], from: Timestamp) -> Int {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < from { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func endRow(_ times: [Timestamp], through: Timestamp) -> Int {
    through == .max ? times.count : firstRow(times, from: through + 1)
  }
}
