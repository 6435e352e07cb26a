# Sourced: starts an InfluxDB for a script to compare with. Sets influxd_pid and influxd_port.

# start_influxd DIRECTORY: keeps its data and its log there; waits until it answers.
start_influxd() {
  local directory=$1 log=$1/influxd.log tries
  cat >"$directory/influxd.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "$directory/influxd/meta"
[data]
  dir = "$directory/influxd/data"
  wal-dir = "$directory/influxd/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:0"
  log-enabled = false
CONF
  : >"$log"
  influxd run -config "$directory/influxd.conf" >"$log" 2>&1 &
  influxd_pid=$!
  for tries in $(seq 1 300); do
    influxd_port=$(sed -n 's|.*Listening on HTTP.*addr=127.0.0.1:\([0-9]*\).*|\1|p' "$log")
    [ -n "$influxd_port" ] && curl -fsS -o /dev/null "http://127.0.0.1:$influxd_port/ping" 2>/dev/null \
      && return 0
    kill -0 "$influxd_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "influxd did not start:" >&2
  cat "$log" >&2
  return 1
}
