import TimeSeries

/// Finds, among rows of a column, the one that stands at a rank by value, rows of equal value in row
/// order.
struct RankedRows {
  private let column: Column
  private let present: [Int]?

  /// - Parameter present: the rows, ascending, which hold values; nil for all.
  init(_ column: Column, present: [Int]?) {
    self.column = column
    self.present = present
  }

  /// - Parameters:
  ///   - rank: from 0, less than the count of `places`.
  ///   - places: a range of the rows given.
  func row(at rank: Int, of places: Range<Int>) -> Int {
    let place =
      switch column.values {
      case .float(let values): place(rank, places, values) { $0.isNaN }
      case .integer(let values): place(rank, places, values) { _ in false }
      case .unsigned(let values): place(rank, places, values) { _ in false }
      // Such columns have no percentiles and no median.
      case .boolean, .string: places.lowerBound
      }
    return present?[place] ?? place
  }

  @inline(__always)
  private func place<Value: Comparable>(
    _ rank: Int, _ places: Range<Int>, _ all: [Value], _ isUnordered: (Value) -> Bool
  ) -> Int {
    let values = present.map { $0[places].map { all[$0] } } ?? Array(all[places])
    // NaN has no place in the order; sorting puts it somewhere.
    if values.contains(where: isUnordered) {
      let order = values.indices.sorted {
        values[$0] < values[$1] || (!(values[$1] < values[$0]) && $0 < $1)
      }
      return places.lowerBound + order[rank]
    }
    var scratch = values
    let wanted = RankSelection.value(at: rank, of: &scratch)
    var less = 0
    for value in values where value < wanted { less += 1 }
    // Of the equal ones the first has the lowest rank.
    var left = rank - less
    for (index, value) in values.enumerated() where value == wanted {
      if left == 0 { return places.lowerBound + index }
      left -= 1
    }
    return places.lowerBound
  }
}
