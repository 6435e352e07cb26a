import TimeSeries

/// Writes a frozen memtable to segments: for each retention policy and partition with rows one, or
/// several if its directory would be too large.
struct SegmentFlush {
  let memtable: Memtable
  let sequence: UInt64
  let policies: [ManifestState.Policy]
  let index: SeriesIndex
  let layout: DatabaseLayout
  let fileSystem: any FileSystem
  let blockRows: Int
  let directoryLimit: Int
  /// Asked for every block; true ends the flush with ``StorageError/closed``.
  let isCancelled: () -> Bool
  /// Number of the first segment file.
  var nextNumber: UInt64
  private(set) var written: [OpenSegment] = []
  private var latest = NamedFields()

  /// The fields of a series and their names: mostly those of the series before.
  private struct NamedFields {
    var measurement: MeasurementIndex?
    var fields: [MemtableField] = []
    var names: [String] = []
  }

  init(
    _ frozen: FrozenMemtable, policies: [ManifestState.Policy], index: SeriesIndex,
    layout: DatabaseLayout, fileSystem: any FileSystem, options: StorageOptions, nextNumber: UInt64,
    isCancelled: @escaping () -> Bool
  ) {
    memtable = frozen.table
    sequence = frozen.sequence
    self.policies = policies
    self.index = index
    self.layout = layout
    self.fileSystem = fileSystem
    blockRows = options.blockRows
    directoryLimit = options.directoryLimit
    self.nextNumber = nextNumber
    self.isCancelled = isCancelled
  }

  /// Writes all segments, files and directory durable. After a throw none of them is left, if they
  /// can be removed.
  mutating func run() throws {
    do {
      for policy in policies {
        guard let table = memtable.tables[policy.id], !table.isEmpty else { continue }
        for start in partitions(of: table, policy.policy).sorted() {
          try writePartition(start, policy, table)
        }
      }
      if !written.isEmpty { try fileSystem.syncDirectory(layout.segmentDirectory) }
    } catch {
      discard()
      throw error
    }
  }

  /// Removes what was written.
  func discard() {
    for segment in written { try? fileSystem.remove(layout.segment(segment.entry.name)) }
  }

  private func partitions(
    of table: [UInt32: MemtableSeries], _ policy: RetentionPolicy
  ) -> Set<Timestamp> {
    var starts: Set<Timestamp> = []
    for series in table.values {
      for (chunk, rows) in series.chunks(in: .max) {
        let first = policy.partitionStart(of: chunk.minimumTime)
        if first == policy.partitionStart(of: chunk.maximumTime) {
          starts.insert(first)
        } else {
          for row in 0..<rows { starts.insert(policy.partitionStart(of: chunk.time(row))) }
        }
      }
    }
    return starts
  }

  private mutating func writePartition(
    _ start: Timestamp, _ policy: ManifestState.Policy, _ table: [UInt32: MemtableSeries]
  ) throws {
    // The first partition may begin before time does.
    let through = policy.policy.partitionEnd(of: max(start, TimestampBounds.earliest))
    var rest = table.keys.sorted()[...]
    while !rest.isEmpty {
      try writeSegment(policy.id, start...through) { flush, writer in
        while writer.directoryMemory < flush.directoryLimit, let id = rest.popFirst() {
          guard let series = table[id] else { continue }
          try flush.append(series, of: id, start...through, to: &writer)
        }
      }
    }
  }

  /// Makes one segment of what `write` does; none if it writes no row.
  private mutating func writeSegment(
    _ policy: UInt32, _ partition: ClosedRange<Timestamp>,
    _ write: (inout SegmentFlush, inout SegmentWriter) throws -> Void
  ) throws {
    let name = SegmentName(sequence: sequence, number: nextNumber, policy: policy)
    nextNumber += 1
    let path = layout.segment(name)
    do {
      let file = try fileSystem.create(path)
      var writer = try SegmentWriter(file: file, path: path, blockRows: blockRows)
      try write(&self, &writer)
      let summary = try writer.finish()
      try file.close()
      guard let timeRange = summary.timeRange else {
        try fileSystem.remove(path)
        return
      }
      written.append(
        OpenSegment(
          entry: SegmentEntry(
            name: name, partitionStart: partition.lowerBound, size: UInt64(summary.byteCount),
            rowCount: UInt64(summary.rowCount), timeRange: timeRange),
          reader: try SegmentReader(path: path, map: try fileSystem.map(path))))
    } catch {
      try? fileSystem.remove(path)
      throw error
    }
  }

  private mutating func append(
    _ series: MemtableSeries, of id: UInt32, _ partition: ClosedRange<Timestamp>,
    to writer: inout SegmentWriter
  ) throws {
    var rows = MemtableRows()
    rows.add(
      series.chunks(in: .max), texts: memtable.texts, from: partition.lowerBound,
      through: partition.upperBound)
    if rows.isEmpty { return }
    rows.selectAllFields()
    rows.finish()
    try append(rows, of: id, to: &writer)
  }

  /// Rows of one time must not be torn apart, so a piece ends where the time changes.
  private mutating func append(
    _ rows: MemtableRows, of id: UInt32, to writer: inout SegmentWriter
  ) throws {
    guard let key = nameFields(of: id, rows.fields) else { return }
    try writer.beginSeries(SeriesID(rawValue: id), key: key)
    let limit = BlockSize.rows(atMost: blockRows, columns: rows.fields.count)
    var start = 0
    while start < rows.rows.count {
      if isCancelled() { throw StorageError.closed }
      var end = min(start + limit, rows.rows.count)
      while end < rows.rows.count, rows.rows[end].time == rows.rows[end - 1].time { end += 1 }
      let batch = rows.batch(start..<end)
      try writer.append(
        SegmentBlock(
          timestamps: batch.timestamps,
          fields: zip(latest.names, batch.columns).map { ($0, $1) }))
      start = end
    }
  }

  /// Finds the names of a series' fields; returns the series' key, nil if the series was dropped.
  private mutating func nameFields(of id: UInt32, _ fields: [MemtableField]) -> [UInt8]? {
    index.lock.withLock {
      guard let measurement = index.measurement(of: id),
        let key = index.canonicalKey(of: id).map(Array.init),
        Int(fields.last?.id ?? 0) < measurement.fields.count
      else { return nil }
      if latest.measurement !== measurement || latest.fields != fields {
        latest = NamedFields(
          measurement: measurement, fields: fields,
          names: fields.compactMap { $0.id.map { measurement.fields[Int($0)].name } })
      }
      return key
    }
  }
}
