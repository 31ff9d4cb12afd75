# shellcheck shell=bash disable=SC2034
# What the other scripts share: it brings in what the build and the tests need. To be sourced.
# Whatever it says or does shows on standard error; standard output is the caller's.

# g++ brings the C++ library that fits the C compiler: the one that the instructions for Swift name may
# be of an older compiler than the system has.
readonly build_packages=(g++ libmnl-dev libcap-dev libncurses-dev libsqlite3-dev zlib1g-dev)
readonly test_packages=(
  bash bsdutils coreutils cron dropbear-bin grep haproxy iproute2 libcap2-bin logrotate nginx
  openssh-client openssh-server postgresql procps prometheus prometheus-node-exporter python3
  python3-jsonschema python3-yaml redis-server screen shellcheck socat strace systemd tmux util-linux
)
# The container runtimes that tests start.
readonly container_packages=(
  busybox-static containerd docker.io lxc podman python3-grpcio runc systemd-container
)
# What looks at the page of 'report'. Ubuntu has Chromium as a snap only, which tests cannot use.
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
  command -v swift >/dev/null || die "there is no 'swift' on PATH" \
    'Install Swift 6.2 or later from https://www.swift.org/install/linux/ and put its usr/bin on PATH.'
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
  if [[ -z $version || $(printf '%s\n' 6.2 "$version" | sort -V | head -n 1) != 6.2 ]]; then
    die "this is Swift ${version:-of an unknown version}, and 6.2 or later is needed" \
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
    die "'$*' needs root, and there is no sudo" 'Run it as root, then start this again.'
  fi
}

# Runs a command during which no package starts a service: what a test needs it starts itself. See
# policy-rc.d in https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    # shellcheck disable=SC2016
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$0" && chmod 755 "$0"' "$policy"
  fi
  "$@"
)

# Of these services, lets none start with the machine that this script has just brought in.
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

# Whether apt-get could install all of the given Debian packages, or they are there.
are_to_be_had() {
  local package policy
  command -v apt-cache >/dev/null || return 1
  for package in "$@"; do
    if is_installed "$package"; then continue; fi
    # Not a pipe into grep -q, which ends before apt-cache does: with pipefail, its SIGPIPE would
    # count as a package that is missing.
    policy=$(LC_ALL=C apt-cache policy "$package" 2>/dev/null) || return 1
    [[ $policy =~ $'\n'\ \ Candidate:\ [^\(] ]] || return 1
  done
}

# Installs the container runtimes. Where Docker's own packages are, those take the place of Debian's,
# with which they conflict.
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

# Installs those of the given Debian packages that are missing, and does nothing otherwise.
require_packages() {
  local package missing=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # Not Debian's family: what the build asks for may be there under other names.
    if command -v pkg-config >/dev/null && pkg-config --exists libmnl libcap ncursesw sqlite3 zlib; then return; fi
    die 'apt-get is missing, and pkg-config does not find libmnl, libcap, ncursesw, sqlite3 and zlib' \
      "Install, with this system's own tool, what Debian calls: $*"
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  say "installing ${missing[*]} with apt-get$( ((EUID == 0)) || printf ' and sudo')"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2 ||
    say "apt-get update failed; going on with the lists that are there"
  without_services as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >&2 ||
    die "apt-get could not install ${missing[*]}" "Install them by hand, then start this again."
  disable_services "${missing[@]}"
}
