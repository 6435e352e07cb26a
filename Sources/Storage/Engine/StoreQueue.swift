/// Work of one kind on stores, done by a few threads.
///
/// A store is worked on by one thread at a time. Stores with work take turns in the order in which
/// they asked, and a store that has more to do goes behind the others, so that none waits for all the
/// work of another.
final class StoreQueue: @unchecked Sendable {
  /// What a turn of a store's work leaves.
  enum Outcome {
    case done
    /// There is more to do.
    case again
    /// To be tried again after the queue's pause.
    case later
  }

  private struct Job {
    let store: DatabaseStore
    /// When a pause ends; nil if the job waits for a thread or has one.
    var pauseEnd: ContinuousClock.Instant?
    var isRunning = false
    /// Asked for again while it ran.
    var isAskedAgain = false
  }

  private let threadLimit: Int
  private let pause: Duration
  private let keepsPause: Bool
  private let work: @Sendable (DatabaseStore) -> Outcome
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private var jobs: [ObjectIdentifier: Job] = [:]
  /// Jobs that wait for a thread, the next one first.
  private var waiting: [ObjectIdentifier] = []
  /// Jobs that pause, the one that ends first in front, as all pauses are equally long. What is here
  /// may have been asked for, or removed, meanwhile.
  private var pausing: [(id: ObjectIdentifier, end: ContinuousClock.Instant)] = []
  private var threads: [BackgroundThread] = []
  private var idleThreads = 0
  private var isRunning = false

  /// - Parameters:
  ///   - threadLimit: threads at most, started as they are needed.
  ///   - pauseMilliseconds: until work that failed is tried again.
  ///   - keepsPause: whether a pause lasts although the work is asked for.
  init(
    threadLimit: Int, pauseMilliseconds: Int, keepsPause: Bool = false,
    work: @escaping @Sendable (DatabaseStore) -> Outcome
  ) {
    self.threadLimit = threadLimit
    pause = .milliseconds(pauseMilliseconds)
    self.keepsPause = keepsPause
    self.work = work
  }

  /// Starts the first thread. Before that, and after the end, nothing can be asked for.
  func start() throws {
    try monitor.withLock {
      isRunning = true
      guard startThread() else {
        throw StorageError.io(operation: "pthread_create", path: "", errno: 11)
      }
    }
  }

  /// Ends the threads, once each is done with its turn.
  func stop() {
    let ending = monitor.withLock {
      isRunning = false
      jobs.removeAll()
      waiting.removeAll()
      pausing.removeAll()
      monitor.broadcast()
      defer { threads.removeAll() }
      return threads
    }
    for thread in ending { thread.join() }
  }

  /// Asks for a turn of a store's work.
  func add(_ store: DatabaseStore) {
    monitor.withLock {
      if !isRunning { return }
      let id = ObjectIdentifier(store)
      if let job = jobs[id] {
        if job.isRunning {
          jobs[id]?.isAskedAgain = true
        } else if job.pauseEnd != nil, !keepsPause {
          enqueue(id)
        }
        return
      }
      jobs[id] = Job(store: store)
      enqueue(id)
    }
  }

  /// Forgets a store; a turn that is under way goes on.
  func remove(_ store: DatabaseStore) {
    monitor.withLock { jobs[ObjectIdentifier(store)] = nil }
  }

  /// `monitor` is held, as in all that follows.
  private func enqueue(_ id: ObjectIdentifier) {
    jobs[id]?.pauseEnd = nil
    waiting.append(id)
    // Without a further thread the work is done later.
    if idleThreads == 0, threads.count < threadLimit { _ = startThread() }
    monitor.broadcast()
  }

  private func startThread() -> Bool {
    guard let thread = BackgroundThread({ [self] in run() }) else { return false }
    threads.append(thread)
    return true
  }

  private func run() {
    monitor.lock()
    defer { monitor.unlock() }
    while let (id, store) = next() {
      monitor.unlock()
      let outcome = work(store)
      monitor.lock()
      finish(id, store, outcome)
    }
  }

  /// Waits for a job; nil at the end.
  private func next() -> (ObjectIdentifier, DatabaseStore)? {
    while isRunning {
      let now = ContinuousClock.now
      while let first = pausing.first, first.end <= now {
        pausing.removeFirst()
        if jobs[first.id]?.pauseEnd == first.end { enqueue(first.id) }
      }
      if !waiting.isEmpty {
        let id = waiting.removeFirst()
        guard let job = jobs[id], !job.isRunning else { continue }
        jobs[id]?.isRunning = true
        return (id, job.store)
      }
      idleThreads += 1
      if let first = pausing.first {
        monitor.wait(milliseconds: (first.end - now).milliseconds + 1)
      } else {
        monitor.wait()
      }
      idleThreads -= 1
    }
    return nil
  }

  private func finish(_ id: ObjectIdentifier, _ store: DatabaseStore, _ outcome: Outcome) {
    // It may have been removed meanwhile.
    guard let job = jobs[id], job.store === store else { return }
    jobs[id]?.isRunning = false
    jobs[id]?.isAskedAgain = false
    switch outcome {
    case .again: enqueue(id)
    case .done where job.isAskedAgain: enqueue(id)
    case .later where job.isAskedAgain && !keepsPause: enqueue(id)
    case .done: jobs[id] = nil
    case .later:
      let end = ContinuousClock.now + pause
      jobs[id]?.pauseEnd = end
      pausing.append((id, end))
      monitor.broadcast()
    }
  }
}

extension Duration {
  /// Whole milliseconds.
  fileprivate var milliseconds: Int {
    Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
  }
}
