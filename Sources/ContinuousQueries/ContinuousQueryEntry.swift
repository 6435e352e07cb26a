import Query
import TimeSeries

extension ContinuousQueryScheduler {
  /// What the scheduler knows of one query.
  struct Entry {
    let query: ContinuousQuery
    let text: String
    var lookback: Int64
    /// Measurements beside those of FROM, and nanoseconds after a row of one in which buckets
    /// depend on it.
    var furtherSources: [MeasurementSelection: Int64] = [:]
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

    var sources: [MeasurementSelection] { query.sources + furtherSources.keys }

    /// The buckets that depend on rows of a measurement.
    func buckets(
      _ range: ClosedRange<Timestamp>, of source: MeasurementReference
    ) -> Range<Timestamp>? {
      buckets(range) { $0.contains(source) }
    }

    /// The buckets that depend on rows of one of its sources; nil if it is none of these.
    func buckets(
      _ range: ClosedRange<Timestamp>, ofSource source: MeasurementSelection
    ) -> Range<Timestamp>? {
      buckets(range) { $0 == source }
    }

    private func buckets(
      _ range: ClosedRange<Timestamp>, ofSources isMeant: (MeasurementSelection) -> Bool
    ) -> Range<Timestamp>? {
      var lookahead = furtherSources.filter { isMeant($0.key) }.values.max()
      if query.sources.contains(where: isMeant) { lookahead = max(lookback, lookahead ?? 0) }
      return lookahead.map {
        query.grid.buckets(from: range.lowerBound, through: range.upperBound, lookahead: $0)
      }
    }

    /// The query with all that is to be done if the process died now.
    func stored(changing changes: [Int: Changes]) -> StoredContinuousQuery {
      var left = pending
      left.formUnion(computing)
      for change in changes.values {
        for (source, ranges) in change {
          for range in ranges.compactMap({ buckets($0, of: source) }) { left.insert(range) }
        }
      }
      return StoredContinuousQuery(
        name: query.name, database: query.database, text: text,
        pending: left.ranges.map { [$0.lowerBound, $0.upperBound] }, lastRun: lastRun)
    }
  }

  struct Key: Hashable, CustomStringConvertible {
    var database: String
    var name: String

    var description: String { "\(database).\(name)" }
  }

  /// All queries, and the changes that are under way.
  struct State {
    var entries: [Key: Entry] = [:]
    /// Who reads what, by the database that is read.
    private var readers: [String: [(selection: MeasurementSelection, key: Key)]] = [:]
    /// Announced and not made yet.
    var changes: [Int: Changes] = [:]
    var nextChange = 0

    mutating func indexReaders() {
      readers = [:]
      for (key, entry) in entries {
        for source in entry.sources { readers[source.database, default: []].append((source, key)) }
      }
    }

    /// Whether a query reads any measurement of a database.
    func isRead(_ database: String) -> Bool { readers[database] != nil }

    /// The queries that read a measurement.
    func readers(of source: MeasurementReference) -> Set<Key> {
      Set((readers[source.database] ?? []).filter { $0.selection.contains(source) }.map(\.key))
    }

    mutating func mark(
      _ ranges: [ClosedRange<Timestamp>], in source: MeasurementReference, at now: Timestamp
    ) {
      for key in readers(of: source) {
        mark(key, at: now) { entry in ranges.compactMap { entry.buckets($0, of: source) } }
      }
    }

    /// Marks buckets of one query.
    mutating func mark(_ key: Key, at now: Timestamp, _ buckets: (Entry) -> [Range<Timestamp>]) {
      guard let buckets = entries[key].map(buckets), !buckets.isEmpty,
        var entry = entries.removeValue(forKey: key)
      else { return }
      for range in buckets { entry.pending.insert(range) }
      entry.waitingSince = entry.waitingSince ?? now
      entries[key] = entry
    }

    /// Whether no other query writes where this one does.
    func isAlone(_ query: ContinuousQuery) -> Bool {
      entries.values.filter { $0.query.writes(into: query.destinations) != nil }.count <= 1
    }
  }
}
