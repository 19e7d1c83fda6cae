#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/attacks.py [ROOT] - docs/attacks.md is whole and true as far as a program can tell: each attack and each fault of
the security bar has its line in order, a verdict, what holds it, and only tests that exist; its sum is what the lines say.
"""
import pathlib, re, sys

sys.dont_write_bytecode = True
from asvs import VERDICTS, test_wrong

# The numbers of each letter; what is missing between them was never given.
CASES = """A 1-4,6-9,11-12; B 1-4,6-9,11-14; C 1-4,6-9,11-14,16-19,21-24,26; D 1-4,6-9,11-14,16-17; E 1-4,6-9; F 1-4,6-9;
G 1-4,6-9,11-14; H 1-4; I 1-4,6-9; J 1-4,6; K 1-4,6; R 1-25"""
SUM = "{all} cases: {tested} refused or borne and held by a test, {met} met without a test, {na} speak of what does not exist yet, {missing} missing."
ABSENT = "what it speaks of does not exist yet"


def numbers(text):
    for part in text.replace("\n", " ").split(";"):
        letter, spans = part.split()
        for span in spans.split(","):
            first, _, last = span.partition("-")
            yield from (f"{letter}{i:02}" for i in range(int(first), int(last or first) + 1))


def line_wrong(root, cells):
    """What is wrong in one line."""
    if len(cells) != 5:
        return [f"{len(cells)} cells, not 5"]
    _, tried, verdict, how, tests = cells
    refs = [t.strip() for t in tests.split(";") if t.strip()]
    bad = [why for why in (test_wrong(root, r) for r in refs) if why]
    if verdict not in VERDICTS:
        bad.append(f"no verdict: '{verdict}'")
    if len(tried) < 3 or len(how) < 3:
        bad.append("nothing told of what is tried, or of what holds it")
    if verdict == "tested" and not refs:
        bad.append("held by no test")
    if verdict in ("met", "n/a") and refs:
        bad.append("has a test, and does not say so")
    if verdict == "n/a" and not how.startswith(ABSENT):
        bad.append(f"does not tell what does not exist: '{ABSENT}: ...'")
    return bad


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    file = root / "docs/attacks.md"
    if not file.is_file():
        sys.exit("docs/attacks.md: is not there")
    want, text = list(numbers(CASES)), file.read_text()
    rows = [(n, [c.strip() for c in line.strip().strip("|").split("|")])
            for n, line in enumerate(text.splitlines(), 1) if re.match(r"\| *[A-Z]\d", line)]
    got = [c[0] for _, c in rows]
    bad = [f"{n}: {c[0]}: {why}" for n, c in rows for why in line_wrong(root, c)]
    bad += [f"{n}: has no line" for n in want if n not in got]
    bad += [f"{n}: is no case" for n in got if n not in want]
    bad += [f"{n}: has {got.count(n)} lines" for n in sorted(set(got)) if got.count(n) > 1]
    if sorted(got) == sorted(want) and got != want:
        bad.append("the lines do not stand in order")
    n = {v: sum(len(c) > 2 and c[2] == v for _, c in rows) for v in VERDICTS}
    total = SUM.format(all=len(rows), tested=n["tested"], met=n["met"], na=n["n/a"], missing=n["MISSING"])
    if total not in text:
        bad.append(f"its sum is: {total}")
    for b in bad:
        print(f"docs/attacks.md:{b}")
    print(f"attacks: {max(len(want) - len(bad), 0)} passed, {len(bad)} failed")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
