import Synchronization

/// Hands out a fixed amount of something, first come first served: bytes of request bodies, or
/// queries at a time. Who cannot have it waits, and with it the client's connection, which is how
/// the server pushes back.
final class WeightedSemaphore: Sendable {
  private struct Waiter {
    var id: UInt64
    var weight: Int
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var available: Int
    var waiters: [Waiter] = []
    var nextID: UInt64 = 0
    /// Tasks cancelled before they were among the waiters.
    var cancelled: Set<UInt64> = []
  }

  let total: Int
  private let state: Mutex<State>

  init(total: Int) {
    self.total = total
    state = Mutex(State(available: total))
  }

  /// Runs `body` while holding `weight`, or all there is where `weight` is more than that.
  func withPermit<Result>(_ weight: Int, _ body: () async throws -> Result) async throws -> Result {
    let weight = min(max(weight, 0), total)
    try await acquire(weight)
    defer { release(weight) }
    return try await body()
  }

  /// Throws CancellationError where the task is cancelled while it waits.
  func acquire(_ weight: Int) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    defer { state.withLock { _ = $0.cancelled.remove(id) } }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.contains(id) { return .failure(CancellationError()) }
          if state.waiters.isEmpty && state.available >= weight {
            state.available -= weight
            return .success(())
          }
          state.waiters.append(Waiter(id: id, weight: weight, continuation: continuation))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let waiter: Waiter? = state.withLock { state in
        if let index = state.waiters.firstIndex(where: { $0.id == id }) {
          return state.waiters.remove(at: index)
        }
        state.cancelled.insert(id)
        return nil
      }
      waiter?.continuation.resume(throwing: CancellationError())
      wakeWaiters()
    }
  }

  func release(_ weight: Int) {
    state.withLock { $0.available += weight }
    wakeWaiters()
  }

  private func wakeWaiters() {
    let woken = state.withLock { state in
      var woken: [Waiter] = []
      while let first = state.waiters.first, first.weight <= state.available {
        state.available -= first.weight
        woken.append(state.waiters.removeFirst())
      }
      return woken
    }
    for waiter in woken { waiter.continuation.resume() }
  }
}
