import Detection

extension SplitMix64 {
  /// A Poisson count. Rates from 12 take the normal approximation, which is what the shape of the
  /// data asks for and costs the same at any rate.
  mutating func poisson(_ rate: Double) -> Int64 {
    guard rate < 12 else { return Int64(max(0, rate + rate.squareRoot() * normal()).rounded()) }
    // Inversion: walk up the distribution until it passes a uniform number.
    var probability = (-rate).exponential()
    var rest = unit()
    var count: Int64 = 0
    while rest >= probability, probability > 0 {
      rest -= probability
      count += 1
      probability *= rate / Double(count)
    }
    return count
  }
}
