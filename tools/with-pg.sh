#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/with-pg.sh COMMAND... - runs the command with KONTOR_TEST_PG naming an empty database of an own
# PostgreSQL (superuser kontor, loopback, free port, no fsync: its own safety is not what we test).
# The cluster lives in a temporary folder (TMPDIR) and ends with the command.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
[ -x "$bin/initdb" ] || { echo "with-pg: no initdb: is postgresql installed?" >&2; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/kontor-pg.XXXXXX")
as=
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
    chown postgres "$dir"
    as="runuser -u postgres --"
fi
cd "$dir"
end() {
    cd / # where the user postgres may be
    [ ! -f "$dir/data/postmaster.pid" ] || $as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null || true
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM HUP

$as "$bin/initdb" -D "$dir/data" -U kontor --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 ||
    { cat "$dir/log" >&2; exit 1; }
tries=0
until # the port may be taken between the look and the start
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    $as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w -t 60 -o "-p $port -h 127.0.0.1 -k '$dir' -F
        -c full_page_writes=off -c max_connections=300 -c log_min_messages=warning" start >"$dir/log" 2>&1
do
    tries=$((tries + 1))
    [ $tries -lt 3 ] || { cat "$dir/log" "$dir/data/log" >&2; exit 1; }
done
$as "$bin/createdb" -h 127.0.0.1 -p "$port" -U kontor kontor
export KONTOR_TEST_PG="postgresql://kontor@127.0.0.1:$port"
cd "$OLDPWD"
rc=0
"$@" || rc=$?
exit $rc
