#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/codes.py - prints the table of refusals that docs/api.md holds; for gates.py what is wrong about codes.

src/base/errors.def is the one table. A code stands there once, in order of its status; docs/api.md tells all of them;
routes.def and the web app name no other.
"""
import pathlib, re, sys

TABLE, ROUTES, DOC = "src/base/errors.def", "src/api/routes.def", "docs/api.md"
ROW = re.compile(r'^ERR\((\w+), (\d+), "(\w+)", "([^"]+)"\)$', re.M)
BLOCK = re.compile(r"<!-- made by: tools/codes.py -->\n(.*?)<!-- end -->", re.S)


def rows(root):
    return [(int(status), code, text) for _, status, code, text in ROW.findall((root / TABLE).read_text())][1:]


def table(root):
    return "".join(["| Status | Code | |\n", "|--|--|--|\n"] + [f"| {s} | `{c}` | {t} |\n" for s, c, t in rows(root)])


def named(root):
    """(file, line, code) wherever a code is named that the compiler does not see."""
    files = [(root / ROUTES, re.compile(r"(?<= )!(\w+)|(?<=\")!(\w+)"))]
    files += [(f, re.compile(r"\.code [!=]== '(\w+)'")) for f in sorted((root / "web/src").rglob("*.*"))
              if f.suffix in (".ts", ".svelte")]
    for file, pattern in files:
        for n, line in enumerate(file.read_text().splitlines() if file.is_file() else [], 1):
            for m in pattern.finditer(line):
                yield file, n, next(x for x in m.groups() if x)


def check(root, say):
    """say(file, line, rule, name, what) for each breach. A tree without the table has nothing to check."""
    if not (root / TABLE).is_file():
        return
    all_rows, codes = rows(root), [c for _, c, _ in rows(root)]
    if len(all_rows) + 1 != len(re.findall(r"^ERR\(", (root / TABLE).read_text(), re.M)):
        say(root / TABLE, 1, "codes", "-", "a row of the table cannot be read")
    for status, code, _ in all_rows:
        if codes.count(code) > 1:
            say(root / TABLE, 1, "codes", code, f"{code} stands there more than once")
    if [s for s, _, _ in all_rows] != sorted(s for s, _, _ in all_rows):
        say(root / TABLE, 1, "codes", "-", "the rows are not in the order of their status")
    for file, n, code in named(root):
        if code not in codes:
            say(file, n, "codes", code, f"{code} is no code of {TABLE}")
    told = BLOCK.search((root / DOC).read_text()) if (root / DOC).is_file() else None
    if not told or told[1].strip() != table(root).strip():
        say(root / DOC, 1, "codes", "-", f"the table of codes is not that of {TABLE}: python3 tools/codes.py prints it")


if __name__ == "__main__":
    sys.stdout.write(table(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
