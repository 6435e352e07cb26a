import Foundation
import Synchronization

/// Threads that run queries: made when needed, at most ``limit``, some kept for the next.
///
/// Not Dispatch's: its shared queues have as many threads as the machine has cores, so that two
/// long queries, or one training, would keep all others waiting.
final class QueryThreads: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var threads = 0
    var idle = 0
    var isStopped = false
  }

  /// Threads that stay without work.
  private static let keptThreads = 64

  private let limit: Int
  private let state = Mutex(State())
  private let work = DispatchSemaphore(value: 0)

  init(limit: Int = 64) { self.limit = limit }

  /// Runs `body` on one of the threads, after those given before it were begun.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws
    -> Result
  {
    try await withCheckedThrowingContinuation { continuation in
      submit { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  private func submit(_ body: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      state.waiting.append(body)
      guard state.waiting.count > state.idle, state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    if needsThread {
      let thread = Thread { [self] in serve() }
      thread.name = "query"
      thread.start()
    }
    work.signal()
  }

  private func serve() {
    while true {
      let stays = state.withLock { state in
        // Others take what is waiting.
        guard state.idle < Self.keptThreads || state.isStopped else {
          state.threads -= 1
          return false
        }
        state.idle += 1
        return true
      }
      guard stays else { return }
      work.wait()
      let body = state.withLock { state -> (@Sendable () -> Void)? in
        state.idle -= 1
        return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
      }
      // A signal without work is the last one.
      guard let body else { return }
      body()
    }
  }

  /// Lets the threads end when they are done. Nothing may be given to them afterwards.
  func stop() {
    let threads = state.withLock { state in
      state.isStopped = true
      return state.threads
    }
    for _ in 0..<threads { work.signal() }
  }
}
