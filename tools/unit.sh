#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/unit.sh FOLDER - runs the tests of a meson folder, all but the suite 'faults', and prints one
# "name: N passed, N failed" for each; a test that counts nothing or dies is a failure.
set -u
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-halt_on_error=1:print_stacktrace=1}
rm -f "$1/meson-logs/testlog.json"
meson test -C "$1" --no-rebuild --no-suite faults --num-processes "$(nproc)" ${KONTOR_MESON_TEST:-} >"$1/meson-logs/out.txt" 2>&1
[ -f "$1/meson-logs/testlog.json" ] || { cat "$1/meson-logs/out.txt"; exit 1; }
python3 - "$1/meson-logs/testlog.json" <<'END'
import json, re, sys
red = 0
for line in open(sys.argv[1]):
    t = json.loads(line)
    out, err = t.get("stdout") or "", t.get("stderr") or ""
    counts = [(int(p), int(f)) for p, f in re.findall(r": (\d+) passed, (\d+) failed$", out, re.M)]
    p, f = sum(c[0] for c in counts), sum(c[1] for c in counts)
    if not f and (t["result"] != "OK" or not counts):
        f = 1
    if f:
        red = 1
        print((out + err)[-8000:].replace(" passed, ", " passed + "))
    how = "" if t["result"] == "OK" else f" [{t['result']}, code {t['returncode']}]"
    print(f"   {t['duration']:6.1f} s{how}  {t['name']}: {p} passed, {f} failed")
sys.exit(red)
END
