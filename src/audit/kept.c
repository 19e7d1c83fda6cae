/* SPDX-License-Identifier: MIT */
/* audit/kept.c - the chain's head in a file beside the base: a log that was cut at its end lacks it. */
#include "audit/audit.h"
#include "os/os.h"

enum { KEPT_MAX = 200, HEAD_CHARS = 43 };

bool audit_head_parse(str text, struct audit_head *ret)
{
    struct audit_head h = {0};
    str n = {0};
    if (!str_split(str_trim(text), ':', &n, &h.mac) || !str_to_int(n, &h.n) || h.n < 1 || h.mac.n != HEAD_CHARS)
        return false;
    *ret = h;
    return true;
}

enum err audit_kept_read(struct cx *cx, str path, struct audit_head *ret)
{
    str text = {0};
    enum err e = os_read_file(cx, path, KEPT_MAX, &text);
    *ret = (struct audit_head){0};
    if (e == E_NOTFOUND) return E_OK;
    TRY(e);
    return audit_head_parse(text, ret) ? E_OK : fail(cx, E_BAD, "%.*s does not hold a head of the log", FS(path));
}

enum err audit_kept_write(struct cx *cx, str path, const struct audit_head *h)
{
    return os_write_file_atomic(cx, path, arena_fmt(cx->a, "%" PRId64 ":%.*s\n", h->n, FS(h->mac)), 0600);
}

enum err audit_has(struct cx *cx, const struct audit_head *h, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT mac FROM audit_seal WHERE n = $1", V(h->n)));
    *ret = r.n && str_eq(db_str(&r, 0, 0), h->mac);
    return E_OK;
}
