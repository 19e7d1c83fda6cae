/* SPDX-License-Identifier: MIT */
/* record/external.c - names of other systems, and records written by them. */
#include "record/external.h"

static bool is_system(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) return false;
    }
    return s.n > 0 && s.n <= EXTERNAL_SYSTEM_MAX;
}

static bool is_key(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) return false;
    return s.n > 0 && s.n <= EXTERNAL_KEY_MAX && utf8_valid(s);
}

enum err external_check(struct cx *cx, str system, str key)
{
    if (!is_system(system))
        return fail_at(cx, E_INVALID, S("system"), "A system's name has 1 to %d letters of a to z, digits, - and _",
                       EXTERNAL_SYSTEM_MAX);
    if (is_key(key)) return E_OK;
    return fail_at(cx, E_INVALID, S("key"), "A key of another system has 1 to %d bytes", EXTERNAL_KEY_MAX);
}

enum err external_find(struct cx *cx, const struct entity *e, str system, str key, int64_t *ret)
{
    struct db_rows r = {0};
    int64_t to = 0;
    TRY(external_check(cx, system, key));
    TRY(db_query(cx, &r, "SELECT record FROM external_id WHERE system = $1 AND entity = $2 AND key = $3", V(system),
                 V(e->name), V(key)));
    *ret = r.n ? db_int(&r, 0, 0) : 0;
    if (*ret) TRY(record_redirect(cx, e, *ret, &to));
    if (to) *ret = to;
    return E_OK;
}

static enum err others_key(struct cx *cx)
{
    return fail_at(cx, E_CONFLICT, S("key"), "Another record has this key already");
}

struct external {
    const struct entity *e;
    int64_t id;
    str system, key;
};

static enum err add(struct cx *cx, void *arg)
{
    const struct external *x = arg;
    struct db_rows r = {0};
    int64_t now = 0;
    TRY(external_find(cx, x->e, x->system, x->key, &now));
    if (now == x->id) return E_OK;
    if (now) return others_key(cx);
    TRY(db_query(cx, &r, "SELECT count(*) FROM external_id WHERE record = $1", V(x->id)));
    if (db_int(&r, 0, 0) >= EXTERNAL_IDS_MAX)
        return fail_at(cx, E_CONFLICT, S("key"), "A record has at most %d keys of other systems", EXTERNAL_IDS_MAX);
    return db_exec(cx, NULL, "INSERT INTO external_id (system, entity, key, record, at) VALUES ($1, $2, $3, $4, $5)",
                   V(x->system), V(x->e->name), V(x->key), V(x->id), V(cx->now_ms));
}

/* An update of nothing: the door says whether the record may be changed. */
static enum err may_change(struct cx *cx, const struct entity *e, int64_t id)
{
    struct written w = {0};
    return record_update(cx, e, id, 0, NULL, 0, &w);
}

enum err external_add(struct cx *cx, const struct entity *e, int64_t id, str system, str key)
{
    struct external x = {e, id, system, key};
    TRY(external_check(cx, system, key));
    TRY(may_change(cx, e, id));
    return db_write(cx, add, &x);
}

static enum err drop(struct cx *cx, void *arg)
{
    const struct external *x = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM external_id WHERE system = $1 AND entity = $2 AND key = $3 AND record = $4",
                V(x->system), V(x->e->name), V(x->key), V(x->id)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "The record has no such key");
}

enum err external_drop(struct cx *cx, const struct entity *e, int64_t id, str system, str key)
{
    struct external x = {e, id, system, key};
    TRY(may_change(cx, e, id));
    return db_write(cx, drop, &x);
}

enum err external_json(struct cx *cx, const struct entity *e, int64_t id, struct jw *w)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT system, key FROM external_id WHERE record = $1 AND entity = $2 ORDER BY system, key",
                 V(id), V(e->name)));
    jw_arr(w);
    for (size_t i = 0; i < r.n; i++) {
        jw_obj(w);
        jw_kstr(w, S("system"), db_str(&r, i, 0));
        jw_kstr(w, S("key"), db_str(&r, i, 1));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

/* ---- by key ---- */
struct upsert {
    struct external x;
    int64_t version;
    const struct set *s;
    size_t n;
    struct written *w;
    bool made;
};

static enum err make(struct cx *cx, struct upsert *u)
{
    TRY(record_create(cx, u->x.e, 0, u->s, u->n, u->w));
    u->x.id = u->w->id;
    u->made = true;
    return add(cx, &u->x);
}

static enum err upsert(struct cx *cx, void *arg)
{
    struct upsert *u = arg;
    int64_t id = 0;
    u->made = false;
    TRY(external_find(cx, u->x.e, u->x.system, u->x.key, &id));
    if (!id && u->version)
        return fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
    if (!id) return make(cx, u);
    enum err e = record_update(cx, u->x.e, id, u->version, u->s, u->n, u->w);
    return e == E_NOTFOUND ? fail_at(cx, E_CONFLICT, S("key"),
                                     "The record of this key is in the trash, or you may not see it")
                           : e;
}

enum err record_upsert(struct cx *cx, const struct entity *e, str system, str key, int64_t version,
                       const struct set *s, size_t n, struct written *ret, bool *ret_made)
{
    struct upsert u = {{e, 0, system, key}, version, s, n, ret, false};
    TRY(external_check(cx, system, key));
    enum err err = db_write(cx, upsert, &u);
    if (err == E_CONFLICT && str_find(cx->at, S("external_id")) >= 0 && !db_is_writing(cx))
        err = db_write(cx, upsert, &u); /* somebody made it in the meantime */
    *ret_made = u.made;
    return err;
}
