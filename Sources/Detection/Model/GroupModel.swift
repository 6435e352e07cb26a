import TimeSeries

/// What training one group's model was like.
public struct TrainingInfo: Sendable, Hashable {
  /// Rows given, windows fitted to, and windows that stopped the training and gave the threshold.
  public var rows: Int
  public var trainingWindows: Int
  public var validationWindows: Int
  public var epochs: Int
  /// The epoch whose parameters were kept, from 1, and its mean losses.
  public var bestEpoch: Int
  public var trainingLoss: Double
  public var validationLoss: Double
  /// First and last row.
  public var firstTimestamp: Timestamp
  public var lastTimestamp: Timestamp
  public var seed: UInt64
}

/// The trained model of one group.
public struct GroupModel: Sendable, Hashable {
  /// The values of the specification's group tags, in their order.
  public let key: [String]
  public let scaler: Scaler
  public let parameters: AutoencoderParameters
  /// A row whose loss is above this is an anomaly.
  public let threshold: Double
  public let info: TrainingInfo

  public init(
    key: [String], scaler: Scaler, parameters: AutoencoderParameters, threshold: Double,
    info: TrainingInfo
  ) {
    self.key = key
    self.scaler = scaler
    self.parameters = parameters
    self.threshold = threshold
    self.info = info
  }
}
