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
  struct Entry {
    let query: ContinuousQuery
    let text: String
    var lookback: Int64
    var pending = TimeRangeSet()
    /// What a run has taken out of `pending` and is not done with.
    var computing = TimeRangeSet()
    /// When the oldest change in `pending` was made.
    var waitingSince: Timestamp?
    /// The same of what a run is computing at the moment.
    var computingSince: Timestamp?
    var lastRun: Timestamp?
    var nextRun: Timestamp = .min
    /// When `nextRun` was set. A clock before that was put back, and `nextRun` means nothing.
    var scheduledAt: Timestamp = .min
    /// No derived rows of the query are at this time or later; nil where that is not known.
    var frontier: Timestamp?
    /// Buckets of the next piece of work.
    var bucketsPerPiece: Int64 = 64
    var failures = 0
    var lastError: String?
    var pointsWritten = 0

    func isDue(at now: Timestamp) -> Bool { nextRun <= now || now < scheduledAt }

    /// Marks the buckets that depend on rows of a source.
    mutating func insert(_ range: ClosedRange<Timestamp>) {
      pending.insert(buckets(range))
    }

    func buckets(_ range: ClosedRange<Timestamp>) -> Range<Timestamp> {
      query.grid.buckets(from: range.lowerBound, through: range.upperBound, lookahead: lookback)
    }

    /// The query with all that is to be done if the process died now.
    func stored(changing changes: [Int: Changes]) -> StoredContinuousQuery {
      var left = pending
      left.formUnion(computing)
      for change in changes.values {
        for (source, ranges) in change where query.sources.contains(source) {
          for range in ranges { left.insert(buckets(range)) }
        }
      }
      return StoredContinuousQuery(
        name: query.name, database: query.database, text: text,
        pending: left.ranges.map { [$0.lowerBound, $0.upperBound] }, lastRun: lastRun)
    }
  }

  /// Where rows change, measurement by measurement.
  public typealias Changes = [ContinuousQuery.MeasurementReference: [ClosedRange<Timestamp>]]

  struct Key: Hashable {
    var database: String
    var name: String
  }

  struct State {
    var entries: [Key: Entry] = [:]
    /// Who reads a measurement.
    var readers: [ContinuousQuery.MeasurementReference: [Key]] = [:]
    /// Announced and not made yet.
    var changes: [Int: Changes] = [:]
    var nextChange = 0

    mutating func indexReaders() {
      readers = [:]
      for (key, entry) in entries {
        for source in entry.query.sources { readers[source, default: []].append(key) }
      }
    }

    mutating func mark(
      _ ranges: [ClosedRange<Timestamp>], in source: ContinuousQuery.MeasurementReference,
      at now: Timestamp
    ) {
      for key in readers[source] ?? [] {
        guard var entry = entries.removeValue(forKey: key) else { continue }
        for range in ranges { entry.insert(range) }
        entry.waitingSince = entry.waitingSince ?? now
        entries[key] = entry
      }
    }

    /// Whether no other query writes where this one does.
    func isAlone(_ query: ContinuousQuery) -> Bool {
      entries.values.filter { $0.query.destination == query.destination }.count <= 1
    }
  }

  /// The most buckets computed at a time, so that a backfill of months holds little in memory and
  /// can be stopped between pieces. Pieces begin small and grow while they take little time: how
  /// much a bucket costs depends on the groups and the rows.
  static let bucketsPerPiece: Int64 = 20_000
  /// Pieces of one query before the others have their turn, and nanoseconds after which no new
  /// piece is begun. A single point with a wrong time can make centuries pending.
  static let piecesPerTurn = 8
  static let turn: Int64 = 1_000_000_000
  static let longestBackoff: Int64 = 600_000_000_000

  private let host: any ContinuousQueryHost
  private let state = Mutex(State())
  private let running = Mutex(())
  /// Held while a definition is written or removed, so that a run which ends late can't bring back
  /// the file of a query that was dropped meanwhile.
  private let storing = Mutex(())
  private let stopped = Atomic<Bool>(false)
  /// Nanoseconds from some moment on, whatever happens to the time of day.
  private let stopwatch: @Sendable () -> Int64

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

  /// A change that is announced and not made yet.
  public struct ChangeInFlight: Sendable {
    fileprivate let id: Int
  }

  /// Tells that points are about to be written. Cheap for measurements that no query reads.
  ///
  /// - Returns: to be given to ``end(_:)``; nil where no query is concerned.
  public func beginWrite(_ batch: PointBatch, to database: String) -> ChangeInFlight? {
    let watched = state.withLock { state in
      state.readers.isEmpty
        ? [] : state.readers.keys.filter { $0.database == database }.map(\.measurement)
    }
    guard !watched.isEmpty else { return nil }
    let touched = TouchedRanges.of(batch, measurements: Set(watched))
    return begin(
      Changes(
        uniqueKeysWithValues: touched.map { measurement, ranges in
          (
            ContinuousQuery.MeasurementReference(database: database, measurement: measurement),
            ranges
          )
        }))
  }

  /// Tells that rows are about to be deleted. That is durable when this returns, since nothing but
  /// the queries' state tells of a deletion later.
  public func beginDeletion(_ changes: Changes) throws -> ChangeInFlight? {
    guard let change = begin(changes) else { return nil }
    do {
      for key in state.withLock({ state in
        Set(changes.keys.flatMap { state.readers[$0] ?? [] })
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
      guard changes.keys.contains(where: { state.readers[$0] != nil }) else { return nil }
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

  /// Tells that points were written.
  public func noteWrite(_ batch: PointBatch, to database: String) {
    if let change = beginWrite(batch, to: database) { end(change) }
  }

  /// Tells that rows of a measurement within some stretches changed.
  public func note(
    _ ranges: [ClosedRange<Timestamp>], in source: ContinuousQuery.MeasurementReference,
    at now: Timestamp
  ) {
    state.withLock { $0.mark(ranges, in: source, at: now) }
  }

  /// Makes a change after which everything the queries meant by `isAffected` ever computed is to be
  /// computed again, as when a model is trained anew. That it is to be is durable before the change.
  public func invalidate(
    where isAffected: (ContinuousQuery) -> Bool, making change: () throws -> Void
  ) throws {
    // A run in between would compute with what was before and take the marks away.
    try running.withLock { _ in
      let keys = state.withLock { state in
        state.entries.filter { isAffected($0.value.query) }.map(\.key)
      }
      for key in keys {
        try markAll(key)
        try persist(key)
      }
      try change()
      for key in keys {
        guard let query = state.withLock({ $0.entries[key]?.query }) else { continue }
        if let lookback = try? host.lookback(of: query.statement.select, in: query.database) {
          state.withLock { $0.entries[key]?.lookback = lookback }
        }
        try markAll(key)
        try persist(key)
      }
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

  private func run(_ key: Key) -> Bool {
    let start = host.now
    let taken = state.withLock { state -> (entry: Entry, work: TimeRangeSet, isAlone: Bool)? in
      guard var entry = state.entries.removeValue(forKey: key) else { return nil }
      let work = entry.pending.removePrefix(below: entry.query.grid.floor(start))
      if !work.isEmpty {
        entry.computingSince = entry.waitingSince ?? start
        entry.waitingSince = nil
      }
      entry.computing = work
      entry.nextRun =
        TimeGrid(every: entry.query.every).buckets(from: start, through: start)
        .upperBound
      entry.scheduledAt = start
      state.entries[key] = entry
      return (entry, work, state.isAlone(entry.query))
    }
    guard let (entry, work, isAlone) = taken else { return false }
    var turn = Turn(entry: entry, left: work, replaces: isAlone)
    var failure: String?
    do {
      try compute(&turn, key)
    } catch {
      failure = "\(error)"
    }
    finish(key, turn, didWork: !work.isEmpty, failure: failure, start: start)
    return failure == nil && turn.pieces > 0
  }

  /// What one turn of a query has done and has still to do.
  private struct Turn {
    let query: ContinuousQuery
    let lookback: Int64
    let replaces: Bool
    var left: TimeRangeSet
    var frontier: Timestamp?
    var bucketsPerPiece: Int64
    var pieces = 0
    var written = 0

    init(entry: Entry, left: TimeRangeSet, replaces: Bool) {
      query = entry.query
      lookback = entry.lookback
      self.replaces = replaces
      self.left = left
      frontier = entry.frontier
      bucketsPerPiece = entry.bucketsPerPiece
    }

    /// Makes pieces larger or smaller by what the last one took.
    mutating func adapt(to nanoseconds: Int64) {
      if nanoseconds < ContinuousQueryScheduler.turn / 16 {
        bucketsPerPiece = min(bucketsPerPiece * 4, ContinuousQueryScheduler.bucketsPerPiece)
      } else if nanoseconds > ContinuousQueryScheduler.turn / 4 {
        bucketsPerPiece = max(bucketsPerPiece / 2, 1)
      }
    }

    /// The first piece of a stretch.
    func piece(of range: Range<Timestamp>) -> Range<Timestamp> {
      let (span, overflow) = query.grid.every.multipliedReportingOverflow(by: bucketsPerPiece)
      return range
        .lowerBound..<(overflow
        ? range.upperBound : min(range.upperBound, saturatingAdd(range.lowerBound, span)))
    }
  }

  private func compute(_ turn: inout Turn, _ key: Key) throws {
    let query = turn.query
    let began = stopwatch()
    while let range = turn.left.ranges.first, turn.pieces < Self.piecesPerTurn,
      turn.pieces == 0 || stopwatch() - began < Self.turn, isWanted(query, key)
    {
      let piece = turn.piece(of: range)
      let frontier =
        try turn.frontier
        ?? host.timeRange(of: query.destination).map { saturatingAdd($0.upperBound, 1) } ?? .min
      turn.frontier = max(frontier, piece.upperBound)
      let pieceBegan = stopwatch()
      let written = try host.materialize(
        query, over: piece,
        replacing: turn.replaces && piece.lowerBound < frontier
          ? piece.lowerBound..<min(piece.upperBound, frontier) : nil)
      turn.adapt(to: stopwatch() - pieceBegan)
      turn.written += written
      turn.pieces += 1
      _ = turn.left.removePrefix(below: piece.upperBound)
      if written == 0 { try skipEmptiness(&turn) }
    }
  }

  /// Passes over what is pending up to the next row that a result could come from or that would
  /// have to be removed.
  private func skipEmptiness(_ turn: inout Turn) throws {
    guard let start = turn.left.ranges.first?.lowerBound else { return }
    var next = try host.firstTime(of: turn.query.destination, from: start)
    for source in turn.query.sources {
      let found = try host.firstTime(of: source, from: saturatingAdd(start, -turn.lookback))
      next = [next, found].compactMap { $0 }.min()
    }
    guard let next else {
      turn.left = TimeRangeSet()
      return
    }
    _ = turn.left.removePrefix(below: max(start, turn.query.grid.floor(next)))
  }

  /// False once everything is to stop, or the query was dropped.
  private func isWanted(_ query: ContinuousQuery, _ key: Key) -> Bool {
    !stopped.load(ordering: .relaxed) && state.withLock { $0.entries[key]?.query == query }
  }

  private func finish(
    _ key: Key, _ turn: Turn, didWork: Bool, failure: String?, start: Timestamp
  ) {
    let end = host.now
    let left = turn.left
    state.withLock { state in
      guard var entry = state.entries.removeValue(forKey: key) else { return }
      entry.pending.formUnion(left)
      if !left.isEmpty { entry.waitingSince = entry.computingSince ?? entry.waitingSince }
      entry.computing = TimeRangeSet()
      entry.computingSince = nil
      entry.pointsWritten += turn.written
      entry.frontier = turn.frontier
      entry.bucketsPerPiece = turn.bucketsPerPiece
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
        entry.scheduledAt = end
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
