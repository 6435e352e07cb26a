import Query
import TimeSeries

/// A result as aligned columns under a heading; few rows that are too wide for the terminal even so
/// as their columns one below the other.
///
/// ```
/// name: cpu
/// tags: host=a
/// time                  value
/// --------------------  -----
/// 2026-01-01T00:00:00Z    1.5
/// (1 row)
/// ```
struct ResultTable {
  var times: TimeDisplay = .rfc3339
  /// Columns of the terminal: text wider than it leaves room for is cut. Nil: nothing is cut.
  var maximumWidth: Int?

  private static let separator = "  "
  /// No column is made narrower than this.
  private static let narrowest = 6
  /// More rows than these stay a table, however wide; of fewer no column is made narrower than the
  /// text of a time.
  private static let mostUpright = 20
  private static let narrowestOfFew = 20

  func render(_ series: ResultSeries) -> String {
    var text = ""
    if !series.name.isEmpty { text += "name: " + DisplayWidth.printable(series.name) + "\n" }
    if !series.tags.isEmpty {
      let tags = series.tags.map { DisplayWidth.printable("\($0.key)=\($0.value)") }
      text += "tags: " + tags.joined(separator: ", ") + "\n"
    }
    for line in lines(series) { text += line + "\n" }
    return text + (series.rowCount == 1 ? "(1 row)\n" : "(\(series.rowCount) rows)\n")
  }

  private func lines(_ series: ResultSeries) -> [String] {
    guard let maximumWidth, (1...Self.mostUpright).contains(series.rowCount) else {
      return rows(series)
    }
    let rows = rows(series, narrowest: Self.narrowestOfFew)
    let isTooWide = rows.first.map { DisplayWidth.of($0) > maximumWidth } ?? false
    return isTooWide ? upright(series) : rows
  }

  /// A line for each value, with the name of its column before it, and a rule between rows.
  private func upright(_ series: ResultSeries) -> [String] {
    let names = series.columnNames.map(DisplayWidth.printable)
    let width = names.map(DisplayWidth.of).max() ?? 0
    let cells = series.columns.indices.map { self.cells(of: series, column: $0) }
    return (0..<series.rowCount).flatMap { row in
      [String(repeating: "-", count: width)]
        + names.indices.map { column in
          DisplayWidth.pad(names[column], to: width, .left) + Self.separator + cells[column][row]
        }
    }
  }

  /// Header, rule and rows, all of one display width.
  func rows(_ series: ResultSeries, narrowest: Int = narrowest) -> [String] {
    let names = series.columnNames.map(DisplayWidth.printable)
    let cells = series.columns.indices.map { self.cells(of: series, column: $0) }
    var widths = zip(names, cells).map { name, texts in
      texts.reduce(DisplayWidth.of(name)) { max($0, DisplayWidth.of($1)) }
    }
    let alignments = series.columns.indices.map { self.alignment(of: series, column: $0) }
    shrink(&widths, alignments, keeping: series.hasTime ? 1 : 0, narrowest)

    func row(_ texts: [String]) -> String {
      texts.indices.map { column in
        let text = DisplayWidth.truncate(texts[column], to: widths[column])
        return DisplayWidth.pad(text, to: widths[column], alignments[column])
      }.joined(separator: Self.separator)
    }
    var rows = [row(names), row(widths.map { String(repeating: "-", count: $0) })]
    rows.reserveCapacity(series.rowCount + 2)
    for index in 0..<series.rowCount { rows.append(row(cells.map { $0[index] })) }
    return rows
  }

  private func cells(of series: ResultSeries, column: Int) -> [String] {
    let values = series.columns[column]
    if column == 0, series.hasTime, case .integer(let timestamps) = values.values {
      return timestamps.indices.map {
        values.isPresent($0) ? times.text(timestamps[$0], zone: series.zone) : ""
      }
    }
    return (0..<values.count).map { DisplayWidth.printable(ValueText.of(values[$0])) }
  }

  private func alignment(of series: ResultSeries, column: Int) -> DisplayWidth.Alignment {
    if column == 0, series.hasTime { return times == .rfc3339 ? .left : .right }
    switch series.columns[column].type {
    case .float, .integer, .unsigned: return .right
    case .boolean, .string: return .left
    }
  }

  /// Takes columns of text away, always from the widest column, until the row fits. Numbers and times
  /// stay whole: a cut number reads as another one.
  private func shrink(
    _ widths: inout [Int], _ alignments: [DisplayWidth.Alignment], keeping first: Int,
    _ narrowest: Int
  ) {
    guard let maximumWidth, !widths.isEmpty else { return }
    var excess =
      widths.reduce(0, +) + Self.separator.count * (widths.count - 1) - max(0, maximumWidth)
    while excess > 0 {
      let candidates = widths.indices.dropFirst(first).filter {
        alignments[$0] == .left && widths[$0] > narrowest
      }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
      widths[widest] -= 1
      excess -= 1
    }
  }
}
