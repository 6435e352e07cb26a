import Foundation
import Vigil

/// A database in a directory of its own that is removed when the process ends.
final class TemporaryDatabase {
  let path: String
  private(set) var database: Database

  private static let root: String = {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("vigil-tests-\(UUID().uuidString)").path
    atexit { try? FileManager.default.removeItem(atPath: TemporaryDatabase.root) }
    return path
  }()

  init(_ change: (inout Database.Configuration) -> Void = { _ in }) throws {
    path = "\(Self.root)/\(UUID().uuidString)"
    database = try Self.open(path, change)
  }

  private static func open(
    _ path: String, _ change: (inout Database.Configuration) -> Void
  ) throws -> Database {
    var configuration = Database.Configuration()
    configuration.logger.logLevel = .critical
    change(&configuration)
    return try Database.open(at: path, configuration: configuration)
  }

  /// Closes and opens it again.
  func reopen(_ change: (inout Database.Configuration) -> Void = { _ in }) throws {
    try database.close()
    database = try Self.open(path, change)
  }
}

extension ResultSeries {
  /// Rows as text, nulls as `-`, so that a whole table fits an expectation.
  var rows: [String] {
    (0..<rowCount).map { row in
      columns.map { column in
        switch column[row] {
        case nil: "-"
        case .float(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .string(let value): value
        }
      }.joined(separator: " ")
    }
  }

  /// A column by its name.
  func column(_ name: String) -> Column? {
    columnNames.firstIndex(of: name).map { columns[$0] }
  }
}

extension Database {
  /// The tables of statements that are to succeed.
  func tables(_ text: String, in database: String? = "db") async throws -> [ResultSeries] {
    let results = try await query(text, in: database)
    if let error = results.compactMap(\.error).first { throw Failed(description: error) }
    return results.flatMap(\.series)
  }

  /// The error of the first statement that fails.
  func failure(_ text: String, in database: String? = "db") async throws -> String? {
    try await query(text, in: database).compactMap(\.error).first
  }

  struct Failed: Error, CustomStringConvertible {
    var description: String
  }
}
