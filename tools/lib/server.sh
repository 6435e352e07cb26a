# Sourced: starts and stops a vigild for a script. Sets server_pid and server_url.

# start_server BINARY DATA_DIRECTORY LISTEN LOG [OPTION...]: waits until it answers.
start_server() {
  local binary=$1 data=$2 listen=$3 log=$4 tries
  shift 4
  : >"$log"
  "$binary" --data "$data" --listen "$listen" "$@" >"$log" 2>&1 &
  server_pid=$!
  server_url=""
  for tries in $(seq 1 300); do
    server_url=$(sed -n 's|.*listening on \(http://[0-9.:a-z]*\).*|\1|p' "$log" | head -n 1)
    [ -n "$server_url" ] && curl -fsS -o /dev/null "$server_url/ping" 2>/dev/null && return 0
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "vigild did not start:" >&2
  cat "$log" >&2
  return 1
}

# stop_server: asks it to finish, and waits until it has.
stop_server() {
  [ -n "${server_pid:-}" ] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null
  local status=$?
  server_pid=""
  return "$status"
}
