import Query
import Testing
import TimeSeries

/// What DELETE and DROP SERIES select, and what models are trained on.
@Suite struct SeriesSelectionTests {
  private func executor() -> Executor {
    let source = MemorySource(blockSize: 3)
    for (host, zone) in [("a", "x"), ("b", "x"), ("b", "y")] {
      for step in 0..<30 {
        source.insert(
          SeriesKey(
            measurement: "m", tags: [Tag(key: "host", value: host), Tag(key: "zone", value: zone)]),
          Int64(step) * 1_000_000_000, ["f": .float(Double(step)), "g": .integer(Int64(step % 2))])
      }
    }
    source.insert(SeriesKey(measurement: "other"), 1, ["f": .float(1)])
    return Executor(source: source, context: QueryContext(now: 100_000_000_000))
  }

  /// The series that a DELETE's or DROP SERIES' condition means.
  private func selected(_ query: String) throws -> [SeriesSelection] {
    switch try Parser.parse(query).first {
    case .delete(let sources, let condition)?:
      try executor().selectSeries(
        sources: sources, condition: condition, database: "golden", allowsTime: true)
    case .dropSeries(let sources, let condition)?:
      try executor().selectSeries(
        sources: sources, condition: condition, database: "golden", allowsTime: false)
    default: []
    }
  }

  private func keys(_ selection: SeriesSelection) -> [String] {
    executor().source.snapshot(of: "golden")?.series(
      of: selection.measurement, matching: selection.predicate
    ).map(\.key.description) ?? []
  }

  @Test(arguments: [
    ("DROP SERIES FROM m WHERE host = 'b' AND zone != 'x'", ["m,host=b,zone=y"]),
    ("DROP SERIES FROM m WHERE host = 'a' OR zone =~ /y/", ["m,host=a,zone=x", "m,host=b,zone=y"]),
    ("DROP SERIES FROM m WHERE nosuch = 'a'", []),
    ("DROP SERIES FROM m WHERE host !~ /a/ AND (zone = 'x' OR zone = '')", ["m,host=b,zone=x"]),
  ])
  func conditionSelectsExactlyItsSeries(query: String, expected: [String]) throws {
    let selections = try selected(query)
    #expect(selections.map(\.measurement) == ["m"])
    #expect(selections.map(keys) == [expected])
  }

  /// As in SHOW.
  @Test func theMeasurementCanBeCompared() throws {
    #expect(try selected("DROP SERIES WHERE _name = 'other'").flatMap(keys) == ["other"])
    #expect(
      try selected("DELETE FROM /.*/ WHERE _name =~ /^m/ AND host = 'a'").flatMap(keys)
        == ["m,host=a,zone=x"])
    #expect(
      throws: QueryError.invalid("_tagKey is not supported in WHERE of this statement")
    ) {
      try selected("DROP SERIES WHERE _tagKey = 'host'")
    }
  }

  @Test func timesBoundADelete() throws {
    let selections = try selected("DELETE WHERE time >= 5s AND time < 9s")
    #expect(selections.map(\.measurement) == ["m", "other"])
    #expect(selections.allSatisfy { $0.from == 5_000_000_000 && $0.through == 8_999_999_999 })
    #expect(selections.allSatisfy { $0.predicate == nil })
  }

  @Test func allMeasurementsLeavesOutThoseWhereTheNameIsAField() throws {
    let source = MemorySource(blockSize: 3)
    source.insert(
      SeriesKey(measurement: "m", tags: [Tag(key: "zone", value: "us")]), 1, ["f": .float(1)])
    source.insert(SeriesKey(measurement: "n"), 1, ["zone": .string("us")])
    let executor = Executor(source: source, context: QueryContext(now: 2))
    guard
      case .delete(let sources, let condition)? = try Parser.parse(
        "DELETE WHERE zone = 'us'"
      ).first
    else { return #expect(Bool(false)) }
    let selections = try executor.selectSeries(
      sources: sources, condition: condition, database: "golden", allowsTime: true)
    #expect(selections.map(\.measurement) == ["m"])
    #expect(throws: QueryError.self) { try selected("DELETE WHERE f > 5 OR g = 1") }
  }

  @Test(arguments: [
    ("DROP SERIES FROM m WHERE time > 0", "DROP SERIES doesn't support time in WHERE clause"),
    ("DELETE FROM m WHERE f > 5", "fields not supported in WHERE clause during deletion"),
    ("DELETE FROM m WHERE f = 'a'", "fields not supported in WHERE clause during deletion"),
    (
      "DELETE FROM m WHERE host = 'a' OR g = 1",
      "fields not supported in WHERE clause during deletion"
    ),
    ("DELETE FROM m WHERE host = zone", "fields not supported in WHERE clause during deletion"),
  ])
  func nothingIsDeletedByWhatTagsCannotDecide(query: String, message: String) {
    #expect(throws: QueryError.invalid(message)) { try selected(query) }
  }

  @Test func featureRowsAreWholeBucketsOfTheRange() throws {
    let condition = try Parser.parse(
      "DELETE FROM m WHERE host = 'b' AND time >= 3s AND time < 17s")
    guard case .delete(_, let expression)? = condition.first else { return }
    let rows = try executor().featureRows(
      of: MeasurementName(name: .literal("m")), fields: ["g", "nosuch", "f"],
      interval: .init(every: 5_000_000_000), dimensions: ["zone", "host"], condition: expression,
      database: "golden")
    #expect(rows.map(\.group) == [["x", "b"], ["y", "b"]])
    for group in rows {
      #expect(group.timestamps == [5_000_000_000, 10_000_000_000, 15_000_000_000])
      #expect(group.features[2] == [7, 12, 17])
      #expect(group.features[0] == [0.6, 0.4, 0.6])
      #expect(group.features[1].allSatisfy { $0.isNaN })
    }
  }
}
