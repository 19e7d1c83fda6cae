/* SPDX-License-Identifier: MIT */
/* api/records.c - lists and single records. */
#include "api/api_int.h"

#include "base/time.h"
#include "record/log.h"
#include "search/search.h"

enum { PAGE_DEFAULT = 50, HISTORY_PAGE = 50 };

static enum err query_fields(struct cx *cx, const struct req *rq, const struct entity *e,
                             struct fields *ret)
{
    const struct list_column *c = NULL;
    size_t n = 0;
    TRY(query_columns(cx, rq, e, &c, &n));
    if (n) *ret = record_fields(cx, c, n);
    return E_OK;
}

enum err sort_asked(struct cx *cx, const struct entity *e, str s, struct query *q)
{
    str one = {0};
    while (s.n) {
        str_split(s, ',', &one, &s);
        bool desc = one.n && one.p[0] == '-';
        const struct field *f = entity_field(e, desc ? str_cut(one, 1, one.n) : one);
        if (!f || f->hidden || !acl_field_read(cx, f) || !f->kind->sort)
            return fail_at(cx, E_BAD, S("sort"), "Sorting by this field is not possible");
        for (size_t i = 0; i < q->n_sort; i++)
            if (q->sort[i].f == f)
                return fail_at(cx, E_BAD, S("sort"), "A list is already sorted by this field");
        if (q->n_sort == SORT_MAX)
            return fail_at(cx, E_BAD, S("sort"), "A list is sorted by at most %d fields", SORT_MAX);
        q->sort[q->n_sort++] = (struct sort){f, desc};
    }
    return E_OK;
}

enum err at_asked(struct cx *cx, str s, int64_t *ret)
{
    return time_parse(s, cx->tz_min, ret)
               ? E_OK
               : fail_at(cx, E_BAD, S("at"), "A time like 2026-11-01T00:00:00Z is needed");
}

static enum err query_of(struct cx *cx, const struct req *rq, const struct entity *e,
                         struct query *q, str *ret_text)
{
    str s = {0};
    int64_t limit = PAGE_DEFAULT;
    TRY(query_filter(cx, rq, e, &q->where));
    TRY(query_fields(cx, rq, e, &q->fields));
    if (http_query(cx, rq, S("sort"), &s)) TRY(sort_asked(cx, e, s, q));
    TRY(query_text(cx, rq, e, false, ret_text, &q->also));
    TRY(query_shared(cx, rq, &q->shared));
    if (http_query(cx, rq, S("limit"), &s) && (!str_to_int(s, &limit) || limit < 1 || limit > 200))
        return fail_at(cx, E_BAD, S("limit"), "The limit is 1 to 200");
    q->limit = (size_t)limit;
    if (!http_query(cx, rq, S("cursor"), &q->cursor)) q->cursor = S("");
    q->deleted = http_query(cx, rq, S("deleted"), &s) && str_eq(s, S("1"));
    return E_OK;
}

static enum err count_json(struct cx *cx, const struct entity *e, const struct query *q,
                           struct jw *w)
{
    int64_t n = 0;
    bool exact = true;
    TRY(record_count_query(cx, e, q, COUNT_EXACT_MAX, &n, &exact));
    jw_key(w, S("count"));
    jw_obj(w);
    jw_kint(w, S("value"), n);
    jw_kbool(w, S("exact"), exact);
    jw_obj_end(w);
    return E_OK;
}

/* ?at=: the list as it was. What it cannot be asked of the past is refused, not passed over. */
static enum err list_as_of(struct cx *cx, const struct req *rq, const struct entity *e,
                           const struct query *q, str when, struct page *ret)
{
    static const str never[] = {S0("q"), S0("count"), S0("deleted"), S0("include"), S0("shared_with")};
    int64_t at = 0;
    str s = {0};
    TRY(at_asked(cx, when, &at));
    for (size_t i = 0; i < COUNT(never); i++)
        if (http_query(cx, rq, never[i], &s) && s.n)
            return fail_at(cx, E_BAD, never[i],
                           "A list as of a past time cannot be asked for this");
    if (q->fields.n_linked)
        return fail_at(cx, E_BAD, S("fields"), "A list as of a past time cannot be asked for this");
    return record_list_as_of(cx, e, q, at, ret);
}

void page_json(struct cx *cx, const struct page *p, struct jw *w)
{
    jw_obj(w);
    jw_key(w, S("data"));
    jw_arr(w);
    for (size_t i = 0; i < p->n; i++) record_json(cx, &p->v[i], w);
    jw_arr_end(w);
    jw_key(w, S("next"));
    if (p->next.n) jw_str(w, p->next);
    else jw_null(w);
}

enum err api_list(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct query q = {0};
    struct page p = {0};
    str s = {0}, text = {0};
    TRY(path_entity(cx, rq, &e));
    TRY(query_of(cx, rq, e, &q, &text));
    if (http_query(cx, rq, S("at"), &s) && s.n) TRY(list_as_of(cx, rq, e, &q, s, &p));
    else if (text.n) TRY(list_by_text(cx, e, text, &q, &p));
    else TRY(record_list(cx, e, &q, &p));
    struct jw w = reply_json(rs);
    page_json(cx, &p, &w);
    if (http_query(cx, rq, S("count"), &s) && str_eq(s, S("1"))) TRY(count_json(cx, e, &q, &w));
    TRY(include_json(cx, rq, e, &p, 0, &w));
    jw_obj_end(&w);
    return E_OK;
}

enum err api_count(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct cond *c = NULL;
    int64_t n = 0;
    bool exact = false;
    TRY(path_entity(cx, rq, &e));
    TRY(query_filter(cx, rq, e, &c));
    TRY(record_count(cx, e, c, false, COUNT_EXACT_MAX, &n, &exact));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_kint(&w, S("value"), n);
    jw_kbool(&w, S("exact"), exact);
    jw_obj_end(&w);
    return E_OK;
}

static enum err reply_record(struct cx *cx, const struct record *r, struct resp *rs)
{
    struct jw w = reply_json(rs);
    record_json(cx, r, &w);
    return E_OK;
}

static enum err moved_or_gone(struct cx *cx, const struct entity *e, int64_t id, struct resp *rs)
{
    int64_t to = 0;
    struct record r = {0};
    TRY(record_redirect(cx, e, id, &to));
    if (!to) return fail(cx, E_NOTFOUND, "There is no such record");
    TRY(record_get(cx, e, to, &r)); /* unseen: as if it never was */
    rs->status = 301;
    http_head(rs, S("Location"), arena_fmt(cx->a, "/api/v1/%.*s/%" PRId64, FS(e->name), to));
    return reply_record(cx, &r, rs);
}

/* Of one record as of a past time, which comes whole: the fields that were asked for, and what a record always has. */
static enum err fields_left(struct cx *cx, const struct fields *want, struct record *r)
{
    const struct entity *e = r->e;
    bool *has = NEW_N(cx->a, bool, e->n);
    if (want->n_linked) return fail_at(cx, E_BAD, S("fields"), "As of a past time this cannot be asked for");
    if (!want->n) return E_OK;
    has[e->title] = has[F_OWNER] = has[F_TEAM] = has[F_DELETED_AT] = true;
    for (size_t i = 0; i < want->n; i++) has[want->f[i]->at] = true;
    for (size_t i = 0; i < e->n; i++) has[i] = has[i] && r->has[i];
    r->has = has;
    return E_OK;
}

/* The same of today: by the list, which knows fields of linked records, too. */
static enum err fields_read(struct cx *cx, const struct fields *want, struct record *r)
{
    const struct query q = {.ids = &r->id, .n_ids = 1, .limit = 1, .cursor = S(""), .fields = *want};
    struct page p = {0};
    if (!want->n && !want->n_linked) return E_OK;
    TRY(record_list(cx, r->e, &q, &p));
    if (!p.n) return fail(cx, E_NOTFOUND, "There is no such record");
    *r = p.v[0];
    return E_OK;
}

enum err api_get(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    struct fields want = {0};
    int64_t id = 0, at = 0;
    struct record whole = {0}, r = {0};
    str when = {0};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(query_fields(cx, rq, e, &want));
    if (http_query(cx, rq, S("at"), &when) && when.n) TRY(at_asked(cx, when, &at));
    enum err err = at ? record_as_of(cx, e, id, at, &whole) : record_get(cx, e, id, &whole);
    if (err == E_NOTFOUND && !at) return moved_or_gone(cx, e, id, rs);
    TRY(err);
    r = whole;
    TRY(at ? fields_left(cx, &want, &r) : fields_read(cx, &want, &r));
    if (!at) http_head(rs, S("ETag"), arena_fmt(cx->a, "\"%" PRId64 "\"", r.version));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    record_members_json(cx, &r, &w);
    TRY(include_json(cx, rq, e, &(struct page){.v = &whole, .n = 1}, at, &w));
    jw_obj_end(&w);
    return E_OK;
}

enum err reply_after(struct cx *cx, const struct entity *e, const struct written *w,
                     struct resp *rs)
{
    struct record r = {0};
    reply_written(cx, rs, w);
    if (w->after && w->after->v) return reply_record(cx, w->after, rs);
    if (!w->after && record_get(cx, e, w->id, &r) == E_OK) return reply_record(cx, &r, rs);
    struct jw j = reply_json(rs); /* given away to somebody whose records one may not see, or the
                                   * reading failed: it is written all the same */
    jw_obj(&j);
    jw_kid(&j, S("id"), w->id);
    jw_kint(&j, S("version"), w->version);
    jw_obj_end(&j);
    return E_OK;
}

struct create {
    const struct entity *e;
    struct record after;
    struct written w;
    struct creation *made;
};

static enum err create_write(struct cx *cx, void *arg)
{
    return record_creation_write(cx, ((struct create *)arg)->made);
}

static enum err create_reply(struct cx *cx, void *arg, struct resp *rs)
{
    struct create *c = arg;
    rs->status = 201;
    http_head(rs, S("Location"),
              arena_fmt(cx->a, "/api/v1/%.*s/%" PRId64, FS(c->e->name), c->w.id));
    return reply_after(cx, c->e, &c->w, rs);
}

static enum err create(struct cx *cx, const struct req *rq, struct resp *rs)
{
    struct create *c = NEW(cx->a, struct create);
    const struct json *j = NULL;
    const struct set *s = NULL;
    size_t n = 0;
    int64_t id = 0;
    c->w.after = &c->after;
    TRY(path_entity(cx, rq, &c->e));
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("id"), 0, &id));
    TRY(record_sets(cx, c->e, j, &s, &n));
    TRY(record_creation(cx, c->e, id, s, n, &c->w, &c->made));
    return write_then(cx, rq, rs, create_write, c, create_reply);
}

enum err api_create(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, create);
}

static enum err patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    const struct set *s = NULL;
    size_t n = 0;
    int64_t id = 0, match = 0, version = 0;
    struct record after = {0};
    struct written w = {.after = &after};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(body_json(cx, rq, &j));
    TRY(if_match(cx, rq, &match));
    TRY(json_int_of(cx, j, S("version"), 0, &version));
    TRY(record_sets(cx, e, j, &s, &n));
    enum err err = record_update(cx, e, id, match ? match : version, s, n, &w);
    if (err == E_CONFLICT && match && !cx->at.n)
        return fail(cx, E_PRECOND, "Somebody has changed this record in the meantime");
    TRY(err);
    return reply_after(cx, e, &w, rs);
}

enum err api_patch(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, patch);
}

static enum err delete (struct cx *cx, const struct req *rq, struct resp *rs) {
    const struct entity *e = NULL; int64_t id = 0, match = 0; struct written w = {0};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(if_match(cx, rq, &match));
    enum err err = record_delete(cx, e, id, match, &w);
    if (err == E_CONFLICT && match) return fail(cx, E_PRECOND,
                                                "Somebody has changed this record in the meantime");
    TRY(err);
    reply_written(cx, rs, &w);
    rs->status = 204;
    return E_OK;
}

enum err api_delete(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, delete);
}

static enum err restore(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    int64_t id = 0;
    struct record after = {0};
    struct written w = {.after = &after};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(record_restore(cx, e, id, &w));
    return reply_after(cx, e, &w, rs);
}

enum err api_restore(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, restore);
}

enum err api_history(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    int64_t id = 0, before = 0, next = 0;
    str s = {0};
    struct record r = {0};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    if (http_query(cx, rq, S("cursor"), &s) && s.n && !str_to_int(s, &before))
        return fail_at(cx, E_BAD, S("cursor"), "This cursor is not valid");
    TRY(record_get_deleted(cx, e, id, &r));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    TRY(log_history_json(cx, e, id, before, HISTORY_PAGE, &w, &next));
    jw_arr_end(&w);
    jw_kid(&w, S("next"), next);
    jw_obj_end(&w);
    return E_OK;
}

static enum err merge_known(struct cx *cx, const struct json *j)
{
    static const str known[] = {S0("loser"), S0("version"), S0("take")};
    for (size_t i = 0; i < j->n; i++) {
        bool is = false;
        for (size_t k = 0; k < COUNT(known); k++) is |= str_eq(j->v[i].key, known[k]);
        if (!is) return fail_at(cx, E_INVALID, j->v[i].key, "There is nothing of this name");
    }
    return E_OK;
}

/* The fields that come from the loser. */
static enum err merge_takes(struct cx *cx, const struct entity *e, const struct json *t, const struct field **ret,
                            size_t *ret_n)
{
    *ret_n = 0;
    if (t->t != JT_OBJ) return fail_at(cx, E_INVALID, S("take"), "There is no such field to take over");
    for (size_t i = 0; i < t->n; i++) {
        const struct field *f = entity_field(e, t->v[i].key);
        bool loser = t->v[i].t == JT_STR && str_eq(t->v[i].s, S("loser"));
        bool winner = t->v[i].t == JT_STR && str_eq(t->v[i].s, S("winner"));
        if (!f || f->readonly || !acl_field_write(cx, f) || (!loser && !winner))
            return fail_at(cx, E_INVALID, S("take"), "There is no such field to take over");
        if (loser) ret[(*ret_n)++] = f;
    }
    return E_OK;
}

static enum err merge(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    int64_t id = 0, loser = 0, version = 0;
    struct written w = {0};
    TRY(path_entity(cx, rq, &e));
    TRY(path_id(cx, rq, 1, &id));
    TRY(body_json(cx, rq, &j));
    TRY(merge_known(cx, j));
    TRY(json_id_of(cx, j, S("loser"), 0, &loser));
    TRY(json_int_of(cx, j, S("version"), 0, &version));
    const struct json *t = json_get(j, S("take"));
    const struct field **take = NEW_N(cx->a, const struct field *, (t ? t->n : 0) + 1);
    size_t n = 0;
    if (t && t->t != JT_NULL) TRY(merge_takes(cx, e, t, take, &n));
    TRY(record_merge(cx, e, id, loser, version, take, n, &w));
    return reply_after(cx, e, &w, rs);
}

enum err api_merge(struct cx *cx, const struct req *rq, struct resp *rs)
{
    return once(cx, rq, rs, merge);
}

enum err api_duplicates(struct cx *cx, const struct req *rq, struct resp *rs)
{
    const struct entity *e = NULL;
    const struct json *j = NULL;
    struct dup *d = NULL;
    size_t n = 0;
    int64_t self = 0;
    TRY(path_entity(cx, rq, &e));
    TRY(body_json(cx, rq, &j));
    TRY(json_id_of(cx, j, S("id"), 0, &self));
    struct val *v = NEW_N(cx->a, struct val, e->n);
    for (size_t i = 0; i < j->n; i++) { /* half-typed values are no error here */
        const struct field *f = entity_field(e, j->v[i].key);
        if (f && j->v[i].t != JT_NULL && acl_field_read(cx, f) &&
            f->kind->from_json(cx, f, &j->v[i], &v[f->at]) != E_OK)
            v[f->at] = VAL_NULL;
    }
    TRY(dup_find(cx, e, v, self, &d, &n));
    struct jw w = reply_json(rs);
    jw_obj(&w);
    jw_key(&w, S("data"));
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        str reason = {0};
        jw_obj(&w);
        jw_kid(&w, S("id"), d[i].id);
        jw_kstr(&w, S("title"), d[i].title);
        jw_kint(&w, S("score"), d[i].score);
        dup_why_json(&w, d[i].why, is_blacklisted(cx, e, d[i].id, &reason));
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_obj_end(&w);
    return E_OK;
}
