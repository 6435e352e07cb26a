/// What lasts: of the losses of consecutive windows the least of each `count` in a row.
///
/// The minimum over a moving window is an erosion, by which a peak of fewer than `count` rows
/// vanishes and a longer one keeps its height (Serra, Image Analysis and Mathematical Morphology).
struct SustainedLoss {
  /// The windows' own losses.
  let losses: [Double]
  /// For each window from number `count` − 1 on, the one of it and those before it whose loss is the
  /// least; of equal ones the last.
  let least: [Int]

  /// - Parameter count: at least 1.
  init(_ losses: [Double], count: Int) {
    self.losses = losses
    least = losses.indices.dropFirst(count - 1).map { last in
      var least = last
      for window in (last - count + 1..<last).reversed() where losses[window] < losses[least] {
        least = window
      }
      return least
    }
  }

  /// The sustained losses.
  var values: [Double] { least.map { losses[$0] } }

  /// How many sustained losses there are in ranges of windows.
  static func number(in ranges: [Range<Int>], count: Int) -> Int {
    ranges.reduce(0) { $0 + max(0, $1.count - count + 1) }
  }
}
