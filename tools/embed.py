#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embed.py OUT.c TABLE FILE... - writes the files as C text: const struct embedded TABLE[] in the order given."""
import pathlib, sys

out, table, files = sys.argv[1], sys.argv[2], [pathlib.Path(f) for f in sys.argv[3:]]
rows, text = [], ['/* made by tools/embed.py */', '#include "meta/meta_int.h"']
for n, f in enumerate(files):
    data = f.read_bytes()
    body = ",".join(str(b if b < 128 else b - 256) for b in data)
    text.append(f"static const char file_{n}[] = {{{body},0}};")
    rows.append(f'{{{{"{f.stem}", {len(f.stem)}}}, {{file_{n}, {len(data)}}}}}')
text.append(f"const struct embedded {table}[] = {{{', '.join(rows)}}};")
text.append(f"const size_t {table}_n = {len(files)};")
pathlib.Path(out).write_text("\n".join(text) + "\n")
