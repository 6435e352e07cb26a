import Foundation

/// The vertical axis of a plot: where a value stands, and which values are written beside it.
struct ValueAxis {
  struct Tick: Equatable {
    var value: Double
    var label: String
  }

  private let isLogarithmic: Bool
  /// In the axis's own measure: logarithms to base ten on a logarithmic axis.
  private let low: Double
  private let high: Double
  let ticks: [Tick]

  /// - Parameters:
  ///   - range: smallest and largest finite value; both positive where `logarithmic`.
  ///   - count: ticks wanted, about.
  init(_ range: ClosedRange<Double>, logarithmic: Bool, tickCount count: Int) {
    isLogarithmic = logarithmic
    if logarithmic {
      let first = Int(log10(range.lowerBound).rounded(.down))
      let last = max(first + 1, Int(log10(range.upperBound).rounded(.up)))
      low = Double(first)
      high = Double(last)
      let stride = max(1, (last - first + max(1, count) - 1) / max(1, count))
      ticks = Swift.stride(from: first, through: last, by: stride).map {
        let value = pow(10, Double($0))
        return Tick(value: value, label: Self.label(value, step: value))
      }
      return
    }
    var (minimum, maximum) = (range.lowerBound, range.upperBound)
    if minimum == maximum {
      // A constant gets a tenth of itself as room, and zero one unit.
      let room = minimum == 0 ? 1 : abs(minimum) / 10
      // At the ends of the number line there is room on one side alone.
      minimum = max(minimum - room, -Double.greatestFiniteMagnitude)
      maximum = min(maximum + room, Double.greatestFiniteMagnitude)
    }
    let parts = Double(max(1, count))
    let step = Self.niceStep(maximum / parts - minimum / parts)
    let first = (minimum / step).rounded(.down)
    let last = (maximum / step).rounded(.up)
    // A range of a few units in the last place has no ticks between: its ends are named alone.
    guard step.isFinite, step > 0, last > first, last - first <= parts * 4,
      (first * step).isFinite, (last * step).isFinite, abs(first) < 1e15, abs(last) < 1e15
    else {
      low = minimum
      high = maximum
      ticks = [minimum, maximum].map { Tick(value: $0, label: String(format: "%.6g", $0)) }
      return
    }
    low = first * step
    high = last * step
    ticks = (0...Int(last - first)).map {
      let value = (first + Double($0)) * step
      return Tick(
        value: value, label: Self.label(value, step: step, largest: max(-first, last) * step))
    }
  }

  /// 0 at the bottom, 1 at the top; nil for what the axis has no place for.
  func position(of value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let measured = isLogarithmic ? log10(value) : value
    // Halved first: the difference of two huge numbers of opposite sign overflows.
    let position = (measured / 2 - low / 2) / (high / 2 - low / 2)
    return position.isFinite ? min(max(position, 0), 1) : nil
  }

  /// The smallest of 1, 2, 5 × 10ⁿ that is not below `step`.
  static func niceStep(_ step: Double) -> Double {
    guard step.isFinite, step > 0 else { return 1 }
    let magnitude = pow(10, log10(step).rounded(.down))
    guard magnitude > 0 else { return step }
    for factor in [1.0, 2, 5] where factor * magnitude >= step * (1 - 1e-9) {
      return factor * magnitude
    }
    return 10 * magnitude
  }

  /// As many decimals as tell neighbouring ticks apart; thousands of thousands as k, M, G, T.
  private static func label(_ value: Double, step: Double, largest: Double? = nil) -> String {
    let size = largest ?? abs(value)
    if value == 0 { return "0" }
    if size >= 1e15 || size < 1e-3 { return String(format: "%.3g", value) }
    let units: [(Double, String)] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")]
    let unit = units.first { size >= $0.0 }
    let divisor = unit.map { $0.1 == "k" ? 1e3 : $0.0 } ?? 1
    let decimals = max(0, -Int(log10(abs(step) / divisor * (1 + 1e-9)).rounded(.down)))
    return String(format: "%.\(min(decimals, 9))f", value / divisor) + (unit?.1 ?? "")
  }
}
