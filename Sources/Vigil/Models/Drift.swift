import TimeSeries

/// How far a network's losses have moved from those of its validation: a mean of loss / validation
/// loss over about the last ``rows`` rows with a score, in which each row weighs a little less than
/// the next.
///
/// It is of the live edge: rows that are scored more than ``rows`` intervals behind the newest one
/// seen do not count, so looking at history moves nothing. A row that is scored again counts again.
struct Drift: Sendable {
  static let rows = 1000

  private var newest = Timestamp.min
  private var sum = 0.0
  private var weight = 0.0
  /// What rows before these weigh yet.
  private var retained = 1.0

  /// Nil before the first row that counts.
  var ratio: Double? { weight > 0 ? sum / weight : nil }

  init() {}

  /// - Parameters:
  ///   - losses: of rows in time order; NaN is no score.
  ///   - timestamps: as many.
  init(_ losses: [Double], at timestamps: [Timestamp], validationLoss: Double) {
    guard validationLoss > 0 else { return }
    for row in losses.indices.suffix(Self.rows).reversed() {
      let ratio = losses[row] / validationLoss
      guard ratio.isFinite else { continue }
      newest = max(newest, timestamps[row])
      sum += retained * ratio
      weight += retained
      retained *= 1 - 1 / Double(Self.rows)
    }
  }

  /// Adds rows that were scored after these.
  ///
  /// - Parameter interval: nanoseconds from one row to the next.
  mutating func add(_ next: Drift, interval: Int64) {
    let (age, overflow) = newest.subtractingReportingOverflow(next.newest)
    guard next.weight > 0, next.newest >= newest || !overflow && age / interval <= Self.rows else {
      return
    }
    newest = max(newest, next.newest)
    sum = sum * next.retained + next.sum
    weight = weight * next.retained + next.weight
  }
}
