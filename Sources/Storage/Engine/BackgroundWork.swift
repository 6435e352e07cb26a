/// The store's two threads: one flushes memtables, one syncs the WALs of the `interval` policy.
final class BackgroundWork: @unchecked Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private var stores: [ObjectIdentifier: DatabaseStore] = [:]
  private var isFlushPending = false
  private var isStopping = false
  private var threads: [BackgroundThread] = []

  /// A failed flush is tried again that often.
  private static let retryMilliseconds = 1000

  func start(syncMilliseconds: Int?) throws {
    try startThread { [self] in runFlusher() }
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
    }
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
