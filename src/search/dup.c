/* SPDX-License-Identifier: MIT */
/* search/dup.c - possible duplicates of values in hand: look-ups by key, then a score by reason. */
#include "search/dup_int.h"

#include "fmt/fold.h"

#include <stdlib.h>

enum { NORMS_MAX = 40, ROWS_LOOK = 60, DUPS_MAX = 10, NAMES_SURE = 100 };

static void rows_sql(struct cx *cx, const struct entity *e, struct sql *q)
{
    const struct field *company = link_to(cx, e, S("company"), S("company"));
    sql_lit(q, "SELECT r.id, ");
    title_sql(q, e, S("r"));
    sql_lit(q, ", ");
    if (company) sql_col(q, S("r"), company->col);
    else sql_lit(q, "0");
}

static void rows_end(struct cx *cx, const struct entity *e, int64_t self, struct sql *q)
{
    sql_lit(q, " AND ");
    seen_sql(cx, e, S("r"), q);
    sql_lit(q, " AND r.id <> ");
    sql_val(cx, q, V(self));
    sql_lit(q, " LIMIT ");
    sql_val(cx, q, V(ROWS_LOOK));
}

static struct cand *cand_at(struct cx *cx, const struct entity *e, struct cands *c,
                            const struct db_rows *r, size_t i)
{
    int64_t id = db_int(r, i, 0);
    for (size_t k = 0; k < c->n; k++)
        if (c->v[k].id == id) return &c->v[k];
    struct cand *x = LIST_ADD(cx->a, c);
    *x = (struct cand){.id = id, .title = title_of(cx, e, r, i, 1), .company = db_int(r, i, 2)};
    return x;
}

/* ---- by telephone and mail ---- */
static size_t norms_of(const struct entity *e, const struct val *v,
                       const struct item *out[NORMS_MAX], unsigned why[NORMS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        bool phone = str_eq(e->f[i].kind->name, S("phones")),
             mail = str_eq(e->f[i].kind->name, S("mails"));
        if ((!phone && !mail) || v[i].t != VT_LIST || e->f[i].trashed) continue;
        for (size_t k = 0; k < v[i].n && n < NORMS_MAX; k++)
            if (v[i].v[k].norm.n) {
                why[n] = phone ? DUP_PHONE : DUP_MAIL;
                out[n++] = &v[i].v[k];
            }
    }
    return n;
}

/* An office's shared line with different extensions says nothing about two people. */
bool dup_same_line(const struct entity *e, str ext1, str ext2)
{
    return str_eq(ext1, ext2) || !str_eq(e->name, S("person"));
}

static enum err by_points(struct cx *cx, const struct entity *e, const struct val *v, int64_t self,
                          struct cands *c)
{
    const struct item *it[NORMS_MAX];
    unsigned why[NORMS_MAX];
    size_t n = norms_of(e, v, it, why);
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    if (!n) return E_OK;
    rows_sql(cx, e, &q);
    sql_lit(&q, ", k.norm, k.ext, k.field FROM contact_point k CROSS JOIN ");
    sql_name(&q, e->table);
    sql_lit(&q, " r WHERE r.id = k.record AND k.norm IN (");
    for (size_t i = 0; i < n; i++) {
        if (i) sql_lit(&q, ",");
        sql_val(cx, &q, V(it[i]->norm));
    }
    sql_lit(&q, ") AND k.kind IN ('phones','mails') AND k.entity = ");
    sql_val(cx, &q, V(e->name));
    rows_end(cx, e, self, &q);
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++)
        for (size_t k = 0; k < n; k++)
            if (str_eq(it[k]->norm, db_str(&r, i, 3)) && field_seen(cx, e, db_str(&r, i, 5)) &&
                dup_same_line(e, it[k]->ext, db_str(&r, i, 4)))
                cand_at(cx, e, c, &r, i)->why |= why[k];
    return E_OK;
}

/* ---- by the keys of dup_key ---- */
static enum err by_keys(struct cx *cx, const struct entity *e, const struct dup_keys *keys,
                        bool names, int64_t self, struct cands *c)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    size_t n = 0;
    rows_sql(cx, e, &q);
    sql_lit(&q, ", k.key FROM dup_key k CROSS JOIN ");
    sql_name(&q, e->table);
    sql_lit(&q, " r WHERE r.id = k.record AND k.key IN (");
    for (size_t i = 0; i < keys->n; i++) {
        if ((keys->v[i].p[0] == 'n') != names) continue;
        if (n++) sql_lit(&q, ",");
        sql_val(cx, &q, V(keys->v[i]));
    }
    sql_lit(&q, ") AND k.entity = ");
    sql_val(cx, &q, V(e->name));
    rows_end(cx, e, self, &q);
    if (!n) return E_OK;
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) dup_reason(db_str(&r, i, 3), cand_at(cx, e, c, &r, i));
    return E_OK;
}

void dup_reason(str key, struct cand *x)
{
    switch (key.p[0]) {
    case 't': x->why |= DUP_TAX; break;
    case 'c':
        x->city = true;
        x->why |= DUP_NAME;
        break;
    default: x->why |= DUP_NAME; x->words = memchr(key.p, ' ', key.n) ? 2 : 1;
    }
}

/* ---- the score ---- */
static int compat(struct cx *cx, const struct entity *e, str name1, str name2)
{
    str k1 = dup_name(cx->a, e, name1), k2 = dup_name(cx->a, e, name2);
    if (k1.n && str_eq(k1, k2)) return NAMES_SURE;
    return fold_compat(cx->a, name1, name2);
}

static int points_score(unsigned why, int names)
{
    bool both = (why & DUP_PHONE) && (why & DUP_MAIL);
    if (names < COMPAT_MIN) return both ? 85 : 80;
    if (both) return 98;
    return names >= 95 ? 96 : 95;
}

static int name_score(const struct cand *x, int64_t company)
{
    if (x->city || (company && company == x->company)) return 75;
    return x->words == 1 ? 50 : 60;
}

int dup_score(struct cx *cx, const struct entity *e, str title, int64_t company,
              const struct cand *x)
{
    struct arena_mark m = arena_mark(cx->a);
    bool points = x->why & (DUP_PHONE | DUP_MAIL), name = x->why & DUP_NAME;
    int names = points && title.n ? compat(cx, e, title, x->title) : 0;
    arena_back(cx->a, m);
    if (x->why & DUP_TAX) return names >= COMPAT_MIN || name ? 100 : 98;
    if (points) return points_score(x->why, names);
    return name ? name_score(x, company) : 0;
}

static int best_first(const void *a, const void *b)
{
    const struct cand *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* ---- pairs that somebody has called different ---- */
static enum err drop_rejected(struct cx *cx, int64_t self, struct cands *c)
{
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    int64_t *ids = NEW_N(cx->a, int64_t, c->n + 1);
    for (size_t i = 0; i < c->n; i++) ids[i] = c->v[i].id;
    if (!self || !c->n) return E_OK;
    sql_lit(&q, "SELECT b FROM dup_reject WHERE a = ");
    sql_val(cx, &q, V(self));
    sql_lit(&q, " AND b IN ");
    sql_ids(cx, &q, ids, c->n);
    sql_lit(&q, " UNION ALL SELECT a FROM dup_reject WHERE b = ");
    sql_val(cx, &q, V(self));
    sql_lit(&q, " AND a IN ");
    sql_ids(cx, &q, ids, c->n);
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++)
        for (size_t k = 0; k < c->n; k++)
            if (c->v[k].id == db_int(&r, i, 0)) c->v[k--] = c->v[--c->n];
    return E_OK;
}

enum err dup_find(struct cx *cx, const struct entity *e, const struct val *v, int64_t self,
                  struct dup **ret, size_t *ret_n)
{
    struct cands c = {0};
    *ret = NULL;
    *ret_n = 0;
    if (!e->dups || !acl_may(cx, e, ACT_SEE)) return E_OK;
    struct dup_keys keys = dup_keys_of(cx, e, v);
    const struct field *company = link_to(cx, e, S("company"), S("company"));
    int64_t firm = company && v[company->at].t == VT_INT ? v[company->at].i : 0;
    TRY(by_points(cx, e, v, self, &c));
    TRY(by_keys(cx, e, &keys, false, self, &c));
    TRY(by_keys(cx, e, &keys, true, self, &c));
    TRY(drop_rejected(cx, self, &c));
    str title = v[e->title].t == VT_TEXT ? v[e->title].s : S("");
    for (size_t i = 0; i < c.n; i++) c.v[i].score = dup_score(cx, e, title, firm, &c.v[i]);
    if (c.n) qsort(c.v, c.n, sizeof *c.v, best_first);
    size_t n = c.n < DUPS_MAX ? c.n : DUPS_MAX;
    *ret = NEW_N(cx->a, struct dup, n + 1);
    for (size_t i = 0; i < n; i++)
        (*ret)[i] = (struct dup){c.v[i].id, c.v[i].title, c.v[i].score, c.v[i].why};
    *ret_n = n;
    return E_OK;
}
