/* SPDX-License-Identifier: MIT */
/* record/erase.h - taking a record out for good: what of an erasure (privacy/privacy.h) is records and their log.
 *
 * Nothing here asks for rights but erase_look, and nothing can be undone. All but erase_look and erase_words run inside
 * db_write, with cx->acl NULL.
 */
#pragma once
#include "fmt/redact.h"
#include "os/vault.h"
#include "record/record.h"

struct erasing {
    const struct vault *vault;   /* marks the log's rows (audit/audit.h); may be NULL */
    int64_t erasure;             /* its id */
    const struct redact *words;  /* names, numbers, mails and ids of what goes */
};
/* The record for who may delete it, in the trash or not. E_NOTFOUND, E_DENIED. */
MUST enum err erase_look(struct cx *cx, const struct entity *e, int64_t id, struct record *ret);

/* What somebody is known by, at present and in his log: names (title, first and last name, addresses as typed) and
 * marks (phones, mails, tax numbers: hardly anybody else's). */
struct erase_words {
    LIST(str) names, marks;
};
MUST enum err erase_words(struct cx *cx, const struct record *r, struct erase_words *add_to);

/* The record is gone: row, points, links, keys and what other systems sent under them, search text, files' rows, old
 * values of its log. What still points to it points nowhere. last: its row of the log tells of the marks of the whole
 * erasure. E_OK when it is not there. *rows: added to, of the log that were changed. */
MUST enum err erase_record(struct cx *cx, const struct entity *e, int64_t id, const struct erasing *er, bool last,
                           int64_t *rows);
/* The record stays: its links to what goes are emptied, the words in its texts replaced, in its log as well. */
MUST enum err erase_from(struct cx *cx, const struct entity *e, int64_t id, const struct erasing *er, int64_t *rows);
/* The same in one row of the log. */
MUST enum err erase_row(struct cx *cx, int64_t seq, const struct erasing *er, int64_t *rows);
/* Ids of the files that belong to a record. */
MUST enum err erase_files(struct cx *cx, const struct entity *e, int64_t id, struct db_rows *ret);
/* Records of f's entity that point to `to` by f, in the trash or not: the next ERASE_POINTING ids above `after`. */
enum { ERASE_POINTING = 1000 };
MUST enum err erase_pointing(struct cx *cx, const struct field *f, int64_t to, int64_t after, struct db_rows *ret);
