import TimeSeries

/// Turns the places that hold rows of a series into blocks that do not overlap.
///
/// Segment blocks whose times overlap must be merged; the others stand alone and keep their
/// statistics. Memtable rows go to the merged block whose stretch they fall in, or make blocks of
/// their own between.
struct ScanPlan {
  let fields: [MeasurementSchema.Field]
  let from: Timestamp
  let through: Timestamp
  private let rows: MemtableRows
  /// Ascending by first time.
  private let sources: [SegmentSource]
  private var blocks: [any SeriesBlock] = []
  private var nextRow = 0

  /// A merged block of more rows is cut up where that can be done.
  private let mergedRows: Int
  private let memtableRows: Int

  /// - Parameters:
  ///   - sources: oldest first.
  ///   - rows: with the same fields.
  static func blocks(
    fields: [MeasurementSchema.Field], from: Timestamp, through: Timestamp,
    sources: [SegmentSource], rows: MemtableRows
  ) -> [any SeriesBlock] {
    var plan = ScanPlan(fields, from, through, sources, rows)
    plan.run()
    return plan.blocks
  }

  private init(
    _ fields: [MeasurementSchema.Field], _ from: Timestamp, _ through: Timestamp,
    _ sources: [SegmentSource], _ rows: MemtableRows
  ) {
    self.fields = fields
    self.from = from
    self.through = through
    self.rows = rows
    mergedRows = BlockSize.rows(atMost: 1 << 15, columns: fields.count)
    memtableRows = BlockSize.rows(atMost: 8192, columns: fields.count)
    self.sources = sources.sorted {
      $0.block.timeRange.lowerBound < $1.block.timeRange.lowerBound
    }
  }

  private mutating func run() {
    var first = 0
    while first < sources.count {
      var end = first + 1
      var last = sources[first].block.timeRange.upperBound
      while end < sources.count, sources[end].block.timeRange.lowerBound <= last {
        last = max(last, sources[end].block.timeRange.upperBound)
        end += 1
      }
      addRows(before: sources[first].block.timeRange.lowerBound)
      addCluster(Array(sources[first..<end]), last: last)
      first = end
    }
    addRows(before: nil)
  }

  /// Memtable rows up to a time as blocks of their own.
  private mutating func addRows(before time: Timestamp?) {
    let end = time.map { rows.firstRow(from: $0) } ?? rows.rows.count
    while nextRow < end {
      var stop = min(nextRow + memtableRows, end)
      while stop < end, rows.rows[stop].time == rows.rows[stop - 1].time { stop += 1 }
      blocks.append(
        MemtableScanBlock(
          rows: rows, range: nextRow..<stop,
          timeRange: rows.rows[nextRow].time...rows.rows[stop - 1].time))
      nextRow = stop
    }
  }

  /// Overlapping segment blocks, up to the time `last`, with the memtable rows among them.
  private mutating func addCluster(_ cluster: [SegmentSource], last: Timestamp) {
    var start = cluster[0].block.timeRange.lowerBound
    var count = 0
    for source in cluster {
      let cut = source.block.timeRange.lowerBound
      if count >= mergedRows, cut > start {
        addPiece(cluster, start...(cut - 1))
        start = cut
        count = 0
      }
      count += source.block.rowCount
    }
    addPiece(cluster, start...last)
  }

  private mutating func addPiece(_ cluster: [SegmentSource], _ piece: ClosedRange<Timestamp>) {
    let range = nextRow..<rows.firstRow(after: piece.upperBound)
    nextRow = range.upperBound
    let low = max(from, piece.lowerBound)
    let high = min(through, piece.upperBound)
    guard low <= high else { return }
    // In order of age again.
    let inside = cluster.filter { $0.block.timeRange.overlaps(low...high) }
      .sorted { a, b in
        (a.segment.entry.name.sequence, a.segment.entry.name.number)
          < (b.segment.entry.name.sequence, b.segment.entry.name.number)
      }
    if range.isEmpty, inside.count == 1, let only = inside.first {
      let part = only.block.timeRange.clamped(to: low...high)
      blocks.append(SegmentScanBlock(source: only, fields: fields, timeRange: part))
    } else if !range.isEmpty || !inside.isEmpty {
      blocks.append(
        MergedScanBlock(
          sources: inside, rows: rows, range: range, fields: fields, timeRange: low...high))
    }
  }
}
