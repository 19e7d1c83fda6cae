#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/unit.sh FOLDER [OPTIONS for meson test...] - runs the tests of a meson folder
# and prints one "name: N passed, N failed" for each; one that counts nothing or dies is a failure.
set -u
folder=$1
shift
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-halt_on_error=1:print_stacktrace=1}
# one more than there are cores: many wait for a database or a server
rm -f "$folder"/meson-logs/testlog*
meson test -C "$folder" --no-rebuild --num-processes $(($(nproc) + 1)) "$@" >"$folder/meson-logs/out.txt" 2>&1
log=$(ls "$folder"/meson-logs/testlog*.json 2>/dev/null)
[ -n "$log" ] || { cat "$folder/meson-logs/out.txt"; exit 1; }
python3 - "$log" <<'END'
import json, re, sys
red = ran = 0
for line in open(sys.argv[1]):
    t = json.loads(line)
    out, err = t.get("stdout") or "", t.get("stderr") or ""
    counts = [(int(p), int(f)) for p, f in re.findall(r": (\d+) passed, (\d+) failed$", out, re.M)]
    p, f, ran = sum(c[0] for c in counts), sum(c[1] for c in counts), ran + 1
    if not f and (t["result"] != "OK" or not counts):
        f = 1
    if f:
        red = 1
        print((out + err)[-8000:].replace(" passed, ", " passed + "))
    how = "" if t["result"] == "OK" else f" [{t['result']}, code {t['returncode']}]"
    how += "".join(f" [{line}]" for line in re.findall("^not possible here: .*", out, re.M))
    print(f"   {t['duration']:6.1f} s{how}  {t['name']}: {p} passed, {f} failed")
sys.exit(red or not ran)
END
