import Foundation
import Shell
import TimeSeries

/// A state in one line, for logs and pipes:
/// `15:42:07 cpu-hog in cart, 12 of 20 s | cart 3.41 ANOMALY cpu_usage 62 % | front-end 0.31`.
/// The numbers are loss / threshold.
enum PlainLine {
  static func render(_ state: WatchState) -> String {
    var parts = [CivilTime(state.now).timeOfDay]
    parts += state.marks.filter { $0.isOpen(at: state.now) }.suffix(3).map {
      Frame.text(of: $0, at: state.now)
    }
    if let problem = state.problem {
      parts.append("no answer: \(DisplayWidth.printable(problem))")
      return parts.joined(separator: " | ")
    }
    parts += state.containers.map { container in
      let ratio = container.health?.ratio.map { String(format: "%.2f", $0) } ?? "-"
      let text = "\(DisplayWidth.printable(container.name)) \(ratio)"
      guard let health = container.health, health.anomaly else { return text }
      return text + " ANOMALY" + (Frame.top(of: health).map { " " + $0 } ?? "")
    }
    return parts.joined(separator: " | ")
  }
}
