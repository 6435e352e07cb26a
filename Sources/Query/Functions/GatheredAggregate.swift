import Foundation
import TimeSeries

/// Aggregates that need all values of a bucket at once, and selectors that carry other columns of
/// the point they pick. They work on the rows of a group, merged in time order.
struct GatheredAggregate {
  let aggregate: Aggregate
  let rows: RowBatch
  let column: Column
  let grid: BucketGrid?
  /// The time of the one bucket there is without a grid.
  let whole: Timestamp
  /// Results keep the time of the point picked.
  let keepsPointTime: Bool
  let descending: Bool
  /// What sample() draws by, besides the bucket: one query may compute a bucket more than once.
  let seed: UInt64

  private var times: [Timestamp] { rows.timestamps }

  /// The results, ascending; the several rows that a bucket can have in their order.
  ///
  /// Rows of one time come in the order of the series. first() and last() take the largest value of
  /// such rows, and of equal ones the first or the last row.
  func results() -> CallResult {
    if case .percentile(let percent) = aggregate { return percentiles(percent) }
    let present = column.presentRows
    if case .integral(let unit) = aggregate {
      return Integral(unit: unit, grid: grid, whole: whole).results(
        present.map { times[$0] }, doubles(present), pairSum: pairSum(present))
    }
    let runs = BucketRuns(present.map { times[$0] }, grid: grid, whole: whole)
    var resultTimes: [Timestamp] = []
    var picked: [Int] = []
    var numbers: [Double] = []
    var isNull: [Bool] = []
    for (index, bucket) in runs.starts.enumerated() {
      let slice = Array(present[runs.bounds[index]..<runs.bounds[index + 1]])
      switch aggregate {
      case .median:
        numbers.append(median(slice))
        isNull.append(false)
        resultTimes.append(bucket)
      case .stddev:
        let deviation = standardDeviation(slice)
        numbers.append(deviation ?? 0)
        isNull.append(deviation == nil)
        resultTimes.append(bucket)
      case .countDistinct:
        numbers.append(Double(distinct(slice).count))
        isNull.append(false)
        resultTimes.append(bucket)
      default:
        for row in pick(slice, bucket) {
          picked.append(row)
          resultTimes.append(keepsPointTime ? times[row] : bucket)
        }
      }
    }
    switch aggregate {
    case .median, .stddev:
      var validity: Validity?
      if isNull.contains(true) {
        var present = Validity(count: 0)
        for null in isNull { present.append(!null) }
        validity = present
      }
      return CallResult(times: resultTimes, column: Column(.float(numbers), validity: validity))
    case .countDistinct:
      return CallResult(
        times: resultTimes, column: Column(.integer(numbers.map { Int64($0) })))
    default:
      return CallResult(times: resultTimes, column: column.gathered(picked), rows: picked)
    }
  }

  private func pick(_ slice: [Int], _ bucket: Timestamp) -> [Int] {
    guard let first = slice.first else { return [] }
    switch aggregate {
    case .first:
      let candidates = slice.prefix { times[$0] == times[first] }
      return [candidates.dropFirst().reduce(first) { isLess($0, $1) ? $1 : $0 }]
    case .last:
      let last = slice[slice.count - 1]
      let candidates = slice.reversed().prefix { times[$0] == times[last] }
      return [candidates.dropFirst().reduce(last) { isLess($0, $1) ? $1 : $0 }]
    case .min:
      return [slice.dropFirst().reduce(first) { comesBefore($1, $0, isBottom: true) ? $1 : $0 }]
    case .max:
      return [slice.dropFirst().reduce(first) { comesBefore($1, $0, isBottom: false) ? $1 : $0 }]
    case .mode: return [mode(slice)]
    case .distinct: return distinct(slice)
    case .top(let count, let keys, let isBottom):
      return top(slice, count: count, keys: keys, isBottom: isBottom)
    case .sample(let size):
      var reservoir = Reservoir(size: size, seed: seed ^ UInt64(bitPattern: bucket))
      return reservoir.draw(from: slice)
    default: return []
    }
  }

  /// The nearest rank, as InfluxDB has it.
  private func percentiles(_ percent: Double) -> CallResult {
    let present = column.validity == nil ? nil : column.presentRows
    let runs = BucketRuns(present.map { $0.map { times[$0] } } ?? times, grid: grid, whole: whole)
    let ranks = RankedRows(column, present: present)
    var picked: [Int] = []
    var resultTimes: [Timestamp] = []
    for (index, bucket) in runs.starts.enumerated() {
      let bounds = runs.bounds[index]..<runs.bounds[index + 1]
      let rank = (Double(bounds.count) * percent / 100 + 0.5).rounded(.down) - 1
      guard rank >= 0, rank < Double(bounds.count) else { continue }
      let row = ranks.row(at: Int(rank), of: bounds)
      picked.append(row)
      resultTimes.append(keepsPointTime ? times[row] : bucket)
    }
    return CallResult(times: resultTimes, column: column.gathered(picked), rows: picked)
  }

  private func doubles(_ slice: [Int]) -> [Double] {
    switch column.values {
    case .float(let values): slice.map { values[$0] }
    case .integer(let values): slice.map { Double(values[$0]) }
    case .unsigned(let values): slice.map { Double(values[$0]) }
    case .boolean, .string: []
    }
  }

  /// Adds the values at two places of a slice, integers exactly.
  private func pairSum(_ slice: [Int]) -> (Int, Int) -> Double {
    func sum<T: FieldInteger>(_ values: [T]) -> (Int, Int) -> Double {
      { (Int128(values[slice[$0]]) + Int128(values[slice[$1]])).double }
    }
    switch column.values {
    case .integer(let values): return sum(values)
    case .unsigned(let values): return sum(values)
    case .float(let values): return { values[slice[$0]] + values[slice[$1]] }
    case .boolean, .string: return { _, _ in 0 }
    }
  }

  private func isLess(_ a: Int, _ b: Int) -> Bool {
    switch column.values {
    case .float(let values): values[a] < values[b]
    case .integer(let values): values[a] < values[b]
    case .unsigned(let values): values[a] < values[b]
    case .boolean(let values): !values[a] && values[b]
    case .string(let values): String.isLess(values[a], values[b])
    }
  }

  /// By value, then by time.
  private func sorted(_ slice: [Int]) -> [Int] {
    slice.sorted { isLess($0, $1) || (!isLess($1, $0) && $0 < $1) }
  }

  private func median(_ slice: [Int]) -> Double {
    let ranks = RankedRows(column, present: slice)
    let middle = slice.count / 2
    let upper = ranks.row(at: middle, of: slice.indices)
    if slice.count % 2 == 1 { return doubles([upper])[0] }
    let lower = ranks.row(at: middle - 1, of: slice.indices)
    if case .float(let values) = column.values {
      return values[lower] + (values[upper] - values[lower]) / 2
    }
    return pairSum([lower, upper])(0, 1) / 2
  }

  /// Of a sample, nil for fewer than two values.
  private func standardDeviation(_ slice: [Int]) -> Double? {
    guard slice.count > 1 else { return nil }
    let deviations: [Double]
    switch column.values {
    case .integer(let values): deviations = Self.deviations(slice.map { values[$0] })
    case .unsigned(let values): deviations = Self.deviations(slice.map { values[$0] })
    default:
      let values = doubles(slice)
      var mean = 0.0
      for (index, value) in values.enumerated() { mean += (value - mean) / Double(index + 1) }
      deviations = values.map { $0 - mean }
    }
    var variance = 0.0
    for deviation in deviations { variance += deviation * deviation }
    return (variance / Double(slice.count - 1)).squareRoot()
  }

  /// How far each value is from their mean. The integer part of the mean is taken off exactly:
  /// integers that a float does not tell apart may have a deviation.
  private static func deviations<T: FieldInteger>(_ values: [T]) -> [Double] {
    var sum = IntegerSum<T>(0)
    for value in values { sum.add(value) }
    let (whole, rest) = sum.total.quotientAndRemainder(dividingBy: Int128(values.count))
    let part = rest.double / Double(values.count)
    return values.map { (Int128($0) - whole).double - part }
  }

  /// The most frequent value. Of several InfluxDB takes one that begins before the last occurrence
  /// of the one it had, going up by value; where no value occurs twice, the smallest; of booleans
  /// true.
  private func mode(_ slice: [Int]) -> Int {
    let ordered = sorted(slice)
    let isBoolean = column.type == .boolean
    var best = ordered[0]
    var bestCount = 0
    var bestEnd = times[ordered[0]]
    var run = ordered[0]
    var runCount = 0
    for (index, row) in ordered.enumerated() {
      if isLess(run, row) {
        run = row
        runCount = 0
      }
      runCount += 1
      if runCount == 1 && index > 0 && !isBoolean { continue }
      let isTie = runCount == bestCount && (isBoolean || times[run] <= bestEnd)
      if runCount > bestCount || isTie {
        best = row
        bestCount = runCount
        bestEnd = times[row]
      }
    }
    return best
  }

  /// The row of each value that the query's order meets first, in time order; of one time by value.
  private func distinct(_ slice: [Int]) -> [Int] {
    var firsts: [Int] = []
    for row in sorted(slice) {
      if let last = firsts.last, !isLess(last, row) {
        if descending { firsts[firsts.count - 1] = row }
      } else {
        firsts.append(row)
      }
    }
    return firsts.sorted {
      times[$0] == times[$1] ? isLess($0, $1) : times[$0] < times[$1]
    }
  }

  /// Whether top() or bottom() prefer the row `a` to `b`: by value, then the earlier one; of one time
  /// the one that the query's order lists first.
  private func comesBefore(_ a: Int, _ b: Int, isBottom: Bool) -> Bool {
    if isLess(a, b) { return isBottom }
    if isLess(b, a) { return !isBottom }
    return times[a] == times[b] ? (a < b) != descending : times[a] < times[b]
  }

  /// In the order of time; of one time the best row first.
  private func top(_ slice: [Int], count: Int, keys: [Int], isBottom: Bool) -> [Int] {
    func isBetter(_ a: Int, _ b: Int) -> Bool { comesBefore(a, b, isBottom: isBottom) }
    var candidates = slice
    if !keys.isEmpty {
      var best: [[FieldValue?]: Int] = [:]
      for row in slice {
        let key = keys.map { rows.columns[$0][row] }
        if let known = best[key], !isBetter(row, known) { continue }
        best[key] = row
      }
      candidates = Array(best.values)
    }
    return candidates.sorted(by: isBetter).prefix(count).sorted {
      times[$0] == times[$1] ? isBetter($0, $1) : times[$0] < times[$1]
    }
  }
}

/// integral(): the area under the points by the trapezium rule, in units of time. A line that
/// crosses into another bucket is cut at the end of the one it left.
struct Integral {
  let unit: Int64
  let grid: BucketGrid?
  let whole: Timestamp

  /// - Parameter pairSum: adds the values at two places, more exactly than as floats where it can.
  func results(
    _ times: [Timestamp], _ values: [Double], pairSum: (Int, Int) -> Double
  ) -> CallResult {
    var results: [(Timestamp, Double)] = []
    guard var previousTime = times.first, var previous = values.first else {
      return CallResult(times: [], column: Column(.float([])))
    }
    var window = grid?.bucket(of: previousTime) ?? (whole, .max)
    var sum = 0.0
    func span(to time: Timestamp) -> Double { (Int128(time) - Int128(previousTime)).double }
    func area(_ pair: Double, _ time: Timestamp) -> Double {
      0.5 * pair * (span(to: time) / Double(unit))
    }
    for (index, (time, value)) in zip(times, values).enumerated().dropFirst() {
      if time == previousTime {
        previous = value
        continue
      }
      var pair = pairSum(index, index - 1)
      if let grid, time >= window.1 {
        if previousTime != window.1 {
          let slope = (value - previous) / span(to: time)
          let cut = slope * span(to: window.1) + previous
          sum += area(cut + previous, window.1)
          previous = cut
          previousTime = window.1
          pair = value + cut
        }
        results.append((window.0, sum))
        window = grid.bucket(of: time)
        sum = 0
      }
      sum += area(pair, time)
      previous = value
      previousTime = time
    }
    // A last bucket that holds but its own edge has no area.
    if grid == nil ? previousTime != 0 : previousTime != window.0 {
      results.append((window.0, sum))
    }
    return CallResult(times: results.map(\.0), column: Column(.float(results.map(\.1))))
  }
}
