/* SPDX-License-Identifier: MIT */
/* Requests that are to be refused, or to change nothing, and the looks that each of them gets. */
#pragma once
#include "api_bed.h"
#include "os/os.h"

#define APART "session login_attempt login_guard security_event captcha" /* tables of who comes in, and of what was refused */
enum { LATE_MS = 2000 };
struct tried {
    enum actor who;
    const char *req, *body, *head;
    int status, or_status; /* 0: none but the first */
};

static inline bool holds_secret(const struct answer *r)
{
    bool held = str_find(r->body, S("CANARY")) >= 0;
    for (size_t i = 0; i < r->n_head; i++) held |= str_find(r->head[i].value, S("CANARY")) >= 0;
    return held;
}

/* Sends it, and looks that the answer is in time and no fault of ours. */
static inline struct answer sent(struct api_bed *t, const struct tried *v)
{
    struct arena *a = t->b.cx.a;
    int64_t start = os_mono_ms();
    struct answer r = api_call(t, a, v->who, api_expand(t, a, v->req), v->body ? api_body(t, v->body) : S(""), v->head ? api_expand(t, a, v->head) : S(""));
    bool fine = r.status > 0 && r.status < 500 && os_mono_ms() - start < LATE_MS;
    T(fine);
    if (!fine) fprintf(stderr, "  %s: %d after %" PRId64 " ms\n", v->req, r.status, os_mono_ms() - start);
    return r;
}

/* How many refusals of rights, of origin and of the token stand in the security log; what was sent does not. */
static inline int64_t told(struct api_bed *t)
{
    struct cx *cx = &t->b.cx;
    struct db_rows r = {0};
    T_OK(cx, tally_flush(cx, t->app->tally));
    T_OK(cx, db_query(cx, &r, "SELECT CAST(coalesce(sum(n), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN detail LIKE '%CANARY%' THEN 1 ELSE 0 END), 0) AS BIGINT) FROM security_event"
                           " WHERE kind LIKE 'refused.%'"));
    T_INT(db_int(&r, 0, 1), 0);
    return db_int(&r, 0, 0);
}

/* Each is refused with a status that was meant, tells nothing, leaves every table as it was, and stands in the log. */
static inline void refused_all(struct api_bed *t, const struct tried *v, size_t n)
{
    T_OK(&t->b.cx, tally_start(&t->b.cx, t->b.b, &t->app->tally));
    int64_t denied = 0, before_told = told(t);
    str before = api_digest(t, S(APART));
    for (size_t i = 0; i < n; i++) {
        struct answer r = sent(t, &v[i]);
        denied += r.status == 403 || r.status == 422;
        bool kept = str_eq(api_digest(t, S(APART)), before);
        bool fits = kept && (r.status == v[i].status || r.status == v[i].or_status) && !holds_secret(&r);
        T(fits);
        if (!fits)
            fprintf(stderr, "  %s [%d] %s %s\n   want %d, got %d%s %.*s\n", dbase_is_pg(t->app->db) ? "pg" : "sqlite", v[i].who, v[i].req, v[i].body ? v[i].body : "", v[i].status,
                    r.status, kept ? "" : " AND IT WROTE", FS(str_cut(r.body, 0, 300)));
        if (!kept) before = api_digest(t, S(APART));
    }
    T_STR(api_events_came(t), S(""));
    T(told(t) - before_told >= denied);
    tally_stop(&t->app->tally);
}
#define REFUSED(t, ...)                                 \
    do {                                                \
        static const struct tried v_[] = {__VA_ARGS__}; \
        refused_all((t), v_, COUNT(v_));                \
    } while (0)

/* What was sent is told back: without it. */
static inline str without(struct arena *a, str body, str value)
{
    struct buf b = buf_new(a, 1 << 22);
    for (size_t i = 0; i < body.n;) {
        bool is = value.n > 2 && str_has_prefix(str_cut(body, i, body.n), value);
        if (!is) buf_byte(&b, body.p[i]);
        i += is ? value.n : 1;
    }
    return buf_str(&b);
}

/* The same request with each of the values as $v: one answer for all of them, and no secret in it. */
static inline void alike(struct api_bed *t, const struct tried *v, size_t n, const char *const *values)
{
    struct arena *a = t->b.cx.a;
    str before = api_digest(t, S(APART));
    for (size_t i = 0; i < n; i++) {
        struct answer first = {0};
        for (size_t k = 0; values[k]; k++) {
            var_put(t, "v", str_from(values[k]));
            struct answer r = sent(t, &v[i]);
            r.body = without(a, r.body, str_from(values[k]));
            if (!k) first = r;
            bool same = r.status == first.status && str_eq(r.body, first.body) && (!v[i].status || r.status == v[i].status || r.status == v[i].or_status) && !holds_secret(&r);
            T(same);
            if (!same)
                fprintf(stderr, "  %.*s (%s)\n   %d %.*s\n   %d %.*s\n", FS(api_expand(t, a, v[i].req)), v[i].body ? v[i].body : "", first.status, FS(str_cut(first.body, 0, 300)), r.status,
                        FS(str_cut(r.body, 0, 300)));
        }
    }
    T_STR(api_digest(t, S(APART)), before);
}

/* The text as JSON has it, and as $json. */
static inline str text_put(struct api_bed *t, str text)
{
    struct buf b = buf_new(t->b.cx.a, 100000);
    struct jw w = jw_new(&b);
    jw_str(&w, text);
    var_put(t, "json", buf_str(&b));
    return buf_str(&b);
}
