/* SPDX-License-Identifier: MIT */
/* sync/receive.c - what was sent becomes rows, all in one transaction. */
#include "sync/sync_int.h"

#include "base/time.h"
#include "record/external.h"
#include "record/log.h"

enum err sync_system_find(struct cx *cx, str name, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id FROM sync_system WHERE name = $1", V(name)));
    *ret = r.n ? db_int(&r, 0, 0) : 0;
    return E_OK;
}

enum err sync_system_of(struct cx *cx, str name, int64_t user, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id FROM sync_system WHERE name = $1 AND ($2 = 0 OR EXISTS (SELECT 1 FROM sync_sender s"
                 " WHERE s.system = sync_system.id AND s.user_id = $2))",
                 V(name), V(user)));
    if (!r.n) return fail(cx, E_NOTFOUND, "No such system has sent anything");
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

/* Found, or made. */
static enum err system_of(struct cx *cx, str name, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(sync_system_find(cx, name, ret));
    if (*ret) return E_OK;
    TRY(external_check(cx, name, S("x")));
    TRY(db_query(cx, &r, "SELECT count(*) FROM sync_system"));
    if (db_int(&r, 0, 0) >= SYNC_SYSTEMS_MAX)
        return fail_at(cx, E_LIMIT, S("system"), "There are %d systems already", SYNC_SYSTEMS_MAX);
    int64_t id = id_new(cx->now_ms);
    TRY(db_exec(cx, NULL,
                "INSERT INTO sync_system (id, name, created_at, lease_by, lease_until, told_at)"
                " VALUES ($1, $2, $3, '', 0, 0)",
                V(id), V(name), V(cx->now_ms)));
    *ret = id;
    return E_OK;
}

/* A name is its first sender's: somebody else could hold up his keys and use up his items' ids. Whoever manages the
 * settings may send as anybody. */
static enum err sender_put(struct cx *cx, int64_t system)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT (SELECT count(*) FROM sync_sender WHERE system = $1 AND user_id = $2),"
                 " (SELECT count(*) FROM sync_sender WHERE system = $1),"
                 " (SELECT count(*) FROM sync_sender WHERE user_id = $2)",
                 V(system), V(cx->who.user)));
    if (db_int(&r, 0, 0)) return E_OK;
    if (!acl_sys(cx, SYS_SETTINGS) && db_int(&r, 0, 1))
        return fail(cx, E_DENIED, "Another user sends under this name: choose another one");
    if (!acl_sys(cx, SYS_SETTINGS) && db_int(&r, 0, 2) >= SYNC_NAMES_MAX)
        return fail_at(cx, E_LIMIT, S("system"), "You send under %d names already", SYNC_NAMES_MAX);
    return db_exec(cx, NULL, "INSERT INTO sync_sender (system, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                   V(system), V(cx->who.user));
}

/* Ids tell the order of a key's items: those of this process are lifted above what the sender was told of by another
 * one, whatever its clock says. */
static enum err lift_ids(struct cx *cx, int64_t system)
{
    struct db_rows r = {0};
    if (!db_is_pg(cx)) return E_OK; /* one process: dbase_open and syncer_start have done so */
    TRY(db_query(cx, &r, "SELECT max(id) FROM sync_item WHERE system = $1", V(system)));
    if (r.n) id_floor(db_int(&r, 0, 0));
    return E_OK;
}

static enum err put(struct cx *cx, const struct sync_batch *b, int64_t system, int64_t batch, struct sync_item *it)
{
    int64_t n = 0, id = b->n == 1 ? batch : id_new(cx->now_ms);
    int64_t refused = it->code.n ? cx->now_ms : 0;
    TRY(db_exec(cx, &n,
                "INSERT INTO sync_item (id, system, batch, entity, key, op, item, seq, replaces, record, state, due_at,"
                " tries, user_id, api_key, change, done_at, code, field, why, wants, value)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, 0, $12, $15, $16, $17, '',"
                " $18)"
                " ON CONFLICT (system, item) WHERE item <> '' DO NOTHING",
                V(id), V(system), V(batch), V(it->entity), V(it->key), V((int64_t)it->op), V(it->item), V(it->seq),
                V(it->replaces), V(it->record), V((int64_t)(it->code.n ? SYNC_REFUSED : SYNC_RECEIVED)), V(refused),
                V(cx->who.user), V(cx->who.key), V(it->code), V(it->field), V(it->why), V(it->values)));
    it->id = n ? id : 0;
    return E_OK;
}

/* Many items are one batch of the log, to be seen and undone; its last item's id bounds the search for them. */
static enum err batch_put(struct cx *cx, const struct sync_batch *b, int64_t last)
{
    if (b->n == 1 || !last) return E_OK;
    return batch_open_as(cx, b->id, arena_fmt(cx->a, "sync:%.*s", FS(b->system)), b->received + b->refused, b->refused,
                      arena_fmt(cx->a, "{\"last\":\"%" PRId64 "\"}", last));
}

enum err sync_receive(struct cx *cx, void *arg)
{
    struct sync_batch *b = arg;
    int64_t system = 0, last = 0;
    b->received = b->duplicates = b->refused = 0;
    TRY(system_of(cx, b->system, &system));
    TRY(sender_put(cx, system));
    TRY(lift_ids(cx, system));
    b->id = id_new(cx->now_ms);
    for (size_t i = 0; i < b->n; i++) {
        struct arena_mark m = arena_mark(cx->a);
        TRY(put(cx, b, system, b->id, &b->item[i]));
        arena_back(cx->a, m);
        if (b->item[i].id) last = b->item[i].id;
        if (!b->item[i].id) b->duplicates++;
        else if (b->item[i].code.n) b->refused++;
        else b->received++;
    }
    return batch_put(cx, b, last);
}
