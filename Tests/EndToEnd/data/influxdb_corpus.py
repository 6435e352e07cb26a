"""The data and the requests with which vigild is compared with InfluxDB: everything is made here,
deterministically. Times of different series differ, because InfluxDB gives points of one time in no
particular order."""

DAY = 86400
T0 = 1577836800  # 2020-01-01T00:00:00Z
# Queries that vigild answers otherwise on purpose (docs/query-language.md, "Differences").
DELIBERATE = {
    "SELECT value, count FROM load WHERE time > 5 OR host = 'a'": "OR unites times with conditions",
    "SELECT count(value) FROM load WHERE time > 5 OR host = 'a' GROUP BY host": "OR unites times with conditions",
    "SELECT i + 1 FROM ends": "an integer that does not fit is an error",
}
SPAN = "time >= '2020-01-01T00:00:00Z' AND time < '2020-01-01T00:10:00Z'"


def points():
    lines = []
    for n, tags in enumerate(["host=a,zone=eu", "host=b,zone=us", "host=c", "zone=eu", ""]):
        key = "load" + ("," + tags if tags else "")
        for i in range(30):
            fields = ["value=%s" % (((i * 7919 + n * 104729) % 1000) / 8 + (n + 1) / 64)]
            if i % 3 == n % 3:
                fields.append("count=%di" % ((i * 31 + n * 17) % 101 - 50))
            if i % 4 == 0:
                fields.append("up=%s" % ("t" if i % 8 else "False"))
            if i % 5 == n:
                fields.append('state="%s"' % ["ok", "bad", "", "slow \\\"q\\\""][(i // 5 + n) % 4])
            lines.append("%s %s %d" % (key, ",".join(fields), (T0 + i * 20) * 10**9 + n))
    # Before 1970, and around midnights.
    for i, t in enumerate([-2 * DAY, -DAY - 1, -DAY, -1, 0, 1, DAY - 1, DAY, 2 * DAY]):
        lines.append("old,era=%s v=%di,f=%s %d" % ("before" if t < 0 else "after", i, i / 4, t * 10**9))
    for i in range(-3, 4):
        lines.append("midnight v=%di %d" % (i, (T0 + 5 * DAY) * 10**9 + i))
        lines.append("midnight,side=%s v=%di,w=%di %d" % (
            "l" if i < 0 else "r", i, i * i, (T0 + 6 * DAY + i * 3600 * 8) * 10**9 + 500))
    # The ends of the types.
    ends = ["9223372036854775807i", "-9223372036854775808i", "0i", "1i", "-1i"]
    floats = ["1e308", "-1.7976931348623157e+308", "5e-324", "0.1", "-0.0", "1e21", "1e20", "1e-7",
              "0.000001", "123456789.125", "9007199254740993", "-1", "3", "1.0"]
    for i, v in enumerate(ends):
        lines.append("ends i=%s %d" % (v, (T0 + i) * 10**9))
    for i, v in enumerate(floats):
        lines.append("ends f=%s %d" % (v, (T0 + i) * 10**9))
    lines += ["ends,at=min v=1i -9223372036854775806", "ends,at=max v=2i 9223372036854775806"]
    # Names and texts that need escapes.
    lines += [
        r'with\ space,tag\ key=tag\ value,comma\,key=comma\,value,equal\=key=equal\=value f\ 1=1,f\,2=2,f\=3=3 %d' % (T0 * 10**9),
        r'comma\,name,k=\"q\" text="line one\nstill one \\ \" end",t2="tab	here" %d' % (T0 * 10**9 + 1),
        'währung,stadt=münchen,emoji=😀 betrag=12.5,text="grüße 日本 <&> \u2028" %d' % (T0 * 10**9 + 2),
        'quote"s,t=it\'s v=1 %d' % (T0 * 10**9 + 3),
        'slash/m,path=/a/b v="c:\\dir" %d' % (T0 * 10**9 + 4),
        "select,from=where time2=1,limit=2i %d" % (T0 * 10**9 + 5),
        'texts s="" %d' % (T0 * 10**9), 'texts s="a\nb" %d' % (T0 * 10**9 + 1),
        'texts s="%s" %d' % ("x" * 5000, T0 * 10**9 + 2), 'texts s="\x01\x7f</script>" %d' % (T0 * 10**9 + 3),
    ]
    # Sparse fields, each in other rows.
    for i in range(12):
        lines.append("sparse,k=%s f%d=%di,all=%d %d" % ("ab"[i % 2], i % 4, i, i, (T0 + 60 * i + i % 2) * 10**9))
    # The same point again: the later one wins, field by field.
    lines += ["twice,k=a x=1,y=1 %d" % (T0 * 10**9), "twice,k=a x=2,z=2 %d" % (T0 * 10**9)]
    return lines


def queries():
    q = []
    numbers = ["count", "sum", "mean", "min", "max", "first", "last", "median", "stddev", "spread",
               "mode", "distinct", "integral"]
    calls = [n + "(%s)" for n in numbers] + [
        "percentile(%s, 90)", "percentile(%s, 65)", "top(%s, 2)", "bottom(%s, 2)", "count(distinct(%s))"]
    for call in calls:
        for field in ["value", "count"]:
            c = call % field
            q += ["SELECT %s FROM load" % c,
                  "SELECT %s FROM load WHERE %s GROUP BY time(1m)" % (c, SPAN)]
            if "integral" not in call:
                q.append("SELECT %s FROM load WHERE %s GROUP BY time(150s, 20s), host" % (c, SPAN))
        if "integral" in call:  # InfluxDB mixes up the series of an integral and fills nothing
            continue
        q += ["SELECT %s FROM load WHERE %s GROUP BY zone ORDER BY time DESC" % (call % "value", SPAN),
              "SELECT %s FROM old" % (call % "v"),
              "SELECT %s FROM old WHERE time >= -3d AND time < 4d GROUP BY time(1d)" % (call % "f"),
              "SELECT %s FROM midnight WHERE time >= '2020-01-05' AND time < '2020-01-09' GROUP BY time(12h, 1h), side" % (call % "v")]
        if "sum" not in call and "spread" not in call and "integral" not in call:
            q.append("SELECT %s FROM ends" % (call % "i"))
    for fill in ["null", "none", "0", "-2.5", "previous", "linear"]:
        for c in ["mean(all)", "count(f0)", "max(f1)", "sum(f2)", "first(f3), last(f0)"]:
            for group in ["time(1m)", "time(30s, 15s), k", "time(4m, -1m)"]:
                q.append("SELECT %s FROM sparse WHERE time >= '2019-12-31T23:58:00Z' AND time < "
                         "'2020-01-01T00:14:00Z' GROUP BY %s FILL(%s)" % (c, group, fill))
        q.append("SELECT mean(value) FROM load WHERE %s GROUP BY time(2m), host FILL(%s) ORDER BY time "
                 "DESC LIMIT 3 OFFSET 1 SLIMIT 2 SOFFSET 1" % (SPAN, fill))
        q.append("SELECT last(state), count(up), mean(value) FROM load WHERE %s GROUP BY time(40s) "
                 "FILL(%s)" % (SPAN, fill if fill != "linear" else "null"))
    for condition in [
            "host = 'a'", "host != 'a'", "host = ''", "host != ''", "host =~ /a|b/", "host !~ /^[ab]$/",
            "host =~ /^$/", "zone = 'eu' AND host = 'a'", "zone = 'eu' OR host = 'b'", "host = 'nobody'",
            "value > 50", "value > 50 AND host = 'a'", "value > 100 OR host = 'c'", "count < 0",
            "count = value", "up = true", "up != true", "state = 'ok'", "state = ''", "state =~ /slow/",
            "state != 'ok'", "nosuch = 1", "nosuch = 'x'", "host = zone", "value + count > 60",
            "value * 2 < 20", "NOT host = 'a'", "(value > 100 OR count > 20) AND (host = 'a' OR zone = 'eu')",
            "count % 2 = 0", "value >= 10 AND value <= 20", "host = \"a\"", "'a' = host", "50 < value",
            "value > 'x'", "up > 1", "state = 1", "host = 1", "time = '2020-01-01T00:00:20Z'",
            "time > 1577837100s", "time > 1577837100000ms AND time < 1577837200s", "time > now() - 1h",
            "time >= '2020-01-01T00:05:00Z' - 1m AND time < '2020-01-01T00:05:00Z' + 30s",
            "time > '2020-13-01'", "time != 5", "time > 5 OR host = 'a'"]:
        q += ["SELECT value, count FROM load WHERE " + condition,
              "SELECT count(value) FROM load WHERE %s GROUP BY host" % condition]
    for fields in ["*", "*::field", "*::tag", "/^(v|c)/", "value::float, count::integer", "value::integer",
                   "host, value", "host", "value, nosuch", "nosuch", "value + count", "value * 2 AS twice",
                   "-value", "value / 0", "value / count", "count % 7", "count / 2", "count & 7", "count | 1",
                   "count ^ 3", "up AND up", "value AS a, value AS a", "value, value", "1", "state, up",
                   "max(value), host", "top(value, host, 2)", "max(value), min(value)",
                   "mean(*)", "count(*)", "max(/c|v/)", "mean(value) + sum(count) * 2", "mean(value), value",
                   "first(*)", "sum(state)", "mean(up)", "first(up), last(state)", "mode(state)",
                   "distinct(state)", "DISTINCT count", "percentile(value)", "percentile(value, 0)",
                   "percentile(value, 100)", "top(value, 0)", "nosuch(value)", "mean()", "mean(value, 2)",
                   "derivative(value)", "derivative(value, 1m)", "difference(count)", "elapsed(value, 1s)",
                   "cumulative_sum(count)", "moving_average(value, 3)", "moving_average(value, 1)",
                   "non_negative_derivative(value, 20s)", "non_negative_difference(value)",
                   "abs(value)", "sqrt(value)", "ln(value)", "log(value, 10)", "log2(value)", "log10(value)",
                   "exp(count)", "pow(value, 2)", "sin(value), cos(value), tan(value)", "asin(value)",
                   "atan2(value, count)", "floor(value), ceil(value), round(value)", "pow(count, 2)",
                   "derivative(mean(value))", "mean(value), max(count), last(state)", "time, value", "time", "count(time)", "value::string",
                   "sum(value) / count(value)", "count(value) / 3", "sum(count) / 2",
                   "max(value) AS m, host", "count(distinct(state))", "spread(value) * -1", "mean(nosuch)"]:
        q += ["SELECT %s FROM load WHERE host = 'a'" % fields, "SELECT %s FROM load GROUP BY zone LIMIT 3" % fields,
              "SELECT %s FROM load WHERE %s GROUP BY time(2m)" % (fields, SPAN)]
    q += ["SELECT * FROM " + m for m in [
        '"with space"', '"comma,name"', '"währung"', '"quote\\"s"', '"slash/m"', '"select"', "ends", "texts",
        "twice", "sparse", "old", "midnight", "nosuch", "/s/", "/^(old|twice)$/", "load, sparse",
        "clients.own.twice", "clients..twice", "own.twice", "nosuch.own.twice", "nosuch.twice",
        "clients.nosuch.twice", "(SELECT * FROM twice)", "(SELECT mean(all) AS m FROM sparse GROUP BY k)",
        "(SELECT max(value) FROM load GROUP BY host), (SELECT max(all) FROM sparse)"]]
    q += ["SELECT * FROM \"with space\" WHERE \"tag key\" = 'tag value'",
          'SELECT "f 1" + "f,2" FROM "with space" GROUP BY *', "SELECT * FROM texts WHERE s = 'a\\nb'",
          "SELECT * FROM \"select\" GROUP BY \"from\"", "SELECT betrag FROM \"währung\" WHERE stadt = 'münchen' GROUP BY emoji",
          "SELECT * FROM ends GROUP BY at", "SELECT v FROM ends WHERE time < 0", "SELECT v FROM ends WHERE time > '2100-01-01'",
          "SELECT count(v) FROM ends", "SELECT f + 1 FROM ends", "SELECT i + 1 FROM ends", "SELECT i * 2.5 FROM ends",
          "SELECT i FROM ends WHERE i > 9223372036854775806", "SELECT i FROM ends WHERE i = -9223372036854775808",
          "SELECT f FROM ends WHERE f = 0", 
          "SELECT mean(m) FROM (SELECT max(value) AS m FROM load WHERE %s GROUP BY time(1m), host)" % SPAN,
          "SELECT count(value) FROM load GROUP BY *", "SELECT count(value) FROM load GROUP BY /h/",
          "SELECT count(value) FROM load GROUP BY nosuch", "SELECT count(value) FROM load GROUP BY host, zone SLIMIT 2",
          "SELECT count(value) FROM load GROUP BY host SLIMIT 2 SOFFSET 9", "SELECT value FROM load LIMIT 0",
          "SELECT value FROM load LIMIT 3", "SELECT value FROM load LIMIT 3 OFFSET 149", "SELECT value FROM load LIMIT 2 OFFSET 148",
          "SELECT value FROM load ORDER BY time DESC LIMIT 2", "SELECT value FROM load ORDER BY time ASC LIMIT 2",
          
          "SELECT mean(value) FROM load WHERE time > now() - 1ms GROUP BY time(1s)", "SELECT mean(value) FROM load GROUP BY value",
          "SELECT value FROM load GROUP BY time(1m)",
          "SELECT mean(value) FROM load WHERE %s GROUP BY time(1h) tz('America/New_York')" % SPAN,
          "SELECT mean(v) FROM midnight WHERE time >= '2020-01-05' AND time < '2020-01-10' GROUP BY time(1d) tz('Europe/Berlin')",
          "SELECT sum(v) FROM old WHERE time >= -1w AND time < 1w GROUP BY time(1w)"]
    q += ["SHOW " + s for s in [
        "DATABASES", "MEASUREMENTS", "MEASUREMENTS WITH MEASUREMENT = load", "MEASUREMENTS WITH MEASUREMENT =~ /s/",
        "MEASUREMENTS WHERE host = 'a'", "MEASUREMENTS WHERE host =~ /./", "MEASUREMENTS LIMIT 2 OFFSET 1", "MEASUREMENTS ON clients",
        "MEASUREMENTS ON nosuch", "TAG KEYS", "TAG KEYS FROM load", "TAG KEYS FROM /s/", "TAG KEYS FROM nosuch", "TAG KEYS LIMIT 1",
        "TAG VALUES WITH KEY = host", "TAG VALUES FROM load WITH KEY IN (host, zone)", "TAG VALUES WITH KEY =~ /./",
        "TAG VALUES WITH KEY != host", "TAG VALUES FROM load WITH KEY = zone WHERE host = 'a'", "TAG VALUES WITH KEY = nosuch",
        "TAG VALUES", "TAG VALUES FROM load WITH KEY = host LIMIT 1 OFFSET 1", "FIELD KEYS", "FIELD KEYS FROM load",
        "FIELD KEYS FROM /s/", "FIELD KEYS FROM nosuch", "SERIES", "SERIES FROM load", "SERIES FROM load WHERE host = 'a'",
        "SERIES WHERE zone =~ /eu|us/", "SERIES LIMIT 3", "SERIES LIMIT 3 OFFSET 2", "SERIES FROM nosuch", 
        "RETENTION POLICIES", "RETENTION POLICIES ON nosuch", "SERIES EXACT CARDINALITY FROM load",
        "MEASUREMENT EXACT CARDINALITY", "TAG KEY EXACT CARDINALITY", "FIELD KEY EXACT CARDINALITY",
        "TAG VALUES EXACT CARDINALITY WITH KEY = host", "MEASUREMENT EXACT CARDINALITY FROM load"]]
    q += ["", ";", "SELECT", "SELECT * FROM", "SELECT * FROM load WHERE", "SELECT * FROM load;;SHOW DATABASES",
          "SELECT value FROM load LIMIT 1; SELECT count(value) FROM load; SHOW MEASUREMENTS LIMIT 1",
          "SELECT value FROM nosuch; SHOW DATABASES", "SELECT value FROM load LIMIT -1",
          "SELECT value FROM load LIMIT x", "CREATE DATABASE", "DROP DATABASE", "SELECT value FROM load WHERE time > 'x'",
          "SELECT 'x' FROM load", "SELECT value FROM load -- comment", 
          "SELECT value FROM \"load", "SELECT value FROM load WHERE host = 'a", "SELECT value INTO x",
          "SHOW SERIES ON", "DELETE", "DROP SERIES", 
          "DROP SERIES FROM load WHERE time > 3",  "CREATE RETENTION POLICY x ON clients DURATION 1s REPLICATION 1",
          "CREATE RETENTION POLICY x ON nosuch DURATION 1h REPLICATION 1", 
          "KILL QUERY 999999", "SELECT mean(value) FROM load WHERE host = 'a' AND time > 3 AND time < 2"]
    return q


# Statements that change something, in order, with what to look at after each.
def changes():
    steps = []
    for statement, after in [
            ("SELECT mean(value) INTO means FROM load WHERE %s GROUP BY time(1m), host" % SPAN, "SELECT * FROM means GROUP BY *"),
            ("SELECT mean(value) INTO means2 FROM load WHERE %s GROUP BY time(1m), * FILL(none)" % SPAN, "SELECT * FROM means2 GROUP BY *"),
            ("SELECT * INTO clients..copied FROM load GROUP BY *", "SELECT * FROM copied"),
            ("SELECT * INTO flat FROM load", "SELECT * FROM flat"),
            ("SELECT * INTO clients.own.:MEASUREMENT FROM /twice/", "SELECT * FROM twice"),
            ("SELECT mean(value) INTO nosuch..x FROM load", "SHOW MEASUREMENTS"),
            ("SELECT nosuch INTO x FROM load", "SHOW MEASUREMENTS"),
            ("SELECT state, up, count INTO kinds FROM load", "SHOW FIELD KEYS FROM kinds"),
            ("CREATE RETENTION POLICY short ON clients DURATION 1h REPLICATION 1", "SHOW RETENTION POLICIES ON clients"),
            ("CREATE RETENTION POLICY short ON clients DURATION 1h REPLICATION 1", "SHOW RETENTION POLICIES ON clients"),
            ("CREATE RETENTION POLICY short ON clients DURATION 2h REPLICATION 1", "SHOW RETENTION POLICIES ON clients"),
            ("CREATE RETENTION POLICY wide ON clients DURATION INF REPLICATION 1 SHARD DURATION 2h", "SHOW RETENTION POLICIES ON clients"),
            ("CREATE RETENTION POLICY year ON clients DURATION 52w REPLICATION 1 SHARD DURATION 1d", "SHOW RETENTION POLICIES ON clients"),
            # Into series that other policies have as well: InfluxDB goes on listing a measurement
            # that was only in the policy (docs/query-language.md).
            ("SELECT value INTO clients.wide.load FROM clients.own.load WHERE host = 'a' GROUP BY *", "SELECT value, host FROM clients.wide.load"),
            ("DROP RETENTION POLICY wide ON clients", "SELECT value, host FROM clients.wide.load"),
            ("DROP RETENTION POLICY year ON clients", "SHOW RETENTION POLICIES ON clients"),
            ("DROP RETENTION POLICY year ON clients", "SHOW RETENTION POLICIES ON clients"),
            ("CREATE DATABASE clients WITH DURATION INF REPLICATION 1 SHARD DURATION 1d NAME own", "SHOW RETENTION POLICIES ON clients"),
            ("CREATE DATABASE other WITH DURATION 3d REPLICATION 1 SHARD DURATION 1h NAME own", "SHOW RETENTION POLICIES ON other"),
            ("CREATE DATABASE other WITH DURATION 4d REPLICATION 1 NAME own", "SHOW RETENTION POLICIES ON other"),
            ("CREATE DATABASE \"strange name ü\"", "SHOW DATABASES"), ("DROP DATABASE \"strange name ü\"", "SHOW DATABASES"),
            ("DELETE FROM sparse WHERE time < '2020-01-01T00:05:00Z'", "SELECT * FROM clients.own.sparse"),
            ("DELETE FROM sparse WHERE k = 'a'", "SELECT * FROM clients.own.sparse"),
            ("DROP SERIES FROM load WHERE host = 'a'", "SELECT count(value) FROM clients.own.load GROUP BY host"),
            ("DELETE WHERE zone = 'us'", "SELECT count(value) FROM clients.own.load GROUP BY zone"),
            ("DROP MEASUREMENT load", "SELECT * FROM clients.own.load"),
            ("CREATE CONTINUOUS QUERY cq ON clients BEGIN SELECT mean(v) INTO x FROM nosuch GROUP BY time(1m) END", "SHOW MEASUREMENTS"),
            ("CREATE CONTINUOUS QUERY cq ON clients BEGIN SELECT max(v) INTO x FROM nosuch GROUP BY time(1m) END", "SHOW MEASUREMENTS"),
            ("DROP CONTINUOUS QUERY cq ON clients", "SHOW MEASUREMENTS"),
            ("CREATE RETENTION POLICY later ON clients DURATION 52w REPLICATION 1 SHARD DURATION 1d DEFAULT", "SELECT * FROM twice"),
            ("SELECT * FROM clients.own.twice", "SHOW MEASUREMENTS"),
            ("DROP DATABASE other", "SHOW DATABASES")]:
        steps.append(statement)
        steps.append(after)
    return steps


# Bodies for /write with the parameters beside db.
WRITES = [
    ("", ""), ("", "\n\n"), ("", "# a comment\nw a=1 1\n"), ("", "w a=1"[:3]), ("", "w a="), ("", "w a=1 x"), ("", "w,t a=1 1"),
    ("", "w,t= a=1 1"), ("", "w a=1i,b=2i 1"), ("", "w a=99999999999999999999i 1"), ("", "w a=1e400 1"), ("", "w a=NaN 1"),
    ("", 'w a="x 1'), ("", "w a=tru 1"), ("", ",t=v a=1 1"), ("", "w a=1 99999999999999999999"), ("", "w a=1 9223372036854775807"),
    ("", "w a=1 -9223372036854775808"), ("", "w a=1 1\nbad\nw a=2 2"), ("", "bad\nworse"), ("", "w a=1 1\nw a=2i 2"),
    ("", "w a=true 3\nw a=\"s\" 4\nw a=5 5"), ("", "w a=1,a=2 6"), ("", "w,t=1,t=2 a=1 7"), ("", "w time=1,a=1 8"), 
    ("", "w,b=2,a=1 a=1 10"), ("precision=s", "p a=1 1577836800"), ("precision=ms", "p a=2 1577836800001"),
    ("precision=u", "p a=3 1577836800000002"), ("precision=µs", "p a=3 1577836800000003"), ("precision=m", "p a=4 26297280"),
    ("precision=h", "p a=5 438289"), ("precision=n", "p a=6 5"), ("precision=ns", "p a=6 6"), ("precision=x", "p a=7 7"),
    ("precision=s", "p a=1 9223372036854775807"), ("precision=h", "p a=1 -9999999999"), ("rp=nosuch", "p a=1 1"), ("rp=own", "p a=1 8"),
    ("consistency=one", "p a=1 9"), ("consistency=bad", "p a=1 9"), ("", "w a=1 1 2"), ("", "w  a=1   11  "), ("", "  w a=1 12"),
    ("", "w a=1,b 1"), ("", "w a=1, 1"), ("", "w =1 1"), ("", "w a=1.2.3 1"), ("", "w a=- 1"), ("", "w a=+1 13"), ("", "w a=0x10 1"),
    ("", "w a=1e 1"), ("", "w a=.5 14"), ("", "w a=5. 15"), ("", "m\\,x,t\\ 1=v\\=2 f=1 1"),
]
