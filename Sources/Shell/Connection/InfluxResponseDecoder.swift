import Foundation
import Query
import TimeSeries

/// Turns the JSON of a `/query` response, times as nanoseconds, into results.
///
/// JSON does not tell an integer from a float without a fraction: a column of whole numbers alone
/// becomes one of integers.
enum InfluxResponseDecoder {
  struct Document: Decodable {
    var results: [Result]?
    var error: String?
  }

  struct Result: Decodable {
    var statementID: Int?
    var series: [Series]?
    var messages: [Message]?
    var error: String?
    var partial: Bool?

    enum CodingKeys: String, CodingKey {
      case statementID = "statement_id"
      case series, messages, error, partial
    }
  }

  struct Message: Decodable {
    var level: String?
    var text: String?
  }

  struct Series: Decodable {
    var name: String?
    var tags: [String: String]?
    var columns: [String]?
    var values: [[Value]]?
    var partial: Bool?
  }

  /// A JSON scalar. Numbers are tried first: nearly all values are, and a failed try is slow.
  struct Value: Decodable {
    var value: FieldValue?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() { return }
      if let number = try? container.decode(Double.self) {
        guard number.rounded() == number else {
          value = .float(number)
          return
        }
        if number.magnitude < 0x1p53 {
          value = .integer(Int64(number))
        } else if let exact = try? container.decode(Int64.self) {
          value = .integer(exact)
        } else if let exact = try? container.decode(UInt64.self) {
          value = .unsigned(exact)
        } else {
          value = .float(number)
        }
      } else if let text = try? container.decode(String.self) {
        value = .string(text)
      } else {
        value = .boolean(try container.decode(Bool.self))
      }
    }
  }

  /// One document: a whole response, or one chunk of it. Throws ``ConnectionError`` for what is no
  /// such JSON, and for the error of a request that failed as a whole.
  static func decode(_ json: [UInt8]) throws -> [StatementResult] {
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(json))
    } catch {
      let start = String(decoding: json.prefix(120), as: UTF8.self)
      throw ConnectionError(
        description: "not an answer of InfluxDB: \(DisplayWidth.printable(start))")
    }
    if let error = document.error { throw ConnectionError(description: error) }
    return try (document.results ?? []).map { result in
      StatementResult(
        statementID: result.statementID ?? 0,
        series: try (result.series ?? []).map(series),
        messages: (result.messages ?? []).map {
          .init(level: $0.level ?? "", text: $0.text ?? "")
        },
        error: result.error, partial: result.partial ?? false)
    }
  }

  private static func series(_ series: Series) throws -> ResultSeries {
    let names = series.columns ?? []
    let rows = series.values ?? []
    guard rows.allSatisfy({ $0.count == names.count }) else {
      throw ConnectionError(description: "not an answer of InfluxDB: a row of another length")
    }
    let columns = names.indices.map { index in
      let cells = rows.map { $0[index].value }
      return Column(cells, type: type(of: cells))
    }
    let tags = (series.tags ?? [:]).map { Tag(key: $0.key, value: $0.value) }.sorted()
    let hasTime = names.first == "time" && columns.first?.type == .integer
    return ResultSeries(
      name: series.name ?? "", tags: tags, columnNames: names, columns: columns, hasTime: hasTime,
      partial: series.partial ?? false)
  }

  private static func type(of cells: [FieldValue?]) -> FieldType {
    var types: Set<FieldType> = []
    var hasNegative = false
    for case .some(let cell) in cells {
      types.insert(cell.type)
      if case .integer(let value) = cell, value < 0 { hasNegative = true }
    }
    if types == [.integer, .unsigned], !hasNegative { return .unsigned }
    return FieldType.common(Array(types))
  }
}
