#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/fresh.sh [test] - does the README hold on a bare Debian 12? A new system (debootstrap) in a temporary folder, the
# last commit cloned into it, and there `./dev run` until it answers; with "test" then `./dev test`. Root only; the
# system sees this machine's kernel, devices and network and nothing else of it. Ends with "fresh: N passed, N failed".
set -eu
[ "$(id -u)" = 0 ] || { echo "fresh: only root may make a system" >&2; exit 1; }
[ "${1:-}" = inside ] || {
    system=$(mktemp -d)
    trap 'rm -rf "$system"' EXIT
    trap 'exit 130' INT TERM HUP
    debootstrap --variant=minbase bookworm "$system" "${KONTOR_DEBIAN:-http://deb.debian.org/debian}" >&2
    cp /etc/resolv.conf "$system/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$system/tmp/roots.pem" 2>/dev/null || true
    git clone -q . "$system/root/kontor"
    # its own tables of mounts and processes: whatever was started there ends with it
    unshare --mount --pid --fork --kill-child=KILL --mount-proc sh tools/fresh.sh inside "$system" "$@"
    exit
}
system=$2
for part in dev sys; do mount --rbind "/$part" "$system/$part"; done
mount -t proc proc "$system/proc"
[ ! -s "$system/tmp/roots.pem" ] || roots="NODE_EXTRA_CA_CERTS=/tmp/roots.pem SSL_CERT_FILE=/tmp/roots.pem"
bare() { exec chroot "$system" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive ${roots:-} "$@"; }
bad=0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(bare sh -c "cd /root/kontor && exec ./dev run --port $port") >"$system/run.log" 2>&1 &
for _ in $(seq 1800); do
    if ! kill -0 $! 2>/dev/null || grep -q "/?token=" "$system/run.log"; then break; fi
    sleep 1
done
tail -5 "$system/run.log"
token=$(sed -n "s|.*\(http://127.0.0.1:$port/?token=[0-9a-f]*\).*|\1|p" "$system/run.log" | head -1)
(bare curl -fsS -o /dev/null "${token:-http://127.0.0.1:$port/?no=address}") || bad=1
kill $! 2>/dev/null || true
if [ "${3:-}" = test ]; then (bare sh -c 'cd /root/kontor && exec ./dev test') || bad=$((bad + 1)); fi
ran=1; [ "${3:-}" != test ] || ran=2
echo "fresh: $((ran - bad)) passed, $bad failed"
[ $bad = 0 ]
