#!/bin/sh
# A file-open storm: opens a file and closes it, a hundred times at a time.
while :; do
  n=0
  while [ $n -lt 100 ]; do
    n=$((n + 1))
    : </etc/hostname
  done
  usleep 20000
done
