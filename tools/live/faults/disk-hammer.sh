#!/bin/sh
# A disk hammer: writes the same 4 MiB over and over in blocks of 16 KiB, past the page cache, so
# that the device is asked by the process itself and not later by the kernel's writers.
file=/tmp/hammer
trap 'rm -f $file; exit 143' TERM
while :; do
  dd if=/dev/zero of=$file bs=16k count=256 oflag=direct conv=notrunc 2>/dev/null
  usleep 50000
done
