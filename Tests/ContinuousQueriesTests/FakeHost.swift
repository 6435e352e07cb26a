import ContinuousQueries
import Query
import Synchronization
import TimeSeries

/// A store of integers by time, whose only query is the sum of a bucket and of `window − 1` buckets
/// before it: enough to hold what the scheduler wrote against what it should have written.
final class FakeHost: ContinuousQueryHost {
  struct Failure: Error {}

  struct State {
    var now: Timestamp = 1_000_000
    var rows: [MeasurementReference: [Timestamp: Int64]] = [:]
    var stored: [String: StoredContinuousQuery] = [:]
    var failing = false
    /// Where the sources have rows that can't be read.
    var unreadable: [UnreadableRange] = []
    var materialized = 0
    var furtherSources: [MeasurementSelection: Int64] = [:]
  }

  let state = Mutex(State())
  let window: Int64

  init(window: Int64 = 1) { self.window = window }

  /// Who hears of writes that queries make.
  let scheduler = Mutex<ContinuousQueryScheduler?>(nil)

  /// Runs before every piece of work.
  let beforeMaterializing = Mutex<(@Sendable () -> Void)?>(nil)

  var now: Timestamp { state.withLock { $0.now } }

  func reference(_ measurement: String) -> MeasurementReference {
    MeasurementReference(
      database: "db", retentionPolicy: "autogen", measurement: measurement)
  }

  func selection(_ measurement: String) -> MeasurementSelection {
    MeasurementSelection(
      database: "db", retentionPolicy: nil, name: .literal(measurement))
  }

  func retentionPolicies(of database: String) -> [String]? { ["autogen", "roll", "other"] }

  func write(_ measurement: String, _ rows: [Timestamp: Int64]) {
    state.withLock { $0.rows[reference(measurement), default: [:]].merge(rows) { $1 } }
    var batch = PointBatch()
    let series = batch.internSeries(SeriesKey(measurement: measurement).canonical)
    for time in rows.keys {
      batch.beginPoint(series: series, timestamp: time)
      batch.append(field: batch.internField("v"), float: 0)
    }
    if let scheduler = scheduler.withLock({ $0 }),
      let change = scheduler.beginWrite(batch, to: "db", retentionPolicy: "autogen")
    {
      scheduler.end(change)
    }
  }

  /// What a query over everything gives.
  func expected(_ source: String, every: Int64) -> [Timestamp: Int64] {
    let rows = state.withLock { $0.rows[reference(source)] ?? [:] }
    return evaluate(rows, every: every, over: Int64.min..<Int64.max)
      .filter { $0.key + every <= now }
  }

  private func evaluate(
    _ rows: [Timestamp: Int64], every: Int64, over range: Range<Timestamp>
  ) -> [Timestamp: Int64] {
    var sums: [Timestamp: Int64] = [:]
    let grid = BucketGrid(.init(every: every), zone: nil)
    for (time, value) in rows {
      for step in 0..<window {
        let bucket = grid.start(of: time) + step * every
        if range.contains(bucket) { sums[bucket, default: 0] += value }
      }
    }
    return sums
  }

  func materialize(
    _ query: ContinuousQuery, over range: Range<Timestamp>, replacing replaced: Range<Timestamp>?
  ) throws -> Int {
    beforeMaterializing.withLock { $0 }?()
    if state.withLock({ $0.failing }) { throw Failure() }
    if let damage = state.withLock({ $0.unreadable }).first(where: {
      range.overlaps($0.timeRange.lowerBound..<$0.timeRange.upperBound + 1)
    }) {
      throw ContinuousQueryError.unreadable(damage.reason)
    }
    guard case .literal(let source)? = query.sources.first?.name,
      case .literal(let destination)? = query.destinations.first?.name
    else { throw Failure() }
    let rows = state.withLock { $0.rows[reference(source)] ?? [:] }
    let result = evaluate(rows, every: query.grid.every, over: range)
    state.withLock { $0.materialized += 1 }
    if !result.isEmpty { write(destination, result) }
    if let replaced { try delete(destination, in: replaced, except: result) }
    return result.count
  }

  /// Deletes rows as a store does: announced, made, and told of.
  func delete(
    _ measurement: String, in range: Range<Timestamp>, except kept: [Timestamp: Int64] = [:]
  ) throws {
    let gone = state.withLock { $0.rows[reference(measurement)] ?? [:] }.keys
      .filter { range.contains($0) && kept[$0] == nil }
    if gone.isEmpty { return }
    let scheduler = scheduler.withLock { $0 }
    let change = try scheduler?.beginDeletion([reference(measurement): gone.map { $0...$0 }])
    state.withLock { state in
      for time in gone { state.rows[reference(measurement)]?[time] = nil }
    }
    if let scheduler, let change { scheduler.end(change) }
  }

  private func times(of selection: MeasurementSelection) -> [Timestamp] {
    state.withLock { state in
      state.rows.filter { selection.contains($0.key) }.flatMap(\.value.keys)
    }
  }

  func firstTime(of source: MeasurementSelection, from: Timestamp) throws -> Timestamp? {
    times(of: source).filter { $0 >= from }.min()
  }

  func lookback(of select: SelectStatement, in database: String) throws -> Int64 {
    (window - 1) * (select.interval?.every ?? 0)
  }

  func furtherSources(
    of select: SelectStatement, in database: String
  ) throws -> [MeasurementSelection: Int64] {
    state.withLock { $0.furtherSources }
  }

  func timeRange(of source: MeasurementSelection) throws -> ClosedRange<Timestamp>? {
    let times = times(of: source)
    guard let first = times.min(), let last = times.max() else { return nil }
    return first...last
  }

  func unreadableRanges(of source: MeasurementSelection) -> [UnreadableRange] {
    state.withLock { $0.unreadable }
  }

  func loadContinuousQueries() throws -> [StoredContinuousQuery] {
    state.withLock { Array($0.stored.values) }
  }

  func store(_ query: StoredContinuousQuery) throws {
    state.withLock { $0.stored[query.name] = query }
  }

  func removeContinuousQuery(name: String, database: String) throws {
    state.withLock { $0.stored[name] = nil }
  }
}
