import Synchronization

@testable import Collect

/// Counts how often another source is asked.
final class CountingSource: RuntimeSource {
  private let source: any RuntimeSource
  private let asked = Mutex(0)

  init(_ source: any RuntimeSource) { self.source = source }

  var name: String { source.name }
  var askings: Int { asked.withLock { $0 } }

  func snapshot() async throws -> RuntimeSnapshot {
    asked.withLock { $0 += 1 }
    return try await source.snapshot()
  }

  func changes() -> AsyncStream<Void>? { source.changes() }
}

/// Counts what it is told to.
final class ManualCounter: ChangeCounter {
  private let changes = Mutex<UInt64>(0)

  var value: UInt64 { changes.withLock { $0 } }
  func add() { changes.withLock { $0 += 1 } }
  func count() async -> UInt64 { value }
}
