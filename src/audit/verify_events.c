/* SPDX-License-Identifier: MIT */
/* audit/verify_events.c - security events against their seals. Rows whose time was over are gone with the bodies of
 * their seals, and a row with our key's word says up to which one. */
#include "audit/verify_int.h"

#include "base/json.h"

static enum err trim_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct checking *c = arg;
    const struct json *j = NULL;
    str key = {0}, mac = {0};
    size_t at = 0;
    int64_t before = 0;
    struct arena_mark m = arena_mark(cx->a);
    if (cols != 3) return E_INTERNAL;
    bool reads = json_parse(cx, row[2].s, &j) == E_OK && json_str_of(cx, j, S("key"), S(""), &key) == E_OK &&
                 json_str_of(cx, j, S("mac"), S(""), &mac) == E_OK &&
                 json_id_of(cx, j, S("before"), 0, &before) == E_OK;
    if (reads) TRY(key_find(cx, c, key, &at));
    bool ours = reads && at != NO_KEY && str_eq(trim_mac(cx, &c->keys[at], row[1].i, row[0].i, before), mac);
    if (ours && row[1].i > c->trimmed) c->trimmed = row[1].i;
    if (ours && before > c->trimmed_before) c->trimmed_before = before;
    arena_back(cx->a, m);
    return E_OK;
}

/* A word of no key of ours accepts nothing. */
static enum err accept_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct checking *c = arg;
    struct audit_accepted x;
    str key = {0}, mac = {0};
    size_t at = 0;
    if (cols != 5) return E_INTERNAL;
    if (c->accepted.n >= AUDIT_ACCEPTED_MAX || !accept_read(cx, row, &x, &key, &mac)) return E_OK;
    TRY(key_find(cx, c, key, &at));
    if (at == NO_KEY || !accept_fits(cx, &c->keys[at], &x, mac)) return E_OK;
    x.reason = arena_dup(cx->a, x.reason);
    *LIST_ADD(cx->a, &c->accepted) = x;
    return E_OK;
}

enum err trims_read(struct cx *cx, struct checking *c)
{
    TRY(db_has_table(cx, S("security_event"), &c->has_events)); /* a base that is still to be upgraded has none */
    if (!c->has_events) return E_OK;
    str all = S("SELECT at, subject, detail FROM security_event WHERE kind = 'log.trimmed' ORDER BY seq");
    TRY(db_each(cx, all, NULL, 0, trim_row, c));
    all = S("SELECT " ACCEPT_COLS " FROM security_event WHERE kind = 'log.accepted' ORDER BY seq");
    return db_each(cx, all, NULL, 0, accept_row, c);
}

/* A row that two seals hold (a move between engines) goes with the older one: its time was over, as our key says. */
static void gone_look(struct checking *c, const int64_t *seq)
{
    struct sealed_log *l = &c->log[LOG_EVENT];
    for (; l->at < l->n && (!seq || l->v[l->at].e.seq < *seq); l->at++)
        if (id_time_ms(l->v[l->at].e.seq) >= c->trimmed_before)
            audit_found(c, AUDIT_MISSING, LOG_EVENT, l->v[l->at].e.seq, l->v[l->at].seal);
}

static enum err event_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct checking *c = arg;
    struct sealed_log *l = &c->log[LOG_EVENT];
    int64_t seq = row[0].i;
    if (cols != AUDIT_COLS + 1) return E_INTERNAL;
    gone_look(c, &seq);
    const struct sealed *x = l->at < l->n && l->v[l->at].e.seq == seq ? &l->v[l->at++] : NULL;
    if (!x && !row_is_open(l, seq, row[AUDIT_COLS].i)) audit_found(c, AUDIT_ADDED, LOG_EVENT, seq, 0);
    else if (!x) c->out->open++;
    else if (x->key != NO_KEY && !row_fits(cx, c, row, x->key, x->e.digest))
        audit_found(c, AUDIT_CHANGED, LOG_EVENT, seq, x->seal);
    c->out->events++;
    return E_OK;
}

enum err events_walk(struct cx *cx, struct checking *c)
{
    if (!c->has_events) return E_OK;
    if (db_is_pg(cx))
        TRY(db_each(cx, S("SELECT " EVENT_SEALED ", xid FROM security_event ORDER BY seq"), NULL, 0, event_row, c));
    else TRY(db_each(cx, S("SELECT " EVENT_SEALED ", 0 FROM security_event ORDER BY seq"), NULL, 0, event_row, c));
    gone_look(c, NULL);
    return E_OK;
}
