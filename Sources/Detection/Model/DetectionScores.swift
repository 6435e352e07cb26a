/// Scores of the rows of one group; each array is as long as the rows given, NaN where a row has no
/// full window behind it.
public struct DetectionScores: Sendable, Hashable {
  /// Reconstruction loss.
  public var loss: [Double]
  public var threshold: Double
  /// Each feature's squared error, in the order of the model's fields; the mean is ``loss``.
  public var featureLoss: [[Double]]
}
