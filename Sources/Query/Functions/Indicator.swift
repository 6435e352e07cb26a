import TimeSeries

/// A function of technical analysis over the values of a series in the order of time, with the
/// arguments of InfluxDB 1.8.
struct Indicator: Sendable, Hashable {
  enum Kind: String, Sendable, Hashable, CaseIterable {
    case exponentialMovingAverage = "exponential_moving_average"
    case doubleExponentialMovingAverage = "double_exponential_moving_average"
    case tripleExponentialMovingAverage = "triple_exponential_moving_average"
    case tripleExponentialDerivative = "triple_exponential_derivative"
    case relativeStrengthIndex = "relative_strength_index"
    case kaufmansEfficiencyRatio = "kaufmans_efficiency_ratio"
    case kaufmansAdaptiveMovingAverage = "kaufmans_adaptive_moving_average"
    case chandeMomentumOscillator = "chande_momentum_oscillator"
  }

  let kind: Kind
  /// At least 1.
  let period: Int
  /// Nil for `none`, which the momentum oscillator alone has.
  let warmUp: ExponentialAverage.WarmUp?
  /// Values that have no result of their own.
  let hold: Int

  /// - Parameter hold: nil for as many as the function needs to be warm.
  init(_ kind: Kind, period: Int, hold: Int? = nil, warmUp: ExponentialAverage.WarmUp? = nil) {
    self.kind = kind
    self.period = period
    self.warmUp = warmUp ?? (kind == .chandeMomentumOscillator ? nil : .exponential)
    self.hold = hold ?? Self.warmCount(kind, period: period, warmUp: self.warmUp)
  }

  /// Values before the first one with a result that counts.
  private static func warmCount(
    _ kind: Kind, period: Int, warmUp: ExponentialAverage.WarmUp?
  ) -> Int {
    func stages(_ count: Int) -> Int {
      let (all, overflow) = (period - 1).multipliedReportingOverflow(
        by: warmUp == .simple ? count : 1)
      return overflow ? .max - 1 : all
    }
    return switch kind {
    case .exponentialMovingAverage: stages(1)
    case .doubleExponentialMovingAverage: stages(2)
    case .tripleExponentialMovingAverage: stages(3)
    case .tripleExponentialDerivative: stages(3) + 1
    case .relativeStrengthIndex, .kaufmansEfficiencyRatio, .kaufmansAdaptiveMovingAverage: period
    case .chandeMomentumOscillator: warmUp == nil ? period - 1 : period
    }
  }

  /// A result for each value; not finite, or NaN, where it has none.
  func results(_ values: [Double]) -> [Double] {
    switch kind {
    case .exponentialMovingAverage: chain(1, values) { $0[0] }
    case .doubleExponentialMovingAverage: chain(2, values) { 2 * $0[0] - $0[1] }
    case .tripleExponentialMovingAverage: chain(3, values) { 3 * $0[0] - 3 * $0[1] + $0[2] }
    case .tripleExponentialDerivative: tripleDerivative(values)
    case .relativeStrengthIndex: movements(values) { 100 - 100 / (1 + $0 / $1) }
    case .kaufmansEfficiencyRatio: efficiency(values)
    case .kaufmansAdaptiveMovingAverage: adaptiveAverage(values)
    case .chandeMomentumOscillator:
      warmUp == nil ? momentum(values) : movements(values) { 100 * (($0 - $1) / ($0 + $1)) }
    }
  }

  private func chain(
    _ stages: Int, _ values: [Double], _ combine: ([Double]) -> Double
  ) -> [Double] {
    var chain = ExponentialChain(stages, period: period, warmUp: warmUp ?? .exponential)
    return values.map { combine(chain.add($0)) }
  }

  /// TRIX: the change of the triple average, in percent.
  private func tripleDerivative(_ values: [Double]) -> [Double] {
    let averages = chain(3, values) { $0[2] }
    return averages.indices.map { $0 == 0 ? .nan : (averages[$0] / averages[$0 - 1] - 1) * 100 }
  }

  /// Of the averages of what values gained and lost (J. W. Wilder, "New Concepts in Technical Trading
  /// Systems", 1978). The first value has no change: InfluxDB takes it for one from zero.
  private func movements(
    _ values: [Double], _ combine: (_ gain: Double, _ loss: Double) -> Double
  ) -> [Double] {
    let average = ExponentialAverage(
      period: period, weight: 1 / Double(period), warmUp: warmUp ?? .exponential)
    var (gains, losses) = (average, average)
    return values.indices.map { index in
      guard index > 0 else { return .nan }
      let change = values[index] - values[index - 1]
      return combine(gains.add(max(change, 0)), losses.add(max(-change, 0)))
    }
  }

  /// Each value less the one before it; 0 for the first.
  private func changes(_ values: [Double]) -> [Double] {
    values.indices.map { $0 == 0 ? 0 : values[$0] - values[$0 - 1] }
  }

  /// How far the values came in `period` changes, of the way that they went; 0 where they stood
  /// still (P. J. Kaufman, "Smarter Trading", 1995).
  private func efficiency(_ values: [Double]) -> [Double] {
    let ways = movingSums(changes(values).map(abs), size: period)
    return values.indices.map { index in
      let distance = abs(values[index] - values[max(index - period, 0)])
      return distance == 0 || ways[index] == 0 ? 0 : distance / ways[index]
    }
  }

  /// An exponential average whose weight lies between those of periods 30 and 2, by the efficiency.
  private func adaptiveAverage(_ values: [Double]) -> [Double] {
    var average = values.first ?? 0
    return zip(values.indices, efficiency(values)).map { index, ratio in
      if index <= period { average = values[max(index - 1, 0)] }
      let weight = ratio * (2.0 / 3 - 2.0 / 31) + 2.0 / 31
      average += weight * weight * (values[index] - average)
      return average
    }
  }

  /// The sum of the gains less that of the losses in the last `period` changes, in percent of both;
  /// 0 where there are none (T. S. Chande, "The New Technical Trader", 1994).
  private func momentum(_ values: [Double]) -> [Double] {
    let changes = changes(values)
    let gains = movingSums(changes.map { max($0, 0) }, size: period)
    let losses = movingSums(changes.map { max(-$0, 0) }, size: period)
    return zip(gains, losses).map { gain, loss in
      gain + loss == 0 ? 0 : 100 * ((gain - loss) / (gain + loss))
    }
  }
}

extension Indicator {
  /// Runs over points in the query's order of time that are all there. What has no result has no row.
  func apply(_ input: CallResult) throws -> CallResult {
    guard case .float(let values) = try input.column.converted(to: .float).values else {
      return CallResult(times: [], column: Column(.float([])))
    }
    let results = results(values)
    let rows = results.indices.dropFirst(hold).filter { results[$0].isFinite }
    return CallResult(
      times: rows.map { input.times[$0] }, column: Column(.float(rows.map { results[$0] })))
  }
}
