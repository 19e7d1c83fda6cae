#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""assets.py DIST OUT.c - makes a C file that embeds DIST: raw bytes and the .br and .gz beside them, sorted by path.

Writes nothing when nothing has changed, so that a build without a new bundle compiles nothing.
"""
import hashlib, pathlib, sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2",
         ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8", ".ico": "image/x-icon"}
EMPTY = b"<!doctype html><meta charset=utf-8><title>Kontor</title><p>The web app was not built into this program: ./dev build"

dist, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
files = sorted(f for f in dist.rglob("*") if f.is_file() and f.suffix not in (".br", ".gz", ".map")
               and ".vite" not in f.parts) if dist.is_dir() else []
entries = {"/" + f.relative_to(dist).as_posix(): f for f in files}
if "/index.html" not in entries:
    blank = out.parent / "no-bundle.html"
    blank.parent.mkdir(parents=True, exist_ok=True)
    blank.write_bytes(EMPTY)
    entries["/index.html"] = blank

text = ["/* made by tools/assets.py */", '#include "ui/ui_int.h"', ""]
rows, n = [], 0


def embed(f):
    """The name of the bytes of f, after writing their section."""
    global n
    n += 1
    text.append(f'__asm__(".section .rodata\\n.balign 16\\nui_{n}:\\n.incbin \\"{f.resolve()}\\"\\nui_{n}_end:\\n.byte 0\\n.previous");')
    text.append(f"extern const char ui_{n}[];")
    return f"{{ui_{n}, {f.stat().st_size}}}"


for path in sorted(entries, key=lambda p: p.encode()):
    f = entries[path]
    etag = hashlib.sha256(f.read_bytes()).hexdigest()[:20]
    parts = [embed(f)]
    for ext in (".gz", ".br"):
        z = pathlib.Path(str(f) + ext)
        parts.append(embed(z) if z.is_file() else '{"", 0}')
    kind = TYPES.get(f.suffix, "application/octet-stream")
    immutable = "true" if path.startswith("/assets/") else "false"
    rows.append(f'    {{{{"{path}", {len(path.encode())}}}, {{"{kind}", {len(kind)}}}, {{"\\"{etag}\\"", {len(etag) + 2}}}, '
                f'{", ".join(parts)}, {immutable}}},')
text += ["const struct asset ui_assets[] = {"] + rows + ["};", f"const size_t ui_assets_n = {len(rows)};", ""]
new = "\n".join(text)
if not out.is_file() or out.read_text() != new:
    out.write_text(new)
