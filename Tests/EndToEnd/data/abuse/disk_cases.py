"""Damaged files, a full disk, few descriptors: each with a server of its own."""
import json
import os
import random
import shutil
import subprocess
import time

from victim import Failure, Victim, expect


def files_of(directory):
    found = []
    for folder, _, names in os.walk(directory):
        found += [os.path.join(folder, name) for name in names]
    return sorted(os.path.relpath(path, directory) for path in found)


class Damage:
    """A small store with every kind of file, copied anew for each case."""

    def __init__(self, binary, directory):
        self.binary = binary
        self.original = directory + "/original"
        self.copy = directory + "/copy"
        victim = Victim(binary, self.original, ["--memtable-limit", "65536"]).start()
        try:
            victim.prepare()
            victim.query("CREATE CONTINUOUS QUERY c ON abuse BEGIN SELECT mean(v) INTO means FROM m GROUP BY time(10s) END")
            victim.query("CREATE MODEL small FROM m FIELDS v GROUP BY time(1s) USING lstm_autoencoder WITH "
                         "(window = 4, hidden = 4, latent = 2, epochs = 1)", timeout=60)
            victim.query("CREATE RETENTION POLICY p ON canary DURATION INF REPLICATION 1")
            expect(victim.write(b"kept v=1 1", "canary", rp="p"), 204)
            victim.stop()
            # What is written last stays in the log.
            victim.start()
            expect(victim.write(b"late v=1 1\nlate v=1 2", "canary"), 204)
            victim.kill()
        finally:
            victim.kill()
        self.files = [name for name in files_of(self.original) if os.path.getsize(os.path.join(self.original, name))]

    ASKED = [("SELECT count(v), sum(v) FROM canary", [Victim.CANARY, sum(range(Victim.CANARY))]),
             ("SELECT count(v) FROM late", [2]), ("SELECT count(v) FROM p.kept", [1])]

    def judge(self, change):
        """After some damage all points are there, or the answer and `verify` say that they are not."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.original, self.copy)
        change(self.copy)
        victim = Victim(self.binary, self.copy)
        try:
            try:
                victim.start()
            except Failure as failure:
                # Refusing to open is an answer, if it names a file.
                if "databases" not in str(failure) and "VERSION" not in str(failure):
                    raise
                return
            silent = [text for text, expected in self.ASKED if not self.said(victim, text, expected)]
            victim.stop()
        finally:
            victim.kill()
        if silent:
            raise Failure("without a word: " + "; ".join(silent))

    def said(self, victim, text, expected):
        status, body = victim.query(text, "canary")
        answer = json.loads(body)
        result = answer.get("results", [{}])[0]
        if "error" in answer or "error" in result or result.get("messages"):
            return True
        row = result.get("series", [{"values": [[0]]}])[0]["values"][0][1:]
        return row == expected or self.is_reported()

    def is_reported(self):
        """Damage that a query cannot see, such as to a log, is at least found by `verify`."""
        copy = self.copy + ".verify"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.copy, copy, ignore=shutil.ignore_patterns("LOCK"))
        return subprocess.run([self.binary, "verify", copy], capture_output=True).returncode == 1


def flip(name, generator):
    def change(directory):
        path = os.path.join(directory, name)
        with open(path, "r+b") as file:
            at = generator.randrange(os.path.getsize(path))
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ (1 << generator.randrange(8))]))
    return change


def cut(name, generator):
    return lambda directory: os.truncate(os.path.join(directory, name), generator.randrange(
        os.path.getsize(os.path.join(directory, name))))


def zero(name, generator):
    def change(directory):
        path = os.path.join(directory, name)
        with open(path, "r+b") as file:
            file.write(b"\0" * os.path.getsize(path))
    return change


def remove(name, generator):
    return lambda directory: os.remove(os.path.join(directory, name))


def foreign(directory):
    """Files that are nobody's, and links that lead in circles."""
    for place in [directory, directory + "/databases"]:
        with open(place + "/notes.txt", "w") as file:
            file.write("mine")
        os.symlink(".", place + "/circle")
        os.mkdir(place + "/lost+found")


def descriptors(binary, directory):
    victim = Victim(binary, directory, descriptors=96).start()
    try:
        victim.prepare()
        connections = []
        for _ in range(300):
            try:
                connections.append(victim.connect(timeout=1))
            except OSError:
                break
        for connection in connections:
            connection.close()
        time.sleep(1)
        victim.check()
        victim.stop()
    finally:
        victim.kill()


def vanished(binary, directory):
    """A data directory that is removed under the server: its health says so."""
    victim = Victim(binary, directory).start()
    try:
        victim.prepare()
        shutil.rmtree(directory)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            status, body = victim.request("GET", "/health")
            if status != 200 and b"fail" in body:
                return
            time.sleep(0.2)
        raise Failure("/health says %d %r" % (status, body))
    finally:
        victim.kill()


def full(binary, directory):
    """A disk that is full: writes say so, what was acknowledged is there, before and after."""
    os.mkdir(directory)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", directory]).returncode:
        print("SKIPPED: a full disk, for which a file system has to be mounted")
        return
    victim = Victim(binary, directory + "/data")
    try:
        victim.start().prepare()
        generator = random.Random(1)
        for batch in range(100):
            lines = "\n".join("noise v=%r %d" % (generator.random(), batch * 5000 + i) for i in range(5000))
            status, body = victim.write(lines.encode())
            if status != 204:
                break
        else:
            raise Failure("500,000 points fit into 3 MB")
        if status < 500 or b"error" not in body:
            raise Failure("a full disk is told as %d %r" % (status, body))
        victim.check(within=2)
        victim.kill()
        victim.start()
        victim.check(within=2)
    finally:
        victim.kill()
        subprocess.run(["umount", "-l", directory])


def killed(binary, directory):
    """Killed again and again while it starts: no point is lost, and none is stored twice."""
    victim = Victim(binary, directory).start()
    try:
        victim.prepare()
        victim.kill()
        before = stored(directory)
        for attempt in range(12):
            victim.process = subprocess.Popen([binary, "--data", directory, "--listen", "127.0.0.1:0"],
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.004 * attempt)
            victim.kill()
        victim.start()
        victim.check()
        victim.stop()
        if stored(directory) > 2 * before + 65536:
            raise Failure("%d bytes became %d" % (before, stored(directory)))
    finally:
        victim.kill()


def stored(directory):
    return sum(os.path.getsize(os.path.join(directory, name)) for name in files_of(directory))


def run(binary, directory, pattern):
    """How many cases there were, and the names of those that failed."""
    cases = [("disk: few descriptors", lambda: descriptors(binary, directory + "/few")),
             ("disk: a directory that vanishes", lambda: vanished(binary, directory + "/gone")),
             ("disk: a full disk", lambda: full(binary, directory + "/full")),
             ("disk: kills while it starts", lambda: killed(binary, directory + "/killed"))]
    if pattern in "disk: damage":
        damage = Damage(binary, directory)
        generator = random.Random(2)
        cases.append(("disk: damage, foreign files", lambda: damage.judge(foreign)))
        for name in damage.files:
            # The last log cut, zeroed or removed is what a power cut leaves (FORMAT.md).
            kinds_told = 1 if "/wal/" in name else 4
            for title, kind, times in [("flipped bits", flip, 3), ("cut", cut, 1), ("zeros", zero, 1), ("removed", remove, 1)][:kinds_told]:
                def judged(name=name, kind=kind, times=times):
                    for _ in range(times):
                        damage.judge(kind(name, generator))
                cases.append(("disk: damage, %s: %s" % (name, title), judged))
    cases = [case for case in cases if pattern in case[0]]
    failed = []
    for name, case in cases:
        try:
            case()
        except Exception as error:
            failed.append(name)
            print("FAILED %s: %s: %s" % (name, type(error).__name__, error), flush=True)
    return len(cases), failed
