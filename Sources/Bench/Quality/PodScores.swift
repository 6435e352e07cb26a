import TimeSeries

/// What a detector said of one pod, row by row.
public struct PodScores: Sendable {
  public var pod: String
  public var timestamps: [Timestamp]
  /// Loss divided by threshold, NaN where it is not known; as long as `timestamps`, as is the next.
  public var ratios: [Double]
  public var anomalies: [Bool]
  /// Nil where the model has nothing for the pod.
  public var threshold: Double?

  public init(
    pod: String, timestamps: [Timestamp], ratios: [Double], anomalies: [Bool], threshold: Double?
  ) {
    self.pod = pod
    self.timestamps = timestamps
    self.ratios = ratios
    self.anomalies = anomalies
    self.threshold = threshold
  }
}
