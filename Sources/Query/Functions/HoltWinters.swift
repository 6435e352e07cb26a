import TimeSeries

/// holt_winters(): the damped multiplicative method (P. R. Winters, 1960; E. S. Gardner, E. McKenzie,
/// 1985), fitted by least squares.
///
/// Every step is InfluxDB's, its order of operations included, so that answers agree: a fit has many
/// minima, and which of them ``NelderMead`` finds hangs on the last bit.
struct HoltWinters: Sendable, Hashable {
  /// Values to forecast, at least 1.
  let horizon: Int
  /// Buckets that a season has; below 2 there are no seasons.
  let season: Int
  /// Whether the values fitted come first.
  let withFit: Bool

  private var isSeasonal: Bool { season >= 2 }

  /// Where the parameters stand that are fitted; those of the season follow.
  private enum Place {
    static let level = 0
    static let trend = 1
    static let seasonal = 2
    static let damping = 3
    static let firstLevel = 4
    static let firstTrend = 5
    static let firstSeasonal = 6
  }

  /// - Parameters:
  ///   - input: in the query's order of time; nulls are passed over.
  ///   - interval: nanoseconds of a bucket.
  /// - Throws: ``QueryError``: too many buckets, too much memory, the query's end.
  func apply(
    _ input: CallResult, interval: Int64, descending: Bool, context: QueryContext
  ) throws -> CallResult {
    let ordered = descending ? input.reversed() : input
    let present = ordered.gathered(ordered.column.presentRows)
    guard case .float(let values) = try present.column.converted(to: .float).values,
      let first = present.times.first, let last = present.times.last,
      let observed = try observed(present.times, values, interval, context)
    else { return CallResult(times: [], column: Column(.float([]))) }
    let length = try checked(observed.count, horizon, context)
    // A simplex has a vertex more than there are parameters.
    let bytes = (length + (season + 8).multipliedClamped(by: season + 8))
      .multipliedClamped(by: 8 * 2)
    try context.charge(bytes)
    defer { context.release(bytes) }
    var parameters = try fit(observed, context)
    var result: (times: [Timestamp], values: [Double]) = ([], [])
    forecast(length, from: observed[0], &parameters) { index, value in
      guard !value.isNaN, withFit || index >= observed.count else { return }
      let steps = Int64(withFit ? index : index - observed.count + 1)
      let (span, tooLong) = interval.multipliedReportingOverflow(by: steps)
      let (time, tooLate) = (withFit ? first : last).addingReportingOverflow(span)
      guard !tooLong, !tooLate, TimestampBounds.contains(time) else { return }
      result.times.append(time)
      result.values.append(value)
    }
    let points = CallResult(times: result.times, column: Column(.float(result.values)))
    return descending ? points.reversed() : points
  }

  private func checked(_ count: Int, _ more: Int, _ context: QueryContext) throws -> Int {
    let (length, overflow) = count.addingReportingOverflow(more)
    guard !overflow, length <= context.limits.buckets else {
      throw QueryError.tooManyBuckets(overflow ? .max : length, limit: context.limits.buckets)
    }
    return length
  }

  /// A value for each interval from the first point on, NaN where there is none; nil where there are
  /// too few.
  private func observed(
    _ times: [Timestamp], _ values: [Double], _ interval: Int64, _ context: QueryContext
  ) throws -> [Double]? {
    guard times.count >= 2, !isSeasonal || times.count >= season, interval > 0 else { return nil }
    func rounded(_ time: Timestamp) -> Int64 {
      time / interval + (time % interval > interval / 2 ? 1 : 0)
    }
    var place = rounded(times[0])
    let length = rounded(times[times.count - 1]) &- place
    guard length > 0 else { return nil }
    _ = try checked(Int(clamping: length), 1, context)
    var observed = [values[0]]
    for (time, value) in zip(times, values).dropFirst() {
      let next = rounded(time)
      guard next > place else { continue }
      observed += Array(repeating: .nan, count: Int(next - place) - 1) + [value]
      place = next
    }
    return isSeasonal && observed.count < season ? nil : observed
  }

  /// The best of the minima found from a grid of first guesses.
  private func fit(_ observed: [Double], _ context: QueryContext) throws -> [Double] {
    let optimizer = NelderMead(
      epsilon: 1e-4, objective: { squaredError(&$0, observed) }, check: context.check)
    var best: (value: Double, point: [Double])?
    var start = guess(observed)
    let guesses = [0.3, 0.3 + 0.4]
    for level in guesses {
      for trend in guesses {
        for seasonal in guesses {
          for damping in guesses {
            start.replaceSubrange(...Place.damping, with: [level, trend, seasonal, damping])
            let found = try optimizer.minimum(from: start)
            if best.map({ found.value < $0.value }) ?? true { best = found }
          }
        }
      }
    }
    return best?.point ?? start
  }

  /// Level, trend and season at the beginning, from the first two seasons. What is missing is left
  /// out: they are guesses.
  private func guess(_ observed: [Double]) -> [Double] {
    var level = 0.0
    var trend = 0.0
    guard isSeasonal else {
      level += 0.5 * observed[0]
      if !observed[1].isNaN { trend = 0.5 * (observed[1] - observed[0]) }
      return [0, 0, 0, 0, level, trend]
    }
    let m = Double(season)
    for index in 0..<season where !observed[index].isNaN { level += (1 / m) * observed[index] }
    for index in 0..<min(season, observed.count - season)
    where !observed[index].isNaN && !observed[season + index].isNaN {
      trend += 1 / (m * m) * (observed[season + index] - observed[index])
    }
    return [0, 0, 0, 0, level, trend]
      + observed[..<season].map { $0.isNaN ? 0 : $0 / level }
  }

  private func squaredError(_ parameters: inout [Double], _ observed: [Double]) -> Double {
    var sum = 0.0
    forecast(observed.count, from: observed[0], &parameters) { t, forecast in
      let value = observed[t]
      if value.isNaN { return }
      // A fit that has no value somewhere is none.
      let error = forecast.isNaN ? .infinity : forecast - value
      sum += error * error
    }
    return sum
  }

  /// Hands on `length` values, the first of them `first`.
  ///
  /// - Parameter parameters: are limited to 0…1, and have the last season's factors afterwards.
  private func forecast(
    _ length: Int, from first: Double, _ parameters: inout [Double],
    _ visit: (Int, Double) -> Void
  ) {
    for place in Place.level...Place.damping {
      if parameters[place] > 1 { parameters[place] = 1 }
      if parameters[place] < 0 { parameters[place] = 0 }
    }
    let (alpha, beta) = (parameters[Place.level], parameters[Place.trend])
    let (gamma, phi) = (parameters[Place.seasonal], parameters[Place.damping])
    var level = parameters[Place.firstLevel]
    var trend = parameters[Place.firstTrend]
    var damping = phi
    var value = first
    visit(0, first)
    // InfluxDB steps through the season's factors by two.
    var offset = season - 1
    for t in 1..<max(length, 1) {
      var past = 1.0
      var coming = 1.0
      if isSeasonal {
        past = parameters[Place.firstSeasonal + (t - season + offset) % season]
        coming = parameters[Place.firstSeasonal + (t - season + t % season + offset) % season]
      }
      let damped = phi * trend
      let lastLevel = level
      level = alpha * (value / past) + (1 - alpha) * (lastLevel + damped)
      trend = beta * (level - lastLevel) + (1 - beta) * phi * trend
      if isSeasonal {
        parameters[Place.firstSeasonal + (t + offset) % season] =
          gamma * (value / (lastLevel + damped)) + (1 - gamma) * past
        offset += 1
      }
      value = (level + damping * trend) * coming
      damping += power(phi, t)
      visit(t, value)
    }
  }

  /// Multiplies in the order that Go's math.Pow does, whose last bit differs from the C library's.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}

extension Int {
  fileprivate func multipliedClamped(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
