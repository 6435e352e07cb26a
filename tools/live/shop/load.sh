#!/bin/sh
# The customers: one order after the other, for good, one every 90 to 180 ms, faster and slower in
# turn over about half a minute, and a little by chance, so that "normal" has a shape to learn. They
# keep to the clock: a shop that is slow for a moment is not asked less for it.
# environment: SHOP_PORT, the front end's port

# Hundredths of a second since the machine started, without a process for it.
clock() {
  read -r up idle </proc/uptime
  now=${up%.*}${up#*.}
}

step=0
clock
next=$now
while :; do
  wget -q -O /dev/null "http://127.0.0.1:$SHOP_PORT/cgi-bin/order?item=$((RANDOM % 24))" || sleep 1
  step=$(((step + 1) % 240))
  slope=$step
  [ $slope -gt 120 ] && slope=$((240 - step))
  next=$((next + 9 + slope * 8 / 120 + RANDOM % 2))
  clock
  if [ $next -gt "$now" ]; then
    usleep $(((next - now) * 10000))
  elif [ $((now - next)) -gt 100 ]; then
    next=$now
  fi
done
