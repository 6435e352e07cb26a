#!/bin/sh
# A memory leak: keeps 4 MiB more every second, in pieces of 64 KiB.
exec awk 'BEGIN {
  for (;;) {
    for (piece = 0; piece < 64; piece++) leaked[n++] = sprintf("%65536d", n)
    system("sleep 1")
  }
}'
