import Foundation
import TimeSeries

/// The progress of a training in one line:
/// `boutique ██████░░░░ 60% · 3/8 groups · cart-0 · epoch 12/40 · loss 0.0123 · validation 0.015 · 1m20s left`.
enum ProgressLine {
  private static let barCells = 20

  /// At most `width` columns: what stands last gives way first.
  static func render(_ progress: ModelProgress, elapsed: Double, width: Int) -> String {
    let fraction = progress.fraction.isFinite ? min(max(progress.fraction, 0), 1) : 0
    let filled = Int(fraction * Double(barCells))
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: barCells - filled)
    var parts = ["\(DisplayWidth.printable(progress.model)) \(bar) \(Int(fraction * 100))%"]
    // Time left matters more than the losses, but reads best at the end.
    let left = timeLeft(fraction: fraction, elapsed: elapsed).map { "\(duration($0)) left" }
    var details: [String] = []
    if let done = progress.groupsDone, let count = progress.groupCount {
      details.append("\(done)/\(count) \(count == 1 ? "group" : "groups")")
    }
    if let group = progress.group, !group.isEmpty { details.append(DisplayWidth.printable(group)) }
    if let epoch = progress.epoch {
      details.append("epoch \(epoch)" + (progress.epochCount.map { "/\($0)" } ?? ""))
    }
    if let loss = progress.trainingLoss { details.append("loss \(number(loss))") }
    if let loss = progress.validationLoss { details.append("validation \(number(loss))") }

    let separator = " · "
    var used = DisplayWidth.of(parts[0]) + (left.map { DisplayWidth.of($0) + 3 } ?? 0)
    for detail in details {
      used += DisplayWidth.of(detail) + separator.count
      if used > width { break }
      parts.append(detail)
    }
    if let left { parts.append(left) }
    return DisplayWidth.truncate(parts.joined(separator: separator), to: width)
  }

  /// Seconds left at the speed so far; nil while that is not known yet.
  static func timeLeft(fraction: Double, elapsed: Double) -> Double? {
    guard fraction > 0.005, fraction < 1, elapsed >= 1 else { return nil }
    return elapsed * (1 - fraction) / fraction
  }

  /// `45s`, `1m20s`, `2h05m`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 360_000_000 else { return "very long" }
    let whole = Int(max(0, seconds).rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(CivilTime.digits(whole % 60, 2))s" }
    return "\(whole / 3600)h\(CivilTime.digits(whole / 60 % 60, 2))m"
  }

  /// `0.123`, `12.345`.
  static func milliseconds(_ value: Double) -> String { String(format: "%.3f", value) }

  /// Three significant digits.
  static func number(_ value: Double) -> String { String(format: "%.3g", value) }
}
