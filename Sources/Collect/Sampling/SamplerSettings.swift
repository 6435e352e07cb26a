/// How ``Sampler`` samples and names.
public struct SamplerSettings: Sendable, Hashable {
  /// What ``interval`` may be. Reading takes some milliseconds, so shorter ones would not be true.
  public static let intervals: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
  /// The tags that rows of containers have in any case, so that no label can be one.
  public static let tags = ["container", "pod", "namespace", "node"]

  /// What a row is of; rows are on its multiples since 1970.
  public var interval: Duration = .seconds(1)
  /// The tag `node`.
  public var node: String
  /// Keys of the containers' labels that become tags.
  public var labels: [String] = []
  /// Intervals that are kept while the runtime does not tell whose they are; the oldest are given
  /// up beyond.
  public var pendingIntervals = 300
  /// How long the runtime has at the end to tell of the last intervals.
  public var finalWait: Duration = .seconds(2)

  public init(node: String) { self.node = node }
}
