import TimeSeries

/// Scores rows of one group, again and again.
///
/// A row's score depends on its own and the rows that ``DetectorOptions/reach`` counts before it
/// alone: the same bits, whatever other rows it is scored with. Not for concurrent use: it keeps the working memory.
public final class GroupScorer {
  public let model: GroupModel
  private let options: DetectorOptions
  private let interval: Int64
  private let network: ScoringNetwork

  /// - Parameter interval: nanoseconds from one row to the next.
  public convenience init(_ model: GroupModel, options: DetectorOptions, interval: Int64) {
    self.init(model, options: options, interval: interval, kernels: .best)
  }

  init(_ model: GroupModel, options: DetectorOptions, interval: Int64, kernels: Kernels) {
    self.model = model
    self.options = options
    self.interval = interval
    network = ScoringNetwork(
      model.parameters, isCentered: options.centering == .window,
      compression: options.compression(after: model.scaler), kernels: kernels)
  }

  /// - Throws: ``DetectionError/invalidInput(_:)`` for rows that are not as ``GroupData`` says.
  public func score(_ data: GroupData) throws -> DetectionScores {
    let shape = network.shape
    try data.validate(features: shape.features)
    let rows = data.timestamps.count
    var scores = DetectionScores(
      loss: [Double](repeating: .nan, count: rows), threshold: model.threshold,
      featureLoss: Array(repeating: [Double](repeating: .nan, count: rows), count: shape.features))
    let matrix = data.scaled(by: model.scaler)
    for run in data.runs(interval: interval) where run.count >= options.reach {
      let windows = run.count - shape.window + 1
      let errors = WindowErrors(
        network, matrix: matrix, first: run.lowerBound, windows: windows, loss: options.loss)
      let sustained = SustainedLoss((0..<windows).map(errors.loss), count: options.sustain)
      for (row, least) in zip(run.dropFirst(options.reach - 1), sustained.least) {
        scores.loss[row] = sustained.losses[least]
        for feature in 0..<shape.features {
          scores.featureLoss[feature][row] = errors.feature(feature, least)
        }
      }
    }
    return scores
  }
}

/// Reconstruction losses of windows that begin at consecutive rows.
struct WindowErrors {
  private let errors: [Float]
  private let width: Int
  private let features: Int
  private let steps: Double

  init(
    _ network: ScoringNetwork, matrix: FeatureMatrix, first: Int, windows: Int,
    loss: ReconstructionLoss
  ) {
    let width = matrix.width
    self.width = width
    features = matrix.features
    steps = Double(loss.steps(ofWindow: network.shape.window))
    errors = [Float](unsafeUninitializedCapacity: windows * width) { buffer, count in
      if let base = buffer.baseAddress {
        network.errors(
          rows: matrix.row(first), windows: windows, loss: loss, errors: base)
      }
      count = windows * width
    }
  }

  func feature(_ feature: Int, _ window: Int) -> Double {
    Double(errors[window * width + feature]) / steps
  }

  /// The mean of the features' losses.
  func loss(_ window: Int) -> Double {
    var sum = 0.0
    for feature in 0..<features { sum += self.feature(feature, window) }
    return sum / Double(features)
  }
}
