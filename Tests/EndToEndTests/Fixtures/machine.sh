#!/usr/bin/env bash
# A test machine with the programs of the host. It installs connreap with the commands of the
# documentation, then runs cron or systemd. Run it in new namespaces.
#
# usage: machine.sh DIRECTORY CHECKOUT BINARY cron|systemd
#
# DIRECTORY is mounted at /srv, where the test finds mails (mail/), other output and the log. It
# contains install.sh, which installs connreap, and may contain change.sh, which then changes the
# installation. Both run in a directory that looks like the checkout after a build.
set -euo pipefail
directory=$1 checkout=$2 binary=$3 daemon=$4

mount --make-rprivate /
mount --bind "$directory" /srv
exec >/srv/log 2>&1
mkdir -p /srv/mail /srv/checkout/.build/release /srv/bin /srv/local-sbin /srv/sbin /srv/usr-sbin
cp -a /etc /srv/etc
rm -rf "$directory"/etc/cron.*/* "$directory"/etc/crontab "$directory"/etc/systemd/system/*
mount --bind /srv/etc /etc
mount --bind /srv/bin /usr/local/bin
mount --bind /srv/local-sbin /usr/local/sbin
for mountpoint in /run /var/lib /var/log /var/spool; do mount -t tmpfs -o mode=755 tmpfs "$mountpoint"; done
mkdir -p /run/lock /var/spool/cron/crontabs
# As the package prometheus-node-exporter creates it.
install -d -o nobody /var/lib/prometheus/node-exporter

# A sendmail that saves mails. The host's /usr/sbin must not change, so a directory of links covers it.
mount --bind /usr/sbin /srv/usr-sbin
ln -s /srv/usr-sbin/* /srv/sbin/
rm -f /srv/sbin/sendmail
cat >/srv/sbin/sendmail <<'END'
#!/bin/sh
file=$(mktemp /srv/mail/.XXXXXX)
cat >"$file"
mv "$file" /srv/mail/"$(date +%s%N)"
END
chmod 755 /srv/sbin/sendmail
mount --bind /srv/sbin /usr/sbin

# The test build uses shared libraries, and a hardened service cannot access their directories.
number=0
ldd "$binary" | sed -n 's|.* => \(/.*\)/[^/]* (.*|\1|p' | grep -v -E '^(/usr)?/lib(64)?(/|$)' | sort -u |
  while read -r libraries; do
    number=$((number + 1))
    mkdir -p "/srv/libraries/$number"
    mount --bind "$libraries" "/srv/libraries/$number"
    echo "/srv/libraries/$number" >>/etc/ld.so.conf.d/connreap-tests.conf
  done
ldconfig

ln -s "$binary" /srv/checkout/.build/release/connreap
ln -s "$checkout"/* /srv/checkout/
cp "$checkout/Scripts/demo-leak" /srv/
cd /srv/checkout
bash -euo pipefail /srv/install.sh
if [[ -e /srv/change.sh ]]; then bash -euo pipefail /srv/change.sh; fi
cd /

if [[ $daemon == cron ]]; then exec cron -f; fi

# The machine has its own copies of the directories that systemd may change.
mkdir -p /srv/dev /srv/units
for device in null zero full random urandom tty; do
  touch "/srv/dev/$device"
  mount --bind "/dev/$device" "/srv/dev/$device"
done
ln -s pts/ptmx /srv/dev/ptmx
mount --rbind /srv/dev /dev
# connreap must see the processes of the host, because a hidden one could own a selected connection.
mkdir /srv/proc
mount --rbind /proc /srv/proc
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for mountpoint in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$mountpoint"; done
ip link set lo up
# Only the journal and the services that the test starts may run.
for unit in {sysinit,basic,paths,slices,sockets,timers,shutdown,umount,final,exit}.target \
  systemd-exit.service systemd-journald.{service,socket}; do
  cp "/lib/systemd/system/$unit" /srv/units/
done
printf '[Unit]\nWants=basic.target systemd-journald.service\n' >/srv/units/tests.target
mount --bind /srv/units /lib/systemd/system
exec env -i PATH="$PATH" container=connreap-test /lib/systemd/systemd --system --unit=tests.target
