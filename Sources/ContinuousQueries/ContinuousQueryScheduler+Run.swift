import Query
import TimeSeries

/// One query's turn.
extension ContinuousQueryScheduler {
  func run(_ key: Key) -> Bool {
    let start = host.now
    let taken = state.withLock { state -> (entry: Entry, work: TimeRangeSet, isAlone: Bool)? in
      guard var entry = state.entries.removeValue(forKey: key) else { return nil }
      let work = entry.pending.removePrefix(below: entry.query.grid.start(of: start))
      if !work.isEmpty {
        entry.computingSince = entry.waitingSince ?? start
        entry.waitingSince = nil
      }
      entry.computing = work
      entry.nextRun =
        BucketGrid(.init(every: entry.query.every), zone: nil).bucket(of: start).end
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
    // What is blocked is as it was before.
    let didWork = !work.isEmpty && (turn.pieces > 0 || turn.blocked.isEmpty)
    finish(key, turn, didWork: didWork, failure: failure, start: start)
    return failure == nil && turn.pieces > 0
  }

  private func compute(_ turn: inout Turn, _ key: Key) throws {
    let query = turn.query
    let began = stopwatch()
    _ = turn.block(host)
    while let range = turn.left.ranges.first, turn.pieces < Self.piecesPerTurn,
      turn.pieces == 0 || stopwatch() - began < Self.turn, isWanted(query, key)
    {
      let piece = turn.piece(of: range)
      let frontier = try turn.frontier ?? frontier(of: query)
      turn.frontier = max(frontier, piece.upperBound)
      let pieceBegan = stopwatch()
      let written: Int
      do {
        written = try host.materialize(
          query, over: piece,
          replacing: turn.replaces && piece.lowerBound < frontier
            ? piece.lowerBound..<min(piece.upperBound, frontier) : nil)
      } catch ContinuousQueryError.unreadable(let reason) {
        guard turn.block(host) else { throw ContinuousQueryError.unreadable(reason) }
        continue
      }
      turn.adapt(to: stopwatch() - pieceBegan)
      turn.written += written
      turn.pieces += 1
      _ = turn.left.removePrefix(below: piece.upperBound)
      if written == 0 { try skipEmptiness(&turn, behind: piece) }
    }
  }

  /// No derived rows are at this time or later. Episodes can begin behind the piece in which they
  /// are found.
  private func frontier(of query: ContinuousQuery) throws -> Timestamp {
    if query.statement.select.selectsEpisodes { return .max }
    let last = try query.destinations.compactMap { try host.timeRange(of: $0)?.upperBound }.max()
    return last.map { saturatingAdd($0, 1) } ?? .min
  }

  /// Passes over what is pending behind a piece up to the next row that a result could come from or
  /// that would have to be removed.
  private func skipEmptiness(_ turn: inout Turn, behind piece: Range<Timestamp>) throws {
    guard let stretch = turn.left.ranges.first else { return }
    var end = Timestamp.max
    if turn.query.statement.select.selectsEpisodes {
      // Whether an episode is open hangs on rows any distance behind it: where a stretch is pending
      // because its last rows went, there need be no rows in it. So each is looked at once.
      guard stretch.lowerBound == piece.upperBound else { return }
      end = stretch.upperBound
    }
    let start = stretch.lowerBound
    let written = try turn.query.destinations.map { try host.firstTime(of: $0, from: start) }
    let read = try turn.query.sources.map {
      try host.firstTime(of: $0, from: saturatingAdd(start, -turn.lookback))
    }
    let next = (written + read).compactMap { $0 }.min()
    _ = turn.left.removePrefix(
      below: min(end, next.map { max(start, turn.query.grid.start(of: $0)) } ?? .max))
  }

  /// False once everything is to stop, or the query was dropped.
  private func isWanted(_ query: ContinuousQuery, _ key: Key) -> Bool {
    !stopped.load(ordering: .relaxed) && state.withLock { $0.entries[key]?.query == query }
  }

  private func finish(
    _ key: Key, _ turn: Turn, didWork: Bool, failure: String?, start: Timestamp
  ) {
    let end = host.now
    var left = turn.left
    left.formUnion(turn.blocked)
    state.withLock { state in
      guard var entry = state.entries.removeValue(forKey: key) else { return }
      entry.pending.formUnion(left)
      if !left.isEmpty { entry.waitingSince = entry.computingSince ?? entry.waitingSince }
      entry.computing = TimeRangeSet()
      entry.computingSince = nil
      entry.pointsWritten += turn.written
      entry.frontier = turn.frontier
      entry.bucketsPerPiece = turn.bucketsPerPiece
      entry.lastError = failure ?? turn.blockedReason
      if failure == nil {
        entry.failures = 0
        entry.lastRun = end
        if !turn.left.isEmpty { entry.nextRun = .min }
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
