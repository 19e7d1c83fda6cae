/* SPDX-License-Identifier: MIT */
/* xfer/known.c - rows that nothing but themselves can tell again: without number and mail. What each became is kept by
 * a print of the row (table import_row), so that the same row in a later import makes nobody a second time. */
#include "os/os.h"
#include "xfer/import_int.h"

enum { PRINT_MAX = 256 * 1024 };

static void add_sets(struct cx *cx, struct buf *b, const struct set *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_fmt(b, "\n%.*s:", FS(s[i].f->name));
        s[i].f->kind->to_text(cx, s[i].f, &s[i].v, b);
    }
}

int64_t row_print(struct cx *cx, const struct row *r, int64_t beside)
{
    struct arena_mark m = arena_mark(cx->a);
    struct buf b = buf_new(cx->a, PRINT_MAX);
    unsigned char sum[32];
    int64_t print = 0;
    buf_fmt(&b, "%" PRId64 "\n%.*s\n%.*s", beside, FS(r->name), FS(r->firm_key));
    add_sets(cx, &b, r->main.v, r->main.n);
    add_sets(cx, &b, r->company.v, r->company.n);
    for (size_t i = 0; i < r->groups.n; i++) buf_fmt(&b, "\n%.*s", FS(r->groups.v[i]));
    for (size_t i = 0; i < r->history.n; i++)
        buf_fmt(&b, "\n%" PRId64 " %.*s", r->history.v[i].day, FS(r->history.v[i].text));
    os_sha256(buf_str(&b), sum);
    memcpy(&print, sum, sizeof print);
    if (b.full) print = 0; /* too long to be told from others */
    arena_back(cx->a, m);
    return print;
}

/* The record of the id, or he whom it was merged into. */
static enum err known_get(struct cx *cx, const struct entity *e, int64_t id, struct record *ret)
{
    int64_t winner = 0;
    enum err err = record_get(cx, e, id, ret);
    if (err != E_NOTFOUND) return err;
    TRY(record_redirect(cx, e, id, &winner));
    return winner ? record_get(cx, e, winner, ret) : E_NOTFOUND;
}

enum err row_known(struct cx *cx, int64_t print, int64_t but_batch, struct joined *ret)
{
    struct db_rows rows = {0};
    struct record rec = {0};
    if (!print) return E_OK;
    TRY(db_query(cx, &rows, "SELECT record FROM import_row WHERE print = $1 AND batch <> $2", V(print), V(but_batch)));
    if (!rows.n) return E_OK;
    enum err err = known_get(cx, ENT(cx, "person"), db_int(&rows, 0, 0), &rec);
    if (err == E_NOTFOUND) return E_OK;
    TRY(err);
    *ret = (struct joined){JOIN_BASE, 0, rec.id, record_title(&rec), false};
    return E_OK;
}

enum err row_remember(struct cx *cx, int64_t print, int64_t record)
{
    return db_exec(cx, NULL,
                   "INSERT INTO import_row (print, record, batch) VALUES ($1, $2, $3)"
                   " ON CONFLICT (print) DO UPDATE SET record = excluded.record, batch = excluded.batch",
                   V(print), V(record), V(cx->batch));
}
