import SystemPackage
import TimeSeries

/// Thrown to end a merge that nobody wants any more.
struct CompactionCancelled: Error {}

/// Writes the rows of several segments as one: what a scan of them would yield, series by series.
/// Rows of dropped series and deleted rows are left out, as are values that were overwritten.
///
/// In memory are the blocks of one series that overlap, not more.
struct SegmentMerge {
  /// Oldest first.
  let inputs: [OpenSegment]
  /// Whose deletions are carried out.
  let version: StoreVersion
  let index: SeriesIndex
  let problems: ProblemList
  /// Decides on blocks that cannot be read.
  var damage = DamageReport(failure: .always)
  let blockRows: Int
  /// Asked for every block.
  let isCancelled: () -> Bool

  /// Writes everything and makes the file's contents durable.
  func write(to file: any AppendableFile, path: FilePath) throws -> SegmentSummary {
    var writer = try SegmentWriter(file: file, path: path, blockRows: blockRows)
    var keys = SegmentMergeKeys(index: index)
    var names = SegmentMergeFields(inputs)
    for id in Set(inputs.flatMap(\.reader.seriesIDs)).sorted() {
      if version.state.droppedSeries.contains(id.rawValue) { continue }
      let sources = sources(of: id)
      let fields = try names.fields(of: sources)
      try writer.beginSeries(id, key: try keys.key(of: id, in: sources))
      var filler = BlockFiller(fields: fields, blockRows: blockRows)
      try read(sources, fields) { try filler.add($0, to: &writer) }
      try filler.finish(&writer)
    }
    return try writer.finish()
  }

  /// The rows of a series, as they would be written.
  func read(_ id: SeriesID, _ body: (ColumnBatch) throws -> Void) throws {
    let sources = sources(of: id)
    var names = SegmentMergeFields(inputs)
    try read(sources, try names.fields(of: sources), body)
  }

  private func read(
    _ sources: [SegmentSource], _ fields: [MeasurementSchema.Field],
    _ body: (ColumnBatch) throws -> Void
  ) throws {
    for block in ScanPlan.blocks(
      fields: fields, from: .min, through: .max, sources: sources, rows: MemtableRows())
    {
      if isCancelled() { throw CompactionCancelled() }
      try body(try block.read())
    }
  }

  private func sources(of id: SeriesID) -> [SegmentSource] {
    inputs.flatMap { segment in
      segment.reader.blocks(of: id).map { block in
        SegmentSource(
          segment: segment, block: block,
          tombstones: version.tombstones(
            of: id.rawValue, sequence: segment.entry.name.sequence,
            from: block.timeRange.lowerBound, through: block.timeRange.upperBound),
          problems: problems, damage: damage)
      }
    }
  }
}

/// The canonical keys of the series of a merge.
private struct SegmentMergeKeys {
  let index: SeriesIndex
  /// Of segments that had a series the index does not know, which is only met after damage.
  private var fromSegments: [String: [SeriesID: [UInt8]]] = [:]

  init(index: SeriesIndex) { self.index = index }

  mutating func key(of id: SeriesID, in sources: [SegmentSource]) throws -> [UInt8] {
    if let key = index.lock.withLock({ index.canonicalKey(of: id.rawValue).map(Array.init) }) {
      return key
    }
    for source in sources {
      let reader = source.segment.reader
      if fromSegments[reader.path.string] == nil {
        fromSegments[reader.path.string] = Dictionary(
          try reader.keys().map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
      }
      if let key = fromSegments[reader.path.string]?[id] { return key }
    }
    throw StorageError.corrupt(
      path: sources.first?.segment.reader.path.string ?? "", offset: 0,
      reason: "no key for series \(id.rawValue)")
  }
}
