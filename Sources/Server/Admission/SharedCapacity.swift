/// A fixed number of things at a time that clients have shares of, such as queries. A client that
/// has its share waits while others are served.
final class SharedCapacity: Sendable {
  private struct State {
    /// Below zero after ``takeBack(for:)``.
    var available: Int
    var used: [ClientAddress: Int] = [:]

    mutating func take(_ client: ClientAddress) {
      available -= 1
      used[client, default: 0] += 1
    }
  }

  private let queue: AdmissionQueue<State, ClientAddress>

  /// - Parameter share: what one client may have at a time.
  init(total: Int, share: Int = .max) {
    queue = AdmissionQueue(State(available: total)) { state, client in
      guard state.used[client, default: 0] < share else { return .waits }
      guard state.available > 0 else { return .blocks }
      state.take(client)
      return .admitted
    }
  }

  /// Runs `body` while holding one.
  func withPermit<Result>(for client: ClientAddress, _ body: () async throws -> Result) async throws
    -> Result
  {
    try await acquire(for: client)
    defer { release(for: client) }
    return try await body()
  }

  /// Takes one where that can be had at once.
  func tryAcquire(for client: ClientAddress) -> Bool { queue.tryEnter(client) }

  /// Throws CancellationError where the task is cancelled while it waits.
  func acquire(for client: ClientAddress) async throws { try await queue.enter(client) }

  func release(for client: ClientAddress) {
    queue.change { state in
      state.available += 1
      let rest = state.used[client, default: 0] - 1
      state.used[client] = rest > 0 ? rest : nil
    }
  }

  /// Takes again what was lent by ``release(for:)``, without waiting: for threads that must not. Others
  /// wait until there is one to be had again.
  func takeBack(for client: ClientAddress) { queue.change { $0.take(client) } }
}
