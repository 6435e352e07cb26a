import TimeSeries

/// What a call yields for a group, in the query's order of time.
struct CallResult: Sendable, Hashable {
  var times: [Timestamp]
  var column: Column
  /// For selectors that carry other columns: the row of the group each result was picked from, -1
  /// where it was filled in. Empty for other calls.
  var rows: [Int] = []

  var count: Int { times.count }

  func gathered(_ order: [Int]) -> CallResult {
    CallResult(
      times: order.map { times[$0] }, column: column.gathered(order),
      rows: rows.isEmpty ? [] : order.map { rows[$0] })
  }

  func reversed() -> CallResult { gathered(Array((0..<count).reversed())) }

  func limited(_ limit: Int?, offset: Int) -> CallResult {
    guard limit != nil || offset > 0 else { return self }
    let start = min(offset, count)
    let end = limit.map { start + min($0, count - start) } ?? count
    return gathered(Array(start..<end))
  }
}
