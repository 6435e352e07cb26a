import NIOCore
import Synchronization

/// How many connections there are, and which of them wait for a request: where there are too many,
/// those go that have waited for longest.
final class OpenConnections: Sendable {
  private struct State {
    var count = 0
    /// Idle connections that are being closed.
    var closing = 0
    var lastNumber: UInt64 = 0
    /// Idle connections, by when they became idle.
    var idle: [UInt64: any Channel] = [:]

    mutating func removeOldest() -> (any Channel)? {
      guard let oldest = idle.keys.min(), let channel = idle.removeValue(forKey: oldest) else {
        return nil
      }
      closing += 1
      return channel
    }
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: connections that there may be; one less is what stays.
  init(limit: Int) { self.limit = limit }

  var isFull: Bool { state.withLock { $0.count >= limit } }

  func opened() {
    state.withLock { $0.count += 1 }
    makeRoom()
  }

  func closed() { state.withLock { $0.count -= 1 } }

  /// Adds a connection that became idle just now.
  ///
  /// - Returns: what ``isNotIdle(_:)`` takes.
  func isIdle(_ channel: any Channel) -> UInt64 {
    let number = state.withLock { state in
      state.lastNumber += 1
      state.idle[state.lastNumber] = channel
      return state.lastNumber
    }
    makeRoom()
    return number
  }

  func isNotIdle(_ number: UInt64) {
    state.withLock { _ = $0.idle.removeValue(forKey: number) }
  }

  /// Closes the connection that has been idle for longest; nothing where none is.
  func closeOldest() {
    if let channel = state.withLock({ $0.removeOldest() }) { close(channel) }
  }

  private func makeRoom() {
    while let channel = state.withLock({ state in
      state.count - state.closing >= limit ? state.removeOldest() : nil
    }) {
      close(channel)
    }
  }

  private func close(_ channel: any Channel) {
    channel.closeFuture.whenComplete { _ in self.state.withLock { $0.closing -= 1 } }
    channel.close(promise: nil)
  }
}
