/* SPDX-License-Identifier: MIT */
/* api/partner.c - a new partner at one stroke: company, bank accounts, people and a note, one batch, one undo. All or
 * nothing. */
#include "api/api_int.h"

#include "record/log.h"

enum { PARTS_MAX = 20, NOTE_MAX = 20000, SUBJECT_MAX = 80 };

struct partner {
    const struct json *company, *accounts, *people;
    str note;
    int64_t draft, batch, id;
    struct written w;
};

/* What is wrong names its place: "people.1.phones". */
static enum err at_part(struct cx *cx, enum err e, const char *part, size_t i)
{
    str at = cx->at, msg = cx->msg;
    if (e == E_OK || !at.n) return e;
    return fail_at(cx, e, arena_fmt(cx->a, "%s.%zu.%.*s", part, i, FS(at)), "%.*s", FS(msg));
}

static enum err make(struct cx *cx, const struct entity *e, const struct json *in, const struct set *more,
                     size_t n_more, struct written *ret)
{
    const struct set *s = NULL;
    size_t n = 0;
    if (!e) return fail(cx, E_NOTFOUND, "There is nothing of this name");
    TRY(record_sets(cx, e, in, &s, &n));
    struct set *all = NEW_N(cx->a, struct set, n + n_more + 1);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        bool ours = false;
        for (size_t k = 0; k < n_more; k++) ours |= more[k].f == s[i].f;
        if (!ours) all[m++] = s[i];
    }
    for (size_t k = 0; k < n_more; k++) all[m++] = more[k];
    return record_create(cx, e, 0, all, m, ret);
}

/* The parts that hang on the company by their field "company". */
static enum err parts_make(struct cx *cx, const struct partner *p, const char *part, const struct entity *e,
                           const struct json *list)
{
    const struct field *f = e ? FLD(e, "company") : NULL;
    for (size_t i = 0; list && i < list->n; i++) {
        struct written w = {0};
        const struct set to = {f, VAL_INT(p->w.id)};
        if (!f) return fail(cx, E_NOTFOUND, "There is nothing of this name");
        TRY(at_part(cx, make(cx, e, &list->v[i], &to, 1, &w), part, i));
    }
    return E_OK;
}

/* The first line names it, the whole stands in the text. */
static enum err note_make(struct cx *cx, const struct partner *p)
{
    const struct entity *e = ENT(cx, "interaction");
    struct written w = {0};
    str line = {0}, rest = {0};
    if (!p->note.n) return E_OK;
    if (!e) return fail(cx, E_NOTFOUND, "There is nothing of this name");
    (void)str_split(p->note, '\n', &line, &rest);
    line = str_trim(line);
    size_t end = 0;
    for (size_t n = 0; end < line.n && n < SUBJECT_MAX; n++) (void)utf8_next(line, &end);
    const struct set s[] = {{FLD(e, "subject"), VAL_TEXT(str_cut(line, 0, end))},
                            {FLD(e, "kind"), VAL_TEXT(S("note"))},
                            {FLD(e, "at"), VAL_INT(cx->now_ms)},
                            {FLD(e, "company"), VAL_INT(p->w.id)},
                            {FLD(e, "text"), VAL_TEXT(p->note)}};
    for (size_t i = 0; i < COUNT(s); i++)
        if (!s[i].f) return fail(cx, E_NOTFOUND, "There is no field of this name");
    return record_create(cx, e, 0, s, COUNT(s), &w);
}

static enum err make_all(struct cx *cx, struct partner *p)
{
    TRY(batch_begin(cx, S("partner"), 0, &p->batch));
    TRY(at_part(cx, make(cx, ENT(cx, "company"), p->company, NULL, 0, &p->w), "company", 0));
    TRY(parts_make(cx, p, "accounts", ENT(cx, "bank_account"), p->accounts));
    TRY(parts_make(cx, p, "people", ENT(cx, "person"), p->people));
    TRY(note_make(cx, p));
    if (p->draft) TRY(draft_drop(cx, p->draft));
    return batch_end(cx, p->batch, S("done"), S(""));
}

static enum err inside(struct cx *cx, void *arg)
{
    enum err e = make_all(cx, arg);
    cx->batch = 0; /* also when it failed: fn may run again */
    return e;
}

static enum err list_of(struct cx *cx, const struct json *j, str key, const struct json **ret)
{
    const struct json *v = json_get(j, key);
    if (v && v->t != JT_NULL && (v->t != JT_ARR || v->n > PARTS_MAX))
        return fail_at(cx, E_INVALID, key, "This must be a list of at most %d", PARTS_MAX);
    *ret = v && v->t == JT_ARR ? v : NULL;
    return E_OK;
}

static enum err partner(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct json *j = NULL;
    struct partner p = {0};
    struct record r = {0};
    TRY(body_json(cx, rq, &j));
    p.company = json_get(j, S("company"));
    TRY(list_of(cx, j, S("accounts"), &p.accounts));
    TRY(list_of(cx, j, S("people"), &p.people));
    TRY(json_str_of(cx, j, S("note"), S(""), &p.note));
    TRY(json_id_of(cx, j, S("draft"), 0, &p.draft));
    p.note = str_trim(p.note);
    if (p.note.n > NOTE_MAX) return fail_at(cx, E_INVALID, S("note"), "This note is too long");
    TRY(db_write(cx, inside, &p));
    bool seen = record_get(cx, ENT(cx, "company"), p.w.id, &r) == E_OK;
    rs->status = 201;
    http_head(rs, S("Location"), arena_fmt(cx->a, "/api/v1/company/%" PRId64, p.w.id));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kid(&w, S("batch"), p.batch);
    jw_key(&w, S("company"));
    if (seen) {
        record_json(cx, &r, &w);
    } else { /* it is written all the same */
        jw_obj(&w);
        jw_kid(&w, S("id"), p.w.id);
        jw_obj_end(&w);
    }
    jw_obj_end(&w);
    return E_OK;
}

enum err api_partner(struct cx *cx, const struct req *rq, struct resp *rs) { return once(cx, rq, rs, partner); }
