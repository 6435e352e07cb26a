import TimeSeries

extension ColumnStatistics {
  /// The statistics of a column by looking at every value; nil where it has none.
  ///
  /// Of equal values (0 and -0 among them) the first stands as minimum and as maximum. Strings are
  /// compared by their UTF-8 bytes, false is less than true. A sum of floats is taken in row order.
  init?(of column: Column, timestamps: [Timestamp]) {
    let rows = PresentRows(column.validity, count: column.count)
    guard let first = rows.first, let last = rows.last else { return nil }
    let extremes: (minimum: FieldValue, maximum: FieldValue)
    var sum: FieldValue?
    switch column.values {
    case .float(let values):
      var total = 0.0
      var low = Double.nan
      var high = Double.nan
      rows.visit { row in
        let value = values[row]
        total += value
        if value < low || low.isNaN { low = value }
        if value > high || high.isNaN { high = value }
      }
      extremes = (.float(low), .float(high))
      sum = .float(total)
    case .integer(let values):
      var total: Int64 = 0
      rows.visit { total &+= values[$0] }
      let (low, high) = Self.extremes(values, rows, first: first, <)
      extremes = (.integer(low), .integer(high))
      sum = .integer(total)
    case .unsigned(let values):
      var total: UInt64 = 0
      rows.visit { total &+= values[$0] }
      let (low, high) = Self.extremes(values, rows, first: first, <)
      extremes = (.unsigned(low), .unsigned(high))
      sum = .unsigned(total)
    case .boolean(let values):
      let (low, high) = Self.extremes(values, rows, first: first) { !$0 && $1 }
      extremes = (.boolean(low), .boolean(high))
    case .string(let values):
      let (low, high) = Self.extremes(values, rows, first: first) {
        $0.utf8.lexicographicallyPrecedes($1.utf8)
      }
      extremes = (.string(low), .string(high))
    }
    guard let firstValue = column[first], let lastValue = column[last] else { return nil }
    self.init(
      count: rows.count, minimum: extremes.minimum, maximum: extremes.maximum, sum: sum,
      first: firstValue, firstTimestamp: timestamps[first], last: lastValue,
      lastTimestamp: timestamps[last])
  }

  @inline(__always)
  private static func extremes<Value>(
    _ values: [Value], _ rows: PresentRows, first: Int, _ precedes: (Value, Value) -> Bool
  ) -> (minimum: Value, maximum: Value) {
    var low = values[first]
    var high = low
    rows.visit { row in
      let value = values[row]
      if precedes(value, low) { low = value }
      if precedes(high, value) { high = value }
    }
    return (low, high)
  }
}

/// The rows of a column that hold a value, ascending.
private struct PresentRows {
  var validity: Validity?
  /// How many there are.
  let count: Int
  private let rowCount: Int

  init(_ validity: Validity?, count rowCount: Int) {
    self.validity = validity
    self.rowCount = rowCount
    count = validity?.presentCount ?? rowCount
  }

  var first: Int? {
    guard let validity else { return rowCount > 0 ? 0 : nil }
    return validity.words.firstIndex { $0 != 0 }
      .map { $0 << 6 + validity.words[$0].trailingZeroBitCount }
  }

  var last: Int? {
    guard let validity else { return rowCount > 0 ? rowCount - 1 : nil }
    return validity.words.lastIndex { $0 != 0 }
      .map { $0 << 6 + 63 - validity.words[$0].leadingZeroBitCount }
  }

  @inline(__always)
  func visit(_ body: (Int) -> Void) {
    guard let validity else {
      for row in 0..<rowCount { body(row) }
      return
    }
    for (index, word) in validity.words.enumerated() {
      var rest = word
      while rest != 0 {
        body(index << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }
}
