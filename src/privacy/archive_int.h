/* SPDX-License-Identifier: MIT */
/* privacy/archive_int.h - what an archive is written from, and the page to read. */
#pragma once
#include "base/json.h"
#include "privacy/archive.h"

struct related { /* records that point to it by one field */
    const struct field *by;
    LIST(struct record) v;
    bool cut;
};
struct kept_file {
    int64_t id;
    str name, path; /* path: in the archive */
};
struct mail_told {
    int64_t at;
    str subject, state, addr;
};
struct archive {
    struct record r;
    LIST(struct related) related;
    LIST(struct kept_file) files;
    LIST(struct mail_told) mails;
    str history, keys; /* JSON arrays */
    bool history_cut;
};
/* The page, in cx->lang; everything escaped. */
MUST enum err archive_html(struct cx *cx, const struct archive *a, struct buf *out);
