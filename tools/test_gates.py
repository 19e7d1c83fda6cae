#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that layers.py, links.py, gates.py, messages.py, asvs.py, attacks.py and openapi.py are red on bad samples and green on good ones."""
import json, pathlib, subprocess, sys, tempfile

sys.dont_write_bytecode = True
import asvs, attacks

HERE = pathlib.Path(__file__).resolve().parent
SPDX = "/* SPDX-License-Identifier: MIT */\n"
GOOD = SPDX + 'struct t {\n    int a;\n};\nenum { N = 3 };\nint f(int a) { return a; /* malloc( strcpy( */ }\n'
LAYERS = "base 0\nos 1\nfmt 1\ndb 2\napp 11\ntests 99\nbench 99\n"
LONG = SPDX + "int f(int a)\n{\n" + "    a++;\n" * 80 + "    return a;\n}\n"
TANGLED = SPDX + "int f(int a)\n{\n" + "    if (a == 1) a++;\n" * 16 + "    return a;\n}\n"


def says(code, path="src/api/a.c"):
    return {path: SPDX + "enum err f(struct cx *cx)\n{\n" + code + "\n}\n"}


def told(rows, **others):
    """The catalogues: the same rows in every language, but those of `others`."""
    return {f"src/base/messages/{l}.json": json.dumps(others.get(l, rows)) for l in ("de", "lt", "ru")}


LIMIT = says('return fail(cx, E_BAD, "%.*s: at most " "%" PRId64 " rows", FS(a), n);')
TWO = says('return fail_at(cx, E_BAD, S("to"), bad ? "No row" : "No cell");')

CODES = ('ERR(E_OK, 200, "ok", "Done")\n', 'ERR(E_BAD, 400, "bad", "No")\n', 'ERR(E_GONE, 404, "gone", "Away")\n')


def coded(rows="".join(CODES), doc="| 400 | `bad` | No |\n| 404 | `gone` | Away |\n", **files):
    """A table of codes, the manual that tells it, and what names codes beside it."""
    doc = f"<!-- made by: tools/codes.py -->\n| Status | Code | |\n|--|--|--|\n{doc}<!-- end -->\n"
    return {"src/base/errors.def": SPDX + rows, "docs/api.md": doc} | {"src/api/routes.def": SPDX + files.get("routes", ""), "web/src/a.ts": files.get("web", "")}


def refused(*codes):
    code = {"properties": {"code": {"enum": list(codes)}}}
    return {"content": {"application/problem+json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, code]}}}}


def replied(status, code="", request_id="r", also=None):
    """An API document of one operation that may be 404 gone, and what it answered: fine, and then this."""
    ref = {"$ref": "#/components/responses/gone"}
    op = {"parameters": [], "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}, "404": ref, "default": ref} | (also or {})}
    rows = [{"const": c, "x-status": s} for c, s in (("bad", 400), ("gone", 404), ("away", 404))]
    doc = {"paths": {"/api/v1/x": {"get": op}}, "components": {"schemas": {"Problem": {"type": "object"}, "Code": {"oneOf": rows}}, "responses": {"gone": refused("gone")}}}
    fine = {"method": "GET", "path": "/api/v1/x", "route": "/api/v1/x", "status": 200, "type": "application/json", "body": "{}"}
    body = {"code": code} | ({"request_id": request_id} if request_id else {})
    then = fine | ({"status": status, "type": "application/problem+json", "body": json.dumps(body)} if code else {"status": status})
    return {"openapi.json": json.dumps(doc), "replies-1.jsonl": json.dumps(fine) + "\n" + json.dumps(then) + "\n"}


# name, tool, files beside a good src/base/good.c, text that the output must hold (None: must be green)
CASES = [
    ("good file", "gates", {}, None),
    ("function too long", "gates", {"src/base/a.c": LONG}, "src/base/a.c:2: f: 84 lines"),
    ("too complex", "gates", {"src/base/a.c": TANGLED}, "complexity 17"),
    ("unbalanced", "gates", {"src/base/a.c": SPDX + "int f(void)\n{\n    if (1) {\n}\n"}, "pmccabe"),
    ("file too long", "gates", {"src/base/a.c": SPDX + "extern int a;\n" * 800}, "801 lines"),
    ("line too wide", "gates", {"src/base/a.c": SPDX + "int a; /* " + "x" * 120 + " */\n"}, "columns"),
    ("no licence", "gates", {"src/base/a.c": "int a;\n"}, "SPDX"),
    ("no guard", "gates", {"src/base/a.h": SPDX + "int a;\n"}, "#pragma once"),
    ("strcpy", "gates", {"tests/unit/a.c": SPDX + "void f(char *a, char *b) { strcpy(a, b); }\n"}, "strcpy is banned"),
    ("strtol spaced", "gates", {"src/os/a.c": SPDX + "long f(char *a) { return strtol (a, 0, 10); }\n"}, "strtol is"),
    ("malloc outside", "gates", {"src/fmt/a.c": SPDX + "void *f(void) { return malloc(1); }\n"}, "malloc is banned"),
    ("free outside", "gates", {"src/fmt/a.c": SPDX + "void f(void *p) { free(p); }\n"}, "free is banned"),
    ("malloc in db", "gates", {"src/db/a.c": SPDX + "void *f(void) { return malloc(1); }\n"}, None),
    ("member free", "gates", {"src/fmt/a.c": SPDX + "void f(struct a *p) { p->free(p); }\n"}, None),
    ("word in text", "gates", {"src/fmt/a.c": SPDX + 'const char *f(void) { return "free(x)"; }\n'}, None),
    ("float money", "gates", {"src/fmt/a.c": SPDX + "double f(void) { double amount = 1; return amount; }\n"}, "float for"),
    ("todo", "gates", {"src/fmt/a.c": SPDX + "int a; /* TODO later */\n"}, "TODO"),
    ("todo with number", "gates", {"src/fmt/a.c": SPDX + "int a; /* TODO #12 */\n"}, None),
    ("component too long", "gates", {"web/src/ui/A.svelte": "<p></p>\n" * 251}, "251 lines"),
    ("tool too long", "gates", {"tools/x.sh": "# SPDX-License-Identifier: MIT\n" * 301}, "301 lines"),
    ("exception", "gates", {"src/base/a.c": TANGLED, "tools/gates.txt": "src/base/a.c complexity f a table of cases\n"}, None),
    ("exception unused", "gates", {"tools/gates.txt": "src/base/a.c complexity f a table\n"}, "nothing needs"),
    ("exception without reason", "gates", {"tools/gates.txt": "src/base/a.c complexity f\n"}, "no reason"),
    ("codes", "gates", coded(routes='ROUTE("x", "200:X !gone")\n', web="if (e.code === 'bad') f();\n"), None),
    ("code not told", "gates", coded(doc="| 400 | `bad` | No |\n"), "is not that of src/base/errors.def"),
    ("code told otherwise", "gates", coded(doc="| 400 | `bad` | Yes |\n| 404 | `gone` | Away |\n"), "is not that of src/base/errors.def"),
    ("code twice", "gates", coded(rows="".join(CODES) + 'ERR(E_TWO, 404, "gone", "Away")\n', doc="| 400 | `bad` | No |\n| 404 | `gone` | Away |\n| 404 | `gone` | Away |\n"), "more than once"),
    ("codes out of order", "gates", coded(rows=CODES[0] + CODES[2] + CODES[1], doc="| 404 | `gone` | Away |\n| 400 | `bad` | No |\n"), "order of their status"),
    ("code of a route unknown", "gates", coded(routes='ROUTE("x", "200:X !lost")\n'), "src/api/routes.def:2: lost is no code"),
    ("code of the web unknown", "gates", coded(web="if (e.code !== 'lost') f();\n"), "web/src/a.ts:1: lost is no code"),
    ("a refusal that is told", "openapi", replied(404, "gone"), None),
    ("a status that is not told", "openapi", replied(400, "bad"), "GET /api/v1/x: 400 bad is not listed"),
    ("a code that is not told", "openapi", replied(404, "away"), "404 away is not listed"),
    ("a code that is none", "openapi", replied(404, "lost"), "404 lost is no code of that status"),
    ("a code of another status", "openapi", replied(404, "bad"), "404 bad is no code of that status"),
    ("a refusal without its request", "openapi", replied(404, "gone", ""), "has no request_id"),
    ("another status that is not told", "openapi", replied(202), "202  is not listed"),
    ("refusals told at large", "openapi", replied(404, "gone", also={"4XX": {}}), "told one by one"),
    ("down", "layers", {"src/db/a.c": '#include "os/os.h"\n#include "base/b.h"\n'}, None),
    ("own", "layers", {"src/db/a.c": '#include "db/db_int.h"\n'}, None),
    ("up", "layers", {"src/os/a.c": '#include "db/db.h"\n'}, "src/os/a.c:1"),
    ("sideways", "layers", {"src/os/a.c": '#include "fmt/csv.h"\n'}, "may not include fmt"),
    ("up in a .def", "layers", {"src/os/a.def": '#include "db/db.h"\n'}, "may not include db"),
    ("spaced", "layers", {"src/os/a.c": '  #  include "db/db.h"\n'}, "may not include db"),
    ("private", "layers", {"src/db/a.c": '#include "os/os_int.h"\n'}, "private"),
    ("private in a test", "layers", {"tests/unit/a.c": '#include "os/os_int.h"\n'}, None),
    ("unknown room", "layers", {"src/db/a.c": '#include "shop/shop.h"\n'}, "not a room"),
    ("room without level", "layers", {"src/shop/a.c": "int a;\n"}, "stands in no room"),
    ("without a room", "layers", {"src/db/a.c": '#include "a.h"\n'}, "name the room"),
    ("translated", "messages", LIMIT | told({"%.*s: at most %ld rows": "%.*s: max. %ld Zeilen"}), None),
    ("by number", "messages", LIMIT | told({"%.*s: at most %ld rows": "%3$ld: %2$.*1$s"}), None),
    ("not in one language", "messages", LIMIT | told({"%.*s: at most %ld rows": "%.*s: %ld"}, lt={}), "src/api/a.c:4: not in lt"),
    ("other type", "messages", LIMIT | told({"%.*s: at most %ld rows": "%.*s: %d"}), "other placeholders"),
    ("other order", "messages", LIMIT | told({"%.*s: at most %ld rows": "%ld: %.*s"}), "other placeholders"),
    ("number without a first", "messages", LIMIT | told({"%.*s: at most %ld rows": "%3$ld"}), "other placeholders"),
    ("two texts, one told", "messages", TWO | told({"No row": "Keine"}), "not in de.json: 'No cell'"),
    ("two texts", "messages", TWO | told({"No row": "Keine", "No cell": "Keine"}), None),
    ("nobody says it", "messages", told({"No row": "Keine"}), "nobody says 'No row'"),
    ("empty translation", "messages", TWO | told({"No row": "", "No cell": "Keine"}), "is empty"),
    ("small letter", "messages", TWO | told({"No row": "keine", "No cell": "Keine"}), "first letter"),
    ("full stop", "messages", TWO | told({"No row": "Keine.", "No cell": "Keine"}), "another ending"),
    ("value of a field", "messages", says('return bad_value(cx, f, "a text");', "src/meta/a.c") | told({}), "'a text'"),
    ("marked anywhere", "messages", says('return tr(cx->lang, S(TR("Row")));', "src/os/a.c") | told({}), "'Row'"),
    ("room of the operator", "messages", says('return fail(cx, E_BAD, "no disk");', "src/os/a.c") | told({}), None),
    ("text in a comment", "messages", says('/* fail(cx, E_BAD, "x y") */') | told({}), None),
    ("nothing to tell", "messages", says('return fail(cx, E_BAD, "%.*s: %s", FS(a), b);') | told({}), None),
    ("deeper folder", "layers", {"src/db/sub/a.c": "int a;\n"}, "stands in no room"),
]


def lines(change=lambda n, cells: cells, tested=1):
    """docs/asvs.md with a line for each requirement, the first one tested; `change` gives other cells, or None: no line."""
    level_1, rows = set(asvs.numbers(asvs.LEVEL_1)), []
    for n in asvs.numbers(asvs.SECTIONS):
        cells = [n, "1" if n in level_1 else "2", "asked", "n/a", "why not", ""]
        if n == "1.1.1":
            cells[3:] = "tested", "it is so", "tests/unit/a.c: test_a"
        rows.append(change(n, cells))
    rows = [r for r in rows if r]
    total = asvs.SUM.format(all=len(rows), tested=tested, met=0, na=len(rows) - tested, missing=0)
    return {"docs/asvs.md": "\n".join([total, *("| " + " | ".join(r) + " |" for r in rows)]),
            "tests/unit/a.c": "static void test_a(void)\n{\n}\n"}


def line(number, at, text):
    """The same with another cell in one line."""
    return lines(lambda n, cells: [*cells[:at], text, *cells[at + 1:]] if n == number else cells)


CASES += [
    ("all requirements", "asvs", lines(), None),
    ("no list", "asvs", {}, "is not there"),
    ("one left out", "asvs", lines(lambda n, cells: None if n == "8.2.2" else cells), "8.2.2: has no line"),
    ("one of level 3", "asvs", line("1.2.9", 0, "1.2.10"), "1.2.10: is not of levels 1 and 2"),
    ("one twice", "asvs", line("1.2.9", 0, "1.2.8"), "1.2.8: has 2 lines"),
    ("wrong level", "asvs", line("1.2.9", 1, "1"), "level 1"),
    ("no verdict", "asvs", line("1.2.9", 3, ""), "no verdict"),
    ("no reason", "asvs", line("1.2.9", 4, ""), "nothing told"),
    ("no such file", "asvs", line("1.1.1", 5, "tests/unit/b.c: test_a"), "there is no tests/unit/b.c"),
    ("no such test", "asvs", line("1.1.1", 5, "tests/unit/a.c: test_b"), "has no test_b"),
    ("part of a name", "asvs", line("1.1.1", 5, "tests/unit/a.c: test_"), "has no test_"),
    ("no file of tests", "asvs", line("1.1.1", 5, "src/base/good.c: f"), "is no test"),
    ("held by nothing", "asvs", line("1.1.1", 5, ""), "held by no test"),
    ("another sum", "asvs", lines(tested=2), "its sum is: 253 requirements: 1 met and held by a test"),
]


def cases(number="", at=0, text=None, tested=1):
    """docs/attacks.md with a line for each case, the first one tested; one cell of one line otherwise, or that line left out."""
    rows = [[n, "what is tried", "n/a", f"{attacks.ABSENT}: mail", ""] for n in attacks.numbers(attacks.CASES)]
    rows[0][2:] = "tested", "it is so", "tests/unit/a.c: test_a"
    rows = [[*r[:at], text, *r[at + 1:]] if r[0] == number else r for r in rows if r[0] != number or text is not None]
    total = attacks.SUM.format(all=len(rows), tested=tested, met=0, na=len(rows) - tested, missing=0)
    return {"docs/attacks.md": "\n".join([total, *("| " + " | ".join(r) + " |" for r in rows)]), "tests/unit/a.c": "static void test_a(void)\n{\n}\n"}


CASES += [
    ("all cases", "attacks", cases(), None),
    ("no list of cases", "attacks", {}, "is not there"),
    ("a case left out", "attacks", cases("C08"), "C08: has no line"),
    ("a number that was never given", "attacks", cases("A04", 0, "A05"), "A05: is no case"),
    ("a case twice", "attacks", cases("R02", 0, "R01"), "R01: has 2 lines"),
    ("no verdict on a case", "attacks", cases("B01", 2, "open"), "no verdict: 'open'"),
    ("nothing that holds it", "attacks", cases("B01", 3, ""), "nothing told"),
    ("absent for no reason", "attacks", cases("B01", 3, "no need of it"), "does not tell what does not exist"),
    ("a test of what is absent", "attacks", cases("B01", 4, "tests/unit/a.c: test_a"), "has a test, and does not say so"),
    ("no such test of a case", "attacks", cases("A01", 4, "tests/unit/a.c: test_b"), "has no test_b"),
    ("a case held by nothing", "attacks", cases("A01", 4, ""), "held by no test"),
    ("too many cells", "attacks", cases("A01", 4, "tests/unit/a.c: test_a | x"), "6 cells, not 5"),
    ("another sum of cases", "attacks", cases(tested=2), "its sum is: 132 cases: 1 refused or borne"),
]


# name, room -> its code, text that the output must hold (None: must be green)
LINKS = [
    ("link down", {"os": "int os_f(void) { return 1; }", "db": "int os_f(void); int db_f(void) { return os_f(); }"}, None),
    ("link up", {"os": "int db_f(void); int os_f(void) { return db_f(); }", "db": "int db_f(void) { return 1; }"},
     "os (1) links to db_f of db (2)"),
    ("link sideways", {"os": "int os_f(void) { return 1; }", "fmt": "int os_f(void); int fmt_f(void) { return os_f(); }"},
     "fmt (1) links to os_f of os (1)"),
    ("link outside", {"os": "int puts(const char *); int os_f(void) { return puts(\"x\"); }"}, None),
]


def link(rooms):
    with tempfile.TemporaryDirectory() as tmp:
        top = pathlib.Path(tmp)
        (top / "src").mkdir()
        (top / "layers.txt").write_text(LAYERS)
        for room, code in rooms.items():
            subprocess.run(["cc", "-xc", "-c", "-", "-o", f"{room}.o"], input=code, text=True, cwd=tmp, check=True)
            subprocess.run(["ar", "rcs", f"src/lib{room}.a", f"{room}.o"], cwd=tmp, check=True)
        r = subprocess.run([sys.executable, HERE / "links.py", tmp, top / "layers.txt"], capture_output=True, text=True,
                           check=False)
        return r.returncode, r.stdout + r.stderr


def run(tool, files):
    with tempfile.TemporaryDirectory() as tmp:
        for name, text in ({"src/base/good.c": GOOD, "tools/layers.txt": LAYERS} | files).items():
            path = pathlib.Path(tmp, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        r = subprocess.run([sys.executable, HERE / f"{tool}.py", tmp], capture_output=True, text=True, check=False)
        return r.returncode, r.stdout + r.stderr


def main():
    bad = 0
    cases = CASES + [(name, "links", rooms, want) for name, rooms, want in LINKS]
    for name, tool, files, want in cases:
        rc, out = link(files) if tool == "links" else run(tool, files)
        ok = rc == 0 if want is None else rc != 0 and want in out
        if not ok:
            bad += 1
            print(f"{tool}: {name}: exit {rc}, wanted {want or 'green'}:\n" + out.replace(" passed,", " passed +"))
    print(f"tools: {len(cases) - bad} passed, {bad} failed")
    sys.exit(bool(bad))


main()
