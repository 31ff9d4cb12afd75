#!/bin/bash
# containers.sh DIRECTORY MARK PORT COUNT: a machine with a leaking container in each runtime.
#
# Run it as root in new mount and network namespaces. It needs no registry: it builds the image from
# busybox and DIRECTORY/leak. The containers are named RUNTIME-MARK. For each runtime, it appends
# "RUNTIME running" or "RUNTIME failed: REASON" to DIRECTORY/status, and then the line "ready". On
# SIGTERM, or when its parent exits, it stops all containers and exits.
directory=$1 mark=$2 port=$3 count=$4
fixtures=$(dirname "$0")
containerd=/run/containerd/containerd.sock
uid=0c9b6f3e-2b8b-4f0e-9d1e-$(printf %012d "$mark")
export DOCKER_HOST=unix:///run/docker.sock CONTAINERS_CONF=/run/conf/containers.conf

log() { tail -n 5 "$1" 2>/dev/null | tr '\n' ' '; }
# status RUNTIME COMMAND…: starts a container, waits until it leaks, and records the result.
status() {
  local runtime=$1
  shift
  if "$@" >"/run/log/$runtime" 2>&1; then
    echo "$runtime running" >>"$directory/status"
  else
    echo "$runtime failed: $(log "/run/log/$runtime")" >>"$directory/status"
  fi
}
# wait_for COMMAND…: repeats a command until it succeeds, for at most 20 seconds.
wait_for() {
  local attempt
  for ((attempt = 0; attempt < 200; attempt++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "timed out: $*" >&2
  return 1
}

# leaks PID: whether all connections are leaked in the network namespace of the process.
leaks() { [[ $(nsenter "--net=/proc/$1/ns/net" ss -Htn state close-wait | wc -l) == "$count" ]]; }
# hierarchies PATTERN: mount points of the cgroup hierarchies whose line in /proc/mounts matches.
hierarchies() { awk -v pattern="$1" '$3 ~ /^cgroup/ && $0 ~ pattern { print $2 }' /proc/mounts; }

set_up() {
  local name
  mount -t tmpfs tmpfs /run
  for name in docker containerd containers lxc; do
    mkdir -p "/var/lib/$name"
    mount -t tmpfs tmpfs "/var/lib/$name"
  done
  mkdir -p /run/lock /run/log /run/conf /run/machines /run/cni/bin /run/cni/net.d /run/root/{bin,etc,proc,sys,dev,tmp,usr}
  ip link set lo up
  cp "$directory/leak" /run/root/leak
  cp /bin/busybox /run/root/bin/busybox
  ln -s busybox /run/root/bin/sleep
  echo 'root:x:0:0:root:/:/bin/sh' >/run/root/etc/passwd
  touch /run/root/etc/os-release
  tar -C /run/root -cf /run/layer.tar .
}

start_containerd() {
  # A CNI plugin that only brings up the loopback device.
  cat >/run/cni/bin/loopback <<'END'
#!/bin/sh
cat >/dev/null
case $CNI_COMMAND in
  VERSION) echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}' ;;
  ADD)
    nsenter "--net=$CNI_NETNS" ip link set lo up
    echo '{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"'"$CNI_NETNS"'"}],
      "ips":[{"version":"4","interface":0,"address":"10.88.0.2/32"}]}'
    ;;
esac
END
  cp /run/cni/bin/loopback /run/cni/bin/fixed
  chmod 755 /run/cni/bin/*
  echo '{"cniVersion":"0.4.0","name":"fixed","plugins":[{"type":"fixed"}]}' >/run/cni/net.d/10-fixed.conflist
  cat >/run/conf/containerd.toml <<'END'
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/leak:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/run/cni/bin"
    conf_dir = "/run/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
END
  containerd --config /run/conf/containerd.toml >/run/log/containerd 2>&1 &
  containerd_pid=$!
  wait_for ctr version
}

podman_leak() {
  cat >/run/conf/containers.conf <<'END'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
END
  podman --storage-driver vfs import -q /run/layer.tar leak:1 &&
    podman --storage-driver vfs run -d --name "podman-$mark" --network none leak:1 /leak "$port" "$count" &&
    wait_for eval "podman --storage-driver vfs logs podman-$mark | grep -q leaking"
}

docker_leak() {
  dockerd --containerd "$containerd" --bridge=none --iptables=false --ip6tables=false --ip-forward=false \
    --storage-driver=vfs --exec-opt native.cgroupdriver=cgroupfs -H "$DOCKER_HOST" --pidfile /run/dockerd.pid \
    >/run/log/dockerd 2>&1 &
  wait_for docker version || {
    log /run/log/dockerd
    return 1
  }
  docker import /run/layer.tar leak:1 &&
    docker run -d --name "docker-$mark" --network none leak:1 /leak "$port" "$count" &&
    wait_for eval "docker logs docker-$mark | grep -q leaking"
}

ctr_leak() {
  cp -a /run/root /run/ctr-root
  ctr -n "shop$mark" run -d --rootfs /run/ctr-root "ctr-$mark" /leak "$port" "$count" || return
  # ctr does not bring up the loopback device.
  local pid
  pid=$(ctr -n "shop$mark" task ls | awk -v name="ctr-$mark" '$1 == name { print $2 }')
  nsenter "--net=/proc/$pid/ns/net" ip link set lo up && wait_for leaks "$pid"
}

cri_leak() {
  python3 - <<'END' || return
import hashlib, io, json, tarfile
layer = open("/run/layer.tar", "rb").read()
configuration = {
    "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sleep", "1000000"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
}
manifest = [{"Config": "c.json", "RepoTags": ["docker.io/library/leak:1"], "Layers": ["layer.tar"]}]
with tarfile.open("/run/image.tar", "w") as archive:
    for name, data in [
        ("c.json", json.dumps(configuration).encode()), ("layer.tar", layer),
        ("manifest.json", json.dumps(manifest).encode()),
    ]:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
END
  ctr -n k8s.io images import --snapshotter native /run/image.tar &&
    /usr/bin/python3 "$fixtures/cri.py" "$containerd" docker.io/library/leak:1 /run/log/pods "pod-$mark" shop "$uid" \
      "cri-$mark" /leak "$port" "$count" >/run/cri.ids &&
    wait_for grep -q leaking "/run/log/pods/cri-$mark.log"
}

lxc_leak() {
  mkdir "/var/lib/lxc/lxc-$mark" && cp -a /run/root "/var/lib/lxc/lxc-$mark/rootfs"
  cat >"/var/lib/lxc/lxc-$mark/config" <<END
lxc.uts.name = lxc-$mark
lxc.rootfs.path = dir:/var/lib/lxc/lxc-$mark/rootfs
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.init.cmd = /leak $port $count
END
  lxc-start -n "lxc-$mark" -d -o /run/log/lxc-log || {
    log /run/log/lxc-log
    return 1
  }
  local pid
  pid=$(lxc-info -n "lxc-$mark" -pH)
  nsenter "--net=/proc/$pid/ns/net" ip link set lo up && wait_for leaks "$pid"
}

# Does the same as systemd-nspawn@.service, including the cgroup that systemd would create.
nspawn_leak() {
  local hierarchy groups=()
  while read -r hierarchy; do
    mkdir -p "$hierarchy/machine.slice/systemd-nspawn@nspawn-$mark.service" || return
    groups+=("$hierarchy/machine.slice/systemd-nspawn@nspawn-$mark.service")
  done < <(hierarchies 'cgroup2|name=systemd')
  cp -a /run/root "/run/machines/nspawn-$mark"
  (
    for hierarchy in "${groups[@]}"; do echo "$BASHPID" >"$hierarchy/cgroup.procs"; done
    exec systemd-nspawn -q --register=no --keep-unit --private-network --as-pid2 -M "nspawn-$mark" \
      -D "/run/machines/nspawn-$mark" /leak "$port" "$count"
  ) </dev/null >/run/nspawn.out 2>&1 &
  nspawn_pid=$!
  wait_for grep -q leaking /run/nspawn.out || {
    log /run/nspawn.out
    return 1
  }
}

clean_up() {
  podman --storage-driver vfs rm -f -t 0 "podman-$mark"
  docker rm -f "docker-$mark"
  [[ -s /run/cri.ids ]] && /usr/bin/python3 "$fixtures/cri.py" "$containerd" --remove "$(cut -d ' ' -f 1 /run/cri.ids)"
  ctr -n "shop$mark" task kill -s KILL "ctr-$mark" && sleep 0.5 && ctr -n "shop$mark" container rm "ctr-$mark"
  lxc-stop -k -n "lxc-$mark"
  [[ -n $nspawn_pid ]] && pkill -KILL -P "$nspawn_pid"
  [[ -s /run/dockerd.pid ]] && kill "$(cat /run/dockerd.pid)"
  [[ -n $containerd_pid ]] && kill "$containerd_pid"
  wait
  local hierarchy
  while read -r hierarchy; do
    find "$hierarchy/machine.slice/systemd-nspawn@nspawn-$mark.service" "$hierarchy/kubepods/besteffort/pod$uid" \
      "$hierarchy/shop$mark" -depth -type d -exec rmdir {} ';'
  done < <(hierarchies .)
}

set_up || exit
trap 'clean_up >/run/log/end 2>&1' EXIT
trap 'exit 0' TERM INT HUP
start_containerd
status podman podman_leak
status docker docker_leak
status ctr ctr_leak
status cri cri_leak
status lxc lxc_leak
status nspawn nspawn_leak
echo ready >>"$directory/status"
while kill -0 "$PPID" 2>/dev/null; do
  sleep 0.5 &
  wait $!
done
