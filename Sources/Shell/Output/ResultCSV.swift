import Query
import TimeSeries

/// A result as CSV (RFC 4180, with line feeds alone as line ends, as InfluxDB's shell writes them):
/// a column `name`, a column `tags` where the statement groups by tags, then the result's own. A
/// header comes first, and again wherever the columns change.
struct ResultCSV {
  var times: TimeDisplay = .rfc3339
  private var header: [String] = []

  init(times: TimeDisplay = .rfc3339) { self.times = times }

  mutating func render(_ series: ResultSeries) -> String {
    var text = ""
    let header = ["name"] + (series.tags.isEmpty ? [] : ["tags"]) + series.columnNames
    if header != self.header {
      text += Self.line(header)
      self.header = header
    }
    var prefix = Self.field(series.name)
    if !series.tags.isEmpty {
      let tags = series.tags.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
      prefix += "," + Self.field(tags)
    }
    for row in 0..<series.rowCount {
      text += prefix
      for (index, column) in series.columns.enumerated() {
        text += ","
        if index == 0, series.hasTime, case .integer(let timestamp) = column[row] {
          text += times.text(timestamp, zone: series.zone)
        } else {
          text += Self.field(ValueText.of(column[row]))
        }
      }
      text += "\n"
    }
    return text
  }

  static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\n"
  }

  /// Quoted where it holds a comma, a quote or a line end, or begins or ends with a blank.
  static func field(_ text: String) -> String {
    let special = text.utf8.contains {
      $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13
    }
    guard special || text.first == " " || text.last == " " else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
