/* SPDX-License-Identifier: MIT */
/* record/log.c - rows of the change log, batches, history. */
#include "record/record_int.h"

#include "base/map.h"
#include "base/time.h"

enum { OLD_BYTES_MAX = 4 * 1024 * 1024, HISTORY_MAX = 200 };

bool record_lets_in(str entity) { return str_eq(entity, S("user")) || str_eq(entity, S("role")); }

enum err log_write(struct cx *cx, const struct entity *e, int64_t id, str op, int64_t version,
                   str old_json, int64_t *ret_seq)
{
    int64_t seq = id_new(cx->now_ms);
    /* by whatever door: undo, foreign keys, what comes next */
    if (cx->unproved && record_lets_in(e->name))
        return fail(cx, E_PROOF, "Please prove once more who you are");
    struct db_val old = old_json.n ? V(old_json) : DB_NONE;
    TRY(db_exec(cx, NULL,
                "INSERT INTO change (seq, at, who, way, batch, entity, record, op, version, old, api_key)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                V(seq), V(cx->now_ms), V(cx->who.user), V(way_name[cx->way]), V(cx->batch),
                V(e->name), V(id), V(op), V(version), old, V(cx->who.key)));
    *ret_seq = seq;
    return watched_write(cx, e, id, op, old_json);
}

static void value_json(struct cx *cx, const struct field *f, const struct val *v, struct jw *w)
{
    if (v->t == VT_NULL) jw_null(w);
    else f->kind->to_json(cx, f, v, w);
}

str log_merge_json(struct cx *cx, str key, int64_t other)
{
    return arena_fmt(cx->a, "{\"%.*s\":\"%" PRId64 "\"}", FS(key), other);
}

enum err log_merge_other(struct cx *cx, str old_json, str key, int64_t *ret)
{
    const struct json *j = NULL;
    *ret = 0;
    if (str_find(old_json, key) < 0) return E_OK;
    TRY(json_parse(cx, old_json, &j));
    return json_id_of(cx, j, key, 0, ret);
}

str log_old_json(struct cx *cx, const struct entity *e, const struct val *old, const bool *changed,
                 int64_t loser)
{
    struct buf b = buf_new(cx->a, OLD_BYTES_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    for (size_t i = 0; i < e->n; i++) {
        if (!changed[i] || e->f[i].kind->store == ST_LINES || e->f[i].kind->store == ST_NONE)
            continue;
        jw_key(&w, e->f[i].name);
        value_json(cx, &e->f[i], &old[i], &w);
    }
    if (loser) jw_kid(&w, S(LOG_LOSER), loser);
    jw_obj_end(&w);
    return buf_str(&b);
}

enum err log_old_sets(struct cx *cx, const struct entity *e, str old_json, struct set **ret,
                      size_t *ret_n)
{
    const struct json *j = NULL;
    *ret = NULL;
    *ret_n = 0;
    if (!old_json.n) return E_OK;
    TRY(json_parse(cx, old_json, &j));
    struct set *s = NEW_N(cx->a, struct set, j->n + 1);
    for (size_t i = 0; i < j->n; i++) {
        const struct field *f = entity_field(e, j->v[i].key);
        if (!f) continue;
        struct set *x = &s[*ret_n];
        x->f = f;
        if (j->v[i].t != JT_NULL && f->kind->from_json(cx, f, &j->v[i], &x->v) != E_OK)
            continue; /* no longer fits its field */
        (*ret_n)++;
    }
    *ret = s;
    return E_OK;
}

/* ---- batches ---- */
struct batch_args {
    int64_t id, n;
    str text, info;
};

static enum err batch_insert(struct cx *cx, void *arg)
{
    struct batch_args *b = arg;
    return db_exec(cx, NULL,
                   "INSERT INTO batch (id, at, who, way, title, state, total, done, undo_of, info)"
                   " VALUES ($1, $2, $3, $4, $5, 'running', $6, 0, 0, '')",
                   V(b->id), V(cx->now_ms), V(cx->who.user), V(way_name[cx->way]), V(b->text),
                   V(b->n));
}

enum err batch_begin(struct cx *cx, str title, int64_t total, int64_t *ret)
{
    struct batch_args b = {.id = id_new(cx->now_ms), .n = total, .text = title};
    TRY(db_write(cx, batch_insert, &b));
    *ret = cx->batch = b.id;
    return E_OK;
}

enum err batch_open_as(struct cx *cx, int64_t id, str title, int64_t total, int64_t done, str info_json)
{
    return db_exec(cx, NULL,
                   "INSERT INTO batch (id, at, who, way, title, state, total, done, undo_of, info)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)",
                   V(id), V(cx->now_ms), V(cx->who.user), V(way_name[cx->way]), V(title),
                   V(done < total ? S("running") : S("done")), V(total), V(done), V(info_json));
}

enum err batch_count(struct cx *cx, int64_t batch, int64_t n)
{
    return db_exec(cx, NULL,
                   "UPDATE batch SET done = done + $2, state = CASE WHEN state = 'running' AND done + $2 >= total"
                   " THEN 'done' ELSE state END WHERE id = $1",
                   V(batch), V(n));
}

enum err batch_look(struct cx *cx, int64_t batch, bool *ret, str *ret_state, str *ret_info)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT state, info FROM batch WHERE id = $1", V(batch)));
    *ret = r.n > 0;
    *ret_state = r.n ? db_str(&r, 0, 0) : S("");
    *ret_info = r.n ? db_str(&r, 0, 1) : S("");
    return E_OK;
}

static enum err batch_close(struct cx *cx, void *arg)
{
    struct batch_args *b = arg;
    return db_exec(cx, NULL, "UPDATE batch SET state = $2, info = $3 WHERE id = $1", V(b->id),
                   V(b->text), V(b->info));
}

enum err batch_end(struct cx *cx, int64_t batch, str state, str info_json)
{
    struct batch_args b = {.id = batch, .text = state, .info = info_json};
    return db_write(cx, batch_close, &b);
}

static enum err batch_again(struct cx *cx, void *arg)
{
    struct batch_args *b = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "UPDATE batch SET state = 'running' WHERE id = $1 AND state IN ('failed', 'running')",
                V(b->id)));
    return n ? E_OK : fail(cx, E_CONFLICT, "This batch was taken back before it was done");
}

enum err batch_go_on(struct cx *cx, int64_t batch)
{
    struct batch_args b = {.id = batch};
    return db_write(cx, batch_again, &b);
}

static enum err batch_step(struct cx *cx, void *arg)
{
    struct batch_args *b = arg;
    return db_exec(cx, NULL, "UPDATE batch SET done = $2 WHERE id = $1", V(b->id), V(b->n));
}

enum err batch_progress(struct cx *cx, int64_t batch, int64_t done)
{
    struct batch_args b = {.id = batch, .n = done};
    return db_write_bulk(cx, batch_step, &b);
}

/* ---- history ---- */
struct history {
    const struct entity *e;
    struct json *now; /* by field.at: the value after the change in hand; key "" = not known yet */
    bool may_share;
};

static struct json raw_json(str text)
{
    return (struct json){.t = JT_NUM, .s = text};
} /* a number's text is written as it stands */

static str field_text(struct cx *cx, const struct field *f, const struct val *v)
{
    struct buf b = buf_new(cx->a, OLD_BYTES_MAX);
    struct jw w = jw_new(&b);
    value_json(cx, f, v, &w);
    return buf_str(&b);
}

static void who_json(struct cx *cx, struct jw *w, int64_t user, const struct map *names)
{
    str key = arena_fmt(cx->a, "%" PRId64, user);
    const str *title = map_get(names, key);
    jw_key(w, S("who"));
    jw_obj(w);
    jw_kid(w, S("id"), user);
    jw_kstr(w, S("title"), title ? *title : S(""));
    jw_obj_end(w);
}

static void changes_json(struct cx *cx, struct history *h, str old_json, struct jw *w)
{
    const struct json *old = NULL;
    jw_key(w, S("changes"));
    jw_arr(w);
    if (old_json.n && json_parse(cx, old_json, &old) == E_OK)
        for (size_t i = 0; i < old->n; i++) {
            const struct field *f = entity_field(h->e, old->v[i].key);
            if (!f || !acl_field_read(cx, f)) continue;
            jw_obj(w);
            jw_kstr(w, S("field"), f->name);
            jw_key(w, S("old"));
            jw_json(w, &old->v[i]);
            jw_key(w, S("new"));
            jw_json(w, &h->now[f->at]);
            jw_obj_end(w);
            h->now[f->at] = old->v[i];
        }
    jw_arr_end(w);
}

static enum err titled_json(struct cx *cx, const struct entity *e, str key, int64_t id, struct jw *w)
{
    str title = S("");
    TRY(record_titles(cx, e, &id, 1, &title));
    jw_key(w, key);
    jw_obj(w);
    jw_kid(w, S("id"), id);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
    return E_OK;
}

/* "loser" and "winner" of a merge: {"id","title"}; the title is "" for who may not see it. */
static enum err merge_json(struct cx *cx, const struct entity *e, str old_json, struct jw *w)
{
    static const str key[2] = {S0(LOG_LOSER), S0(LOG_WINNER)};
    for (int i = 0; i < 2; i++) {
        int64_t id = 0;
        TRY(log_merge_other(cx, old_json, key[i], &id));
        if (id) TRY(titled_json(cx, e, str_cut(key[i], 1, key[i].n), id, w));
    }
    return E_OK;
}

/* ---- merges of a batch ---- */
/* The names of the winner's fields that the merge changed: what came from the loser. */
static enum err taken_json(struct cx *cx, const struct entity *e, int64_t batch, int64_t winner, int64_t loser,
                           struct jw *w)
{
    struct db_rows r = {0};
    jw_key(w, S("fields"));
    jw_arr(w);
    TRY(db_query(cx, &r,
                 "SELECT old FROM change WHERE batch = $1 AND record = $2 AND op = 'update' ORDER BY seq LIMIT 50",
                 V(batch), V(winner)));
    for (size_t i = 0; i < r.n; i++) {
        const struct json *old = NULL;
        int64_t of = 0;
        TRY(log_merge_other(cx, db_str(&r, i, 0), S(LOG_LOSER), &of));
        if (of != loser) continue;
        TRY(json_parse(cx, db_str(&r, i, 0), &old));
        for (size_t k = 0; k < old->n; k++) {
            const struct field *f = entity_field(e, old->v[k].key);
            if (f && acl_field_read(cx, f)) jw_str(w, f->name);
        }
    }
    jw_arr_end(w);
    return E_OK;
}

enum err log_merges_json(struct cx *cx, int64_t batch, size_t n, struct jw *w)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT entity, record, old FROM change WHERE batch = $1 AND op = 'merge' ORDER BY seq LIMIT $2",
                 V(batch), V((int64_t)n)));
    jw_arr(w);
    for (size_t i = 0; i < r.n; i++) {
        const struct entity *e = meta_entity(cx->meta, db_str(&r, i, 0));
        int64_t winner = 0, loser = db_int(&r, i, 1);
        TRY(log_merge_other(cx, db_str(&r, i, 2), S(LOG_WINNER), &winner));
        if (!e || !winner || !acl_may(cx, e, ACT_SEE)) continue;
        jw_obj(w);
        jw_kstr(w, S("entity"), e->name);
        TRY(titled_json(cx, e, S("winner"), winner, w));
        TRY(titled_json(cx, e, S("loser"), loser, w));
        TRY(taken_json(cx, e, batch, winner, loser, w));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

static enum err history_names(struct cx *cx, const struct db_rows *r, struct map *ret)
{
    const struct entity *user = ENT(cx, "user");
    int64_t ids[HISTORY_MAX];
    str *titles = NEW_N(cx->a, str, r->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->n && n < HISTORY_MAX; i++) {
        bool twice = false;
        for (size_t k = 0; k < n; k++) twice |= ids[k] == db_int(r, i, 2);
        if (!twice && db_int(r, i, 2)) ids[n++] = db_int(r, i, 2);
    }
    struct cx all = *cx; /* who wrote is no secret to those who see the record */
    all.acl = NULL;
    TRY(record_titles(&all, user, ids, n, titles));
    for (size_t i = 0; i < n; i++) map_put(ret, arena_fmt(cx->a, "%" PRId64, ids[i]), &titles[i]);
    return E_OK;
}

/* By which API key; its name is for its user and for those who manage users, and gone when it has ended. */
static void key_json(const struct cx *cx, struct jw *w, const struct db_rows *r, size_t i)
{
    bool may = acl_sys(cx, SYS_USERS) || db_int(r, i, 10) == cx->who.user;
    jw_key(w, S("key"));
    jw_obj(w);
    jw_kid(w, S("id"), db_int(r, i, 8));
    jw_kstr(w, S("title"), may ? db_str(r, i, 9) : S(""));
    jw_obj_end(w);
}

/* Values as they stood just before `before`: later changes taken off the record's present ones. */
static enum err history_start(struct cx *cx, const struct entity *e, int64_t id, int64_t before,
                              struct history *h)
{
    struct record r = {0};
    struct db_rows later = {0};
    TRY(record_get_deleted(cx, e, id, &r));
    TRY(share_may(cx, &r, &h->may_share));
    h->now = NEW_N(cx->a, struct json, e->n);
    for (size_t i = 0; i < e->n; i++)
        h->now[i] = r.has[i] && r.v[i].t != VT_NULL ? raw_json(field_text(cx, &e->f[i], &r.v[i]))
                                                    : (struct json){.t = JT_NULL};
    if (!before) return E_OK;
    TRY(db_query(
        cx, &later,
        "SELECT old FROM change WHERE record = $1 AND seq >= $2 ORDER BY seq DESC LIMIT 10000",
        V(id), V(before)));
    for (size_t i = 0; i < later.n; i++) {
        const struct json *old = NULL;
        if (!db_str(&later, i, 0).n) continue;
        TRY(json_parse(cx, db_str(&later, i, 0), &old));
        for (size_t k = 0; k < old->n; k++) {
            const struct field *f = entity_field(e, old->v[k].key);
            if (f) h->now[f->at] = old->v[k];
        }
    }
    return E_OK;
}

enum err log_history_json(struct cx *cx, const struct entity *e, int64_t id, int64_t before,
                          size_t n, struct jw *w, int64_t *ret_next)
{
    struct history h = {.e = e};
    struct db_rows r = {0};
    struct map names = map_new(cx->a);
    if (n > HISTORY_MAX) n = HISTORY_MAX;
    TRY(history_start(cx, e, id, before, &h));
    TRY(db_query(cx, &r,
                 "SELECT c.seq, c.at, c.who, c.way, c.batch, c.op, c.old, c.version, c.api_key, k.name, k.user_id"
                 " FROM change c LEFT JOIN api_key k ON k.id = c.api_key WHERE c.record = $1 AND c.seq < $2"
                 " ORDER BY c.seq DESC LIMIT $3",
                 V(id), V(before ? before : INT64_MAX), V((int64_t)n)));
    TRY(history_names(cx, &r, &names));
    for (size_t i = 0; i < r.n; i++) {
        jw_obj(w);
        jw_kid(w, S("seq"), db_int(&r, i, 0));
        jw_kstr(w, S("at"), time_text(cx->a, db_int(&r, i, 1)));
        who_json(cx, w, db_int(&r, i, 2), &names);
        jw_kstr(w, S("way"), db_str(&r, i, 3));
        if (db_int(&r, i, 8)) key_json(cx, w, &r, i);
        jw_kid(w, S("batch"), db_int(&r, i, 4));
        jw_kstr(w, S("op"), db_str(&r, i, 5));
        jw_kint(w, S("version"), db_int(&r, i, 7));
        TRY(merge_json(cx, e, db_str(&r, i, 6), w));
        if (str_eq(db_str(&r, i, 5), S("share"))) TRY(share_json(cx, h.may_share, db_str(&r, i, 6), w));
        changes_json(cx, &h, db_str(&r, i, 6), w);
        jw_obj_end(w);
    }
    *ret_next = r.n == n && n ? db_int(&r, r.n - 1, 0) : 0;
    return E_OK;
}
