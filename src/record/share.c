/* SPDX-License-Identifier: MIT */
/* record/share.c - shares: rows of `share`, each change of one with its row of the log. */
#include "record/share.h"

#include "base/time.h"
#include "notice/notice.h"
#include "record/record_int.h"

enum { STATE_BYTES = 4096 };

/* ---- what a receiver has ---- */
struct state {
    bool there;
    struct share s;
};

/* What is over is not there, whether its row was tidied away or not. */
static enum err state_read(struct cx *cx, int64_t record, int64_t receiver, struct state *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT may_change, until, why, given_by, at FROM share WHERE record = $1 AND receiver = $2"
                 " AND until > $3",
                 V(record), V(receiver), V(cx->now_ms)));
    *ret = (struct state){.s.receiver = receiver};
    if (!r.n) return E_OK;
    ret->there = true;
    ret->s = (struct share){receiver, db_int(&r, 0, 0) != 0, db_int(&r, 0, 1), db_str(&r, 0, 2), db_int(&r, 0, 3),
                            db_int(&r, 0, 4)};
    return E_OK;
}

static bool same(const struct state *a, const struct state *b)
{
    if (!a->there || !b->there) return a->there == b->there;
    return a->s.change == b->s.change && a->s.until_ms == b->s.until_ms && str_eq(a->s.why, b->s.why);
}

static void state_json(const struct state *x, str key, struct jw *w)
{
    jw_key(w, key);
    if (!x->there) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kbool(w, S("change"), x->s.change);
    jw_kid(w, S("until"), x->s.until_ms);
    jw_kstr(w, S("why"), x->s.why);
    jw_kid(w, S("by"), x->s.by);
    jw_kid(w, S("at"), x->s.at_ms);
    jw_obj_end(w);
}

static str log_json(struct cx *cx, const struct state *old, const struct state *now)
{
    struct buf b = buf_new(cx->a, STATE_BYTES);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_key(&w, S(LOG_SHARE));
    jw_obj(&w);
    jw_kid(&w, S("to"), now->s.receiver);
    state_json(old, S("old"), &w);
    state_json(now, S("new"), &w);
    jw_obj_end(&w);
    jw_obj_end(&w);
    assert(!b.full);
    return buf_str(&b);
}

static enum err state_parse(struct cx *cx, const struct json *j, int64_t receiver, struct state *ret)
{
    *ret = (struct state){.there = j && j->t == JT_OBJ, .s.receiver = receiver};
    if (!ret->there) return E_OK;
    TRY(json_bool_of(cx, j, S("change"), false, &ret->s.change));
    TRY(json_id_of(cx, j, S("until"), SHARE_OPEN, &ret->s.until_ms));
    TRY(json_str_of(cx, j, S("why"), S(""), &ret->s.why));
    TRY(json_id_of(cx, j, S("by"), 0, &ret->s.by));
    return json_id_of(cx, j, S("at"), 0, &ret->s.at_ms);
}

/* The other way round; *ret_to 0: it tells of no share any more (an erasure has emptied it). */
static enum err log_parse(struct cx *cx, str old_json, int64_t *ret_to, struct state *ret_old, struct state *ret_now)
{
    const struct json *j = NULL;
    *ret_to = 0;
    if (!old_json.n) return E_OK;
    TRY(json_parse(cx, old_json, &j));
    j = json_get(j, S(LOG_SHARE));
    if (!j) return E_OK;
    TRY(json_id_of(cx, j, S("to"), 0, ret_to));
    TRY(state_parse(cx, json_get(j, S("old")), *ret_to, ret_old));
    return state_parse(cx, json_get(j, S("new")), *ret_to, ret_now);
}

/* The same for who takes it back: a side that is over by now is not there. */
static enum err log_parse_good(struct cx *cx, str old_json, int64_t *ret_to, struct state *ret_old,
                               struct state *ret_now)
{
    TRY(log_parse(cx, old_json, ret_to, ret_old, ret_now));
    ret_old->there &= ret_old->s.until_ms > cx->now_ms;
    ret_now->there &= ret_now->s.until_ms > cx->now_ms;
    return E_OK;
}

/* ---- writing ---- */
static enum err row_write(struct cx *cx, const struct entity *e, int64_t id, const struct state *now)
{
    if (!now->there)
        return db_exec(cx, NULL, "DELETE FROM share WHERE record = $1 AND receiver = $2", V(id), V(now->s.receiver));
    return db_exec(cx, NULL,
                   "INSERT INTO share (record, receiver, entity, may_change, until, why, given_by, at)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (record, receiver) DO UPDATE SET"
                   " may_change = excluded.may_change, until = excluded.until, why = excluded.why,"
                   " given_by = excluded.given_by, at = excluded.at",
                   V(id), V(now->s.receiver), V(e->name), V(now->s.change), V(now->s.until_ms), V(now->s.why),
                   V(now->s.by), V(now->s.at_ms));
}

static enum err state_write(struct cx *cx, const struct entity *e, int64_t id, int64_t version,
                            const struct state *now, struct written *ret)
{
    struct state old = {0};
    TRY(state_read(cx, id, now->s.receiver, &old));
    *ret = (struct written){.id = id, .version = version};
    if (same(&old, now)) return E_OK;
    TRY(row_write(cx, e, id, now));
    return log_write(cx, e, id, S("share"), version, log_json(cx, &old, now), &ret->seq);
}

enum err share_may(struct cx *cx, const struct record *r, bool *ret)
{
    *ret = !r->e->admin && acl_may(cx, r->e, ACT_CHANGE);
    if (!*ret) return E_OK;
    return acl_reaches(cx, r->e, ACT_CHANGE, r->id, r->v[F_OWNER].i, r->v[F_TEAM].i, ret);
}

enum err lent_before(struct cx *cx, const struct entity *e, int64_t id, struct lent *ret)
{
    *ret = (struct lent){0};
    if (!cx->acl || !cx->acl->filtered[e->at] || !acl_shared(cx, e, ACT_CHANGE)) return E_OK;
    TRY(acl_rights(cx, e, id, &ret->had));
    ret->yes = !(ret->had & 1U << ACT_CHANGE);
    return E_OK;
}

enum err lent_after(struct cx *cx, const struct entity *e, int64_t id, const struct lent *l)
{
    unsigned has = 0;
    if (!l->yes) return E_OK;
    TRY(acl_rights(cx, e, id, &has));
    has &= ~(l->had | 1U << ACT_CREATE | 1U << ACT_IMPORT);
    return has ? fail(cx, E_DENIED, "What is shared with you must not become yours by this change") : E_OK;
}

struct sharing {
    const struct entity *e;
    int64_t id;
    struct state now;
    struct written *ret;
};

static enum err given(struct cx *cx, const struct sharing *x, struct record *ret)
{
    bool may = false;
    TRY(read_one(cx, x->e, x->id, ACT_CHANGE, LIVING, false, ret));
    TRY(share_may(cx, ret, &may));
    return may ? E_OK : fail(cx, E_DENIED, "Only who may change this record by his own rights can share it");
}

/* Users who are told of it. */
static enum err told(struct cx *cx, int64_t receiver, struct db_rows *ret)
{
    return db_query(cx, ret,
                    "SELECT u.id FROM \"user\" u WHERE u.deleted_at IS NULL AND u.active = 1 AND u.id <> $2"
                    " AND (u.id = $1 OR u.team_of = $1"
                    " OR u.id IN (SELECT l.a FROM link l WHERE l.b = $1 AND l.field = 'teams'))"
                    " ORDER BY u.id LIMIT 200",
                    V(receiver), V(cx->who.user));
}

static enum err tell(struct cx *cx, const struct sharing *x)
{
    struct buf b = buf_new(cx->a, STATE_BYTES);
    struct jw w = jw_new(&b);
    struct db_rows r = {0};
    jw_obj(&w);
    jw_kstr(&w, S("right"), x->now.s.change ? S("change") : S("see"));
    jw_kid(&w, S("by"), cx->who.user);
    jw_kstr(&w, S("way"), way_name[cx->way]);
    jw_obj_end(&w);
    TRY(told(cx, x->now.s.receiver, &r));
    for (size_t i = 0; i < r.n; i++)
        TRY(notice_put(cx, db_int(&r, i, 0), S(SHARE_NOTICE), x->e, x->id, buf_str(&b)));
    return E_OK;
}

static enum err room_left(struct cx *cx, int64_t id, int64_t receiver)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM share WHERE record = $1 AND receiver <> $2 AND until > $3", V(id),
                 V(receiver), V(cx->now_ms)));
    return db_int(&r, 0, 0) < SHARES_MAX
               ? E_OK
               : fail_at(cx, E_LIMIT, S("to"), "A record is shared with at most %d colleagues and teams", SHARES_MAX);
}

static enum err receiver_there(struct cx *cx, int64_t id)
{
    struct db_rows r = {0};
    if (id == cx->who.user) return fail_at(cx, E_INVALID, S("to"), "What you have need not be shared with you");
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM \"user\" u WHERE u.id = $1 AND u.deleted_at IS NULL AND u.active = 1"
                 " UNION ALL SELECT 1 FROM \"team\" t WHERE t.id = $1 AND t.deleted_at IS NULL",
                 V(id)));
    return r.n ? E_OK : fail_at(cx, E_INVALID, S("to"), "There is no such colleague and no such team");
}

static enum err put_inside(struct cx *cx, void *arg)
{
    struct sharing *x = arg;
    struct record r = {0};
    TRY(given(cx, x, &r));
    TRY(receiver_there(cx, x->now.s.receiver));
    TRY(room_left(cx, x->id, x->now.s.receiver));
    TRY(state_write(cx, x->e, x->id, r.version, &x->now, x->ret));
    return x->ret->seq ? tell(cx, x) : E_OK;
}

enum err share_put(struct cx *cx, const struct entity *e, int64_t id, const struct share *s, struct written *ret)
{
    struct sharing x = {e, id, {true, *s}, ret};
    x.now.s.by = cx->who.user;
    x.now.s.at_ms = cx->now_ms;
    if (e->admin) return fail(cx, E_DENIED, "All see these: there is nothing to share");
    if (s->until_ms <= cx->now_ms) return fail_at(cx, E_INVALID, S("until"), "This day is over already");
    if (utf8_len(s->why) > SHARE_WHY_MAX)
        return fail_at(cx, E_INVALID, S("why"), "At most %d characters", SHARE_WHY_MAX);
    return db_write(cx, put_inside, &x);
}

static enum err drop_inside(struct cx *cx, void *arg)
{
    struct sharing *x = arg;
    struct record r = {0};
    TRY(given(cx, x, &r));
    TRY(state_write(cx, x->e, x->id, r.version, &x->now, x->ret));
    return x->ret->seq ? E_OK : fail(cx, E_NOTFOUND, "This record is not shared with them");
}

enum err share_drop(struct cx *cx, const struct entity *e, int64_t id, int64_t receiver, struct written *ret)
{
    struct sharing x = {e, id, {.s.receiver = receiver}, ret};
    return db_write(cx, drop_inside, &x);
}

/* ---- reading ---- */
static bool is_his(const struct cx *cx, int64_t receiver)
{
    bool his = !cx->acl || receiver == cx->acl->user;
    for (size_t i = 0; !his && i < cx->acl->n_teams; i++) his = cx->acl->teams[i] == receiver;
    return his;
}

static enum err rows_read(struct cx *cx, int64_t id, struct db_rows *ret)
{
    return db_query(cx, ret,
                    "SELECT receiver, may_change, until, why, given_by, at FROM share WHERE record = $1 AND until > $2"
                    " ORDER BY at, receiver LIMIT 1000",
                    V(id), V(cx->now_ms));
}

static struct share row_share(const struct db_rows *r, size_t i)
{
    return (struct share){db_int(r, i, 0), db_int(r, i, 1) != 0, db_int(r, i, 2),
                          db_str(r, i, 3), db_int(r, i, 4),      db_int(r, i, 5)};
}

enum err share_list(struct cx *cx, const struct entity *e, int64_t id, const struct share **ret, size_t *ret_n,
                    bool *ret_may)
{
    struct record r = {0};
    struct db_rows rows = {0};
    TRY(read_one(cx, e, id, ACT_SEE, EITHER, false, &r));
    TRY(share_may(cx, &r, ret_may));
    TRY(rows_read(cx, id, &rows));
    struct share *s = NEW_N(cx->a, struct share, rows.n + 1);
    *ret_n = 0;
    for (size_t i = 0; i < rows.n; i++)
        if (*ret_may || is_his(cx, db_int(&rows, i, 0))) s[(*ret_n)++] = row_share(&rows, i);
    *ret = s;
    return E_OK;
}

/* ---- once a day ---- */
static enum err tidy(struct cx *cx, void *arg)
{
    const int64_t *now = arg;
    return db_exec(cx, NULL, "DELETE FROM share WHERE until <= $1", V(*now));
}

enum err shares_tidy(struct cx *cx)
{
    int64_t now = clock_aged_ms(cx->now_ms);
    return db_write_bulk(cx, tidy, &now);
}

/* ---- merge, undo, history ---- */
enum err shares_merge(struct cx *cx, const struct entity *e, int64_t winner, int64_t version, int64_t loser)
{
    struct db_rows rows = {0};
    TRY(rows_read(cx, loser, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct state now = {true, row_share(&rows, i)}, had = {0};
        struct written w = {0};
        TRY(state_read(cx, winner, now.s.receiver, &had));
        if (had.there) {
            now.s.change |= had.s.change;
            if (had.s.until_ms > now.s.until_ms) now.s.until_ms = had.s.until_ms;
            if (had.s.why.n) now.s.why = had.s.why;
        }
        TRY(room_left(cx, winner, now.s.receiver));
        TRY(state_write(cx, e, winner, version, &now, &w));
    }
    return E_OK;
}

enum err share_moved(struct cx *cx, int64_t id, str old_json, bool *ret)
{
    struct state old = {0}, now = {0}, is = {0};
    int64_t to = 0;
    *ret = false;
    TRY(log_parse_good(cx, old_json, &to, &old, &now));
    if (!to) return E_OK;
    TRY(state_read(cx, id, to, &is));
    *ret = !same(&is, &now);
    return E_OK;
}

/* More than he has now is given: to whom it could be given at all. */
static enum err gives_back(struct cx *cx, int64_t id, const struct state *is, const struct state *old)
{
    bool more = !is->there || (old->s.change && !is->s.change) || old->s.until_ms > is->s.until_ms;
    if (!old->there || !more) return E_OK;
    TRY(receiver_there(cx, old->s.receiver));
    return room_left(cx, id, old->s.receiver);
}

enum err share_back(struct cx *cx, const struct record *r, str old_json, bool force, bool *ret_kept, bool *ret_done)
{
    struct state old = {0}, now = {0}, is = {0};
    struct written w = {0};
    int64_t to = 0;
    bool may = false;
    *ret_kept = *ret_done = false;
    TRY(log_parse_good(cx, old_json, &to, &old, &now));
    if (!to) return E_OK;
    TRY(share_may(cx, r, &may));
    if (!may) return fail(cx, E_DENIED, "Only who may change this record by his own rights can share it");
    TRY(state_read(cx, r->id, to, &is));
    *ret_kept = !force && !same(&is, &now);
    if (*ret_kept) return E_OK;
    TRY(gives_back(cx, r->id, &is, &old));
    TRY(state_write(cx, r->e, r->id, r->version, &old, &w));
    *ret_done = w.seq != 0;
    return E_OK;
}

static enum err receiver_title(struct cx *cx, int64_t id, str *ret)
{
    TRY(record_titles(cx, ENT(cx, "user"), &id, 1, ret));
    return ret->n ? E_OK : record_titles(cx, ENT(cx, "team"), &id, 1, ret);
}

static void side_json(struct cx *cx, const struct state *x, str key, struct jw *w)
{
    jw_key(w, key);
    if (!x->there) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kstr(w, S("right"), x->s.change ? S("change") : S("see"));
    jw_key(w, S("until"));
    if (x->s.until_ms == SHARE_OPEN) jw_null(w);
    else jw_str(w, time_text(cx->a, x->s.until_ms));
    jw_kstr(w, S("why"), x->s.why);
    jw_obj_end(w);
}

enum err share_json(struct cx *cx, bool may, str old_json, struct jw *w)
{
    struct state old = {0}, now = {0};
    int64_t to = 0;
    str title = S("");
    TRY(log_parse(cx, old_json, &to, &old, &now));
    if (!to || !(may || is_his(cx, to))) return E_OK;
    TRY(receiver_title(cx, to, &title));
    jw_key(w, S("share"));
    jw_obj(w);
    jw_key(w, S("to"));
    jw_obj(w);
    jw_kid(w, S("id"), to);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
    side_json(cx, &old, S("old"), w);
    side_json(cx, &now, S("new"), w);
    jw_obj_end(w);
    return E_OK;
}
