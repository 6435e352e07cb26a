# Sourced: real pods without Kubernetes, for tests and the demo. A containerd of the script's own
# runs on its own root, state and socket below one directory, with an image made from Debian's
# static busybox; vigil-pods makes the pods over CRI. Needs root. tools/lib/setup.sh comes first.
#
#   start_containerd DIR    sets pods_socket, pods_cgroup, containerd_pid
#   import_busybox          sets pods_image: docker.io/local/busybox:1, with all applets in /bin
#   pods COMMAND...         vigil-pods at that socket (vigil_pods names the program)
#   run_pod OPTION... -- CMD ARGS...    vigil-pods run, in cgroups below pods_cgroup
#   stop_containerd         removes everything again; may be called at any time, and twice
#
# A script sets vigil_pods, and calls stop_containerd in its EXIT trap.

pods_image=docker.io/local/busybox:1

# start_containerd DIR: DIR is made if missing. Waits until the runtime answers over CRI.
start_containerd() {
  local tries
  [ "$(id -u)" -eq 0 ] || { echo "pods need root" >&2; return 1; }
  install_packages containerd runc busybox-static || return 1
  mkdir -p "$1" || return 1
  pods_directory=$(realpath "$1")
  pods_socket=$pods_directory/containerd.sock
  # Below its root, so that what is there afterwards is ours whoever else runs containers.
  pods_cgroup=/vigil-$(sha256sum <<<"$pods_directory" | cut -c 1-12)
  if [ ${#pods_socket} -gt 100 ]; then
    echo "$pods_socket: too long for a socket (at most 100 bytes)" >&2
    return 1
  fi
  mkdir -p "$pods_directory/cni" "$pods_directory/logs" "$pods_directory/tmp"
  echo '{"cniVersion": "0.3.1", "name": "loopback", "plugins": [{"type": "loopback"}]}' \
    >"$pods_directory/cni/loopback.conflist"
  cat >"$pods_directory/config.toml" <<END
version = 2
root = "$pods_directory/root"
state = "$pods_directory/state"
temp = "$pods_directory/tmp"
disabled_plugins = [
  "io.containerd.internal.v1.restart", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "$pods_socket"
[ttrpc]
  address = "$pods_socket.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$pods_directory/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pods_image"
  restrict_oom_score_adj = true
  # Every ten seconds it asks the shim of each container for figures that nobody wants here.
  stats_collect_period = 3600
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$pods_directory/cni"
    conf_dir = "$pods_directory/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = "$pods_directory/runc"
END
  # A session of its own: Ctrl-C in the terminal goes to the script, which stops it in order.
  setsid containerd --config "$pods_directory/config.toml" >"$pods_directory/containerd.log" 2>&1 &
  containerd_pid=$!
  for tries in $(seq 1 200); do
    pods list >/dev/null 2>&1 && return 0
    kill -0 "$containerd_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "containerd did not start:" >&2
  tail -n 20 "$pods_directory/containerd.log" >&2
  return 1
}

pods() { "$vigil_pods" --socket "$pods_socket" "$@"; }

run_pod() { pods run --cgroup-parent "$pods_cgroup" --log-directory "$pods_directory/logs" "$@"; }

# import_busybox: one layer with /bin/busybox and a link for each applet, in Docker's archive format.
import_busybox() {
  local image=$pods_directory/image layer applet tries
  rm -rf "$image"
  mkdir -p "$image/rootfs/bin" "$image/rootfs/tmp" "$image/rootfs/etc" "$image/rootfs/root"
  chmod 1777 "$image/rootfs/tmp"
  cp "$(dpkg -L busybox-static | grep -m 1 '/bin/busybox$')" "$image/rootfs/bin/busybox" || return 1
  for applet in $("$image/rootfs/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$image/rootfs/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$image/rootfs/etc/passwd"
  tar -C "$image/rootfs" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
    -cf "$image/layer.tar" . || return 1
  layer=$(sha256sum "$image/layer.tar" | cut -d ' ' -f 1)
  # The command is the sandbox's: it has only to be there.
  cat >"$image/config.json" <<END
{"architecture": "amd64", "os": "linux",
 "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sleep", "1000000"], "WorkingDir": "/"},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]},
 "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "busybox"}],
 "created": "1970-01-01T00:00:00Z"}
END
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$pods_image\"], \"Layers\": [\"layer.tar\"]}]" \
    >"$image/manifest.json"
  tar -C "$image" -cf "$pods_directory/image.tar" manifest.json config.json layer.tar || return 1
  rm -rf "$image"
  pods_ctr images import --no-unpack "$pods_directory/image.tar" >/dev/null || return 1
  # CRI takes an image in a moment after it was imported, and marks it.
  for tries in $(seq 1 100); do
    pods_ctr images list "name==$pods_image" | grep -q 'io.cri-containerd.image=managed' && return 0
    sleep 0.05
  done
  echo "$pods_image was imported, but CRI does not take it" >&2
  return 1
}

pods_ctr() { ctr --address "$pods_socket" --namespace k8s.io "$@"; }

# stop_containerd: removes pods, the daemon, shims and containers it left, mounts, cgroups, and the
# directory's root and state; logs stay.
stop_containerd() {
  local pid
  [ -n "${pods_directory:-}" ] || return 0
  if kill -0 "${containerd_pid:-}" 2>/dev/null; then
    timeout 60 "$vigil_pods" --socket "$pods_socket" remove --all >/dev/null 2>&1 || true
    kill -TERM "$containerd_pid" 2>/dev/null
    pods_wait_for_end "$containerd_pid" || kill -KILL "$containerd_pid" 2>/dev/null
    wait "$containerd_pid" 2>/dev/null
  fi
  containerd_pid=""
  # A shim outlives a containerd that died; its containers outlive the shim.
  for pid in $(pods_shims); do kill -KILL "$pid" 2>/dev/null; done
  # One that was killed leaves its socket, outside of our directory.
  find "$pods_directory/state" -name address -exec cat {} + 2>/dev/null \
    | grep -o '/run/containerd/s/[0-9a-f]*' | xargs -r rm -f
  pods_remove_cgroups
  pods_mounts | while read -r mount; do umount "$mount" || umount -l "$mount"; done
  if [ -n "$(pods_mounts)" ]; then
    echo "still mounted below $pods_directory:" >&2
    pods_mounts >&2
    pods_directory=""
    return 1
  fi
  rm -rf --one-file-system "$pods_directory"/{root,state,runc,opt,cni,tmp,image,image.tar} \
    "$pods_socket" "$pods_socket.ttrpc"
  # The runtime's places for all instances: removed only when nothing is there.
  rmdir /run/containerd/s /run/containerd/fifo /run/containerd/runc /run/containerd 2>/dev/null
  awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 "/k8s.io" }' /proc/mounts \
    | xargs rmdir 2>/dev/null
  pods_directory=""
  return 0
}

# pods_wait_for_end PID: for up to ten seconds.
pods_wait_for_end() {
  local tries
  for tries in $(seq 1 100); do
    kill -0 "$1" 2>/dev/null || return 0
    [ "$(awk '$1 == "State:" { print $2 }' "/proc/$1/status" 2>/dev/null)" = Z ] && return 0
    sleep 0.1
  done
  return 1
}

# The pids of shims that report to our socket.
pods_shims() {
  local directory
  for directory in /proc/[0-9]*; do
    tr '\0' '\n' 2>/dev/null <"$directory/cmdline" | awk -v address="$pods_socket" '
      NR == 1 && $0 !~ /containerd-shim/ { exit }
      previous == "-address" && $0 == address { found = 1 }
      { previous = $0 }
      END { exit !found }' && echo "${directory#/proc/}"
  done
  return 0
}

# Mount points below the directory, the innermost first.
pods_mounts() {
  awk -v below="$pods_directory/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | tac
}

# Kills what is left in cgroups below pods_cgroup, in every hierarchy, and removes them.
pods_remove_cgroups() {
  local root directory pid tries
  for root in $(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts); do
    [ -d "$root$pods_cgroup" ] || continue
    for tries in $(seq 1 50); do
      for pid in $(find "$root$pods_cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null); do
        [ "$pid" -gt 0 ] && kill -KILL "$pid" 2>/dev/null
      done
      find "$root$pods_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
      [ -d "$root$pods_cgroup" ] || break
      sleep 0.1
    done
  done
  return 0
}
