/// How long to wait before the next attempt: twice as long after each failure up to a limit, and a
/// random half of it less, so that the collectors of a cluster do not all come back at once.
struct Backoff: Hashable {
  private let first: Duration
  private let limit: Duration
  private var failures = 0

  init(first: Duration, limit: Duration) {
    self.first = first
    self.limit = limit
  }

  mutating func reset() { failures = 0 }

  mutating func next(_ random: inout some RandomNumberGenerator) -> Duration {
    // 2³⁰ times the shortest wait is beyond any limit worth setting.
    let whole = min(limit, first * (1 << min(failures, 30)))
    failures = min(failures + 1, 30)
    return whole * Double.random(in: 0.5...1, using: &random)
  }
}
