#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The passwords that are tried first: passwords.py LIST.json OUT.c MIN

LIST.json: texts, the most frequent first. OUT.c: those of at least MIN characters, for auth/password.c."""
import json, sys

listed = json.load(open(sys.argv[1], encoding="utf-8"))
kept = sorted({p.lower().encode() for p in listed if len(p) >= int(sys.argv[3]) and p.isprintable()})
if len(kept) < 3000:
    sys.exit(f"{sys.argv[1]}: only {len(kept)} passwords of {sys.argv[3]} characters and more")
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write('/* Made by tools/passwords.py. */\n#include "auth/auth_int.h"\n\nconst char auth_leaked[] =\n')
    for p in kept:
        out.write('    "' + "".join(chr(c) if c not in b'"\\\\?' and 32 <= c < 127 else f"\\{c:03o}" for c in p) + '\\n"\n')
    out.write("    ;\nconst size_t auth_leaked_n = sizeof auth_leaked - 1;\n")
