import TimeSeries

/// The fields of a health measurement, as `detect("model")` writes them, in the order in which
/// plans over it have them as columns. Those that the measurement lacks are columns without values.
struct HealthColumns: Sendable, Hashable {
  static let sharePrefix = "share_"
  fileprivate static let own = ["anomaly", "rl", "threshold", "state"]

  /// The metrics that a `share_METRIC` is there for.
  let metrics: [String]

  init(_ schema: SourceSchema) {
    metrics = schema.fields.keys.filter { $0.hasPrefix(Self.sharePrefix) }
      .map { String($0.dropFirst(Self.sharePrefix.count)) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  var fields: [String] { Self.own + metrics.map { Self.sharePrefix + $0 } }

  func rows(_ batch: RowBatch) -> HealthRows {
    HealthRows(columns: batch.columns, metrics: metrics.count)
  }
}

/// Rows of a health measurement, read as what they mean.
struct HealthRows {
  /// As ``HealthColumns/fields`` has them. An array of the shares alone would be made for nothing by
  /// whoever does not read them; where such an array is never read, Swift 6.3's optimizer leaves its
  /// elements out and destroys them all the same.
  fileprivate let columns: [Column]
  fileprivate let metrics: Int

  private var losses: Column { columns[1] }
  private var thresholds: Column { columns[2] }

  /// Whether the row is an anomaly.
  func isFlagged(_ row: Int) -> Bool {
    switch columns[0][row] {
    case .integer(let value): value > 0
    case .unsigned(let value): value > 0
    case .float(let value): value > 0
    case .boolean(let value): value
    default: false
    }
  }

  /// The loss as a multiple of the threshold, finite and at least 0; nil where the row has no score.
  /// An anomaly without a score is taken to be at its threshold.
  func ratio(_ row: Int) -> Double? {
    let isFlagged = isFlagged(row)
    guard let loss = losses.number(row), let threshold = thresholds.number(row), loss >= 0,
      threshold > 0
    else { return isFlagged ? 1 : nil }
    return min(loss / threshold, .greatestFiniteMagnitude)
  }

  /// Whether an episode goes on in the row: it is an anomaly, or its loss has not fallen below
  /// `release` times the threshold. What a lifecycle event explains does not count.
  func isHot(_ row: Int, release: Double) -> Bool {
    if isFlagged(row) { return true }
    guard let loss = losses.number(row), let threshold = thresholds.number(row), threshold > 0,
      loss >= release * threshold
    else { return false }
    return columns[3][row] != .string("masked")
  }

  /// Each metric's part of the loss; 0 where it has none, nil where the row has no parts.
  func shares(_ row: Int) -> [Double]? {
    let values = (0..<metrics).map { columns[HealthColumns.own.count + $0].number(row) }
    return values.contains { $0 != nil } ? values.map { max($0 ?? 0, 0) } : nil
  }
}

extension Column {
  /// A finite number; nil for anything else.
  func number(_ row: Int) -> Double? {
    let value: Double
    switch self[row] {
    case .float(let number): value = number
    case .integer(let number): value = Double(number)
    case .unsigned(let number): value = Double(number)
    default: return nil
    }
    return value.isFinite ? value : nil
  }
}
