import TimeSeries

extension Transformation {
  /// Runs over points in the query's order of time; nulls are passed over.
  ///
  /// - Parameter interval: nanoseconds of a bucket, what a derivative is per where it names no unit.
  /// - Throws: ``QueryError``: a result that does not fit, a forecast that takes too much, the end of
  ///   the query.
  func apply(
    _ input: CallResult, interval: Int64, descending: Bool, context: QueryContext
  ) throws -> CallResult {
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
      for (index, change) in Self.changes(present.column, steps).enumerated() {
        if nonNegative, change < 0 { continue }
        let (from, to) = (times[steps[index]], times[steps[index + 1]])
        let elapsed = Self.difference(descending ? from : to, descending ? to : from)
        result.times.append(to)
        result.values.append(change / (elapsed / per))
      }
      return CallResult(times: result.times, column: Arithmetic.finite(result.values, nil))
    case .difference(let nonNegative):
      var steps = Self.advancing(times)
      var earlier = Array(steps.dropLast())
      steps.removeFirst(min(1, steps.count))
      if nonNegative {
        let isRise = Self.changes(present.column, Self.advancing(times)).map { $0 >= 0 }
        earlier = zip(earlier, isRise).filter(\.1).map(\.0)
        steps = zip(steps, isRise).filter(\.1).map(\.0)
      }
      return CallResult(
        times: steps.map { times[$0] },
        column: try Arithmetic.apply(
          .subtract, present.column.gathered(steps), present.column.gathered(earlier)))
    case .movingAverage(let window):
      func averages<T: Summable>(_ values: [T]) -> CallResult {
        var result: (times: [Timestamp], values: [Double]) = ([], [])
        var sum = T.nothing
        for (index, value) in values.enumerated() {
          if index >= window { sum = T.sum(sum, T.negated(values[index - window])) }
          sum = T.sum(sum, T.total(value))
          if index >= window - 1 {
            result.times.append(times[index])
            result.values.append(T.double(sum) / Double(window))
          }
        }
        return CallResult(times: result.times, column: Column(.float(result.values)))
      }
      switch present.column.values {
      case .float(let values): return averages(values)
      case .integer(let values): return averages(values)
      case .unsigned(let values): return averages(values)
      default: break
      }
    case .cumulativeSum:
      func running<T: Summable>(_ values: [T]) throws -> CallResult {
        var sum = T.nothing
        let sums = values.map { value in
          sum = T.sum(sum, T.total(value))
          return sum
        }
        return CallResult(
          times: times, column: Column(try T.column(totals: sums, of: "cumulative_sum")))
      }
      switch present.column.values {
      case .float(let values): return try running(values)
      case .integer(let values): return try running(values)
      case .unsigned(let values): return try running(values)
      default: return CallResult(times: [], column: present.column.gathered([]))
      }
    case .indicator(let indicator): return try indicator.apply(present)
    case .holtWinters(let forecast):
      return try forecast.apply(
        present, interval: interval, descending: descending, context: context)
    case .elapsed(let unit):
      return CallResult(
        times: Array(times.dropFirst()),
        column: Column(
          .integer(
            try zip(times.dropFirst(), times).map {
              try Int64(fitting: (Int128($0) - Int128($1)) / Int128(max(unit, 1)), "elapsed")
            })))
    }
    return CallResult(times: [], column: Column(.float([])))
  }

  /// The first point of each time.
  private static func advancing(_ times: [Timestamp]) -> [Int] {
    times.indices.filter { $0 == 0 || times[$0] != times[$0 - 1] }
  }

  /// What each of the rows named has more than the one before it.
  private static func changes(_ column: Column, _ steps: [Int]) -> [Double] {
    func changes<T>(_ values: [T], _ difference: (T, T) -> Double) -> [Double] {
      zip(steps.dropFirst(), steps).map { difference(values[$0], values[$1]) }
    }
    switch column.values {
    case .float(let values): return changes(values, -)
    case .integer(let values): return changes(values, difference)
    case .unsigned(let values): return changes(values, difference)
    case .boolean, .string: return []
    }
  }

  private static func difference(_ a: some FieldInteger, _ b: some FieldInteger) -> Double {
    (Int128(a) - Int128(b)).double
  }
}
