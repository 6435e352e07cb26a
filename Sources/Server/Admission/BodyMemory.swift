/// Memory for request bodies, taken as their bytes arrive. A client has a share of it.
///
/// Bodies that hold some and wait for more could wait for one another for ever. So one body of each
/// client may go beyond the client's share, and one body of all may go beyond the total: each of
/// them arrives whole, or is ended because it makes no progress, and gives back what it has.
final class BodyMemory: Sendable {
  private struct State {
    var available: Int
    var used: [ClientAddress: Int] = [:]
    /// The body of each client that may go beyond its share.
    var favored: [ClientAddress: UInt64] = [:]
    /// The body that may go beyond the total.
    var exempt: UInt64?
    var lastBody: UInt64 = 0
  }

  private struct Request {
    var client: ClientAddress
    var body: UInt64
    var bytes: Int
  }

  private let queue: AdmissionQueue<State, Request>

  /// - Parameters:
  ///   - total: bytes at a time, but for one body.
  ///   - share: bytes of one client at a time, but for one body.
  init(total: Int, share: Int) {
    queue = AdmissionQueue(State(available: total)) { state, request in
      let used = state.used[request.client, default: 0]
      let isExempt = state.exempt == request.body
      let exceedsShare =
        used + request.bytes > share && !isExempt && state.favored[request.client] != request.body
      let exceedsTotal = request.bytes > state.available && !isExempt
      guard !exceedsShare || state.favored[request.client] == nil,
        !exceedsTotal || state.exempt == nil
      else { return .waits }
      if exceedsShare { state.favored[request.client] = request.body }
      if exceedsTotal { state.exempt = request.body }
      state.available -= request.bytes
      state.used[request.client] = used + request.bytes
      return .admitted
    }
  }

  /// What one body holds.
  struct Lease {
    fileprivate let memory: BodyMemory
    fileprivate let client: ClientAddress
    fileprivate let body: UInt64
    fileprivate(set) var bytes = 0

    /// Takes more, having waited until it can be had.
    mutating func grow(by more: Int) async throws {
      try await memory.queue.enter(Request(client: client, body: body, bytes: more))
      bytes += more
    }
  }

  /// Runs `body`, and gives back what it took.
  func withLease<Result>(
    for client: ClientAddress, _ body: (inout Lease) async throws -> Result
  ) async throws -> Result {
    var number: UInt64 = 0
    queue.change { state in
      state.lastBody += 1
      number = state.lastBody
    }
    var lease = Lease(memory: self, client: client, body: number)
    defer { release(lease.bytes, client, number) }
    return try await body(&lease)
  }

  private func release(_ bytes: Int, _ client: ClientAddress, _ body: UInt64) {
    queue.change { state in
      state.available += bytes
      let rest = state.used[client, default: 0] - bytes
      state.used[client] = rest > 0 ? rest : nil
      if state.favored[client] == body { state.favored[client] = nil }
      if state.exempt == body { state.exempt = nil }
    }
  }
}
