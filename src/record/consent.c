/* SPDX-License-Identifier: MIT */
/* record/consent.c - what a person's consents come to: a consent and its withdrawal are two records of `consent`, and
 * the purposes that hold at present stand in person.consents, where lists filter by them. Written past the door, as a
 * roll-up is: it follows from the records. */
#include "record/record_int.h"

enum { PURPOSES_MAX = 100, PEOPLE_SLICE = 500 };

/* A row of the query below: id, purpose, channel, given, withdrawn, created_at. */
static int64_t at_of(const struct db_rows *r, size_t i)
{
    if (db_int(r, i, 4)) return db_int(r, i, 4);
    return db_int(r, i, 3) ? db_int(r, i, 3) : db_int(r, i, 5);
}

static bool is_any(str channel) { return !channel.n || str_eq(channel, S("any")); }

/* The withdrawals among the rows, each by its place there. */
struct withdrawals {
    const size_t *v;
    size_t n;
};
static struct withdrawals withdrawals_of(struct cx *cx, const struct db_rows *r)
{
    size_t *v = NEW_N(cx->a, size_t, r->n + 1), n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (db_int(r, i, 4)) v[n++] = i;
    return (struct withdrawals){v, n};
}

/* Does a later row withdraw this one? By the time it speaks of, then in the order they were written (the newest comes
 * first here). A withdrawal of
 * all channels takes each, of one channel that one. */
static bool is_withdrawn(const struct db_rows *r, const struct withdrawals *w, size_t i)
{
    for (size_t n = 0; n < w->n; n++) {
        size_t k = w->v[n];
        bool later = at_of(r, k) > at_of(r, i) || (at_of(r, k) == at_of(r, i) && k < i);
        bool same = str_eq_nocase(db_str(r, k, 1), db_str(r, i, 1));
        bool takes = is_any(db_str(r, k, 2)) || str_eq(db_str(r, k, 2), db_str(r, i, 2));
        if (later && same && takes) return true;
    }
    return false;
}

static void purpose_add(struct val *v, struct item *it, str purpose)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq_nocase(it[i].norm, purpose)) return;
    if (v->n == PURPOSES_MAX || str_find(purpose, S("|")) >= 0) return;
    it[v->n++] = (struct item){.norm = purpose};
}

static enum err settle(struct cx *cx, const struct entity *person, const struct field *f, int64_t id)
{
    struct db_rows r = {0};
    struct item *it = NEW_N(cx->a, struct item, PURPOSES_MAX);
    struct val v = {.t = VT_LIST, .v = it};
    TRY(db_query(cx, &r,
                 "SELECT id, purpose, channel, given, withdrawn, created_at FROM consent"
                 " WHERE person = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 2000",
                 V(id)));
    struct withdrawals w = withdrawals_of(cx, &r);
    for (size_t i = r.n; i-- > 0;)
        if (!db_int(&r, i, 4) && !is_withdrawn(&r, &w, i)) purpose_add(&v, it, db_str(&r, i, 1));
    return value_write(cx, person, id, f, v.n ? &v : &VAL_NULL);
}

enum err consents_follow(struct cx *cx, const struct entity *e, const struct val *old, const struct val *now)
{
    const struct entity *person = ENT(cx, "person");
    const struct field *by = str_eq(e->name, S("consent")) ? FLD(e, "person") : NULL;
    const struct field *f = by && person ? FLD(person, "consents") : NULL;
    if (!f) return E_OK;
    int64_t was = old ? old[by->at].i : 0, is = now ? now[by->at].i : 0;
    if (was) TRY(settle(cx, person, f, was));
    return is && is != was ? settle(cx, person, f, is) : E_OK;
}

enum err record_consents_fill(struct cx *cx)
{
    const struct entity *person = ENT(cx, "person");
    const struct field *f = person ? FLD(person, "consents") : NULL;
    int64_t after = 0;
    assert(db_is_writing(cx));
    for (size_t n = f ? PEOPLE_SLICE : 0; n == PEOPLE_SLICE;) {
        struct arena_mark m = arena_mark(cx->a);
        struct db_rows r = {0};
        TRY(db_query(cx, &r,
                     "SELECT DISTINCT person FROM consent WHERE person > $1 AND deleted_at IS NULL "
                     "ORDER BY person"
                     " LIMIT $2",
                     V(after), V((int64_t)PEOPLE_SLICE)));
        n = r.n;
        for (size_t i = 0; i < n; i++) {
            after = db_int(&r, i, 0);
            TRY(settle(cx, person, f, after));
        }
        arena_back(cx->a, m);
    }
    return E_OK;
}
