/* SPDX-License-Identifier: MIT */
/* audit/trim.c - security events are let go when their time is over. The database's word is not enough for that: who
 * has it alone could make fresh seals old, and have them let go with our key's word for it. */
#include "audit/event.h"

#include "audit/audit_int.h"
#include "base/json.h"
#include "base/time.h"
#include "os/os.h"

enum { TRIM_SEALS = 10 };

str trim_mac(struct cx *cx, const struct audit_keys *k, int64_t seal, int64_t at, int64_t before)
{
    unsigned char mac[MAC_BYTES];
    str text = arena_fmt(cx->a, "trimmed\n%" PRId64 "\n%" PRId64 "\n%" PRId64, seal, at, before);
    (void)crypto_generichash(mac, sizeof mac, (const unsigned char *)text.p, text.n, k->mark, sizeof k->mark);
    return os_base64(cx->a, OS_BASE64URL, mac, sizeof mac);
}

struct trimming {
    const struct vault *v;
    int64_t before;
    bool accepted; /* the seal in hand was: what is wrong with it is known */
    size_t n;      /* seals of which the rows have gone */
    int64_t wrong; /* a seal that is not what it was; 0 = none */
};

/* Also with a word of no key, for seals of a key that is lost: the walk over the chain holds it for nothing. */
static enum err trim_said(struct cx *cx, const struct trimming *t, int64_t seal, bool ours)
{
    struct audit_keys k;
    str key = {0};
    struct buf b = buf_new(cx->a, EVENT_DETAIL_MAX);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    if (ours) {
        TRY(audit_keys_of(cx, t->v, S(""), &k, &key));
        jw_kstr(&w, S("key"), key);
        jw_kid(&w, S("before"), t->before);
        jw_kstr(&w, S("mac"), trim_mac(cx, &k, seal, cx->now_ms, t->before));
        sodium_memzero(&k, sizeof k);
    }
    jw_obj_end(&w);
    return event_put(cx, &(struct event){.kind = EVENT_LOG_TRIMMED, .subject = seal, .detail = buf_str(&b)});
}

/* Is it as it was written, behind the one before it? */
static enum err seal_is_true(struct cx *cx, const struct audit_keys *k, const struct seal *s, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT mac FROM audit_seal WHERE n = $1", V(s->n - 1)));
    str mac = seal_mac(cx, k, r.n ? db_str(&r, 0, 0) : S(""), s);
    *ret = str_eq(mac, s->mac) && s->rows > 0 && s->body.n == (size_t)s->rows * ENTRY_CHARS;
    return E_OK;
}

/* k NULL: the key is lost. A row that is not there is no reason to stay: a move between engines may have sealed it
 * twice, and who took it away was told of until now. */
static enum err row_is_due(struct cx *cx, const struct trimming *t, const struct audit_keys *k, const struct entry *e,
                           bool *ret)
{
    struct db_rows r = {0};
    struct entry now = {0};
    TRY(db_query(cx, &r, "SELECT " EVENT_SEALED " FROM security_event WHERE seq = $1", V(e->seq)));
    *ret = true;
    if (!r.n) return E_OK;
    if (k) row_digest(cx, k, r.v, &now);
    *ret = db_int(&r, 0, 1) < t->before && (!k || sodium_memcmp(now.digest, e->digest, DIGEST_BYTES) == 0);
    return E_OK;
}

/* An acceptance whose own time is over is written anew: what it is about is told of for good. */
static enum err acceptance_renew(struct cx *cx, const struct trimming *t, int64_t seq)
{
    struct db_rows r = {0};
    struct audit_accepted x;
    str key = {0}, mac = {0};
    TRY(db_query(cx, &r, "SELECT " ACCEPT_COLS " FROM security_event WHERE seq = $1 AND kind = 'log.accepted'",
                 V(seq)));
    if (!r.n || !accept_read(cx, r.v, &x, &key, &mac)) return E_OK;
    return accept_put(cx, t->v, x.seal, x.who, x.reason);
}

static enum err row_drop(struct cx *cx, const struct trimming *t, int64_t seq)
{
    struct arena_mark m = arena_mark(cx->a);
    TRY(acceptance_renew(cx, t, seq));
    arena_back(cx->a, m);
    return db_exec(cx, NULL, "DELETE FROM security_event WHERE seq = $1", V(seq));
}

static enum err rows_drop(struct cx *cx, struct trimming *t, const struct audit_keys *k, const struct seal *s)
{
    struct entry e = {0};
    for (size_t at = 0; at + ENTRY_CHARS <= s->body.n; at += ENTRY_CHARS) {
        struct arena_mark m = arena_mark(cx->a);
        bool due = true;
        if (!entry_get(str_cut(s->body, at, at + ENTRY_CHARS), &e)) continue;
        TRY(row_is_due(cx, t, k, &e, &due));
        arena_back(cx->a, m);
        bool old = id_time_ms(e.seq) < t->before; /* what is accepted is no reason for fresh rows to go */
        if (!due && !(t->accepted && old)) return t->wrong = s->n, E_OK;
    }
    for (size_t at = 0; at + ENTRY_CHARS <= s->body.n; at += ENTRY_CHARS)
        if (entry_get(str_cut(s->body, at, at + ENTRY_CHARS), &e))
            TRY(row_drop(cx, t, e.seq));
    return db_exec(cx, NULL, "UPDATE audit_seal SET body = $2 WHERE n = $1", V(s->n), V(seal_body_gone(cx, s->body)));
}

static enum err seal_drop(struct cx *cx, struct trimming *t, const struct seal *s, bool *ret_ours)
{
    struct audit_keys k;
    str name = {0};
    bool is_true = true;
    t->accepted = false;
    enum err e = audit_keys_of(cx, t->v, s->key, &k, &name);
    *ret_ours = e == E_OK;
    if (e != E_OK && e != E_PRECOND) return e;
    e = *ret_ours ? seal_is_true(cx, &k, s, &is_true) : E_OK;
    if (e == E_OK && *ret_ours) e = accept_find(cx, t->v, s->n, &t->accepted);
    bool goes = is_true || t->accepted;
    if (e == E_OK && goes) e = rows_drop(cx, t, *ret_ours ? &k : NULL, s);
    if (!goes) t->wrong = s->n;
    sodium_memzero(&k, sizeof k);
    return e;
}

/* In the order of the seals: all up to the one that is told have gone. */
static enum err trim(struct cx *cx, void *arg)
{
    struct trimming *t = arg;
    struct db_rows r = {0};
    int64_t last = 0, last_ours = 0;
    t->n = 0;
    t->wrong = 0;
    TRY(db_query(cx, &r,
                 "SELECT n, at, rows, key, body, mac FROM audit_seal WHERE log <> 0 AND substr(body, 1, 1) <> '='"
                 " ORDER BY n LIMIT 10"));
    static_assert(TRIM_SEALS == 10, "as the LIMIT says");
    for (size_t i = 0; i < r.n && db_int(&r, i, 1) < t->before; i++, t->n++) {
        bool ours = false;
        const struct seal s = {.n = db_int(&r, i, 0),
                               .at = db_int(&r, i, 1),
                               .rows = db_int(&r, i, 2),
                               .log = LOG_EVENT,
                               .key = db_str(&r, i, 3),
                               .body = db_str(&r, i, 4),
                               .mac = db_str(&r, i, 5)};
        TRY(seal_drop(cx, t, &s, &ours));
        if (t->wrong) break;
        last = s.n;
        if (ours) last_ours = s.n;
    }
    if (!last) return E_OK;
    return trim_said(cx, t, last_ours ? last_ours : last, last_ours > 0);
}

static enum err unsealed_drop(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL, "DELETE FROM security_event WHERE at < $1", V(*(const int64_t *)arg));
}

enum err event_tidy(struct cx *cx, const struct vault *v)
{
    struct trimming t = {.v = v, .before = clock_aged_ms(cx->now_ms) - (int64_t)EVENT_DAYS * DAY_MS};
    if (!v) return db_write_bulk(cx, unsealed_drop, &t.before);
    do TRY(db_write_bulk(cx, trim, &t));
    while (t.n == TRIM_SEALS);
    if (!t.wrong) return E_OK;
    return fail(cx, E_PRECOND,
                "seal %" PRId64 " is not what it was: no security event goes before kontor audit verify finds nothing,"
                " or kontor audit accept %" PRId64 " --reason WHY says that it was looked at",
                t.wrong, t.wrong);
}
