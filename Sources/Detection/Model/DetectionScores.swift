/// Scores of the rows of one group; each array is as long as the rows given, NaN where a row has
/// fewer rows of its run behind it than its score depends on (``DetectorOptions/reach``).
public struct DetectionScores: Sendable, Hashable {
  /// Sustained reconstruction loss (``DetectorOptions/sustain``).
  public var loss: [Double]
  public var threshold: Double
  /// Each feature's squared error, in the order of the model's fields, of the row whose loss is the
  /// least of those that count; the mean over the features is ``loss``.
  public var featureLoss: [[Double]]
}
