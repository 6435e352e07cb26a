import Query
import Synchronization
import TimeSeries

/// Keeps continuous queries up to date.
///
/// Every write to and deletion from a measurement that a query reads marks the buckets that depend
/// on it as pending; each EVERY the query computes what is pending and complete, through the
/// ordinary write path, and removes derived rows that are not among the results any more. Results
/// are keyed by series and time, so computing a bucket twice changes nothing. A new query starts
/// with everything that its sources hold.
///
/// A change is announced before it is made (``begin(_:)``) and marks once it is made
/// (``end(_:)``), so that no run takes the mark, and computes, too early. What is saved of a query
/// (``save()``) holds the changes in between as well as what a run is computing: wherever the
/// process dies, nothing is lost of what is still to be done.
///
/// Time spent in queries is spent outside the lock: writers never wait for a run. Runs themselves
/// are made by one caller at a time.
public final class ContinuousQueryScheduler: Sendable {
  /// Where rows change, measurement by measurement.
  public typealias Changes = [MeasurementReference: [ClosedRange<Timestamp>]]

  /// The most buckets computed at a time, so that a backfill of months holds little in memory and
  /// can be stopped between pieces. Pieces begin small and grow while they take little time: how
  /// much a bucket costs depends on the groups and the rows.
  static let bucketsPerPiece: Int64 = 20_000
  /// Pieces of one query before the others have their turn, and nanoseconds after which no new
  /// piece is begun. A single point with a wrong time can make centuries pending.
  static let piecesPerTurn = 8
  static let turn: Int64 = 1_000_000_000
  static let longestBackoff: Int64 = 600_000_000_000

  let host: any ContinuousQueryHost
  let state = Mutex(State())
  private let running = Mutex(())
  /// Held while a definition is written or removed, so that a run which ends late can't bring back
  /// the file of a query that was dropped meanwhile.
  private let storing = Mutex(())
  let stopped = Atomic<Bool>(false)
  /// Nanoseconds from some moment on, whatever happens to the time of day.
  let stopwatch: @Sendable () -> Int64

  public init(
    host: any ContinuousQueryHost, stopwatch: @escaping @Sendable () -> Int64 = monotonicTime
  ) {
    self.host = host
    self.stopwatch = stopwatch
  }

  /// Nanoseconds since the process asked first.
  public static let monotonicTime: @Sendable () -> Int64 = {
    let start = ContinuousClock.now
    return {
      let (seconds, attoseconds) = start.duration(to: .now).components
      return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
  }()

  /// Takes up the stored queries. What they have to look at again is what was pending when they
  /// were last saved, and the RESAMPLE FOR before their last run.
  ///
  /// - Returns: definitions that could not be taken up, with the reason.
  public func load() throws -> [ContinuousQueryError] {
    var problems: [ContinuousQueryError] = []
    for stored in try host.loadContinuousQueries() {
      do {
        // Those that older versions kept have the names that the statement had.
        let query = try ContinuousQuery(withFullNames(try Self.parse(stored).statement))
        var entry = Entry(
          query: query, text: Statement.createContinuousQuery(query.statement).description,
          lookback: (try? host.lookback(of: query.statement.select, in: query.database)) ?? 0,
          furtherSources: (try? host.furtherSources(
            of: query.statement.select, in: query.database)) ?? [:])
        for pair in stored.pending where pair.count == 2 && pair[0] < pair[1] {
          // Whole buckets, whatever grid they were of when they were saved.
          entry.pending.insert(query.grid.buckets(from: pair[0], through: pair[1] - 1))
        }
        entry.lastRun = stored.lastRun
        if let lastRun = stored.lastRun {
          entry.pending.insert(
            query.grid.buckets(
              from: saturatingAdd(lastRun, -query.resampleFor), through: max(lastRun, host.now),
              lookahead: entry.lookback))
        }
        if !entry.pending.isEmpty { entry.waitingSince = stored.lastRun ?? host.now }
        let loaded = entry
        state.withLock {
          $0.entries[Key(database: query.database, name: query.name)] = loaded
          $0.indexReaders()
        }
      } catch {
        problems.append(error)
      }
    }
    return problems
  }

  /// The query of a stored definition.
  public static func parse(_ stored: StoredContinuousQuery) throws(ContinuousQueryError)
    -> ContinuousQuery
  {
    let statements: [Statement]
    do {
      statements = try Parser.parse(stored.text)
    } catch {
      throw .corruptDefinition(name: stored.name, reason: "\(error)")
    }
    guard statements.count == 1, case .createContinuousQuery(let create) = statements[0] else {
      throw .corruptDefinition(name: stored.name, reason: "not one CREATE CONTINUOUS QUERY")
    }
    return try ContinuousQuery(create)
  }

  /// Makes a query; everything its sources hold is pending at once. Making the same one again is
  /// fine and changes nothing. Names without a database or a retention policy mean those that they
  /// mean now, also when another policy is made the default one.
  public func create(_ statement: CreateContinuousQueryStatement) throws {
    let statement = withFullNames(statement)
    let query = try ContinuousQuery(statement)
    let text = Statement.createContinuousQuery(statement).description
    let key = Key(database: query.database, name: query.name)
    let known = state.withLock { $0.entries[key]?.text }
    if let known {
      guard known == text else { throw ContinuousQueryError.alreadyExists(name: query.name) }
      return
    }
    try requireDestinations(of: query)
    let lookback = try host.lookback(of: statement.select, in: query.database)
    // In the index before the sources are measured, so that a write in between is not missed.
    let entry = Entry(
      query: query, text: text, lookback: lookback,
      furtherSources: try host.furtherSources(of: statement.select, in: query.database))
    try refuseCycle(query, reading: entry.sources)
    state.withLock {
      $0.entries[key] = entry
      $0.indexReaders()
    }
    do {
      try markAll(key)
      try persist(key)
    } catch {
      state.withLock {
        $0.entries[key] = nil
        $0.indexReaders()
      }
      throw error
    }
  }

  /// Drops a query. As in InfluxDB, one that does not exist is as good as dropped.
  public func drop(name: String, database: String) throws {
    let key = Key(database: database, name: name)
    guard state.withLock({ $0.entries[key] != nil }) else { return }
    try storing.withLock { _ in
      try host.removeContinuousQuery(name: name, database: database)
      state.withLock {
        $0.entries[key] = nil
        $0.indexReaders()
      }
    }
  }

  /// Forgets the queries of a database that is gone.
  public func forget(database: String) {
    state.withLock {
      $0.entries = $0.entries.filter { $0.key.database != database }
      $0.indexReaders()
    }
  }

  /// Sorted by database and name.
  public func statuses() -> [ContinuousQueryStatus] {
    let now = host.now
    return state.withLock { state in
      state.entries.values.map { entry in
        let oldest = [entry.computingSince, entry.waitingSince].compactMap { $0 }.min()
        return ContinuousQueryStatus(
          name: entry.query.name, database: entry.query.database, text: entry.text,
          lastRun: entry.lastRun, lag: oldest.map { max(0, now - $0) } ?? 0,
          pointsWritten: entry.pointsWritten, lastError: entry.lastError)
      }
    }.sorted { ($0.database, $0.name) < ($1.database, $1.name) }
  }

  /// A change that is announced and not made yet.
  public struct ChangeInFlight: Sendable {
    fileprivate let id: Int
  }

  private func withFullNames(
    _ statement: CreateContinuousQueryStatement
  ) -> CreateContinuousQueryStatement {
    var statement = statement
    statement.select = statement.select.withFullNames(
      in: statement.database, defaultPolicy: { host.retentionPolicies(of: $0)?.first })
    return statement
  }

  /// - Throws: ``QueryError`` if the database or the retention policy of INTO does not exist. Of FROM
  ///   planning the query finds that.
  private func requireDestinations(of query: ContinuousQuery) throws {
    for destination in query.destinations {
      guard let policies = host.retentionPolicies(of: destination.database) else {
        throw QueryError.databaseNotFound(destination.database)
      }
      if let policy = destination.retentionPolicy, !policies.contains(policy) {
        throw QueryError.retentionPolicyNotFound("\(destination.database).\(policy)")
      }
    }
  }

  /// Whether a query reads any measurement of a database.
  public func isReading(from database: String) -> Bool {
    state.withLock { $0.isRead(database) }
  }

  /// Tells that points are about to be written.
  ///
  /// - Returns: to be given to ``end(_:)``; nil where no query is concerned.
  public func beginWrite(
    _ batch: PointBatch, to database: String, retentionPolicy: String
  ) -> ChangeInFlight? {
    func reference(_ measurement: String) -> MeasurementReference {
      MeasurementReference(
        database: database, retentionPolicy: retentionPolicy, measurement: measurement)
    }
    let touched = TouchedRanges.of(batch) { measurement in
      state.withLock { !$0.readers(of: reference(measurement)).isEmpty }
    }
    if touched.isEmpty { return nil }
    return begin(
      Changes(uniqueKeysWithValues: touched.map { (reference($0), $1) }))
  }

  /// Tells that rows are about to be deleted. That is durable when this returns, since nothing but
  /// the queries' state tells of a deletion later.
  public func beginDeletion(_ changes: Changes) throws -> ChangeInFlight? {
    guard let change = begin(changes) else { return nil }
    do {
      for key in state.withLock({ state in
        Set(changes.keys.flatMap(state.readers))
      }) {
        try persist(key)
      }
    } catch {
      state.withLock { $0.changes[change.id] = nil }
      throw error
    }
    return change
  }

  private func begin(_ changes: Changes) -> ChangeInFlight? {
    state.withLock { state in
      guard changes.keys.contains(where: { !state.readers(of: $0).isEmpty }) else { return nil }
      let id = state.nextChange
      state.nextChange += 1
      state.changes[id] = changes
      return ChangeInFlight(id: id)
    }
  }

  /// Tells that a change was made, or may have been: what depends on it is pending from now on.
  public func end(_ change: ChangeInFlight) {
    let now = host.now
    state.withLock { state in
      for (source, ranges) in state.changes.removeValue(forKey: change.id) ?? [:] {
        state.mark(ranges, in: source, at: now)
      }
    }
  }

  /// Tells that rows of a measurement within some stretches changed.
  public func note(
    _ ranges: [ClosedRange<Timestamp>], in source: MeasurementReference, at now: Timestamp
  ) {
    state.withLock { $0.mark(ranges, in: source, at: now) }
  }

  /// Makes a change after which everything the queries meant by `isAffected` ever computed from rows
  /// at `start` and later is to be computed again, as when a model is trained anew. That it is to be
  /// is durable before the change.
  public func invalidate(
    where isAffected: (ContinuousQuery) -> Bool, from start: Timestamp = .min,
    making change: () throws -> Void
  ) throws {
    // A run in between would compute with what was before and take the marks away.
    try running.withLock { _ in
      let keys = state.withLock { state in
        state.entries.filter { isAffected($0.value.query) }.map(\.key)
      }
      for key in keys {
        try markAll(key, from: start)
        try persist(key)
      }
      try change()
      for key in keys {
        guard let query = state.withLock({ $0.entries[key]?.query }) else { continue }
        if let lookback = try? host.lookback(of: query.statement.select, in: query.database),
          let further = try? host.furtherSources(
            of: query.statement.select, in: query.database)
        {
          state.withLock {
            $0.entries[key]?.lookback = lookback
            $0.entries[key]?.furtherSources = further
            $0.indexReaders()
          }
        }
        try markAll(key, from: start)
        try persist(key)
      }
    }
  }

  private func markAll(_ key: Key, from start: Timestamp = .min) throws {
    guard let query = state.withLock({ $0.entries[key]?.query }) else { return }
    let now = host.now
    let ranges = try query.sources.compactMap { try host.timeRange(of: $0) }
      .filter { start <= $0.upperBound }
    state.withLock { state in
      state.mark(key, at: now) { entry in
        ranges.map {
          query.grid.buckets(
            from: max(start, $0.lowerBound), through: $0.upperBound, lookahead: entry.lookback)
        }
      }
      state.entries[key]?.nextRun = .min
    }
  }

  /// Refuses what would make one of the queries meant by `isAffected` depend, by a further source,
  /// on what it writes itself.
  public func refuseCycle(
    throughReading source: MeasurementSelection,
    where isAffected: (ContinuousQuery) -> Bool
  ) throws(ContinuousQueryError) {
    let affected = state.withLock { state in
      state.entries.values.filter { isAffected($0.query) }
    }
    for entry in affected {
      try refuseCycle(entry.query, reading: entry.query.sources + [source])
    }
  }

  private func refuseCycle(
    _ query: ContinuousQuery, reading sources: [MeasurementSelection]
  ) throws(ContinuousQueryError) {
    if let own = query.writes(into: sources) { throw .invalid("reads and writes \(own)") }
    let others = state.withLock { $0.entries }
    let start = Key(database: query.database, name: query.name)
    // Each query is looked at once: what it leads to does not depend on the way to it.
    var seen: Set<Key> = [start]
    func path(from query: ContinuousQuery) -> [Key]? {
      for (key, next) in others
      where !seen.contains(key) && query.writes(into: next.sources) != nil {
        seen.insert(key)
        if next.query.writes(into: sources) != nil { return [key] }
        if let rest = path(from: next.query) { return [key] + rest }
      }
      return nil
    }
    if let path = path(from: query) {
      throw .cycle(([start] + path + [start]).map(\.description))
    }
  }

  /// Saves what is pending, so that a restart knows of it.
  public func save() throws {
    for key in state.withLock({ Array($0.entries.keys) }) { try persist(key) }
  }

  func persist(_ key: Key) throws {
    try storing.withLock { _ in
      let stored = state.withLock { state in
        state.entries[key]?.stored(changing: state.changes)
      }
      if let stored { try host.store(stored) }
    }
  }

  /// Saves what is pending and calls `body` while no query runs: until it returns, what the queries
  /// have written and what they have still to do fit together.
  public func withoutRuns<R: Sendable>(_ body: () throws -> R) throws -> R {
    try running.withLock { _ in
      try save()
      return try body()
    }
  }

  /// Makes runs stop at the next piece, and ``tick()`` do nothing from now on.
  public func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    running.withLock { _ in }
  }

  /// Runs every query that is due. One call at a time; a second waits.
  ///
  /// - Parameter ignoringSchedule: runs those that are not due as well.
  /// - Returns: whether anything was computed.
  @discardableResult
  public func tick(ignoringSchedule: Bool = false) -> Bool {
    running.withLock { _ in
      let now = host.now
      let due = state.withLock { state in
        state.entries
          .filter { ignoringSchedule || $0.value.isDue(at: now) }
          .map(\.key)
          .sorted { ($0.database, $0.name) < ($1.database, $1.name) }
      }
      var computed = false
      for key in due where !stopped.load(ordering: .relaxed) {
        if run(key) { computed = true }
      }
      return computed
    }
  }

  /// Runs until nothing that is complete is pending, chained queries included, or a query fails.
  public func runUntilIdle() {
    while tick(ignoringSchedule: true) {}
  }
}
