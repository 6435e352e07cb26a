/// How ``Sender`` makes batches and tries again.
public struct SenderSettings: Sendable, Hashable {
  /// Bytes of line protocol, before compression, in a batch; a longer line is a batch of its own.
  public var batchBytes = 512 << 10
  /// The longest that lines wait for others to travel with.
  public var batchAge: Duration = .seconds(1)
  /// Bytes of lines in memory while the disk takes none; beyond, the oldest are dropped and counted.
  public var memoryBytes = 16 << 20
  /// The wait after the first failure; it doubles up to `longestWait`, less a random half.
  public var firstWait: Duration = .milliseconds(500)
  public var longestWait: Duration = .seconds(30)
  /// The longest wait that a server's `Retry-After` is followed for.
  public var longestRetryAfter: Duration = .seconds(600)

  public init() {}
}
