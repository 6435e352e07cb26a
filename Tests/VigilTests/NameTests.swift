import LineProtocol
import Testing
import Vigil

/// Names with the characters that line protocol and the query language escape.
@Suite struct NameTests {
  static let names = [
    "e=mc2", "a,b", "a b", #"a"b"#, #""a""#, #"a\b"#, #"a\\b"#, #"a\,b"#, #"a\ b"#, #"a\=b"#,
    #"a\"b"#, #"a\\\"b"#, "a'b", "a.b", "a/b", "#a", "=", ",", "select", "日本",
  ]

  private func quoted(_ name: String) -> String {
    "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private func expectSame(_ name: String, in database: Database, measurement: String) async throws {
    let from = quoted(measurement)
    #expect(
      try await database.tables("SHOW TAG KEYS FROM \(from)").map(\.rows) == [[name]])
    #expect(
      try await database.tables("SHOW TAG VALUES FROM \(from) WITH KEY = \(quoted(name))")
        .map(\.rows) == [["\(name) \(name)"]])
    #expect(
      try await database.tables("SHOW FIELD KEYS FROM \(from)").map(\.rows) == [["f\(name) float"]])
    let keys = try await database.tables("SHOW SERIES FROM \(from)").flatMap(\.rows)
    #expect(
      keys.map { SeriesKey(canonical: $0.utf8) } == [
        SeriesKey(measurement: measurement, tags: [Tag(key: name, value: name)])
      ])
    let value = name.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    let tables = try await database.tables(
      "SELECT \(quoted("f" + name)) FROM \(from) WHERE \(quoted(name)) = '\(value)' GROUP BY *")
    #expect(tables.map(\.rows) == [["1000 1.0"]])
    #expect(tables.map(\.tags) == [[Tag(key: name, value: name)]])
  }

  @Test(arguments: names)
  func aNameIsTheSameWhereverItStands(_ name: String) async throws {
    let temporary = try TemporaryDatabase()
    let database = temporary.database
    try await database.query("CREATE DATABASE db")
    var writer = LineProtocolWriter()
    // A line cannot begin with a number sign, and INTO can copy it.
    let measurement = name.hasPrefix("#") ? "m" : name
    // A field cannot have an odd number of backslashes before a delimiter.
    let isField = ![#"a\,b"#, #"a\ b"#, #"a\=b"#].contains(name)
    try writer.append(
      measurement: measurement, tags: [Tag(key: name, value: name)],
      fields: [(isField ? "f" + name : "g", .float(1))], timestamp: 1000)
    try database.write(lineProtocol: String(decoding: writer.bytes, as: UTF8.self), to: "db")
    if !isField {
      _ = try await database.tables(
        "SELECT g AS \(quoted("f" + name)) INTO copy FROM \(quoted(measurement)) GROUP BY *")
      return try await expectSame(name, in: database, measurement: "copy")
    }
    #expect(
      try await database.tables("SHOW MEASUREMENTS").map(\.rows) == [[measurement]])
    try await expectSame(name, in: database, measurement: measurement)
    _ = try await database.tables(
      "SELECT * INTO \(quoted("c" + name)) FROM \(quoted(measurement)) GROUP BY *")
    try await expectSame(name, in: database, measurement: "c" + name)
    try temporary.reopen()
    try await expectSame(name, in: temporary.database, measurement: "c" + name)
  }

  @Test func aMeasurementThatNoKeyCanHaveIsRefused() async throws {
    let temporary = try TemporaryDatabase()
    try await temporary.database.query("CREATE DATABASE db")
    for name in [#""a\\""#, #""""#] {
      #expect(
        try await temporary.database.failure("SELECT v INTO \(name) FROM m")
          == "a measurement cannot be named \(name)")
    }
  }
}
