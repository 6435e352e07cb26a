import TimeSeries

/// How many rows of a raw query are wanted of each series, from which end. A row counts where one of
/// the driving columns has a value.
struct FirstRows: Sendable {
  var count: Int
  var descending: Bool
  /// Columns of the plan.
  var drivingColumns: [Int]

  /// Of a block's rows those to keep, ascending: enough of them from the right end.
  ///
  /// - Parameters:
  ///   - rows: the rows there are; nil where these are `0 ..< rowCount`.
  ///   - column: a column of the plan, as long as the block.
  func rows(
    of rows: [Int]?, count rowCount: Int, column: (Int) throws -> Column
  ) rethrows -> [Int] {
    let driving = try drivingColumns.map(column)
    let available = rows?.count ?? rowCount
    var kept: [Int] = []
    kept.reserveCapacity(min(count, available))
    for step in 0..<available where kept.count < count {
      let place = descending ? available - 1 - step : step
      let row = rows?[place] ?? place
      if driving.contains(where: { $0.isPresent(row) }) { kept.append(row) }
    }
    return descending ? kept.reversed() : kept
  }
}
