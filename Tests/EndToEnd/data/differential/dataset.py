"""A random database: measurements with tags and typed fields, and points. A seed gives the same
database again."""

SECOND = 10**9
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND

# Zones with a change of an hour, of half an hour, of a whole day, near midnight, and with none.
ZONES = ["America/New_York", "Europe/Berlin", "Europe/Rome", "Australia/Lord_Howe", "Pacific/Apia",
         "America/St_Johns", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Cairo", "UTC"]

# Midnights (UTC, seconds) shortly before clocks change somewhere, around 1970, and plain days.
STARTS = [1583712000, 1585353600, 1604102400, 1603497600, 1540944000, 1325203200, 1570233600,
          1586044800, 1270080000, -172800, 0, 1577836800, 1709596800, 951782400]

STEPS = [SECOND, 10 * SECOND, MINUTE, 7 * MINUTE, 30 * MINUTE, HOUR, 5 * HOUR]

FIELD_TYPES = ["float", "float", "integer", "integer", "string", "boolean"]


class Measurement:
    def __init__(self, name, tags, fields):
        self.name = name
        self.tags = tags
        self.fields = fields

    def of_type(self, *types):
        return [name for name, type in self.fields.items() if type in types]


class Dataset:
    def __init__(self, random):
        self.random = random
        self.start = random.choice(STARTS) * SECOND + random.choice([0, 0, HOUR, 5 * MINUTE, 1])
        self.step = random.choice(STEPS)
        self.rows = random.randint(15, 70)
        self.end = self.start + self.step * self.rows
        # InfluxDB orders points of one time by how its shards and series happen to be read.
        self.shares_times = random.random() < 0.2
        self.tag_values = {}
        self.measurements = [self._measurement(n) for n in range(random.randint(2, 4))]

    def _measurement(self, number):
        random = self.random
        name = ["cpu", "mem", "disk io", "net"][number]
        tags = random.sample(["host", "zone", "core"], random.randint(0, 3))
        for tag in tags:
            self.tag_values.setdefault(tag, random.sample(["a", "b", "c", "d e", "10"], random.randint(1, 3)))
        names = random.sample(["v", "w", "x", "y", "z"], random.randint(1, 4))
        return Measurement(name, tags, {n: random.choice(FIELD_TYPES) for n in names})

    def _value(self, type):
        random = self.random
        if type == "float":
            return repr(random.randint(-800, 800) / 8)
        if type == "integer":
            return "%di" % random.randint(-100, 100)
        if type == "boolean":
            return random.choice(["true", "false"])
        return '"%s"' % random.choice(["ok", "bad", "", "slow"])

    def lines(self):
        """Line protocol, at most one line for a series and a time."""
        random = self.random
        lines = []
        number = 0
        for measurement in self.measurements:
            series = {tuple((t, random.choice(self.tag_values[t])) for t in measurement.tags
                            if random.random() < 0.9)
                      for _ in range(random.randint(1, 5))}
            for tags in sorted(series):
                number += 1
                key = measurement.name.replace(" ", "\\ ") + "".join(
                    ",%s=%s" % (k, v.replace(" ", "\\ ")) for k, v in sorted(tags))
                jitter = random.choice([0, 0, self.step // 2])
                for row in range(self.rows):
                    if random.random() < 0.25:
                        continue
                    fields = ["%s=%s" % (f, self._value(t)) for f, t in measurement.fields.items()
                              if random.random() < 0.85]
                    if not fields:
                        continue
                    time = self.start + row * self.step + (random.randrange(jitter) if jitter else 0)
                    # Only the last digits tell the series apart.
                    time = time - time % 100 + (0 if self.shares_times else number)
                    lines.append("%s %s %d" % (key, ",".join(fields), time))
        return lines
