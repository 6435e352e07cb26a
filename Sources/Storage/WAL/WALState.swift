/// Where a database's write-ahead log stands: which file is written, and which records are durable.
/// Guarded by the database's lock.
struct WALState {
  /// Nil until the next record needs a file.
  var writer: WALWriter?
  /// Number of the next file.
  var nextNumber: UInt64
  /// Bytes of the file with the number before that are known to count.
  var previousSize: UInt64
  /// Sequence of the record appended last.
  var lastAppended: UInt64
  /// Records up to this one are durable, or their writers were told that they may not be.
  var lastSettled: UInt64
  /// Bytes of the current file that a sync covered.
  var syncedSize = 0
  var isSyncing = false
  /// Of the last append or sync, and when; nil once one has succeeded.
  private(set) var lastFailure: (error: any Error, time: ContinuousClock.Instant)?
  private var failures: [(sequences: ClosedRange<UInt64>, error: any Error)] = []

  init(nextNumber: UInt64, previousSize: UInt64, lastSequence: UInt64) {
    self.nextNumber = nextNumber
    self.previousSize = previousSize
    lastAppended = lastSequence
    lastSettled = lastSequence
  }

  /// What an append or sync came to.
  mutating func note(_ failure: (any Error)?) {
    lastFailure = failure.map { ($0, .now) }
  }

  /// The error that a record could not be made durable with.
  func failure(of sequence: UInt64) -> (any Error)? {
    failures.last { $0.sequences.contains(sequence) }?.error
  }

  /// All records that are not durable yet are not to be counted on.
  mutating func settleAsFailed(_ error: any Error) {
    guard lastSettled < lastAppended else { return }
    // Only writers that wait at this moment will ask.
    if failures.count >= 1024 { failures.removeFirst() }
    failures.append((lastSettled + 1...lastAppended, error))
    lastSettled = lastAppended
  }

  /// Ends the current file; the next record opens a new one.
  mutating func leaveFile() {
    guard let old = writer else { return }
    nextNumber = old.number + 1
    previousSize = UInt64(syncedSize)
    syncedSize = 0
    writer = nil
  }
}
