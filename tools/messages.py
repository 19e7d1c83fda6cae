#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The texts for people in src/base/messages/<lang>.json: {"English text or printf format": "translation"}.

messages.py [ROOT]                  the gate: every literal given to fail, fail_at, bad_value or TR in the rooms below has a
                                    translation in every language, each with the same placeholders; no row is unused.
messages.py --list [ROOT]           the English texts with the places that use them
messages.py --table OUT.c IN.json.. the table that base/tr.c searches
"""
import json, pathlib, re, sys

LANGS = ("de", "lt", "ru")
ROOMS = "meta acl search notice usage mail record auth party register hook idp privacy sync api xfer jobs ui fmt".split()  # what people meet; others may be translated too
FIRST = {"fail": 2, "fail_at": 3, "bad_value": 2, "TR": 0}  # which argument is the text
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|[A-Za-z_]\w*|\d[\w.]*|\s+|.', re.S)
SPEC = re.compile(r"%(?:(\d+)\$)?[-+ #0']*(\*(?:(\d+)\$)?|\d+)?(?:\.(\*(?:(\d+)\$)?|\d*))?(hh?|ll?|[zjtL])?([a-zA-Z%])")
MACRO = {f"PRI{c}{n}": ("l" if n == 64 else "") + c for c in "diuxX" for n in (32, 64)}
ESCAPE = {"n": "\n", "t": "\t", "r": "\r"}
CALL_OF_ANOTHER = re.compile(r"^static enum err bad_value\(struct cx \*cx, const struct field \*f\)", re.M)


def tokens(text):
    line = 1
    for m in TOKEN.finditer(text):
        t = m.group()
        if not t.isspace() and t[:2] not in ("/*", "//"):
            yield line, t
        line += t.count("\n")


def unquote(literal):
    return re.sub(r"\\(.)", lambda m: ESCAPE.get(m.group(1), m.group(1)), literal[1:-1])


def joined(tokens_of_argument):
    """The texts of an argument: neighbouring literals and PRI macros are one text, `a ? "b" : "c"` has two."""
    text, depth = None, 0
    for t in [*tokens_of_argument, ";"]:
        depth += {"(": 1, ")": -1}.get(t, 0)
        if t[0] == '"' and not depth:
            text = (text or "") + unquote(t)
        elif t in MACRO and text is not None:
            text += MACRO[t]
        elif text is not None:
            yield text
            text = None


def calls(text):
    """(line, name of the function, [tokens of each argument]) of every call of FIRST's functions."""
    all_tokens = list(tokens(text))
    for i, (line, name) in enumerate(all_tokens[:-1]):
        if name not in FIRST or all_tokens[i + 1][1] != "(":
            continue
        depth, args = 0, [[]]
        for _, t in all_tokens[i + 1:]:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(t, 0)
            if not depth:
                break
            if t == "," and depth == 1:
                args.append([])
            elif len(args) > 1 or len(args[0]) or t != "(":
                args[-1].append(t)
        yield line, name, args


def has_words(text):
    return bool(re.search(r"[A-Za-z]{2}", SPEC.sub("", text)))


def texts(root):
    """English text -> (must it be translated, [places])"""
    found = {}
    for f in sorted(p for p in (root / "src").glob("*/*") if p.suffix in (".c", ".h", ".def")):
        text = f.read_text()
        own = CALL_OF_ANOTHER.search(text)  # a file's own bad_value without a text
        for line, name, args in calls(text):
            if own and name == "bad_value" or len(args) <= FIRST[name] or f.name == "base.h":
                continue
            for t in joined(args[FIRST[name]]):
                if has_words(t):
                    row = found.setdefault(t, [False, []])
                    row[0] |= f.parent.name in ROOMS or name == "TR"
                    row[1].append(f"{f.relative_to(root)}:{line}")
    return found


def arguments(text):
    """{number of the argument: its type}; None where the format is wrong."""
    got, at, numbered = {}, 0, set()
    if "%" in SPEC.sub("", text):
        return None

    def take(number, kind):
        nonlocal at
        at += 1
        numbered.add(bool(number))
        n = int(number) if number else at
        return got.setdefault(n, kind) == kind

    for number, width, width_n, places, places_n, size, kind in SPEC.findall(text):
        if kind == "%":
            continue
        ok = (not width.startswith("*") or take(width_n, "int")) and (not places.startswith("*") or take(places_n, "int"))
        if not ok or not take(number, (size + kind) if kind not in "di" else size + "d"):
            return None
    return got if len(numbered) < 2 and sorted(got) == list(range(1, len(got) + 1)) else None


def check_row(lang, english, text, say):
    where = f"{lang}.json: {english!r}"
    if not isinstance(text, str) or not text.strip() or text != text.strip():
        say(f"{where}: the translation is empty or has spaces around it")
    elif "%" in english and arguments(english) != arguments(text):
        say(f"{where}: other placeholders: {text!r}")
    elif english.endswith(".") != text.endswith(".") or english.count("\n") != text.count("\n"):
        say(f"{where}: another ending: {text!r}")
    elif english[0].isupper() and text[0].islower() and not text[1:2].isupper():  # vCard
        say(f"{where}: another first letter: {text!r}")


def load(path, say):
    rows = {}

    def once(pairs):
        for key, _ in pairs:
            if key in rows:
                say(f"{path.name}: {key!r} stands there twice")
            rows[key] = True
        return dict(pairs)

    return json.loads(path.read_text(), object_pairs_hook=once)


def gate(root):
    bad = []
    found = texts(root)
    for lang in LANGS:
        rows = load(root / f"src/base/messages/{lang}.json", bad.append)
        for english, (must, places) in found.items():
            if must and english not in rows:
                bad.append(f"{places[0]}: not in {lang}.json: {english!r}")
        for english, text in rows.items():
            if english not in found:
                bad.append(f"{lang}.json: nobody says {english!r}")
            check_row(lang, english, text, bad.append)
    print(*bad, sep="\n", end="\n" if bad else "")
    print(f"messages: {len(found) * len(LANGS) - min(len(bad), len(found))} passed, {len(bad)} failed")
    return bool(bad)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def table(out, files):
    rows = {pathlib.Path(f).stem: json.loads(pathlib.Path(f).read_text()) for f in files}
    keys = sorted({k for r in rows.values() for k in r}, key=lambda k: k.encode())
    lines = ["/* SPDX-License-Identifier: MIT */", "/* Made by tools/messages.py from src/base/messages. */",
             '#include "base/tr_int.h"', "", "const struct tr_row tr_rows[] = {"]
    for k in keys:
        lines.append(f"    {{S0({quoted(k)}),")
        lines.append("     {" + ", ".join(f"S0({quoted(rows[l].get(k, ''))})" for l in LANGS) + "}},")
    lines += ["};", f"const size_t tr_rows_n = {len(keys)};", ""]
    pathlib.Path(out).write_text("\n".join(lines))


def main(args):
    if args[:1] == ["--table"]:
        return table(args[1], args[2:])
    if args[:1] == ["--list"]:
        found = texts(pathlib.Path(args[1] if len(args) > 1 else "."))
        print(json.dumps({k: found[k] for k in sorted(found)}, ensure_ascii=False, indent=1))
        return 0
    return gate(pathlib.Path(args[0] if args else "."))


sys.exit(main(sys.argv[1:]))
