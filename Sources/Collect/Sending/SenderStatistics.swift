/// What became of the lines given to a ``Sender``.
public struct SenderStatistics: Sendable, Hashable {
  // Since the sender was made.
  /// Acknowledged by the server, in whole or in part.
  public var sentBatches = 0
  public var sentLines = 0
  /// Bytes of acknowledged bodies, compressed.
  public var sentBytes = 0
  /// Attempts that failed and are made again.
  public var retries = 0
  /// Times the spool could not be written or read.
  public var spoolFailures = 0

  // Since the spool was made, over all runs.
  /// Dropped, oldest first, because the spool was full.
  public var droppedBatches: UInt64 = 0
  public var droppedLines: UInt64 = 0
  /// Refused by the server. Of a batch taken in part only the lines are counted, as many as the
  /// server said, and at least one.
  public var refusedBatches: UInt64 = 0
  public var refusedLines: UInt64 = 0
  /// Damaged on disk; lines where they are known.
  public var damagedBatches: UInt64 = 0
  public var damagedLines: UInt64 = 0
  /// Dropped because the disk took nothing and memory was full.
  public var unwrittenLines: UInt64 = 0

  // Now.
  public var spooledBatches = 0
  /// On disk, in blocks.
  public var spooledBytes = 0

  public init() {}
}
