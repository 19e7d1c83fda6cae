#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every #include "room/file.h" goes down the table in tools/layers.txt.

Rooms are the folders of src/; x_int.h is private to its room, tests and bench may look. A quoted include
without a room ("x.h") may only name a file of the same folder, in tests and bench also one of tests/. Argument: the root of the tree to check.
"""
import pathlib, re, sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
ROOMED = re.compile(r"(\w+)/(\w+)\.(?:h|def)$")


def table():
    lines = (ROOT / "tools/layers.txt").read_text().splitlines()
    return {a: int(b) for a, b in (l.split()[:2] for l in lines if l.strip() and l[0] != "#")}


def why_not(level, room, file, target):
    """None when `file` of `room` may include `target`."""
    m = ROOMED.match(target)
    if not m:
        beside = (file.parent / target).is_file() or (level[room] == 99 and (ROOT / "tests" / target).is_file())
        return None if beside else "no such file beside it: name the room"
    to, name = m.groups()
    if to not in level:
        return f"{to} is not a room of tools/layers.txt"
    if to != room and level[to] >= level[room]:
        return f"{room} ({level[room]}) may not include {to} ({level[to]})"
    if name.endswith("_int") and to != room and level[room] < 99:
        return f"{name} is private to {to}"
    return None


def main():
    level, files, bad = table(), 0, 0
    found = [(p.parent.name if p.parent.parent.name == "src" else None, p) for p in (ROOT / "src").rglob("*")]
    found += [(top, p) for top in ("tests", "bench") for p in (ROOT / top).rglob("*")]
    for room, file in sorted(found, key=lambda x: str(x[1])):
        if file.suffix not in (".c", ".h", ".cc", ".def") or not file.is_file():
            continue
        files += 1
        wrong = []
        if room not in level:
            wrong.append(f"{file}: stands in no room of tools/layers.txt")
        else:
            for n, line in enumerate(file.read_text().splitlines(), 1):
                m = INCLUDE.match(line)
                if m and (why := why_not(level, room, file, m.group(1))):
                    wrong.append(f"{file}:{n}: {m.group(1)}: {why}")
        for w in wrong:
            print(w)
        bad += bool(wrong)
    print(f"layers: {files - bad} passed, {bad} failed")
    sys.exit(bool(bad) or not files)


main()
