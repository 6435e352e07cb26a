import TimeSeries

/// A database's newest points, until they are in a segment.
///
/// Guarded by the database's lock, except that chunks may be read without it
/// (see ``MemtableChunk``).
///
/// A snapshot costs nothing to take: it remembers the epoch and begins the next one. The first write
/// to a series in a new epoch notes how many rows the series had. So a reader finds which rows
/// were there when its epoch ended.
final class Memtable: @unchecked Sendable {
  /// By retention policy id, then series id.
  private(set) var tables: [UInt32: [UInt32: MemtableSeries]] = [:]
  let texts = TextArena()
  private(set) var epoch: UInt64 = 0
  /// Epochs that snapshots are looking at.
  private var snapshots: Set<UInt64> = []
  private var chunkBytes = 0

  var byteCount: Int { chunkBytes + texts.byteCount }

  var isEmpty: Bool { tables.isEmpty }

  /// Ends the epoch for a reader that will look at it; pair with ``release(epoch:)``.
  func beginSnapshot() -> UInt64 {
    defer { epoch += 1 }
    snapshots.insert(epoch)
    return epoch
  }

  func release(epoch: UInt64) { snapshots.remove(epoch) }

  private var oldestSnapshot: UInt64? { snapshots.min() }

  /// The rows of a series, new or known, about to be written to.
  func series(_ id: UInt32, policy: UInt32) -> MemtableSeries {
    let series: MemtableSeries
    if let known = tables[policy]?[id] {
      series = known
    } else {
      series = MemtableSeries()
      tables[policy, default: [:]][id] = series
      chunkBytes += MemtableSeries.overhead
    }
    series.begin(epoch: epoch, oldestSnapshot: oldestSnapshot)
    return series
  }

  func chunk(of series: MemtableSeries, for layout: MemtableLayout) -> MemtableChunk {
    series.chunk(for: layout, bytes: &chunkBytes)
  }

  /// Chunks of a series with the rows that were there when `epoch` ended.
  func chunks(
    of series: UInt32, policy: UInt32, in epoch: UInt64
  ) -> [(chunk: MemtableChunk, rows: Int)] {
    tables[policy]?[series]?.chunks(in: epoch) ?? []
  }
}
