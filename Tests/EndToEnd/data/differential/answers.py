"""Asks a server, and compares two answers: exactly, but for the last digits of fractions."""
import http.client
import json
import math
import urllib.parse


class Server:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.address = parts.hostname, parts.port
        self.connection = None

    def _ask(self, method, path, parameters, body=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(*self.address, timeout=10)
        self.connection.request(method, path + "?" + urllib.parse.urlencode(parameters), body)
        response = self.connection.getresponse()
        return response.status, response.read()

    def write(self, database, lines):
        status, body = self._ask("POST", "/write", {"db": database}, "\n".join(lines).encode())
        if status != 204:
            raise RuntimeError("write: %d %r" % (status, body))

    def query(self, text, database="", epoch="ns"):
        """The answer as JSON; that of a server that breaks off, or does not answer, has the key
        `broken`."""
        parameters = {"db": database, "q": text}
        if epoch:
            parameters["epoch"] = epoch
        try:
            status, body = self._ask("POST", "/query", parameters)
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            return {"broken": repr(error)}
        try:
            answer = json.loads(body)
        except ValueError:
            return {"broken": repr(body[:200])}
        if "error" in answer:
            return {"error": answer["error"], "status": status}
        return answer["results"][0]


def same_value(a, b):
    """JSON tells integers from floats, but servers write 2.0 as 2."""
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and a == b
    if a is None or b is None:
        return a is b
    return a == b or math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-11)


def same_rows(ours, theirs, shares_times):
    if len(ours) != len(theirs):
        return False
    if all(same_row(a, b) for a, b in zip(ours, theirs)):
        return True
    if not shares_times or [row[0] for row in ours] != [row[0] for row in theirs]:
        return False
    # Rows of one time are in no order there.
    key = lambda row: json.dumps([row[0]] + [round(v, 6) if isinstance(v, float) else v for v in row[1:]],
                                 default=str)
    return all(same_row(a, b) for a, b in zip(sorted(ours, key=key), sorted(theirs, key=key)))


def same_row(ours, theirs):
    return len(ours) == len(theirs) and all(map(same_value, ours, theirs))


def same_answer(ours, theirs, shares_times=False):
    """Whether two answers say the same. Of errors only that there is one: InfluxDB's texts are
    compared elsewhere."""
    if "error" in ours or "error" in theirs:
        return "error" in ours and "error" in theirs
    ours, theirs = ours.get("series", []), theirs.get("series", [])
    if len(ours) != len(theirs):
        return False
    for a, b in zip(ours, theirs):
        if any(a.get(key) != b.get(key) for key in ("name", "tags", "columns")):
            return False
        if not same_rows(a.get("values", []), b.get("values", []), shares_times):
            return False
    return True
