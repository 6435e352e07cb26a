/// Order statistics.
public enum Order {
  /// The middle value, or the mean of the two in the middle; nil of nothing.
  public static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The smallest value that at least `percent` of the values do not exceed (nearest rank); nil of
  /// nothing.
  ///
  /// - Parameter percent: 0...100; beyond is taken for the end.
  public static func percentile(_ values: [Double], _ percent: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    let rank = (min(100, max(0, percent)) / 100 * Double(values.count)).rounded(.up)
    return values.sorted()[max(0, Int(rank) - 1)]
  }
}
