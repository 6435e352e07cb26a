import TimeSeries

/// A database at one moment. Taking one costs next to nothing; what it refers to (memtables, mapped
/// segments, parts of the index) is kept as long as it is.
final class StoreSnapshot: DatabaseSnapshot {
  private struct Table {
    var memtable: Memtable
    /// The rows written until the end of this epoch are seen.
    var epoch: UInt64
  }

  private let store: DatabaseStore
  private let damage: DamageReport
  private let version: StoreVersion
  /// Oldest first.
  private let tables: [Table]
  private let known: [String: MeasurementIndex]
  private let seriesBound: UInt32
  private let fieldStamp: UInt64

  /// - Parameter damage: decides on what cannot be read, and is told of it.
  init(_ store: DatabaseStore, damage: DamageReport = DamageReport(failure: .always)) {
    self.store = store
    self.damage = damage
    let index = store.index
    let losses: [StorageError]
    (version, tables, known, seriesBound, fieldStamp, losses) = store.monitor.withLock {
      // Frozen memtables take nothing more, so all of them is seen.
      let tables =
        store.frozen.map { Table(memtable: $0.table, epoch: .max) }
        + [Table(memtable: store.active, epoch: store.active.beginSnapshot())]
      return (
        store.version, tables, index.measurements, index.nextID, index.fieldCount, store.losses
      )
    }
    // Who asks only for names reads no block, and names may be lost as well.
    for loss in losses { try? damage.note(loss, timeRange: nil) }
  }

  deinit {
    guard let last = tables.last else { return }
    store.monitor.withLock { last.memtable.release(epoch: last.epoch) }
  }

  var measurements: [String] {
    store.index.lock.withLock {
      known.values.filter { ($0.series.first ?? .max) < seriesBound }.map(\.name)
    }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func schema(of measurement: String) -> MeasurementSchema? {
    guard let index = known[measurement] else { return nil }
    return store.index.lock.withLock {
      guard (index.series.first ?? .max) < seriesBound else { return nil }
      let fields = index.fields.filter { $0.stamp <= fieldStamp }
        .map { MeasurementSchema.Field(name: $0.name, type: $0.type) }
      let tags = index.tags.filter { $0.firstSeries < seriesBound }.map(\.key)
      return MeasurementSchema(
        name: measurement,
        fields: fields.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) },
        tagKeys: tags.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
  }

  func series(of measurement: String, matching predicate: TagPredicate?) -> [SeriesDescriptor] {
    guard let index = known[measurement] else { return [] }
    let ids = TagQuery(measurement: index, bound: seriesBound, lock: store.index.lock)
      .series(matching: predicate)
    let keys = store.index.lock.withLock {
      ids.compactMap { id in index.canonicalKey(of: id).map { (id, Array($0)) } }
    }
    return keys.sorted { $0.1.lexicographicallyPrecedes($1.1) }.compactMap { id, bytes in
      SeriesKey(canonical: bytes).map {
        SeriesDescriptor(id: SeriesID(rawValue: id), key: $0)
      }
    }
  }

  func blocks(
    of series: SeriesID, fields: [String], from: Timestamp, through: Timestamp,
    retentionPolicy: String?
  ) throws -> [any SeriesBlock] {
    let id = series.rawValue
    guard from <= through, id < seriesBound, !version.state.droppedSeries.contains(id),
      let policy = policy(named: retentionPolicy)
    else { return [] }
    try noteDamage(policy: policy, from: from, through: through)
    let found = find(fields, series: id)
    let columns = zip(fields, found).map { MeasurementSchema.Field(name: $0, type: $1.type) }
    var rows = MemtableRows(fields: found)
    let parts = store.monitor.withLock {
      tables.map { $0.memtable.chunks(of: id, policy: policy, in: $0.epoch) }
    }
    for (table, chunks) in zip(tables, parts) {
      rows.add(chunks, texts: table.memtable.texts, from: from, through: through)
    }
    rows.finish()
    return ScanPlan.blocks(
      fields: columns, from: from, through: through,
      sources: sources(of: series, policy: policy, from: from, through: through), rows: rows)
  }

  /// Damage that may concern the rows of any series.
  private func noteDamage(policy: UInt32, from: Timestamp, through: Timestamp) throws {
    for (entry, error) in version.unreadable
    where entry.name.policy == policy && entry.timeRange.lowerBound <= through
      && entry.timeRange.upperBound >= from
    {
      try damage.note(
        error,
        timeRange: entry.timeRange.clamped(to: from...through))
    }
  }

  private func sources(
    of series: SeriesID, policy: UInt32, from: Timestamp, through: Timestamp
  ) -> [SegmentSource] {
    var sources: [SegmentSource] = []
    for segment in version.segments
    where segment.entry.name.policy == policy && segment.entry.timeRange.lowerBound <= through
      && segment.entry.timeRange.upperBound >= from
    {
      for block in segment.reader.blocks(of: series)
      where block.timeRange.lowerBound <= through && block.timeRange.upperBound >= from {
        sources.append(
          SegmentSource(
            segment: segment, block: block,
            tombstones: version.tombstones(
              of: series.rawValue, sequence: segment.entry.name.sequence,
              from: block.timeRange.lowerBound, through: block.timeRange.upperBound),
            problems: store.problems, damage: damage))
      }
    }
    return sources
  }

  private func policy(named name: String?) -> UInt32? {
    guard let name else { return version.state.defaultPolicy }
    return version.state.policy(named: name)?.id
  }

  /// Fields with their types; of a field that is not there any type will do.
  private func find(_ fields: [String], series: UInt32) -> [MemtableField] {
    store.index.lock.withLock {
      // The measurement as the snapshot knows it, should the series have been dropped since.
      let measurement = store.index.measurement(of: series).flatMap { known[$0.name] }
      return fields.map { name in
        guard let measurement, let id = measurement.field(named: name.utf8) else {
          return MemtableField(id: nil, type: .float)
        }
        return MemtableField(id: id, type: measurement.fields[Int(id)].type)
      }
    }
  }
}
