# Sourced by the scripts in tools/: installs what a build or a test needs and is missing.

# Debian packages a build needs.
build_packages=(liblz4-dev libedit-dev zlib1g-dev pkg-config)

say() { printf '\033[1m%s\033[0m\n' "$*"; }

# install_packages NAME...: installs the Debian packages that are missing.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' \
      || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "missing packages: ${missing[*]} (install them as root: apt-get install ${missing[*]})" >&2
      return 1
    }
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

need_swift() {
  command -v swift >/dev/null || {
    echo "swift is not on the PATH: install Swift 6.2 or later (swift.org) first" >&2
    return 1
  }
}
