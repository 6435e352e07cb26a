"""Clients that are slow, that leave, or that come in crowds. While they do so the server answers
everybody else."""
import socket
import struct
import threading
import time
import urllib.parse

from victim import Failure, expect, status_of

WRITE = b"POST /write?db=abuse HTTP/1.1\r\nHost: x\r\n"
LARGE = "SELECT * FROM m, m, m, m, m, m, m, m, m, m"


def query_target(text):
    return b"GET /query?" + urllib.parse.urlencode({"db": "abuse", "q": text}).encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n"


def crowd(count, first, each=lambda connection, number: None, seconds=0.5):
    """`count` connections that send `first` and then behave like `each`; the server is well
    meanwhile."""
    def run(victim):
        connections = []
        try:
            for number in range(count):
                connection = victim.connect()
                connections.append(connection)
                try:
                    connection.sendall(first)
                    each(connection, number)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            end = time.monotonic() + seconds
            victim.check()
            while time.monotonic() < end:
                time.sleep(0.1)
            victim.check()
        finally:
            for connection in connections:
                connection.close()
    return run


def drip(connection, number):
    for byte in b"X-Slow":
        connection.sendall(bytes([byte]))


def reset(connection, number):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ended(data, *statuses, within=15):
    """The server ends a connection that does nothing: with one of some statuses, or without."""
    def run(victim):
        with victim.connect(timeout=within) as connection:
            connection.sendall(data)
            begun = time.monotonic()
            received = b""
            try:
                while part := connection.recv(65536):
                    received += part
            except ConnectionResetError:
                pass
            except socket.timeout:
                raise Failure("open after %d s: %.100r" % (time.monotonic() - begun, received))
            if received and status_of(received) not in statuses:
                raise Failure("ended with %.200r" % received)
    return run


def answered(data, *statuses, half_close=False):
    return lambda victim: expect(victim.raw(data, half_close=half_close), *statuses)


def endless_chunks(victim):
    """A chunked body that never ends is ended at the limit of bodies."""
    chunk = b"10000\r\n" + b"# a comment\n" * 5461 + b"####\r\n"[:0] + b"#" * (65536 - 12 * 5461) + b"\r\n"
    with victim.connect(timeout=20) as connection:
        connection.sendall(WRITE + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 400_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
        except (BrokenPipeError, ConnectionResetError):
            return
        except socket.timeout:
            raise Failure("neither read nor ended after %d bytes" % sent)
    raise Failure("%d bytes of a body were read" % sent)


def leavers(victim):
    """Clients that ask for much and leave do not keep their queries running."""
    for _ in range(100):
        with victim.connect() as connection:
            connection.sendall(query_target(LARGE))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end = time.monotonic() + 10
    while time.monotonic() < end:
        _, body = victim.query("SHOW QUERIES")
        if body.count(b"SELECT") == 0:
            return
        time.sleep(0.2)
    raise Failure("queries of clients that left: %.300r" % body)


def too_many(victim):
    """More connections than the server has descriptors for: it serves again when they are gone."""
    connections = []
    try:
        for _ in range(2000):
            try:
                connections.append(victim.connect(timeout=2))
            except OSError:
                break
        time.sleep(1)
        before = cpu(victim)
        time.sleep(2)
        used = cpu(victim) - before
        if used > 1:
            raise Failure("%.1f s of processor time in 2 s of waiting" % used)
    finally:
        for connection in connections:
            connection.close()
    time.sleep(1)


def cpu(victim):
    with open("/proc/%d/stat" % victim.process.pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def writers_and_readers(victim):
    """Stalled writers and readers together."""
    stalled = threading.Thread(target=crowd(
        40, WRITE + b"Transfer-Encoding: chunked\r\n\r\n11170\r\n" + b"# stalled\n" * 7000, seconds=2), args=(victim,))
    stalled.start()
    try:
        crowd(40, query_target(LARGE), seconds=2)(victim)
    finally:
        stalled.join()


CASES = [
    ("clients: 300 that say nothing", crowd(300, b"")),
    ("clients: 200 with half a header", crowd(200, b"GET /ping HTTP/1.1\r\nHo", drip)),
    ("clients: 60 that ask and do not read", crowd(60, query_target(LARGE), seconds=2)),
    ("clients: 60 with a body that stalls", crowd(60, WRITE + b"Content-Length: 10000000\r\n\r\nm v=1", seconds=2)),
    ("clients: 40 with chunks that stall", crowd(40, WRITE + b"Transfer-Encoding: chunked\r\n\r\n11170\r\n" + b"# stalled\n" * 7000, seconds=2)),
    ("clients: 40 with gzip that stalls", crowd(40, WRITE + b"Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n\x1f\x8b\x08\0", seconds=2)),
    ("clients: stalled writers and readers", writers_and_readers),
    ("clients: 200 that reset in a body", crowd(200, WRITE + b"Content-Length: 1000\r\n\r\nm v", reset)),
    ("clients: 100 that ask and leave", leavers),
    ("clients: a header that never ends", ended(b"GET /ping HTTP/1.1\r\nX: y", 400, 408)),
    ("clients: a body that never comes", ended(WRITE + b"Content-Length: 100\r\n\r\nm v=1", 408)),
    ("clients: a chunk that never comes", ended(WRITE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nm v", 408)),
    ("clients: a body without end", endless_chunks),
    ("clients: a body over the limit that never comes", answered(
        WRITE + b"Connection: close\r\nContent-Length: 900000000\r\n\r\nm v=1", 413)),
    ("clients: HTTP/1.0", answered(b"GET /ping HTTP/1.0\r\n\r\n", 204)),
    ("clients: a query by HTTP/1.0", answered(query_target("SHOW DATABASES").replace(b"HTTP/1.1", b"HTTP/1.0"), 200)),
    ("clients: a question and the end", answered(query_target("SELECT count(v) FROM m"), 200, half_close=True)),
    ("clients: a write and the end", answered(WRITE + b"Content-Length: 7\r\n\r\nm v=1 1", 204, half_close=True)),
    ("clients: half a request and the end", lambda victim: victim.raw(b"GET /pi", half_close=True)),
    ("clients: half a body and the end", lambda victim: victim.raw(WRITE + b"Content-Length: 100\r\n\r\nm v=1", half_close=True)),
    ("clients: 2,000 connections", too_many),
]
