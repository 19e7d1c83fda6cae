#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""links.py FOLDER [TABLE]: no room uses a symbol of a higher room, or of another one on its level, by name.

tools/layers.py holds the includes; a prototype in a low header whose function stands in a high room would slip through
it. Here the linker's own view counts: what each FOLDER/src/lib<room>.a leaves undefined, and who defines it (`app` is
the program's own objects). TABLE: rooms and levels instead of tools/layers.txt.
"""
import pathlib, subprocess, sys

FOLDER = pathlib.Path(sys.argv[1])
TABLE = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "tools/layers.txt")


def table():
    lines = TABLE.read_text().splitlines()
    return {a: int(b) for a, b in (l.split()[:2] for l in lines if l.strip() and l[0] != "#")}


def symbols(files):
    """(defined, undefined) global names of objects or archives."""
    out = subprocess.run(["nm", "-g", *map(str, files)], capture_output=True, text=True, check=True).stdout
    have, want = set(), set()
    for line in out.splitlines():
        parts = line.split()
        if len(parts) == 3:
            have.add(parts[2])
        elif len(parts) == 2 and parts[0] == "U":
            want.add(parts[1])
    return have, want - have


def main():
    level = table()
    rooms = {r: [f] for r in level if (f := FOLDER / "src" / f"lib{r}.a").exists()}
    if own := sorted((FOLDER / "src/app").glob("*.p/*.o")):
        rooms["app"] = own
    seen = {r: symbols(f) for r, f in rooms.items()}
    home = {name: r for r, (have, _) in seen.items() for name in have}
    bad = 0
    for room, (_, want) in sorted(seen.items(), key=lambda x: (level[x[0]], x[0])):
        wrong = [f"{room} ({level[room]}) links to {name} of {home[name]} ({level[home[name]]})"
                 for name in sorted(want) if name in home and level[home[name]] >= level[room]]
        print(*wrong, sep="\n", end="\n" if wrong else "")
        bad += bool(wrong)
    print(f"links: {len(seen) - bad} passed, {bad} failed")
    sys.exit(bool(bad) or not seen)


main()
