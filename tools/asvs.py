#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/asvs.py [ROOT] - docs/asvs.md is whole and true as far as a program can tell: each requirement of OWASP ASVS
5.0.0, levels 1 and 2, has its line in order, a verdict, a reason, and only tests that exist; its sum is what the lines say.
"""
import pathlib, re, sys

# What the standard has in each section, and which of these are level 1; the others here are level 2.
SECTIONS = """1.1 1-2; 1.2 1-9; 1.3 1-11; 1.4 1-3; 1.5 1-2; 2.1 1-3; 2.2 1-3; 2.3 1-4; 2.4 1; 3.2 1-2; 3.3 1-4; 3.4 1-6;
3.5 1-5; 3.7 1-2; 4.1 1-3; 4.2 1; 4.3 1-2; 4.4 1-4; 5.1 1; 5.2 1-3; 5.3 1-2; 5.4 1-3; 6.1 1-3; 6.2 1-12; 6.3 1-4;
6.4 1-4; 6.5 1-5; 6.6 1-3; 6.8 1-4; 7.1 1-3; 7.2 1-4; 7.3 1-2; 7.4 1-5; 7.5 1-2; 7.6 1-2; 8.1 1-2; 8.2 1-3; 8.3 1;
8.4 1; 9.1 1-3; 9.2 1-4; 10.1 1-2; 10.2 1-2; 10.3 1-4; 10.4 1-11; 10.5 1-5; 10.6 1-2; 10.7 1-3; 11.1 1-2; 11.2 1-3;
11.3 1-3; 11.4 1-4; 11.5 1; 11.6 1; 12.1 1-3; 12.2 1-2; 12.3 1-4; 13.1 1; 13.2 1-5; 13.3 1-2; 13.4 1-5; 14.1 1-2;
14.2 1-4; 14.3 1-3; 15.1 1-3; 15.2 1-3; 15.3 1-7; 16.1 1; 16.2 1-5; 16.3 1-4; 16.4 1-3; 16.5 1-3; 17.1 1; 17.2 1-4;
17.3 1-2"""
LEVEL_1 = """1.2 1-5; 1.3 1-2; 1.5 1; 2.1 1; 2.2 1-2; 2.3 1; 3.2 1-2; 3.3 1; 3.4 1-2; 3.5 1-3; 4.1 1; 4.4 1; 5.2 1-2;
5.3 1-2; 6.1 1; 6.2 1-8; 6.3 1-2; 6.4 1-2; 7.2 1-4; 7.4 1-2; 8.1 1; 8.2 1-2; 8.3 1; 9.1 1-3; 9.2 1; 10.4 1-5; 11.3 1-2;
11.4 1; 12.1 1; 12.2 1-2; 13.4 1; 14.2 1; 14.3 1; 15.1 1; 15.2 1; 15.3 1"""
VERDICTS = ("tested", "met", "n/a", "MISSING")
SUM = ("{all} requirements: {tested} met and held by a test, {met} met without a test, {na} do not apply, "
       "{missing} missing.")
# How a test of this name looks in a file of this kind.
DEFINED = {
    ".c": r"^(?:static )?[a-z_][\w ]*[ *]{name}\(",
    ".py": r"^def {name}\(",
    ".sh": r"^{name}\(\)",
    ".mjs": r"^(?:export )?(?:async )?function {name}\(",
    ".ts": r"\bit\('{name}'",
}


def numbers(text):
    for section in text.replace("\n", " ").split(";"):
        name, span = section.split()
        first, _, last = span.partition("-")
        yield from (f"{name}.{i}" for i in range(int(first), int(last or first) + 1))


def test_wrong(root, ref):
    """Why this is no test of ours; "" when it is one."""
    m = re.fullmatch(r"`?((?:tests|tools|web/tests)/[\w./]+): ([\w]+)`?", ref)
    if not m:
        return f"'{ref}' is no test: file: name"
    path = root / m[1]
    if not path.is_file():
        return f"there is no {m[1]}"
    if path.suffix not in DEFINED:
        return f"{m[1]}: no file of tests"
    if not re.search(DEFINED[path.suffix].format(name=re.escape(m[2])), path.read_text(), re.M):
        return f"{m[1]} has no {m[2]}"
    return ""


def line_wrong(root, cells, level_1):
    """What is wrong in one line."""
    if len(cells) != 6:
        return [f"{len(cells)} cells, not 6"]
    number, level, asks, verdict, how, tests = cells
    refs = [t.strip() for t in tests.split(";") if t.strip()]
    bad = [why for why in (test_wrong(root, r) for r in refs) if why]
    if level != ("1" if number in level_1 else "2"):
        bad.append(f"level {level}")
    if verdict not in VERDICTS:
        bad.append(f"no verdict: '{verdict}'")
    if len(asks) < 3 or len(how) < 3:
        bad.append("nothing told of what is asked, or of how it is met")
    if verdict == "tested" and not refs:
        bad.append("held by no test")
    if verdict == "met" and refs:
        bad.append("has a test, and does not say so")
    return bad


def table(name, row, want, wrong, verdict_at, stranger, sum_form):
    """docs/NAME.md under the root: of the lines that look like `row` there is one for each of `want`, in order, each as
    wrong(root, cells) wants it, and the sum that they give stands in it. Tells, and ends the program."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    file = root / f"docs/{name}.md"
    if not file.is_file():
        sys.exit(f"docs/{name}.md: is not there")
    text = file.read_text()
    rows = [(n, [c.strip() for c in line.strip().strip("|").split("|")])
            for n, line in enumerate(text.splitlines(), 1) if re.match(row, line)]
    bad = [f"{n}: {c[0]}: {why}" for n, c in rows for why in wrong(root, c)]
    got = [c[0] for _, c in rows]
    bad += [f"{n}: has no line" for n in want if n not in got]
    bad += [f"{n}: {stranger}" for n in got if n not in want]
    bad += [f"{n}: has {got.count(n)} lines" for n in sorted(set(got)) if got.count(n) > 1]
    if sorted(got) == sorted(want) and got != want:
        bad.append("the lines do not stand in order")
    n = {v: sum(len(c) > verdict_at and c[verdict_at] == v for _, c in rows) for v in VERDICTS}
    total = sum_form.format(all=len(rows), tested=n["tested"], met=n["met"], na=n["n/a"], missing=n["MISSING"])
    if total not in text:
        bad.append(f"its sum is: {total}")
    for b in bad:
        print(f"docs/{name}.md:{b}")
    print(f"{name}: {max(len(want) - len(bad), 0)} passed, {len(bad)} failed")
    sys.exit(bool(bad))


def main():
    level_1 = set(numbers(LEVEL_1))
    table("asvs", r"\| *\d+\.\d+", list(numbers(SECTIONS)), lambda root, c: line_wrong(root, c, level_1), 3,
          "is not of levels 1 and 2", SUM)


if __name__ == "__main__":
    main()
