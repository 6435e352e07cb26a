import TimeSeries

/// When a write counts as acknowledged. Whatever the policy, the record has been handed to the
/// operating system by then, so that the death of the process loses nothing.
public enum SyncPolicy: Sendable, Hashable {
  /// After fdatasync; writers that wait at the same time share one. A power cut loses nothing.
  case always
  /// At once; a background thread syncs that often, so that a power cut loses at most that much.
  case interval(milliseconds: Int)
  /// At once; the operating system writes when it likes.
  case never
}

/// How a store is opened.
public struct StorageOptions: Sendable {
  public var syncPolicy: SyncPolicy
  /// Bytes of memory a database's newest points may take before they are written to segments. Twice
  /// that much more can be on its way to the disk.
  public var memtableLimit: Int
  /// Series a database may have.
  public var seriesLimit: Int
  /// Fields a measurement may have. Those that it has already stay, should they be more.
  public var fieldLimit: Int
  /// Nanoseconds since 1970, for retention.
  public var now: @Sendable () -> Timestamp
  /// Called before a flush lets go of write-ahead log, so that what an upper layer still has to do
  /// about its points can be made durable first: after a crash they are not among
  /// ``StorageEngine/recovered`` any more. Throwing makes the flush fail; it is tried again.
  public var willDiscardLog: @Sendable () throws -> Void = {}
  /// Called before a deletion, the drop of series or of a policy is made, with where the data lies
  /// that will go, so that an upper layer can make durable what it will have to do about it: the
  /// log does not bring deletions back. No point comes into the database meanwhile. What it returns
  /// is called once the change is visible or has failed; throwing prevents the change. Retention is
  /// not told of: what is too old to be kept was there all the same.
  public var willDelete: @Sendable ([WriteNotice]) throws -> @Sendable () -> Void = { _ in {} }
  /// Whether the directory of the store is still the one that was opened.
  var isInPlace: @Sendable () -> Bool = { true }
  /// False does everything on the threads that call, in an order that repeats: for tests that
  /// enumerate the operations. Then ``SyncPolicy/interval(milliseconds:)`` syncs only with flushes.
  var usesBackgroundThreads = true
  /// Bytes of memory the directory of a segment may take, which is read whole and stays in memory while
  /// the segment is open. A series begun before that is finished. It keeps the sections of a segment
  /// far below the 4 GiB that the format can have.
  var directoryLimit = 256 << 20
  /// How long ``StorageEngine/close()`` goes on flushing.
  var closingLimit = Duration.seconds(5)
  /// Rows of a block of a segment.
  var blockRows = 8192

  public init(
    syncPolicy: SyncPolicy = .interval(milliseconds: 100), memtableLimit: Int = 64 << 20,
    seriesLimit: Int = 1_000_000, fieldLimit: Int = 10_000,
    now: @escaping @Sendable () -> Timestamp = { wallClock() }
  ) {
    self.syncPolicy = syncPolicy
    self.memtableLimit = memtableLimit
    self.seriesLimit = seriesLimit
    self.fieldLimit = fieldLimit
    self.now = now
  }
}
