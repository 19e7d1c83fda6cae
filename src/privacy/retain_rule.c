/* SPDX-License-Identifier: MIT */
/* privacy/retain_rule.c - the rows of rules of retention: read, made, changed, removed, rehearsed, and who did it. */
#include "privacy/retain_int.h"

#include "audit/event.h"
#include "base/time.h"
#include "os/os.h"

enum { RUN_PAGE = 20, MARK_BYTES = 131072 };

static struct retention row_rule(const struct db_rows *r, size_t i)
{
    return (struct retention){.id = db_int(r, i, 0),
                              .name = db_str(r, i, 1),
                              .reason = db_str(r, i, 2),
                              .entity = db_str(r, i, 3),
                              .filter = db_str(r, i, 4),
                              .since = (enum retain_since)db_int(r, i, 5),
                              .n = db_int(r, i, 6),
                              .unit = (enum retain_unit)db_int(r, i, 7),
                              .act = (enum retain_act)db_int(r, i, 8),
                              .fields = db_str(r, i, 9),
                              .most = db_int(r, i, 10),
                              .active = db_int(r, i, 11) != 0,
                              .rehearsed_at = db_int(r, i, 12),
                              .confirmed = db_int(r, i, 13) != 0,
                              .version = db_int(r, i, 14),
                              .rehearsal = db_int(r, i, 15),
                              .shown = db_int(r, i, 16),
                              .made = {db_int(r, i, 17), db_int(r, i, 18)},
                              .changed = {db_int(r, i, 19), db_int(r, i, 20)},
                              .on = {db_int(r, i, 21), db_int(r, i, 22)}};
}

#define RULE_COLS                                                                                  \
    "id, name, reason, entity, filter_json, since, n, unit, act, fields, most, active, "           \
    "rehearsed_at, confirmed,"                                                                     \
    " version, rehearsal, shown, made_at, made_by, changed_at, changed_by, on_at, on_by"

enum err retention_list(struct cx *cx, struct retention **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT " RULE_COLS " FROM retention ORDER BY id LIMIT 100"));
    *ret = NEW_N(cx->a, struct retention, r.n + 1);
    for (size_t i = 0; i < r.n; i++) (*ret)[i] = row_rule(&r, i);
    *ret_n = r.n;
    return E_OK;
}

enum err retention_get(struct cx *cx, int64_t id, struct retention *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT " RULE_COLS " FROM retention WHERE id = $1", V(id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such rule");
    *ret = row_rule(&r, 0);
    return E_OK;
}

str retention_mark(struct cx *cx, const struct retention *r)
{
    unsigned char sum[32];
    struct buf b = buf_new(cx->a, MARK_BYTES);
    buf_fmt(&b, "%.*s\n%.*s\n%d %" PRId64 " %d %d\n%.*s", FS(r->entity), FS(r->fields),
            (int)r->since, r->n, (int)r->unit, (int)r->act, FS(r->filter));
    assert(!b.full);
    os_sha256(buf_str(&b), sum);
    return os_hex(cx->a, sum, sizeof sum);
}

static enum err insert(struct cx *cx, const struct retention *r)
{
    return db_exec(cx, NULL,
                   "INSERT INTO retention (" RULE_COLS
                   ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
                   " $15, $16, $17, $18, $19, $20, $21, $22, $23)",
                   V(r->id), V(r->name), V(r->reason), V(r->entity), V(r->filter),
                   V((int64_t)r->since), V(r->n), V((int64_t)r->unit), V((int64_t)r->act),
                   V(r->fields), V(r->most), V(r->active), V(r->rehearsed_at), V(r->confirmed),
                   V(r->version), V(r->rehearsal), V(r->shown), V(r->made.at), V(r->made.who),
                   V(r->changed.at), V(r->changed.who), V(r->on.at), V(r->on.who));
}

static enum err told(struct cx *cx, enum event_kind kind, int64_t rule, int64_t n)
{
    return event_put(cx, &(struct event){.kind = kind, .subject = rule, .n = n});
}

static enum err save_inside(struct cx *cx, void *arg)
{
    const struct retention *r = arg;
    struct db_rows rows = {0};
    TRY(db_query(cx, &rows, "SELECT count(*) FROM retention WHERE id <> $1", V(r->id)));
    if (db_int(&rows, 0, 0) >= RETENTION_MAX)
        return fail(cx, E_CONFLICT, "There are at most %d rules", RETENTION_MAX);
    TRY(insert(cx, r));
    return told(cx, EVENT_RULE_MADE, r->id, 0);
}

static bool is_other(const struct retention *a, const struct retention *b)
{
    return !str_eq(a->name, b->name) || !str_eq(a->reason, b->reason) ||
           !str_eq(a->entity, b->entity) || !str_eq(a->filter, b->filter) ||
           !str_eq(a->fields, b->fields) || a->since != b->since || a->n != b->n ||
           a->unit != b->unit || a->act != b->act || a->most != b->most;
}

/* What was turned on once is told again when it may take more than its share. */
static enum err changes_told(struct cx *cx, const struct retention *was, const struct retention *r)
{
    if (is_other(was, r)) TRY(told(cx, EVENT_RULE_CHANGED, r->id, 0));
    if (r->active && (!was->active || (r->confirmed && !was->confirmed)))
        TRY(told(cx, EVENT_RULE_ON, r->id, event_n(r->shown)));
    return was->active && !r->active ? told(cx, EVENT_RULE_OFF, r->id, 0) : E_OK;
}

struct saving {
    const struct retention *in;
    struct retention out; /* as it was written */
};

static enum err change_inside(struct cx *cx, void *arg)
{
    struct saving *x = arg;
    const struct retention *in = x->in;
    struct retention was = {0}, r = *in;
    int64_t n = 0;
    TRY(retention_get(cx, r.id, &was)); /* ended meanwhile: it stays so */
    r.made = was.made;
    r.changed = is_other(&was, &r) ? (struct retain_by){cx->now_ms, cx->who.user} : was.changed;
    bool on = r.active && (!was.active || (r.confirmed && !was.confirmed));
    r.on = on ? (struct retain_by){cx->now_ms, cx->who.user} : was.on;
    r.version++;
    TRY(db_exec(cx, &n, "DELETE FROM retention WHERE id = $1 AND version = $2", V(r.id),
                V(in->version)));
    if (!n) return fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
    TRY(insert(cx, &r));
    x->out = r;
    return changes_told(cx, &was, &r);
}

enum err retention_save(struct cx *cx, struct retention *r)
{
    if (r->id) {
        struct saving x = {.in = r};
        TRY(db_write(cx, change_inside, &x));
        *r = x.out;
        return E_OK;
    }
    r->id = id_new(cx->now_ms);
    r->version = 1;
    r->made = (struct retain_by){cx->now_ms, cx->who.user};
    return db_write(cx, save_inside, r);
}

static enum err drop_inside(struct cx *cx, void *arg)
{
    int64_t n = 0, id = *(const int64_t *)arg;
    TRY(db_exec(cx, &n, "DELETE FROM retention WHERE id = $1", V(id)));
    return n ? told(cx, EVENT_RULE_REMOVED, id, 0) : fail(cx, E_NOTFOUND, "There is no such rule");
}

enum err retention_drop(struct cx *cx, int64_t id) { return db_write(cx, drop_inside, &id); }

/* ---- the rehearsal ---- */
struct rehearsing {
    struct retention *r;
    int64_t number, found;
};

static enum err rehearsed_inside(struct cx *cx, void *arg)
{
    const struct rehearsing *x = arg;
    struct retention now = {0};
    TRY(retention_get(cx, x->r->id, &now));
    if (!str_eq(retention_mark(cx, &now), retention_mark(cx, x->r)) || now.most != x->r->most)
        return fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
    return db_exec(cx, NULL,
                   "UPDATE retention SET rehearsed_at = $2, rehearsal = $3, shown = $4, version = version + 1"
                   " WHERE id = $1",
                   V(now.id), V(cx->now_ms), V(x->number), V(x->found));
}

enum err retention_rehearsed(struct cx *cx, struct retention *r, const struct rehearsal *h)
{
    struct rehearsing x = {r, id_new(cx->now_ms), h->found};
    TRY(db_write(cx, rehearsed_inside, &x));
    r->rehearsed_at = cx->now_ms;
    r->rehearsal = x.number;
    r->shown = x.found;
    r->version++;
    return E_OK;
}

/* ---- runs ---- */
enum err retention_runs_json(struct cx *cx, int64_t rule, int64_t before, struct jw *w,
                             int64_t *ret_next)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT id, rule, at, ended_at, state, found, done, refused, why, batch FROM retention_run"
        " WHERE rule = $1 AND id < $2 ORDER BY id DESC LIMIT 20",
        V(rule), V(before ? before : INT64_MAX)));
    for (size_t i = 0; i < r.n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), db_int(&r, i, 0));
        jw_kstr(w, S("at"), time_text(cx->a, db_int(&r, i, 2)));
        jw_kstr(w, S("state"), db_str(&r, i, 4));
        jw_kint(w, S("found"), db_int(&r, i, 5));
        jw_kint(w, S("done"), db_int(&r, i, 6));
        jw_kint(w, S("refused"), db_int(&r, i, 7));
        jw_kstr(w, S("why"), db_str(&r, i, 8));
        jw_kid(w, S("batch"), db_int(&r, i, 9));
        jw_obj_end(w);
    }
    *ret_next = r.n == RUN_PAGE ? db_int(&r, r.n - 1, 0) : 0;
    return E_OK;
}
