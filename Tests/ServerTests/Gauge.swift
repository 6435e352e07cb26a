import Synchronization

/// Counts what is in use at a time, from any thread.
final class Gauge: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  func enter(_ weight: Int = 1) {
    counts.withLock {
      $0.now += weight
      $0.most = max($0.most, $0.now)
    }
  }

  func leave(_ weight: Int = 1) { counts.withLock { $0.now -= weight } }

  var now: Int { counts.withLock(\.now) }
  var most: Int { counts.withLock(\.most) }
}
