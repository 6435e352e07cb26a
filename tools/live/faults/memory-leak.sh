#!/bin/sh
# A memory leak: keeps 256 KiB more every quarter of a second, in pieces of 8 KiB.
exec awk 'BEGIN {
  for (;;) {
    for (piece = 0; piece < 32; piece++) leaked[n++] = sprintf("%8192d", n)
    system("sleep 0.25")
  }
}'
