"""Statements that are wrong, wide, deep, or ask for more than there is."""
import json

from victim import Failure, expect


def error_of(found):
    answer = json.loads(found[1])
    if "error" in answer:
        return answer["error"]
    return next((r["error"] for r in answer["results"] if "error" in r), None)


def asked(text, *statuses, fails=None, **parameters):
    """A statement with one of some statuses; `fails` says whether the answer has to be an error."""
    def run(victim):
        found = expect(victim.query(text, **parameters), *(statuses or (200, 400, 413)))
        if len(found[1]) > 1_000_000:
            raise Failure("an answer of %d bytes" % len(found[1]))
        error = error_of(found)
        if fails is not None and fails != (error is not None):
            raise Failure("%s: %.300s" % ("an answer" if fails else "an error", error or found[1]))
        if error is not None and len(error) > 5_000:
            raise Failure("an error of %d characters" % len(error))
    return run


def nested(depth, inner="SELECT v FROM m", outer="SELECT *, * FROM (%s)"):
    for _ in range(depth):
        inner = outer % inner
    return inner


REFUSED = {
    "nothing": "", "a word": "hello", "a NUL": "SELECT v FROM m\0", "no fields": "SELECT FROM m",
    "an open string": "SELECT v FROM m WHERE s = 'x", "an open quote": 'SELECT "v FROM m', "an open regex": "SELECT v FROM /m",
    "a backslash at the end": "SELECT v FROM m WHERE s = '\\",
    "20 MB of words": "SELECT " + "x" * 20_000_000, "a megabyte of quotes": '"' * 1_000_000,
    "a statement of 20 MB": "SELECT v FROM m WHERE " + "v = 1 OR " * 2_000_000 + "v = 2",
    "10,000 parentheses": "SELECT v FROM m WHERE " + "(" * 10_000 + "v = 1" + ")" * 10_000,
    "10,000 calls": "SELECT " + "abs(" * 10_000 + "v" + ")" * 10_000 + " FROM m",
    "10,000 signs": "SELECT " + "-" * 10_000 + "v FROM m",
    "5,000 subqueries": nested(5_000, outer="SELECT v FROM (%s)"),
    "both, 17 deep": nested(17), "both, 30 deep": nested(30),
    "a sum of 100,000 terms": "SELECT " + "v + " * 100_000 + "v FROM m",
    "an integer of 1,000 digits": "SELECT v * %s FROM m" % ("9" * 1000),
    "a duration that is too long": "SELECT mean(v) FROM m GROUP BY time(99999999999w)",
    "a time out of range": "SELECT v FROM m WHERE time > '9999-12-31'", "a day that is none": "SELECT v FROM m WHERE time > '2020-02-31'",
    "a negative limit": "SELECT v FROM m LIMIT -1", "a limit of 70 bits": "SELECT v FROM m LIMIT 999999999999999999999",
    "a regex that is none": "SELECT v FROM m WHERE h =~ /[/", "a repeat that is none": "SELECT v FROM m WHERE h =~ /a{2,1}/",
    "a repeat of a billion": "SELECT v FROM m WHERE h =~ /a{1000000000}/",
    "repeats of repeats": "SELECT v FROM m WHERE h =~ /(((a{1000}){1000}){1000}){1000}/",
    "a zone that is none": "SELECT v FROM m tz('Mars/Base')", "a zone that climbs": "SELECT v FROM m tz('../../etc/passwd')",
    "a zone of 100 kB": "SELECT v FROM m tz('%s')" % ("x" * 100_000),
    "percentile 200": "SELECT percentile(v, 200) FROM m", "an average of no rows": "SELECT moving_average(v, 0) FROM m",
    "an unknown function": "SELECT nosuch(v) FROM m", "too many arguments": "SELECT mean(v, 1, 2, 3) FROM m",
    "an aggregate beside a field": "SELECT mean(v), v FROM m", "a fill that is none": "SELECT mean(v) FROM m GROUP BY time(1s) fill(nosuch)",
    "a database that is not there": "SELECT v FROM nosuch..m", "a policy that is not there": "SELECT v FROM nosuch.m",
    "a parameter that is not there": "SELECT v FROM m WHERE v = $x",
    "a kill of nothing": "KILL QUERY 999999", "a kill of 70 bits": "KILL QUERY 999999999999999999999",
    "a database without a name": 'CREATE DATABASE ""', "a database of 100 kB": 'CREATE DATABASE "%s"' % ("x" * 100_000),
    "a policy of no time": 'CREATE RETENTION POLICY p ON abuse DURATION 1s REPLICATION 1',
    "a continuous query without INTO": "CREATE CONTINUOUS QUERY c ON abuse BEGIN SELECT mean(v) FROM m GROUP BY time(1s) END",
    "a continuous query without time": "CREATE CONTINUOUS QUERY c ON abuse BEGIN SELECT mean(v) INTO c FROM m END",
    "a continuous query of itself": "CREATE CONTINUOUS QUERY c ON abuse BEGIN SELECT mean(v) INTO m FROM m GROUP BY time(1s) END",
    "every bucket of all time": "SELECT mean(v) FROM m WHERE time > -9000000000s AND time < 9000000000s GROUP BY time(1ns) fill(0)",
}

HUGE = {
    "100,000 sources": "SELECT v FROM " + ",".join(["m"] * 100_000),
    "5,000 sources": "SELECT v FROM " + ",".join(["m"] * 5_000) + " LIMIT 1",
    "5,000 columns": "SELECT " + ",".join("moving_average(v, %d)" % (i % 50 + 2) for i in range(5_000)) + " FROM m LIMIT 1",
    "a million ORs": "SELECT v FROM m WHERE " + "v=1 OR " * 1_000_000 + "v=2",
    "110 means of a million buckets": "SELECT " + ",".join("mean(v) AS a%d" % i for i in range(110)) + " FROM m WHERE time >= 0 AND time < 2000s GROUP BY time(2ms)",
    "interpolation over all rows": "SELECT " + ",".join("mean(v) AS a%d" % i for i in range(40)) + " FROM m WHERE time >= 0 AND time < 2000s GROUP BY time(1ms) fill(linear)",
    "the top billion": "SELECT top(v, 1000000000) FROM m LIMIT 1", "the bottom of 62 bits": "SELECT bottom(v, 4611686018427387904) FROM m LIMIT 1",
    "an average of 62 bits": "SELECT moving_average(v, 4611686018427387904) FROM m",
    "a million dimensions": "SELECT mean(v) FROM m GROUP BY " + ",".join("t%d" % i for i in range(100_000)),
    "a regex of a megabyte": "SELECT v FROM m WHERE h =~ /" + "(a|b)" * 200_000 + "/ LIMIT 1",
    "a regex that backtracks": "SELECT v FROM m WHERE h =~ /(a*)*(a*)*(a*)*b/ LIMIT 1",
    "10,000 statements": "SHOW DATABASES;" * 10_000,
    "a limit of 62 bits": "SELECT v FROM m LIMIT 4611686018427387904 OFFSET 4611686018427387904",
    "an explanation, 12 deep": "EXPLAIN ANALYZE " + nested(12),
    "all values of all keys": "SHOW TAG VALUES WITH KEY =~ /.*/ LIMIT 1000",
    "a list of 100,000 keys": "SHOW TAG VALUES WITH KEY IN (%s)" % ",".join("k%d" % i for i in range(100_000)),
}

NAMES = ['"/"', '".."', '"a/b"', '"."', '"%2e%2e"', '"\\n"', '"😀"', '"select"', '"x' + "y" * 150 + '"']


def names(victim):
    """Whatever a database is called, it is one, and nothing beside it changes."""
    for name in NAMES:
        found = victim.query("CREATE DATABASE " + name)
        if error_of(found) is None:
            expect(victim.query("DROP DATABASE " + name), 200)
        expect(found, 200, 400)


def parameters(victim):
    for value in ["{", "[]", "1", '{"x":{}}', '{"x":[1]}', '{"x":null}', '{"x":1e999}', '{"x":{"regex":"["}}',
                  '{"x":{"duration":"1parsec"}}', '{"x":"%s"}' % ("y" * 1_000_000), "[" * 100_000, '{"x":' * 50_000]:
        expect(victim.query("SELECT v FROM m WHERE h = $x LIMIT 1", params=value), 200, 400)


def options(victim):
    for name, values in {"epoch": ["parsec", "x" * 100_000], "chunk_size": ["-1", "0", "1e9", "9" * 100], "chunked": ["perhaps"],
                         "pretty": ["very"], "rp": ["nosuch", "../.."]}.items():
        for value in values:
            expect(victim.query("SELECT v FROM m LIMIT 3", **{name: value}), 200, 400, 413)


CASES = [("statements: " + name, asked(text, fails=True)) for name, text in REFUSED.items()] + [
    ("statements: " + name, asked(text)) for name, text in HUGE.items()] + [
    ("statements: names of databases", names),
    ("statements: bound parameters", parameters),
    ("statements: options of a query", options),
]
