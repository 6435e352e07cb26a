import Query
import TimeSeries

extension ResultSeries {
  /// The rows as dictionaries by column name; values that are not there have no entry.
  package var rowsByName: [[String: FieldValue]] {
    (0..<rowCount).map { row in
      var cells: [String: FieldValue] = [:]
      for (name, column) in zip(columnNames, columns) { cells[name] = column[row] }
      return cells
    }
  }
}

extension ModelProgress {
  /// A row of SHOW MODELS; nil where it is not that of `model`, or not in training. Columns that
  /// are not there, or hold something else than they should, are taken as unknown.
  init?(_ row: [String: FieldValue], of model: String) {
    func text(_ name: String) -> String? {
      if case .string(let text) = row[name] { text } else { nil }
    }
    func number(_ name: String) -> Double? { row[name].flatMap(ResultValue.number) }
    func count(_ name: String) -> Int? { number(name).flatMap { Int(exactly: $0.rounded()) } }
    guard text("name") == model, text("state") == "training" else { return nil }
    self.init(
      model: model, fraction: (number("progress") ?? 0) / 100, groupsDone: count("groups_done"),
      groupCount: count("groups"), group: text("group"), epoch: count("epoch"),
      epochCount: count("epochs"), trainingLoss: number("loss"),
      validationLoss: number("validation_loss"))
  }
}

/// A row of SHOW QUERIES.
struct RunningQuery: Equatable {
  var id: UInt64
  var text: String
  /// Seconds.
  var duration: Double

  init?(_ row: [String: FieldValue]) {
    guard case .string(let text) = row["query"], let id = row["qid"].flatMap(ResultValue.unsigned)
    else { return nil }
    self.id = id
    self.text = text
    duration =
      switch row["duration"] {
      case .string(let text): Self.seconds(text) ?? 0
      default: 0
      }
  }

  /// The query among `queries` that is `statement` sent `elapsed` seconds ago: of those with its
  /// text the one nearest in age, as somebody else may run the same.
  static func find(
    _ statement: String, elapsed: Double, among queries: [RunningQuery]
  ) -> RunningQuery? {
    let wanted = normalized(statement)
    return queries.filter { normalized($0.text) == wanted }
      .min { abs($0.duration - elapsed) < abs($1.duration - elapsed) }
  }

  /// Servers show a query as they print it: in their own case, blanks, quotes and brackets.
  private static func normalized(_ text: String) -> String {
    String(text.lowercased().filter { !$0.isWhitespace && !"\"();".contains($0) })
  }

  /// Go's notation of durations: `1m2.5s`, `369µs`.
  static func seconds(_ text: String) -> Double? {
    let units: [(String, Double)] = [
      ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
    ]
    var rest = text[...]
    var seconds = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest[digits.endIndex...]
      let name = rest.prefix { !($0.isASCII && $0.isNumber) }
      rest = rest[name.endIndex...]
      guard let value = Double(digits), let unit = units.first(where: { $0.0 == name }) else {
        return nil
      }
      seconds += value * unit.1
    }
    return seconds
  }
}
