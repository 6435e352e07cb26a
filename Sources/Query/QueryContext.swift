import Synchronization
import TimeSeries

/// What bounds one running query: its clock, deadline, memory and cancellation. Shared by the
/// threads that work on it; every block read asks ``check()`` first.
public final class QueryContext: Sendable {
  public struct Limits: Sendable, Hashable {
    /// Bytes of intermediate and result columns held at one time.
    public var bytes = 1 << 30
    /// Buckets (GROUP BY time intervals) that one group may have.
    public var buckets = 5_000_000
    /// Rows a result has at most when it leaves in chunks; nil sends each statement's result whole.
    public var chunkSize: Int?
    /// Whether blocks may be read by several threads.
    public var isParallel = true
    /// Whether blocks may be answered from their statistics.
    public var usesStatistics = true
    /// Adds floats strictly in time order within a series, whatever blocks the store keeps them in,
    /// so that the same rows give the same bits before and after a compaction. Costs the block
    /// statistics of float sums and means. Continuous queries need it, ad-hoc queries do not.
    public var isLayoutIndependent = false

    public init() {}
  }

  /// What `now()` means, the same for the whole statement.
  public let now: Timestamp
  public let limits: Limits
  public let deadline: ContinuousClock.Instant?
  private let cancelled = Atomic<Bool>(false)
  private let bytesInUse = Atomic<Int>(0)
  private let blockReads = Atomic<Int>(0)

  public init(now: Timestamp, limits: Limits = Limits(), deadline: ContinuousClock.Instant? = nil) {
    self.now = now
    self.limits = limits
    self.deadline = deadline
  }

  /// Makes the query fail with ``QueryError/cancelled`` at its next block. Safe from any thread.
  public func cancel() { cancelled.store(true, ordering: .relaxed) }

  public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// Blocks that had to be decoded so far.
  public var blocksRead: Int { blockReads.load(ordering: .relaxed) }

  func noteBlockRead() { blockReads.add(1, ordering: .relaxed) }

  /// Throws where the query was cancelled or its deadline has passed.
  func check() throws {
    if isCancelled { throw QueryError.cancelled }
    if let deadline, ContinuousClock.now >= deadline { throw QueryError.timedOut }
  }

  /// Counts memory taken; throws where that is more than allowed.
  func charge(_ bytes: Int) throws {
    let (_, total) = bytesInUse.add(bytes, ordering: .relaxed)
    if total > limits.bytes { throw QueryError.memoryLimit(bytes: limits.bytes) }
  }

  func release(_ bytes: Int) { bytesInUse.subtract(bytes, ordering: .relaxed) }
}
