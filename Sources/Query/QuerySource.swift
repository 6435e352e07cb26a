import TimeSeries

/// What a query reads from and writes to: the seam between the query engine and a store. The
/// store of this package is behind it, and a distributed engine can be.
public protocol QuerySource: Sendable {
  /// Sorted.
  var databases: [String] { get }
  /// The policies of a database, the default one first; nil where there is no such database.
  func retentionPolicies(of database: String) -> [RetentionPolicy]?
  /// Nil where there is no such database.
  func snapshot(of database: String) -> (any DatabaseSnapshot)?
  /// The write path of `SELECT … INTO`: the same that every other write takes.
  func write(_ batch: PointBatch, to database: String, retentionPolicy: String?) throws
    -> WriteOutcome
  /// The model that `rl("name")` and its kin mean; nil where the database has none of that name.
  func model(named name: String, in database: String) throws -> (any ScoringModel)?
}

/// A trained model, as the query engine sees it: it turns rows of one group on the model's time
/// grid into scores.
public protocol ScoringModel: Sendable {
  var measurement: String { get }
  var retentionPolicy: String? { get }
  /// The fields it was trained on, in order. Each is read as `mean(field)` of the interval.
  var fields: [String] { get }
  var interval: SelectStatement.Interval { get }
  /// The tags that GROUP BY named, sorted.
  var groupTags: [String] { get }
  /// Rows that a row's score depends on: the row and those before it.
  var window: Int { get }

  /// Scores rows of one group.
  ///
  /// - Parameters:
  ///   - group: the values of ``groupTags``, in that order.
  ///   - timestamps: ascending, multiples of the interval; a step larger than the interval is a gap.
  ///   - features: one array for each of ``fields``, as long as `timestamps`, NaN for no value.
  /// - Returns: nil where the model has nothing for this group.
  func score(group: [String], timestamps: [Timestamp], features: [[Double]]) throws -> ModelScores?
}

/// Scores for rows of one group; each array is as long as the rows given, NaN where a row has no
/// full window behind it.
public struct ModelScores: Sendable, Hashable {
  /// Reconstruction loss.
  public var loss: [Double]
  public var threshold: Double
  /// Each feature's part of the loss, in the order of the model's fields: the squared error alone,
  /// so their mean is ``loss``.
  public var featureLoss: [[Double]]

  public init(loss: [Double], threshold: Double, featureLoss: [[Double]]) {
    self.loss = loss
    self.threshold = threshold
    self.featureLoss = featureLoss
  }
}
