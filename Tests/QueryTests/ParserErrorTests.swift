import Testing

@testable import Query

@Suite struct ParserErrorTests {
  /// Texts with InfluxDB 1.6.7's own messages for them, positions and all.
  @Test(arguments: [
    ("SELECT", "found EOF, expected identifier, string, number, bool at line 1, char 8"),
    ("SELECT x", "found EOF, expected FROM at line 1, char 10"),
    ("SELECT x FROM", "found EOF, expected identifier at line 1, char 15"),
    ("SELECT x FROM m,", "found EOF, expected identifier at line 1, char 18"),
    (
      "SELECT x, FROM m", "found FROM, expected identifier, string, number, bool at line 1, char 11"
    ),
    ("SELECT x y FROM m", "found y, expected FROM at line 1, char 10"),
    ("SELECT x AS FROM m", "found FROM, expected identifier at line 1, char 13"),
    ("SELECT foo (x) FROM m", "found (, expected FROM at line 1, char 12"),
    ("SELECT f(x FROM m", "found FROM, expected ) at line 1, char 12"),
    ("SELECT (x FROM m", "found FROM, expected ) at line 1, char 11"),
    ("SELECT - FROM m", "found FROM, expected identifier, number, duration, ( at line 1, char 10"),
    ("SELECT distinct FROM m", "found FROM, expected identifier at line 1, char 17"),
    ("SELECT *::foo FROM m", "found foo, expected field, tag at line 1, char 11"),
    (
      "SELECT a::foo FROM m",
      "found foo, expected float, integer, unsigned, string, boolean, field, tag at line 1, char 11"
    ),
    ("SELECT 1..2 FROM m", "found .2, expected FROM at line 1, char 10"),
    ("SELECT @ FROM m", "found @, expected identifier, string, number, bool at line 1, char 8"),
    ("SELECT x /* foo", "found ILLEGAL, expected FROM at line 1, char 10"),
    ("SELECT x -- foo", "found EOF, expected FROM at line 1, char 17"),
    ("SELECT /a FROM m", "bad regex:  at line 1, char 7"),
    (
      "SELECT x = 3 FROM m",
      "invalid operator = in SELECT clause at line 1, char 8; operator is intended for WHERE clause"
    ),
    (
      "SELECT 99999999999999999999 FROM m", "unable to parse integer at line 1, char 8"
    ),
    (
      "SELECT 'abc FROM m",
      "found abc FROM m, expected identifier, string, number, bool at line 1, char 7"
    ),
    (
      "SELECT '\\q' FROM m",
      "found \\q, expected identifier, string, number, bool at line 1, char 10"
    ),
    ("SELECT x\nFROM 'm'", "found m, expected identifier at line 2, char 5"),
    (
      "SELECT x FROM m WHERE x >",
      "found EOF, expected identifier, string, number, bool at line 1, char 26"
    ),
    ("SELECT x FROM m WHERE x =~ \"a\"", "found a, expected regex at line 1, char 28"),
    (
      "SELECT x FROM m WHERE a = /x/",
      "found /, expected identifier, string, number, bool at line 1, char 27"
    ),
    ("SELECT x FROM m WHERE a = 1 b = 2", "found b, expected ; at line 1, char 29"),
    ("SELECT x FROM m WHERE a = 'x' 'y'", "found y, expected ; at line 1, char 30"),
    ("SELECT x FROM m GROUP", "found EOF, expected BY at line 1, char 23"),
    ("SELECT x FROM m ORDER BY", "found EOF, expected identifier, ASC, DESC at line 1, char 26"),
    ("SELECT x FROM m LIMIT -1", "found -, expected integer at line 1, char 23"),
    ("SELECT x FROM m LIMIT 3 ORDER BY time", "found ORDER, expected ; at line 1, char 25"),
    ("SELECT x FROM m SELECT y FROM n", "found SELECT, expected ; at line 1, char 17"),
    ("SELECT x FROM (x", "found x, expected SELECT at line 1, char 16"),
    ("SELECT x FROM (SELECT x FROM m", "found EOF, expected ) at line 1, char 32"),
    ("SELECT x FROM :MEASUREMENT", "found :, expected identifier at line 1, char 15"),
    ("SELECT x INTO :foo FROM m", "found :, expected identifier at line 1, char 15"),
    ("SELECT x INTO z.:foo FROM m", "found foo, expected MEASUREMENT at line 1, char 18"),
    ("SHOW CONTINUOUS", "found EOF, expected QUERIES at line 1, char 17"),
    ("SHOW TAG", "found EOF, expected KEY, KEYS, VALUES at line 1, char 10"),
    ("SHOW FIELD", "found EOF, expected KEY, KEYS at line 1, char 12"),
    ("SHOW MEASUREMENT", "found EOF, expected EXACT, CARDINALITY at line 1, char 18"),
    ("SHOW MEASUREMENT EXACT", "found EOF, expected CARDINALITY at line 1, char 24"),
    ("SHOW MEASUREMENTS WITH KEY", "found KEY, expected MEASUREMENT at line 1, char 24"),
    ("SHOW MEASUREMENTS WITH MEASUREMENT > x", "found >, expected =, =~ at line 1, char 36"),
    ("SHOW TAG VALUES", "found EOF, expected WITH at line 1, char 17"),
    ("SHOW TAG VALUES WITH KEY > a", "found >, expected IN, =, =~ at line 1, char 26"),
    ("SHOW TAG VALUES WITH KEY IN (a", "found EOF, expected ) at line 1, char 32"),
    ("SHOW FIELD KEYS WHERE x = 1", "found WHERE, expected ; at line 1, char 17"),
    ("SHOW DATABASES foo", "found foo, expected ; at line 1, char 16"),
    (
      "CREATE DATABASE d WITH",
      "found EOF, expected DURATION, NAME, REPLICATION, SHARD at line 1, char 24"
    ),
    (
      "CREATE DATABASE z WITH REPLICATION 1 DURATION 1h",
      "found DURATION, expected ; at line 1, char 38"
    ),
    ("CREATE RETENTION POLICY p ON a", "found EOF, expected DURATION at line 1, char 32"),
    ("CREATE RETENTION POLICY p ON a DURATION 5", "found 5, expected duration at line 1, char 41"),
    (
      "CREATE RETENTION POLICY p ON a DURATION 5x REPLICATION 1",
      "invalid duration at line 1, char 41"
    ),
    (
      "CREATE RETENTION POLICY p ON a DURATION INF REPLICATION 0",
      "invalid value 0: must be 1 <= n <= 2147483647 at line 1, char 57"
    ),
    (
      "CREATE RETENTION POLICY p ON a DURATION INF REPLICATION 1 SHARD DURATION INF",
      "invalid duration INF for shard duration at line 1, char 74"
    ),
    (
      "ALTER RETENTION POLICY p ON a",
      "found EOF, expected DURATION, REPLICATION, SHARD, DEFAULT at line 1, char 31"
    ),
    (
      "ALTER RETENTION POLICY p ON a DEFAULT DURATION 1h DEFAULT",
      "found duplicate DEFAULT option at line 1, char 51"
    ),
    (
      "ALTER RETENTION POLICY p ON a SHARD DURATION INF",
      "invalid duration INF for shard duration at line 1, char 46"
    ),
    ("ALTER DATABASE a", "found DATABASE, expected RETENTION at line 1, char 7"),
    ("DROP MEASUREMENT /x/", "found /, expected identifier at line 1, char 18"),
    ("DROP SERIES", "found EOF, expected FROM, WHERE at line 1, char 13"),
    ("DELETE", "found EOF, expected FROM, WHERE at line 1, char 8"),
    ("DROP CONTINUOUS QUERY q", "found EOF, expected ON at line 1, char 25"),
    (
      "CREATE CONTINUOUS QUERY q ON a BEGIN SELECT x FROM m END",
      "found FROM, expected INTO at line 1, char 47"
    ),
    (
      "CREATE CONTINUOUS QUERY q ON a RESAMPLE BEGIN SELECT x FROM m END",
      "found BEGIN, expected EVERY, FOR at line 1, char 41"
    ),
    (
      "CREATE CONTINUOUS QUERY q ON a BEGIN SELECT mean(x) INTO z FROM m GROUP BY time(1m)",
      "found EOF, expected END at line 1, char 84"
    ),
    (
      "CREATE CONTINUOUS QUERY q ON a BEGIN SELECT mean(x) INTO z FROM m END",
      "found m, expected GROUP BY time(...) at line 1, char 65"
    ),
    (
      "CREATE CONTINUOUS QUERY q ON a BEGIN SELECT mean(x) INTO z FROM m GROUP BY time(0s) END",
      "found ), expected GROUP BY time(...) at line 1, char 83"
    ),
    (
      "SELECT v FROM a; SELECT v FROM /[/",
      "error parsing regexp: missing closing ]: `[` at line 1, char 31"
    ),
    ("SELECT /(/ FROM a", "error parsing regexp: missing closing ): `(` at line 1, char 7"),
    (
      "SELECT v FROM a WHERE h =~ /a{2,1}/",
      "error parsing regexp: invalid repeat count: `{2,1}` at line 1, char 27"
    ),
    (
      "SELECT v FROM a GROUP BY /[/",
      "error parsing regexp: missing closing ]: `[` at line 1, char 25"
    ),
    (
      "SHOW TAG VALUES WITH KEY =~ /[/",
      "error parsing regexp: missing closing ]: `[` at line 1, char 28"
    ),
    ("DELETE FROM /[/", "error parsing regexp: missing closing ]: `[` at line 1, char 12"),
    (
      "SELECT first(/[/) FROM a",
      "error parsing regexp: missing closing ]: `[` at line 1, char 13"
    ),
    ("KILL QUERY x", "found x, expected integer at line 1, char 12"),
    ("EXPLAIN", "found EOF, expected SELECT at line 1, char 9"),
  ])
  func messageIsInfluxDBs(text: String, message: String) {
    let error = #expect(throws: ParseError.self) { try Parser.parse(text) }
    #expect(error?.message == message)
    #expect(error?.serverMessage == "error parsing query: " + message)
  }

  /// What InfluxDB says without a position, or not at all.
  @Test(arguments: [
    (
      "foo",
      "found foo, expected SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, ALTER, KILL, RETRAIN at line 1, char 1"
    ),
    ("SELECT $x FROM m", "missing parameter: x at line 1, char 8"),
    ("SELECT $ FROM m", "empty bound parameter at line 1, char 8"),
    (
      "SELECT -9223372036854775809 FROM m",
      "constant -9223372036854775809 underflows int64 at line 1, char 9"
    ),
    ("SELECT a.b.c.d FROM m", "too many segments in a.b.c.d at line 1, char 8"),
    ("SELECT x FROM a.b.c./d/", "too many segments in a.b.c at line 1, char 15"),
    ("SELECT x FROM m WHERE time > now() - 1y", "invalid duration at line 1, char 38"),
    (
      "SELECT x FROM m WHERE time > 99999999999w",
      "overflowed duration 99999999999w: choose a smaller duration or INF at line 1, char 30"
    ),
    (
      "SELECT x FROM m LIMIT 9223372036854775808",
      "invalid value 9223372036854775808: must be 0 <= n <= 9223372036854775807 at line 1, char 23"
    ),
    ("KILL QUERY 18446744073709551616", "unable to parse integer at line 1, char 12"),
    (
      "SELECT x FROM m fill()",
      "fill requires an argument, e.g.: 0, null, none, previous, linear at line 1, char 17"
    ),
    ("SELECT x FROM m fill(y)", "expected number argument in fill() at line 1, char 17"),
    ("SELECT x FROM m fill", "fill must be a function call at line 1, char 17"),
    ("SELECT x FROM m tz(3)", "expected string argument in tz() at line 1, char 17"),
    ("SELECT x FROM m tz()", "tz requires exactly one argument at line 1, char 17"),
    (
      "SELECT x FROM m ORDER BY x", "only ORDER BY time supported at this time at line 1, char 26"
    ),
    (
      "SELECT x FROM m ORDER BY time, time",
      "only ORDER BY time supported at this time at line 1, char 26"
    ),
    (
      "SELECT x FROM m GROUP BY time(1)",
      "time dimension must have duration argument at line 1, char 26"
    ),
    (
      "SELECT x FROM m GROUP BY time(1m, 1m, 1m)",
      "time dimension expected 1 or 2 arguments at line 1, char 26"
    ),
    (
      "SELECT x FROM m GROUP BY time(1m, now())",
      "time dimension offset must be duration at line 1, char 26"
    ),
    (
      "SELECT v FROM a tz('Mars/Base')",
      "unable to find time zone Mars/Base at line 1, char 17"
    ),
    (
      "SELECT v FROM (SELECT v FROM a tz('Mars/Base'))",
      "unable to find time zone Mars/Base at line 1, char 32"
    ),
    (
      "CREATE MODEL a FROM m FIELDS x GROUP BY time(-1m) USING lstm_autoencoder",
      "time dimension must be longer than zero at line 1, char 32"
    ),
    (
      "SELECT x FROM m GROUP BY time(1m), time(2m)",
      "multiple time dimensions not allowed at line 1, char 36"
    ),
    (
      "SELECT x FROM m GROUP BY foo(1m)",
      "only time() calls allowed in dimensions at line 1, char 26"
    ),
    ("SELECT x FROM m GROUP BY 5", "only time and tag dimensions allowed at line 1, char 26"),
    (
      "SELECT x FROM m GROUP BY time",
      "time() is a function and expects at least one argument at line 1, char 26"
    ),
    ("SELECT x FROM (SELECT y INTO z FROM m)", "found INTO, expected FROM at line 1, char 25"),
    ("SELECT x FROM m WHERE a =~ /b/ + 1", "found +, expected AND, OR at line 1, char 32"),
    ("DROP SERIES FROM a..m", "database not supported at line 1, char 18"),
    ("DELETE FROM b.m", "retention policy not supported at line 1, char 13"),
    ("CREATE MODEL b ON d FROM /m/", "found /, expected identifier at line 1, char 26"),
    ("CREATE MODEL b FROM r./m/", "a model has one measurement, not a regex at line 1, char 21"),
    ("CREATE MODEL b FROM m", "found EOF, expected FIELDS at line 1, char 23"),
    ("CREATE MODEL b FROM m \"fields\" x", "found fields, expected FIELDS at line 1, char 23"),
    (
      "CREATE MODEL b FROM m FIELDS x USING y",
      "found USING, expected GROUP BY time(...) at line 1, char 32"
    ),
    (
      "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s)",
      "found EOF, expected USING at line 1, char 49"
    ),
    (
      "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s) USING y WITH (a = 1, A = 2)",
      "option a is given twice at line 1, char 71"
    ),
    (
      "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s) USING y RETRAIN EVERY 1d",
      "found EOF, expected OVER at line 1, char 74"
    ),
    (
      "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s) USING y RETRAIN EVERY 0s OVER 1d",
      "duration must be above 0 at line 1, char 72"
    ),
    (
      "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s) USING y WITH (a = z)",
      "found z, expected string, number, bool, duration at line 1, char 68"
    ),
    ("RETRAIN b", "found b, expected MODEL at line 1, char 9"),
  ])
  func messageSaysWhatAndWhere(text: String, message: String) {
    let error = #expect(throws: ParseError.self) { try Parser.parse(text) }
    #expect(error?.message == message)
  }

  @Test func positionCountsScalarsOfTheLine() {
    let error = #expect(throws: ParseError.self) {
      try Parser.parse("SELECT \"é🙂\" FROM m;\r\nSHOW DATABASES \t)")
    }
    #expect(error?.line == 2)
    #expect(error?.character == 17)
  }

  @Test(arguments: ["(", "f(", "-(", "f(g((", "(SELECT x FROM "])
  func nestingIsLimited(opening: String) {
    for prefix in ["SELECT ", "SELECT x FROM ", "SELECT x FROM m WHERE ", "DELETE WHERE "] {
      let text = prefix + String(repeating: opening, count: 100_000)
      #expect(throws: ParseError.self) { try Parser.parse(text) }
    }
  }

  @Test func deepestNestingIsReadAndItsTextToo() throws {
    let levels = Parser.depthLimit - 1
    for (open, close) in [("(", ")"), ("f(", ")"), ("x + (", ")")] {
      let depth = open.hasPrefix("x") ? levels / 2 : levels
      let text =
        "DELETE WHERE " + String(repeating: open, count: depth) + "x"
        + String(repeating: close, count: depth)
      let statements = try Parser.parse(text)
      #expect(statements.map(\.description).joined() == text)
    }
    let subqueries =
      String(repeating: "SELECT x FROM (", count: Parser.depthLimit) + "SELECT x FROM m"
      + String(repeating: ")", count: Parser.depthLimit)
    #expect(try Parser.parse(subqueries).map(\.description) == [subqueries])
  }

  /// A chain makes a tree that leans to the left, whose walk goes as deep as it is long.
  @Test func arithmeticChainIsLimited() throws {
    let terms = Array(repeating: "x", count: Parser.depthLimit)
    #expect(try Parser.parse("DELETE WHERE " + terms.joined(separator: " + ")).count == 1)
    let error = #expect(throws: ParseError.self) {
      try Parser.parse("DELETE WHERE x + " + terms.joined(separator: " + "))
    }
    #expect(error?.message.contains("nesting is too deep") ?? false)
  }

  @Test func conditionWithThousandsOfAlternativesIsRead() throws {
    let text =
      "DELETE WHERE " + (0..<20_000).map { "a = '\($0)' AND b = 1" }.joined(separator: " OR ")
    #expect(try Parser.parse(text).map(\.description) == [text])
  }
}
