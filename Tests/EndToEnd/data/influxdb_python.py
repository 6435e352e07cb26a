#!/usr/bin/env python3
"""Uses a server with the Python client of InfluxDB as programs do, and checks what comes back.

usage: influxdb_python.py PORT
"""
import datetime
import sys

from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

PORT = int(sys.argv[1])
START = 1577836800  # 2020-01-01T00:00:00Z
checks = 0


def check(found, expected):
    global checks
    checks += 1
    if found != expected:
        sys.exit("check %d: found %r, expected %r" % (checks, found, expected))


def fails(action):
    try:
        action()
    except InfluxDBClientError as error:
        return error.code
    return None


def rows(result):
    return list(result.get_points())


def exercise(client):
    check(bool(client.ping()), True)
    client.drop_database("python")
    client.create_database("python")
    check({"name": "python"} in client.get_list_database(), True)

    points = [{"measurement": "cpu", "tags": {"host": host, "rack": "a b"},
               "time": "2020-01-01T00:00:%02dZ" % i,
               "fields": {"v": i * 1.5, "n": i, "even": i % 2 == 0, "text": 'x"y, \\ z'}}
              for host in "ab" for i in range(10)]
    check(client.write_points(points, batch_size=7, tags={"all": "1"}), True)
    for unit, scale in [("s", 1), ("ms", 10**3), ("u", 10**6), ("n", 10**9)]:
        check(client.write_points([{"measurement": "units", "tags": {"unit": unit}, "time": (START + 60) * scale,
                                    "fields": {"v": 1.0}}], time_precision=unit), True)
    check(client.write_points(["units,unit=m v=1 %d" % (START // 60 + 1)], protocol="line", time_precision="m"), True)
    check([r["time"] for r in rows(client.query("SELECT v, unit FROM units", epoch="s"))], [START + 60] * 5)
    check(client.write_points([{"measurement": "dates", "time": datetime.datetime(2020, 1, 2), "fields": {"v": 9}}]), True)
    check(client.write_points(["lines,k=%d x=%di %d" % (i, i, i) for i in range(9)], protocol="line", batch_size=2), True)
    check(client.write("lines,k=9 x=9i 9", {"db": "python"}, protocol="line"), True)
    check(client.write_points([{"measurement": "ü", "tags": {"k=": "v,"}, "time": 1, "fields": {"t": "naïve \\ end"}}]), True)
    check(rows(client.query('SELECT * FROM "ü"', epoch="ns")), [{"time": 1, "k=": "v,", "t": "naïve \\ end"}])

    first = {"all": "1", "even": True, "host": "a", "n": 0, "rack": "a b", "text": 'x"y, \\ z', "v": 0.0}
    for epoch, time in [(None, "2020-01-01T00:00:00Z"), ("ns", START * 10**9), ("u", START * 10**6),
                        ("ms", START * 10**3), ("s", START), ("m", START // 60), ("h", START // 3600)]:
        check(rows(client.query("SELECT * FROM cpu WHERE host = 'a' LIMIT 1", epoch=epoch)), [dict(first, time=time)])
    grouped = client.query("SELECT sum(n) FROM cpu GROUP BY host")
    check(list(grouped.keys()), [("cpu", {"host": "a"}), ("cpu", {"host": "b"})])
    check([r["sum"] for r in grouped.get_points(tags={"host": "b"})], [45])
    bound = client.query("SELECT sum(n) FROM cpu WHERE host = $host AND n > $least AND even = $even AND time > $start",
                         bind_params={"host": "a", "least": 3, "even": True, "start": "2020-01-01T00:00:05Z"})
    check([r["sum"] for r in rows(bound)], [14])
    chunks = list(client.query("SELECT x FROM lines", chunked=True, chunk_size=4))
    check([len(rows(chunk)) for chunk in chunks], [4, 4, 2])
    several = client.query("SELECT count(v) FROM cpu; SELECT max(x) FROM lines; SHOW MEASUREMENTS")
    check([rows(r) for r in several][0][0]["count"], 20)
    check([r["name"] for r in rows(several[2])], ["cpu", "dates", "lines", "units", "ü"])
    check(rows(client.query("SELECT mean(v) INTO means FROM cpu GROUP BY *", method="POST"))[0]["written"], 2)
    check(rows(client.query("SELECT * FROM nosuch")), [])

    check({"name": "means"} in client.get_list_measurements(), True)
    check(client.get_list_series(measurement="cpu"),
          ["cpu,all=1,host=a,rack=a\\ b", "cpu,all=1,host=b,rack=a\\ b"])
    check(client.get_list_series(measurement="cpu", tags={"host": "a"}), ["cpu,all=1,host=a,rack=a\\ b"])

    client.create_retention_policy("kept", "INF", "1", shard_duration="2h")
    client.create_retention_policy("days", "3d", "1")
    check(sorted((p["name"], p["duration"], p["default"]) for p in client.get_list_retention_policies()),
          [("autogen", "0s", True), ("days", "72h0m0s", False), ("kept", "0s", False)])
    check(client.write_points(["q v=1 1"], protocol="line", retention_policy="kept"), True)
    check(len(rows(client.query("SELECT v FROM kept.q"))), 1)
    client.drop_retention_policy("days")
    client.drop_retention_policy("days")
    check(sorted(p["name"] for p in client.get_list_retention_policies()), ["autogen", "kept"])

    client.create_continuous_query("ten", 'SELECT mean("v") INTO "x" FROM "dates" GROUP BY time(10m)', "python")
    listed = [q for d in client.get_list_continuous_queries() for q in d.get("python", [])]
    check([q["name"] for q in listed], ["ten"])
    client.drop_continuous_query("ten", "python")

    client.delete_series(measurement="cpu", tags={"host": "a"})
    check(rows(client.query("SELECT count(v) FROM cpu"))[0]["count"], 10)
    client.drop_measurement("cpu")
    check({"name": "cpu"} in client.get_list_measurements(), False)

    check(fails(lambda: client.query("SELECT")), 400)
    check(fails(lambda: client.query("SELECT v FROM x", database="nosuch")), None)
    check(fails(lambda: client.write_points(["dates v=\"text\" 1"], protocol="line")), 400)
    check(fails(lambda: client.write_points(["m v=1"], protocol="line", database="nosuch")), 404)
    client.drop_database("python")
    check({"name": "python"} in client.get_list_database(), False)


for compressed in (False, True):
    exercise(InfluxDBClient("127.0.0.1", PORT, database="python", gzip=compressed))
print(checks)
