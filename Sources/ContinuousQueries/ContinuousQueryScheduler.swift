import Query
import Synchronization
import TimeSeries

/// Keeps continuous queries up to date.
///
/// Every write to a measurement that a query reads marks the buckets that depend on it as pending
/// (``noteWrite(_:to:)``); each EVERY the query computes what is pending and complete, through the
/// ordinary write path. Results are keyed by series and time, so computing a bucket twice changes
/// nothing. A new query starts with everything that its sources hold.
///
/// Time spent in queries is spent outside the lock: writers that call ``noteWrite(_:to:)`` never
/// wait for a run. Runs themselves are made by one caller at a time.
public final class ContinuousQueryScheduler: Sendable {
  struct Entry {
    let query: ContinuousQuery
    let text: String
    var lookback: Int64
    var pending = TimeRangeSet()
    /// When the oldest change in `pending` was made.
    var waitingSince: Timestamp?
    /// The same of what a run is computing at the moment.
    var computingSince: Timestamp?
    var lastRun: Timestamp?
    var nextRun: Timestamp = .min
    var failures = 0
    var lastError: String?
    var pointsWritten = 0

    var stored: StoredContinuousQuery {
      StoredContinuousQuery(
        name: query.name, database: query.database, text: text,
        pending: pending.ranges.map { [$0.lowerBound, $0.upperBound] }, lastRun: lastRun)
    }
  }

  struct Key: Hashable {
    var database: String
    var name: String
  }

  struct State {
    var entries: [Key: Entry] = [:]
    /// Who reads a measurement.
    var readers: [ContinuousQuery.MeasurementReference: [Key]] = [:]

    mutating func indexReaders() {
      readers = [:]
      for (key, entry) in entries {
        for source in entry.query.sources { readers[source, default: []].append(key) }
      }
    }
  }

  /// Buckets one run computes at a time, so that a backfill of months holds little in memory and
  /// can be stopped between pieces.
  static let bucketsPerPiece: Int64 = 20_000
  /// Pieces of one query before the others have their turn. A single point with a wrong time can
  /// make centuries pending.
  static let piecesPerTurn = 8
  static let longestBackoff: Int64 = 600_000_000_000

  private let host: any ContinuousQueryHost
  private let state = Mutex(State())
  private let running = Mutex(())
  /// Held while a definition is written or removed, so that a run which ends late can't bring back
  /// the file of a query that was dropped meanwhile.
  private let storing = Mutex(())
  private let stopped = Atomic<Bool>(false)

  public init(host: any ContinuousQueryHost) {
    self.host = host
  }

  /// Takes up the stored queries. What they have to look at again is what was pending when they
  /// were last saved, and the RESAMPLE FOR before their last run.
  ///
  /// - Returns: definitions that could not be taken up, with the reason.
  public func load() throws -> [ContinuousQueryError] {
    var problems: [ContinuousQueryError] = []
    for stored in try host.loadContinuousQueries() {
      do {
        let query = try Self.parse(stored)
        var entry = Entry(
          query: query, text: stored.text,
          lookback: (try? host.lookback(of: query.statement.select, in: query.database)) ?? 0)
        for pair in stored.pending where pair.count == 2 && pair[0] < pair[1] {
          entry.pending.insert(pair[0]..<pair[1])
        }
        entry.lastRun = stored.lastRun
        if let lastRun = stored.lastRun {
          entry.pending.insert(
            query.grid.buckets(
              from: saturatingAdd(lastRun, -query.resampleFor), through: max(lastRun, host.now),
              lookahead: entry.lookback))
        }
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
  /// fine and changes nothing.
  public func create(_ statement: CreateContinuousQueryStatement) throws {
    let query = try ContinuousQuery(statement)
    let text = Statement.createContinuousQuery(statement).description
    let key = Key(database: query.database, name: query.name)
    let known = state.withLock { $0.entries[key]?.text }
    if let known {
      guard known == text else { throw ContinuousQueryError.alreadyExists(name: query.name) }
      return
    }
    try refuseCycle(adding: query)
    let lookback = try host.lookback(of: statement.select, in: query.database)
    // In the index before the sources are measured, so that a write in between is not missed.
    let entry = Entry(query: query, text: text, lookback: lookback)
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

  public func drop(name: String, database: String) throws {
    let key = Key(database: database, name: name)
    guard state.withLock({ $0.entries[key] != nil }) else {
      throw ContinuousQueryError.notFound(name: name, database: database)
    }
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

  /// Tells that points were written. Cheap for measurements that no query reads.
  public func noteWrite(_ batch: PointBatch, to database: String) {
    let watched = state.withLock { state in
      state.readers.isEmpty
        ? [] : state.readers.keys.filter { $0.database == database }.map(\.measurement)
    }
    guard !watched.isEmpty else { return }
    let touched = TouchedRanges.of(batch, measurements: Set(watched))
    let now = host.now
    for (measurement, ranges) in touched {
      note(
        ranges,
        in: ContinuousQuery.MeasurementReference(database: database, measurement: measurement),
        at: now)
    }
  }

  /// Tells that rows of a measurement within some stretches changed.
  public func note(
    _ ranges: [ClosedRange<Timestamp>], in source: ContinuousQuery.MeasurementReference,
    at now: Timestamp
  ) {
    state.withLock { state in
      for key in state.readers[source] ?? [] {
        guard var entry = state.entries.removeValue(forKey: key) else { continue }
        for range in ranges {
          entry.pending.insert(
            entry.query.grid.buckets(
              from: range.lowerBound, through: range.upperBound, lookahead: entry.lookback))
        }
        entry.waitingSince = entry.waitingSince ?? now
        state.entries[key] = entry
      }
    }
  }

  /// Everything the queries meant by `isAffected` ever computed is to be computed again, as after
  /// a model was trained anew.
  public func invalidate(where isAffected: (ContinuousQuery) -> Bool) throws {
    let keys = state.withLock { state in
      state.entries.filter { isAffected($0.value.query) }.map(\.key)
    }
    for key in keys {
      guard let query = state.withLock({ $0.entries[key]?.query }) else { continue }
      if let lookback = try? host.lookback(of: query.statement.select, in: query.database) {
        state.withLock { $0.entries[key]?.lookback = lookback }
      }
      try markAll(key)
      try persist(key)
    }
  }

  private func markAll(_ key: Key) throws {
    guard let query = state.withLock({ $0.entries[key]?.query }) else { return }
    let now = host.now
    for source in query.sources {
      guard let range = try host.timeRange(of: source) else { continue }
      note([range], in: source, at: now)
    }
    state.withLock { $0.entries[key]?.nextRun = .min }
  }

  private func refuseCycle(adding query: ContinuousQuery) throws(ContinuousQueryError) {
    let queries = state.withLock { $0.entries.values.map(\.query) } + [query]
    var path: [String] = [query.name]
    func reaches(_ target: ContinuousQuery.MeasurementReference, seen: Set<String>) -> Bool {
      for next in queries where next.sources.contains(target) && !seen.contains(next.name) {
        path.append(next.name)
        if query.sources.contains(next.destination) { return true }
        if reaches(next.destination, seen: seen.union([next.name])) { return true }
        path.removeLast()
      }
      return false
    }
    if reaches(query.destination, seen: [query.name]) { throw .cycle(path + [query.name]) }
  }

  /// Saves what is pending, so that a restart knows of it.
  public func save() throws {
    for key in state.withLock({ Array($0.entries.keys) }) { try persist(key) }
  }

  private func persist(_ key: Key) throws {
    try storing.withLock { _ in
      if let stored = state.withLock({ $0.entries[key]?.stored }) { try host.store(stored) }
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
          .filter { ignoringSchedule || $0.value.nextRun <= now }
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

  private func run(_ key: Key) -> Bool {
    let start = host.now
    let taken = state.withLock { state -> (ContinuousQuery, TimeRangeSet)? in
      guard var entry = state.entries.removeValue(forKey: key) else { return nil }
      let work = entry.pending.removePrefix(below: entry.query.grid.floor(start))
      if !work.isEmpty {
        entry.computingSince = entry.waitingSince ?? start
        entry.waitingSince = nil
      }
      entry.nextRun =
        TimeGrid(every: entry.query.every).buckets(from: start, through: start)
        .upperBound
      state.entries[key] = entry
      return (entry.query, work)
    }
    guard let (query, work) = taken else { return false }
    var left = work
    var failure: String?
    var written = 0
    var pieces = 0
    while let range = left.ranges.first, pieces < Self.piecesPerTurn, isWanted(query, key) {
      let (span, overflow) = query.grid.every.multipliedReportingOverflow(by: Self.bucketsPerPiece)
      let pieceEnd =
        overflow ? range.upperBound : min(range.upperBound, saturatingAdd(range.lowerBound, span))
      do {
        written += try host.materialize(
          query.select(over: range.lowerBound..<pieceEnd), in: query.database)
        _ = left.removePrefix(below: pieceEnd)
        pieces += 1
      } catch {
        failure = "\(error)"
        break
      }
    }
    finish(
      key, left: left, didWork: !work.isEmpty, written: written, failure: failure, start: start)
    return failure == nil && pieces > 0
  }

  /// False once everything is to stop, or the query was dropped.
  private func isWanted(_ query: ContinuousQuery, _ key: Key) -> Bool {
    !stopped.load(ordering: .relaxed) && state.withLock { $0.entries[key]?.query == query }
  }

  private func finish(
    _ key: Key, left: TimeRangeSet, didWork: Bool, written: Int, failure: String?, start: Timestamp
  ) {
    let end = host.now
    state.withLock { state in
      guard var entry = state.entries.removeValue(forKey: key) else { return }
      entry.pending.formUnion(left)
      if !left.isEmpty { entry.waitingSince = entry.computingSince ?? entry.waitingSince }
      entry.computingSince = nil
      entry.pointsWritten += written
      entry.lastError = failure
      if failure == nil {
        entry.failures = 0
        entry.lastRun = end
        if !left.isEmpty { entry.nextRun = .min }
      } else {
        entry.failures += 1
        let (delay, overflow) = entry.query.every.multipliedReportingOverflow(
          by: 1 << Int64(min(entry.failures, 10)))
        let backoff = overflow ? Self.longestBackoff : min(delay, Self.longestBackoff)
        entry.nextRun = saturatingAdd(end, max(entry.query.every, backoff))
      }
      state.entries[key] = entry
    }
    guard didWork else { return }
    do {
      try persist(key)
    } catch {
      state.withLock { $0.entries[key]?.lastError = "saving its state: \(error)" }
    }
  }
}
