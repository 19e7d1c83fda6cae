#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/attacks.py [ROOT] - docs/attacks.md is whole and true as far as a program can tell: each attack and each fault of
the security bar has its line in order, a verdict, what holds it, and only tests that exist; its sum is what the lines say.
"""
import sys

sys.dont_write_bytecode = True
from asvs import VERDICTS, table, test_wrong

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
    table("attacks", r"\| *[A-Z]\d", list(numbers(CASES)), line_wrong, 2, "is no case", SUM)


if __name__ == "__main__":
    main()
