#!/bin/sh
# A fork storm: 20 processes at a time, some hundred a second, each of which ends at once.
while :; do
  n=0
  while [ $n -lt 20 ]; do
    n=$((n + 1))
    (:)
  done
  usleep 50000
done
