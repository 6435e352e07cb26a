/// A running exponential moving average.
///
/// Until it has seen `period` values it is warming up: as if the period were the number of values so
/// far (`exponential`), or their plain mean (`simple`).
struct ExponentialAverage {
  enum WarmUp: String, Sendable, Hashable {
    case exponential, simple
  }

  private let period: Int
  private let weight: Double
  let warmUp: WarmUp
  private var count = 0
  private(set) var value = 0.0

  /// - Parameter weight: of a new value once it is warm; nil for 2 / (period + 1).
  init(period: Int, weight: Double? = nil, warmUp: WarmUp) {
    self.period = period
    self.weight = weight ?? 2 / (Double(period) + 1)
    self.warmUp = warmUp
  }

  var isWarm: Bool { count >= period }

  mutating func add(_ new: Double) -> Double {
    let weight =
      switch warmUp {
      case _ where isWarm: weight
      case .exponential: 2 / Double(count + 2)
      case .simple: 1 / Double(count + 1)
      }
    value += (new - value) * weight
    if !isWarm { count += 1 }
    return value
  }
}

/// Exponential averages one after the other: of the values, of their averages, and so on.
struct ExponentialChain {
  private var stages: [ExponentialAverage]

  init(_ count: Int, period: Int, warmUp: ExponentialAverage.WarmUp) {
    stages = Array(
      repeating: ExponentialAverage(period: period, warmUp: warmUp), count: count)
  }

  /// What each stage says. With `simple`, one that follows a stage that is not warm says the same as
  /// that, and takes no notice yet.
  mutating func add(_ new: Double) -> [Double] {
    var outputs: [Double] = []
    var value = new
    var isFed = true
    for index in stages.indices {
      if isFed { value = stages[index].add(value) }
      isFed = isFed && (stages[index].isWarm || stages[index].warmUp == .exponential)
      outputs.append(value)
    }
    return outputs
  }
}
