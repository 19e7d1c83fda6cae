/* SPDX-License-Identifier: MIT */
/* register/proposal.c - rows of `proposal`; states: open, taken, refused, past (the record came to have it). */
#include "register/proposal.h"

#include "base/time.h"
#include "notice/notice.h"

enum { VALUE_MAX = 64 * 1024 };

static str json_of(struct cx *cx, const struct field *f, const struct val *v)
{
    struct buf b = buf_new(cx->a, VALUE_MAX);
    struct jw w = jw_new(&b);
    if (v->t == VT_NULL) jw_null(&w);
    else f->kind->to_json(cx, f, v, &w);
    return b.full ? S("") : buf_str(&b);
}

static bool has_item(const struct val *v, const struct item *it)
{
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++)
        if (str_eq(v->v[i].norm, it->norm) && v->v[i].id == it->id && str_eq(v->v[i].ext, it->ext)) return true;
    return false;
}

/* What the record would have with it: a list keeps what it has. False when it has it already. */
static bool grown(struct cx *cx, const struct val *has, const struct val *said, struct val *ret)
{
    if (said->t != VT_LIST || has->t != VT_LIST) {
        *ret = *said;
        return said->t != VT_NULL && !val_eq(has, said);
    }
    struct item *v = NEW_N(cx->a, struct item, has->n + said->n + 1);
    size_t n = has->n;
    memcpy(v, has->v, sizeof *v * has->n);
    for (size_t i = 0; i < said->n; i++)
        if (!has_item(has, &said->v[i])) v[n++] = said->v[i];
    *ret = (struct val){.t = VT_LIST, .v = v, .n = n};
    return n > has->n;
}

static bool is_proposable(const struct cx *cx, const struct field *f)
{
    enum storage s = f->kind->store;
    return !f->readonly && !f->system && !f->hidden && acl_field_read(cx, f) && s != ST_NONE && s != ST_LINES;
}

struct putting {
    const struct entity *e;
    int64_t id;
    str source;
    const struct set *s;
    size_t n, made;
};

/* Takes the place of what the same source said before. */
static enum err words_past(struct cx *cx, const struct putting *p, const struct field *f)
{
    return db_exec(cx, NULL,
                   "UPDATE proposal SET state = 'past' WHERE record = $1 AND field = $2 AND source = $3"
                   " AND state = 'open'",
                   V(p->id), V(f->name), V(p->source));
}

static enum err word_put(struct cx *cx, struct putting *p, const struct field *f, str value, int64_t owner)
{
    struct db_rows r = {0};
    struct buf b = buf_new(cx->a, 2 * VALUE_MAX);
    struct jw w = jw_new(&b);
    TRY(db_query(cx, &r,
                 "SELECT id, value, state FROM proposal WHERE record = $1 AND field = $2 AND source = $3"
                 " AND state IN ('open', 'refused') ORDER BY id DESC LIMIT 50",
                 V(p->id), V(f->name), V(p->source)));
    for (size_t i = 0; i < r.n; i++)
        if (str_eq(db_str(&r, i, 1), value)) return E_OK;
    TRY(words_past(cx, p, f));
    TRY(db_exec(cx, NULL,
                "INSERT INTO proposal (id, record, entity, field, value, source, at, state, created_by, batch)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)",
                V(id_new(cx->now_ms)), V(p->id), V(p->e->name), V(f->name), V(value), V(p->source), V(cx->now_ms),
                V(cx->who.user), V(cx->batch)));
    p->made++;
    if (!notice_told(f) || !owner || owner == cx->who.user) return E_OK;
    jw_obj(&w);
    jw_kstr(&w, S("field"), f->name);
    jw_kstr(&w, S("source"), p->source);
    jw_obj_end(&w);
    return notice_put(cx, owner, S("proposed"), p->e, p->id, buf_str(&b));
}

static enum err words_put(struct cx *cx, struct putting *p, const struct record *r)
{
    int64_t owner = r->v[F_OWNER].t == VT_INT ? r->v[F_OWNER].i : 0;
    p->made = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct field *f = p->s[i].f;
        struct val then = VAL_NULL;
        if (!is_proposable(cx, f)) continue;
        str value = json_of(cx, f, &p->s[i].v);
        if (value.n && grown(cx, &r->v[f->at], &p->s[i].v, &then)) TRY(word_put(cx, p, f, value, owner));
        else TRY(words_past(cx, p, f));
    }
    return E_OK;
}

static enum err put_inside(struct cx *cx, void *arg)
{
    struct putting *p = arg;
    struct record r = {0};
    TRY(record_get(cx, p->e, p->id, &r));
    return words_put(cx, p, &r);
}

enum err proposal_put_sets(struct cx *cx, const struct record *r, str source, const struct set *s, size_t n,
                           size_t *ret)
{
    struct putting p = {.e = r->e, .id = r->id, .source = source, .s = s, .n = n};
    TRY(words_put(cx, &p, r));
    *ret = p.made;
    return E_OK;
}

enum err proposal_put(struct cx *cx, const struct entity *e, int64_t id, str source, const struct json *fields,
                      size_t *ret)
{
    struct putting p = {.e = e, .id = id, .source = str_trim(source)};
    struct record r = {0};
    if (!p.source.n || utf8_len(p.source) > PROPOSAL_SOURCE_MAX)
        return fail_at(cx, E_INVALID, S("source"), "A source has 1 to %d characters", PROPOSAL_SOURCE_MAX);
    TRY(record_get(cx, e, id, &r)); /* unseen comes before wrong */
    TRY(record_sets(cx, e, fields, &p.s, &p.n));
    for (size_t i = 0; i < p.n; i++)
        if (!is_proposable(cx, p.s[i].f))
            return fail_at(cx, E_INVALID, p.s[i].f->name, "%.*s cannot be changed",
                           FS(label_of(p.s[i].f->label, cx->lang)));
    TRY(db_write(cx, put_inside, &p));
    *ret = p.made;
    return E_OK;
}

/* The stored JSON as a value, a link's title looked up under the asker's rights. */
static enum err value_of(struct cx *cx, const struct field *f, str text, struct val *ret)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, text, &j));
    if (j->t == JT_NULL) return E_OK;
    TRY(f->kind->from_json(cx, f, j, ret));
    if (f->target && f->kind->store == ST_INT && ret->t == VT_INT)
        TRY(record_titles(cx, f->target, &ret->i, 1, &ret->s));
    return E_OK;
}

enum err proposal_list_json(struct cx *cx, const struct entity *e, int64_t id, struct jw *w)
{
    struct db_rows r = {0};
    struct record rec = {0};
    TRY(record_get(cx, e, id, &rec));
    TRY(db_query(cx, &r,
                 "SELECT id, field, value, source, at FROM proposal WHERE record = $1 AND entity = $2"
                 " AND state = 'open' ORDER BY id LIMIT 50",
                 V(id), V(e->name)));
    for (size_t i = 0; i < r.n; i++) {
        const struct field *f = entity_field(e, db_str(&r, i, 1));
        struct val v = VAL_NULL, then = VAL_NULL;
        if (!f || !is_proposable(cx, f) || value_of(cx, f, db_str(&r, i, 2), &v) != E_OK) continue;
        if (!grown(cx, &rec.v[f->at], &v, &then)) continue; /* it came to have it by another way */
        if (f->target && f->kind->store == ST_INT && !v.s.n) continue; /* names what he may not see */
        jw_obj(w);
        jw_kid(w, S("id"), db_int(&r, i, 0));
        jw_kstr(w, S("field"), f->name);
        jw_key(w, S("value"));
        jw_raw(w, json_of(cx, f, &v));
        jw_key(w, S("old"));
        jw_raw(w, json_of(cx, f, &rec.v[f->at]));
        jw_kstr(w, S("source"), db_str(&r, i, 3));
        jw_kstr(w, S("at"), time_text(cx->a, db_int(&r, i, 4)));
        jw_obj_end(w);
    }
    return E_OK;
}

/* ---- answers ---- */
struct answering {
    int64_t id;
    bool take;
    const struct entity *e;
    struct written *ret;
};

static enum err write_it(struct cx *cx, const struct answering *a, const struct record *r, const struct field *f,
                         str text)
{
    struct set s = {f, VAL_NULL};
    struct val said = VAL_NULL;
    TRY(value_of(cx, f, text, &said));
    (void)grown(cx, &r->v[f->at], &said, &s.v);
    return record_update(cx, a->e, r->id, 0, &s, 1, a->ret);
}

static enum err answer_inside(struct cx *cx, void *arg)
{
    struct answering *a = arg;
    struct db_rows r = {0};
    struct record rec = {0};
    bool may = false;
    TRY(db_query(cx, &r, "SELECT entity, record, field, value FROM proposal WHERE id = $1 AND state = 'open'",
                 V(a->id)));
    a->e = r.n ? meta_entity(cx->meta, db_str(&r, 0, 0)) : NULL;
    const struct field *f = a->e ? entity_field(a->e, db_str(&r, 0, 2)) : NULL;
    if (!f || !acl_may(cx, a->e, ACT_SEE)) return fail(cx, E_NOTFOUND, "There is no such proposal");
    if (record_get(cx, a->e, db_int(&r, 0, 1), &rec) != E_OK)
        return cx->err == E_NOTFOUND ? fail(cx, E_NOTFOUND, "There is no such proposal") : cx->err;
    TRY(acl_row(cx, a->e, ACT_CHANGE, rec.id, rec.v[F_OWNER].i, rec.v[F_TEAM].i, &may));
    if (!may || !acl_field_write(cx, f))
        return fail(cx, E_DENIED, "You may not change this record");
    *a->ret = (struct written){.id = rec.id, .version = rec.version};
    if (a->take) TRY(write_it(cx, a, &rec, f, db_str(&r, 0, 3)));
    return db_exec(cx, NULL, "UPDATE proposal SET state = $2 WHERE id = $1", V(a->id),
                   V(a->take ? S("taken") : S("refused")));
}

enum err proposal_take(struct cx *cx, int64_t id, const struct entity **ret_e, struct written *ret)
{
    struct answering a = {.id = id, .take = true, .ret = ret};
    TRY(db_write(cx, answer_inside, &a));
    *ret_e = a.e;
    return E_OK;
}

enum err proposal_refuse(struct cx *cx, int64_t id)
{
    struct written w = {0};
    struct answering a = {.id = id, .ret = &w};
    return db_write(cx, answer_inside, &a);
}
