/// The course of a metric, a character a row.
enum Sparkline {
  private static let levels = Array("▁▂▃▄▅▆▇█")
  /// A range smaller than this part of the largest value is not stretched over all levels: what
  /// hardly moves shall look so.
  private static let smallestRange = 0.5

  /// The newest `width` values, the newest last; blanks where there are none.
  static func render(_ values: [Double?], width: Int) -> String {
    guard width > 0 else { return "" }
    let shown = values.suffix(width)
    let finite = shown.compactMap { $0 }.filter(\.isFinite)
    guard let least = finite.min(), let most = finite.max() else {
      return String(repeating: " ", count: width)
    }
    let low = min(
      least, max(most - Self.smallestRange * most.magnitude, -.greatestFiniteMagnitude))
    let characters = shown.map { value -> Character in
      guard let value, value.isFinite else { return " " }
      guard most > low else { return levels[0] }
      // Halves first: the difference of two large values need not be finite.
      let part = (value / 2 - low / 2) / (most / 2 - low / 2)
      // The smallest numbers there are have no half: then it is not a number.
      return levels[part > 0 ? Int(min(part * Double(levels.count), Double(levels.count - 1))) : 0]
    }
    return String(repeating: " ", count: width - characters.count) + String(characters)
  }
}
