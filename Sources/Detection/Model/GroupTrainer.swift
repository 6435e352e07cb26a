import TimeSeries

/// How far training is.
public struct TrainingProgress: Sendable, Hashable {
  /// From 1.
  public var epoch: Int
  public var epochs: Int
  public var trainingLoss: Double
  public var validationLoss: Double
}

/// Trains the model of one group.
///
/// No shared state: groups may be trained in parallel, one trainer each. The same data, options and
/// seed give the same bits on every machine.
public struct GroupTrainer: Sendable {
  /// Windows that training needs at the least, and sustained losses that validation does.
  public static let minimumTrainingWindows = 24
  public static let minimumValidationWindows = 8

  private let options: DetectorOptions
  private let interval: Int64
  private let kernels: Kernels

  /// - Parameter interval: nanoseconds from one row to the next.
  /// - Throws: ``DetectionError/invalidOption(name:reason:)``.
  public init(options: DetectorOptions, interval: Int64) throws {
    try self.init(options: options, interval: interval, kernels: .best)
  }

  init(options: DetectorOptions, interval: Int64, kernels: Kernels) throws {
    try options.validate()
    self.options = options
    self.interval = interval
    self.kernels = kernels
  }

  /// Splits the windows in time, fits the scaler and the network to the earlier ones, stops by the
  /// loss on the later ones and takes the threshold from them.
  ///
  /// - Parameters:
  ///   - key: the group's tag values.
  ///   - isCancelled: asked before each batch.
  ///   - progress: told after each epoch.
  /// - Throws: ``DetectionError``: too little data, cancelled, not finite, invalid input.
  public func train(
    _ data: GroupData, key: [String], isCancelled: () -> Bool = { false },
    progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> GroupModel {
    try data.validate(features: data.features.count)
    let shape = try AutoencoderShape(
      features: data.features.count, window: options.window, hidden: options.hidden,
      latent: options.latent)
    let split = WindowSplit(
      runs: data.runs(interval: interval), window: options.window, validation: options.validation)
    guard split.trainingWindows >= Self.minimumTrainingWindows,
      SustainedLoss.number(in: split.validationRanges, count: options.sustain)
        >= Self.minimumValidationWindows
    else {
      throw DetectionError.tooLittleData(
        group: key, windows: split.windows,
        needed: max(
          split.windows + 1,
          options.reach - 1 + Self.minimumTrainingWindows + Self.minimumValidationWindows))
    }
    let scaler = Scaler(
      options.scaling,
      fit: data.features.map { column in split.trainingRows.flatMap { column[$0] } },
      compression: options.compression)
    let matrix = data.scaled(by: scaler)

    var random = SplitMix64(seed: options.seed)
    let start = AutoencoderParameters(shape: shape, random: &random)
    let network = TrainingNetwork(
      start, capacity: min(options.batch, split.trainingWindows),
      isCentered: options.centering == .window, kernels: kernels)
    var order = split.trainingRanges.flatMap { $0.map(Int32.init) }
    var best: (parameters: AutoencoderParameters, progress: TrainingProgress)?
    var epoch = 0
    while epoch < options.epochs, epoch - (best?.progress.epoch ?? epoch) < options.patience {
      epoch += 1
      random.shuffle(&order)
      let training = try fitEpoch(network, order, matrix, isCancelled)
      let parameters = network.parameters
      let losses = losses(parameters, split.validationRanges, matrix).flatMap(\.self)
      let validation = losses.reduce(0, +) / Double(losses.count)
      guard training.isFinite, validation.isFinite, parameters.isFinite else {
        throw DetectionError.nonFinite("the loss of training epoch \(epoch)")
      }
      let state = TrainingProgress(
        epoch: epoch, epochs: options.epochs, trainingLoss: training, validationLoss: validation)
      progress(state)
      if validation < best?.progress.validationLoss ?? .infinity { best = (parameters, state) }
    }
    guard let best else { throw DetectionError.nonFinite("the validation loss") }
    return GroupModel(
      key: key, scaler: scaler, parameters: best.parameters,
      threshold: threshold(best.parameters, split, matrix),
      info: TrainingInfo(
        rows: data.timestamps.count, trainingWindows: split.trainingWindows,
        validationWindows: split.validationWindows, epochs: epoch, bestEpoch: best.progress.epoch,
        trainingLoss: best.progress.trainingLoss, validationLoss: best.progress.validationLoss,
        firstTimestamp: data.timestamps.first ?? 0, lastTimestamp: data.timestamps.last ?? 0,
        seed: options.seed))
  }

  /// One pass over the windows that begin at the rows of `order`; gives their mean loss.
  func fitEpoch(
    _ network: TrainingNetwork, _ order: [Int32], _ matrix: FeatureMatrix,
    _ isCancelled: () -> Bool
  ) throws -> Double {
    var sum = 0.0
    for first in stride(from: 0, to: order.count, by: network.capacity) {
      if isCancelled() { throw DetectionError.cancelled }
      let batch = order[first..<min(first + network.capacity, order.count)]
      sum += network.loss(of: batch, in: matrix, withGradient: true) * Double(batch.count)
      let norm = network.gradientNorm
      let scale = norm > options.gradientClip ? options.gradientClip / norm : 1
      network.step(rate: Float(options.learningRate), gradientScale: Float(scale))
    }
    return sum / Double(order.count)
  }

  private func threshold(
    _ parameters: AutoencoderParameters, _ split: WindowSplit, _ matrix: FeatureMatrix
  ) -> Double {
    let parts =
      options.calibration == .larger
      ? [split.validationRanges, split.trainingRanges] : [split.validationRanges]
    // Training windows may lie in runs too short for any sustained loss.
    let sorted = parts.map { ranges in
      losses(parameters, ranges, matrix)
        .flatMap { SustainedLoss($0, count: options.sustain).values }.sorted()
    }.filter { !$0.isEmpty }
    let percentiles = sorted.map { quantile(percent: options.percentile, ofSorted: $0) }
    return options.margin * percentiles.reduce(0, max)
  }

  /// The loss of each window that begins in `ranges`, range by range.
  private func losses(
    _ parameters: AutoencoderParameters, _ ranges: [Range<Int>], _ matrix: FeatureMatrix
  ) -> [[Double]] {
    let network = ScoringNetwork(
      parameters, isCentered: options.centering == .window, kernels: kernels)
    return ranges.map { range in
      let errors = WindowErrors(
        network, matrix: matrix, first: range.lowerBound, windows: range.count, loss: options.loss)
      return (0..<range.count).map(errors.loss)
    }
  }
}
