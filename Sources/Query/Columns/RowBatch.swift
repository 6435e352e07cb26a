import TimeSeries

/// Rows on their way between operators: times in the query's order and one column for each
/// reference of the plan. Unlike ``ColumnBatch`` it may hold rows of several series, so a time can
/// occur more than once.
struct RowBatch: Sendable, Hashable {
  var timestamps: [Timestamp]
  var columns: [Column]

  var count: Int { timestamps.count }

  var byteCount: Int { columns.reduce(timestamps.count * 8) { $0 + $1.byteCount } }

  func gathered(_ rows: [Int]) -> RowBatch {
    RowBatch(
      timestamps: rows.map { timestamps[$0] }, columns: columns.map { $0.gathered(rows) })
  }

  func slice(_ range: Range<Int>) -> RowBatch {
    if range == 0..<count { return self }
    return RowBatch(
      timestamps: Array(timestamps[range]), columns: columns.map { $0.slice(range) })
  }

  func reversed() -> RowBatch {
    RowBatch(timestamps: timestamps.reversed(), columns: columns.map { $0.reversed() })
  }

  mutating func append(_ other: RowBatch) {
    if timestamps.isEmpty && columns.isEmpty {
      self = other
      return
    }
    timestamps.append(contentsOf: other.timestamps)
    for index in columns.indices { columns[index].append(other.columns[index]) }
  }

  /// The rows in time order. Rows of one time keep their order.
  func sortedByTime(descending: Bool) -> RowBatch {
    var isSorted = true
    for row in timestamps.indices.dropFirst() {
      let (before, now) = (timestamps[row - 1], timestamps[row])
      if descending ? before < now : before > now {
        isSorted = false
        break
      }
    }
    if isSorted { return self }
    // The row number breaks ties, so the order does not rest on the sort being stable.
    let order = timestamps.indices.sorted {
      let (a, b) = (timestamps[$0], timestamps[$1])
      return a == b ? $0 < $1 : descending ? a > b : a < b
    }
    return gathered(order)
  }
}
