# shellcheck shell=bash disable=SC2034
# Functions for the other scripts: messages, and the packages that the build and the tests need.
# Everything here prints to standard error. Standard output belongs to the caller.

# g++ installs the C++ library that matches the system's C compiler. The one in Swift's installation
# instructions can be older.
readonly build_packages=(g++ libmnl-dev libcap-dev libncurses-dev libsqlite3-dev zlib1g-dev)
readonly test_packages=(
  bash bsdutils coreutils cron default-jdk-headless dropbear-bin grep haproxy iproute2 libcap2-bin
  logrotate nginx nodejs openssh-client openssh-server postgresql procps prometheus prometheus-node-exporter python3
  python3-jsonschema python3-yaml redis-server screen shellcheck socat strace systemd tmux util-linux
)
# The container runtimes that the tests start.
readonly container_packages=(
  busybox-static containerd docker.io lxc podman python3-grpcio runc systemd-container
)
# The browser that tests the page of 'report'. Ubuntu has Chromium only as a snap, which tests
# cannot use.
readonly browser_packages=(chromium chromium-driver fonts-dejavu-core python3-selenium)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "error: $1"
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

require_swift() {
  local version
  command -v swift >/dev/null || die "'swift' is not on PATH" \
    'Install Swift 6.2 or later from https://www.swift.org/install/linux/ and put its usr/bin on PATH.'
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
  if [[ -z $version || $(printf '%s\n' 6.2 "$version" | sort -V | head -n 1) != 6.2 ]]; then
    die "Swift 6.2 or later is required, but this is ${version:-an unknown version}" \
      'Install it from https://www.swift.org/install/linux/ and put its usr/bin first on PATH.'
  fi
}

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "'$*' needs root, and sudo is not installed" 'Run it as root, then try again.'
  fi
}

# Runs a command that installs packages without starting their services. Tests start the services
# that they need. See https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    # shellcheck disable=SC2016
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$0" && chmod 755 "$0"' "$policy"
  fi
  "$@"
)

# Keeps the services of packages that this script just installed from starting at boot.
disable_services() {
  local package services
  [[ -d /run/systemd/system ]] || return 0
  for package in "$@"; do
    case $package in
      containerd | cron | docker.io | haproxy | logrotate | lxc | nginx | podman | postgresql | prometheus | \
        prometheus-node-exporter | redis-server | ssh)
        services=("$package")
        case $package in
          docker.io) services=(docker.service docker.socket) ;;
          lxc) services=(lxc.service lxc-net.service) ;;
          podman) services=(podman.service podman.socket podman-auto-update.timer podman-restart.service) ;;
        esac
        as_root systemctl disable --quiet "${services[@]}" >&2 || true
        ;;
    esac
  done
}

# Succeeds if all of the given Debian packages are installed or available to apt-get.
are_available() {
  local package policy
  command -v apt-cache >/dev/null || return 1
  for package in "$@"; do
    if is_installed "$package"; then continue; fi
    # No pipe into grep -q: it exits before apt-cache does, and with pipefail the resulting SIGPIPE
    # would count as a missing package.
    policy=$(LC_ALL=C apt-cache policy "$package" 2>/dev/null) || return 1
    [[ $policy =~ $'\n'\ \ Candidate:\ [^\(] ]] || return 1
  done
}

# Installs the container runtimes. Docker's own packages, if installed, replace Debian's, with which
# they conflict.
require_container_packages() {
  local package wanted=()
  for package in "${container_packages[@]}"; do
    case $package in
      containerd | docker.io | runc)
        if is_installed containerd.io || is_installed docker-ce; then continue; fi
        ;;
    esac
    wanted+=("$package")
  done
  require_packages "${wanted[@]}"
}

# Installs those of the given Debian packages that are missing.
require_packages() {
  local package missing=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # Not a Debian derivative: the build's libraries may be installed under other package names.
    if command -v pkg-config >/dev/null && pkg-config --exists libmnl libcap ncursesw sqlite3 zlib; then return; fi
    die 'apt-get is missing, and pkg-config does not find libmnl, libcap, ncursesw, sqlite3 and zlib' \
      "Install this system's equivalents of these Debian packages: $*"
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  say "installing ${missing[*]} with apt-get$( ((EUID == 0)) || printf ' and sudo')"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2 ||
    say "apt-get update failed; continuing with the existing package lists"
  without_services as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >&2 ||
    die "apt-get could not install ${missing[*]}" "Install them by hand, then try again."
  disable_services "${missing[@]}"
}
