#!/usr/bin/env python3
"""Gives vigild and InfluxDB the same requests and compares what they answer.

usage: influxdb_compare.py VIGILD_URL INFLUXD_URL     (both are the caller's own; databases are dropped)
"""
import gzip
import http.client
import math
import os
import re
import sys
import urllib.parse

import influxdb_corpus as corpus

# What both must agree on, beside the status and the body.
HEADERS = ["Content-Type", "X-Influxdb-Error", "Content-Encoding", "Transfer-Encoding"]


class Server:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)

    def ask(self, method, path, parameters, body=None, headers={}):
        target = path + "?" + urllib.parse.urlencode(parameters)
        self.connection.request(method, target, body, headers)
        response = self.connection.getresponse()
        data = response.read()
        if response.getheader("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        chosen = {h: response.getheader(h) for h in HEADERS}
        return response.status, chosen, data


NUMBER = re.compile(rb"-?[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?")


def nearly_equal(a, b):
    """Whether two bodies differ in nothing but the last digits of fractions: sums of another order,
    and Go's own sin, cos and so on."""
    if NUMBER.sub(b"#", a) != NUMBER.sub(b"#", b):
        return False
    return all(math.isclose(float(x), float(y), rel_tol=1e-13, abs_tol=1e-15)
               for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)))


class Comparison:
    def __init__(self, vigild, influxd):
        self.servers = [Server(vigild), Server(influxd)]
        self.requests = 0
        self.differences = 0
        # Those of corpus.DELIBERATE that are still to be met.
        self.deliberate = dict(corpus.DELIBERATE)

    def compare(self, title, method, path, parameters, body=None, headers={}):
        ours, theirs = [s.ask(method, path, parameters, body, headers) for s in self.servers]
        self.requests += 1
        if ours == theirs or ours[:2] == theirs[:2] and nearly_equal(ours[2], theirs[2]):
            return
        self.differences += 1
        print("differs: " + title)
        for name, a, b in zip(["status", "headers", "body"], ours, theirs):
            if a != b:
                a, b = str(a), str(b)
                start = max(0, len(os.path.commonprefix([a, b])) - 60)
                print("  %s\n    vigild:   %.300s\n    InfluxDB: %.300s" % (name, a[start:], b[start:]))

    def query(self, q, **parameters):
        if self.deliberate.pop(q, None):
            ours, theirs = [s.ask("GET", "/query", {"db": "clients", "epoch": "ns", "q": q}) for s in self.servers]
            self.requests += 1
            if ours == theirs:
                self.differences += 1
                print("does not differ: " + q)
            return
        self.compare("%s %s" % (q, parameters or ""), "GET", "/query",
                     dict({"db": "clients", "epoch": "ns", "q": q}, **parameters))

    def change(self, q):
        self.compare(q, "POST", "/query", {"db": "clients", "epoch": "ns"},
                     urllib.parse.urlencode({"q": q}), {"Content-Type": "application/x-www-form-urlencoded"})

    def write(self, body, db="clients", headers={}, **parameters):
        self.compare("write %.60r %s" % (body, parameters), "POST", "/write", dict({"db": db}, **parameters),
                     body, headers)

    def forms(self):
        """The same answers in every form that a client can ask for."""
        q = "SELECT value, state, up FROM load WHERE host = 'a' LIMIT 5; SELECT count(value) FROM load GROUP BY host; SHOW DATABASES; SELECT v FROM old"
        for epoch in ["ns", "n", "u", "ms", "s", "m", "h", "", "x"]:
            self.query(q, epoch=epoch)
        for accept in ["application/json", "application/csv", "text/csv", "*/*", "text/html", "application/xml"]:
            for extra in [{}, {"pretty": "true"}, {"chunked": "true", "chunk_size": "7"}, {"epoch": "ms"}, {"epoch": ""}]:
                self.compare("%s %s" % (accept, extra), "GET", "/query",
                             dict({"db": "clients", "q": q}, **extra), headers={"Accept": accept})
                self.compare("error %s %s" % (accept, extra), "GET", "/query",
                             dict({"db": "clients", "q": "SELECT FROM x"}, **extra), headers={"Accept": accept})
                for one in ['SELECT * FROM "with space"', "SELECT * FROM texts WHERE s != 'x'", "SELECT * FROM load GROUP BY *",
                            "SHOW DATABASES", "CREATE DATABASE clients", "SELECT f FROM ends", "SELECT * FROM /./ LIMIT 2"]:
                    self.compare("%s %s %s" % (one, accept, extra), "GET" if "CREATE" not in one else "POST", "/query",
                                 dict({"db": "clients", "q": one}, **extra), headers={"Accept": accept})
        for chunked, size in [("true", "1"), ("true", "1000"), ("true", "0"), ("true", "-1"), ("true", "x"), ("true", ""), ("false", "3"), ("1", "3")]:
            for one in ["SELECT * FROM load", "SELECT value FROM load GROUP BY host", "SELECT count(value) FROM load GROUP BY host",
                        "SELECT * FROM nosuch", "SELECT value FROM load LIMIT 3; SELECT value FROM load LIMIT 2"]:
                self.query(one, chunked=chunked, chunk_size=size)
        self.compare("gzip", "GET", "/query", {"db": "clients", "q": q}, headers={"Accept-Encoding": "gzip"})
        self.compare("gzip error", "GET", "/query", {"db": "clients", "q": "SELECT"}, headers={"Accept-Encoding": "gzip"})
        self.compare("gzip ping", "GET", "/ping", {}, headers={"Accept-Encoding": "gzip"})
        for condition, values in [
                ("host = $h", ['"a"', '"it\'s \\"q\\""', '{"string":"a"}', '{"identifier":"zone"}', "1", "true"]),
                ("value > $h", ["1", "1.5", '{"float":7}', '{"float":7.5}', '{"integer":7}', '"a"', "9223372036854775807"]),
                ("up = $h", ["true", "false", '"true"']),
                ("host =~ $h", ['{"regex":"a|b"}', '{"regex":"^$"}']),
                ("time >= 1577836800s + $h", ['{"duration":"1m"}', '{"duration":"1m30s"}']),
                ("time >= $h", ['"2020-01-01T00:05:00Z"', "1577837000000000000"])]:
            for value in values:
                self.query("SELECT count(value) FROM load WHERE " + condition, params='{"h":%s}' % value)
        for parameters in [{}, {"db": "clients"}, {"q": "SELECT value FROM load"}, {"q": "SHOW MEASUREMENTS"}, {"db": "nosuch", "q": "SELECT v FROM x"},
                           {"db": "nosuch", "q": "SHOW MEASUREMENTS"}, {"q": "SELECT value FROM clients..load LIMIT 1"}, {"q": " SHOW DATABASES "},
                           {"db": "clients", "rp": "own", "q": "SELECT value FROM load LIMIT 1"}, {"db": "clients", "rp": "nosuch", "q": "SELECT value FROM load LIMIT 1"}]:
            for method in ["GET", "POST", "HEAD", "DELETE"]:
                self.compare("%s %s" % (method, parameters), method, "/query", parameters)
        self.compare("form and URL", "POST", "/query", {"db": "nosuch", "q": "SHOW DATABASES"}, "q=SHOW+MEASUREMENTS&db=clients",
                     {"Content-Type": "application/x-www-form-urlencoded"})
        for method in ["GET", "HEAD", "OPTIONS", "PUT"]:
            for path in ["/ping", "/write", "/nosuch", "/"]:
                self.compare("%s %s" % (method, path), method, path, {})

    def large(self):
        """More rows than a chunk holds."""
        lines = ["big,h=%d a=%d.5,b=%di %d" % (i % 50, i, i, (corpus.T0 + i) * 10**9) for i in range(25000)]
        body = "\n".join(lines).encode()
        self.write(body)
        self.write(gzip.compress(body), headers={"Content-Encoding": "gzip"})
        self.query("SELECT * FROM big", chunked="true")
        self.query("SELECT * FROM big", chunked="true", chunk_size="777", epoch="")
        self.query("SELECT a FROM big GROUP BY *")
        self.query("SELECT mean(a), max(b) FROM big WHERE time >= 1577836800s AND time < 1577861800s GROUP BY time(5m), h",
                   pretty="true", epoch="ms")
        self.compare("csv", "GET", "/query", {"db": "clients", "q": "SELECT * FROM big"}, headers={"Accept": "application/csv"})
        boundary = "----part"
        form = "".join('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name, value)
                       for name, value in [("q", "SELECT sum(b), stddev(a) FROM big"), ("db", "clients")])
        self.compare("multipart", "POST", "/query", {}, form + "--%s--\r\n" % boundary,
                     {"Content-Type": "multipart/form-data; boundary=" + boundary})
        self.change("DROP MEASUREMENT big")

    def run(self):
        self.change("DROP DATABASE clients")
        self.change("CREATE DATABASE clients WITH DURATION INF REPLICATION 1 SHARD DURATION 1d NAME own")
        lines = corpus.points()
        self.write("\n".join(lines).encode())
        self.write(gzip.compress("\n".join(lines[:20]).encode()), headers={"Content-Encoding": "gzip"})
        self.write(b"not gzip", headers={"Content-Encoding": "gzip"})
        for q in corpus.queries():
            self.query(q)
        self.forms()
        for parameters, body in corpus.WRITES:
            self.write(body.encode(), db="clients", **dict(urllib.parse.parse_qsl(parameters)))
        for q in ["SELECT * FROM w", "SELECT * FROM p", "SHOW FIELD KEYS FROM w", "SHOW SERIES"]:
            self.query(q)
        self.compare("no db", "POST", "/write", {}, "w a=1")
        self.compare("empty db", "POST", "/write", {"db": ""}, "w a=1")
        self.write("w a=1", db="nosuch")
        self.large()
        for q in corpus.changes():
            self.change(q)
        for q in self.deliberate:
            self.differences += 1
            print("is not asked: " + q)


def main():
    comparison = Comparison(sys.argv[1], sys.argv[2])
    comparison.run()
    print("%d requests compared with InfluxDB, %d differ" % (comparison.requests, comparison.differences))
    return comparison.differences > 0


if __name__ == "__main__":
    sys.exit(main())
