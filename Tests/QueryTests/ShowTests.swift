import Query
import Testing
import TimeSeries

/// SHOW statements about series: what WHERE, FROM, the limits and CARDINALITY mean. The answers are
/// those of InfluxDB 1.6.7 unless the test says otherwise.
@Suite struct ShowTests {
  /// Three hosts of `cpu` and `mem` with rows ten seconds apart, and `foo`, whose series differ in
  /// their tags.
  private static func source() -> MemorySource {
    let source = MemorySource(databases: ["golden", "empty", "further"])
    func insert(
      _ measurement: String, _ tags: [String: String], at seconds: Int64,
      _ fields: [String: FieldValue], database: String = "golden", policy: String = "autogen"
    ) {
      source.insert(
        SeriesKey(measurement: measurement, tags: tags.map { Tag(key: $0.key, value: $0.value) }),
        seconds * 1_000_000_000, fields, database: database, policy: policy)
    }
    for measurement in ["cpu", "mem"] {
      for (index, host) in ["a", "b", "c"].enumerated() {
        insert(
          measurement, ["host": host, "region": index < 2 ? "eu" : "us"], at: Int64(index) * 10,
          ["v": .float(1), "w": .integer(2)])
      }
    }
    insert("foo", ["key1": "x"], at: 0, ["v": .float(1)])
    insert("foo", ["key1": "y"], at: 20, ["v": .float(1), "s": .string("t")])
    insert("foo", ["key2": "z"], at: 20, ["v": .float(1)])
    insert("foo", [:], at: 10, ["v": .float(1)])
    insert("cpu", ["host": "r", "rack": "1"], at: 0, ["rf": .float(1)], policy: "other")
    insert("old", ["host": "a"], at: 0, ["u": .float(1)], policy: "other")
    insert("cpu", ["disk": "d"], at: 0, ["n": .integer(1)], database: "further")
    return source
  }

  /// Tables as `name{tags}: row; row`, or the error.
  private func answer(_ query: String) -> String {
    let answer = Answer.of(
      query, source: Self.source(), context: QueryContext(now: 3_600_000_000_000))
    if let error = answer.error { return "error: \(error)" }
    return answer.tables.map { table in
      let tags = table.tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let rows = table.rows.map { row in
        row.map { value in
          if case .text(let text) = value { text } else { "\(value)" }
        }.joined(separator: " ")
      }
      return table.name + (tags.isEmpty ? "" : "{\(tags.joined(separator: ","))}")
        + ": " + rows.joined(separator: "; ")
    }.joined(separator: " | ")
  }

  static let times = [
    ("SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE time > 15s", "foo: key1 y"),
    ("SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE 15s < time", "foo: key1 y"),
    ("SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE (time) > (15s)", "foo: key1 y"),
    ("SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE time >= 0 AND time < 15s", "foo: key1 x"),
    (
      "SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE time < 5s OR time > 15s",
      "foo: key1 x; key1 y"
    ),
    ("SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE time > 5s AND time < 15s", ""),
    ("SHOW TAG VALUES FROM foo WITH KEY = key1 WHERE time > now() - 3585s", "foo: key1 y"),
    (
      "SHOW TAG VALUES FROM cpu WITH KEY = region WHERE time > 5s AND host != 'b'", "cpu: region us"
    ),
    (
      "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE (host = 'a' OR time > 15s) AND rack = ''",
      "cpu: host a; host c"
    ),
    ("SHOW TAG KEYS WHERE time > 15s", "cpu: host; region | foo: key1; key2 | mem: host; region"),
    ("SHOW TAG KEYS FROM foo WHERE time = 10s", ""),
    ("SHOW MEASUREMENTS WHERE time < 5s", "measurements: cpu; foo; mem; old"),
    ("SHOW MEASUREMENTS WHERE time > 5s AND time < 15s AND host = 'b'", "measurements: cpu; mem"),
    ("SHOW SERIES WHERE time > 15s AND host = 'c'", ": cpu,host=c,region=us; mem,host=c,region=us"),
    ("SHOW SERIES FROM foo WHERE time > 15s OR key1 = 'x'", ": foo,key1=x; foo,key1=y; foo,key2=z"),
    ("SHOW SERIES FROM cpu WHERE time > 25s", ""),
    ("SHOW SERIES EXACT CARDINALITY FROM cpu WHERE time > 5s", "cpu: 2"),
    ("SHOW FIELD KEY CARDINALITY FROM foo WHERE time < 15s", "foo: 1"),
    (
      "SHOW SERIES WHERE time != 0",
      "error: invalid time comparison operator: !="
    ),
  ]

  /// InfluxDB finds shards where this finds rows, and takes no time in SHOW MEASUREMENTS and
  /// CARDINALITY.
  @Test(arguments: times)
  func seriesHaveARowAtTheTimes(_ query: String, _ expected: String) {
    #expect(answer(query) == expected)
  }

  static let names = [
    ("SHOW MEASUREMENTS WHERE _name = 'cpu'", "measurements: cpu"),
    ("SHOW MEASUREMENTS WHERE _name =~ /^[cm]/ AND host = 'c'", "measurements: cpu; mem"),
    ("SHOW MEASUREMENTS WHERE _name != 'cpu' AND 'a' = host", "measurements: mem; old"),
    ("SHOW TAG KEYS WHERE _name = 'foo'", "foo: key1; key2"),
    ("SHOW TAG KEYS WHERE _tagKey =~ /^r/", "cpu: rack; region | mem: region"),
    (
      "SHOW TAG VALUES WITH KEY =~ /./ WHERE _tagKey = 'region' AND host = 'a'",
      "cpu: region eu | mem: region eu"
    ),
    (
      "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE _tagKey = 'region' OR host = 'c'",
      "cpu: host c"
    ),
    ("SHOW SERIES WHERE _name = 'old'", ": old,host=a"),
    (
      "SHOW SERIES WHERE _tagKey = 'host'",
      "error: _tagKey is not supported in WHERE of this statement"
    ),
    ("SHOW MEASUREMENTS WHERE nosuch = 'a'", ""),
    ("SHOW MEASUREMENTS WHERE nosuch != 'a' AND host = 'b'", "measurements: cpu; mem"),
    ("SHOW SERIES FROM cpu WHERE host = region", ""),
    ("SHOW SERIES FROM cpu WHERE true AND rack != ''", ": cpu,host=r,rack=1"),
  ]

  @Test(arguments: names)
  func namesInConditionsMeanWhatTheySay(_ query: String, _ expected: String) {
    #expect(answer(query) == expected)
  }

  static let statements = [
    "SHOW MEASUREMENTS", "SHOW TAG KEYS", "SHOW TAG VALUES WITH KEY = host", "SHOW SERIES",
    "SHOW SERIES EXACT CARDINALITY", "SHOW MEASUREMENT CARDINALITY", "SHOW TAG KEY CARDINALITY",
    "SHOW FIELD KEY CARDINALITY", "SHOW TAG VALUES CARDINALITY WITH KEY = host",
  ]

  /// InfluxDB leaves some of these out of the condition, and lists everything.
  @Test(arguments: statements)
  func whatTagsHaveNoMeaningForIsNamed(_ statement: String) {
    for (condition, error) in [
      ("host > 'a'", "invalid tag comparison operator: host > 'a'"),
      ("host = 1", "right side of '=' must be a tag value string: host = 1"),
      ("host != true", "right side of '!=' must be a tag value string: host != true"),
      ("host = 'a' AND v > 1", "invalid tag comparison operator: v > 1"),
      ("time > 0 OR abs(v) = 1", "invalid tag comparison operator: abs(v) = 1"),
      ("host", "invalid condition expression: host"),
    ] {
      #expect(answer("\(statement) WHERE \(condition)") == "error: \(error)")
    }
  }

  @Test func fieldsInConditionsAreErrors() {
    let error =
      "error: fields not supported in WHERE clause of SHOW: \"v\" is a field of measurement "
    #expect(answer("SHOW SERIES FROM cpu WHERE v = 'a'") == error + "\"cpu\"")
    #expect(answer("SHOW TAG KEYS FROM old, mem WHERE v =~ /a/") == error + "\"mem\"")
    // Those of a measurement that nobody named are no reason to refuse the others.
    #expect(answer("SHOW SERIES WHERE v = ''") == ": old,host=a")
    #expect(
      answer("SHOW SERIES WHERE v = '' AND u = ''").hasPrefix("error: fields not supported"))
  }

  static let sources = [
    ("SHOW FIELD KEYS FROM cpu", "cpu: rf float; v float; w integer"),
    ("SHOW FIELD KEYS FROM other.cpu", "cpu: rf float"),
    ("SHOW FIELD KEYS FROM autogen.cpu", "cpu: v float; w integer"),
    ("SHOW FIELD KEYS FROM golden.other./.*/", "cpu: rf float | old: u float"),
    ("SHOW FIELD KEYS FROM autogen.old", ""),
    ("SHOW FIELD KEYS FROM nosuch.cpu", "error: retention policy not found: nosuch"),
    ("SHOW FIELD KEYS FROM further..cpu", "cpu: n integer"),
    ("SHOW TAG KEYS ON empty FROM further..cpu", "cpu: disk"),
    ("SHOW TAG KEYS FROM other.cpu", "cpu: host; rack"),
    ("SHOW TAG VALUES FROM autogen.cpu WITH KEY = host", "cpu: host a; host b; host c"),
    ("SHOW TAG VALUES FROM other.cpu, old WITH KEY = host", "cpu: host r | old: host a"),
    ("SHOW SERIES FROM other.cpu", ": cpu,host=r,rack=1"),
    ("SHOW SERIES FROM nosuch..cpu", "error: database not found: nosuch"),
    ("SHOW MEASUREMENTS WITH MEASUREMENT =~ other././", "measurements: cpu; old"),
    ("SHOW MEASUREMENTS ON nosuch", ""),
    ("SHOW TAG KEYS ON \"\" FROM foo", "foo: key1; key2"),
  ]

  /// InfluxDB looks at the policy and the database in FROM in some of these statements, here all do.
  @Test(arguments: sources)
  func fromNamesDatabasesAndPolicies(_ query: String, _ expected: String) {
    #expect(answer(query) == expected)
  }

  static let cardinalities = [
    ("SHOW SERIES CARDINALITY", ": 12"),
    ("SHOW SERIES CARDINALITY ON further", ": 1"),
    ("SHOW SERIES CARDINALITY ON empty", ": 0"),
    ("SHOW SERIES CARDINALITY ON nosuch", ": 0"),
    ("SHOW SERIES EXACT CARDINALITY ON nosuch", "error: database not found: nosuch"),
    ("SHOW SERIES EXACT CARDINALITY", "cpu: 4 | foo: 4 | mem: 3 | old: 1"),
    ("SHOW SERIES EXACT CARDINALITY ON empty", ""),
    ("SHOW SERIES CARDINALITY FROM mem, foo", "foo: 4 | mem: 3"),
    ("SHOW SERIES CARDINALITY WHERE host = 'a'", "cpu: 1 | mem: 1 | old: 1"),
    ("SHOW SERIES CARDINALITY LIMIT 1", "cpu: 4 | foo: 4 | mem: 3 | old: 1"),
    ("SHOW SERIES CARDINALITY OFFSET 1", ""),
    (
      "SHOW SERIES CARDINALITY FROM mem GROUP BY region",
      "mem{region=eu}: 2 | mem{region=us}: 1"
    ),
    (
      "SHOW SERIES CARDINALITY FROM foo GROUP BY /1$/",
      "foo{key1=}: 2 | foo{key1=x}: 1 | foo{key1=y}: 1"
    ),
    ("SHOW MEASUREMENT CARDINALITY", ": 4"),
    ("SHOW MEASUREMENT EXACT CARDINALITY", ": 4"),
    ("SHOW MEASUREMENT EXACT CARDINALITY ON empty", ""),
    ("SHOW MEASUREMENT CARDINALITY ON nosuch", ": 0"),
    ("SHOW MEASUREMENT CARDINALITY WHERE host = 'b'", ": 2"),
    ("SHOW MEASUREMENT CARDINALITY FROM /m/", ": 1"),
    (
      "SHOW MEASUREMENT CARDINALITY FROM mem, foo GROUP BY host",
      "{host=}: 1 | {host=a}: 1 | {host=b}: 1 | {host=c}: 1"
    ),
    ("SHOW TAG KEY CARDINALITY", "cpu: 3 | foo: 2 | mem: 2 | old: 1"),
    ("SHOW TAG KEY EXACT CARDINALITY FROM foo WHERE key1 = 'x'", "foo: 1"),
    ("SHOW FIELD KEY CARDINALITY FROM autogen.cpu, foo", "cpu: 2 | foo: 2"),
    ("SHOW FIELD KEY EXACT CARDINALITY FROM foo GROUP BY key2", "foo{key2=}: 2 | foo{key2=z}: 1"),
    ("SHOW TAG VALUES EXACT CARDINALITY FROM mem WITH KEY IN (host, region)", "mem: 5"),
    (
      "SHOW TAG VALUES CARDINALITY FROM mem WITH KEY = host GROUP BY region",
      "mem{region=eu}: 2 | mem{region=us}: 1"
    ),
  ]

  /// Of series outside of the default policy InfluxDB counts only those that FROM names.
  @Test(arguments: cardinalities)
  func cardinalityIsACount(_ query: String, _ expected: String) {
    #expect(answer(query) == expected)
  }

  @Test func estimatesHaveInfluxDBsColumn() {
    for (query, column) in [
      ("SHOW SERIES CARDINALITY", "cardinality estimation"),
      ("SHOW MEASUREMENT CARDINALITY", "cardinality estimation"),
      ("SHOW SERIES EXACT CARDINALITY", "count"), ("SHOW MEASUREMENT EXACT CARDINALITY", "count"),
      ("SHOW TAG KEY CARDINALITY", "count"),
    ] {
      let columns = Answer.of(query, source: Self.source()).tables.map(\.columns)
      #expect(columns.first == [column], "\(query)")
    }
  }

  static let limits = [
    ("SHOW TAG KEYS LIMIT 1 OFFSET 1 SLIMIT 2 SOFFSET 1", "foo: key2 | mem: region"),
    ("SHOW TAG KEYS SOFFSET 9", ""),
    ("SHOW FIELD KEYS SLIMIT 1", "cpu: rf float; v float; w integer"),
    ("SHOW TAG VALUES WITH KEY = host LIMIT 1 SLIMIT 1 SOFFSET 1", "mem: host a"),
    ("SHOW TAG KEYS ORDER BY time DESC SLIMIT 1", "cpu: host; rack; region"),
    ("SHOW MEASUREMENTS ORDER BY ASC LIMIT 1", "measurements: cpu"),
    ("SHOW SERIES ORDER BY time LIMIT 1", ": cpu,host=a,region=eu"),
    ("SHOW TAG VALUES WITH KEY = key2 ORDER BY time", "foo: key2 z"),
    ("SHOW FIELD KEYS ORDER BY time DESC LIMIT 1 SLIMIT 1", "cpu: rf float"),
    (
      "SHOW TAG KEYS ORDER BY tagKey",
      "error: only ORDER BY time supported at this time at line 1, char 24"
    ),
    ("SHOW SERIES SLIMIT 1", "error: found SLIMIT, expected ; at line 1, char 13"),
    (
      "SHOW SERIES CARDINALITY GROUP BY time(1m)",
      "error: time() is not supported in GROUP BY of SHOW at line 1, char 25"
    ),
    ("SHOW SERIES GROUP BY host", "error: found GROUP, expected ; at line 1, char 13"),
  ]

  @Test(arguments: limits)
  func limitsCountRowsAndTables(_ query: String, _ expected: String) {
    #expect(answer(query) == expected)
  }
}
