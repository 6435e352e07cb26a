import Query
import Synchronization
import TimeSeries

/// A source that remembers which rows were written through it: what an evaluation gave.
final class FreshRows: ForwardingSource {
  private struct State {
    /// Sets of field names, each once.
    var fieldSets: [Set<String>] = []
    var rows: [SeriesKey: [Row]] = [:]
  }

  private struct Row {
    var time: Timestamp
    /// Index into `fieldSets`.
    var fields: Int
  }

  let base: any QuerySource
  private let state = Mutex(State())

  init(base: any QuerySource) { self.base = base }

  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  {
    let outcome = try base.write(batch, to: database, retentionPolicy: retentionPolicy)
    state.withLock { Self.add(batch, to: &$0) }
    return outcome
  }

  private static func add(_ batch: PointBatch, to state: inout State) {
    let keys = batch.seriesKeys.map { SeriesKey(canonical: Array(batch.bytes($0))) }
    let names = batch.fieldNames.map { String(decoding: batch.bytes($0), as: UTF8.self) }
    var known: [[UInt32]: Int] = [:]
    for point in batch.points {
      guard let key = keys[Int(point.series)] else { continue }
      let first = Int(point.firstField)
      let fields = batch.fields[first..<first + Int(point.fieldCount)].map(\.name)
      let set =
        known[fields]
        ?? {
          let set = Set(fields.map { names[Int($0)] })
          let index = state.fieldSets.firstIndex(of: set) ?? state.fieldSets.count
          if index == state.fieldSets.count { state.fieldSets.append(set) }
          known[fields] = index
          return index
        }()
      state.rows[key, default: []].append(Row(time: point.timestamp, fields: set))
    }
  }

  /// The fields that the rows of a series have, time by time.
  func rows(of series: SeriesKey) -> [Timestamp: Set<String>] {
    state.withLock { state in
      Dictionary(
        (state.rows[series] ?? []).map { ($0.time, state.fieldSets[$0.fields]) },
        uniquingKeysWith: { $0.union($1) })
    }
  }
}
