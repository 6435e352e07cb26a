#!/usr/bin/env python3
"""Writes the golden files beside it: queries and what InfluxDB 1.6.7 answers.

usage: generate.py http://127.0.0.1:8086   (a server of one's own: database `golden` is dropped)

The points are made here, deterministically; times of different series differ, because InfluxDB
gives points of one time in no particular order.
"""
import json, math, os, random, sys, urllib.parse, urllib.request

URL = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
T0 = 1577836800  # 2020-01-01T00:00:00Z


def points():
    random.seed(7)
    lines = []
    hosts = [("a", "eu"), ("b", "eu"), ("c", "us"), ("d", "")]
    for n, (host, region) in enumerate(hosts):
        key = "cpu,host=" + host + (",region=" + region if region else "")
        for i in range(40):
            t = (T0 + i * 15) * 10**9 + n * 1000
            if host == "b" and 12 <= i < 22:
                continue
            fields = ["usage=%s" % repr(round(50 + 40 * math.sin(i / 5 + n) + random.random(), 3))]
            if i % 3 != 1:
                fields.append("requests=%di" % random.randrange(-20, 100))
            if i % 5 == 0:
                fields.append("ok=%s" % ("true" if (i + n) % 2 else "false"))
            if i % 7 == n:
                fields.append('note="%s"' % random.choice(["up", "down", "slow"]))
            lines.append(key + " " + ",".join(fields) + " " + str(t))
    for i, v in enumerate([5, 3, 3, 8, 8, 1, 9, 2, 5, 5]):
        lines.append("mem,host=a usage=%di,free=%d.5 %d" % (v, 20 - v, (T0 + i * 30) * 10**9 + 500))
    for i, v in enumerate([7, 7, 2, 4]):
        lines.append("mem,host=z usage=%di %d" % (v, (T0 + i * 120) * 10**9 + 700))
    for i, v in [(0, 1.0), (4, 2.5), (5, -3.0), (13, 10.0), (14, 10.0), (15, 2.5)]:
        lines.append("sparse v=%s %d" % (v, (T0 + i * 60 + 5) * 10**9))
    lines.append("single,k=x v=4,n=3i %d" % ((T0 + 61) * 10**9))
    return lines


R = "time >= '2020-01-01T00:00:00Z' AND time < '2020-01-01T00:10:00Z'"
PART = "time >= '2020-01-01 00:01:40' AND time <= '2020-01-01T00:05:25Z'"
SPARSE = "time >= '2020-01-01T00:00:00Z' AND time < '2020-01-01T00:20:00Z'"


def queries():
    q = []
    aggregates = ["count", "sum", "mean", "min", "max", "first", "last", "median", "stddev",
                  "spread", "mode", "distinct", "integral"]
    calls = ["%s(%%s)" % a for a in aggregates] + [
        "percentile(%s, 90)", "percentile(%s, 10)", "percentile(%s, 0.1)", "count(distinct(%s))",
        "top(%s, 3)", "bottom(%s, 2)", "integral(%s, 1m)"]
    for call in calls:
        for field in ["usage", "requests"]:
            c = call % field
            q.append("SELECT %s FROM cpu" % c)
            q.append("SELECT %s FROM cpu WHERE %s GROUP BY time(2m)" % (c, R))
        c = call % "usage"
        q.append("SELECT %s FROM cpu WHERE %s GROUP BY host" % (c, PART))
        q.append("SELECT %s FROM cpu WHERE %s GROUP BY time(3m, 1m), region" % (c, PART))
        q.append("SELECT %s FROM sparse WHERE %s GROUP BY time(1m) FILL(none)" % (call % "v", SPARSE))
        q.append("SELECT %s FROM cpu WHERE %s GROUP BY time(4m) ORDER BY time DESC" % (c, R))
        q.append("SELECT %s FROM single" % (call % "v"))
        q.append("SELECT %s FROM cpu WHERE %s AND host = 'nobody'" % (c, R))
    for fill in ["null", "none", "0", "-7", "2.5", "previous", "linear"]:
        for c in ["mean(v)", "count(v)", "max(v)", "sum(v)"]:
            q.append("SELECT %s FROM sparse WHERE %s GROUP BY time(2m) FILL(%s)" % (c, SPARSE, fill))
        q.append("SELECT mean(v) FROM sparse WHERE %s GROUP BY time(2m) FILL(%s) ORDER BY time DESC"
                 % (SPARSE, fill))
        q.append("SELECT sum(usage), count(free) FROM mem WHERE %s GROUP BY time(1m), host FILL(%s)"
                 % (R, fill))
        q.append("SELECT mean(usage) + sum(free) FROM mem WHERE %s GROUP BY time(90s) FILL(%s)"
                 % (R, fill))
        q.append("SELECT first(note), count(note), last(ok) FROM cpu WHERE %s GROUP BY time(2m) "
                 "FILL(%s)" % (PART, fill) if fill != "linear" else "SELECT first(requests) FROM cpu"
                 " WHERE %s GROUP BY time(5s) FILL(linear) LIMIT 20" % PART)
        q.append("SELECT min(usage), requests, free FROM cpu, mem WHERE %s AND host = 'a' GROUP BY time(45s) "
                 "FILL(%s)" % (PART, fill))
        q.append("SELECT max(v), v FROM sparse WHERE %s GROUP BY time(3m) FILL(%s)" % (SPARSE, fill))
    q += ["SELECT distinct(usage) FROM mem ORDER BY time DESC", "SELECT distinct(note) FROM cpu WHERE %s "
          "GROUP BY time(4m) ORDER BY time DESC" % R]
    for f in ["note", "ok"]:
        for c in ["count", "first", "last", "mode", "distinct"]:
            q.append("SELECT %s(%s) FROM cpu GROUP BY host" % (c, f))
    q += ["SELECT max(ok), min(ok) FROM cpu", "SELECT min(ok) FROM cpu", "SELECT count(distinct(note)) FROM cpu"]
    transforms = ["derivative(%s)", "derivative(%s, 1m)", "non_negative_derivative(%s, 10s)",
                  "difference(%s)", "non_negative_difference(%s)", "moving_average(%s, 3)",
                  "cumulative_sum(%s)", "elapsed(%s)", "elapsed(%s, 1s)"]
    for t in transforms:
        q.append("SELECT %s FROM sparse" % (t % "v"))
        q.append("SELECT %s FROM mem GROUP BY host" % (t % "usage"))
        q.append("SELECT %s FROM mem WHERE %s GROUP BY host ORDER BY time DESC" % (t % "usage", R))
        q.append("SELECT %s FROM cpu WHERE %s GROUP BY time(1m), region" % (t % "mean(usage)", PART))
        q.append("SELECT %s FROM mem WHERE %s GROUP BY time(1m) FILL(0)" % (t % "sum(usage)", R))
        q.append("SELECT %s FROM sparse WHERE %s GROUP BY time(2m) FILL(previous) ORDER BY time DESC"
                 % (t % "max(v)", SPARSE))
        q.append("SELECT %s FROM cpu WHERE %s AND host='a' GROUP BY time(2m)" % (t % "last(requests)", R))
    q += ["SELECT derivative(moving_average(mean(usage), 2), 1m) FROM cpu WHERE %s GROUP BY time(1m)" % PART,
          "SELECT mean(usage), difference(mean(usage)) FROM cpu WHERE %s GROUP BY time(1m)" % PART]
    for f in ["abs", "sqrt", "floor", "ceil", "round", "exp", "sin", "cos", "tan", "atan", "log10", "log2", "ln"]:
        q.append("SELECT %s(usage) FROM mem" % f)
        q.append("SELECT %s(mean(free)) FROM mem WHERE %s GROUP BY time(2m) FILL(none)" % (f, R))
    q += ["SELECT abs(requests) FROM cpu LIMIT 12", "SELECT pow(usage, 2) FROM mem",
          "SELECT pow(2, usage) FROM mem", "SELECT log(usage + 1, 2) FROM mem", "SELECT atan2(usage, free) FROM mem",
          "SELECT round(free / 3) FROM mem", "SELECT floor(free) FROM mem", "SELECT sqrt(requests) FROM cpu LIMIT 9",
          "SELECT mean(free) / sqrt(sum(usage)) FROM mem WHERE %s GROUP BY time(2m)" % R]
    for e in ["usage + 1", "usage - 0.5", "usage * 2", "usage / 2", "usage % 3", "usage & 3", "usage | 8",
              "usage ^ 5", "usage / 0", "usage % 0", "free + usage", "free - usage", "free * usage",
              "free / usage", "free % 2", "(usage + free) * 2", "-usage", "usage + free * 2 - 1",
              "1 + usage", "10 / usage", "usage AS u", "usage + usage", "usage + nofield", "free % (usage - 5)", "free / (usage - 5)"]:
        q.append("SELECT %s FROM mem" % e)
    for e in ["sum(usage) / count(usage)", "max(usage) - min(usage)", "mean(usage) * 2 + 1",
              "sum(free) + sum(usage)", "2 * (max(free) - 1)", "mean(usage) / 0", "sum(usage) % 4",
              "max(usage) AS big, min(usage) AS small", "mean(usage), mean(free)", "count(usage), count(nofield)",
              "mean(nofield)", "first(usage), last(free)", "max(usage)", "min(free), max(free), mean(free)"]:
        q.append("SELECT %s FROM mem" % e)
        q.append("SELECT %s FROM mem WHERE %s GROUP BY time(90s), host" % (e, R))
        q.append("SELECT %s FROM mem WHERE %s GROUP BY host" % (e, PART))
    for proj in ["*", "usage", "usage, host", "host, usage, region", "requests, ok, note", "note", "usage, nofield",
                 "/^u/, note", "/e/", "*::field", "*::tag, usage", "usage::float, requests::integer", "usage AS x, usage",
                 "usage, usage, usage", "time, usage", "time AS t, usage", "host::tag, usage::field"]:
        q.append("SELECT %s FROM cpu WHERE host = 'a' LIMIT 6" % proj)
        q.append("SELECT %s FROM cpu LIMIT 5 OFFSET 3" % proj)
        q.append("SELECT %s FROM cpu GROUP BY region LIMIT 2" % proj)
        q.append("SELECT %s FROM cpu ORDER BY time DESC LIMIT 5" % proj)
    q += ["SELECT mean(*) FROM cpu", "SELECT count(*) FROM cpu", "SELECT max(/^u|^r/) FROM cpu", "SELECT first(*) FROM cpu",
          "SELECT mean(*) AS m FROM mem", "SELECT max(*), min(*) FROM mem GROUP BY host", "SELECT difference(*) FROM mem",
          "SELECT mean(*) FROM cpu WHERE %s GROUP BY time(5m), host" % R, "SELECT sum(/x/) FROM mem"]
    for g in ["*", "host", "region", "host, region", "/o/", "nosuch", "region, host", "/^re/"]:
        q.append("SELECT mean(usage) FROM cpu GROUP BY " + g)
        q.append("SELECT usage FROM cpu GROUP BY %s LIMIT 2" % g)
        q.append("SELECT * FROM cpu GROUP BY %s LIMIT 1" % g)
        q.append("SELECT max(usage), host FROM cpu WHERE %s GROUP BY time(5m), %s" % (R, g))
        q.append("SELECT count(usage) FROM cpu GROUP BY %s ORDER BY time DESC" % g)
    for c in ["max(usage), host", "max(usage), host, region, requests", "min(usage), requests AS r", "first(usage), note",
              "last(requests), usage", "percentile(usage, 50), host", "max(usage) - 1, host", "top(usage, 2), host",
              "top(usage, host, 3)", "bottom(usage, host, 2)", "top(usage, host, region, 2)", "bottom(usage, 2), requests",
              "top(usage, 2) AS t, host AS h", "max(usage), usage + 1", "top(requests, region, 2)", "first(ok), usage"]:
        q.append("SELECT %s FROM cpu" % c)
        q.append("SELECT %s FROM cpu WHERE %s GROUP BY region" % (c, R))
        q.append("SELECT %s FROM cpu WHERE %s GROUP BY time(4m)" % (c, R))
    for w in ["host = 'a'", "host != 'a'", "host =~ /a|b/", "host !~ /a|b/", "host =~ /^[a-c]$/", "region = ''", "region != ''",
              "region =~ /.*/", "region !~ /.+/", "usage > 80", "usage >= 50 AND usage < 60", "usage < 20 OR usage > 85",
              "usage > 80 AND host = 'a'", "usage > 85 OR host = 'b'", "(host = 'a' OR host = 'c') AND requests > 50",
              "host = 'a' AND (usage > 85 OR requests < 0)", "requests = 5", "requests != 5", "requests > 10.5",
              "usage = 'x'", "note = 'up'", "note != 'up'", "note =~ /o/", "note !~ /o/", "ok = true", "ok = false", "ok != true",
              "nosuch = 'a'", "nosuch = ''", "nosuch != 'a'", "nosuch > 1", "usage > requests", "usage + requests > 100",
              "usage - requests < 0", "requests % 2 = 0", "requests * 2 > usage", "-requests > 5", "80 < usage", "'a' = host",
              "host = 'a' AND host = 'b'", "host = region", "host != region", "note = host", "usage > 80 AND note = 'up'",
              "(usage > 80)", "true", "false", "host = 'a' OR true", "requests & 1 = 1", "usage / 2 > 40", "requests / 2 = 20", "requests / 10 >= 2.5", "requests / 0 = 0", "requests / 3.0 = 8", "usage % requests > 1", "host = 'a' OR usage > 85 AND region = 'us'",
              "region = 'eu' AND host != 'a' AND usage > 70", "(ok = true OR note = 'up') AND usage > 50", "host > 'a'", "note = 'up' OR note = 'slow'"]:
        q.append("SELECT usage FROM cpu WHERE %s LIMIT 8" % w)
        q.append("SELECT count(usage), count(requests) FROM cpu WHERE %s GROUP BY host" % w)
    for w in ["time = 1577836800000001000", "time > 1577836800s AND time < 1577836860s", "time >= 1577836800000000000 AND time < 1577836830000000000",
              "time > '2020-01-01' AND time < '2020-01-01 00:01:00'", "time >= '2020-01-01T00:00:30.000001Z' AND time < '2020-01-01T00:01:00Z'",
              "time > '2020-01-01T00:00:00Z' + 30s AND time < '2020-01-01T00:00:00Z' + 1m", "time < 1577836815s OR time > 1577837370s",
              "time > now()", "time > now() - 1h", "time < now() - 1d AND time > '2020-01-01T00:09:30Z'", "time >= 26297280m AND time < 26297281m",
              "'2020-01-01T00:09:30Z' < time", "host = 'a' AND time > '2020-01-01T00:09:30Z'", "(time > '2020-01-01T00:09:30Z') AND usage > 50",
              "time > '2020-01-01T01:09:30+01:00'", "time > 'bogus'", "time != 0", "time > usage", "time =~ /x/", "time > '2020-13-01'",
              "time > 1577837370s AND time < 1577836800s"]:
        q.append("SELECT usage FROM cpu WHERE %s" % w)
        q.append("SELECT sum(requests), max(usage) FROM cpu WHERE %s" % w)
    for l in ["LIMIT 3", "LIMIT 2 OFFSET 1", "OFFSET 100", "SLIMIT 1", "SLIMIT 1 SOFFSET 1", "SLIMIT 2 SOFFSET 3", "LIMIT 2 SLIMIT 2",
              "ORDER BY time DESC LIMIT 2", "ORDER BY time DESC LIMIT 2 OFFSET 2 SLIMIT 2", "LIMIT 1 OFFSET 1 SLIMIT 1 SOFFSET 1"]:
        q.append("SELECT usage, requests FROM cpu GROUP BY host " + l)
        q.append("SELECT mean(usage), count(requests) FROM cpu WHERE %s GROUP BY time(2m), host %s" % (R, l))
        q.append("SELECT mean(v), first(v) FROM sparse WHERE %s GROUP BY time(1m) FILL(none) %s" % (SPARSE, l))
        q.append("SELECT mean(usage), count(free) FROM mem WHERE %s GROUP BY time(30s) FILL(none) %s" % (R, l))
    for s in ["cpu, mem", "mem, cpu", "/^(cpu|mem)$/", "/m/", "nosuch", "cpu, nosuch", "golden.autogen.mem", "golden..mem", "autogen.mem"]:
        q.append("SELECT mean(usage) FROM %s" % s)
        q.append("SELECT usage FROM %s LIMIT 3" % s)
        q.append("SELECT * FROM %s WHERE host = 'a' LIMIT 2" % s)
        q.append("SELECT max(usage) FROM %s WHERE %s GROUP BY time(5m), host FILL(none)" % (s, R))
    for s in ["SELECT mean(m) FROM (SELECT max(usage) AS m FROM cpu GROUP BY host)",
              "SELECT max(mean) FROM (SELECT mean(usage) FROM cpu WHERE %s GROUP BY time(2m), host)" % R,
              "SELECT sum(mean) FROM (SELECT mean(usage) FROM cpu WHERE %s GROUP BY time(1m), host) WHERE %s GROUP BY time(5m)" % (R, R),
              "SELECT mean FROM (SELECT mean(usage) FROM cpu WHERE %s GROUP BY time(2m), host) WHERE host = 'a'" % R,
              "SELECT mean(usage) FROM (SELECT usage FROM cpu WHERE requests > 10) GROUP BY host",
              "SELECT count(usage) FROM (SELECT usage FROM cpu WHERE host = 'a' LIMIT 10)",
              "SELECT d FROM (SELECT difference(usage) AS d FROM mem GROUP BY host) WHERE d > 0",
              "SELECT max(d) FROM (SELECT derivative(mean(usage), 1m) AS d FROM cpu WHERE %s GROUP BY time(1m), host) GROUP BY host" % R,
              "SELECT a + b FROM (SELECT mean(usage) AS a, max(requests) AS b FROM cpu GROUP BY host)",
              "SELECT mean(a) FROM (SELECT usage * 2 AS a FROM mem)", "SELECT * FROM (SELECT mean(usage) FROM cpu GROUP BY host)",
              "SELECT * FROM (SELECT usage, host FROM mem LIMIT 3)", "SELECT count(usage) FROM (SELECT * FROM mem)",
              "SELECT percentile(mean, 50) FROM (SELECT mean(usage) FROM cpu GROUP BY host)",
              "SELECT usage FROM (SELECT usage FROM cpu) WHERE %s LIMIT 4" % PART,
              "SELECT max FROM (SELECT max(usage) FROM cpu WHERE %s GROUP BY time(3m)) WHERE max > 89" % R,
              "SELECT mean(usage) FROM (SELECT usage FROM cpu), (SELECT usage FROM mem)",
              "SELECT first(x) FROM (SELECT sum(usage) AS x FROM mem WHERE %s GROUP BY time(1m) FILL(0)) GROUP BY host" % R,
              "SELECT sum(c) FROM (SELECT count(usage) AS c FROM cpu WHERE %s GROUP BY time(1m)) WHERE %s GROUP BY time(5m)" % (R, R),
              "SELECT mean(usage) FROM (SELECT usage FROM mem GROUP BY host)",
              "SELECT x FROM (SELECT x FROM (SELECT usage AS x FROM mem))", "SELECT max(usage), host FROM (SELECT usage, host FROM cpu)",
              "SELECT top(usage, 2) FROM (SELECT usage FROM cpu)", "SELECT nofield FROM (SELECT usage FROM cpu)",
              "SELECT mean(usage) FROM (SELECT usage FROM cpu ORDER BY time DESC LIMIT 3)",
              "SELECT usage FROM (SELECT usage FROM mem) ORDER BY time DESC LIMIT 3",
              "SELECT stddev(m) FROM (SELECT median(usage) AS m FROM cpu WHERE %s GROUP BY time(1m)) " % R,
              "SELECT sum(a) FROM (SELECT max(usage) AS a FROM cpu WHERE %s GROUP BY time(1m), * ) WHERE %s GROUP BY time(2m), region" % (R, R)]:
        q.append(s)
    for z in ["Europe/Berlin", "America/New_York", "Asia/Kolkata"]:
        q.append("SELECT count(usage) FROM cpu WHERE time >= '2020-01-01T00:00:00Z' AND time < '2020-01-01T02:00:00Z' GROUP BY time(1d) TZ('%s')" % z)
        q.append("SELECT count(usage) FROM cpu WHERE time >= '2019-12-28T00:00:00Z' AND time < '2020-01-03T00:00:00Z' GROUP BY time(1d) TZ('%s')" % z)
        q.append("SELECT count(usage) FROM cpu WHERE time >= '2020-03-27T00:00:00Z' AND time < '2020-03-31T00:00:00Z' OR host='x' GROUP BY time(12h) FILL(0) TZ('%s')" % z)
        q.append("SELECT usage FROM cpu WHERE time > '2020-01-01 01:09:30' TZ('%s')" % z)
    q += ["SELECT mean(usage), usage FROM cpu", "SELECT usage FROM cpu GROUP BY time(1m)", "SELECT mean(usage), host FROM cpu", "SELECT time FROM cpu",
          "SELECT nope(usage) FROM cpu", "SELECT mean(usage, 3) FROM cpu", "SELECT percentile(usage) FROM cpu", "SELECT percentile(usage, 'a') FROM cpu",
          "SELECT top(usage) FROM cpu", "SELECT top(usage, 0) FROM cpu", "SELECT top(usage, 5) FROM cpu LIMIT 3", "SELECT top(usage, 2), max(usage) FROM cpu",
          "SELECT distinct(usage), max(usage) FROM cpu", "SELECT max(usage), min(usage), host FROM cpu", "SELECT derivative(mean(usage)) FROM cpu",
          "SELECT derivative(usage) FROM cpu WHERE time > now() - 1h GROUP BY time(1m)", "SELECT moving_average(usage, 1) FROM cpu", "SELECT moving_average(usage) FROM cpu",
          "SELECT mean(mean(usage)) FROM cpu", "SELECT sum(note) FROM cpu", "SELECT mean(ok) FROM cpu", "SELECT max(note) FROM cpu", "SELECT note + 1 FROM cpu",
          "SELECT ok + 1 FROM cpu", "SELECT * + 1 FROM cpu", "SELECT 1 FROM cpu", "SELECT usage FROM cpu FILL(none)", "SELECT usage FROM cpu FILL(linear)",
          "SELECT usage FROM cpu FILL(0) LIMIT 1", "SELECT mean(usage) FROM nodb..cpu", "SELECT mean(usage) FROM golden.norp.cpu", "SELECT median(note) FROM cpu",
          "SELECT stddev(ok) FROM cpu", "SELECT spread(note) FROM cpu", "SELECT percentile(note, 50) FROM cpu", "SELECT difference(note) FROM cpu", "SELECT integral(ok) FROM cpu",
          "SELECT host FROM cpu", "SELECT count(host) FROM cpu", "SELECT max(host) FROM cpu", "SELECT count(1) FROM cpu", "SELECT sum(usage + 1) FROM cpu",
          "SELECT abs() FROM cpu", "SELECT pow(usage) FROM cpu", "SELECT integral(usage, 1) FROM cpu", "SELECT elapsed(usage, 5) FROM cpu", "SELECT cumulative_sum(usage, 2) FROM cpu",
          "SELECT usage FROM cpu WHERE host", "SELECT mean(usage) FROM cpu WHERE mean(usage) > 2", "SELECT distinct(host) FROM cpu", "SELECT mean(usage) FROM cpu GROUP BY time(1m) LIMIT 0"]
    q = [x for x in q if not x.endswith("LIMIT 0")]
    for s in ["SHOW DATABASES", "SHOW MEASUREMENTS", "SHOW MEASUREMENTS WHERE host = 'z'", "SHOW MEASUREMENTS WITH MEASUREMENT =~ /m/", "SHOW MEASUREMENTS LIMIT 1 OFFSET 1",
              "SHOW MEASUREMENTS WITH MEASUREMENT = cpu", "SHOW TAG KEYS", "SHOW TAG KEYS FROM cpu", "SHOW TAG KEYS FROM cpu WHERE host = 'd'", "SHOW TAG KEYS LIMIT 1",
              "SHOW TAG VALUES WITH KEY = host", "SHOW TAG VALUES FROM cpu WITH KEY = region", "SHOW TAG VALUES WITH KEY IN (host, region)", "SHOW TAG VALUES WITH KEY =~ /o/ LIMIT 2",
              "SHOW TAG VALUES WITH KEY !~ /host/", "SHOW TAG VALUES WITH KEY != host", "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE region = 'eu'", "SHOW TAG VALUES WITH KEY = host OFFSET 1",
              "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE host =~ /a|c/", "SHOW FIELD KEYS", "SHOW FIELD KEYS FROM cpu", "SHOW FIELD KEYS FROM /m/ LIMIT 1", "SHOW SERIES", "SHOW SERIES FROM cpu",
              "SHOW SERIES WHERE region = 'eu'", "SHOW SERIES FROM /m/ LIMIT 2 OFFSET 1", "SHOW SERIES FROM cpu WHERE host != 'a'", "SHOW TAG KEYS ON nosuch", "SHOW SERIES ON nosuch",
              "SHOW RETENTION POLICIES ON nosuch", "SHOW FIELD KEYS ON golden", "SHOW SERIES EXACT CARDINALITY", "SHOW TAG VALUES EXACT CARDINALITY WITH KEY = host", "SHOW MEASUREMENT EXACT CARDINALITY",
              "SHOW TAG KEY EXACT CARDINALITY", "SHOW FIELD KEY EXACT CARDINALITY", "SHOW SERIES EXACT CARDINALITY FROM cpu WHERE region = 'eu'"]:
        q.append(s)
    q += random_queries(600)
    seen = set()
    return [x for x in q if not (x in seen or seen.add(x))]


def random_queries(count):
    rnd = random.Random(11)
    pick = rnd.choice
    numeric = {"cpu": ["usage", "requests"], "mem": ["usage", "free"], "sparse": ["v"]}
    other = {"cpu": ["ok", "note"], "mem": [], "sparse": []}
    tags = {"cpu": ["host", "region"], "mem": ["host"], "sparse": []}

    def condition(m, depth=0):
        if depth < 2 and rnd.random() < 0.5:
            a, b = condition(m, depth + 1), condition(m, depth + 1)
            return "(%s) %s (%s)" % (a, pick(["AND", "OR"]), b)
        kind = rnd.random()
        if kind < 0.35 and tags[m]:
            return pick(["%s = '%s'", "%s != '%s'", "%s =~ /%s/", "%s !~ /^%s$/"]) % (
                pick(tags[m]), pick(["a", "b", "eu", "us", "", "d"]) or "zz")
        if kind < 0.45 and other[m]:
            return pick(["ok = true", "ok = false", "ok != false", "note = 'up'", "note != 'down'",
                         "note =~ /s|u/", "note !~ /w/"])
        f = pick(numeric[m])
        if kind < 0.6:
            f = "%s %s %s" % (f, pick("+-*/%"), pick(numeric[m] + ["2", "0.5"]))
        return "%s %s %s" % (f, pick(["<", "<=", ">", ">=", "=", "!="]),
                             pick(["5", "0", "50", "2.5", "-3", "8", "60.5"] + numeric[m]))

    def call(m):
        f = pick(numeric[m])
        return pick(["count", "sum", "mean", "min", "max", "first", "last", "spread", "median"]) + "(%s)" % f

    def expression(m):
        c = call(m)
        r = rnd.random()
        if r < 0.2:
            return "%s %s %s" % (c, pick("+-*/"), pick([call(m), "2", "0.25", "10"]))
        if r < 0.3:
            return "(%s - 1) * %s" % (c, call(m))
        if r < 0.4:
            return pick(["floor", "ceil", "round", "sqrt"]) + "(%s)" % c
        return c

    def times():
        a = rnd.randrange(0, 500)
        b = a + rnd.randrange(1, 400)
        return "time >= %ds AND time < %ds" % (T0 + a, T0 + b)

    def tail(m, grouped):
        s = ""
        if rnd.random() < 0.35:
            s += " ORDER BY time DESC"
        if rnd.random() < 0.4:
            s += " LIMIT %d" % rnd.randrange(1, 8)
            if rnd.random() < 0.4:  # alone it gives one row, or all
                s += " OFFSET %d" % rnd.randrange(1, 4)
        if grouped and rnd.random() < 0.2:
            s += " SLIMIT %d" % rnd.randrange(1, 3)
            if rnd.random() < 0.5:
                s += " SOFFSET 1"
        return s

    def groups(m):
        return [t for t in tags[m] if rnd.random() < 0.5] or (["*"] if rnd.random() < 0.1 else [])

    result = []
    while len(result) < count:
        m = pick(["cpu", "cpu", "mem", "sparse"])
        where = times() if rnd.random() < 0.9 else "time < %ds" % (T0 + 3600)
        if rnd.random() < 0.6:
            where += " AND (%s)" % condition(m)
        g = groups(m)
        kind = rnd.random()
        if kind < 0.25:
            fields = rnd.sample(numeric[m] + other[m] + tags[m], rnd.randrange(1, 1 + len(
                numeric[m] + other[m] + tags[m])))
            if rnd.random() < 0.3:
                fields.append("%s %s %s" % (pick(numeric[m]), pick("+-*/%"), pick(numeric[m] + ["3"])))
            q = "SELECT %s FROM %s WHERE %s" % (", ".join(fields), m, where)
            if g:
                q += " GROUP BY " + ", ".join(g)
        elif kind < 0.75:
            fields = [expression(m) for _ in range(rnd.randrange(1, 4))]
            q = "SELECT %s FROM %s WHERE %s" % (", ".join(fields), m, where)
            timed = rnd.random() < 0.6 and "time >=" in where
            if timed:
                g = ["time(%s)" % pick(["30s", "1m", "100s", "2m, 30s", "5m, -1m", "7m"])] + g
            if g:
                q += " GROUP BY " + ", ".join(g)
            if timed:
                q += " FILL(%s)" % pick(["null", "none", "0", "3", "previous", "linear"])
        elif kind < 0.85:
            t = pick(["derivative(%s, 1s)", "difference(%s)", "cumulative_sum(%s)", "elapsed(%s, 1s)",
                      "moving_average(%s, 2)", "non_negative_difference(%s)"])
            if rnd.random() < 0.5:
                q = "SELECT %s FROM %s WHERE %s" % (t % pick(numeric[m]), m, where)
                if g:
                    q += " GROUP BY " + ", ".join(g)
            else:
                if "time >=" not in where:
                    continue
                q = "SELECT %s FROM %s WHERE %s GROUP BY %s FILL(%s)" % (
                    t % call(m), m, where, ", ".join(["time(1m)"] + g), pick(["null", "none", "0", "previous"]))
        else:
            inner = "SELECT %s AS x FROM %s WHERE %s" % (expression(m), m, where)
            timed = rnd.random() < 0.5 and "time >=" in where
            ig = (["time(1m)"] if timed else []) + g
            if ig:
                inner += " GROUP BY " + ", ".join(ig)
            if timed:
                # With several groups InfluxDB fills in for each of their rows, not for each group.
                inner += " FILL(%s)" % pick(["null", "none"] + ([] if g else ["0", "previous"]))
            outer = pick(["mean(x)", "max(x)", "count(x)", "x", "sum(x) * 2", "x + 1", "last(x)"])
            q = "SELECT %s FROM (%s)" % (outer, inner)
            if rnd.random() < 0.4:
                q += " WHERE x > %d" % rnd.randrange(0, 60)
            if tags[m] and not timed and rnd.random() < 0.6:
                q += " GROUP BY " + pick(tags[m])
            result.append(q)
            continue
        result.append(q + tail(m, bool(g)))
    return result


def post(path, **form):
    data = urllib.parse.urlencode(form).encode()
    return urllib.request.urlopen(URL + path, data).read()


def ask(q):
    u = URL + "/query?" + urllib.parse.urlencode({"db": "golden", "epoch": "ns", "q": q})
    try:
        body = urllib.request.urlopen(u).read()
    except urllib.error.HTTPError as e:
        body = e.read()
    try:
        answer = json.loads(body)
    except ValueError:
        return None  # NaN or infinity: no JSON
    return answer["results"][0] if "results" in answer else {"error": answer["error"]}


def main():
    post("/query", q="DROP DATABASE golden")
    post("/query", q="CREATE DATABASE golden")
    lines = points()
    urllib.request.urlopen(URL + "/write?db=golden", "\n".join(lines).encode())
    cases = []
    for q in queries():
        answer = ask(q)
        if answer is None or answer.get("error", "").startswith("error parsing query"):
            continue
        answer.pop("statement_id", None)
        cases.append({"query": q, "answer": answer})
    with open(os.path.join(HERE, "influxdb-1.6.7.json"), "w") as f:
        f.write('{"points": %s,\n"cases": [\n' % json.dumps(lines, indent=0))
        f.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
        f.write("\n]}\n")
    print(len(cases), "cases")


main()
