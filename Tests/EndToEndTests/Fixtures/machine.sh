#!/usr/bin/env bash
# A machine of a test's own, with the programs of the real one: connreap is installed on it by the
# commands of the documentation, and cron or systemd runs. To be started in namespaces of its own.
#
# usage: machine.sh FOLDER CHECKOUT BINARY cron|systemd
#
# FOLDER becomes /srv, where the test finds the mails (mail/), what else is written, and the log. It
# has install.sh, which installs, and may have change.sh, which changes things afterwards. They are
# run in a folder that looks like the checkout after a build.
set -euo pipefail
folder=$1 checkout=$2 binary=$3 daemon=$4

mount --make-rprivate /
mount --bind "$folder" /srv
exec >/srv/log 2>&1
mkdir -p /srv/mail /srv/checkout/.build/release /srv/bin /srv/local-sbin /srv/sbin /srv/usr-sbin
cp -a /etc /srv/etc
rm -rf "$folder"/etc/cron.*/* "$folder"/etc/crontab "$folder"/etc/systemd/system/*
mount --bind /srv/etc /etc
mount --bind /srv/bin /usr/local/bin
mount --bind /srv/local-sbin /usr/local/sbin
for place in /run /var/lib /var/log /var/spool; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
mkdir -p /run/lock /var/spool/cron/crontabs
# As the package prometheus-node-exporter leaves it.
install -d -o nobody /var/lib/prometheus/node-exporter

# Where the mail goes. A name cannot be added to /usr/sbin, so that all of it is a folder of links.
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

# The tests are built with shared libraries, and a hardened service may not look where they are.
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

# What systemd may write is the machine's own too.
mkdir -p /srv/dev /srv/units
for device in null zero full random urandom tty; do
  touch "/srv/dev/$device"
  mount --bind "/dev/$device" "/srv/dev/$device"
done
ln -s pts/ptmx /srv/dev/ptmx
mount --rbind /srv/dev /dev
# The processes of the machine below, which connreap has to see: those that it does not see might
# hold what it is to close.
mkdir /srv/proc
mount --rbind /proc /srv/proc
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for place in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$place"; done
ip link set lo up
# No service but those that the test starts, and the journal.
for unit in {sysinit,basic,paths,slices,sockets,timers,shutdown,umount,final,exit}.target \
  systemd-exit.service systemd-journald.{service,socket}; do
  cp "/lib/systemd/system/$unit" /srv/units/
done
printf '[Unit]\nWants=basic.target systemd-journald.service\n' >/srv/units/tests.target
mount --bind /srv/units /lib/systemd/system
exec env -i PATH="$PATH" container=connreap-test /lib/systemd/systemd --system --unit=tests.target
