import ContinuousQueries
import Query
import Storage
import TimeSeries

/// One piece of a continuous query's work: its results for some buckets are written, and derived
/// rows there that are not among them are deleted.
///
/// A derived row is one of a destination measurement whose tags are tags the query groups by, or
/// keys of its top() or bottom(). One that carries fields which are not columns of the query is
/// somebody else's too, and is left.
struct Materialization {
  let query: ContinuousQuery
  let source: DatabaseSource
  let now: Timestamp
  /// Nanoseconds before a bucket that its results depend on.
  let lookback: Int64

  /// - Returns: points written.
  func run(over range: Range<Timestamp>, replacing replaced: Range<Timestamp>?) throws -> Int {
    let start = max(range.lowerBound, firstBucket(notBefore: keptSince(target, in: destination)))
    guard start < range.upperBound else { return 0 }
    let select = query.select(over: start..<range.upperBound)
    // Whether an episode reaches into the range is known once it is computed.
    let store: any QuerySource = select.selectsEpisodes ? ChangedRows(base: source) : source
    guard let replaced = replaced.flatMap(replaceable),
      try select.selectsEpisodes || hasRows(in: replaced)
    else { return try write(select, through: store).points }
    let fresh = FreshRows(base: store)
    var written = try write(select, through: fresh)
    let stale = try staleRows(in: replaced, written.settled, besides: fresh)
    try source.engine.delete(stale.spans, in: destination)
    // A row cannot lose a field but by being deleted and written anew.
    if stale.includesFresh { written = try write(select, through: store) }
    return written.points
  }

  private var target: MeasurementName? { query.statement.select.into }

  private var destination: String { target?.database ?? query.database }

  private var policies: [RetentionPolicy] { source.retentionPolicies(of: destination) ?? [] }

  /// The policy that results are written to.
  private var policy: String? { target?.retentionPolicy ?? policies.first?.name }

  private func write(
    _ select: SelectStatement, through source: any QuerySource
  ) throws -> WrittenSelect {
    var limits = QueryContext.Limits()
    // The same rows must give the same bits whenever they are computed.
    limits.isLayoutIndependent = true
    return try Executor(source: source, context: QueryContext(now: now, limits: limits)).write(
      select, database: query.database, notBefore: firstReplaceable)
  }

  // What retention took is no change of what was measured: derived rows outlive their sources. So
  // nothing is removed where sources may have lost rows to it. Lifecycle events do not matter here:
  // they change what a model says of a row, not which rows there are.

  /// The part of a range in which the sources keep everything.
  private func replaceable(_ range: Range<Timestamp>) -> Range<Timestamp>? {
    let start = max(range.lowerBound, firstReplaceable)
    return start < range.upperBound ? start..<range.upperBound : nil
  }

  /// From here on the sources keep everything that results depend on, and the target the results.
  private var firstReplaceable: Timestamp {
    let kept =
      query.statement.select.measurementsRead.map { name in
        keptSince(name, in: name.database ?? query.database)
      }.max() ?? .min
    let (first, overflow) = kept.addingReportingOverflow(lookback)
    return max(
      firstBucket(notBefore: overflow ? .max : first),
      firstBucket(notBefore: keptSince(target, in: destination)))
  }

  private func keptSince(_ name: MeasurementName?, in database: String) -> Timestamp {
    let policies = source.retentionPolicies(of: database) ?? []
    let policy =
      name?.retentionPolicy.map { name in policies.first { $0.name == name } } ?? policies.first
    guard let policy, policy.duration > 0 else { return .min }
    let (since, overflow) = now.subtractingReportingOverflow(policy.duration)
    return overflow ? .min : since
  }

  private func firstBucket(notBefore time: Timestamp) -> Timestamp {
    let bucket = query.grid.bucket(of: time)
    return bucket.start < time ? bucket.end : bucket.start
  }
}

// What is stored.
extension Materialization {
  /// The derived rows that are to go.
  private struct Stale {
    var spans: [DeletedSpan] = []
    /// Some of them have new values.
    var includesFresh = false
  }

  /// A series of a destination, and all fields of its measurement.
  private struct DerivedSeries {
    var series: SeriesDescriptor
    var fields: [String]
  }

  private func derivedSeries(in snapshot: any DatabaseSnapshot) -> [DerivedSeries] {
    var tags: Set<String>? = query.statement.select.rankingKeys
    for dimension in query.statement.select.dimensions {
      if case .tag(let name) = dimension { tags?.insert(name) } else { tags = nil }
    }
    let schemas = query.destinations.flatMap { snapshot.schemas(of: $0) }
    return Set(schemas).sorted { $0.name < $1.name }.flatMap { schema in
      let fields = schema.fields.map(\.name)
      return snapshot.series(of: schema.name, matching: nil).filter { series in
        tags.map { tags in series.key.tags.allSatisfy { tags.contains($0.key) } } ?? true
      }.map { DerivedSeries(series: $0, fields: fields) }
    }
  }

  private func blocks(
    of derived: DerivedSeries, _ snapshot: any DatabaseSnapshot, in range: ClosedRange<Timestamp>,
    policy: String?
  ) throws -> [any SeriesBlock] {
    try snapshot.blocks(
      of: derived.series.id, fields: derived.fields, from: range.lowerBound,
      through: range.upperBound, retentionPolicy: policy)
  }

  private func hasRows(in range: Range<Timestamp>) throws -> Bool {
    guard let snapshot = source.snapshot(of: destination) else { return false }
    return try derivedSeries(in: snapshot).contains {
      try !blocks(of: $0, snapshot, in: ClosedRange(range), policy: policy).isEmpty
    }
  }

  /// What is stored and was not among the rows just written.
  ///
  /// - Parameters:
  ///   - replaced: where series are looked at that have no range of their own.
  ///   - settled: series whose results stand for other ranges.
  private func staleRows(
    in replaced: Range<Timestamp>, _ settled: [SeriesKey: Range<Timestamp>],
    besides fresh: FreshRows
  ) throws -> Stale {
    guard let snapshot = source.snapshot(of: destination) else { return Stale() }
    let own = try Executor(source: source, context: QueryContext(now: now))
      .columnNames(of: query.statement.select, database: query.database)
    var found: [ClosedRange<Timestamp>: [SeriesID]] = [:]
    var includesFresh = false
    for derived in derivedSeries(in: snapshot) {
      let key = derived.series.key
      guard let range = settled[key].map(replaceable) ?? replaced else { continue }
      let rows = fresh.rows(of: key)
      var runs: [[Timestamp]] = []
      var isOpen = false
      for block in try blocks(of: derived, snapshot, in: ClosedRange(range), policy: policy) {
        let batch = try block.read()
        for (row, time) in batch.timestamps.enumerated() {
          let stored = Set(
            derived.fields.indices.filter { batch.columns[$0].isPresent(row) }
              .map { derived.fields[$0] })
          let isOwn = own.map(stored.isSubset) ?? true
          guard isOwn, !stored.isSubset(of: rows[time] ?? []) else {
            isOpen = false
            continue
          }
          if rows[time] != nil { includesFresh = true }
          if isOpen { runs[runs.count - 1].append(time) } else { runs.append([time]) }
          isOpen = true
        }
      }
      for run in runs {
        for span in try spans(of: run, derived, snapshot) {
          found[span, default: []].append(derived.series.id)
        }
      }
    }
    let spans = found.sorted { $0.key.lowerBound < $1.key.lowerBound }.map { span, series in
      DeletedSpan(series: series, from: span.lowerBound, through: span.upperBound)
    }
    return Stale(spans: spans, includesFresh: includesFresh)
  }

  /// What is to be deleted of neighbouring rows. A deletion reaches the rows of a series in every
  /// policy: among rows of others it takes one time each, and leaves the times that they share.
  private func spans(
    of run: [Timestamp], _ derived: DerivedSeries, _ snapshot: any DatabaseSnapshot
  ) throws -> [ClosedRange<Timestamp>] {
    guard let first = run.first, let last = run.last else { return [] }
    var others: Set<Timestamp> = []
    for other in policies where other.name != policy {
      for block in try blocks(of: derived, snapshot, in: first...last, policy: other.name) {
        others.formUnion(try block.read().timestamps)
      }
    }
    if others.isEmpty { return [first...last] }
    return run.filter { !others.contains($0) }.map { $0...$0 }
  }
}
