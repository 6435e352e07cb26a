import Query
import Synchronization
import TimeSeries

/// What SHOW QUERIES shows and KILL QUERY stops.
final class RunningQueries: Sendable {
  /// One query at work.
  struct Handle: Sendable {
    let id: UInt64
    /// An excerpt of it where it is long.
    let text: String
    let database: String?
    let context: QueryContext
    let start = ContinuousClock.now
  }

  private struct State {
    var lastID: UInt64 = 0
    var handles: [UInt64: Handle] = [:]
  }

  private let state = Mutex(State())

  /// Bytes of a text that are kept.
  private static let textLimit = 4 << 10

  func begin(_ text: String, database: String?, context: QueryContext) -> Handle {
    let text = text.excerpt(bytes: Self.textLimit)
    return state.withLock {
      $0.lastID += 1
      let handle = Handle(id: $0.lastID, text: text, database: database, context: context)
      $0.handles[handle.id] = handle
      return handle
    }
  }

  func end(_ handle: Handle) {
    state.withLock { $0.handles[handle.id] = nil }
  }

  /// Oldest first.
  var all: [Handle] {
    state.withLock { $0.handles.values.sorted { $0.id < $1.id } }
  }

  /// False where no query has the id.
  func kill(_ id: UInt64) -> Bool {
    state.withLock {
      $0.handles[id]?.context.cancel()
      return $0.handles[id] != nil
    }
  }

  func cancelAll() {
    for handle in all { handle.context.cancel() }
  }
}
