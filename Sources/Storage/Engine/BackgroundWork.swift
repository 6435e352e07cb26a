import Synchronization

/// The store's threads: some flush memtables, some merge segments, some sync the WALs of the
/// `interval` policy. Databases do not wait for the long work of another one while there are threads
/// left, and never for more than a turn of each of those before them.
final class BackgroundWork: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let flusher: StoreQueue
  private let compactor: StoreQueue
  private let syncer: StoreQueue?
  private let isStopping: Flag

  /// A failed flush is tried again that often.
  private static let flushRetryMilliseconds = 1000
  /// A failed merge is not urgent, and a full disk is better off without it.
  private static let compactionRetryMilliseconds = 30_000
  private static let flushThreads = 4
  private static let compactionThreads = 2
  private static let syncThreads = 4

  /// - Parameter syncMilliseconds: between two syncs of a WAL; nil for none.
  init(syncMilliseconds: Int?) {
    let isStopping = Flag()
    let compactor = StoreQueue(
      threadLimit: Self.compactionThreads, pauseMilliseconds: Self.compactionRetryMilliseconds,
      keepsPause: true
    ) { store in
      store.compactOnce { isStopping.isSet.load(ordering: .relaxed) }
    }
    flusher = StoreQueue(
      threadLimit: Self.flushThreads, pauseMilliseconds: Self.flushRetryMilliseconds
    ) { store in
      let outcome = store.flushInBackground()
      compactor.add(store)
      return outcome
    }
    syncer = syncMilliseconds.map { milliseconds in
      StoreQueue(threadLimit: Self.syncThreads, pauseMilliseconds: max(1, milliseconds)) { store in
        store.syncInBackground()
        return .later
      }
    }
    self.compactor = compactor
    self.isStopping = isStopping
  }

  func start() throws {
    for queue in [flusher, compactor, syncer].compactMap({ $0 }) { try queue.start() }
  }

  /// Ends the threads: flushes that are under way are completed, merges are broken off.
  func stop() {
    isStopping.isSet.store(true, ordering: .relaxed)
    for queue in [flusher, compactor, syncer].compactMap({ $0 }) { queue.stop() }
  }

  func add(_ store: DatabaseStore) {
    flusher.add(store)
    syncer?.add(store)
  }

  func remove(_ store: DatabaseStore) {
    for queue in [flusher, compactor, syncer].compactMap({ $0 }) { queue.remove(store) }
  }

  /// Asks for a store's memtables to be flushed and, behind that, for its segments to be merged.
  func wakeFlusher(_ store: DatabaseStore) { flusher.add(store) }
}
