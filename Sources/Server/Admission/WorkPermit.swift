/// The leave to do work whose response a client reads. It can be lent to others while the client is
/// behind: who does not read takes no permit from who does.
struct WorkPermit: ResponsePipe.Waiting {
  /// A client has too many responses that it does not read.
  struct TooManyUnread: Error, CustomStringConvertible {
    var description: String { "too many responses that the client does not read" }
  }

  let client: ClientAddress
  /// Work at a time.
  let running: SharedCapacity
  /// Responses at a time that wait for their clients, each with a thread and what its work holds; nil
  /// for work whose permit is not lent.
  let unread: SharedCapacity?

  func hold<Result>(_ body: () async throws -> Result) async throws -> Result {
    try await running.withPermit(for: client, body)
  }

  func begin() throws {
    guard let unread else { return }
    guard unread.tryAcquire(for: client) else { throw TooManyUnread() }
    running.release(for: client)
  }

  func end() {
    guard let unread else { return }
    running.takeBack(for: client)
    unread.release(for: client)
  }
}
