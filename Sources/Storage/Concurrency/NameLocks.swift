/// Locks by name: whoever works on one name keeps nobody waiting who works on another.
final class NameLocks: @unchecked Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private var taken: Set<String> = []

  /// Runs `body` while nobody else has the name.
  func withLock<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
    monitor.withLock {
      while taken.contains(name) { monitor.wait() }
      taken.insert(name)
    }
    defer {
      monitor.withLock {
        taken.remove(name)
        monitor.broadcast()
      }
    }
    return try body()
  }
}
