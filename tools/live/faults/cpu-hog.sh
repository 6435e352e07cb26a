#!/bin/sh
# A CPU hog: a loop that never waits. One processor, and nothing else.
while :; do :; done
