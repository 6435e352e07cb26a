"""The vigild under abuse: starts it, speaks to it, and checks that it is well after each case."""
import http.client
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse

MEGABYTE = 1 << 20


class Failure(Exception):
    """What a case expected and did not find."""


class Victim:
    # Points that are there before the first case and must be there after the last one.
    CANARY = 1000

    def __init__(self, binary, directory, options=(), descriptors=None):
        self.binary, self.directory, self.options = binary, directory, list(options)
        self.descriptors = descriptors
        self.process = None

    def start(self, listen="127.0.0.1:0"):
        self.log = self.directory + ".log"
        command = [self.binary, "--data", self.directory, "--listen", listen] + self.options
        if self.descriptors:
            command = ["prlimit", "--nofile=%d" % self.descriptors] + command
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(300):
            with open(self.log, "rb") as log:
                found = re.search(rb"listening on http://[0-9.]+:(\d+)", log.read())
            if found:
                self.port = int(found.group(1))
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        with open(self.log, errors="replace") as log:
            raise Failure("vigild did not start: " + log.read()[-2000:])

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("vigild did not end within 30 s of SIGTERM")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # Speaking

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, data, timeout=10, half_close=False, pieces=None):
        """Sends bytes and gives back what comes until the server closes or says no more for a
        while. A reset counts as the end."""
        received = b""
        with self.connect(timeout) as connection:
            try:
                connection.sendall(data)
                for piece in pieces or ():
                    connection.sendall(piece)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                while len(received) < 64 * MEGABYTE:
                    connection.settimeout(timeout if not received else 0.3)
                    part = connection.recv(65536)
                    if not part:
                        break
                    received += part
            except (ConnectionResetError, socket.timeout):
                pass
        return received

    def request(self, method, path, body=None, headers={}, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def query(self, text, database="abuse", timeout=30, **parameters):
        parameters = dict({"db": database, "epoch": "ns"}, **parameters)
        body = urllib.parse.urlencode(dict(parameters, q=text), errors="surrogateescape")
        return self.request("POST", "/query", body, {"Content-Type": "application/x-www-form-urlencoded"}, timeout)

    def write(self, lines, database="abuse", headers={}, **parameters):
        parameters["db"] = database
        return self.request("POST", "/write?" + urllib.parse.urlencode(parameters), lines, headers)

    # Being well

    def prepare(self):
        for database in ("canary", "abuse"):
            self.query("CREATE DATABASE " + database)
        lines = "\n".join("canary,k=%d v=%di %d" % (i % 5, i, i + 1) for i in range(self.CANARY))
        status, body = self.write(lines.encode(), "canary")
        if status != 204:
            raise Failure("canary: %d %r" % (status, body))
        lines = ["m,h=%d v=%d.5,i=%di,s=\"x\",b=t %d" % (i % 7, i, i, i * 10**9) for i in range(2000)]
        self.write("\n".join(lines).encode())

    def memory(self, key="VmRSS"):
        with open("/proc/%d/status" % self.process.pid) as status:
            return int(re.search(key + r":\s*(\d+) kB", status.read()).group(1)) * 1024

    def forget_peak(self):
        with open("/proc/%d/clear_refs" % self.process.pid, "w") as references:
            references.write("5")

    def check(self, within=1.0):
        """Answers to a ping and a small query within a second, with all points of the canary."""
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as log:
                raise Failure("the process ended with %d: %s" % (self.process.returncode, log.read()[-2000:]))
        begun = time.monotonic()
        try:
            status, _ = self.request("GET", "/ping", timeout=5 * within)
            answered, body = self.query("SELECT count(v), sum(v) FROM canary", "canary", timeout=5 * within)
        except (OSError, http.client.HTTPException) as error:
            raise Failure("no answer afterwards: %r" % error)
        taken = time.monotonic() - begun
        if status != 204 or answered != 200:
            raise Failure("afterwards /ping says %d, /query %d %r" % (status, answered, body[:300]))
        row = json.loads(body)["results"][0]["series"][0]["values"][0]
        if row[1:] != [self.CANARY, sum(range(self.CANARY))]:
            raise Failure("afterwards the canary is %r" % row)
        if taken > within:
            raise Failure("afterwards a ping and a query take %.1f s" % taken)


def status_of(response):
    """The status of a raw response; None if it is none."""
    found = re.match(rb"HTTP/1\.[01] (\d{3})", response)
    return int(found.group(1)) if found else None


def expect(found, *allowed):
    """`found` is a raw response or (status, body)."""
    status = status_of(found) if isinstance(found, bytes) else found[0]
    if status not in allowed:
        raise Failure("expected %s, found %s: %.300r" % ("/".join(map(str, allowed)), status, found))
    return found
