import Testing

@testable import Query

@Suite struct ParserStatementTests {
  private func parseOne(_ text: String) throws -> Statement {
    let statements = try Parser.parse(text)
    return try #require(statements.count == 1 ? statements.first : nil)
  }

  /// A text, and the canonical one where it differs.
  @Test(
    arguments: [
      ("select a from m", "SELECT a FROM m"),
      (
        "select mean(usage) as u, /^a/ from cpu where time > now() - 1h and host = 'a' "
          + "group by host, time(1m, -5s), /r/, * fill(none) order by time desc limit 10 offset 2 "
          + "slimit 3 soffset 4 tz('Europe/Berlin')",
        "SELECT mean(usage) AS u, /^a/ FROM cpu WHERE time > now() - 1h AND host = 'a' "
          + "GROUP BY time(1m, -5s), host, /r/, * fill(none) ORDER BY time DESC LIMIT 10 OFFSET 2 "
          + "SLIMIT 3 SOFFSET 4 tz('Europe/Berlin')"
      ),
      ("SELECT x FROM m ORDER BY ASC LIMIT 0 OFFSET 0", "SELECT x FROM m"),
      ("SELECT x FROM m fill(NULL)", "SELECT x FROM m"),
      ("SELECT x FROM m fill(-1.50)", "SELECT x FROM m fill(-1.5)"),
      ("SELECT *, *::field, *::tag FROM m", nil),
      (
        "SELECT DISTINCT x, count(DISTINCT \"y z\") FROM m",
        "SELECT distinct(x), count(distinct(\"y z\")) FROM m"
      ),
      (
        "SELECT a::float, b::Integer, c::tag, d.e FROM m",
        "SELECT a::float, b::integer, c::tag, \"d.e\" FROM m"
      ),
      ("SELECT x FROM a.b.c, a..c, b.c, /r/, a.b./r/, a../r/, b./r/", nil),
      ("SELECT x INTO a.b.c FROM m", nil),
      ("SELECT x INTO a.b.:measurement FROM /m/", "SELECT x INTO a.b.:MEASUREMENT FROM /m/"),
      ("SELECT x INTO a..:MEASUREMENT FROM m", nil),
      ("SELECT x INTO :MEASUREMENT FROM m", nil),
      ("SELECT x FROM (SELECT max(y) AS x FROM m GROUP BY time(1m)), (SELECT x FROM n)", nil),
      (
        "SELECT x FROM m GROUP BY host::tag, \"time\"::tag, *::tag",
        "SELECT x FROM m GROUP BY host, time::tag, *"
      ),
      (
        "SELECT rl(\"boutique\"), threshold(boutique), ANOMALY(b) FROM container",
        "SELECT rl(boutique), threshold(boutique), anomaly(b) FROM container"
      ),
      ("EXPLAIN SELECT x FROM m", nil),
      ("EXPLAIN ANALYZE SELECT x FROM m", nil),
      ("SHOW DATABASES", nil),
      ("SHOW RETENTION POLICIES", nil),
      ("SHOW RETENTION POLICIES ON d", nil),
      ("SHOW MEASUREMENTS ON d WITH MEASUREMENT =~ /a.*/ WHERE host = 'a' LIMIT 2 OFFSET 1", nil),
      ("SHOW MEASUREMENTS WITH MEASUREMENT = cpu", nil),
      ("SHOW MEASUREMENT EXACT CARDINALITY ON d", nil),
      ("SHOW MEASUREMENT CARDINALITY FROM /a/ WHERE b = 'c' GROUP BY b, *, /d/ LIMIT 1", nil),
      ("SHOW TAG KEYS FROM a ORDER BY time DESC SLIMIT 1", "SHOW TAG KEYS FROM a SLIMIT 1"),
      ("SHOW TAG KEYS LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4", nil),
      ("SHOW TAG VALUES WITH KEY = a WHERE b = 'c' SLIMIT 3 SOFFSET 4", nil),
      ("SHOW TAG VALUES CARDINALITY WITH KEY = a WHERE b = 'c' GROUP BY b", nil),
      ("SHOW FIELD KEYS FROM rp.a SLIMIT 3", nil),
      ("SHOW TAG KEYS ON d FROM a, /b/ WHERE host = 'a' LIMIT 1 OFFSET 2", nil),
      ("SHOW TAG KEY CARDINALITY FROM a", nil),
      ("SHOW TAG VALUES ON d FROM m WITH KEY = host WHERE a = 'b' LIMIT 1 OFFSET 2", nil),
      ("SHOW TAG VALUES WITH KEY IN (host, \"a b\")", nil),
      ("SHOW TAG VALUES WITH KEY != host", nil),
      ("SHOW TAG VALUES WITH KEY not in (a, b)", "SHOW TAG VALUES WITH KEY NOT IN (a, b)"),
      ("SHOW TAG VALUES WITH KEY =~ /h/", nil),
      ("SHOW TAG VALUES WITH KEY !~ /h/", nil),
      ("SHOW TAG VALUES EXACT CARDINALITY WITH KEY = a", nil),
      ("SHOW FIELD KEYS ON d FROM m LIMIT 3", nil),
      ("SHOW FIELD KEY CARDINALITY", nil),
      ("SHOW SERIES ON d FROM m WHERE host = 'a' LIMIT 1", nil),
      ("SHOW SERIES EXACT CARDINALITY ON d", nil),
      ("SHOW SERIES CARDINALITY", nil),
      ("CREATE DATABASE d", nil),
      (
        "CREATE DATABASE d WITH DURATION 24h REPLICATION 1 SHARD DURATION 60m NAME p",
        "CREATE DATABASE d WITH DURATION 1d REPLICATION 1 SHARD DURATION 1h NAME p"
      ),
      ("CREATE DATABASE d WITH DURATION INF", nil),
      ("DROP DATABASE \"d\"", "DROP DATABASE d"),
      (
        "CREATE RETENTION POLICY p ON d DURATION inf REPLICATION 1 SHARD DURATION 1h DEFAULT",
        "CREATE RETENTION POLICY p ON d DURATION INF REPLICATION 1 SHARD DURATION 1h DEFAULT"
      ),
      ("DROP RETENTION POLICY p ON d", nil),
      ("DROP MEASUREMENT \"a b\"", nil),
      ("DROP SERIES FROM m, /n/ WHERE host = 'a'", nil),
      ("DROP SERIES WHERE host = 'a'", nil),
      ("DELETE FROM m", nil),
      ("DELETE WHERE time < '2020-01-01'", nil),
      (
        "CREATE CONTINUOUS QUERY c ON d RESAMPLE EVERY 10s FOR 5m BEGIN "
          + "SELECT mean(x) INTO y FROM z GROUP BY time(1m) END", nil
      ),
      ("CREATE CONTINUOUS QUERY c ON d BEGIN SELECT x INTO y FROM z GROUP BY time(1m) END", nil),
      ("SHOW CONTINUOUS QUERIES", nil),
      (
        "ALTER RETENTION POLICY default ON d DURATION 1h DEFAULT",
        "ALTER RETENTION POLICY \"default\" ON d DURATION 1h DEFAULT"
      ),
      ("DROP CONTINUOUS QUERY c ON d", nil),
      (
        "create model b from m fields x group by time(1s) using LSTM_Autoencoder",
        "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s) USING lstm_autoencoder"
      ),
      (
        "show suspects on d from rp.health graph calls where pod = 'a' limit 3",
        "SHOW SUSPECTS ON d FROM rp.health GRAPH calls WHERE pod = 'a' LIMIT 3"
      ),
      ("SHOW SUSPECTS FROM health", nil),
      ("SHOW MODELS", nil),
      ("SHOW MODELS ON d", nil),
      ("DROP MODEL b ON d", nil),
      ("RETRAIN MODEL b", nil),
      ("RETRAIN MODEL b ON d SINCE '2026-01-31T00:00:00Z'", nil),
      ("retrain model b since 1700000000000000000", "RETRAIN MODEL b SINCE 1700000000000000000"),
      ("RETRAIN MODEL since SINCE now() - 1d", nil),
      (
        "CREATE MODEL b FROM m FIELDS x GROUP BY time(1s) USING y RETRAIN EVERY 1d OVER 1w", nil
      ),
      ("SHOW QUERIES", nil),
      ("KILL QUERY 18446744073709551615", nil),
      ("KILL QUERY 3 ON host", "KILL QUERY 3"),
    ] as [(String, String?)])
  func statementHasCanonicalText(text: String, canonical: String?) throws {
    #expect(try parseOne(text).description == canonical ?? text)
  }

  @Test func selectHasEveryClause() throws {
    var expected = SelectStatement(
      fields: [.init(.call("mean", [.reference("u", cast: .float)]), alias: "m")],
      sources: [
        .measurement(.init(database: "d", retentionPolicy: "r", name: .literal("n"))),
        .measurement(.init(retentionPolicy: "r", name: .regex("a/b"))),
      ])
    expected.into = .init(database: "e", name: .backReference)
    expected.condition = .binary(.matches, .reference("h", cast: nil), .regex("x"))
    expected.interval = .init(every: 60_000_000_000, offset: 1)
    expected.dimensions = [.tag("t"), .all, .regex("g")]
    expected.fill = .value(.integer(7))
    expected.descending = true
    expected.limit = 1
    expected.offset = 2
    expected.seriesLimit = 3
    expected.seriesOffset = 4
    expected.timeZone = "UTC"
    let text = """
      SELECT mean(u::float) AS m INTO e..:MEASUREMENT FROM d.r.n, r./a\\/b/ WHERE h =~ /x/
      GROUP BY time(1m, 1ns), t, *, /g/ fill(7) ORDER BY time DESC
      LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4 tz('UTC')
      """
    #expect(try parseOne(text) == .select(expected))
  }

  @Test func modelHasEveryClause() throws {
    let text = """
      CREATE MODEL "boutique" ON "metrics"
        FROM raw."container" FIELDS cpu_usage, "sys calls"
        WHERE time >= '2026-01-01T00:00:00Z'
        GROUP BY time(1s), "pod" SHARE BY "the service"
        USING lstm_autoencoder WITH (Window = 30, rate = -0.5, scaling = 'zscore', log = true)
      """
    let expected = CreateModelStatement(
      name: "boutique", database: "metrics",
      source: .init(retentionPolicy: "raw", name: .literal("container")),
      fields: ["cpu_usage", "sys calls"],
      condition: .binary(
        .greaterOrEqual, .reference("time", cast: nil), .string("2026-01-01T00:00:00Z")),
      interval: .init(every: 1_000_000_000), dimensions: [.tag("pod")],
      share: "the service", architecture: "lstm_autoencoder",
      options: [
        .init(name: "window", value: .integer(30)), .init(name: "rate", value: .number(-0.5)),
        .init(name: "scaling", value: .string("zscore")),
        .init(name: "log", value: .boolean(true)),
      ])
    #expect(try parseOne(text) == .createModel(expected))
  }

  @Test func continuousQueryScoresWithModel() throws {
    let text = """
      CREATE CONTINUOUS QUERY "watch" ON "metrics" RESAMPLE EVERY 10s FOR 5m BEGIN
        SELECT rl("boutique"), threshold("boutique"), anomaly("boutique") INTO "container_health"
        FROM "container" GROUP BY time(1s), "pod" END
      """
    guard case .createContinuousQuery(let query) = try parseOne(text) else {
      Issue.record("no continuous query")
      return
    }
    #expect(query.resampleEvery == 10_000_000_000)
    #expect(query.resampleFor == 300_000_000_000)
    #expect(query.select.fields.map(\.columnName) == ["rl", "threshold", "anomaly"])
    #expect(query.select.into?.name == .literal("container_health"))
  }

  @Test func wordsOfModelsRemainOrdinaryNames() throws {
    let text =
      "SELECT model, models, using, fields, retrain, share, \"not\" FROM model, fields, using"
    #expect(
      try parseOne(text).description
        == "SELECT model, models, using, fields, retrain, share, not FROM model, fields, using")
    #expect(
      try parseOne("CREATE MODEL model FROM fields FIELDS fields GROUP BY time(1s) USING using")
        .description == "CREATE MODEL model FROM fields FIELDS fields GROUP BY time(1s) USING using"
    )
    let shared =
      "CREATE MODEL m FROM m FIELDS share GROUP BY time(1s), share SHARE BY share USING using"
    #expect(try parseOne(shared).description == shared)
    for wrong in [" SHARE service", " SHARE BY", " SHARE BY a, b", " SHARE BY 'a'", " SHARE BY *"] {
      let text = "CREATE MODEL m FROM m FIELDS f GROUP BY time(1s), pod\(wrong) USING n"
      #expect(throws: ParseError.self, "\(wrong)") { try parseOne(text) }
    }
  }

  @Test func semicolonsSeparateAndRepeat() throws {
    #expect(try Parser.parse(";;SHOW DATABASES; ;SHOW QUERIES;") == [.showDatabases, .showQueries])
    #expect(try Parser.parse(" -- nothing\n/* here */") == [])
  }

  @Test func commentsStandWhereSpaceCan() throws {
    let text = "SELECT/* a */x -- b\n,/*c**/y FROM--d\r\nm"
    #expect(try parseOne(text).description == "SELECT x, y FROM m")
  }

  @Test func onlyStatementsThatChangeNothingAreReadOnly() throws {
    let readOnly = [
      "SELECT x FROM m", "EXPLAIN ANALYZE SELECT x FROM m", "SHOW SERIES", "SHOW MODELS",
      "SHOW TAG VALUES WITH KEY = a", "SHOW CONTINUOUS QUERIES", "SHOW QUERIES",
      "SHOW SUSPECTS FROM health",
    ]
    let writing = [
      "SELECT x INTO y FROM m", "EXPLAIN ANALYZE SELECT x INTO y FROM m", "DELETE FROM m",
      "DROP MODEL m", "RETRAIN MODEL m", "KILL QUERY 1", "CREATE DATABASE d",
    ]
    for text in readOnly { #expect(try parseOne(text).isReadOnly, "\(text)") }
    for text in writing { #expect(try !parseOne(text).isReadOnly, "\(text)") }
  }

  @Test func columnIsNamedAsInfluxDBNamesIt() throws {
    let text = "SELECT a AS b, mean(x), max(x) - min(y) * z, (c), -d, 3, top(x, 2) FROM m"
    guard case .select(let select) = try parseOne(text) else { return }
    #expect(
      select.fields.map(\.columnName) == ["b", "mean", "max_min_z", "c", "d", "", "top"])
  }
}
