import TimeSeries

/// Draws a plot as text: title, legend, curves with the value axis at their left, a row of marks
/// under the anomalies, the time axis.
struct PlotRenderer {
  /// Columns of the whole, and rows of the curves alone.
  var width = 100
  var height = 16
  var isLogarithmic = false
  var isColored = false

  private static let palette: [PlotColor] = [.cyan, .green, .magenta, .blue]
  private static let narrowest = 20

  func render(_ data: PlotData) -> String {
    var rows = [data.title].filter { !$0.isEmpty }
    let drawable = data.lines.flatMap(\.values).filter { isDrawable($0) }
    guard let minimum = drawable.min(), let maximum = drawable.max(),
      let first = data.timestamps.first, let last = data.timestamps.last
    else {
      rows.append(isLogarithmic ? "(no positive values)" : "(no values)")
      return rows.joined(separator: "\n") + "\n"
    }
    let values = ValueAxis(
      minimum...maximum, logarithmic: isLogarithmic, tickCount: max(2, height / 3))
    let margin = values.ticks.reduce(0) { max($0, $1.label.count) }
    let columns = max(Self.narrowest, width - margin - 2)
    let times = TimeAxis(first: first, last: last, columns: columns)
    var canvas = PlotCanvas(width: columns, height: height)
    draw(data, values, times, on: &canvas)

    rows += legend(data)
    rows += curves(canvas, values, margin)
    if let anomalies = data.anomalies {
      rows.append(
        String(repeating: " ", count: margin + 1) + "│"
          + marks(anomalies.map { data.timestamps[$0] }, times, columns))
    }
    rows += axis(times, columns, margin)
    return rows.joined(separator: "\n") + "\n"
  }

  private func isDrawable(_ value: Double) -> Bool {
    value.isFinite && (!isLogarithmic || value > 0)
  }

  private func color(_ line: Int, of data: PlotData) -> PlotColor {
    if data.lines[line].isThreshold { return .yellow }
    let before = data.lines[..<line].count { !$0.isThreshold }
    return Self.palette[before % Self.palette.count]
  }

  private func draw(
    _ data: PlotData, _ values: ValueAxis, _ times: TimeAxis, on canvas: inout PlotCanvas
  ) {
    let horizontal = data.timestamps.map {
      Int((times.position(of: $0) * Double(canvas.dotWidth - 1)).rounded())
    }
    let bottom = canvas.dotHeight - 1
    func vertical(_ value: Double) -> Int? {
      values.position(of: value).map { bottom - Int(($0 * Double(bottom)).rounded()) }
    }
    // The threshold first: where it meets a curve, the curve is seen.
    let order = data.lines.indices.sorted {
      data.lines[$0].isThreshold && !data.lines[$1].isThreshold
    }
    for index in order {
      let line = data.lines[index]
      let color = color(index, of: data)
      var previous: (x: Int, y: Int)?
      for (x, value) in zip(horizontal, line.values) {
        guard let y = vertical(value) else {
          previous = nil
          continue
        }
        canvas.line(
          from: previous ?? (x, y), to: (x, y), color: color, dashed: line.isThreshold)
        previous = (x, y)
      }
    }
    for row in data.anomalies ?? [] {
      for line in data.lines where !line.isThreshold {
        if let y = vertical(line.values[row]) { canvas.set(x: horizontal[row], y: y, color: .red) }
      }
    }
  }

  private func legend(_ data: PlotData) -> [String] {
    var entries = data.lines.indices.map { index in
      let line = data.lines[index]
      let sample = line.isThreshold ? "╌╌" : "──"
      var entry = paint(sample, color(index, of: data)) + " " + line.name
      let hidden = line.values.count { $0.isFinite && !isDrawable($0) }
      if hidden > 0 { entry += " (\(hidden) not positive, not shown)" }
      return entry
    }
    if let anomalies = data.anomalies {
      entries.append(paint("▲", .red) + " anomaly (\(anomalies.count))")
    }
    if isLogarithmic { entries.append("log scale") }
    return [entries.joined(separator: "   ")]
  }

  private func curves(_ canvas: PlotCanvas, _ values: ValueAxis, _ margin: Int) -> [String] {
    var labels: [Int: String] = [:]
    for tick in values.ticks {
      guard let position = values.position(of: tick.value) else { continue }
      let row = canvas.height - 1 - Int((position * Double(canvas.height - 1)).rounded())
      if labels[row] == nil { labels[row] = tick.label }
    }
    return canvas.rows(colored: isColored).enumerated().map { row, cells in
      let label = DisplayWidth.pad(labels[row] ?? "", to: margin, .right)
      return Self.trimmed(label + " " + (labels[row] == nil ? "│" : "┤") + cells)
    }
  }

  private func marks(_ timestamps: [Timestamp], _ times: TimeAxis, _ columns: Int) -> String {
    var isMarked = Array(repeating: false, count: columns)
    for timestamp in timestamps {
      isMarked[Self.column(times.position(of: timestamp), columns)] = true
    }
    let end = (isMarked.lastIndex(of: true) ?? -1) + 1
    return isMarked[..<end].map { $0 ? paint("▲", .red) : " " }.joined()
  }

  /// The axis and the times under it. A label that would touch the one before it is left out.
  private func axis(_ times: TimeAxis, _ columns: Int, _ margin: Int) -> [String] {
    var line = Array(repeating: "─", count: columns)
    var labels = ""
    for tick in times.ticks {
      let column = Self.column(times.position(of: tick.timestamp), columns)
      line[column] = "┬"
      let start = max(0, min(column - tick.label.count / 2, columns - tick.label.count))
      guard labels.isEmpty || start > labels.count + 1 else { continue }
      labels += String(repeating: " ", count: start - labels.count) + tick.label
    }
    let indent = String(repeating: " ", count: margin + 1)
    let range =
      TimeDisplay.rfc3339.text(times.first)
      + (times.last > times.first ? " … " + TimeDisplay.rfc3339.text(times.last) : "")
    return [
      indent + "└" + line.joined(), Self.trimmed(indent + " " + labels), indent + " " + range,
    ]
  }

  /// The cell of a position: the same that its dot lies in.
  private static func column(_ position: Double, _ columns: Int) -> Int {
    Int((position * Double(columns * 2 - 1)).rounded()) / 2
  }

  private static func trimmed(_ text: String) -> String {
    String(text.reversed().drop { $0 == " " }.reversed())
  }

  private func paint(_ text: String, _ color: PlotColor) -> String {
    isColored ? color.paint(text) : text
  }
}
