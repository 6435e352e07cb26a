import Query
import Shell
import TimeSeries

/// A row of a result by its columns' names, as it came from a server: everything may be missing or
/// of another type.
struct Row {
  private let cells: [String: FieldValue]

  init(_ cells: [String: FieldValue]) { self.cells = cells }

  func number(_ name: String) -> Double? { cells[name].flatMap(ResultValue.number) }

  func text(_ name: String) -> String? {
    if case .string(let text) = cells[name] { text } else { nil }
  }

  func time(_ name: String = "time") -> Timestamp? {
    if case .integer(let time) = cells[name] { time } else { nil }
  }

  /// The values of columns that begin with `prefix`, by the rest of their names.
  func numbers(withPrefix prefix: String) -> [String: Double] {
    var numbers: [String: Double] = [:]
    for (name, value) in cells where name.hasPrefix(prefix) {
      numbers[String(name.dropFirst(prefix.count))] = ResultValue.number(value)
    }
    return numbers
  }
}

extension ResultSeries {
  var rows: [Row] { rowsByName.map(Row.init) }

  /// The value of a tag the statement groups by; nil where the series lacks it.
  func tag(_ key: String) -> String? {
    tags.first { $0.key == key && !$0.value.isEmpty }?.value
  }
}

extension Health {
  /// A row of a health measurement; nil where it has no time.
  init?(_ row: Row) {
    guard let time = row.time() else { return nil }
    self.init(
      time: time, loss: row.number("rl"), threshold: row.number("threshold"),
      anomaly: (row.number("anomaly") ?? 0) != 0, state: row.text("state") ?? "",
      shares: row.numbers(withPrefix: "share_"))
  }
}

extension Mark {
  /// A row of a measurement of marks; nil where it says nothing.
  init?(_ row: Row, group: String?) {
    guard let from = row.time(), let text = row.text("text") else { return nil }
    self.init(text: text, group: group, from: from, until: row.time("until"))
  }
}
