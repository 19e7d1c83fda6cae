/* SPDX-License-Identifier: MIT */
/* privacy/erase.c - an erasure from its rehearsal to its end. */
#include "base/log.h"
#include "base/time.h"
#include "db/db.h"
#include "os/os.h"
#include "privacy/privacy_int.h"
#include "search/search.h"

enum {
    SLICE = 20,
    ROWS_SLICE = 50,
    TEXT_MAX = 1024 * 1024,
    SAMPLE = 5,
    LIST_PAGE = 50,
    MENTIONS = 5,
    ROUNDS = 5
};
const str ground_name[GROUNDS] = {S0("purpose"),  S0("withdrawn"), S0("objection"),
                                  S0("unlawful"), S0("duty"),      S0("child")};

/* ---- may it ---- */
static bool holds_people(const struct entity *e) { return e->personal && !e->admin; }

enum err erasure_may(struct cx *cx, const struct entity *e, int64_t id, struct record *ret)
{
    struct record r = {0};
    int64_t winner = 0;
    TRY(erase_look(cx, e, id, &r));
    if (!acl_sys(cx, SYS_PRIVACY)) return fail(cx, E_DENIED, "You may not erase data of people");
    if (!holds_people(e)) return fail(cx, E_INVALID, "Such records hold no data of people");
    TRY(record_redirect(cx, e, id, &winner));
    if (winner) return fail(cx, E_CONFLICT, "This record was merged into another: erase that one");
    *ret = r;
    return E_OK;
}

static str date_of(struct cx *cx, int64_t ms) { return day_text(cx->a, time_day(ms, cx->tz_min)); }

static enum err kept_by_law(struct cx *cx, const struct plan *p)
{
    if (!p->kept.n) return E_OK;
    const struct obstacle *o = &p->kept.v[0];
    return fail(cx, E_CONFLICT,
                "Law has %zu records kept that hang on this one (%.*s, until %.*s): it cannot be "
                "erased before",
                p->kept.n, FS(label_of(o->e->plural, cx->lang)), FS(date_of(cx, o->until_ms)));
}

enum err erasure_check(struct cx *cx, const struct record *r, bool shared_too)
{
    struct plan p = {0};
    TRY(plan_make(cx, &(struct plan_ask){.e = r->e, .id = r->id, .shared_too = shared_too}, &p));
    return kept_by_law(cx, &p);
}

/* ---- the rehearsal ---- */
static enum err sample_json(struct cx *cx, const struct entity *e, const int64_t *ids, size_t n,
                            struct jw *w)
{
    str title[SAMPLE] = {{0}};
    bool sees = acl_may(cx, e, ACT_SEE);
    if (sees) TRY(record_titles(cx, e, ids, n, title));
    jw_key(w, S("sample"));
    jw_arr(w);
    for (size_t i = 0; sees && i < n; i++) {
        if (!title[i].n) continue;
        jw_obj(w);
        jw_kid(w, S("id"), ids[i]);
        jw_kstr(w, S("title"), title[i]);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

static enum err pieces_json(struct cx *cx, str key, const struct piece *v, size_t n, struct jw *w)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t k = 0; k < cx->meta->n; k++) {
        const struct entity *e = &cx->meta->entity[k];
        int64_t ids[SAMPLE], all = 0;
        for (size_t i = 0; i < n; i++)
            if (v[i].e == e && all++ < SAMPLE) ids[all - 1] = v[i].id;
        if (!all) continue;
        jw_obj(w);
        jw_kstr(w, S("entity"), e->name);
        jw_kint(w, S("count"), all);
        TRY(sample_json(cx, e, ids, (size_t)(all < SAMPLE ? all : SAMPLE), w));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

static enum err kept_json(struct cx *cx, const struct plan *p, struct jw *w)
{
    jw_key(w, S("kept"));
    jw_arr(w);
    for (size_t i = 0; i < p->kept.n && i < 20; i++) {
        const struct obstacle *o = &p->kept.v[i];
        str title = S("");
        if (acl_may(cx, o->e, ACT_SEE)) TRY(record_titles(cx, o->e, &o->id, 1, &title));
        jw_obj(w);
        jw_kstr(w, S("entity"), o->e->name);
        jw_kid(w, S("id"), o->id);
        jw_kstr(w, S("title"), title);
        jw_kstr(w, S("until"), date_of(cx, o->until_ms));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return E_OK;
}

/* Records that are not linked and yet found by the name: for people to look at. */
static enum err mentions_json(struct cx *cx, struct plan *p, str title, struct jw *w)
{
    struct found_group *g = NULL;
    size_t n = 0;
    jw_key(w, S("mentions"));
    jw_arr(w);
    if (redact_word(title)) TRY(search_find(cx, title, NULL, MENTIONS, &g, &n));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < g[i].n; k++) {
            if (map_has(&p->seen, arena_fmt(cx->a, "%" PRId64, g[i].v[k].id))) continue;
            jw_obj(w);
            jw_kstr(w, S("entity"), g[i].e->name);
            jw_kid(w, S("id"), g[i].v[k].id);
            jw_kstr(w, S("title"), g[i].v[k].title);
            jw_obj_end(w);
        }
    jw_arr_end(w);
    return E_OK;
}

static void tally_json(const struct tally *t, struct jw *w)
{
    jw_obj(w);
    for (size_t i = 0; i < t->v.n; i++) jw_kint(w, t->v.v[i].name, t->v.v[i].n);
    jw_obj_end(w);
}

static enum err log_count(struct cx *cx, const struct plan *p, struct tally *t)
{
    for (size_t i = 0; i < p->gone.n; i++) {
        struct db_rows r = {0};
        TRY(db_query(cx, &r, "SELECT count(*) FROM change WHERE record = $1 AND old IS NOT NULL",
                     V(p->gone.v[i].id)));
        tally_add(cx, t, S("log"), db_int(&r, 0, 0));
    }
    return E_OK;
}

enum err erasure_rehearse_json(struct cx *cx, const struct record *r, bool shared_too, struct jw *w)
{
    struct plan p = {0};
    struct tally t = {0};
    TRY(plan_make(
        cx, &(struct plan_ask){.e = r->e, .id = r->id, .shared_too = shared_too, .words = true},
        &p));
    tally_add(cx, &t, S("files"), (int64_t)p.files.n);
    TRY(log_count(cx, &p, &t));
    TRY(places_count(cx, &p, &t));
    jw_obj(w);
    jw_kstr(w, S("title"), record_title(r));
    TRY(pieces_json(cx, S("gone"), p.gone.v, p.gone.n, w));
    TRY(pieces_json(cx, S("shared"), p.shared.v, p.shared.n, w));
    TRY(kept_json(cx, &p, w));
    jw_key(w, S("beside"));
    tally_json(&t, w);
    TRY(mentions_json(cx, &p, record_title(r), w));
    jw_obj_end(w);
    return E_OK;
}

/* ---- after a restore ---- */
/* Who can write the file must not be able to have users or their log taken out. */
static enum err again_may(struct cx *cx, const struct erased *x, bool *ret)
{
    struct db_rows r = {0};
    const struct entity *e = meta_entity(cx->meta, x->entity);
    TRY(db_query(cx, &r, "SELECT 1 FROM change WHERE record = $1 AND entity <> $2 LIMIT 1",
                 V(x->record), V(x->entity)));
    *ret = e && holds_people(e) && !r.n;
    if (!*ret)
        log_say(cx, LOG_ERROR, S("privacy"),
                "erasure %.*s of the file erasures names what is no record of people here: it is "
                "not done again",
                FS(x->ref));
    return E_OK;
}

/* It was done once: no rule is asked. */
static enum err no_rule(struct cx *cx, int64_t id)
{
    return db_exec(cx, NULL, "UPDATE erasure SET rule = 0, state = 'waiting' WHERE id = $1", V(id));
}

static enum err again(struct cx *cx, struct erased *x, erasure_again_fn *fn, void *arg)
{
    struct db_rows r = {0};
    bool may = false;
    TRY(db_query(cx, &r, "SELECT id, state FROM erasure WHERE ref = $1", V(x->ref)));
    if (r.n && str_eq(db_str(&r, 0, 1), S("done"))) return E_OK;
    if (r.n) {
        TRY(no_rule(cx, db_int(&r, 0, 0)));
        return fn(cx, arg, db_int(&r, 0, 0), x->shared_too);
    }
    TRY(again_may(cx, x, &may));
    if (!may) return E_OK;
    x->id = id_new(cx->now_ms);
    TRY(erasure_insert(cx, x));
    log_say(cx, LOG_WARN, S("privacy"),
            "erasure %.*s is not in this base, an older one: it is done again", FS(x->ref));
    return fn(cx, arg, x->id, x->shared_too);
}

enum err erasures_again(struct cx *cx, const struct erase_env *env, erasure_again_fn *fn, void *arg)
{
    struct erased *v = NULL;
    size_t n = 0;
    TRY(erased_read(cx, env, &v, &n));
    for (size_t i = 0; i < n; i++) TRY(again(cx, &v[i], fn, arg));
    return E_OK;
}

/* ---- the run ---- */
struct run {
    const struct erase_env *env;
    struct erased x;
    struct plan p;
    struct erasing er, er_far; /* records that name it; the log of all */
    struct tally t;
    int64_t done, total, rows, last_file;
    int round;
    bool more, merged; /* something hangs on it again; it is another's now */
    bool dropped;      /* its rule does not mean it any more */
};
struct slice {
    struct run *run;
    const struct piece *v;
    const int64_t *seq;
    size_t n;
    int64_t rows;
};

static enum err shown(struct cx *cx, struct run *r, size_t more)
{
    r->done += (int64_t)more;
    if (!r->env->progress || r->env->progress(r->env->arg, r->done, r->total)) return E_OK;
    return fail(cx, E_CONFLICT, "Stopped half-way: it can be gone on with");
}

static enum err shared_some(struct cx *cx, void *arg)
{
    struct slice *s = arg;
    s->rows = 0;
    for (size_t i = 0; i < s->n; i++)
        TRY(erase_from(cx, s->v[i].e, s->v[i].id, &s->run->er, &s->rows));
    return E_OK;
}

static enum err gone_some(struct cx *cx, void *arg)
{
    struct slice *s = arg;
    s->rows = 0;
    for (size_t i = 0; i < s->n; i++)
        TRY(erase_record(cx, s->v[i].e, s->v[i].id, &s->run->er, false, &s->rows));
    return E_OK;
}

static enum err log_some(struct cx *cx, void *arg)
{
    struct slice *s = arg;
    s->rows = 0;
    for (size_t i = 0; i < s->n; i++) TRY(erase_row(cx, s->seq[i], &s->run->er_far, &s->rows));
    return E_OK;
}

/* v or seq, in slices. */
static enum err sliced(struct cx *cx, struct run *r, db_write_fn *fn, const struct piece *v,
                       const int64_t *seq, size_t n)
{
    size_t at = 0, most = v ? SLICE : ROWS_SLICE;
    while (at < n) {
        struct slice s = {r, v ? v + at : NULL, seq ? seq + at : NULL,
                          n - at < most ? n - at : most, 0};
        struct arena_mark m = arena_mark(cx->a);
        TRY(db_write_bulk(cx, fn, &s));
        arena_back(cx->a, m);
        r->rows += s.rows;
        at += s.n;
        TRY(shown(cx, r, s.n));
    }
    return E_OK;
}

/* ---- the log of all ---- */
struct rows_found {
    const struct plan *p;
    LIST(int64_t) seq;
};

/* row: seq, record, old */
static enum err row_look(struct cx *cx, void *arg, const struct db_val *row, size_t cols)
{
    struct rows_found *f = arg;
    (void)cols;
    if (redact_is_id(&f->p->sure, row[1].i) || row[2].t != DB_TEXT ||
        !redact_has(&f->p->sure, row[2].s))
        return E_OK;
    *LIST_ADD(cx->a, &f->seq) = row[0].i;
    return E_OK;
}

static enum err log_clear(struct cx *cx, struct run *r)
{
    struct rows_found f = {.p = &r->p};
    TRY(db_each(cx,
                S("SELECT seq, record, old FROM change WHERE old IS NOT NULL AND op <> 'erase'"),
                NULL, 0, row_look, &f));
    return sliced(cx, r, log_some, NULL, f.seq.v, f.seq.n);
}

/* ---- the end ---- */
static str ids_text(struct cx *cx, const struct redact *r)
{
    struct buf b = buf_new(cx->a, TEXT_MAX);
    for (size_t i = 0; i < r->n_ids; i++) buf_fmt(&b, "%s%" PRId64, i ? "," : "", r->id[i]);
    return buf_str(&b);
}

static str told_text(struct cx *cx, const struct run *r)
{
    struct buf b = buf_new(cx->a, TEXT_MAX);
    struct jw w = jw_new(&b);
    tally_json(&r->t, &w);
    return buf_str(&b);
}

static enum err not_merged(struct cx *cx, struct run *r)
{
    int64_t winner = 0;
    TRY(record_redirect(cx, r->p.gone.v[0].e, r->x.record, &winner));
    r->merged = winner != 0;
    return winner ? fail(cx, E_CONFLICT, "This record was merged into another: erase that one")
                  : E_OK;
}

static enum err merged_state(struct cx *cx, void *arg)
{
    const struct run *r = arg;
    return db_exec(cx, NULL, "UPDATE erasure SET state = 'merged' WHERE id = $1", V(r->x.id));
}

/* New, or linked again. What is still linked after a second round is so by a field in the trash, which nobody reads. */
static bool is_more(struct cx *cx, const struct run *r, const struct plan *left)
{
    bool more = left->shared.n && !r->round;
    for (size_t i = 0; i < left->gone.n + left->shared.n; i++) {
        const struct piece *x =
            i < left->gone.n ? &left->gone.v[i] : &left->shared.v[i - left->gone.n];
        more |= !map_has(&r->p.seen, arena_fmt(cx->a, "%" PRId64, x->id));
    }
    return more;
}

static enum err finish(struct cx *cx, void *arg)
{
    struct run *r = arg;
    const struct piece *main = &r->p.gone.v[0];
    struct tally before = r->t;
    struct plan left = {0};
    int64_t rows = 0;
    TRY(not_merged(cx, r));
    TRY(plan_make(cx, &(struct plan_ask){.e = main->e, .id = main->id}, &left));
    r->more = is_more(cx, r, &left);
    if (r->more) return E_OK;
    TRY(erase_record(cx, main->e, main->id, &r->er, true, &rows));
    tally_add(cx, &r->t, S("log"), r->rows + rows);
    str told = told_text(cx, r);
    r->t = before; /* it may run again */
    return db_exec(
        cx, NULL,
        "UPDATE erasure SET state = 'done', records = $2, told = $3, done_at = $4 WHERE id = $1",
        V(r->x.id), V(r->x.records), V(told), V(clock_ms()));
}

static void count_pieces(struct cx *cx, struct run *r)
{
    int64_t files = 0, last = r->last_file;
    for (size_t i = r->round ? 1 : 0; i < r->p.gone.n; i++)
        tally_add(cx, &r->t, r->p.gone.v[i].e->name, 1);
    tally_add(cx, &r->t, S("shared"), (int64_t)r->p.shared.n);
    for (size_t i = 0; i < r->p.files.n; i++) {
        int64_t id = r->p.files.v[i];
        files += id > r->last_file; /* ids rise: those of the round before are counted */
        if (id > last) last = id;
    }
    r->last_file = last;
    tally_add(cx, &r->t, S("files"), files);
}

static enum err work(struct cx *cx, struct run *r)
{
    int64_t uploads = 0;
    r->total += (int64_t)(r->p.gone.n + r->p.shared.n) + 1;
    count_pieces(cx, r);
    TRY(sliced(cx, r, shared_some, r->p.shared.v, NULL, r->p.shared.n));
    if (!r->round) TRY(uploads_clear(cx, &r->p, r->env, &uploads));
    tally_add(cx, &r->t, S("uploads"), uploads);
    TRY(places_clear(cx, &r->p, &r->t));
    TRY(log_clear(cx, r));
    for (size_t i = 0; i < r->p.files.n; i++)
        bytes_drop(cx, r->env, r->p.files.v[i]); /* before what would find them is gone */
    TRY(sliced(cx, r, gone_some, r->p.gone.v + 1, NULL, r->p.gone.n - 1));
    TRY(places_clear(cx, &r->p, &r->t)); /* what was written since */
    TRY(erased_note(
        cx, r->env,
        &r->x)); /* before the end: an end that is not in the file would not be done again */
    return db_write(cx, finish, r);
}

/* Before anything goes. */
static enum err begun(struct cx *cx, struct run *r)
{
    enum err e = kept_by_law(cx, &r->p);
    if (e != E_OK && !r->x.rule) return e;
    TRY(erasure_begin(cx, r->x.id, r->env->job, e != E_OK, &r->dropped));
    if (!r->dropped) return kept_by_law(cx, &r->p);
    log_say(cx, LOG_INFO, S("privacy"),
            "erasure %.*s is not begun: its rule does not mean it any more, or another job is at it", FS(r->x.ref));
    return E_OK;
}

/* Until nothing hangs on it: people go on working meanwhile. */
static enum err rounds(struct cx *cx, struct run *r, struct plan_ask *ask)
{
    for (r->round = 0; r->round < ROUNDS; r->round++) {
        struct plan p = {0};
        TRY(plan_make(cx, ask, &p));
        r->p = p;
        TRY(not_merged(cx, r));
        TRY(r->round ? kept_by_law(cx, &r->p) : begun(cx, r));
        if (r->dropped) return E_OK;
        r->er = (struct erasing){r->env->vault, r->x.id, &r->p.all};
        r->er_far = (struct erasing){r->env->vault, r->x.id, &r->p.far};
        r->x.records = ids_text(cx, &r->p.all);
        TRY(work(cx, r));
        if (!r->more) return E_OK;
        ask->also = S("");
        ask->before = &r->p;
    }
    return fail(cx, E_CONFLICT, "Stopped half-way: it can be gone on with");
}

static enum err erased_of(struct cx *cx, int64_t id, struct erased *ret, bool *ret_done)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT ref, at, who, ground, entity, record, records, state, rule, mark FROM "
                 "erasure WHERE id = $1",
                 V(id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such erasure");
    *ret = (struct erased){.id = id,
                           .ref = db_str(&r, 0, 0),
                           .at = db_int(&r, 0, 1),
                           .who = db_int(&r, 0, 2),
                           .ground = db_str(&r, 0, 3),
                           .entity = db_str(&r, 0, 4),
                           .record = db_int(&r, 0, 5),
                           .records = db_str(&r, 0, 6),
                           .rule = db_int(&r, 0, 8),
                           .mark = db_str(&r, 0, 9)};
    *ret_done = str_eq(db_str(&r, 0, 7), S("done")) || str_eq(db_str(&r, 0, 7), S("dropped"));
    return E_OK;
}

static enum err swept(struct cx *cx, void *arg)
{
    const int64_t *before = arg;
    return db_exec(
        cx, NULL,
        "UPDATE erasure SET swept_at = $2 WHERE state = 'done' AND swept_at = 0 AND done_at <= $1",
        V(*before), V(clock_ms()));
}

/* The index's old pieces, then the log of the file, in which all of it stood once more. */
enum err erasure_sweep(struct cx *cx)
{
    struct db_rows r = {0};
    int64_t before = clock_ms();
    TRY(db_query(cx, &r, "SELECT 1 FROM erasure WHERE state = 'done' AND swept_at = 0 LIMIT 1"));
    if (!r.n) return E_OK;
    TRY(db_search_tidy(cx));
    TRY(db_log_clear(cx));
    return db_write(cx, swept, &before);
}

enum err erasure_run(struct cx *cx, int64_t erasure, bool shared_too, const struct erase_env *env)
{
    struct run *r = NEW(cx->a, struct run);
    bool done = false;
    assert(!cx->acl);
    r->env = env;
    TRY(erased_of(cx, erasure, &r->x, &done));
    const struct entity *e = meta_entity(cx->meta, r->x.entity);
    if (!done && !e) return fail(cx, E_NOTFOUND, "There is nothing of this name");
    if (!done) {
        struct plan_ask ask = {e, r->x.record, shared_too, true, r->x.records, NULL};
        r->x.shared_too = shared_too;
        enum err err = rounds(cx, r, &ask);
        if (r->merged) TRY(db_write(cx, merged_state, r));
        TRY(err);
        if (r->dropped) return E_OK;
        log_say(cx, LOG_INFO, S("privacy"), "erasure %.*s: %zu records are gone", FS(r->x.ref),
                r->p.all.n_ids);
    }
    enum err swept_now = erasure_sweep(cx);
    if (swept_now ==
        E_BUSY) { /* somebody reads for long: the housekeeping of the night tries again */
        log_say(cx, LOG_WARN, S("privacy"), "freed places are cleaned later: %.*s", FS(cx->msg));
        return E_OK;
    }
    return swept_now;
}

/* ---- what was done ---- */
static void titled_json(struct jw *w, int64_t id, str title)
{
    jw_obj(w);
    jw_kid(w, S("id"), id);
    jw_kstr(w, S("title"), title);
    jw_obj_end(w);
}

static enum err one_json(struct cx *cx, const struct db_rows *r, size_t i, struct jw *w)
{
    int64_t who = db_int(r, i, 3);
    str name = S(""), told = db_str(r, i, 7);
    TRY(record_titles(cx, ENT(cx, "user"), &who, 1, &name));
    jw_obj(w);
    jw_kid(w, S("id"), db_int(r, i, 0));
    jw_kstr(w, S("ref"), db_str(r, i, 1));
    jw_kstr(w, S("at"), time_text(cx->a, db_int(r, i, 2)));
    jw_key(w, S("who"));
    titled_json(w, who, name);
    jw_kstr(w, S("ground"), db_str(r, i, 4));
    jw_kstr(w, S("entity"), db_str(r, i, 5));
    jw_kstr(w, S("state"), db_str(r, i, 6));
    jw_key(w, S("told"));
    jw_raw(w, told.n ? told : S("{}"));
    jw_kbool(w, S("swept"), db_int(r, i, 8) != 0);
    jw_key(w, S("rule")); /* its name, while there is one */
    if (db_int(r, i, 9)) titled_json(w, db_int(r, i, 9), db_str(r, i, 10));
    else jw_null(w);
    jw_obj_end(w);
    return E_OK;
}

enum err erasure_list_json(struct cx *cx, int64_t before, struct jw *w, int64_t *ret_next)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT e.id, e.ref, e.at, e.who, e.ground, e.entity, e.state, e.told, "
                 "e.swept_at, e.rule, r.name"
                 " FROM erasure e LEFT JOIN retention r ON r.id = e.rule WHERE e.id < $1 ORDER BY "
                 "e.id DESC LIMIT 50",
                 V(before ? before : INT64_MAX)));
    for (size_t i = 0; i < r.n; i++) TRY(one_json(cx, &r, i, w));
    *ret_next = r.n == LIST_PAGE ? db_int(&r, r.n - 1, 0) : 0;
    return E_OK;
}
