/* SPDX-License-Identifier: MIT */
/* record/merge.c - two records become one: the winner takes the fields chosen and everything that hangs on the
 * loser; the loser goes to the trash with a redirect. All of it is one batch, so undo gives both back. */
#include "record/record_int.h"

struct merging {
    const struct entity *e;
    int64_t winner, loser, version;
    const struct field *const *take;
    size_t n;
    struct written *ret;
};

static bool taken(const struct merging *m, const struct field *f)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->take[i] == f) return true;
    return false;
}

static bool has_item(const struct val *v, const struct item *it)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct item *x = &v->v[i];
        if (it->id       ? x->id == it->id
            : it->norm.n ? str_eq(x->norm, it->norm) && str_eq(x->ext, it->ext)
                         : str_eq(x->typed, it->typed))
            return true;
    }
    return false;
}

/* Lists are joined: nobody loses a telephone number by a merge. */
static struct val joined(struct cx *cx, const struct val *a, const struct val *b)
{
    struct item *v = NEW_N(cx->a, struct item, a->n + b->n + 1);
    size_t n = a->n;
    if (a->n) memcpy(v, a->v, sizeof *v * a->n);
    for (size_t i = 0; i < b->n; i++)
        if (!has_item(a, &b->v[i])) v[n++] = b->v[i];
    return n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
}

static struct set *winner_sets(struct cx *cx, const struct merging *m, const struct record *w,
                               const struct record *l, size_t *ret_n)
{
    struct set *s = NEW_N(cx->a, struct set, m->e->n);
    for (size_t i = F_OWNER; i < m->e->n; i++) {
        const struct field *f = &m->e->f[i];
        enum storage st = f->kind->store;
        if (f->trashed || f->readonly || i == F_DELETED_AT || st == ST_LINES || st == ST_NONE)
            continue;
        struct val v = taken(m, f) || w->v[i].t == VT_NULL ? l->v[i] : w->v[i];
        if (!taken(m, f) && (st == ST_POINTS || st == ST_LINKS || st == ST_KEYS))
            v = joined(cx, &w->v[i], &l->v[i]);
        if (!val_eq(&v, &w->v[i])) s[(*ret_n)++] = (struct set){f, v};
    }
    return s;
}

enum { MOVE_MAX = 10000 };

static enum err ids_pointing(struct cx *cx, const struct field *f, int64_t to, struct db_rows *ret)
{
    struct sql q = sql_new(cx);
    if (f->kind->store == ST_LINKS)
        return db_query(cx, ret,
                        "SELECT a FROM link WHERE b = $1 AND field = $2 ORDER BY a LIMIT 10000",
                        V(to), V(f->name));
    sql_lit(&q, "SELECT t.id FROM ");
    sql_name(&q, f->entity->table);
    sql_lit(&q, " t WHERE ");
    sql_col(&q, S("t"), f->col);
    sql_lit(&q, " = ");
    sql_val(cx, &q, V(to));
    sql_lit(&q, " ORDER BY t.id LIMIT 10000");
    return sql_run(cx, &q, ret, NULL);
}

static enum err move_one(struct cx *cx, const struct field *f, int64_t id, const struct merging *m)
{
    struct record r = {0};
    struct written w = {0};
    struct set s = {f, VAL_INT(m->winner)};
    enum err e = read_one(cx, f->entity, id, ACT_SEE, LIVING, false, &r);
    if (e == E_NOTFOUND)
        return E_OK; /* in the trash: the redirect leads on; or of another entity (links) */
    TRY(e);
    if (f->kind->store == ST_LINKS) {
        const struct val *v = &r.v[f->at],
                         one = {.t = VT_LIST, .v = &(struct item){.id = m->winner}, .n = 1};
        struct val rest = {.t = VT_LIST};
        struct item *keep = NEW_N(cx->a, struct item, v->n + 1);
        for (size_t i = 0; i < v->n; i++)
            if (v->v[i].id != m->loser) keep[rest.n++] = v->v[i];
        rest.v = keep;
        s.v = joined(cx, &rest, &one);
    }
    return update_write(cx, f->entity, &r, &s, 1, &w);
}

/* Whatever points to the loser points to the winner afterwards: interactions, tasks, positions, branches ... */
static enum err move_pointers(struct cx *cx, const struct merging *m)
{
    for (size_t i = 0; i < cx->meta->n; i++) {
        const struct entity *e = &cx->meta->entity[i];
        for (size_t k = 0; k < e->n; k++) {
            const struct field *f = &e->f[k];
            struct db_rows r = {0};
            bool points = f->target && f->target->at == m->e->at &&
                          (f->kind->store == ST_INT || f->kind->store == ST_LINKS);
            if (!points || f->trashed || e->trashed || f->readonly) continue;
            TRY(ids_pointing(cx, f, m->loser, &r));
            if (r.n >= MOVE_MAX)
                return fail(cx, E_LIMIT, "More than %d records are linked to the one to be merged",
                            MOVE_MAX);
            for (size_t j = 0; j < r.n; j++) TRY(move_one(cx, f, db_int(&r, j, 0), m));
        }
    }
    return E_OK;
}

enum err redirect_put(struct cx *cx, const struct entity *e, int64_t loser, int64_t winner)
{
    return db_exec(cx, NULL,
                   "INSERT INTO redirect (id, entity, winner, at) VALUES ($1, $2, $3, $4) ON CONFLICT "
                   "(id) DO UPDATE SET winner = excluded.winner, at = excluded.at",
                   V(loser), V(e->name), V(winner), V(cx->now_ms));
}

/* Its values would live on in the other. */
static enum err not_erased(struct cx *cx, const struct merging *m)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT 1 FROM erasure WHERE record IN ($1, $2) AND state IN ('waiting', 'begun') LIMIT 1",
        V(m->winner), V(m->loser)));
    return r.n ? fail(cx, E_CONFLICT, "One of these records is being erased: they cannot be merged") : E_OK;
}

/* What is only shared with somebody cannot become his by a merge. */
static enum err own_reach(struct cx *cx, const struct record *w)
{
    bool may = false;
    TRY(acl_reaches(cx, w->e, ACT_CHANGE, w->id, w->v[F_OWNER].i, w->v[F_TEAM].i, &may));
    return may ? E_OK : fail(cx, E_DENIED, "You may see this record, but not do that with it");
}

static enum err merge_inside(struct cx *cx, void *arg)
{
    struct merging *m = arg;
    struct record w = {0}, l = {0};
    struct written gone = {0};
    size_t n = 0;
    TRY(read_one(cx, m->e, m->winner, ACT_CHANGE, LIVING, false, &w));
    TRY(read_one(cx, m->e, m->loser, ACT_DELETE, LIVING, false, &l));
    if (m->version && m->version != w.version)
        return fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
    TRY(own_reach(cx, &w));
    TRY(not_erased(cx, m));
    const struct acl *acl = cx->acl;
    cx->acl = NULL; /* both were asked for; what hangs on them follows whoever may see it */
    struct set *s = winner_sets(cx, m, &w, &l, &n);
    enum err e =
        trash_write(cx, m->e, &l, true, S("merge"), log_merge_json(cx, S(LOG_WINNER), m->winner),
                    &gone); /* first: a unique value becomes free */
    if (e == E_OK) e = update_write_winner(cx, m->e, &w, s, n, m->loser, m->ret);
    if (e == E_OK) e = move_pointers(cx, m);
    if (e == E_OK) e = shares_merge(cx, m->e, m->winner, m->ret->version, m->loser);
    if (e == E_OK) e = redirect_put(cx, m->e, m->loser, m->winner);
    cx->acl = acl;
    TRY(e);
    return acl_still_ruled(cx, m->e);
}

/* The batch's row stands in the same transaction: a merge that failed leaves nothing behind. */
static enum err merge_batch(struct cx *cx, void *arg)
{
    int64_t batch = 0;
    TRY(batch_begin(cx, S("merge"), 0, &batch));
    TRY(merge_inside(cx, arg));
    return batch_end(cx, batch, S("done"), S(""));
}

enum err record_merge(struct cx *cx, const struct entity *e, int64_t winner, int64_t loser,
                      int64_t version, const struct field *const *take, size_t n,
                      struct written *ret)
{
    struct merging m = {e, winner, loser, version, take, n, ret};
    int64_t batch = cx->batch;
    if (winner == loser)
        return fail_at(cx, E_INVALID, S("loser"), "A record cannot be merged with itself");
    enum err err = db_write(cx, batch ? merge_inside : merge_batch, &m);
    cx->batch = batch;
    return err;
}
