"""Requests that are no HTTP, or HTTP that nobody means well with."""
import gzip
import io
import zlib

from victim import MEGABYTE, Failure, expect, status_of

HOST = b"Host: x\r\n"
CLOSE = b"Connection: close\r\n"
WRITE = b"POST /write?db=abuse HTTP/1.1\r\n" + HOST + CLOSE


def get(target, headers=b""):
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + CLOSE + headers + b"\r\n"


def bomb(size, member=b"\0" * MEGABYTE):
    """`size` bytes of zeros as gzip, a thousandth of that."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(size // len(member)):
            file.write(member)
    return out.getvalue()


def refused(data, *statuses, **how):
    """A case that sends bytes and expects one of some statuses, or the end of the connection if
    None is among them."""
    def run(victim):
        found = victim.raw(data, **how)
        if not found and None in statuses:
            return
        expect(found, *[s for s in statuses if s])
    return run


MALFORMED = {
    "no request": (b"\r\n\r\nGET\r\n\r\n", 400, None),
    "a word": (b"hello\r\n\r\n", 400, None),
    "no version": (b"GET /ping\r\n\r\n", 400, 204, None),
    "an unknown version": (b"GET /ping HTTP/7.3\r\n\r\n", 400, 505, None),
    "an unknown method": (b"BREW /ping HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 400, 404, 405, 501),
    "bytes of every value": (bytes(range(256)) * 40 + b"\r\n\r\n", 400, None),
    "a TLS hello": (bytes.fromhex("1603010200010001fc0303") + b"\x5a" * 500, 400, None),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 404, 505, None),
    "a target without slash": (b"GET ping HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 400, 404),
    "a target that climbs": (get(b"/../../../../etc/passwd"), 400, 404),
    "a target that climbs, encoded": (get(b"/%2e%2e/%2e%2e/etc/passwd"), 400, 404),
    "broken percent signs": (get(b"/query?q=%zz%&db=%"), 400),
    "a NUL in the target": (get(b"/query?q=SHOW%00DATABASES&db=a%00b"), 400, 200),
    "a raw NUL in the target": (get(b"/query?q=\0"), 400),
    "invalid UTF-8 in the target": (get(b"/query?q=SELECT+%ff%fe&db=%c3%28"), 400),
    "a parameter 10,000 times": (get(b"/query?" + b"db=x&" * 2000 + b"q=SHOW+DATABASES"), 200, 400, 414, 431),
    "a header without a colon": (get(b"/ping", b"nonsense\r\n"), 400, None),
    "a header without a name": (get(b"/ping", b": x\r\n"), 400, None),
    "a header with a NUL": (get(b"/ping", b"X: a\0b\r\n"), 400, None),
    "a folded header": (get(b"/ping", b"X: a\r\n b\r\n"), 204, 400, None),
    "20,000 headers": (get(b"/ping", b"".join(b"X-%d: y\r\n" % i for i in range(20000))), 400, 431, None),
    "a header of a megabyte": (get(b"/ping", b"X: " + b"y" * MEGABYTE + b"\r\n"), 400, 431, None),
    "a target of a megabyte": (get(b"/query?q=" + b"x" * MEGABYTE), 400, 414, 431, None),
    "a negative length": (WRITE + b"Content-Length: -1\r\n\r\nm v=1", 400),
    "a length that is none": (WRITE + b"Content-Length: five\r\n\r\nm v=1", 400),
    "a length of 64 bits": (WRITE + b"Content-Length: 18446744073709551615\r\n\r\nm v=1", 400, 413),
    "a length of 65 bits": (WRITE + b"Content-Length: 36893488147419103232\r\n\r\nm v=1", 400, 413),
    "two lengths": (WRITE + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nm v=1 ", 400),
    "a length and chunks": (WRITE + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nm v=1\r\n0\r\n\r\n", 400, 204),
    "a chunk size that is none": (WRITE + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nm v=1\r\n0\r\n\r\n", 400),
    "a negative chunk size": (WRITE + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nm v=1\r\n0\r\n\r\n", 400),
    "a chunk size of 68 bits": (WRITE + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nm v=1\r\n", 400, 413),
    "a chunk longer than it says": (WRITE + b"Transfer-Encoding: chunked\r\n\r\n2\r\nm v=1\r\n0\r\n\r\n", 400),
    "chunk extensions of 100 kB": (WRITE + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 100_000 + b"\r\nm v=1\r\n0\r\n\r\n", 204, 400, 431, None),
    "an unknown transfer encoding": (WRITE + b"Transfer-Encoding: rot13\r\n\r\nm v=1", 400, 501, 411, 204),
    "an unknown expectation": (WRITE + b"Expect: miracles\r\nContent-Length: 5\r\n\r\nm v=1", 100, 204, 417),
    "an upgrade to a socket": (get(b"/ping", b"Connection: upgrade\r\nUpgrade: websocket\r\n"), 204, 400, 426),
    "a body of a GET": (b"GET /ping HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Length: 5\r\n\r\nhello", 204, 400),
    "nonsense after a request": (get(b"/ping") + b"\x00\x01\x02" * 1000, 204),
}


def pipelined(victim):
    """A thousand requests at once are a thousand answers, in order."""
    one = b"GET /ping HTTP/1.1\r\n" + HOST + b"\r\n"
    found = victim.raw(one * 999 + get(b"/ping"))
    if found.count(b"HTTP/1.1 204") != 1000:
        raise Failure("%d answers of 1000" % found.count(b"HTTP/1.1 204"))


def encoded(path, body, *statuses, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda victim: expect(victim.request("POST", path, body, headers), *statuses)


def multipart_bomb(victim):
    head = b'--b\r\nContent-Disposition: form-data; name="q"\r\n\r\n'
    body = gzip.compress((head + b"x\r\n--b\r\n" * 1) + b"--b\r\n" * (24 * MEGABYTE // 5), 9)
    expect(victim.request("POST", "/query", body, {
        "Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip"}), 400, 413)


def deflate_noise(victim):
    expect(victim.write(zlib.compress(b"m v=1"), headers={"Content-Encoding": "deflate"}), 204, 400, 415)


FORM = {"Content_Type": "application/x-www-form-urlencoded"}

CASES = [("http: " + name, refused(case[0], *case[1:])) for name, case in MALFORMED.items()] + [
    ("http: a thousand requests at once", pipelined),
    ("http: a gzip bomb to write", encoded("/write?db=abuse", bomb(400 * MEGABYTE), 413, 400, Content_Encoding="gzip")),
    ("http: a gzip bomb to query", encoded("/query", bomb(400 * MEGABYTE), 413, 400, Content_Encoding="gzip", **FORM)),
    ("http: a gzip bomb as a model", encoded("/model?db=abuse", bomb(400 * MEGABYTE), 413, 400, Content_Encoding="gzip")),
    ("http: a gzip bomb to back up", encoded("/backup?db=abuse", bomb(400 * MEGABYTE), 413, 400, Content_Encoding="gzip")),
    ("http: a bomb of parts", multipart_bomb),
    ("http: gzip that is cut", encoded("/write?db=abuse", gzip.compress(b"m v=1\n" * 10000)[:-20], 400, Content_Encoding="gzip")),
    ("http: gzip with a wrong sum", encoded("/write?db=abuse", gzip.compress(b"m v=1")[:-8] + b"\0" * 8, 400, Content_Encoding="gzip")),
    ("http: gzip with more behind it", encoded("/write?db=abuse", gzip.compress(b"m v=1") + b"noise" * 100, 204, 400, Content_Encoding="gzip")),
    ("http: 2,000 gzip members", encoded("/write?db=abuse", gzip.compress(b"m v=1 1\n") * 2000, 204, 400, Content_Encoding="gzip")),
    ("http: gzip that is none", encoded("/write?db=abuse", b"m v=1", 400, Content_Encoding="gzip")),
    ("http: deflate", deflate_noise),
    ("http: a multipart form without a boundary", encoded("/query", b"--\r\n", 400, Content_Type="multipart/form-data")),
    ("http: a boundary of 100 kB", encoded("/query", b"--\r\n", 400, 431, Content_Type="multipart/form-data; boundary=" + "b" * 60_000)),
    ("http: a multipart form that never ends", encoded("/query", b'--b\r\nContent-Disposition: form-data; name="q"\r\n\r\nSHOW', 400, Content_Type="multipart/form-data; boundary=b")),
    ("http: a form of a million parameters", encoded("/query", b"a=b&" * 1_000_000 + b"q=SHOW+DATABASES", 200, 400, 413, **FORM)),
    ("http: a body over the limit", encoded("/write?db=abuse", b"m v=1\n" * 6_000_000, 413)),
]
