import TimeSeries

/// A trained model, as the query engine sees it: it turns rows of one group on the model's time
/// grid into scores.
///
/// A model has versions, each in force from some time on. A row is scored by the version in force at
/// the row's time, so a score is a function of the rows and the versions, whenever it is asked for.
public protocol ScoringModel: Sendable {
  var measurement: String { get }
  var retentionPolicy: String? { get }
  /// The fields it was trained on, in order. Each is read as `mean(field)` of the interval.
  var fields: [String] { get }
  var interval: SelectStatement.Interval { get }
  /// The tags that GROUP BY named, sorted.
  var groupTags: [String] { get }
  /// Rows that a row's score depends on, the row and those before it: the most of any version.
  var window: Int { get }
  /// The tag whose value names the network that scores a group without one of its own; nil where
  /// groups share none.
  var shareTag: String? { get }
  /// What makes rows masked; nil for nothing.
  var eventMask: EventMask? { get }

  /// Scores rows of one group.
  ///
  /// - Parameter rows: a step in time that is larger than the interval is a gap.
  func score(_ rows: FeatureRows) throws -> ModelScores
}

/// Lifecycle events near which a row is masked: scored, but no anomaly.
public struct EventMask: Sendable, Hashable {
  /// Where events are, each a row. An event concerns the groups whose tags do not contradict its own.
  public var measurement: String
  /// Nanoseconds from an event on in which rows are masked.
  public var duration: Int64

  public init(measurement: String, duration: Int64) {
    self.measurement = measurement
    self.duration = duration
  }
}

/// How a row came to its score, or why it has none.
public enum ScoreState: String, Sendable, Hashable, CaseIterable {
  /// By the group's own network.
  case scored
  /// By the network that its groups share: this one has none of its own.
  case shared
  /// No score: too few rows without a gap lie behind it.
  case warmUp = "warm-up"
  /// No score: there is no network for the group.
  case untrained
  /// A lifecycle event was near: scored, and no anomaly whatever the loss.
  case masked
}

/// Scores for rows of one group; each array is as long as the rows given.
public struct ModelScores: Sendable, Hashable {
  /// Reconstruction loss; NaN for a row without a score.
  public var loss: [Double]
  /// NaN for a row without a score.
  public var threshold: [Double]
  /// Each feature's part of the loss, in the order of the model's fields: the squared error alone,
  /// so their mean is ``loss``.
  public var featureLoss: [[Double]]
  /// The model's version that is in force at the row's time.
  public var version: [Int64]
  public var state: [ScoreState]

  public init(
    loss: [Double], threshold: [Double], featureLoss: [[Double]], version: [Int64],
    state: [ScoreState]
  ) {
    self.loss = loss
    self.threshold = threshold
    self.featureLoss = featureLoss
    self.version = version
    self.state = state
  }
}
