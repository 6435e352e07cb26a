/// Which reconstruction error is a row's loss.
public enum ReconstructionLoss: String, Sendable, Hashable, CaseIterable {
  /// The mean over the window that ends at the row.
  case window
  /// The row's own: the window's last step.
  case last
  /// The mean over the window without the quarter of its steps (rounded down) whose errors are the
  /// largest: a trimmed mean, by which a spike is no anomaly, while a small change that lasts adds
  /// up.
  case trimmed

  /// Steps of a window that count.
  func steps(ofWindow window: Int) -> Int {
    switch self {
    case .window: window
    case .last: 1
    case .trimmed: window - window / 4
    }
  }
}

/// What is taken off a window's scaled values before the network sees them.
public enum Centering: String, Sendable, Hashable, CaseIterable {
  case none
  /// Each feature's mean over the window: what a slow drift does to the level is not an anomaly.
  case window
}

/// Which windows give the threshold.
public enum Calibration: String, Sendable, Hashable, CaseIterable {
  /// Those that were not fitted to.
  case validation
  /// The larger percentile of those that were fitted to and those that were not: a rare but normal
  /// event has more chances to be among them.
  case larger
}

/// How a model is built and trained. docs/detection.md has the measurements behind the defaults.
public struct DetectorOptions: Sendable, Hashable {
  /// Rows in a window.
  public var window = 8
  /// Units of each LSTM.
  public var hidden = 32
  /// Values between encoder and decoder.
  public var latent = 8
  /// Most passes over the training windows.
  public var epochs = 100
  /// Of the windows' losses; the threshold is ``margin`` times that.
  public var percentile = 99.7
  public var margin = 2.0
  /// Windows of an optimizer step.
  public var batch = 64
  public var learningRate = 1e-3
  /// The part of the windows, last in time, that is not fitted to: it stops the training and gives
  /// the threshold.
  public var validation = 0.2
  /// Epochs without a better validation loss before training stops.
  public var patience = 5
  public var seed: UInt64 = 0
  public var scaling = Scaling.zscore
  public var compression = Compression.asinh3
  public var centering = Centering.window
  public var loss = ReconstructionLoss.trimmed
  /// Rows in a row that must be unusual: a row's loss is the least of its own and those of the rows
  /// before it, this many in all. What lasts a single interval is no anomaly with 2.
  public var sustain = 1
  public var calibration = Calibration.larger
  /// The largest Euclidean norm of a batch's gradient; a longer one is shortened to it.
  public var gradientClip = 1.0

  public init() {}

  /// Rows that a row's score depends on: itself and those before it.
  public var reach: Int { window + sustain - 1 }

  /// The compression of a shared network's scaler: windows that are centred are compressed after
  /// that, so that a group's level does not matter.
  var sharedCompression: Compression { centering == .window ? .none : compression }

  /// What is left to compress once rows that `scaler` scaled are centred.
  func compression(after scaler: Scaler) -> Compression {
    scaler.compression == compression ? .none : compression
  }

  /// The options' names, as ``set(_:to:)`` takes them, sorted.
  public static let names = Setting.allCases.map(\.rawValue).sorted()

  private enum Setting: String, CaseIterable {
    case window, hidden, latent, epochs, percentile, margin, batch, validation, patience, seed
    case scaling, compression, centering, loss, sustain, calibration
    case learningRate = "learning_rate"
    case gradientClip = "gradient_clip"
  }

  /// Sets the option `name` from text, as SQL hands it over.
  ///
  /// - Throws: ``DetectionError/invalidOption(name:reason:)`` for an unknown name or a value that is
  ///   not of its kind or out of its range. Ranges that span options are checked by ``validate()``.
  public mutating func set(_ name: String, to text: String) throws {
    guard let setting = Setting(rawValue: name.lowercased()) else {
      throw DetectionError.invalidOption(
        name: name,
        reason: "there is no such option; there are \(Self.names.joined(separator: ", "))"
      )
    }
    switch setting {
    case .window: window = try integer(name, text, AutoencoderShape.windowRange)
    case .hidden: hidden = try integer(name, text, AutoencoderShape.hiddenRange)
    case .latent: latent = try integer(name, text, AutoencoderShape.hiddenRange)
    case .epochs: epochs = try integer(name, text, Self.epochRange)
    case .percentile: percentile = try number(name, text, Self.percentileRange)
    case .margin: margin = try number(name, text, Self.marginRange)
    case .batch: batch = try integer(name, text, Self.batchRange)
    case .validation: validation = try number(name, text, Self.validationRange)
    case .patience: patience = try integer(name, text, Self.epochRange)
    case .learningRate: learningRate = try number(name, text, Self.learningRateRange)
    case .gradientClip: gradientClip = try number(name, text, Self.gradientClipRange)
    case .scaling: scaling = try choice(name, text)
    case .centering: centering = try choice(name, text)
    case .compression: compression = try choice(name, text)
    case .calibration: calibration = try choice(name, text)
    case .loss: loss = try choice(name, text)
    case .sustain: sustain = try integer(name, text, Self.sustainRange)
    case .seed:
      guard let value = UInt64(text) else {
        throw DetectionError.invalidOption(
          name: name, reason: "'\(text)' is not an integer in 0...\(UInt64.max)")
      }
      seed = value
    }
  }

  /// Each option as text that ``set(_:to:)`` takes, in the order of ``names``.
  public var values: [(name: String, value: String)] {
    Setting.allCases.sorted { $0.rawValue < $1.rawValue }.map { ($0.rawValue, text(of: $0)) }
  }

  private func text(of setting: Setting) -> String {
    switch setting {
    case .window: "\(window)"
    case .hidden: "\(hidden)"
    case .latent: "\(latent)"
    case .epochs: "\(epochs)"
    case .percentile: "\(percentile)"
    case .margin: "\(margin)"
    case .batch: "\(batch)"
    case .validation: "\(validation)"
    case .patience: "\(patience)"
    case .seed: "\(seed)"
    case .scaling: scaling.rawValue
    case .centering: centering.rawValue
    case .compression: compression.rawValue
    case .calibration: calibration.rawValue
    case .loss: loss.rawValue
    case .sustain: "\(sustain)"
    case .learningRate: "\(learningRate)"
    case .gradientClip: "\(gradientClip)"
    }
  }

  /// Checks every range, also of options that were assigned and not set from text.
  ///
  /// - Throws: ``DetectionError/invalidOption(name:reason:)``.
  public func validate() throws {
    var copy = DetectorOptions()
    for (name, value) in values { try copy.set(name, to: value) }
    guard latent <= hidden else {
      throw DetectionError.invalidOption(
        name: "latent", reason: "\(latent) is more than hidden, which is \(hidden)")
    }
    guard activationBytes <= Self.activationBytesLimit else {
      throw DetectionError.invalidOption(
        name: "batch",
        reason: "window \(window) × batch \(batch) × hidden \(hidden) takes "
          + "\(activationBytes >> 20) MiB to train, more than \(Self.activationBytesLimit >> 20)")
    }
  }

  /// What training keeps of a batch: for both LSTMs, each step and unit, four gates, c, tanh c, h.
  private var activationBytes: Int {
    2 * window * batch * ((hidden + 15) / 16 * 16) * 7 * MemoryLayout<Float>.size
  }

  private static let activationBytesLimit = 1 << 30
  private static let sustainRange = 1...16
  private static let epochRange = 1...10_000
  private static let batchRange = 1...1024
  private static let percentileRange = 50.0...100.0
  private static let marginRange = 0.1...1000.0
  private static let validationRange = 0.05...0.5
  private static let learningRateRange = 1e-6...1.0
  private static let gradientClipRange = 1e-3...1e6

  private func integer(_ name: String, _ text: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw DetectionError.invalidOption(
        name: name,
        reason: "'\(text)' is not an integer in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  private func number(_ name: String, _ text: String, _ range: ClosedRange<Double>) throws -> Double
  {
    guard let value = Double(text), range.contains(value) else {
      throw DetectionError.invalidOption(
        name: name,
        reason: "'\(text)' is not a number in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  private func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ text: String
  ) throws -> Choice where Choice.RawValue == String {
    guard let value = Choice(rawValue: text.lowercased()) else {
      let names = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw DetectionError.invalidOption(name: name, reason: "'\(text)' is not one of \(names)")
    }
    return value
  }
}
