import TimeSeries

/// One block of a segment as a scan reads it: cut to the scan's range, deleted rows taken out.
struct SegmentSource: Sendable {
  let segment: OpenSegment
  let block: SegmentBlockReference
  let tombstones: [Tombstone]
  let problems: ProblemList
  let damage: DamageReport

  func hasField(_ field: MeasurementSchema.Field) -> Bool {
    segment.reader.column(of: field, in: block) != nil
  }

  /// Rows with `from <= time <= through`; a column for each field, empty where the block has none.
  /// What is damaged is left out if ``damage`` does not throw it: a column, or all rows with the
  /// block's times.
  func read(
    _ fields: [MeasurementSchema.Field], from: Timestamp, through: Timestamp
  ) throws -> ColumnBatch {
    let found = fields.map { segment.reader.column(of: $0, in: block) }
    guard found.contains(where: { $0 != nil }),
      let all = try readingAround(from, through, { try segment.reader.timestamps(of: block) })
    else {
      var nulls = NullColumns(count: 0)
      return ColumnBatch(timestamps: [], columns: fields.map { nulls[$0.type] })
    }
    let rows = Self.firstRow(all, from: from)..<Self.endRow(all, through: through)
    var nulls = NullColumns(count: rows.count)
    let columns = try zip(fields, found).map { field, column in
      guard let column,
        let values = try readingAround(
          from, through, { try segment.reader.column(column, ofBlock: block.index) })
      else { return nulls[field.type] }
      return values.rows(rows)
    }
    let batch = ColumnBatch(
      timestamps: rows.count == all.count ? all : Array(all[rows]), columns: columns)
    if tombstones.isEmpty { return batch }
    return batch.filtered(
      batch.timestamps.map { time in
        !tombstones.contains { $0.from <= time && time <= $0.through }
      })
  }

  /// Whether a row of the block lies in a range. Timestamps are read only if neither the first nor
  /// the last row of the block decides. Timestamps that are damaged count as no rows if ``damage``
  /// does not throw them.
  func hasRows(within range: ClosedRange<Timestamp>) throws -> Bool {
    guard block.timeRange.overlaps(range) else { return false }
    if tombstones.isEmpty,
      range.contains(block.timeRange.lowerBound) || range.contains(block.timeRange.upperBound)
    {
      return true
    }
    guard
      let times = try readingAround(
        range.lowerBound, range.upperBound, { try segment.reader.timestamps(of: block) })
    else { return false }
    let rows =
      Self.firstRow(times, from: range.lowerBound)..<Self.endRow(times, through: range.upperBound)
    return times[rows].contains { time in
      !tombstones.contains { $0.from <= time && time <= $0.through }
    }
  }

  /// What `body` reads; nil if that is damaged and reads go on without it.
  private func readingAround<Value>(
    _ from: Timestamp, _ through: Timestamp, _ body: () throws -> Value
  ) throws -> Value? {
    do {
      return try body()
    } catch {
      let error = StorageError.wrapping(error, path: segment.reader.path.string)
      problems.add(error)
      segment.reader.noteUnreadable(block.timeRange, error)
      try damage.note(error, timeRange: block.timeRange.clamped(to: from...through))
      return nil
    }
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
