#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/fuzz.sh [SECONDS] [NAME...] - each tests/fuzz/fuzz_NAME.c under libFuzzer, ASan and UBSan, for SECONDS
# (60), two at a time. Starts from tests/fuzz/corpus_NAME; what is new goes to build-fuzz/corpus_NAME, a find
# to tests/fuzz/corpus_NAME/find-*, where ./dev test replays it from then on.
set -u
cd "$(dirname "$0")/.."
ROOT=$(pwd)
. tools/need.sh
. tools/deps.sh
. tools/build.sh
seconds=60
case ${1:-} in [0-9]*) seconds=$1; shift ;; esac
build_san build-fuzz address,undefined -Dfuzz=true || die "fuzz: the build failed"
[ $# -gt 0 ] || set -- $(ls tests/fuzz | sed -n 's/^fuzz_\(.*\)\.c$/\1/p')
[ $# -gt 0 ] || die "fuzz: there is no tests/fuzz/fuzz_*.c"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

one() {
    log=build-fuzz/fuzz_$1.log dict=
    mkdir -p "build-fuzz/corpus_$1" "tests/fuzz/corpus_$1"
    [ ! -f "tests/fuzz/$1.dict" ] || dict=-dict=tests/fuzz/$1.dict
    if "build-fuzz/tests/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 $dict \
        -artifact_prefix="tests/fuzz/corpus_$1/find-" "build-fuzz/corpus_$1" "tests/fuzz/corpus_$1" >"$log" 2>&1
    then echo "fuzz $1, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs: 1 passed, 0 failed"
    else tail -60 "$log"; echo "fuzz $1: 0 passed, 1 failed"; fi
}

out=build-fuzz/out.txt
: >$out
while [ $# -gt 0 ]; do
    one "$1" >"build-fuzz/one" &
    if [ $# -gt 1 ]; then one "$2" >"build-fuzz/two"; cat build-fuzz/two | tee -a $out; shift; fi
    wait
    cat build-fuzz/one | tee -a $out
    shift
done
sed -nE 's/.*: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' $out |
    awk '{ p += $1; f += $2 } END { printf "%d passed, %d failed\n", p, f; exit f > 0 || p == 0 }'
