import TimeSeries

/// The rows of one series in a memtable. Guarded by the database's lock.
final class MemtableSeries {
  /// Chunks that take rows, at most one per layout. While points of a series always have the same
  /// fields there is one, and its rows need no order numbers.
  private var open: [MemtableChunk] = []
  private var sealed: [MemtableChunk] = []
  private var isInterleaved = false
  /// The order of the row written next.
  private(set) var nextOrder: UInt64 = 0
  /// Which rows a snapshot sees: for an epoch, the order of the first row written in it. See
  /// ``Memtable``.
  private var marks: [(epoch: UInt64, order: UInt64)] = []

  /// More open chunks would make the search for one slow.
  private static let openLimit = 8

  /// Bytes of an empty series, about.
  static let overhead = 160

  /// Notes that rows are about to be written in `epoch`. `oldest` is the earliest epoch that a
  /// snapshot still looks at; without one there is nothing to note.
  func begin(epoch: UInt64, oldestSnapshot oldest: UInt64?) {
    guard let oldest else {
      if !marks.isEmpty { marks.removeAll() }
      return
    }
    if marks.last?.epoch == epoch { return }
    // The first mark past an epoch is what a snapshot of it looks for.
    if marks.count >= 8, let keep = marks.firstIndex(where: { $0.epoch > oldest }) {
      marks.removeFirst(keep)
    }
    marks.append((epoch, nextOrder))
  }

  /// Rows with smaller orders were there when `epoch` ended.
  func visibleOrder(in epoch: UInt64) -> UInt64 {
    marks.first { $0.epoch > epoch }?.order ?? .max
  }

  /// The open chunk for rows of a layout, with room for one at least.
  ///
  /// - Parameter bytes: is increased by what had to be allocated.
  func chunk(for layout: MemtableLayout, bytes: inout Int) -> MemtableChunk {
    if let index = open.firstIndex(where: { $0.layout === layout }) {
      let chunk = open[index]
      if chunk.room > 0 { return chunk }
      if chunk.capacity < MemtableChunk.rowLimit {
        let larger = chunk.grown()
        bytes += larger.byteCount - chunk.byteCount
        open[index] = larger
        return larger
      }
      sealed.append(chunk)
      open.remove(at: index)
    } else if !open.isEmpty, !isInterleaved {
      isInterleaved = true
      sealed += open
      open.removeAll()
    } else if open.count >= Self.openLimit {
      sealed.append(open.removeFirst())
    }
    // Small at first: a million series with a row each should not take a page each. A series that
    // filled a chunk will fill another.
    let words = layout.fieldIDs.count + 2
    let isGrown = sealed.last?.capacity == MemtableChunk.rowLimit
    let chunk = MemtableChunk(
      layout: layout, hasOrder: isInterleaved, firstOrder: nextOrder,
      capacity: isGrown ? MemtableChunk.rowLimit : max(1, min(8, 64 / words)))
    bytes += chunk.byteCount + 96
    open.append(chunk)
    return chunk
  }

  func advance(by rows: Int) { nextOrder += UInt64(rows) }

  /// Chunks with the number of their rows that were there when `epoch` ended.
  func chunks(in epoch: UInt64) -> [(chunk: MemtableChunk, rows: Int)] {
    let order = visibleOrder(in: epoch)
    guard order > 0 else { return [] }
    var result: [(chunk: MemtableChunk, rows: Int)] = []
    result.reserveCapacity(sealed.count + open.count)
    for list in [sealed, open] {
      for chunk in list {
        let rows = order == .max ? chunk.count : chunk.rows(before: order, of: chunk.count)
        if rows > 0 { result.append((chunk, rows)) }
      }
    }
    return result
  }
}
