/* SPDX-License-Identifier: MIT */
/* audit/verify.c - reads all seals, then the whole log beside them: two lists in order of the rows' numbers. */
#include "audit/verify_int.h"

#include "base/json.h"
#include "os/os.h"

#include <stdlib.h>

const str audit_fault_name[] = {S0("changed"), S0("missing"), S0("added"), S0("seal"), S0("cut"),
                                S0("erasure")};
enum { TELL_EVERY = 4096 };

static bool is_accepted(const struct checking *c, int64_t seal)
{
    bool is = false;
    for (size_t i = 0; seal && i < c->accepted.n; i++) is |= c->accepted.v[i].seal == seal;
    return is;
}

void audit_found(struct checking *c, enum audit_fault fault, enum audit_log log, int64_t seq, int64_t seal)
{
    struct audit_report *r = c->out;
    bool known = is_accepted(c, seal);
    r->faults++;
    r->faults_accepted += known;
    if (r->n_first < AUDIT_TOLD)
        r->first[r->n_first++] = (struct audit_found){fault, log == LOG_EVENT, known, seq, seal};
}

static void found(struct checking *c, enum audit_fault fault, int64_t seq, int64_t seal)
{
    audit_found(c, fault, LOG_CHANGE, seq, seal);
}

/* ---- seals ---- */
enum err key_find(struct cx *cx, struct checking *c, str name, size_t *ret)
{
    str known = {0};
    for (*ret = 0; *ret < c->n_keys; (*ret)++)
        if (str_eq((str){c->key_name[*ret], c->key_chars[*ret]}, name)) return E_OK;
    bool room = c->n_keys < VAULT_KEYS && name.n && name.n <= KEY_CHARS;
    enum err e = room ? audit_keys_of(cx, c->vault, name, &c->keys[c->n_keys], &known) : E_PRECOND;
    if (e == E_PRECOND) return *ret = NO_KEY, E_OK;
    TRY(e);
    memcpy(c->key_name[c->n_keys], known.p, known.n);
    c->key_chars[c->n_keys++] = known.n;
    return E_OK;
}

static bool entries_take(struct checking *c, const struct seal *s, size_t key)
{
    struct sealed_log *l = &c->log[s->log];
    bool fits = s->rows > 0 && s->rows <= AUDIT_SLICE && s->body.n == (size_t)s->rows * ENTRY_CHARS;
    for (size_t i = 0; fits && i < (size_t)s->rows; i++) {
        if (l->n == l->cap) return false;
        struct sealed *x = &l->v[l->n];
        fits = entry_get(str_cut(s->body, i * ENTRY_CHARS, (i + 1) * ENTRY_CHARS), &x->e);
        x->key = (uint32_t)key;
        x->order = (uint32_t)l->n;
        x->seal = s->n <= UINT32_MAX ? (uint32_t)s->n : 0;
        if (fits) l->n++;
    }
    return fits;
}

/* Its rows were let go, as our key says; of a seal with a key that is lost nobody knows. */
static bool is_let_go(const struct checking *c, const struct seal *s, size_t key)
{
    bool has_gone = s->log == LOG_EVENT && s->body.n && s->body.p[0] == '=';
    return has_gone && (key == NO_KEY || s->n <= c->trimmed);
}

static enum err seal_look(struct cx *cx, struct checking *c, const struct seal *s)
{
    size_t key = 0;
    if (s->n != c->next) found(c, AUDIT_SEAL, c->next, c->next); /* gone, and perhaps others behind it */
    c->next = s->n < INT64_MAX ? s->n + 1 : s->n;
    TRY(key_find(cx, c, s->key, &key));
    bool fits = is_let_go(c, s, key) || entries_take(c, s, key);
    if (key == NO_KEY) fits &= !c->seen_ours; /* behind one of ours nobody else seals */
    else fits &= str_eq(seal_mac(cx, &c->keys[key], str_from(c->before), s), s->mac);
    if (!fits) found(c, AUDIT_SEAL, s->n, s->n);
    else if (key == NO_KEY) c->out->foreign += s->rows;
    c->seen_ours |= key != NO_KEY;
    if (c->kept->n == s->n) c->seen_kept = str_eq(c->kept->mac, s->mac);
    size_t n = s->mac.n < MAC_CHARS ? s->mac.n : MAC_CHARS;
    if (n) memcpy(c->before, s->mac.p, n);
    c->before[n] = 0;
    c->out->head.n = s->n;
    c->out->seals++;
    return E_OK;
}

static enum err seal_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    const struct seal s = {.n = row[0].i,
                           .at = row[1].i,
                           .rows = row[2].i,
                           .log = row[6].i == LOG_EVENT ? LOG_EVENT : LOG_CHANGE,
                           .key = row[3].s,
                           .body = row[4].s,
                           .mac = row[5].s};
    struct arena_mark m = arena_mark(cx->a);
    enum err e = cols == 7 ? seal_look(cx, arg, &s) : E_INTERNAL;
    if (e == E_OK) arena_back(cx->a, m);
    return e;
}

static int by_seq(const void *x, const void *y)
{
    const struct sealed *a = x, *b = y;
    if (a->e.seq != b->e.seq) return a->e.seq < b->e.seq ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* In order. A row that was sealed twice (a move between engines) was sealed as the same both times: the first word
 * counts, and of those that can be looked at. */
static void entries_sort(struct sealed_log *l)
{
    size_t n = 0;
    if (l->n) qsort(l->v, l->n, sizeof *l->v, by_seq);
    for (size_t i = 0; i < l->n; i++) {
        struct sealed *was = n ? &l->v[n - 1] : NULL;
        if (!was || was->e.seq != l->v[i].e.seq) l->v[n++] = l->v[i];
        else if (was->key == NO_KEY) *was = l->v[i];
    }
    l->n = n;
}

/* ---- marks of erasures ---- */
static enum err mark_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct checking *c = arg;
    struct marked x = {0};
    unsigned char mac[MARK_BYTES];
    if (cols != 5) return E_INTERNAL;
    TRY(key_find(cx, c, row[3].s, &x.key));
    c->seen_ours |= x.key != NO_KEY;
    if (mark_get(cx, row, &x.m) && x.key != NO_KEY) {
        mark_mac(&c->keys[x.key], &x.m, mac);
        x.fits = sodium_memcmp(mac, x.m.mac, MARK_BYTES) == 0;
    }
    *LIST_ADD(cx->a, &c->marks) = x;
    return E_OK;
}

static enum err marks_read(struct cx *cx, struct checking *c)
{
    bool there = false;
    TRY(db_has_table(cx, S("audit_erased"), &there)); /* of a base that is still to be upgraded, too */
    if (!there) return E_OK;
    return db_each(cx, S("SELECT " MARK_COLS " FROM audit_erased ORDER BY seq, n, erasure"), NULL, 0, mark_row, c);
}

/* Is it one of Kontor's? An unknown key's may stand at a row that was sealed with such a key as well; anywhere else,
 * and behind one of ours, anybody could have made it up. */
static bool mark_may(const struct marked *x, bool *ours)
{
    if (x->key == NO_KEY) return !*ours;
    *ours |= x->fits;
    return x->fits;
}

/* The newest mark of this row, NULL = none. Made up ones are told, and are no marks. */
static const struct marked *mark_of(struct checking *c, int64_t seq, const struct sealed *sealed)
{
    const struct marked *last = NULL;
    bool ours = sealed ? sealed->key != NO_KEY : c->seen_ours, all = true;
    for (; c->mark_at < c->marks.n && c->marks.v[c->mark_at].m.e.seq == seq; c->mark_at++) {
        const struct marked *x = &c->marks.v[c->mark_at];
        if (mark_may(x, &ours)) last = x;
        else all = false;
    }
    if (!all) found(c, AUDIT_ERASURE, seq, sealed ? sealed->seal : 0);
    return last;
}

/* Has the erasure the marks that its row tells of? */
static enum err erasure_look(struct cx *cx, struct checking *c, const struct db_val *row)
{
    const struct json *j = NULL;
    struct marks_sum s;
    int64_t of = 0;
    str told = {0};
    if (!str_eq(row[7].s, S("erase")) || str_find(row[9].s, S("@marks")) < 0) return E_OK;
    if (json_parse(cx, row[9].s, &j) != E_OK || json_id_of(cx, j, S("@erasure"), 0, &of) != E_OK ||
        json_str_of(cx, j, S("@digest"), S(""), &told) != E_OK)
        return E_OK; /* changed: its seal says so */
    marks_sum_begin(&s);
    for (size_t i = 0; i < c->marks.n; i++)
        if (c->marks.v[i].m.erasure == of) marks_sum_add(&s, &c->marks.v[i].m);
    if (!str_eq(marks_sum_end(cx, &s), told)) found(c, AUDIT_ERASURE, row[0].i, 0);
    return E_OK;
}

/* ---- the log ---- */
bool row_is_open(const struct sealed_log *l, int64_t seq, int64_t xid)
{
    return xid != l->place.xid ? xid > l->place.xid : seq > l->place.seq;
}

/* Rows that are sealed and not there, marks of rows that are not there: before this one, or (NULL) all the rest. */
static void gone_look(struct checking *c, const int64_t *seq)
{
    struct sealed_log *l = &c->log[LOG_CHANGE];
    for (;;) {
        const struct sealed *x = l->at < l->n && (!seq || l->v[l->at].e.seq < *seq) ? &l->v[l->at] : NULL;
        const struct marked *m = c->mark_at < c->marks.n ? &c->marks.v[c->mark_at] : NULL;
        if (m && seq && m->m.e.seq >= *seq) m = NULL;
        if (!x && !m) return;
        if (x && (!m || x->e.seq <= m->m.e.seq)) {
            found(c, AUDIT_MISSING, x->e.seq, x->seal);
            l->at++;
        } else {
            found(c, AUDIT_ERASURE, m->m.e.seq, 0);
            c->mark_at++;
        }
    }
}

bool row_fits(struct cx *cx, const struct checking *c, const struct db_val *row, size_t key,
              const unsigned char digest[DIGEST_BYTES])
{
    struct entry e = {0};
    row_digest(cx, &c->keys[key], row, &e);
    return sodium_memcmp(e.digest, digest, DIGEST_BYTES) == 0;
}

static void row_look(struct cx *cx, struct checking *c, const struct db_val *row)
{
    struct sealed_log *l = &c->log[LOG_CHANGE];
    int64_t seq = row[0].i;
    gone_look(c, &seq);
    const struct sealed *x = l->at < l->n && l->v[l->at].e.seq == seq ? &l->v[l->at++] : NULL;
    const struct marked *m = mark_of(c, seq, x);
    if (!x && !row_is_open(l, seq, row[AUDIT_COLS].i)) found(c, AUDIT_ADDED, seq, 0);
    else c->out->open += !x;
    if (m && m->key == NO_KEY) c->out->foreign += !x; /* what such a key sealed is counted already */
    else if (m && row_fits(cx, c, row, m->key, m->m.e.digest)) c->out->erased++;
    else if (m || (x && x->key != NO_KEY && !row_fits(cx, c, row, x->key, x->e.digest)))
        found(c, AUDIT_CHANGED, seq, x ? x->seal : 0);
}

static enum err log_row(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct checking *c = arg;
    if (cols != AUDIT_COLS + 1) return E_INTERNAL;
    row_look(cx, c, row);
    TRY(erasure_look(cx, c, row));
    c->out->rows++;
    if (c->progress && ++c->read % TELL_EVERY == 0) c->progress(c->arg, c->read, c->total);
    return E_OK;
}

/* A base that is still to be upgraded knows of no keys. */
#define LOG_ROWS "SELECT seq, at, who, way, batch, entity, record, op, version, old, "
static enum err log_walk(struct cx *cx, struct checking *c)
{
    static const str sql[2][2] = {{S0(LOG_ROWS "0, 0 FROM change ORDER BY seq"),
                                   S0(LOG_ROWS "0, xid FROM change ORDER BY seq")},
                                  {S0(LOG_ROWS "api_key, 0 FROM change ORDER BY seq"),
                                   S0(LOG_ROWS "api_key, xid FROM change ORDER BY seq")}};
    return db_each(cx, sql[c->has_events][db_is_pg(cx)], NULL, 0, log_row, c);
}

static enum err place_of(struct cx *cx, str follower, struct db_pos *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT seq, xid FROM follower WHERE name = $1", V(follower)));
    if (r.n) *ret = (struct db_pos){.seq = db_int(&r, 0, 0), .xid = db_is_pg(cx) ? db_int(&r, 0, 1) : 0};
    return E_OK;
}

static enum err sizes(struct cx *cx, struct checking *c, struct scratch *room)
{
    struct db_rows r = {0};
    TRY(place_of(cx, S("audit"), &c->log[LOG_CHANGE].place));
    TRY(place_of(cx, S("audit_event"), &c->log[LOG_EVENT].place));
    TRY(db_query(cx, &r,
                 "SELECT CAST(coalesce(sum(CASE WHEN rows BETWEEN 1 AND 500 THEN rows ELSE 0 END), 0) AS BIGINT)"
                 " FROM audit_seal"));
    c->log[LOG_CHANGE].cap = (size_t)db_int(&r, 0, 0);
    if (c->has_events)
        TRY(db_query(cx, &r,
                     "SELECT CAST(coalesce(sum(CASE WHEN rows BETWEEN 1 AND 500 THEN rows ELSE 0 END), 0) AS BIGINT)"
                     " FROM audit_seal WHERE log <> 0 AND substr(body, 1, 1) <> '='"));
    c->log[LOG_EVENT].cap = c->has_events ? (size_t)db_int(&r, 0, 0) : 0;
    for (size_t i = 0; i < AUDIT_LOGS; i++)
        c->log[i].v = scratch_get(room, (c->log[i].cap + 1) * sizeof *c->log[i].v);
    TRY(db_query(cx, &r, "SELECT count(*) FROM change"));
    c->total = db_int(&r, 0, 0);
    return E_OK;
}

static enum err seals_read(struct cx *cx, struct checking *c)
{
    if (!c->has_events)
        return db_each(cx, S("SELECT n, at, rows, key, body, mac, 0 FROM audit_seal ORDER BY n"), NULL, 0, seal_row, c);
    return db_each(cx, S("SELECT n, at, rows, key, body, mac, log FROM audit_seal ORDER BY n"), NULL, 0, seal_row, c);
}

static enum err look(struct cx *cx, struct checking *c, struct scratch *room)
{
    TRY(trims_read(cx, c));
    TRY(sizes(cx, c, room));
    TRY(seals_read(cx, c));
    for (size_t i = 0; i < AUDIT_LOGS; i++) entries_sort(&c->log[i]);
    TRY(marks_read(cx, c));
    TRY(log_walk(cx, c));
    gone_look(c, NULL);
    TRY(events_walk(cx, c));
    if (c->kept->n && !c->seen_kept) found(c, AUDIT_CUT, c->kept->n, 0);
    c->out->accepted = c->accepted.v;
    c->out->n_accepted = c->accepted.n;
    c->out->head.mac = arena_dup(cx->a, str_from(c->before));
    return E_OK;
}

enum err audit_verify(struct cx *cx, const struct vault *v, const struct audit_head *kept, str folder,
                      audit_progress_fn *progress, void *arg, struct audit_report *ret)
{
    struct checking *c = NEW(cx->a, struct checking);
    *ret = (struct audit_report){0};
    *c = (struct checking){
        .vault = v, .kept = kept, .out = ret, .progress = progress, .arg = arg, .next = 1};
    struct scratch *room = scratch_new(folder);
    enum err e = db_snapshot(cx); /* seals, marks and rows of one moment */
    if (e == E_OK) e = look(cx, c, room);
    db_snapshot_end(cx);
    scratch_free(&room);
    sodium_memzero(c->keys, sizeof c->keys);
    return e;
}
