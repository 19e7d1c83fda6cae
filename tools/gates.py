#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The size and call gates of STYLE.md. Prints each breach; counts files. Argument: the root of the tree.

C in src, tests, bench: function 80 lines, complexity 15 (pmccabe), file 800 lines, 120 columns (aim: 100), an SPDX line,
#pragma once in headers, no banned call, no float for money, no TODO without an issue's number.
Scripts in tools: an SPDX line, 300 lines. Svelte components: 250 lines. The codes of refusals: tools/codes.py.
"""
import pathlib, re, subprocess, sys, tempfile

sys.dont_write_bytecode = True
import codes

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
LINES_FUNCTION, COMPLEXITY, LINES_FILE, LINES_TOOL, LINES_COMPONENT, WIDTH = 80, 15, 800, 300, 250, 120
BANNED = ("strcpy strcat sprintf vsprintf strncpy strncat strtok atoi atol atoll atof strtol gets gmtime "
          "localtime alloca").split()
MEMORY = "malloc calloc realloc free strdup strndup asprintf vasprintf".split()
MEMORY_ROOMS = ("base", "os", "db", "http")
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED + MEMORY) + r")\s*\(")
MONEY = re.compile(r"\b(?:float|double)\s+\**\w*(?:money|amount|price|cents|balance|debt)\w*")
TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!.*#\d)")
STRIP = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def bare(text):
    """The code without comments and literals; lines keep their numbers."""
    return STRIP.sub(lambda m: "\n" * m.group().count("\n") or " ", text)


def find(top, *suffixes):
    return sorted(p for p in (ROOT / top).rglob("*")
                  if p.suffix in suffixes and p.is_file() and "node_modules" not in p.parts)


def for_pmccabe(text):
    """What pmccabe stumbles over, blanked: macros, types at file scope (it takes them for classes), TESTS()."""
    def blank(m):
        return "\n" * m.group().count("\n")
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, bare(text), flags=re.M)
    text = re.sub(r"^(?:typedef |static |const )*(?:struct|union|enum)\s*\w*\s*\{[ \t]*\n.*?^\}[^;]*;",
                  blank, text, flags=re.M | re.S)
    text = re.sub(r"^(?:typedef )?(?:struct|union|enum)\s*\w*\s*\{[^\n]*\}[^\n;]*;", blank, text, flags=re.M)
    return re.sub(r"^[A-Z_]+\([^;{}]*\)\s*$", blank, text, flags=re.M)


def functions(files):
    """(file, function, complexity, first line, lines) by pmccabe; a file it cannot read has complexity 99."""
    with tempfile.TemporaryDirectory() as tmp:
        copies = {}
        for i, f in enumerate(files):
            copy = pathlib.Path(tmp, f"{i}.c")
            copy.write_text(for_pmccabe(f.read_text()))
            copies[str(copy)] = f
        r = subprocess.run(["pmccabe", *copies], capture_output=True, text=True, check=False)
    for line in r.stdout.splitlines():
        m = re.match(r"(\d+)\t\d+\t\d+\t(\d+)\t(\d+)\t(.*)\(\d+\): (.*)$", line)
        if m:
            yield copies[m.group(4)], m.group(5), int(m.group(1)), int(m.group(2)), int(m.group(3))
    for copy, n, what in re.findall(r'"([^"]+)", line (\d+): (.*)', r.stderr):
        yield copies[copy], "pmccabe: " + what, 99, int(n), 0


def check_c(file, say):
    text = file.read_text()
    lines = text.splitlines()
    room = file.relative_to(ROOT).parts[1] if file.is_relative_to(ROOT / "src") else None
    if "SPDX-License-Identifier: MIT" not in (lines[0] if lines else ""):
        say(file, 1, "spdx", "-", "the first line is not the SPDX line")
    if len(lines) > LINES_FILE:
        say(file, len(lines), "file", "-", f"{len(lines)} lines, {LINES_FILE} allowed")
    if file.suffix == ".h" and "#pragma once" not in text:
        say(file, 1, "once", "-", "a header without #pragma once")
    for n, line in enumerate(lines, 1):
        if len(line) > WIDTH and file.suffix != ".def" and room:  # rows of test tables may be long
            say(file, n, "width", "-", f"{len(line)} columns, {WIDTH} allowed")
        if TODO.search(line):
            say(file, n, "todo", "-", "a TODO without an issue's number")
    for n, line in enumerate(bare(text).splitlines(), 1):
        for name in CALL.findall(line):
            if name in MEMORY and (room is None or room in MEMORY_ROOMS):
                continue
            say(file, n, "call", name, f"{name} is banned here")
        if MONEY.search(line):
            say(file, n, "call", "float", "a float for money")


def check_text(file, say, limit):
    lines = file.read_text().splitlines()
    if len(lines) > limit:
        say(file, len(lines), "file", "-", f"{len(lines)} lines, {limit} allowed")
    if file.suffix in (".py", ".sh", "") and not any("SPDX-License-Identifier: MIT" in l for l in lines[:3]):
        say(file, 1, "spdx", "-", "no SPDX line at the top")


def exceptions():
    path, known = ROOT / "tools/gates.txt", {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.strip() and line[0] != "#":
            parts = line.split(None, 3)
            if len(parts) < 4:
                sys.exit(f"gates.txt: no reason given: {line}")
            known[tuple(parts[:3])] = False
    return known


def main():
    known, bad = exceptions(), set()

    def say(file, n, rule, name, what):
        key = (str(file.relative_to(ROOT)), rule, name)
        if key in known:
            known[key] = True
            return
        bad.add(file)
        print(f"{file}:{n}: {what}")

    c = [f for top in ("src", "tests", "bench") for f in find(top, ".c", ".h", ".def")]
    for f in c:
        check_c(f, say)
    for file, name, complexity, n, lines in functions([f for f in c if f.suffix == ".c"]):
        if lines > LINES_FUNCTION:
            say(file, n, "function", name, f"{name}: {lines} lines, {LINES_FUNCTION} allowed")
        if complexity > COMPLEXITY:
            say(file, n, "complexity", name, f"{name}: complexity {complexity}, {COMPLEXITY} allowed")
    others = [(f, LINES_TOOL) for f in find("tools", ".py", ".sh")] + [(ROOT / "dev", LINES_TOOL)]
    others += [(f, LINES_COMPONENT) for f in find("web/src", ".svelte")]
    others = [(f, limit) for f, limit in others if f.is_file()]
    for f, limit in others:
        check_text(f, say, limit)
    codes.check(ROOT, say)
    for key in (k for k, used in known.items() if not used):
        bad.add(ROOT / "tools/gates.txt")
        print(f"tools/gates.txt: nothing needs the exception {' '.join(key)}")
    total = len(c) + len(others)
    print(f"gates: {max(0, total - len(bad))} passed, {len(bad)} failed")
    sys.exit(bool(bad) or not c)


main()
