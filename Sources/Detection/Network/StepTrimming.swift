/// Sums a window's squared errors over its steps, without those whose errors are the largest.
struct StepTrimming {
  private let window: Int
  private let width: Int
  private let dropped: Int

  init(_ shape: AutoencoderShape, _ loss: ReconstructionLoss) {
    window = shape.window
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
        var lanes = SIMD16<Float>()
        for block in stride(from: 0, to: width, by: 16) { lanes += squares.block(t * step + block) }
        totals[t] = lanes.sum()
      }
      for _ in 0..<dropped {
        var largest = 0
        for t in 1..<window where totals[t] > totals[largest] { largest = t }
        // Below any sum of squares.
        totals[largest] = -1
      }
      for block in stride(from: 0, to: width, by: 16) {
        var sum = SIMD16<Float>()
        for t in 0..<window where totals[t] >= 0 { sum += squares.block(t * step + block) }
        sums.store(sum, at: block)
      }
    }
  }
}
