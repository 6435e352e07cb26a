import Foundation

/// A loss beside its threshold: a bar on a logarithmic axis from a hundredth of the threshold to a
/// hundred times it, with a mark in the middle, where the threshold is.
enum LossBar {
  private static let decades = 2.0

  /// `ratio` is loss / threshold, nil where there is no score. Takes exactly `width` columns. Only
  /// what is above its threshold has a bar behind the mark.
  static func render(_ ratio: Double?, width: Int) -> String {
    guard width > 0 else { return "" }
    let before = width / 2
    let behind = width - before - 1
    // Infinity has a bar, NaN has none.
    let ratio = ratio.flatMap { $0 > 0 ? $0 : nil } ?? 0
    // −1 at a hundredth of the threshold, 0 at it, 1 at a hundred times it.
    let distance = min(max(log10(ratio) / decades, -1), 1)
    let isAbove = distance > 0
    let low = isAbove ? before : Int((1 + distance) * Double(before))
    let high = isAbove ? Int((distance * Double(behind)).rounded(.up)) : 0
    func half(_ filled: Int, of count: Int) -> String {
      String(repeating: "█", count: filled) + String(repeating: "·", count: count - filled)
    }
    return half(low, of: before) + "┃" + half(high, of: behind)
  }
}
