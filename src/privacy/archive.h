/* SPDX-License-Identifier: MIT */
/* privacy/archive.h - all data of somebody as an archive to hand over (GDPR Art. 15 and 20): index.html to read,
 * data.json for machines, the files. What the asker may not export, or not read, is not in it.
 */
#pragma once
#include "fmt/zip_put.h"
#include "record/record.h"

enum { ARCHIVE_RELATED = 5000, ARCHIVE_HISTORY = 5000 }; /* records by one link, changes; more are told as cut */
/* E_NOTFOUND; E_DENIED: it may be seen, not exported. */
MUST enum err archive_may(struct cx *cx, const struct entity *e, int64_t id, struct record *ret);
/* Adds its entries to z. data_dir: where files/ is, "" = none. Files are read at zip_put_end. */
MUST enum err archive_put(struct cx *cx, const struct record *r, str data_dir, struct zip_put *z);
