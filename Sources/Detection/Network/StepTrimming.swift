/// Sums a window's squared errors over its steps, without those whose errors are the largest.
struct StepTrimming {
  private let window: Int
  private let features: Int
  private let width: Int
  private let dropped: Int

  init(_ shape: AutoencoderShape, _ loss: ReconstructionLoss) {
    window = shape.window
    features = shape.features
    width = shape.featuresPadded
    dropped = shape.window - loss.steps(ofWindow: shape.window)
  }

  /// Of steps with equal errors the earlier ones go first. Sums are made in the order of the steps.
  ///
  /// - Parameters:
  ///   - squares: of a step [featuresPadded], the padding zero.
  ///   - step: floats from one step to the next.
  ///   - sums: [featuresPadded].
  func sum(
    _ squares: UnsafePointer<Float>, step: Int, to sums: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: window) { totals in
      for t in 0..<window {
        var total: Float = 0
        for feature in 0..<features { total += squares[t * step + feature] }
        totals[t] = total
      }
      for _ in 0..<dropped {
        var largest = 0
        for t in 1..<window where totals[t] > totals[largest] { largest = t }
        // Below any sum of squares.
        totals[largest] = -1
      }
      for feature in 0..<width { sums[feature] = 0 }
      for t in 0..<window where totals[t] >= 0 {
        for feature in 0..<width { sums[feature] += squares[t * step + feature] }
      }
    }
  }
}
