import Foundation
import Testing
import TimeSeries

@testable import Query

/// Functions of technical analysis against their definitions, evaluated slowly and plainly.
@Suite struct IndicatorTests {
  private static let second: Int64 = 1_000_000_000
  private static let walk: [Double] = {
    var random = SplitMix64(seed: 11)
    var value = 100.0
    return (0..<60).map { _ in
      value += Double(random.next() >> 40) * 0x1p-24 - 0.45
      return (value * 100).rounded() / 100
    }
  }()

  /// The weights of the values so far in an exponential average, the newest last.
  private static func weights(_ count: Int, _ period: Int, _ simple: Bool, _ alpha: Double)
    -> [Double]
  {
    var weights: [Double] = []
    for index in 0..<count {
      let new =
        index >= period ? alpha : simple ? 1 / Double(index + 1) : 2 / Double(index + 2)
      weights = weights.map { $0 * (1 - new) } + [new]
    }
    return weights
  }

  private static func average(
    _ values: [Double], _ period: Int, _ simple: Bool, alpha: Double? = nil
  ) -> [Double] {
    values.indices.map { end in
      let weights = weights(end + 1, period, simple, alpha ?? 2 / (Double(period) + 1))
      return zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The averages of averages: with `simple`, the next begins where the one before is warm, and says
  /// the same until then.
  private static func stages(_ values: [Double], _ period: Int, _ simple: Bool) -> [[Double]] {
    var stages = [average(values, period, simple)]
    for stage in 1...2 {
      let before = stages[stage - 1]
      let start = simple ? min(stage * (period - 1), before.count) : 0
      stages.append(
        Array(before[..<start]) + average(Array(before[start...]), period, simple))
    }
    return stages
  }

  private static func reference(
    _ kind: Indicator.Kind, _ v: [Double], _ period: Int, _ warmUp: String
  ) -> [Double] {
    let simple = warmUp == "simple"
    let s = stages(v, period, simple)
    func changes(_ end: Int, _ count: Int) -> [Double] {
      (max(end - count, 0)..<end).map { v[$0 + 1] - v[$0] }
    }
    func efficiency(_ end: Int) -> Double {
      let way = changes(end, period).map(abs).reduce(0, +)
      return way == 0 ? 0 : abs(v[end] - v[max(end - period, 0)]) / way
    }
    func smoothed(_ combine: (Double, Double) -> Double) -> [Double] {
      let all = changes(v.count - 1, v.count)
      func side(_ sign: Double) -> [Double] {
        average(all.map { max(sign * $0, 0) }, period, simple, alpha: 1 / Double(period))
      }
      return [.nan] + zip(side(1), side(-1)).map(combine)
    }
    switch kind {
    case .exponentialMovingAverage: return s[0]
    case .doubleExponentialMovingAverage: return v.indices.map { 2 * s[0][$0] - s[1][$0] }
    case .tripleExponentialMovingAverage:
      return v.indices.map { 3 * s[0][$0] - 3 * s[1][$0] + s[2][$0] }
    case .tripleExponentialDerivative:
      return v.indices.map { $0 == 0 ? .nan : 100 * (s[2][$0] - s[2][$0 - 1]) / s[2][$0 - 1] }
    case .relativeStrengthIndex: return smoothed { 100 * $0 / ($0 + $1) }
    case .kaufmansEfficiencyRatio: return v.indices.map(efficiency)
    case .kaufmansAdaptiveMovingAverage:
      var last = 0.0
      return v.indices.map { end in
        let before = end == 0 ? v[0] : end <= period ? v[end - 1] : last
        let (fast, slow) = (2.0 / (2 + 1), 2.0 / (30 + 1))
        let constant = pow(efficiency(end) * (fast - slow) + slow, 2)
        last = before + constant * (v[end] - before)
        return last
      }
    case .chandeMomentumOscillator:
      if warmUp != "none" { return smoothed { 100 * ($0 - $1) / ($0 + $1) } }
      return v.indices.map { end in
        let window = changes(end, period)
        let (up, down) = (
          window.filter { $0 > 0 }.reduce(0, +), -window.filter { $0 < 0 }.reduce(0, +)
        )
        return up + down == 0 ? 0 : 100 * (up - down) / (up + down)
      }
    }
  }

  private static func source(_ values: [Double] = walk) -> MemorySource {
    let source = MemorySource(blockSize: 7)
    for (index, value) in values.enumerated() {
      source.insert(
        SeriesKey(measurement: "m"), Int64(index) * second,
        ["v": .float(value), "n": .integer(Int64(value * 100)), "s": .string("x")])
    }
    return source
  }

  private static func points(_ query: String) -> [(second: Int64, value: Double)] {
    let answer = Answer.of(query, source: source())
    return (answer.tables.first?.rows ?? []).compactMap { row in
      guard case .integer(let time) = row[0], case .number(let value) = row[1] else { return nil }
      return (time / second, value)
    }
  }

  private static func warmUps(_ kind: Indicator.Kind) -> [String] {
    switch kind {
    case .kaufmansEfficiencyRatio, .kaufmansAdaptiveMovingAverage: [""]
    case .chandeMomentumOscillator: ["none", "exponential", "simple"]
    default: ["exponential", "simple"]
    }
  }

  /// Values without a result by default.
  private static func hold(_ kind: Indicator.Kind, _ period: Int, _ warmUp: String) -> Int {
    let stages = warmUp == "simple" ? 3 : 1
    return switch kind {
    case .exponentialMovingAverage: period - 1
    case .doubleExponentialMovingAverage: (period - 1) * min(stages, 2)
    case .tripleExponentialMovingAverage: (period - 1) * stages
    case .tripleExponentialDerivative: (period - 1) * stages + 1
    case .relativeStrengthIndex, .kaufmansEfficiencyRatio, .kaufmansAdaptiveMovingAverage: period
    case .chandeMomentumOscillator: warmUp == "none" ? period - 1 : period
    }
  }

  @Test("each is what its definition says", arguments: Indicator.Kind.allCases)
  func definitions(kind: Indicator.Kind) {
    for warmUp in Self.warmUps(kind) {
      for period in [1, 2, 3, 10, 59, 80] {
        let expected = Self.reference(kind, Self.walk, period, warmUp)
        for hold in [-1, 1, 5] {
          let arguments = "\(period), \(hold)" + (warmUp.isEmpty ? "" : ", '\(warmUp)'")
          let points = Self.points("SELECT \(kind.rawValue)(v, \(arguments)) FROM m")
          let first = hold < 0 ? Self.hold(kind, period, warmUp) : hold
          let wanted = expected.indices.dropFirst(first).filter { expected[$0].isFinite }
          #expect(points.map(\.second) == wanted.map(Int64.init), "\(arguments)")
          for point in points {
            let right = expected[Int(point.second)]
            #expect(
              abs(point.value - right) <= 1e-9 * max(abs(right), 1),
              "\(arguments) at \(point.second): \(point.value), not \(right)")
          }
        }
      }
    }
  }

  @Test("worked by hand")
  func byHand() {
    func results(_ kind: Indicator.Kind, _ v: [Double], _ period: Int, warmUp: String? = nil)
      -> [Double]
    {
      let indicator = Indicator(
        kind, period: period,
        warmUp: warmUp.flatMap(ExponentialAverage.WarmUp.init(rawValue:)))
      return Array(indicator.results(v).dropFirst(indicator.hold))
    }
    // (1 + 2 + 3) / 3, then half of the way to the next.
    #expect(
      results(.exponentialMovingAverage, [1, 2, 3, 6, 5], 3, warmUp: "simple") == [2, 4, 4.5])
    // Gains 2 and 1, loss 1: 100 − 100 / (1 + 3 / 1).
    #expect(results(.relativeStrengthIndex, [100, 102, 101, 102], 3, warmUp: "simple") == [75])
    // It came 1 of a way of 5.
    #expect(results(.kaufmansEfficiencyRatio, [10, 12, 9], 2) == [0.2])
    // Gains 5, losses 3, of both.
    #expect(results(.chandeMomentumOscillator, [0, 5, 2], 2) == [100, 25])
    #expect(results(.tripleExponentialDerivative, [50, 50, 50, 50], 2) == [0, 0])
    #expect(results(.kaufmansEfficiencyRatio, [7, 7, 7], 1) == [0, 0])
  }

  @Test("integers, DESC, LIMIT, wildcards and arithmetic are as for other functions")
  func forms() {
    let integers = Self.points("SELECT exponential_moving_average(n, 4) FROM m")
    #expect(integers.count == 57)
    let floats = Self.points("SELECT exponential_moving_average(v, 4) FROM m")
    for (a, b) in zip(integers, floats) { #expect(abs(a.value / 100 - b.value) < 1e-9) }
    let backwards = Self.points("SELECT exponential_moving_average(v, 4) FROM m ORDER BY time DESC")
    let reversed = Self.reference(
      .exponentialMovingAverage, Self.walk.reversed(), 4, "exponential")
    #expect(backwards.map(\.second) == (0..<57).reversed().map(Int64.init))
    for (a, b) in zip(backwards, reversed.dropFirst(3)) { #expect(abs(a.value - b) < 1e-9) }
    #expect(
      Self.points("SELECT exponential_moving_average(v, 4) FROM m LIMIT 3").map(\.value)
        == floats.prefix(3).map(\.value))
    #expect(
      Self.points("SELECT exponential_moving_average(v, 4) * 2 FROM m").map(\.value)
        == floats.map { $0.value * 2 })
    #expect(
      Answer.of("SELECT relative_strength_index(*, 4) FROM m", source: Self.source()).tables
        .first?.columns == ["time", "relative_strength_index_n", "relative_strength_index_v"])
  }

  @Test("over buckets they begin within the range, whatever was read to warm up")
  func overBuckets() {
    let means = stride(from: 20, to: 60, by: 2).map { (Self.walk[$0] + Self.walk[$0 + 1]) / 2 }
    let before = (Self.walk[18] + Self.walk[19]) / 2
    let expected = Self.reference(
      .exponentialMovingAverage, [before] + means, 3, "exponential")
    for hold in [0, 1, 2] {
      let points = Self.points(
        "SELECT exponential_moving_average(mean(v), 3, \(hold)) FROM m WHERE time >= 20s AND "
          + "time < 60s GROUP BY time(2s)")
      let skipped = max(hold - 1, 0)
      #expect(points.map(\.second) == (skipped..<20).map { 20 + 2 * Int64($0) })
      for (point, right) in zip(points, expected.dropFirst(skipped + 1)) {
        #expect(abs(point.value - right) < 1e-9)
      }
    }
  }

  @Test("sums over windows are those of each window")
  func windows() {
    let terms = Self.walk
    for size in [1, 2, 7, 59, 60, 61, .max] {
      let sums = movingSums(terms, size: size)
      for index in terms.indices {
        let start = size > index ? 0 : index - size + 1
        #expect(abs(sums[index] - terms[start...index].reduce(0, +)) < 1e-9)
      }
    }
    #expect(movingSums([], size: 3) == [])
    // A large value leaves nothing behind.
    #expect(movingSums([1e300, 1, 1, 1], size: 2) == [1e300, 1e300, 2, 2])
  }

  @Test(
    "mistakes are told in InfluxDB's words",
    arguments: [
      (
        "exponential_moving_average(v)",
        "invalid number of arguments for exponential_moving_average, expected at least 2 but no "
          + "more than 4, got 1"
      ),
      (
        "kaufmans_efficiency_ratio(v, 2, 3, 'simple')",
        "invalid number of arguments for kaufmans_efficiency_ratio, expected at least 2 but no "
          + "more than 3, got 4"
      ),
      (
        "relative_strength_index(v, 2.0)", "relative_strength_index period must be an integer"
      ),
      (
        "chande_momentum_oscillator(v, 0)",
        "chande_momentum_oscillator period must be greater than or equal to 1"
      ),
      (
        "triple_exponential_derivative(v, 2, 0)",
        "triple_exponential_derivative hold period must be greater than or equal to 1"
      ),
      (
        "triple_exponential_moving_average(v, 2, -2)",
        "triple_exponential_moving_average hold period must be greater than or equal to 0"
      ),
      (
        "kaufmans_adaptive_moving_average(v, 2, 's')",
        "kaufmans_adaptive_moving_average hold period must be an integer"
      ),
      (
        "double_exponential_moving_average(v, 2, 1, 'none')",
        "double_exponential_moving_average warmup type must be one of: 'exponential' 'simple'"
      ),
      (
        "chande_momentum_oscillator(v, 2, 1, 'x')",
        "chande_momentum_oscillator warmup type must be one of: 'none' 'exponential' 'simple'"
      ),
      (
        "chande_momentum_oscillator(v, 2, 1, 3)",
        "chande_momentum_oscillator warmup type must be a string"
      ),
      (
        "exponential_moving_average(mean(v), 2)",
        "exponential_moving_average aggregate requires a GROUP BY interval"
      ),
    ])
  func mistakes(call: String, message: String) {
    #expect(Answer.of("SELECT \(call) FROM m", source: Self.source()).error == message)
  }

  @Test("in GROUP BY time they need an aggregate, and everywhere numbers")
  func needs() {
    #expect(
      Answer.of(
        "SELECT exponential_moving_average(v, 2) FROM m GROUP BY time(1s)", source: Self.source()
      ).error == "aggregate function required inside the call to exponential_moving_average")
    #expect(
      Answer.of("SELECT exponential_moving_average(s, 2) FROM m", source: Self.source()).error?
        .contains("exponential_moving_average iterator type") == true)
  }
}
