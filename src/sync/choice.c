/* SPDX-License-Identifier: MIT */
/* sync/choice.c - what an administrator decides of items that are stuck. */
#include "sync/sync_int.h"

enum { SLICE_ROWS = 200 };

enum err sync_try_put(struct cx *cx, int64_t item, str what, str code, str field, str why)
{
    return db_exec(cx, NULL,
                   "INSERT INTO sync_try (item, n, at, what, by_user, code, field, why)"
                   " SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, $6, $7 FROM sync_try WHERE item = $1",
                   V(item), V(cx->now_ms), V(what), V(cx->who.user), V(code), V(field), V(why));
}

enum err sync_key_free(struct cx *cx, int64_t system, str entity, str key, int64_t *ret_n)
{
    return db_exec(cx, ret_n,
                   "UPDATE sync_item SET state = 1, due_at = 0, code = '' WHERE system = $1 AND entity = $2"
                   " AND key = $3 AND id > 0 AND due_at IS NOT NULL AND state = 2", /* id: the index of open ones */
                   V(system), V(entity), V(key));
}

struct choosing {
    const struct sync_choice *c;
    int64_t system, n;         /* n: done */
    bool drop;
    struct db_rows all;        /* their ids */
    size_t at, end;            /* of the slice in hand */
};

/* What is chosen, in the order of ids: looked for before the writer is asked. What is due already needs no release. */
static enum err chosen(struct cx *cx, const struct choosing *x, struct db_rows *ret)
{
    const struct sync_choice *c = x->c;
    struct sql q = sql_new(cx);
    sql_lit(&q, "SELECT id FROM sync_item WHERE due_at IS NOT NULL AND state IN (1, 2, 3)");
    if (!x->drop) sql_lit(&q, " AND (state <> 1 OR due_at > 0)");
    sql_lit(&q, " AND system = ");
    sql_val(cx, &q, V(x->system));
    if (c->user) {
        sql_lit(&q, " AND user_id = ");
        sql_val(cx, &q, V(c->user));
    }
    if (c->item) {
        sql_lit(&q, " AND id = ");
        sql_val(cx, &q, V(c->item));
    }
    if (c->key.n) {
        sql_lit(&q, " AND entity = ");
        sql_val(cx, &q, V(c->entity));
        sql_lit(&q, " AND key = ");
        sql_val(cx, &q, V(c->key));
    }
    if (c->code.n) {
        sql_lit(&q, " AND code = ");
        sql_val(cx, &q, V(c->code));
    }
    sql_lit(&q, " ORDER BY id + 0 LIMIT "); /* sorted, not looked for among all that was ever sent */
    sql_val(cx, &q, V((int64_t)SYNC_CHOICE_MAX));
    return sql_run(cx, &q, ret, NULL);
}

static enum err one(struct cx *cx, const struct choosing *x, int64_t id, int64_t *n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT entity, key, code FROM sync_item WHERE id = $1 AND due_at IS NOT NULL AND state IN (1, 2, 3)",
                 V(id)));
    if (!r.n) return E_OK; /* it went on meanwhile */
    ++*n;
    TRY(sync_try_put(cx, id, x->drop ? S("dropped") : S("released"), db_str(&r, 0, 2), S(""), S("")));
    if (!x->drop)
        return db_exec(cx, NULL, "UPDATE sync_item SET state = 1, due_at = 0, tries = 0, done_at = 0 WHERE id = $1",
                       V(id));
    TRY(db_exec(cx, NULL, "UPDATE sync_item SET state = 6, due_at = NULL, wants = '', done_at = $2 WHERE id = $1",
                V(id), V(cx->now_ms)));
    return sync_key_free(cx, x->system, db_str(&r, 0, 0), db_str(&r, 0, 1), NULL);
}

static enum err slice(struct cx *cx, void *arg)
{
    struct choosing *x = arg;
    x->n = 0;
    for (size_t i = x->at; i < x->end; i++) {
        struct arena_mark m = arena_mark(cx->a);
        TRY(one(cx, x, db_int(&x->all, i, 0), &x->n));
        arena_back(cx->a, m);
    }
    return E_OK;
}

static enum err choose(struct cx *cx, const struct sync_choice *c, bool drop, int64_t *ret)
{
    struct choosing x = {.c = c, .drop = drop};
    int64_t all = 0;
    bool key = c->key.n && c->entity.n;
    if (!c->item && !key && !c->code.n && !c->all)
        return fail(cx, E_INVALID, "Please say which items: one, those of a key, those with a reason, or all");
    TRY(sync_system_of(cx, c->system, c->user, &x.system));
    TRY(chosen(cx, &x, &x.all));
    for (; x.at < x.all.n; x.at = x.end) {
        x.end = x.at + SLICE_ROWS < x.all.n ? x.at + SLICE_ROWS : x.all.n;
        TRY(db_write_bulk(cx, slice, &x));
        all += x.n;
    }
    if (c->item && !all) {
        struct sync_row r = {0};
        TRY(sync_get(cx, c->system, c->user, c->item, &r));
        bool due = !drop && r.state == SYNC_RETRY;
        if (!due) return fail(cx, E_PRECOND, "This item is neither refused nor does it wait");
    }
    *ret = all;
    return E_OK;
}

enum err sync_release(struct cx *cx, const struct sync_choice *c, int64_t *ret) { return choose(cx, c, false, ret); }
enum err sync_drop(struct cx *cx, const struct sync_choice *c, int64_t *ret) { return choose(cx, c, true, ret); }

/* ---- other values ---- */
struct changing {
    int64_t id;
    str values;
};

static enum err change(struct cx *cx, void *arg)
{
    const struct changing *x = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE sync_item SET value = $2, op = 0, user_id = $3, api_key = $4, state = 1, due_at = 0, tries = 0,"
                " done_at = 0, wants = '' WHERE id = $1 AND due_at IS NOT NULL AND state IN (1, 2, 3)",
                V(x->id), V(x->values), V(cx->who.user), V(cx->who.key)));
    if (!n) return fail(cx, E_PRECOND, "This item is neither refused nor does it wait");
    return sync_try_put(cx, x->id, S("changed"), S(""), S(""), S(""));
}

enum err sync_change(struct cx *cx, str system, int64_t user, int64_t id, str values)
{
    struct sync_row r = {0};
    struct changing x = {id, values};
    TRY(sync_get(cx, system, user, id, &r));
    if (cx->unproved && record_lets_in(r.entity)) /* it is written without a session */
        return fail(cx, E_PROOF, "Please prove once more who you are");
    if (!r.key.n) return fail(cx, E_PRECOND, "This item has no key: only its sender can mend it");
    return db_write(cx, change, &x);
}
