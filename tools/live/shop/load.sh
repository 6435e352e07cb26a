#!/bin/sh
# The customers: one order after the other, for good. Between two of them they wait for 80 to 160 ms,
# longer and shorter in turn over about half a minute, and a little by chance, so that "normal" has a
# shape to learn.
# environment: SHOP_PORT, the front end's port
step=0
while :; do
  step=$(((step + 1) % 240))
  slope=$step
  [ $slope -gt 120 ] && slope=$((240 - step))
  wget -q -O /dev/null "http://127.0.0.1:$SHOP_PORT/cgi-bin/order?item=$((RANDOM % 24))" || sleep 1
  usleep $((80000 + slope * 667 + RANDOM % 10000))
done
