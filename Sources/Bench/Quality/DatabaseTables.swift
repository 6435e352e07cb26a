import TimeSeries
import Vigil

extension Database {
  /// The tables of statements; the first error is thrown.
  @discardableResult
  func tables(_ text: String, in database: String? = nil) async throws -> [ResultSeries] {
    let results = try await query(text, in: database)
    if let error = results.compactMap(\.error).first { throw BenchError(description: error) }
    return results.flatMap(\.series)
  }
}

extension ResultSeries {
  func column(_ name: String) -> Column? {
    columnNames.firstIndex(of: name).map { columns[$0] }
  }

  /// The strings of a column.
  func texts(_ name: String) -> [String] {
    guard let column = column(name) else { return [] }
    return (0..<rowCount).compactMap { row in
      if case .string(let text)? = column[row] { text } else { nil }
    }
  }
}
