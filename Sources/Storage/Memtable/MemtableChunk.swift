import TimeSeries

/// Rows of one series that have the same fields, in the order they were written.
///
/// A row is contiguous: its time, its order if `hasOrder`, and a 64-bit cell per column (bit
/// patterns; addresses for strings). So a write touches one place, whatever the number of fields.
///
/// One writer appends behind `count` rows under the database's lock. A reader that learnt a count
/// under that lock may read so many rows without it: they do not change, and a chunk that grows is
/// replaced by a larger one while the reader keeps this one.
final class MemtableChunk: @unchecked Sendable {
  /// Rows a chunk has at most.
  static let rowLimit = 2048

  let layout: MemtableLayout
  /// Whether rows of this series also went to other chunks while this one was open, so that each
  /// row says when it was written.
  let hasOrder: Bool
  /// The order of the first row; without `hasOrder` the others follow it.
  let firstOrder: UInt64
  /// Words of a row.
  let stride: Int
  let capacity: Int
  private let words: UnsafeMutablePointer<UInt64>

  private(set) var count = 0
  private(set) var minimumTime = Timestamp.max
  private(set) var maximumTime = Timestamp.min

  init(layout: MemtableLayout, hasOrder: Bool, firstOrder: UInt64, capacity: Int) {
    self.layout = layout
    self.hasOrder = hasOrder
    self.firstOrder = firstOrder
    self.capacity = capacity
    stride = 1 + (hasOrder ? 1 : 0) + layout.fieldIDs.count
    words = .allocate(capacity: stride * capacity)
  }

  deinit { words.deallocate() }

  var byteCount: Int { stride * capacity * 8 }

  /// A chunk with the same rows and more room.
  func grown() -> MemtableChunk {
    let larger = MemtableChunk(
      layout: layout, hasOrder: hasOrder, firstOrder: firstOrder,
      capacity: min(Self.rowLimit, capacity * 2))
    larger.words.update(from: words, count: count * stride)
    larger.count = count
    larger.minimumTime = minimumTime
    larger.maximumTime = maximumTime
    return larger
  }

  /// Where the next row goes.
  var end: UnsafeMutablePointer<UInt64> { words + count * stride }

  var room: Int { capacity - count }

  /// Makes rows written at ``end`` part of the chunk.
  func commit(rows: Int, minimumTime low: Timestamp, maximumTime high: Timestamp) {
    count += rows
    minimumTime = min(minimumTime, low)
    maximumTime = max(maximumTime, high)
  }

  @inline(__always)
  func time(_ row: Int) -> Timestamp { Int64(bitPattern: words[row * stride]) }

  @inline(__always)
  func order(_ row: Int) -> UInt64 {
    hasOrder ? words[row * stride + 1] : firstOrder + UInt64(row)
  }

  /// Calls `body` with the cells of a row, one a column.
  @inline(__always)
  func withCells<R>(ofRow row: Int, _ body: (UnsafePointer<UInt64>) -> R) -> R {
    body(UnsafePointer(words) + row * stride + (hasOrder ? 2 : 1))
  }

  /// Of the first `rows` rows, how many were written before `order`.
  func rows(before order: UInt64, of rows: Int) -> Int {
    if !hasOrder {
      return order <= firstOrder ? 0 : Int(min(UInt64(rows), order - firstOrder))
    }
    var low = 0
    var high = rows
    while low < high {
      let middle = (low + high) / 2
      if self.order(middle) < order { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
