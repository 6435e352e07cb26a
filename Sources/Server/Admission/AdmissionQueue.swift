import Synchronization

/// Tasks that wait until what they ask for can be had, first come first served. What there is to be
/// had is a `State` under the queue's lock.
final class AdmissionQueue<State: Sendable, Request: Sendable>: Sendable {
  enum Decision {
    /// It is taken.
    case admitted
    /// It is not to be had now; those behind may pass.
    case waits
    /// The same, and those behind must not pass: they would take what this one waits for.
    case blocks
  }

  private struct Waiter {
    var id: UInt64
    var request: Request
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct Guarded {
    var state: State
    var waiters: [Waiter] = []
    var nextID: UInt64 = 0
    /// Tasks cancelled before they were among the waiters.
    var cancelled: Set<UInt64> = []
  }

  private let decide: @Sendable (inout State, Request) -> Decision
  private let guarded: Mutex<Guarded>

  /// - Parameter decide: takes what is asked for where that can be had, else leaves the state as it
  ///   is.
  init(_ state: State, decide: @escaping @Sendable (inout State, Request) -> Decision) {
    self.decide = decide
    guarded = Mutex(Guarded(state: state))
  }

  /// Takes what is asked for where that can be had at once.
  func tryEnter(_ request: Request) -> Bool {
    guarded.withLock { admits(request, &$0) }
  }

  private func admits(_ request: Request, _ guarded: inout Guarded) -> Bool {
    for waiter in guarded.waiters {
      // None of them can be admitted, or it would not be waiting.
      if case .blocks = decide(&guarded.state, waiter.request) { return false }
    }
    if case .admitted = decide(&guarded.state, request) { return true }
    return false
  }

  /// Throws CancellationError where the task is cancelled while it waits.
  func enter(_ request: Request) async throws {
    let id: UInt64? = guarded.withLock { guarded in
      if admits(request, &guarded) { return nil }
      guarded.nextID += 1
      return guarded.nextID
    }
    guard let id else { return }
    defer { guarded.withLock { _ = $0.cancelled.remove(id) } }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = guarded.withLock { guarded in
          if guarded.cancelled.contains(id) { return .failure(CancellationError()) }
          if admits(request, &guarded) { return .success(()) }
          guarded.waiters.append(Waiter(id: id, request: request, continuation: continuation))
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let waiter: Waiter? = guarded.withLock { guarded in
        if let index = guarded.waiters.firstIndex(where: { $0.id == id }) {
          return guarded.waiters.remove(at: index)
        }
        guarded.cancelled.insert(id)
        return nil
      }
      waiter?.continuation.resume(throwing: CancellationError())
      // Those behind it may have waited for it alone.
      change { _ in }
    }
  }

  /// Changes the state, and lets those pass that can be admitted now.
  func change(_ body: (inout State) -> Void) {
    let admitted = guarded.withLock { guarded in
      body(&guarded.state)
      var admitted: [Waiter] = []
      var index = 0
      scan: while index < guarded.waiters.count {
        switch decide(&guarded.state, guarded.waiters[index].request) {
        case .admitted: admitted.append(guarded.waiters.remove(at: index))
        case .waits: index += 1
        case .blocks: break scan
        }
      }
      return admitted
    }
    for waiter in admitted { waiter.continuation.resume() }
  }
}
