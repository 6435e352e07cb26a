"""Random statements over a dataset. What they mean is for the servers to say: a part of them is
wrong on purpose."""
import datetime

from dataset import DAY, HOUR, MINUTE, SECOND, ZONES

AGGREGATES = ["count", "sum", "mean", "median", "mode", "spread", "stddev", "min", "max", "first",
              "last", "distinct"]
TRANSFORMATIONS = ["derivative", "non_negative_derivative", "difference", "non_negative_difference",
                   "moving_average", "cumulative_sum", "elapsed"]
MATHEMATICS = ["abs", "floor", "ceil", "round", "sqrt"]


def quoted(name):
    return name if name.isidentifier() else '"%s"' % name


def duration(nanoseconds):
    for unit, size in [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)]:
        if nanoseconds % size == 0:
            return "%d%s" % (nanoseconds // size, unit)
    return "%dns" % nanoseconds


class Statement:
    """A statement, and what the comparison has to know of it."""

    def __init__(self, text, zone=None, target=None, changes=None):
        self.text = text
        self.zone = zone
        # The measurement that INTO writes.
        self.target = target
        # The measurement that DELETE or DROP may have changed.
        self.changes = changes


class Statements:
    def __init__(self, random, dataset):
        self.random = random
        self.dataset = dataset

    def chance(self, probability):
        return self.random.random() < probability

    def next(self):
        kind = self.random.random()
        if kind < 0.70:
            return self.select()
        if kind < 0.78:
            return self.select_into()
        if kind < 0.97:
            return Statement(self.show())
        return self.deletion()

    # SELECT

    def select(self):
        text, zone = self.query(depth=0)
        return Statement(text, zone=zone)

    def select_into(self):
        text, zone = self.query(depth=0, into='"copy of"' if self.chance(0.2) else "copied")
        return Statement(text, zone=zone, target="copied" if "INTO copied" in text else "copy of")

    def query(self, depth, into=None):
        random = self.random
        if depth < 2 and self.chance(0.15 if depth == 0 else 0.1):
            return self.outer_query(depth, into)
        measurement = random.choice(self.dataset.measurements)
        source = self.source(measurement, depth)
        fields, is_aggregate = self.fields(measurement)
        return self.finish(fields, is_aggregate, source, measurement, depth, into)

    def outer_query(self, depth, into):
        random = self.random
        measurement = random.choice(self.dataset.measurements)
        numbers = measurement.of_type("float", "integer")
        if not numbers:
            return self.query(2, into)
        inner_call = random.choice(["mean", "max", "sum", "count", "first", "last", None])
        field = random.choice(numbers)
        inner_field = "%s(%s) AS i" % (inner_call, field) if inner_call else "%s AS i" % field
        inner, _ = self.finish(inner_field, inner_call is not None, quoted(measurement.name),
                               measurement, depth + 1, None)
        call = random.choice(["mean", "max", "min", "sum", "count", "last", "median", None])
        fields = "%s(i)" % call if call else random.choice(["i", "*", "i * 2"])
        return self.finish(fields, call is not None, "(%s)" % inner, measurement, depth, into,
                           condition_fields=["i"])

    def source(self, measurement, depth):
        random = self.random
        roll = random.random()
        if roll < 0.78:
            return quoted(measurement.name)
        if roll < 0.86:
            return ", ".join(quoted(m.name) for m in random.sample(self.dataset.measurements, 2))
        if roll < 0.92:
            return random.choice(["/cpu|mem/", "/./", "/^disk/", "/nothing/"])
        if roll < 0.97:
            return "autogen.%s" % quoted(measurement.name)
        return "nosuch"

    def fields(self, measurement):
        """What is selected, and whether it aggregates."""
        random = self.random
        names = list(measurement.fields)
        roll = random.random()
        if roll < 0.30:
            return self.raw_fields(measurement), False
        if roll < 0.36:
            call = random.choice(["mean", "max", "count", "first", "last", "sum", "spread"])
            return "%s(%s)" % (call, random.choice(["*", "/v|x/"])), True
        if roll < 0.46:
            tag = "".join(", " + t for t in random.sample(measurement.tags, min(1, len(measurement.tags)))
                          if self.chance(0.5))
            extra = random.choice(["", "", ", " + random.choice(names + measurement.tags)])
            return "%s(%s%s, %d)%s" % (random.choice(["top", "bottom"]), random.choice(names), tag,
                                       random.randint(1, 4), extra), True
        if roll < 0.56:
            # One selector, with what else its row has.
            call = random.choice(["min", "max", "first", "last", "percentile"])
            arguments = random.choice(names) + (", %d" % random.randint(0, 100) if call == "percentile" else "")
            return "%s(%s), %s" % (call, arguments, random.choice(names + measurement.tags)), True
        count = random.choice([1, 1, 1, 2, 3])
        return ", ".join(self.call(measurement) + self.alias() for _ in range(count)), True

    def alias(self):
        return " AS %s" % self.random.choice(["p", "q", "r"]) if self.chance(0.15) else ""

    def raw_fields(self, measurement):
        random = self.random
        names = list(measurement.fields)
        numbers = measurement.of_type("float", "integer")
        choices = ["*", "*::field", random.choice(names), ", ".join(names),
                   ", ".join(random.sample(names + measurement.tags, min(2, len(names + measurement.tags)))),
                   "/%s/" % random.choice("vwxyz"), "time, " + random.choice(names),
                   "%s::%s" % (random.choice(names), random.choice(["float", "integer", "string", "boolean", "field", "tag"]))]
        if numbers:
            a, b = random.choice(numbers), random.choice(numbers)
            choices += ["%s %s %s" % (a, random.choice("+-*/"), b), "%s * 2.5" % a, "-%s" % a,
                        "(%s + 3) / %s" % (a, b), "%s %% 7" % a, "%s(%s)" % (random.choice(MATHEMATICS), a),
                        "%s & 6" % a, "%s | 3" % a, "pow(%s, 2)" % a, "%s, %s / 4" % (a, b)]
        return random.choice(choices)

    def call(self, measurement):
        random = self.random
        names = list(measurement.fields)
        numbers = measurement.of_type("float", "integer")
        field = random.choice(numbers if numbers and self.chance(0.85) else names)
        roll = random.random()
        if roll < 0.55:
            return "%s(%s)" % (random.choice(AGGREGATES), field)
        if roll < 0.62:
            return "percentile(%s, %s)" % (field, random.choice(["0", "25", "50", "90", "99.7", "100"]))
        if roll < 0.66:
            return "count(distinct(%s))" % field
        if roll < 0.69:
            return "integral(%s%s)" % (field, random.choice(["", ", 1m"]))
        if roll < 0.76:
            return "%s(%s) %s %s" % (random.choice(["mean", "sum", "max"]), field, random.choice("+-*/"),
                                     random.choice(["2", "0.5", "count(%s)" % field, "min(%s)" % field]))
        if roll < 0.80:
            return "%s(%s(%s))" % (random.choice(MATHEMATICS), random.choice(["mean", "sum"]), field)
        inner = "%s(%s)" % (random.choice(["mean", "sum", "max", "count", "last", "first"]), field) \
            if self.chance(0.7) else field
        name = random.choice(TRANSFORMATIONS)
        argument = ""
        if name == "moving_average":
            argument = ", %d" % random.randint(2, 4)
        elif name in ("derivative", "non_negative_derivative", "elapsed") and self.chance(0.6):
            argument = ", " + random.choice(["1s", "1m", "10s", "1h"])
        return "%s(%s%s)" % (name, inner, argument)

    def finish(self, fields, is_aggregate, source, measurement, depth, into, condition_fields=None):
        random = self.random
        clauses = ["SELECT " + fields]
        if into:
            clauses.append("INTO " + into)
        clauses.append("FROM " + source)
        dimensions = []
        length = None
        if is_aggregate and self.chance(0.65):
            length = self.bucket_length()
            offset = ""
            if self.chance(0.35):
                offset = ", %s%s" % (random.choice(["", "-"]), duration(
                    random.choice([length // 3 // SECOND * SECOND, length + length // 4 // SECOND * SECOND, HOUR, 9 * HOUR])))
            dimensions.append("time(%s%s)" % (duration(length), offset))
        if self.chance(0.4):
            dimensions += random.choice([["*"], ["/./"], measurement.tags or ["nosuch"],
                                         random.sample(measurement.tags, min(1, len(measurement.tags)))])
        condition = self.condition(measurement, bounded=length is not None, fields=condition_fields)
        if condition:
            clauses.append("WHERE " + condition)
        if dimensions:
            clauses.append("GROUP BY " + ", ".join(dimensions))
        if length is not None and self.chance(0.5):
            clauses.append("fill(%s)" % random.choice(["null", "none", "previous", "linear", "0", "-1.5", "7"]))
        if depth == 0 and self.chance(0.2):
            clauses.append("ORDER BY time DESC")
        # InfluxDB takes an OFFSET without a LIMIT for LIMIT 1, now and then.
        for limit, offset, probability in [("LIMIT", "OFFSET", 0.15), ("SLIMIT", "SOFFSET", 0.05 if depth == 0 else 0)]:
            if self.chance(probability):
                clauses.append("%s %d" % (limit, random.randint(0, 4)))
                if self.chance(0.4):
                    clauses.append("%s %d" % (offset, random.randint(0, 4)))
        zone = None
        if depth == 0 and self.chance(0.25):
            zone = random.choice(ZONES)
            clauses.append("tz('%s')" % zone)
        return " ".join(clauses), zone

    def bucket_length(self):
        """One that gives the dataset some dozens of buckets at most."""
        span = self.dataset.end - self.dataset.start
        choices = [d for d in [SECOND, 5 * SECOND, 30 * SECOND, MINUTE, 7 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR,
                               DAY, 2 * DAY, 7 * DAY] if span // 60 <= d <= span * 2]
        return self.random.choice(choices or [self.dataset.step])

    # Conditions

    def time(self):
        """A literal for a time in or around the dataset."""
        random = self.random
        moment = self.dataset.start + random.randint(-self.dataset.rows // 4, self.dataset.rows * 5 // 4) * self.dataset.step
        roll = random.random()
        if roll < 0.5:
            return str(moment)
        if roll < 0.65 and moment % SECOND == 0:
            return "%ds" % (moment // SECOND)
        date = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=moment // SECOND)
        return "'%s'" % date.strftime(random.choice(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]))

    def time_range(self):
        low = self.dataset.start + self.random.randint(-3, self.dataset.rows // 2) * self.dataset.step
        high = low + self.random.randint(1, self.dataset.rows) * self.dataset.step
        return "time %s %d AND time %s %d" % (self.random.choice([">", ">="]), low, self.random.choice(["<", "<="]), high)

    def time_condition(self):
        random = self.random
        roll = random.random()
        if roll < 0.55:
            return self.time_range()
        if roll < 0.8:
            return "time %s %s" % (random.choice([">", ">=", "<", "<="]), self.time())
        if roll < 0.87:
            return "%s %s time" % (self.time(), random.choice(["<", "<=", ">", ">="]))
        if roll < 0.93:
            return "(time) >= (%s)" % self.time()
        return "time = %s" % self.time()

    def comparison(self, measurement, fields):
        random = self.random
        tags = measurement.tags + (["nosuch"] if self.chance(0.1) else [])
        if tags and self.chance(0.55):
            tag = random.choice(tags)
            value = random.choice(self.dataset.tag_values.get(tag, ["a"]) + ["", "q"])
            return "%s %s" % (tag, random.choice(["= '%s'" % value, "!= '%s'" % value, "<> '%s'" % value,
                                                  "=~ /a|b/", "!~ /a/", "=~ /^$/", "=~ /./"]))
        field = random.choice(fields or list(measurement.fields))
        type = "float" if fields else measurement.fields[field]
        if type == "string":
            return "%s %s" % (field, random.choice(["= 'ok'", "!= 'ok'", "=~ /o/", "!~ /ad/"]))
        if type == "boolean":
            return "%s %s" % (field, random.choice(["= true", "!= true", "= false"]))
        number = random.choice(["0", "10", "-20.5", "50"])
        operator = random.choice(["=", "!=", "<", "<=", ">", ">="])
        if self.chance(0.1):
            return "%s + 5 %s %s" % (field, operator, number)
        return "%s %s %s" % (field, operator, number)

    def condition(self, measurement, bounded, fields=None):
        random = self.random
        parts = []
        if bounded and self.chance(0.93):
            parts.append(self.time_range())
        elif self.chance(0.35):
            parts.append(self.time_condition())
        if self.chance(0.35):
            parts.append(self.comparison(measurement, fields))
            if self.chance(0.4):
                other = self.comparison(measurement, fields)
                joined = "%s %s %s" % (parts.pop(), random.choice(["AND", "OR"]), other)
                parts.append("(%s)" % joined)
        random.shuffle(parts)
        return " AND ".join(parts)

    # The rest

    def show(self):
        random = self.random
        measurement = random.choice(self.dataset.measurements)
        name = quoted(measurement.name)
        source = random.choice(["", " FROM " + name, " FROM /cpu|net/", " FROM nosuch", " FROM autogen." + name,
                                " FROM %s, %s" % (name, quoted(self.dataset.measurements[0].name))])
        condition = ""
        if self.chance(0.5) and measurement.tags:
            tag = random.choice(measurement.tags + ["nosuch"])
            value = random.choice(self.dataset.tag_values.get(tag, ["a"]) + [""])
            condition = " WHERE " + random.choice(["%s = '%s'" % (tag, value), "%s != '%s'" % (tag, value),
                                                   "%s =~ /a|b/" % tag, "%s !~ /a/" % tag])
            if self.chance(0.3):
                other = random.choice(measurement.tags)
                condition += " %s %s = 'a'" % (random.choice(["AND", "OR"]), other)
        limit = "".join(" %s %d" % (w, random.randint(0, 3)) for w in ["LIMIT", "OFFSET"] if self.chance(0.2))
        keys = measurement.tags + ["host"]
        selection = random.choice(["= " + random.choice(keys), "!= " + random.choice(keys), "IN (%s)" % ", ".join(keys),
                                   "=~ /o/", "!~ /o/"])
        with_measurement = random.choice(["", " WITH MEASUREMENT = " + name, " WITH MEASUREMENT =~ /c|m/"])
        return random.choice([
            "SHOW MEASUREMENTS" + with_measurement + condition + limit,
            "SHOW TAG KEYS" + source + condition + limit,
            "SHOW TAG VALUES" + source + " WITH KEY " + selection + condition + limit,
            "SHOW TAG VALUES" + source + " WITH KEY " + selection + condition + limit,
            "SHOW FIELD KEYS" + source + limit,
            "SHOW SERIES" + source + condition + limit,
            "SHOW SERIES EXACT CARDINALITY" + source + condition,
            "SHOW MEASUREMENT EXACT CARDINALITY" + source + condition,
            "SHOW TAG KEY EXACT CARDINALITY" + source + condition,
            "SHOW TAG VALUES EXACT CARDINALITY" + source + " WITH KEY " + selection + condition,
            "SHOW FIELD KEY EXACT CARDINALITY" + source,
        ])

    def deletion(self):
        random = self.random
        measurement = random.choice(self.dataset.measurements)
        name = quoted(measurement.name)
        conditions = []
        if measurement.tags and self.chance(0.7):
            tag = random.choice(measurement.tags)
            conditions.append("%s = '%s'" % (tag, random.choice(self.dataset.tag_values[tag])))
        if not self.chance(0.3):
            conditions.append(self.time_range())
            text = "DELETE FROM " + name
        elif conditions:
            text = "DROP SERIES FROM " + name
        else:
            text = "DROP MEASUREMENT " + name
        if conditions:
            text += " WHERE " + " AND ".join(conditions)
        return Statement(text, changes=measurement.name)
