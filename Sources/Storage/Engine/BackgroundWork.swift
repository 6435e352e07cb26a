import TimeSeries

/// The store's threads: one flushes memtables, one merges segments, one syncs the WALs of the
/// `interval` policy.
final class BackgroundWork: @unchecked Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private var stores: [ObjectIdentifier: DatabaseStore] = [:]
  private var isFlushPending = false
  private var isCompactionPending = false
  private var isStopping = false
  private var threads: [BackgroundThread] = []

  /// A failed flush is tried again that often.
  private static let retryMilliseconds = 1000
  /// A failed merge is not urgent, and a full disk is better off without it.
  private static let compactionRetryMilliseconds = 30_000

  func start(syncMilliseconds: Int?) throws {
    try startThread { [self] in runFlusher() }
    try startThread { [self] in runCompactor() }
    if let syncMilliseconds {
      try startThread { [self] in runSyncer(every: max(1, syncMilliseconds)) }
    }
  }

  private func startThread(_ body: @escaping @Sendable () -> Void) throws {
    guard let thread = BackgroundThread(body) else {
      throw StorageError.io(operation: "pthread_create", path: "", errno: 11)
    }
    threads.append(thread)
  }

  /// Ends the threads, once they are done with what they are at.
  func stop() {
    monitor.withLock {
      isStopping = true
      monitor.broadcast()
    }
    for thread in threads { thread.join() }
    threads.removeAll()
    monitor.withLock { stores.removeAll() }
  }

  func add(_ store: DatabaseStore) {
    monitor.withLock {
      stores[ObjectIdentifier(store)] = store
      isFlushPending = true
      monitor.broadcast()
    }
  }

  func remove(_ store: DatabaseStore) {
    monitor.withLock { stores[ObjectIdentifier(store)] = nil }
  }

  func wakeFlusher() {
    monitor.withLock {
      isFlushPending = true
      monitor.broadcast()
    }
  }

  private func runFlusher() {
    var isRetryDue = false
    while true {
      monitor.lock()
      if !isFlushPending, !isStopping, isRetryDue {
        monitor.wait(milliseconds: Self.retryMilliseconds)
      }
      while !isFlushPending, !isStopping, !isRetryDue { monitor.wait() }
      isFlushPending = false
      let isDone = isStopping
      let stores = Array(stores.values)
      monitor.unlock()
      if isDone { return }
      isRetryDue = !stores.allSatisfy { $0.flushInBackground() }
      monitor.withLock {
        isCompactionPending = true
        monitor.broadcast()
      }
    }
  }

  private func runCompactor() {
    var isPauseDue = false
    while true {
      monitor.lock()
      if isPauseDue { waitForStop(milliseconds: Self.compactionRetryMilliseconds) }
      while !isCompactionPending, !isStopping, !isPauseDue { monitor.wait() }
      isCompactionPending = false
      let isDone = isStopping
      let stores = Array(stores.values)
      monitor.unlock()
      if isDone { return }
      isPauseDue = false
      for store in stores {
        let isWell = store.compactWhatIsDue(isStopping: { [self] in
          monitor.withLock { isStopping }
        })
        if !isWell { isPauseDue = true }
      }
    }
  }

  /// `monitor` is held, and is given up meanwhile.
  private func waitForStop(milliseconds: Int) {
    let end = wallClock() + Timestamp(milliseconds) * 1_000_000
    while !isStopping, wallClock() < end { monitor.wait(milliseconds: milliseconds) }
  }

  private func runSyncer(every milliseconds: Int) {
    while true {
      monitor.lock()
      if !isStopping { monitor.wait(milliseconds: milliseconds) }
      let isDone = isStopping
      let stores = Array(stores.values)
      monitor.unlock()
      if isDone { return }
      for store in stores { store.syncInBackground() }
    }
  }
}
