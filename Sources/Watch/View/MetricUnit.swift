import Foundation

/// How a metric's value reads best.
public enum MetricUnit: String, Sendable, Hashable, CaseIterable {
  /// A number, with a prefix of the SI where it is large.
  case plain
  /// Bytes, with binary prefixes.
  case bytes
  /// Nanoseconds of processor time in an interval, shown as a percentage of one processor.
  case processor

  /// At most six columns for what is below 10¹⁵ in magnitude.
  func text(_ value: Double, interval: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    switch self {
    case .plain:
      return Self.scaled(value, base: 1000, prefixes: ["", "k", "M", "G", "T", "P", "E"])
    case .bytes:
      return Self.scaled(value, base: 1024, prefixes: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
    case .processor:
      return Self.digits(value / (Double(interval) * 1e7)) + "%"
    }
  }

  private static func scaled(_ value: Double, base: Double, prefixes: [String]) -> String {
    var value = value
    var index = 0
    // What would be rounded up to four digits takes the next prefix.
    while value.magnitude >= base * 0.9995, index < prefixes.count - 1 {
      value /= base
      index += 1
    }
    return digits(value) + prefixes[index]
  }

  /// Three digits, or all before the point.
  private static func digits(_ value: Double) -> String {
    if value == value.rounded(), value.magnitude < 1000 { return String(Int(value)) }
    return String(
      format: value.magnitude < 9.995 ? "%.2f" : value.magnitude < 99.95 ? "%.1f" : "%.0f", value)
  }
}
