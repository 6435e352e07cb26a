"""Where vigild answers otherwise than InfluxDB 1.6 on purpose, each with its reason. A predicate looks
at the answers where it can, so that it does not hide other differences of the same statement."""


def reason(statement, text, dataset, ours, theirs):
    """The reason of a difference; None if no reason is known."""
    for text_of_reason, applies in DELIBERATE:
        if applies(Difference(statement, text, dataset, ours, theirs)):
            return text_of_reason
    return None


class Difference:
    def __init__(self, statement, text, dataset, ours, theirs):
        self.statement, self.text, self.dataset = statement, text, dataset
        self.ours, self.theirs = ours, theirs
        # What INTO wrote differs as the statement does that wrote it.
        self.source = statement.text

    def selects(self, *functions):
        return any(function + "(" in self.source for function in functions)

    def has(self, *parts):
        return all(part in self.source for part in parts)

    def cells(self):
        for series in self.theirs.get("series", []):
            for row in series.get("values", []):
                yield from row

    def sorted_series(self, answer):
        return sorted(map(repr, answer.get("series", [])))


def breaks_off(d):
    return "broken" in d.theirs


def makes_up_times(d):
    """Empty buckets behind the data, where there is no upper bound or none that is reached."""
    return any(isinstance(cell, int) and cell < -9 * 10**18 for cell in d.cells())


def same_but_for_order(d):
    return d.selects("integral") and d.sorted_series(d.ours) == d.sorted_series(d.theirs)


def checks_types_first(d):
    return str(d.ours.get("error", "")).startswith("unsupported ") and not d.theirs.get("series")


def counts_shards(d):
    return "EXACT CARDINALITY" in d.text


DELIBERATE = [
    ("InfluxDB breaks off at infinities and NaN, or does not answer", breaks_off),
    ("InfluxDB fills with buckets at the beginning of time", makes_up_times),
    ("InfluxDB counts a series once for each shard", counts_shards),
    ("abs() of integers is negative in InfluxDB", lambda d: d.selects("abs")),
    ("InfluxDB integrates over several series in no order of time, and orders them by chance",
     lambda d: same_but_for_order(d) or d.selects("integral")),
    ("types are checked before data is looked at", checks_types_first),
    ("InfluxDB takes the first rows for the best ones",
     lambda d: d.selects("top", "bottom") and d.has("LIMIT") and "time(" not in d.source),
    ("fill() puts numbers into columns of numbers only",
     lambda d: d.has("fill(") and any(n in d.source for n in ("fill(0)", "fill(-1.5)", "fill(7)")) and ", " in d.source.split(" FROM ")[0]),
    ("InfluxDB ignores a comparison of time in parentheses", lambda d: d.has("(time)")),
    ("InfluxDB loses rows and buckets where a zone's clock changes and there is an offset",
     lambda d: d.has("tz('") and d.has("GROUP BY time(") and d.statement.zone != "UTC"),
    ("INTO writes a point once, and refuses to leave values out",
     lambda d: d.statement.target is not None and ("messages" in d.ours or "unable to write both" in str(d.ours.get("error", "")))),
    ("SHOW MEASUREMENTS asks whether any series meets the condition",
     lambda d: d.text.startswith("SHOW MEASUREMENTS") and any(op in d.text for op in ("!=", "!~", "= ''"))),
]
