/* SPDX-License-Identifier: MIT */
/* fmt/zip_put.h - writing a ZIP archive to a file (libzip). */
#pragma once
#include "base/base.h"

struct zip_put;
/* A new archive at `path`; an empty file that lies there is written over. */
MUST enum err zip_put_new(struct cx *cx, str path, struct zip_put **ret);
/* An entry; name is relative, UTF-8, '/' between parts. The bytes live until zip_put_end. */
MUST enum err zip_put_text(struct cx *cx, struct zip_put *z, str name, str bytes);
/* The same out of a file, which is read at zip_put_end and must be there then. */
MUST enum err zip_put_file(struct cx *cx, struct zip_put *z, str name, str path);
MUST enum err zip_put_end(struct cx *cx, struct zip_put **z);
void zip_put_drop(struct zip_put **z); /* gives up; accepts NULL and what zip_put_end has closed */
/* A name of somebody else's as one part of an entry's name: no separators, no control characters, no dot in front, at
 * most 100 bytes, "file" for nothing. */
str zip_safe_name(struct arena *a, str name);
