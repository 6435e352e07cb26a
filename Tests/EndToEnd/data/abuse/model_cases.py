"""Models with huge options, and files that are no models."""
import random

from victim import Failure, expect
from statement_cases import asked

CREATE = "CREATE MODEL x FROM m FIELDS v, i GROUP BY time(1s), h USING lstm_autoencoder WITH (%s)"

OPTIONS = ["window = 1000000000", "window = 0", "window = -5", "window = 9223372036854775807", "hidden = 1000000000",
           "hidden = 0", "latent = 1000000000", "latent = -1", "window = 100000, hidden = 100000",
           "epochs = 9223372036854775807, window = 'x'", "epochs = -1", "percentile = 1000", "percentile = -1", "percentile = 'x'",
           "batch = 0", "learning_rate = -1", "nosuch = 1", "window = 8, window = 8", "scaling = 'nosuch'", "loss = 'nosuch'",
           "mask = -5m", "events = ''", "versions = 0", "versions = 9223372036854775807", "sustain = -1", "margin = -1",
           ", ".join("o%d = 1" % i for i in range(50_000))]

STATEMENTS = {
    "no kind": "CREATE MODEL x FROM m FIELDS v GROUP BY time(1s) USING nosuch",
    "no such field": "CREATE MODEL x FROM m FIELDS nosuch GROUP BY time(1s) USING lstm_autoencoder",
    "a field of text": "CREATE MODEL x FROM m FIELDS s GROUP BY time(1s) USING lstm_autoencoder",
    "no such measurement": "CREATE MODEL x FROM nosuch FIELDS v GROUP BY time(1s) USING lstm_autoencoder",
    "10,000 fields": "CREATE MODEL x FROM m FIELDS %s GROUP BY time(1s) USING lstm_autoencoder" % ",".join("f%d" % i for i in range(10_000)),
    "an interval of nothing": "CREATE MODEL x FROM m FIELDS v GROUP BY time(0s) USING lstm_autoencoder",
    "an interval of 1 ns": "CREATE MODEL x FROM m FIELDS v GROUP BY time(1ns) USING lstm_autoencoder",
    "a retraining every nothing": "CREATE MODEL x FROM m FIELDS v GROUP BY time(1s) USING lstm_autoencoder RETRAIN EVERY 0s OVER 0s",
    "a model that is not there": "SELECT rl(nosuch) FROM m",
}


def exported(victim):
    """A model that was trained here, as a file."""
    found = victim.request("GET", "/model?db=abuse&name=small")
    if found[0] == 200:
        return found[1]
    expect(victim.query("CREATE MODEL small FROM m FIELDS v GROUP BY time(1s) USING lstm_autoencoder WITH "
                        "(window = 4, hidden = 4, latent = 2, epochs = 1)", timeout=60), 200)
    return expect(victim.request("GET", "/model?db=abuse&name=small"), 200)[1]


def imported(change, tries=1):
    def run(victim):
        file = exported(victim)
        for attempt in range(tries):
            found = victim.request("POST", "/model?db=abuse&name=hostile", change(bytearray(file), random.Random(attempt)))
            expect(found, 400, 409, 413)
    return run


def flipped(file, generator):
    file[generator.randrange(len(file))] ^= 1 << generator.randrange(8)
    return bytes(file)


def huge_lengths(file, generator):
    at = generator.randrange(len(file) - 8)
    file[at:at + 8] = b"\xff" * 7 + b"\x7f"
    return bytes(file)


def names(victim):
    file = exported(victim)
    for name in ["..%2f..%2fx", "%00", "x" * 5_000, "%2e%2e", "a/b", "%ff"]:
        expect(victim.request("POST", "/model?db=abuse&name=" + name, file), 201, 400, 404, 409, 414, 431)
        expect(victim.request("GET", "/model?db=..%2fcanary&name=" + name), 400, 404, 414, 431)


CASES = [("models: options %.40s" % options, asked(CREATE % options, fails=None)) for options in OPTIONS] + [
    ("models: " + name, asked(text, fails=True)) for name, text in STATEMENTS.items()
    if name != "an interval of 1 ns"] + [
    ("models: an interval of 1 ns", asked(STATEMENTS["an interval of 1 ns"])),
    ("models: a file of nothing", imported(lambda file, generator: b"")),
    ("models: a file of noise", imported(lambda file, generator: generator.randbytes(100_000), 5)),
    ("models: a file that is cut", imported(lambda file, generator: bytes(file[:generator.randrange(len(file))]), 25)),
    ("models: a file with a flipped bit", imported(flipped, 40)),
    ("models: a file with huge lengths", imported(huge_lengths, 25)),
    ("models: a file twice", imported(lambda file, generator: bytes(file + file))),
    ("models: names of models", names),
    ("models: a backup of nothing", lambda victim: expect(victim.request("POST", "/backup?db=nosuch"), 404)),
    ("models: a backup that climbs", lambda victim: expect(victim.request("POST", "/backup?db=..%2f..%2fetc"), 404, 400)),
    ("models: a backup that has a million files", lambda victim: expect(
        victim.request("POST", "/backup?db=abuse", b"../../etc/passwd\n" * 1_000_000), 200, 400, 413)),
]
