/// Training epochs without what stands around them, for measuring: no validation, no threshold.
package struct EpochMeasurement {
  private let trainer: GroupTrainer
  private let network: TrainingNetwork
  private let matrix: FeatureMatrix
  private var order: [Int32]
  private var random: SplitMix64

  /// - Parameter data: one run of rows; every window in it is trained on.
  package init(_ data: GroupData, options: DetectorOptions, interval: Int64) throws {
    trainer = try GroupTrainer(options: options, interval: interval)
    let shape = try AutoencoderShape(
      features: data.features.count, window: options.window, hidden: options.hidden,
      latent: options.latent)
    try data.validate(features: shape.features)
    guard data.runs(interval: interval) == [0..<data.timestamps.count],
      data.timestamps.count >= shape.window
    else { throw DetectionError.invalidInput("the rows are not one run of whole windows") }
    matrix = data.scaled(
      by: Scaler(options.scaling, fit: data.features, compression: options.compression))
    order = (0...Int32(data.timestamps.count - shape.window)).map { $0 }
    random = SplitMix64(seed: options.seed)
    network = TrainingNetwork(
      AutoencoderParameters(shape: shape, random: &random),
      capacity: min(options.batch, order.count), isCentered: options.centering == .window)
  }

  /// Fits to every window once, in a new order.
  ///
  /// - Returns: the mean loss.
  @discardableResult
  package mutating func run() throws -> Double {
    random.shuffle(&order)
    return try trainer.fitEpoch(network, order, matrix, { false })
  }
}
