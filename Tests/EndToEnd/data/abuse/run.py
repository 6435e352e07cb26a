#!/usr/bin/env python3
"""Bad and hostile input for a real vigild. After each case the server answers within a second, the
points from before are all there, and its memory is back where it was.

usage: run.py VIGILD DIRECTORY [PATTERN]      only the cases whose name contains the pattern
"""
import sys
import time

import client_cases
import disk_cases
import http_cases
import line_cases
import model_cases
import statement_cases
from victim import MEGABYTE, Failure, Victim

# Small limits, so that a case that goes past one is seen quickly.
OPTIONS = ["--request-timeout", "3", "--response-timeout", "3"]
# How much more memory may be resident while a case runs, and after it, than before the first one.
PEAK = 900 * MEGABYTE
AFTERWARDS = 250 * MEGABYTE


def settle(victim, baseline):
    """Waits until memory is back."""
    end = time.monotonic() + 10
    while victim.memory() > baseline + AFTERWARDS:
        if time.monotonic() > end:
            raise Failure("%d MB are resident, %d before the first case"
                          % (victim.memory() // MEGABYTE, baseline // MEGABYTE))
        time.sleep(0.1)


def run(cases, victim):
    failures = []
    peak = (0, "")
    victim.start().prepare()
    baseline = victim.memory()
    for name, case in cases:
        begun = time.monotonic()
        try:
            victim.forget_peak()
            case(victim)
            victim.check()
            peak = max(peak, (victim.memory("VmHWM"), name))
            if victim.memory("VmHWM") > baseline + PEAK:
                raise Failure("%d MB were resident" % (victim.memory("VmHWM") // MEGABYTE))
            settle(victim, baseline)
        except Exception as error:
            failures.append(name)
            print("FAILED %s: %s: %s" % (name, type(error).__name__, error), flush=True)
            if victim.process.poll() is not None:
                victim.start()
        taken = time.monotonic() - begun
        if taken > 3:
            print("%s took %.1f s" % (name, taken), flush=True)
    try:
        if victim.stop() != 0:
            raise Failure("ended with %d" % victim.process.returncode)
        # What was acknowledged is there after a restart, too.
        victim.start()
        victim.check()
        victim.stop()
    except Failure as error:
        failures.append("the end")
        print("FAILED the end: %s" % error)
    print("most memory: %d MB, in %s" % (peak[0] // MEGABYTE, peak[1]))
    return failures


def main():
    binary, directory = sys.argv[1], sys.argv[2]
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    cases = [case for module in (http_cases, line_cases, statement_cases, model_cases, client_cases)
             for case in module.CASES if pattern in case[0]]
    victim = Victim(binary, directory + "/data", OPTIONS)
    try:
        failures = run(cases, victim) if cases else []
    finally:
        victim.kill()
    others, failed = disk_cases.run(binary, directory, pattern)
    count = len(cases) + others
    print("%d kinds of abuse, %d failed" % (count, len(failures) + len(failed)))
    return len(failures) + len(failed) > 0


if __name__ == "__main__":
    sys.exit(main())
