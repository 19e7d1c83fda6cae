/* SPDX-License-Identifier: MIT */
/* auth/watch.c - what an administrator sees of those who try to come in, and whom he keeps out or lets in again. */
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "base/time.h"

/* ---- attempts ---- */
static str like_literal(struct arena *a, str s)
{
    struct buf b = buf_new(a, 2 * s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' || s.p[i] == '_' || s.p[i] == '\\') buf_byte(&b, '\\');
        buf_byte(&b, s.p[i]);
    }
    return buf_str(&b);
}

enum err auth_attempts(struct cx *cx, const struct attempt_query *q, struct attempt_row **ret, size_t *ret_n,
                       int64_t *ret_next)
{
    struct db_rows r = {0};
    str name = filter_fold(cx->a, str_trim(q->name));
    int64_t before = q->before ? q->before : INT64_MAX;
    TRY(db_query(cx, &r,
                 "SELECT id, at, coalesce(user_id, 0), name, addr, agent, outcome, device FROM login_attempt"
                 " WHERE id < $1 AND ($2 = '' OR name LIKE '%' || $3 || '%' ESCAPE '\\')"
                 " AND ($4 = '' OR addr = $5) AND ($6 = '' OR outcome = $7) ORDER BY id DESC LIMIT 51",
                 V(before), V(name), V(like_literal(cx->a, name)), V(q->addr), V(q->addr), V(q->outcome),
                 V(q->outcome)));
    static_assert(ATTEMPT_PAGE == 50, "as the LIMIT says, one more to know whether there is more");
    struct attempt_row *v = NEW_N(cx->a, struct attempt_row, r.n + 1);
    size_t n = r.n < ATTEMPT_PAGE ? r.n : ATTEMPT_PAGE;
    for (size_t i = 0; i < n; i++)
        v[i] = (struct attempt_row){.id = db_int(&r, i, 0),
                                    .at = db_int(&r, i, 1),
                                    .user = db_int(&r, i, 2),
                                    .name = db_str(&r, i, 3),
                                    .addr = db_str(&r, i, 4),
                                    .agent = db_str(&r, i, 5),
                                    .outcome = db_str(&r, i, 6),
                                    .known = db_str(&r, i, 7).n > 0};
    *ret = v;
    *ret_n = n;
    *ret_next = r.n > n ? v[n - 1].id : 0;
    return E_OK;
}

/* ---- locked accounts ---- */
enum err auth_locks(struct cx *cx, struct lock_row **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT g.id, g.until, g.name, g.device, coalesce(u.id, 0) FROM login_guard g"
                 " LEFT JOIN \"user\" u ON u.mail_f = g.name AND u.deleted_at IS NULL"
                 " WHERE g.until > $1 ORDER BY g.until DESC, g.id LIMIT 1000",
                 V(cx->now_ms)));
    struct lock_row *v = NEW_N(cx->a, struct lock_row, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct lock_row){.id = db_int(&r, i, 0),
                                 .until = db_int(&r, i, 1),
                                 .name = db_str(&r, i, 2),
                                 .known = db_str(&r, i, 3).n > 0,
                                 .user = db_int(&r, i, 4)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

struct freed {
    int64_t id, n;
};

static enum err lock_free(struct cx *cx, void *arg)
{
    struct freed *f = arg;
    struct db_rows r = {0};
    TRY(db_exec(cx, &f->n, "UPDATE login_guard SET until = 0, since = $2 WHERE id = $1", V(f->id), V(cx->now_ms)));
    if (!f->n) return E_OK;
    TRY(db_query(cx, &r,
                 "SELECT u.id FROM login_guard g JOIN \"user\" u ON u.mail_f = g.name AND u.deleted_at IS NULL"
                 " WHERE g.id = $1",
                 V(f->id)));
    return event_put(cx, &(struct event){.kind = EVENT_LOCK_FREED, .subject = r.n ? db_int(&r, 0, 0) : 0});
}

enum err auth_lock_free(struct cx *cx, int64_t id)
{
    struct freed f = {.id = id};
    TRY(db_write(cx, lock_free, &f));
    return f.n ? E_OK : fail(cx, E_NOTFOUND, "There is no such record");
}

/* ---- addresses held by too many failures ---- */
void auth_held(struct cx *cx, struct auth *au, struct held_row **ret, size_t *ret_n)
{
    *ret = NEW_N(cx->a, struct held_row, HELD_SHOWN);
    *ret_n = buckets_held(cx, &au->buckets, *ret);
}

/* Told first: what is told of twice was freed once, what is freed is told. */
enum err auth_held_free(struct cx *cx, struct auth *au, int64_t id)
{
    struct held_row *v = NULL;
    size_t n = 0, i = 0;
    auth_held(cx, au, &v, &n);
    while (i < n && v[i].id != id) i++;
    if (i == n) return fail(cx, E_NOTFOUND, "There is no such record");
    struct event told = {.kind = EVENT_ADDRESS_FREED, .detail = event_detail(cx, EVENT_KEY_ADDR, v[i].addr)};
    TRY(event_write(cx, &told, NULL));
    (void)buckets_fill(&au->buckets, id, cx->now_ms);
    return E_OK;
}

/* ---- blocked addresses ---- */
enum err auth_blocks(struct cx *cx, struct block_row **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, addr, why, at, by_user, until FROM address_block WHERE until = 0 OR until > $1"
                 " ORDER BY id DESC LIMIT 1000",
                 V(cx->now_ms)));
    struct block_row *v = NEW_N(cx->a, struct block_row, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct block_row){.id = db_int(&r, i, 0),
                                  .addr = db_str(&r, i, 1),
                                  .why = db_str(&r, i, 2),
                                  .at = db_int(&r, i, 3),
                                  .by = db_int(&r, i, 4),
                                  .until = db_int(&r, i, 5)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

struct blocking {
    struct block_row b;
    int64_t id;
};

static enum err sessions_from(struct cx *cx, str addr)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT DISTINCT addr FROM session LIMIT 10000"));
    for (size_t i = 0; i < r.n; i++)
        if (str_eq(auth_addr_key(cx->a, db_str(&r, i, 0)), addr))
            TRY(sessions_end(cx, &(struct sessions_of){.addr = db_str(&r, i, 0)}, EVENT_WHY_ADDRESS));
    return E_OK;
}

static enum err block_write(struct cx *cx, void *arg)
{
    struct blocking *x = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT count(*) FROM address_block"));
    if (db_int(&r, 0, 0) >= BLOCKS_MAX) return fail(cx, E_LIMIT, "There are %d blocked addresses already", BLOCKS_MAX);
    TRY(db_exec(cx, NULL,
                "INSERT INTO address_block (id, addr, why, at, by_user, until) VALUES ($1, $2, $3, $4, $5, $6)"
                " ON CONFLICT (addr) DO UPDATE SET why = excluded.why, at = excluded.at, by_user = excluded.by_user,"
                " until = excluded.until",
                V(id_new(cx->now_ms)), V(x->b.addr), V(x->b.why), V(cx->now_ms), V(cx->who.user), V(x->b.until)));
    TRY(db_query(cx, &r, "SELECT id FROM address_block WHERE addr = $1", V(x->b.addr)));
    x->id = db_int(&r, 0, 0);
    struct event told = {
        .kind = EVENT_ADDRESS_BLOCKED, .subject = x->id, .detail = event_detail(cx, EVENT_KEY_ADDR, x->b.addr)};
    TRY(event_put(cx, &told));
    return sessions_from(cx, x->b.addr);
}

static bool is_loopback(str key) { return str_has_prefix(key, S("127.")) || str_eq(key, S("::/64")); }

enum err auth_block(struct cx *cx, const struct block_row *b, str self, int64_t *ret)
{
    struct blocking x = {.b = *b};
    str bare = {0}, rest = {0};
    str_split(b->addr, '/', &bare, &rest); /* as it is told, so it is taken */
    x.b.addr = auth_addr_key(cx->a, bare);
    if (!x.b.addr.n || (rest.n && !str_has_suffix(x.b.addr, arena_fmt(cx->a, "/%.*s", FS(rest))))) /* no other nets */
        return fail_at(cx, E_INVALID, S("addr"), "An address like 203.0.113.7 or 2001:db8::1 is needed");
    if (str_eq(x.b.addr, auth_addr_key(cx->a, self)))
        return fail_at(cx, E_INVALID, S("addr"), "This is your own address");
    if (is_loopback(x.b.addr)) /* whoever sits at the server gets in, come what may */
        return fail_at(cx, E_INVALID, S("addr"), "This is the address of the server itself");
    if (utf8_len(b->why) > BLOCK_WHY_MAX)
        return fail_at(cx, E_INVALID, S("why"), "At most %d characters", BLOCK_WHY_MAX);
    TRY(db_write(cx, block_write, &x));
    *ret = x.id;
    return E_OK;
}

static enum err block_free(struct cx *cx, void *arg)
{
    struct freed *f = arg;
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT addr FROM address_block WHERE id = $1", V(f->id)));
    TRY(db_exec(cx, &f->n, "DELETE FROM address_block WHERE id = $1", V(f->id)));
    if (!f->n || !r.n) return E_OK;
    struct event told = {
        .kind = EVENT_ADDRESS_FREED, .subject = f->id, .detail = event_detail(cx, EVENT_KEY_ADDR, db_str(&r, 0, 0))};
    return event_put(cx, &told);
}

enum err auth_block_free(struct cx *cx, int64_t id)
{
    struct freed f = {.id = id};
    TRY(db_write(cx, block_free, &f));
    return f.n ? E_OK : fail(cx, E_NOTFOUND, "There is no such record");
}

/* ---- what is too old ---- */
static enum err tidy(struct cx *cx, void *arg)
{
    int64_t now = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL, "DELETE FROM login_attempt WHERE at < $1", V(now - (int64_t)ATTEMPT_DAYS * DAY_MS)));
    TRY(db_exec(cx, NULL, "DELETE FROM device WHERE seen_at < $1", V(now - (int64_t)DEVICE_DAYS * DAY_MS)));
    TRY(db_exec(cx, NULL, "DELETE FROM captcha WHERE until < $1", V(now)));
    TRY(db_exec(cx, NULL, "DELETE FROM mail_token WHERE until < $1", V(now)));
    TRY(db_exec(cx, NULL, "DELETE FROM passkey_challenge WHERE until < $1", V(now)));
    TRY(db_exec(cx, NULL, "DELETE FROM idp_state WHERE until < $1", V(now)));
    TRY(db_exec(cx, NULL, "DELETE FROM login_guard WHERE at < $1 AND until < $2", V(now - DAY_MS), V(now)));
    return db_exec(cx, NULL, "DELETE FROM address_block WHERE until <> 0 AND until < $1", V(now));
}

enum err auth_tidy(struct cx *cx)
{
    int64_t now = clock_aged_ms(cx->now_ms);
    return db_write_bulk(cx, tidy, &now);
}
