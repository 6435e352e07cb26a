#!/usr/bin/env python3
"""Random statements for vigild and for InfluxDB, over the same random databases; the answers are
compared. What differs on purpose is listed in differences.py with its reason, and is counted.

usage: run.py VIGILD_URL INFLUXD_URL STATEMENTS SEED [DATABASE]
DATABASE repeats the one round whose number a difference names.
"""
import collections
import random
import sys

import differences
from answers import Server, same_answer
from dataset import Dataset
from statements import Statements

STATEMENTS_OF_A_DATABASE = 200
SHOWN = 4000


class Run:
    def __init__(self, vigild, influxd, seed):
        self.ours, self.theirs = Server(vigild), Server(influxd)
        self.seed = seed
        self.compared = 0
        self.errors = 0
        self.empty = 0
        self.deliberate = collections.Counter()
        self.differing = 0

    def both(self, text, database="", epoch="ns"):
        return self.ours.query(text, database, epoch), self.theirs.query(text, database, epoch)

    def begin(self, lines):
        self.both("DROP DATABASE random")
        self.both("CREATE DATABASE random")
        for server in (self.ours, self.theirs):
            if lines:
                server.write("random", lines)

    def round(self, number, count):
        generator = random.Random("%s/%d" % (self.seed, number))
        dataset = Dataset(generator)
        lines = dataset.lines()
        self.begin(lines)
        statements = Statements(generator, dataset)
        for _ in range(count):
            statement = statements.next()
            epoch = "" if statement.zone and generator.random() < 0.5 else "ns"
            self.check(number, dataset, statement, statement.text, epoch)
            if statement.target is not None:
                name = '"%s"' % statement.target
                self.check(number, dataset, statement, "SELECT * FROM %s GROUP BY *" % name)
                self.both("DROP MEASUREMENT " + name, "random")
            elif statement.changes is not None:
                self.check(number, dataset, statement, 'SELECT * FROM "%s" GROUP BY *' % statement.changes)
                # What one of them did otherwise must not show in what follows. In InfluxDB points
                # that are written to a series that was dropped are not always found.
                self.begin(lines)

    def check(self, number, dataset, statement, text, epoch="ns"):
        ours, theirs = self.both(text, "random", epoch)
        self.compared += 1
        self.errors += "error" in theirs
        self.empty += "error" not in theirs and not theirs.get("series")
        if same_answer(ours, theirs, dataset.shares_times):
            return
        reason = differences.reason(statement, text, dataset, ours, theirs)
        if reason:
            self.deliberate[reason] += 1
            return
        self.differing += 1
        if self.differing <= SHOWN:
            print("differs (database %d): %s" % (number, text))
            if text != statement.text:
                print("  after     %s" % statement.text)
            print("  vigild:   %.900s\n  InfluxDB: %.900s" % (ours, theirs))

    def report(self):
        for reason, count in sorted(self.deliberate.items(), key=lambda item: -item[1]):
            print("%6d differ on purpose: %s" % (count, reason))
        print("%d statements compared with InfluxDB (%d errors, %d empty), %d differ on purpose, %d differ"
              % (self.compared, self.errors, self.empty, sum(self.deliberate.values()), self.differing))


def main():
    vigild, influxd, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    run = Run(vigild, influxd, seed)
    if len(sys.argv) > 5:
        run.round(int(sys.argv[5]), STATEMENTS_OF_A_DATABASE)
    else:
        number = 0
        while run.compared < count:
            run.round(number, STATEMENTS_OF_A_DATABASE)
            number += 1
    run.report()
    return run.differing > 0


if __name__ == "__main__":
    sys.exit(main())
