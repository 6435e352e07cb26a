import Foundation
import TimeSeries

/// A day of one pod as a picture: loss over threshold, flags, and the faults that were injected.
///
/// The vertical axis is logarithmic, so that the loss of a quiet hour and of a fault both show.
struct ScorePlot {
  let scores: PodScores
  let faults: [Fault]
  /// Marked along the lower edge.
  let train: Range<Timestamp>
  let free: Range<Timestamp>
  /// How long a fault's mark is.
  let faultWindow: Int64
  /// Decades of loss / threshold, the threshold being 1.
  private let decades: ClosedRange<Int>

  init(
    scores: PodScores, faults: [Fault], train: Range<Timestamp>, free: Range<Timestamp>,
    faultWindow: Int64
  ) {
    self.scores = scores
    self.faults = faults
    self.train = train
    self.free = free
    self.faultWindow = faultWindow
    let largest = scores.ratios.filter(\.isFinite).max() ?? 1
    decades = -2...max(1, Int(Foundation.log10(max(largest, 1)).rounded(.up)))
  }

  private static let width = 960.0
  private static let left = 44.0
  private static let right = 948.0
  private static let top = 52.0
  private static let bottom = 218.0
  private static let height = bottom + 40

  private var first: Timestamp { scores.timestamps.first ?? 0 }
  private var last: Timestamp { scores.timestamps.last ?? 0 }

  /// SVG 1.1.
  var svg: String {
    let style = """
      text{font:11px sans-serif;fill:#333}.t{font-size:13px}.g{stroke:#ddd}.l{stroke:#1f5fa8;fill:none}\
      .h{stroke:#c33;stroke-dasharray:6 4}.f{fill:#f5b942;fill-opacity:.45}.a{fill:#c33}\
      .n{fill:#8a8a8a}.r{fill:#4c9a5b}.y{text-anchor:end}.c{text-anchor:middle}
      """
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))">
      <style>\(style)</style>
      <rect width="100%" height="100%" fill="#fff"/>
      <text class="t" x="\(Int(Self.left))" y="14">\(escaped(scores.pod)): rl / threshold</text>
      <text x="\(Int(Self.left))" y="30">\(legend)</text>
      \(faultMarks)\(grid)\(lossLine)\(flags)\(spans)</svg>

      """
  }

  private var grid: String {
    var text = decades.map { decade in
      let y = coordinate(y(Foundation.pow(10, Double(decade))))
      let name = decade < 0 ? "0.\(String(repeating: "0", count: -decade - 1))1" : "1"
      let label = name + String(repeating: "0", count: max(0, decade))
      return """
        <line class="\(decade == 0 ? "h" : "g")" x1="\(Int(Self.left))" x2="\(Int(Self.right))" y1="\(y)" y2="\(y)"/>
        <text class="y" x="\(Int(Self.left - 5))" y="\(y)" dy="4">\(label)</text>

        """
    }.joined()
    let hour: Int64 = 3_600_000_000_000
    let step = max(1, (last - first) / hour / 12) * hour
    for time in stride(from: (first / step + 1) * step, through: last, by: Int(step)) {
      let clock = TimestampText.rfc3339(time).dropFirst(11).prefix(5)
      text += """
        <text class="c" x="\(coordinate(x(time)))" y="\(Int(Self.bottom + 18))">\(clock)</text>

        """
    }
    return text
  }

  /// The pod's faults in order; a mark bears a fault's number, counted from 1.
  private var ownFaults: [Fault] {
    faults.filter { $0.pod == scores.pod }.sorted { $0.injected < $1.injected }
  }

  private var legend: String {
    ownFaults.enumerated().map { index, fault in
      let clock = TimestampText.rfc3339(fault.injected).dropFirst(11).prefix(5)
      return "\(index + 1) \(fault.kind.rawValue) \(clock)"
    }.joined(separator: " · ")
  }

  private var faultMarks: String {
    ownFaults.enumerated().map { index, fault in
      let start = max(Self.left, x(fault.injected))
      let end = max(start + 1, x(fault.injected + faultWindow))
      return """
        <rect class="f" x="\(coordinate(start))" y="\(Int(Self.top))" width="\(coordinate(end - start))" height="\(Int(Self.bottom - Self.top))"/>
        <text class="c" x="\(coordinate((start + end) / 2))" y="\(Int(Self.top - 4))">\(index + 1)</text>

        """
    }.joined()
  }

  /// Broken where there is no score.
  private var lossLine: String {
    var path = ""
    var isDown = false
    for (time, ratio) in zip(scores.timestamps, scores.ratios) {
      guard ratio.isFinite else {
        isDown = false
        continue
      }
      path += "\(isDown ? "L" : "M")\(coordinate(x(time))) \(coordinate(y(ratio)))"
      isDown = true
    }
    return "<path class=\"l\" d=\"\(path)\"/>\n"
  }

  private var flags: String {
    zip(scores.timestamps, scores.anomalies).filter(\.1).map { time, _ in
      "<rect class=\"a\" x=\"\(coordinate(x(time)))\" y=\"\(Int(Self.bottom + 1))\" width=\"1\" height=\"5\"/>\n"
    }.joined()
  }

  private var spans: String {
    [("n", train, "trained on"), ("r", free, "false positives counted")].map { style, span, name in
      let start = x(max(span.lowerBound, first))
      let width = max(0, x(min(span.upperBound, last)) - start)
      return """
        <rect class="\(style)" x="\(coordinate(start))" y="\(Int(Self.bottom + 23))" width="\(coordinate(width))" height="3"/>
        <text x="\(coordinate(start))" y="\(Int(Self.bottom + 37))">\(name)</text>

        """
    }.joined()
  }

  private func x(_ time: Timestamp) -> Double {
    Self.left + (Self.right - Self.left) * Double(time - first) / Double(max(1, last - first))
  }

  private func y(_ ratio: Double) -> Double {
    let low = Double(decades.lowerBound)
    let high = Double(decades.upperBound)
    let decade = min(max(Foundation.log10(max(ratio, 1e-9)), low), high)
    return Self.bottom - (Self.bottom - Self.top) * (decade - low) / (high - low)
  }

  private func coordinate(_ value: Double) -> String { String(format: "%.1f", value) }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
