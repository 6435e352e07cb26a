import TimeSeries

/// A block that lies in one segment and that nothing overlaps: its statistics are the segment's.
struct SegmentScanBlock: SeriesBlock {
  let source: SegmentSource
  let fields: [MeasurementSchema.Field]
  /// What the scan asks for and the block has.
  let timeRange: ClosedRange<Timestamp>

  var rowCount: Int { source.block.rowCount }

  func statistics(ofField index: Int) -> ColumnStatistics? {
    guard timeRange == source.block.timeRange, source.tombstones.isEmpty,
      source.hasField(fields[index])
    else { return nil }
    return source.segment.reader.statistics(of: fields[index].name, in: source.block)
  }

  func mayContain(field index: Int) -> Bool { source.hasField(fields[index]) }

  func hasRows() throws -> Bool { try source.hasRows(within: timeRange) }

  func read() throws -> ColumnBatch {
    try source.read(fields, from: timeRange.lowerBound, through: timeRange.upperBound)
      .withoutEmptyRows
  }
}

/// Rows that are only in memtables.
struct MemtableScanBlock: SeriesBlock {
  let rows: MemtableRows
  let range: Range<Int>
  let timeRange: ClosedRange<Timestamp>

  var rowCount: Int { range.count }

  func statistics(ofField index: Int) -> ColumnStatistics? { nil }

  func mayContain(field index: Int) -> Bool { rows.mayContain(field: index) }

  func hasRows() -> Bool { !range.isEmpty }

  func read() throws -> ColumnBatch { rows.batch(range).withoutEmptyRows }
}

/// A stretch of time in which several places have rows: the newest value of each field stands.
struct MergedScanBlock: SeriesBlock {
  /// Oldest first.
  let sources: [SegmentSource]
  /// Newer than all of `sources`.
  let rows: MemtableRows
  let range: Range<Int>
  let fields: [MeasurementSchema.Field]
  let timeRange: ClosedRange<Timestamp>

  var rowCount: Int { sources.reduce(range.count) { $0 + $1.block.rowCount } }

  func statistics(ofField index: Int) -> ColumnStatistics? { nil }

  func mayContain(field index: Int) -> Bool {
    sources.contains { $0.hasField(fields[index]) }
      || (!range.isEmpty && rows.mayContain(field: index))
  }

  func hasRows() throws -> Bool {
    try !range.isEmpty || sources.contains { try $0.hasRows(within: timeRange) }
  }

  func read() throws -> ColumnBatch {
    var batches = try sources.map {
      try $0.read(fields, from: timeRange.lowerBound, through: timeRange.upperBound)
    }
    if !range.isEmpty { batches.append(rows.batch(range)) }
    return ColumnMerge.merge(batches)?.withoutEmptyRows
      ?? ColumnBatch(timestamps: [], columns: fields.map { Column(nulls: 0, type: $0.type) })
  }
}
