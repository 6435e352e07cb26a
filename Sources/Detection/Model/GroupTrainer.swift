import TimeSeries

/// How far training is.
public struct TrainingProgress: Sendable, Hashable {
  /// From 1.
  public var epoch: Int
  public var epochs: Int
  public var trainingLoss: Double
  public var validationLoss: Double
}

/// Trains the network of one group, or one that groups share.
///
/// No shared state: groups may be trained in parallel, one trainer each. The same data, options and
/// seed give the same bits on every machine.
public struct GroupTrainer: Sendable {
  /// Windows that training needs at the least, and sustained losses that validation does.
  public static let minimumTrainingWindows = 24
  public static let minimumValidationWindows = 8
  /// Windows that a shared network is fitted to at the most.
  public static let maximumSharedWindows = 50_000

  private let options: DetectorOptions
  private let interval: Int64
  private let constants: [ConstantScale]
  private let kernels: Kernels

  /// - Parameters:
  ///   - interval: nanoseconds from one row to the next.
  ///   - constants: one for each feature, or none where nothing more is known of features than the
  ///     data that is trained on.
  /// - Throws: ``DetectionError/invalidOption(name:reason:)``.
  public init(
    options: DetectorOptions, interval: Int64, constants: [ConstantScale] = []
  ) throws {
    try self.init(options: options, interval: interval, constants: constants, kernels: .best)
  }

  init(
    options: DetectorOptions, interval: Int64, constants: [ConstantScale] = [], kernels: Kernels
  ) throws {
    try options.validate()
    self.options = options
    self.interval = interval
    self.constants = constants
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
    try train(
      [data], key: key, limit: .max,
      scaler: pooledScaler, isCancelled: isCancelled, progress: progress)
  }

  /// Trains the network that groups share, as one group's is trained: each group's windows are
  /// split in time, and no window spans two groups.
  ///
  /// - Parameters:
  ///   - groups: of the same fields, in an order that is always the same.
  ///   - value: the tag value that names the network.
  ///   - limit: windows to fit at the most; of more, parts are left out evenly.
  /// - Throws: as ``train(_:key:isCancelled:progress:)``.
  public func trainShared(
    _ groups: [GroupData], value: String, limit: Int = Self.maximumSharedWindows,
    isCancelled: () -> Bool = { false }, progress: (TrainingProgress) -> Void = { _ in }
  ) throws -> GroupModel {
    try train(
      groups, key: [value], limit: limit,
      scaler: options.centering == .window ? deviationScaler : pooledScaler,
      isCancelled: isCancelled, progress: progress)
  }

  private func pooledScaler(_ features: Int, _ values: (Int) -> [[Double]]) -> Scaler {
    Scaler(
      options.scaling, fit: (0..<features).map { values($0).flatMap(\.self) },
      constants: constants, compression: options.compression)
  }

  private func deviationScaler(_ features: Int, _ values: (Int) -> [[Double]]) -> Scaler {
    Scaler.ofDeviations(
      options.scaling, features: features, constants: constants, values: values)
  }

  /// - Parameter scaler: made of the number of features and a feature's values in the training rows,
  ///   group by group.
  private func train(
    _ groups: [GroupData], key: [String], limit: Int,
    scaler: (Int, (Int) -> [[Double]]) -> Scaler, isCancelled: () -> Bool,
    progress: (TrainingProgress) -> Void
  ) throws -> GroupModel {
    let features = groups.first?.features.count ?? 0
    guard constants.isEmpty || constants.count == features else {
      throw DetectionError.invalidInput("\(constants.count) constants for \(features) features")
    }
    for data in groups { try data.validate(features: features) }
    let shape = try AutoencoderShape(
      features: features, window: options.window, hidden: options.hidden, latent: options.latent)
    let splits = groups.map {
      WindowSplit(
        runs: $0.runs(interval: interval), window: options.window, validation: options.validation)
    }
    let scaler = scaler(features) { feature in
      zip(groups, splits).map { data, split in
        split.trainingRows.flatMap { data.features[feature][$0] }
      }
    }
    let windows = TrainingWindows(
      Array(zip(groups, splits)), shape: shape, scaler: scaler, limit: limit)
    try requireEnough(windows, of: splits.reduce(0) { $0 + $1.windows }, key: key)

    var random = SplitMix64(seed: options.seed)
    let start = AutoencoderParameters(shape: shape, random: &random)
    var order = windows.training.flatMap { $0.map(Int32.init) }
    let network = TrainingNetwork(
      start, capacity: min(options.batch, windows.trainingCount),
      isCentered: options.centering == .window,
      compression: options.compression(after: scaler), kernels: kernels)
    var best: (parameters: AutoencoderParameters, progress: TrainingProgress)?
    var epoch = 0
    while epoch < options.epochs, epoch - (best?.progress.epoch ?? epoch) < options.patience {
      epoch += 1
      random.shuffle(&order)
      let training = try fitEpoch(network, order, windows.matrix, isCancelled)
      let parameters = network.parameters
      let losses = losses(parameters, windows.validation, windows.matrix, scaler).flatMap(\.self)
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
      threshold: threshold(best.parameters, windows, scaler),
      info: TrainingInfo(
        rows: groups.reduce(0) { $0 + $1.timestamps.count },
        trainingWindows: windows.trainingCount, validationWindows: windows.validationCount,
        epochs: epoch,
        bestEpoch: best.progress.epoch, trainingLoss: best.progress.trainingLoss,
        validationLoss: best.progress.validationLoss,
        firstTimestamp: groups.compactMap(\.timestamps.first).min() ?? 0,
        lastTimestamp: groups.compactMap(\.timestamps.last).max() ?? 0, seed: options.seed))
  }

  private func requireEnough(_ windows: TrainingWindows, of count: Int, key: [String]) throws {
    guard windows.trainingCount >= Self.minimumTrainingWindows,
      SustainedLoss.number(in: windows.validation, count: options.sustain)
        >= Self.minimumValidationWindows
    else {
      throw DetectionError.tooLittleData(
        group: key, windows: count,
        needed: max(
          count + 1,
          options.reach - 1 + Self.minimumTrainingWindows + Self.minimumValidationWindows))
    }
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
    _ parameters: AutoencoderParameters, _ windows: TrainingWindows, _ scaler: Scaler
  ) -> Double {
    let parts =
      options.calibration == .larger
      ? [windows.validation, windows.training] : [windows.validation]
    // Training windows may lie in runs too short for any sustained loss.
    let sorted = parts.map { ranges in
      losses(parameters, ranges, windows.matrix, scaler)
        .flatMap { SustainedLoss($0, count: options.sustain).values }.sorted()
    }.filter { !$0.isEmpty }
    let percentiles = sorted.map { quantile(percent: options.percentile, ofSorted: $0) }
    return options.margin * percentiles.reduce(0, max)
  }

  /// The loss of each window that begins in `ranges`, range by range.
  private func losses(
    _ parameters: AutoencoderParameters, _ ranges: [Range<Int>], _ matrix: FeatureMatrix,
    _ scaler: Scaler
  ) -> [[Double]] {
    let network = ScoringNetwork(
      parameters, isCentered: options.centering == .window,
      compression: options.compression(after: scaler), kernels: kernels)
    return ranges.map { range in
      let errors = WindowErrors(
        network, matrix: matrix, first: range.lowerBound, windows: range.count, loss: options.loss)
      return (0..<range.count).map(errors.loss)
    }
  }
}
