import Foundation
import Query
import TimeSeries

/// A statement's answer in a form that results and JSON can both be brought to and compared in.
struct Answer: Sendable, CustomStringConvertible {
  enum Value: Sendable, Hashable, CustomStringConvertible {
    case null
    case number(Double)
    case integer(Int64)
    case boolean(Bool)
    case text(String)

    var description: String {
      switch self {
      case .null: "null"
      case .number(let value): "\(value)"
      case .integer(let value): "\(value)"
      case .boolean(let value): "\(value)"
      case .text(let value): "\"\(value)\""
      }
    }

    func agrees(with other: Value) -> Bool {
      switch (self, other) {
      case (.number(let a), .number(let b)): Self.isClose(a, b)
      case (.number(let a), .integer(let b)), (.integer(let b), .number(let a)):
        Self.isClose(a, Double(b))
      default: self == other
      }
    }

    /// InfluxDB adds floats in another order.
    private static func isClose(_ a: Double, _ b: Double) -> Bool {
      a == b || abs(a - b) <= 1e-11 * max(abs(a), abs(b), 1e-3)
    }
  }

  struct Table: Sendable, CustomStringConvertible {
    var name: String
    var tags: [String: String]
    var columns: [String]
    var rows: [[Value]]

    var description: String { "\(name)\(tags.isEmpty ? "" : "\(tags)")\(columns)\(rows)" }
  }

  var tables: [Table] = []
  var error: String?

  var description: String { (error.map { "error \($0) " } ?? "") + "\(tables)" }

  func agrees(with other: Answer) -> Bool {
    guard error == other.error, tables.count == other.tables.count else { return false }
    return zip(tables, other.tables).allSatisfy { a, b in
      a.name == b.name && a.tags == b.tags && a.columns == b.columns
        && a.rows.count == b.rows.count
        && zip(a.rows, b.rows).allSatisfy { x, y in
          x.count == y.count && zip(x, y).allSatisfy { $0.agrees(with: $1) }
        }
    }
  }

  init() {}

  init(json: [String: Any]) {
    error = json["error"] as? String
    for series in json["series"] as? [[String: Any]] ?? [] {
      tables.append(
        Table(
          name: series["name"] as? String ?? "", tags: series["tags"] as? [String: String] ?? [:],
          columns: series["columns"] as? [String] ?? [],
          rows: (series["values"] as? [[Any]] ?? []).map { $0.map(Self.value) }))
    }
  }

  private static func value(_ json: Any) -> Value {
    if let text = json as? String { return .text(text) }
    guard let number = json as? NSNumber else { return .null }
    let type = String(cString: number.objCType)
    if type == "c" || type == "B" { return .boolean(number.boolValue) }
    return type == "d" || type == "f" ? .number(number.doubleValue) : .integer(number.int64Value)
  }

  init(_ results: [StatementResult]) {
    for series in results.flatMap(\.series) { append(series) }
  }

  private mutating func append(_ series: ResultSeries) {
    let rows = (0..<series.rowCount).map { row in
      series.columns.map { column -> Value in
        switch column[row] {
        case nil: .null
        case .float(let value)?: .number(value)
        case .integer(let value)?: .integer(value)
        case .unsigned(let value)?: .integer(Int64(clamping: value))
        case .boolean(let value)?: .boolean(value)
        case .string(let value)?: .text(value)
        }
      }
    }
    let tags = Dictionary(series.tags.map { ($0.key, $0.value) }) { $1 }
    if let last = tables.indices.last, tables[last].name == series.name, tables[last].tags == tags {
      tables[last].rows += rows
    } else {
      tables.append(
        Table(name: series.name, tags: tags, columns: series.columnNames, rows: rows))
    }
  }

  /// Runs one statement.
  static func of(
    _ query: String, source: any QuerySource,
    context: QueryContext = QueryContext(now: 1_700_000_000_000_000_000)
  ) -> Answer {
    do {
      return Answer(try results(query, source: source, context: context))
    } catch {
      var answer = Answer()
      answer.error = "\(error)"
      return answer
    }
  }

  static func results(
    _ query: String, source: any QuerySource,
    context: QueryContext = QueryContext(now: 1_700_000_000_000_000_000)
  ) throws -> [StatementResult] {
    var results: [StatementResult] = []
    for statement in try Parser.parse(query) {
      try Executor(source: source, context: context).execute(statement, database: "golden") {
        results.append($0)
      }
    }
    return results
  }
}
