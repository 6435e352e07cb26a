import Testing

@testable import Detection

@Suite("Trimmed loss")
struct StepTrimmingTests {
  @Test("drops the steps with the largest errors, and sums the others", arguments: 2...17)
  func trimming(window: Int) throws {
    let shape = try AutoencoderShape(features: 3, window: window, hidden: 1, latent: 1)
    let trimming = StepTrimming(shape, .trimmed)
    var random = SplitMix64(seed: UInt64(window))
    for _ in 0..<50 {
      // Small integers: equal totals are common, and sums are exact.
      let steps = (0..<window).map { _ in (0..<3).map { _ in Float(random.below(4)) } }
      let width = shape.featuresPadded
      var squares = [Float](repeating: 0, count: window * width)
      for (t, step) in steps.enumerated() {
        squares.replaceSubrange(t * width..<t * width + 3, with: step)
      }
      var sums = [Float](repeating: -1, count: width)
      squares.withUnsafeBufferPointer { squares in
        sums.withUnsafeMutableBufferPointer { sums in
          guard let squares = squares.baseAddress, let sums = sums.baseAddress else { return }
          trimming.sum(squares, step: width, to: sums)
        }
      }
      let order = steps.indices.sorted {
        let (a, b) = (steps[$0].reduce(0, +), steps[$1].reduce(0, +))
        return a == b ? $0 < $1 : a > b
      }
      let kept = order.dropFirst(window / 4).map { steps[$0] }
      #expect(sums.prefix(3) == (0..<3).map { f in kept.reduce(0) { $0 + $1[f] } }[...])
      #expect(sums.dropFirst(3).allSatisfy { $0 == 0 })
    }
  }

  @Test(
    "a spike of a row is no anomaly, a small change that lasts is more than the last row's error")
  func spikesAndSteps() throws {
    let second: Int64 = 1_000_000_000
    var options = testOptions()
    options.window = 8
    options.epochs = 20
    let calm = testSignal(rows: 400)
    func scores(
      _ loss: ReconstructionLoss, change: (inout [Double]) -> Void
    ) throws -> DetectionScores {
      options.loss = loss
      let model = try GroupTrainer(options: options, interval: second).train(calm, key: [])
      var features = calm.features
      change(&features[0])
      return try GroupScorer(model, options: options, interval: second).score(
        GroupData(timestamps: calm.timestamps, features: features))
    }
    let spike = { (values: inout [Double]) in values[200] += 100 }
    let trimmed = try scores(.trimmed, change: spike)
    let whole = try scores(.window, change: spike)
    #expect(whole.loss[203] > 2 * whole.threshold)
    #expect(trimmed.loss[203] < whole.loss[203] / 2)
  }
}
