import TimeSeries

extension Transformation {
  /// Runs over points in the query's order of time; nulls are passed over.
  ///
  /// - Parameter interval: nanoseconds of a bucket, what a derivative is per where it names no unit.
  func apply(_ input: CallResult, interval: Int64, descending: Bool) -> CallResult {
    let rows = input.column.presentRows
    let present =
      rows.count == input.count
      ? input : CallResult(times: rows.map { input.times[$0] }, column: input.column.gathered(rows))
    let times = present.times
    switch self {
    case .derivative(let unit, let nonNegative):
      let per = Double(unit == 0 ? max(interval, 1) : unit)
      let steps = Self.advancing(times)
      var result: (times: [Timestamp], values: [Double]) = ([], [])
      let differences = Self.differences(present.column, steps)
      guard case .float(let change) = differences.converted(to: .float).values else { break }
      for (index, difference) in change.enumerated() {
        if nonNegative, difference < 0 { continue }
        let elapsed = times[steps[index + 1]] &- times[steps[index]]
        result.times.append(times[steps[index + 1]])
        result.values.append(difference / (Double(descending ? 0 &- elapsed : elapsed) / per))
      }
      return CallResult(times: result.times, column: Column(.float(result.values)))
    case .difference(let nonNegative):
      let steps = Self.advancing(times)
      let differences = Self.differences(present.column, steps)
      let result = CallResult(times: steps.dropFirst().map { times[$0] }, column: differences)
      guard nonNegative else { return result }
      return result.gathered(
        (0..<result.count).filter { index in
          switch differences.values {
          case .float(let values): values[index] >= 0
          case .integer(let values): values[index] >= 0
          default: true
          }
        })
    case .movingAverage(let window):
      guard case .float(let values) = present.column.converted(to: .float).values else { break }
      var result: (times: [Timestamp], values: [Double]) = ([], [])
      var sum = 0.0
      for (index, value) in values.enumerated() {
        if index >= window { sum -= values[index - window] }
        sum += value
        if index >= window - 1 {
          result.times.append(times[index])
          result.values.append(sum / Double(window))
        }
      }
      return CallResult(times: result.times, column: Column(.float(result.values)))
    case .cumulativeSum:
      func running<T: Summable>(_ values: [T]) -> ColumnValues {
        var sum = T.nothing
        return T.column(
          values.map {
            sum = T.sum(sum, $0)
            return sum
          })
      }
      let sums: ColumnValues
      switch present.column.values {
      case .float(let values): sums = running(values)
      case .integer(let values): sums = running(values)
      case .unsigned(let values): sums = running(values)
      default: return CallResult(times: [], column: present.column.gathered([]))
      }
      return CallResult(times: times, column: Column(sums))
    case .elapsed(let unit):
      return CallResult(
        times: Array(times.dropFirst()),
        column: Column(.integer(zip(times.dropFirst(), times).map { ($0 &- $1) / max(unit, 1) })))
    }
    return CallResult(times: [], column: Column(.float([])))
  }

  /// The first point of each time.
  private static func advancing(_ times: [Timestamp]) -> [Int] {
    times.indices.filter { $0 == 0 || times[$0] != times[$0 - 1] }
  }

  private static func differences(_ column: Column, _ steps: [Int]) -> Column {
    Arithmetic.apply(
      .subtract, column.gathered(Array(steps.dropFirst())), column.gathered(Array(steps.dropLast()))
    )
  }
}
