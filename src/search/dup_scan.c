/* SPDX-License-Identifier: MIT */
/* search/dup_scan.c - the whole base, slice by slice in the order of keys: who shares one? Never n * n; and the
 * pairs that somebody has called different. */
#include "search/dup_int.h"

#include <stdlib.h>

enum {
    SLICE = 400,
    GROUP_MAX = 20
}; /* a key that more share names nobody: info@, an office's line */

struct key_of { /* a record's number, mail or duplicate key */
    int64_t id;
    str key, ext;
    unsigned why; /* DUP_PHONE, DUP_MAIL; 0 = a key of dup_key */
};
struct member {
    int64_t id, company;
    str title;
};
struct scan {
    const struct entity *e;
    struct member *m;             /* by id */
    struct key_of *points, *keys; /* each by id */
    size_t n, n_points, n_keys;
    struct db_rows rejected;
    int min_score, stage;
    dup_pair_fn *fn;
    void *arg;
};

/* ---- the slice of keys ---- */
static enum err slice_read(struct cx *cx, const struct dup_pos *pos, struct db_rows *r)
{
    if (pos->stage == 0)
        return db_query(cx, r,
                        "SELECT norm, record, entity, kind FROM contact_point WHERE norm > $1 "
                        "ORDER BY norm LIMIT $2",
                        V(pos->key), V(SLICE));
    return db_query(
        cx, r,
        "SELECT key, record, entity, 'key' FROM dup_key WHERE key > $1 ORDER BY key LIMIT $2",
        V(pos->key), V(SLICE));
}

/* Rows of the next key; a key that the slice may have cut stays for the next one, unless it fills the slice. */
static size_t group_end(const struct db_rows *r, size_t from)
{
    size_t to = from + 1;
    while (to < r->n && str_eq(db_str(r, to, 0), db_str(r, from, 0))) to++;
    return to == r->n && r->n == SLICE && from > 0 ? from : to;
}

static size_t group_ids(const struct scan *s, const struct db_rows *r, size_t from, size_t to,
                        int64_t ids[GROUP_MAX])
{
    size_t n = 0;
    if (to - from > GROUP_MAX || to - from < 2) return 0;
    for (size_t i = from; i < to; i++) {
        bool twice =
            str_eq(db_str(r, i, 3), S("addresses")) || !str_eq(db_str(r, i, 2), s->e->name);
        for (size_t k = 0; k < n && !twice; k++) twice = ids[k] == db_int(r, i, 1);
        if (!twice) ids[n++] = db_int(r, i, 1);
    }
    return n > 1 ? n : 0;
}

/* ---- what is known of the members ---- */
static enum err members_read(struct cx *cx, struct scan *s, const int64_t *ids, size_t n)
{
    const struct field *company = link_to(cx, s->e, S("company"), S("company"));
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT r.id, ");
    title_sql(&q, s->e, S("r"));
    sql_lit(&q, ", ");
    if (company) sql_col(&q, S("r"), company->col);
    else sql_lit(&q, "0");
    sql_lit(&q, " FROM ");
    sql_name(&q, s->e->table);
    sql_lit(&q, " r WHERE r.id IN ");
    sql_ids(cx, &q, ids, n);
    sql_lit(&q, " AND ");
    seen_sql(cx, s->e, S("r"), &q);
    sql_lit(&q, " ORDER BY r.id");
    TRY(sql_run(cx, &q, &r, NULL));
    s->m = NEW_N(cx->a, struct member, r.n + 1);
    s->n = r.n;
    for (size_t i = 0; i < r.n; i++)
        s->m[i] = (struct member){db_int(&r, i, 0), db_int(&r, i, 2), title_of(cx, s->e, &r, i, 1)};
    return E_OK;
}

static enum err keys_read(struct cx *cx, const struct entity *e, const int64_t *ids, size_t n, bool points,
                          struct key_of **ret, size_t *ret_n)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    if (points)
        sql_lit(&q, "SELECT record, norm, ext, kind, field FROM contact_point WHERE kind IN "
                    "('phones','mails') AND norm > '' AND record IN ");
    else sql_lit(&q, "SELECT record, key, '', '', '' FROM dup_key WHERE record IN ");
    sql_ids(cx, &q, ids, n);
    sql_lit(&q, " ORDER BY record");
    TRY(sql_run(cx, &q, &r, NULL));
    struct key_of *v = NEW_N(cx->a, struct key_of, r.n + 1);
    size_t m = 0;
    for (size_t i = 0; i < r.n; i++)
        if (!points || field_seen(cx, e, db_str(&r, i, 4)))
            v[m++] = (struct key_of){db_int(&r, i, 0), db_str(&r, i, 1), db_str(&r, i, 2),
                                     !points                                 ? 0
                                     : str_eq(db_str(&r, i, 3), S("phones")) ? DUP_PHONE
                                                                             : DUP_MAIL};
    *ret = v;
    *ret_n = m;
    return E_OK;
}

static enum err rejected_read(struct cx *cx, struct scan *s, const int64_t *ids, size_t n)
{
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT a, b FROM dup_reject WHERE a IN ");
    sql_ids(cx, &q, ids, n);
    return sql_run(cx, &q, &s->rejected, NULL);
}

/* ---- a pair ---- */
static const struct member *member_at(const struct scan *s, int64_t id)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->m[mid].id < id) lo = mid + 1;
        else hi = mid;
    }
    return lo < s->n && s->m[lo].id == id ? &s->m[lo] : NULL;
}

static const struct key_of *keys_at(const struct key_of *v, size_t n, int64_t id)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (v[mid].id < id) lo = mid + 1;
        else hi = mid;
    }
    return v + lo;
}

static void shared(const struct scan *s, const struct key_of *v, size_t n, int64_t a,
                   struct cand *b)
{
    const struct key_of *end = v + n;
    for (const struct key_of *x = keys_at(v, n, a); x < end && x->id == a; x++)
        for (const struct key_of *y = keys_at(v, n, b->id); y < end && y->id == b->id; y++) {
            if (!str_eq(x->key, y->key)) continue;
            if (!x->why) dup_reason(x->key, b);
            else if (dup_same_line(s->e, x->ext, y->ext)) b->why |= x->why;
        }
}

/* Would a key name somebody, or do more than GROUP_MAX share it? Counted as group_ids sees it. */
static enum err is_group(struct cx *cx, bool point, str key, bool *ret)
{
    struct db_rows r = {0};
    TRY(point ? db_query(cx, &r, "SELECT 1 FROM contact_point WHERE norm = $1 LIMIT 21", V(key))
              : db_query(cx, &r, "SELECT 1 FROM dup_key WHERE key = $1 LIMIT 21", V(key)));
    *ret = r.n <= GROUP_MAX;
    return E_OK;
}

/* Have a and b met at a key before `key` ("" = any)? */
static enum err met_at(struct cx *cx, const struct key_of *v, size_t n, int64_t a, int64_t b, bool point,
                       str key, bool *ret)
{
    const struct key_of *end = v + n;
    for (const struct key_of *x = keys_at(v, n, a); x < end && x->id == a && !*ret; x++)
        for (const struct key_of *y = keys_at(v, n, b); y < end && y->id == b && !*ret; y++)
            if (str_eq(x->key, y->key) && (!key.n || str_cmp(x->key, key) < 0))
                TRY(is_group(cx, point, x->key, ret));
    return E_OK;
}

/* A pair is told at the first key it shares, numbers and mails first. */
static enum err is_told(struct cx *cx, const struct scan *s, int64_t a, int64_t b, str key, bool *ret)
{
    *ret = false;
    TRY(met_at(cx, s->points, s->n_points, a, b, true, s->stage == 0 ? key : S(""), ret));
    return s->stage == 0 || *ret ? E_OK
                                 : met_at(cx, s->keys, s->n_keys, a, b, false, key, ret);
}

static bool is_rejected(const struct scan *s, int64_t a, int64_t b)
{
    for (size_t i = 0; i < s->rejected.n; i++)
        if (db_int(&s->rejected, i, 0) == a && db_int(&s->rejected, i, 1) == b) return true;
    return false;
}

static enum err pair_tell(struct cx *cx, const struct scan *s, str key, int64_t id1, int64_t id2)
{
    bool told = false;
    const struct member *a = member_at(s, id1 < id2 ? id1 : id2),
                        *b = member_at(s, id1 < id2 ? id2 : id1);
    if (!a || !b || is_rejected(s, a->id, b->id)) return E_OK;
    struct cand c = {.id = b->id, .company = b->company, .title = b->title};
    shared(s, s->points, s->n_points, a->id, &c);
    shared(s, s->keys, s->n_keys, a->id, &c);
    struct dup_pair p = {
        a->id, b->id, a->title, b->title, dup_score(cx, s->e, a->title, a->company, &c), c.why};
    if (!p.score || p.score < s->min_score) return E_OK;
    TRY(is_told(cx, s, a->id, b->id, key, &told));
    return told ? E_OK : s->fn(cx, s->arg, &p);
}

static enum err groups_tell(struct cx *cx, struct scan *s, const struct db_rows *r, size_t *ret_end)
{
    int64_t all[SLICE], ids[GROUP_MAX];
    size_t n = 0, n_ids, from, to;
    for (from = 0; from < r->n && (to = group_end(r, from)) > from; from = to) {
        n_ids = group_ids(s, r, from, to, ids);
        memcpy(all + n, ids, n_ids * sizeof *ids);
        n += n_ids;
    }
    *ret_end = from;
    if (!n) return E_OK;
    TRY(members_read(cx, s, all, n));
    TRY(keys_read(cx, s->e, all, n, true, &s->points, &s->n_points));
    TRY(keys_read(cx, s->e, all, n, false, &s->keys, &s->n_keys));
    TRY(rejected_read(cx, s, all, n));
    for (from = 0; from < *ret_end; from = to) {
        to = group_end(r, from);
        n_ids = group_ids(s, r, from, to, ids);
        for (size_t i = 0; i < n_ids; i++)
            for (size_t k = i + 1; k < n_ids; k++) TRY(pair_tell(cx, s, db_str(r, from, 0), ids[i], ids[k]));
    }
    return E_OK;
}

enum err dup_scan(struct cx *cx, const struct entity *e, int min_score, struct dup_pos *pos,
                  dup_pair_fn *fn, void *arg)
{
    struct scan s = {.e = e, .min_score = min_score, .stage = pos->stage, .fn = fn, .arg = arg};
    struct db_rows r = {0};
    size_t end = 0;
    if (!e->dups) pos->stage = DUP_SCANNED;
    if (pos->stage == DUP_SCANNED) return E_OK;
    TRY(slice_read(cx, pos, &r));
    TRY(groups_tell(cx, &s, &r, &end));
    if (r.n == SLICE) pos->key = db_str(&r, end - 1, 0);
    else *pos = (struct dup_pos){.stage = pos->stage + 1};
    return E_OK;
}

/* ---- never again ---- */
struct reject {
    const struct entity *e;
    int64_t a, b;
    bool back; /* the word is taken back */
};

static enum err reject_inside(struct cx *cx, void *arg)
{
    const struct reject *p = arg;
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT CASE WHEN ");
    acl_where(cx, p->e, ACT_CHANGE, S("r"), &q);
    sql_lit(&q, " THEN 1 ELSE 0 END FROM ");
    sql_name(&q, p->e->table);
    sql_lit(&q, " r WHERE r.id IN ");
    sql_ids(cx, &q, (const int64_t[]){p->a, p->b}, 2);
    sql_lit(&q, " AND ");
    seen_sql(cx, p->e, S("r"), &q);
    TRY(sql_run(cx, &q, &r, NULL));
    if (r.n != 2) return fail(cx, E_NOTFOUND, "There are no two such records");
    if (!db_int(&r, 0, 0) && !db_int(&r, 1, 0)) return fail(cx, E_DENIED, "You may not change this record");
    if (p->back)
        return db_exec(cx, NULL, "DELETE FROM dup_reject WHERE a = $1 AND b = $2",
                       V(p->a < p->b ? p->a : p->b), V(p->a < p->b ? p->b : p->a));
    return db_exec(cx, NULL,
                   "INSERT INTO dup_reject (a, b, at, who) VALUES ($1, $2, $3, $4) ON CONFLICT (a, "
                   "b) DO NOTHING",
                   V(p->a < p->b ? p->a : p->b), V(p->a < p->b ? p->b : p->a), V(cx->now_ms),
                   V(cx->who.user));
}

enum err dup_reject(struct cx *cx, const struct entity *e, int64_t a, int64_t b, bool back)
{
    struct reject p = {e, a, b, back};
    if (!acl_may(cx, e, ACT_CHANGE)) return fail(cx, E_DENIED, "You may not change this record");
    return a == b ? fail(cx, E_INVALID, "These are one and the same record")
                  : db_write(cx, reject_inside, &p);
}
