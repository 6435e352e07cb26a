/// Which metrics make up the losses of several rows: the mean of each metric's part.
struct ShareSums: Sendable, Hashable {
  private var sums: [Double] = []
  private var rows = 0

  mutating func add(_ shares: [Double]?) {
    guard let shares else { return }
    if sums.isEmpty { sums = Array(repeating: 0, count: shares.count) }
    for index in sums.indices { sums[index] += shares[index] }
    rows += 1
  }

  /// The metrics with the largest parts, `cpu_usage 62 %, sys_calls 21 %`; at most three, none that
  /// rounds to 0 %. Of equal parts the metric that comes first in `metrics` does here too.
  func text(_ metrics: [String]) -> String {
    guard rows > 0 else { return "" }
    let means = zip(metrics, sums).map { ($0, min(($1 / Double(rows) * 100).rounded(), 100)) }
    let order = means.indices.sorted { a, b in
      sums[a] == sums[b] ? a < b : sums[a] > sums[b]
    }
    return order.prefix(3).filter { means[$0].1 >= 1 }
      .map { "\(means[$0].0) \(Int(means[$0].1)) %" }.joined(separator: ", ")
  }
}
