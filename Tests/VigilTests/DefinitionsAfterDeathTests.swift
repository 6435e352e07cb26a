import Foundation
import Testing
import Vigil

/// What a process leaves that dies between two statements: the definitions that were acknowledged
/// are there, whole, and no others. (That a death within a statement leaves the old or the new one,
/// the store's own tests show at every file operation.)
@Suite struct DefinitionsAfterDeathTests {
  private static let steps: [String] = [
    query("first", every: 10), query("second", every: 20),
    ModelTests.create, "RETRAIN MODEL shop ON db", "DROP CONTINUOUS QUERY first ON db",
    ModelTests.create.replacing("MODEL shop", with: "MODEL other"), query("first", every: 30),
    "DROP MODEL shop ON db", "DROP CONTINUOUS QUERY second ON db", "DROP MODEL other ON db",
  ]

  private static func query(_ name: String, every seconds: Int) -> String {
    """
    CREATE CONTINUOUS QUERY \(name) ON db BEGIN SELECT mean(cpu) INTO \(name)_means \
    FROM container GROUP BY time(\(seconds)s), pod END
    """
  }

  /// Names and texts of the queries; names and versions of the models.
  private func definitions(of database: Database) async throws -> Set<String> {
    var found: Set<String> = []
    for series in try await database.tables("SHOW CONTINUOUS QUERIES") {
      for row in 0..<series.rowCount {
        found.insert("\(series.column("name")?[row] as Any) \(series.column("query")?[row] as Any)")
      }
    }
    for series in try await database.tables("SHOW MODELS ON db") {
      for row in 0..<series.rowCount {
        found.insert(
          "\(series.column("name")?[row] as Any) \(series.column("version")?[row] as Any)")
      }
    }
    return found
  }

  @Test func whatWasAcknowledgedIsThereAndNothingElse() async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    try database.write(lineProtocol: ModelTests.lines(), to: "db")
    var counts: [Int] = []
    for (number, step) in Self.steps.enumerated() {
      _ = try await database.tables(step)
      let expected = try await definitions(of: database)
      counts.append(expected.count)
      // The files as they are now are what the death of the process would leave; beside them the
      // beginning of what it might have been writing.
      let copy = temporary.path + "-\(number)"
      try FileManager.default.copyItem(atPath: temporary.path, toPath: copy)
      for kind in ["models", "continuous-queries"] {
        let folder = copy + "/databases/db/files/" + kind
        for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
          let bytes = try Data(contentsOf: URL(filePath: folder).appending(path: file))
          try bytes.prefix(bytes.count / 2)
            .write(to: URL(filePath: folder).appending(path: file + ".new"))
        }
      }
      var configuration = Database.Configuration()
      configuration.logger.logLevel = .critical
      let again = try Database.open(at: copy, configuration: configuration)
      #expect(again.problems.isEmpty, "after \(step)")
      #expect(try await definitions(of: again) == expected, "after \(step)")
      try again.close()
    }
    #expect(counts == [1, 2, 3, 3, 2, 3, 4, 3, 2, 1])
  }
}
