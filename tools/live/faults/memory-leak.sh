#!/bin/sh
# A memory leak: keeps 256 KiB more every quarter of a second.
exec awk 'BEGIN {
  for (;;) {
    leaked[n++] = sprintf("%262144d", n)
    system("sleep 0.25")
  }
}'
