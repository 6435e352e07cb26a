import TimeSeries

/// Writes a frozen memtable to segments, one for each retention policy and partition with rows.
struct SegmentFlush {
  let memtable: Memtable
  let sequence: UInt64
  let policies: [ManifestState.Policy]
  let index: SeriesIndex
  let layout: DatabaseLayout
  let fileSystem: any FileSystem
  let blockRows: Int
  /// Number of the first segment file.
  var nextNumber: UInt64
  private(set) var written: [OpenSegment] = []

  init(
    _ frozen: FrozenMemtable, policies: [ManifestState.Policy], index: SeriesIndex,
    layout: DatabaseLayout, fileSystem: any FileSystem, blockRows: Int, nextNumber: UInt64
  ) {
    memtable = frozen.table
    sequence = frozen.sequence
    self.policies = policies
    self.index = index
    self.layout = layout
    self.fileSystem = fileSystem
    self.blockRows = blockRows
    self.nextNumber = nextNumber
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
    let name = SegmentName(sequence: sequence, number: nextNumber, policy: policy.id)
    nextNumber += 1
    let path = layout.segment(name)
    do {
      let file = try fileSystem.create(path)
      var writer = try SegmentWriter(file: file, path: path, blockRows: blockRows)
      // The first partition may begin before time does.
      let through = policy.policy.partitionEnd(of: max(start, TimestampBounds.earliest))
      for id in table.keys.sorted() {
        guard let series = table[id] else { continue }
        var rows = MemtableRows()
        rows.add(series.chunks(in: .max), texts: memtable.texts, from: start, through: through)
        if rows.isEmpty { continue }
        rows.sort()
        guard let key = index.lock.withLock({ index.canonicalKey(of: id).map(Array.init) }) else {
          continue
        }
        try writer.beginSeries(SeriesID(rawValue: id), key: key)
        try append(rows, to: &writer)
      }
      let summary = try writer.finish()
      try file.close()
      guard let timeRange = summary.timeRange else {
        try fileSystem.remove(path)
        return
      }
      written.append(
        OpenSegment(
          entry: SegmentEntry(
            name: name, partitionStart: start, size: UInt64(summary.byteCount),
            rowCount: UInt64(summary.rowCount), timeRange: timeRange),
          reader: try SegmentReader(path: path, map: try fileSystem.map(path))))
    } catch {
      try? fileSystem.remove(path)
      throw error
    }
  }

  /// Rows of one time must not be torn apart, so a piece ends where the time changes.
  private func append(_ rows: MemtableRows, to writer: inout SegmentWriter) throws {
    let fields = rows.fields
    var start = 0
    while start < rows.rows.count {
      var end = min(start + blockRows, rows.rows.count)
      while end < rows.rows.count, rows.rows[end].time == rows.rows[end - 1].time { end += 1 }
      let batch = rows.batch(start..<end, fields: fields)
      try writer.append(
        SegmentBlock(
          timestamps: batch.timestamps,
          fields: zip(fields, batch.columns).map { ($0.name, $1) }))
      start = end
    }
  }
}
