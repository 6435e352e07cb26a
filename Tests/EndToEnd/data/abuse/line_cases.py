"""Line protocol that is wrong, huge or mean. What is right beside it is taken."""
import json
import struct

from victim import Failure, expect


def lines(body, *statuses, **parameters):
    if isinstance(body, str):
        body = body.encode()
    return lambda victim: expect(victim.write(body, **parameters), *statuses)


def beside(bad):
    """Good lines around a bad one are stored, and the bad one is named."""
    def run(victim):
        bad_bytes = bad if isinstance(bad, bytes) else bad.encode()
        victim.query("DROP MEASUREMENT beside")
        found = expect(victim.write(b"beside v=1 1\n" + bad_bytes + b"\nbeside v=2 2"), 400)
        _, body = victim.query("SELECT count(v) FROM beside")
        count = json.loads(body)["results"][0].get("series", [{"values": [[0, 0]]}])[0]["values"][0][1]
        if count != 2:
            raise Failure("%d good lines of 2 are there: %.200r" % (count, found))
        if len(found[1]) > 20_000:
            raise Failure("the error has %d bytes" % len(found[1]))
    return run


BAD_LINES = {
    "no fields": "m", "no fields, but a space": "m ", "a comma alone": ",", "no measurement": ",a=b v=1",
    "an empty tag key": "m,=b v=1", "an empty tag value": "m,a= v=1", "a tag without a value": "m,a v=1",
    "no value": "m v=", "a word as value": "m v=warm", "a number with a word": "m v=1warm",
    "an integer of 65 bits": "m v=9223372036854775808i", "an integer of 1,000 digits": "m v=%si" % ("9" * 1000),
    "a float of 1e999": "m v=1e999", "NaN": "m v=NaN", "an infinity": "m v=Inf", "a hexadecimal number": "m v=0x10",
    "a time of a word": "m v=1 soon", "a time of 70 bits": "m v=1 99999999999999999999999",
    "a time out of range": "m v=1 9223372036854775807", "two times": "m v=1 1 2",
    "a NUL": b"m\0 v", "invalid UTF-8": b"m,t=\xff\xfe v=1", "a UTF-16 text": "m v=1".encode("utf-16"),
    "a field called time": "m time=1 5", "backslashes": "\\" * 10_000, "a line of 5 MB": "x" * 5_000_000,
    "a tag value of 70,000 bytes": "m,t=%s v=1" % ("x" * 70_000),
}


def type_conflict(victim):
    expect(victim.write(b"conflict v=1 1"), 204)
    expect(victim.write(b'conflict v="text" 2\nconflict v=3i 3\nconflict v=4 4'), 400)


def many_series(victim):
    """A write with more series than there is room for is refused in part, and said."""
    body = "\n".join("wide,id=%d v=1 1" % i for i in range(60_000))
    expect(victim.write(body.encode()), 204, 400)
    victim.query("DROP MEASUREMENT wide")


def many_fields(victim):
    body = "\n".join("fields f%d=1 1" % i for i in range(100_000))
    expect(victim.write(body.encode()), 204, 400)
    victim.query("DROP MEASUREMENT fields", timeout=60)


def one_line_of_fields(victim):
    expect(victim.write(("row " + ",".join("f%d=1" % i for i in range(50_000)) + " 1").encode()), 204, 400)
    victim.query("DROP MEASUREMENT row", timeout=60)


def many_tags(victim):
    expect(victim.write(("tags," + ",".join("t%d=1" % i for i in range(5_000)) + " v=1 1").encode()), 204, 400)
    victim.query("DROP MEASUREMENT tags")


def times_everywhere(victim):
    """A point in each of 3,000 partitions, over the whole range of time."""
    step = (1 << 63) // 1500
    expect(victim.write("\n".join("spread v=1 %d" % (-(1 << 63) + 2 + step * i) for i in range(3000)).encode()), 204, 400)
    victim.query("DROP MEASUREMENT spread", timeout=60)


CASES = [("lines: %s" % name, beside(line)) for name, line in BAD_LINES.items()] + [
    ("lines: no database", lines("m v=1", 400, database="")),
    ("lines: a database that is not there", lines("m v=1", 404, database="nosuch")),
    ("lines: a database that climbs", lines("m v=1", 404, 400, database="../../canary")),
    ("lines: a policy that is not there", lines("m v=1", 400, 404, 500, rp="nosuch")),
    ("lines: an unknown precision", lines("m v=1 1", 204, 400, precision="parsec")),
    ("lines: an open string", lines('m v="open', 400)),
    ("lines: an open string of 10 MB", lines('m v="' + "x\n" * 5_000_000, 400)),
    ("lines: nothing", lines("", 204, 400)),
    ("lines: a million empty lines", lines("\n" * 1_000_000, 204)),
    ("lines: a million comments", lines("# x\n" * 1_000_000, 204)),
    ("lines: a million bad lines", lines("x\n" * 1_000_000, 400)),
    ("lines: carriage returns alone", lines("m v=1\rm v=2", 400, 204)),
    ("lines: a byte order mark", lines(b"\xef\xbb\xbfbom v=1 1", 204, 400)),
    ("lines: a tag twice", lines("m,a=1,a=2 v=1 1", 204, 400)),
    ("lines: random bytes", lines(b"".join(struct.pack("<I", (i * 2654435761) % 2**32) for i in range(250_000)), 400)),
    ("lines: types that differ", type_conflict),
    ("lines: 60,000 series", many_series),
    ("lines: 100,000 fields, a line each", many_fields),
    ("lines: 50,000 fields in a line", one_line_of_fields),
    ("lines: 5,000 tags", many_tags),
    ("lines: all of time", times_everywhere),
]
