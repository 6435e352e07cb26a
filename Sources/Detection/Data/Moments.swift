/// Mean and standard deviation.
enum Moments {
  /// Zeros for no values; may overflow to infinity.
  static func of(_ column: [Double]) -> (mean: Double, deviation: Double) {
    if column.isEmpty { return (0, 0) }
    let mean = column.reduce(0, +) / Double(column.count)
    let squares = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(column.count)).squareRoot())
  }

  /// Whether values differ: rounding makes a constant column's deviation tiny and not zero.
  static func isSpread(_ scale: Double, about offset: Double) -> Bool {
    scale.isFinite && scale > 1e-12 * abs(offset)
  }
}
