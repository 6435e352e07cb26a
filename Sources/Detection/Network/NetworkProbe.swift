/// The network by itself, without the model around it: for checks against other implementations.
///
/// Windows are not centred, and a gradient is not clipped.
package struct NetworkProbe {
  /// What one step of training gave.
  package struct Step {
    /// Before the step.
    package var loss: Double
    package var gradient: AutoencoderParameters
    /// After the step.
    package var parameters: AutoencoderParameters
  }

  /// What scoring gave for one window.
  package struct Score {
    /// [window][features].
    package var output: [Double]
    package var windowLoss: Double
    package var lastLoss: Double
  }

  private let parameters: AutoencoderParameters
  private let matrix: FeatureMatrix
  private let starts: [Int32]

  /// - Parameter windows: [batch][window][features].
  /// - Throws: ``DetectionError/invalidInput(_:)`` where these are no whole windows.
  package init(_ parameters: AutoencoderParameters, windows: [Float]) throws {
    let shape = parameters.shape
    guard !windows.isEmpty, windows.count.isMultiple(of: shape.window * shape.features) else {
      throw DetectionError.invalidInput(
        "\(windows.count) values are no windows of \(shape.window) × \(shape.features)")
    }
    self.parameters = parameters
    matrix = FeatureMatrix(rows: windows.count / shape.features, features: shape.features) {
      for (index, value) in windows.enumerated() {
        $0[index / shape.features * shape.featuresPadded + index % shape.features] = value
      }
    }
    starts = stride(from: 0, to: matrix.rows, by: shape.window).map(Int32.init)
  }

  /// Each window by the scoring network.
  package func scores() -> [Score] {
    let shape = parameters.shape
    let network = ScoringNetwork(parameters, isCentered: false)
    let errors = FloatBuffer(shape.featuresPadded)
    let outputs = FloatBuffer(shape.window * shape.featuresPadded)
    func loss(steps: Int) -> Double {
      errors.array.reduce(0.0) { $0 + Double($1) } / Double(steps * shape.features)
    }
    return starts.map { start in
      let rows = matrix.row(Int(start))
      network.errors(
        rows: rows, windows: 1, loss: .window, errors: errors.pointer, outputs: outputs.pointer)
      let windowLoss = loss(steps: shape.window)
      let output = (0..<shape.window).flatMap { step in
        (0..<shape.features).map { Double(outputs.pointer[step * shape.featuresPadded + $0]) }
      }
      network.errors(rows: rows, windows: 1, loss: .last, errors: errors.pointer)
      return Score(output: output, windowLoss: windowLoss, lastLoss: loss(steps: 1))
    }
  }

  /// Steps of Adam on all windows at once.
  package func train(steps: Int, rate: Float) -> [Step] {
    let network = TrainingNetwork(parameters, capacity: starts.count, isCentered: false)
    return (0..<steps).map { _ in
      let loss = network.loss(of: starts[...], in: matrix, withGradient: true)
      let gradient = AutoencoderParameters(
        layout: parameters.layout, packed: network.gradient.array)
      network.step(rate: rate)
      return Step(loss: loss, gradient: gradient, parameters: network.parameters)
    }
  }
}
