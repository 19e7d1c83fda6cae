#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/test.sh - ./dev test: every gate and every test, each a step that prints "name: N passed, N failed".
# The last line is the sum. A step that dies, or whose exit code says more than its count, is a failure.
# KONTOR_ONLY="layers unit" runs only the steps so named.
set -u
cd "$(dirname "$0")/.."
ROOT=$(pwd)
JOBS=$(nproc 2>/dev/null || echo 2)
. tools/need.sh
. tools/deps.sh
. tools/build.sh
passed=0 failed=0 broken= asides= quick=

# What the tests write lies in memory where there is room: a thousand bases that wait for a disk at each commit took most
# of the time. What holds when the power goes is not asked of the disk, either: tests/torture stands between.
roomy() { # at least 6 GiB free for files in memory, and 8 GiB of memory not in use; a container's limit counts, too
    [ -d /dev/shm ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 6291456 ] &&
        [ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -gt 8388608 ] || return 1
    most=$(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -1)
    case ${most:-max} in max | ????????????*) ;; *) [ "$most" -gt 10737418240 ] ;; esac
}
if [ -z "${TMPDIR:-}" ] && roomy; then
    quick=$(mktemp -d /dev/shm/kontor-test.XXXXXX)
    chmod 711 "$quick" # PostgreSQL runs as a user of its own
    export TMPDIR="$quick"
fi
out=$(mktemp -d)
trap '[ -z "$asides" ] || { kill -- $asides 2>/dev/null; wait; }; rm -rf "$out" $quick' EXIT
trap 'exit 130' INT TERM HUP

wanted() { [ -z "${KONTOR_ONLY:-}" ] || case " $KONTOR_ONLY " in *" $1 "*) ;; *) return 1 ;; esac; }

# aside NAME COMMAND...: begun now, with the time that other steps leave: many of those wait for a database, a browser or a
# clock. `step NAME begun NAME` waits for it. Linux shares the cores out by session before it looks at who is nice: so it
# is a session of its own, and that one is nice.
aside() {
    wanted "$1" || return 0
    name=$1
    shift
    rm -f "$out/aside.$name.rc"
    setsid sh -c 'echo 19 2>/dev/null >/proc/self/autogroup; to=$1; shift
        nice -n 19 "$@" >"$to" 2>&1; echo $? >"$to.rc"' aside "$out/aside.$name" "$@" &
    asides="$asides -$!"
}
begun() {
    while [ ! -f "$out/aside.$1.rc" ]; do sleep 1; done
    cat "$out/aside.$1"
    return "$(cat "$out/aside.$1.rc")"
}

# step NAME COMMAND...: its output is shown; its lines "x: N passed, N failed" (or without the x) are counted, and when
# there are none its exit code counts as one.
step() {
    name=$1
    shift
    wanted "$name" || return 0
    say "$name"
    t0=$(date +%s)
    { (set -eu; "$@") 2>&1; echo $? >"$out/rc"; } | tee "$out/log"
    rc=$(cat "$out/rc")
    set -- $(sed -nE 's/^(.*: )?([0-9]+) passed, ([0-9]+) failed$/\2 \3/p' "$out/log" |
        awk '{ p += $1; f += $2; n++ } END { print p + 0, f + 0, n + 0 }')
    p=$1 f=$2
    if [ "$3" = 0 ] && [ "$rc" = 0 ]; then p=1; fi
    if [ "$rc" != 0 ] && [ "$f" = 0 ]; then f=1; fi
    passed=$((passed + p)) failed=$((failed + f))
    [ "$f" = 0 ] || broken="$broken $name"
    say "$name: $p passed, $f failed ($(($(date +%s) - t0)) s)"
}

skip() { say "$1: skipped, $2"; }

torture() { sh tools/with-pg.sh sh tools/unit.sh build --suite torture; } # its preloaded library bears no sanitizer
unit() { mkdir -p "$out/api"; KONTOR_API_RECORD=$out/api sh tools/with-pg.sh sh tools/unit.sh build-asan; }
syntax() { git ls-files -co --exclude-standard dev .ci/run 'tools/*.sh' | xargs -n1 sh -n; }
app() { build_web; build_app build; ninja -k 0 -C build; }
unit_file() { systemd-analyze security --offline=true --threshold=15 --no-pager dist/kontor.service | tail -1; }
gates() { bad=0; python3 tools/gates.py || bad=1; python3 tools/asvs.py || bad=1; python3 tools/attacks.py || bad=1; return $bad; }
web_script() { need_node && cd web && npm run --silent "$1"; }
web_check() { # and what the first page costs, when there is a bundle
    (web_script check)
    [ ! -f web/dist/.vite/manifest.json ] || web_script budget
}
e2e() { need_node; KONTOR=$ROOT/build/kontor sh tools/with-pg.sh node tests/e2e/run.mjs; }

step tools python3 tools/test_gates.py
step shell syntax
step layers python3 tools/layers.py
step gates gates
step messages python3 tools/messages.py
if command -v systemd-analyze >/dev/null; then step unit-file unit_file
else skip unit-file "no systemd-analyze here"; fi
step gcc app
step links python3 tools/links.py build
step clang build_san build-asan address,undefined
aside cppcheck python3 tools/lint.py cppcheck build-asan
aside clang-tidy python3 tools/lint.py clang-tidy build-asan
step unit unit
[ ! -f "$out/api/openapi.json" ] || step openapi python3 tools/openapi.py "$out/api"
step torture torture
if [ -f web/package.json ]; then
    (cd web && npm_has check) && step web-check web_check
    (cd web && npm_has test) && step web-test web_script test
fi
[ ! -f tests/e2e/run.mjs ] || step e2e e2e
step cppcheck begun cppcheck
step clang-tidy begun clang-tidy

[ -z "$broken" ] || say "failed steps:$broken"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
