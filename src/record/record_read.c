/* SPDX-License-Identifier: MIT */
/* record/record_read.c - rows into records: the columns, then links and titles each by one query for all. */
#include "record/record_int.h"

#include "meta/points.h"

enum store_class { IN_ROW, IN_LINKS, IN_LINES };

static enum store_class class_of(const struct field *f)
{
    switch (f->kind->store) {
    case ST_LINKS: return IN_LINKS;
    case ST_LINES: return IN_LINES;
    case ST_NONE:
    case ST_POINTS:
    case ST_INT:
    case ST_TEXT:
    case ST_FOLDED:
    case ST_MONEY:
    case ST_KEYS: return IN_ROW;
    }
    return IN_ROW;
}

/* What is wanted and what formulas that are computed when read look at. */
static const bool *with_read(struct cx *cx, const struct reading *r)
{
    if (!r->e->live) return r->want;
    bool *need = NEW_N(cx->a, bool, r->e->n);
    memcpy(need, r->want, r->e->n * sizeof *need);
    formulas_need(r, need);
    return need;
}

/* A list shows a record's picture beside its title. */
static void list_columns(const struct entity *e, bool *w)
{
    for (size_t i = 0; i < e->n_list; i++) w[e->list[i]] = !e->f[e->list[i]].trashed;
    for (size_t i = F_SYSTEM_N; e->files && i < e->n; i++)
        w[i] |= e->f[i].kind->picture && !e->f[i].trashed;
}

/* What was asked for, and what a record needs in any case. */
static void mark_wanted(const struct entity *e, const struct fields *want, bool *w)
{
    for (size_t i = 0; want->all && i < e->n; i++) w[i] = !e->f[i].trashed;
    for (size_t i = 0; !want->all && i < want->n; i++) w[want->f[i]->at] = true;
    for (size_t i = 0; i < want->n_linked; i++) w[want->linked[i].link->at] = true;
    if (!want->all && (want->list || (!want->n && !want->n_linked))) list_columns(e, w);
    w[e->title] = true;
    if (!want->bare) w[F_OWNER] = w[F_TEAM] = w[F_DELETED_AT] = true;
}

/* What a value is read from; "" = it is not in the row. */
static str column_of(const struct field *f)
{
    return f->kind->store == ST_POINTS ? f->col2 : f->col;
}

enum err reading_of(struct cx *cx, const struct entity *e, const struct fields *want,
                    struct reading *ret)
{
    bool *w = NEW_N(cx->a, bool, e->n);
    uint16_t *col = NEW_N(cx->a, uint16_t, e->n), next = 2;
    mark_wanted(e, want, w);
    for (size_t i = 0; i < e->n; i++)
        if (w[i] && !acl_field_read(cx, &e->f[i])) w[i] = false;
    const bool *in_row = with_read(cx, &(struct reading){e, w, col});
    for (size_t i = 0; i < e->n; i++) {
        if (!in_row[i] || !column_of(&e->f[i]).n) continue;
        col[i] = next;
        next = (uint16_t)(next + (e->f[i].kind->store == ST_MONEY ? 2 : 1));
    }
    *ret = (struct reading){e, w, col};
    return E_OK;
}

void reading_select(struct cx *cx, const struct reading *r, struct sql *q)
{
    (void)cx;
    sql_lit(q, "SELECT t.id, t.version");
    for (size_t i = 0; i < r->e->n; i++) {
        if (!r->col[i]) continue;
        sql_lit(q, ", ");
        sql_col(q, S("t"), column_of(&r->e->f[i]));
        if (r->e->f[i].kind->store != ST_MONEY) continue;
        sql_lit(q, ", ");
        sql_col(q, S("t"), r->e->f[i].col2);
    }
    sql_lit(q, " FROM ");
    sql_name(q, r->e->table);
    sql_lit(q, " t");
}

static struct val keys_of(struct cx *cx, str s) /* "|a|b|" */
{
    struct item *v = NEW_N(cx->a, struct item, s.n + 1);
    size_t n = 0;
    str part = {0};
    for (bool more = true; more;) {
        more = str_split(s, '|', &part, &s);
        if (part.n) v[n++].norm = part;
    }
    return n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
}

static struct val value_of(struct cx *cx, const struct field *f, const struct db_val *c)
{
    if (c->t == DB_NULL) return VAL_NULL;
    switch (f->kind->store) {
    case ST_INT: return VAL_INT(c->i);
    case ST_MONEY: return (struct val){.t = VT_INT, .i = c->i, .s = c[1].s};
    case ST_TEXT:
    case ST_FOLDED: return VAL_TEXT(c->s);
    case ST_KEYS: return keys_of(cx, c->s);
    case ST_POINTS: return points_read(cx->a, c->s);
    case ST_NONE:
    case ST_LINKS:
    case ST_LINES: break;
    }
    return VAL_NULL;
}

struct record reading_row(struct cx *cx, const struct reading *r, const struct db_val *row)
{
    struct val *v = NEW_N(cx->a, struct val, r->e->n);
    for (size_t i = 0; i < r->e->n; i++)
        if (r->col[i]) v[i] = value_of(cx, &r->e->f[i], &row[r->col[i]]);
    return (struct record){.e = r->e, .id = row[0].i, .version = row[1].i, .v = v, .has = r->want};
}

static bool wants(const struct reading *r, enum store_class c)
{
    for (size_t i = 0; i < r->e->n; i++)
        if (r->want[i] && class_of(&r->e->f[i]) == c) return true;
    return false;
}

/* Rows come grouped by record: the last hit is the likely one. */
static struct record *by_id(struct record *v, size_t n, int64_t id, size_t *last)
{
    if (*last < n && v[*last].id == id) return &v[*last];
    for (size_t i = 0; i < n; i++)
        if (v[i].id == id) return *last = i, &v[i];
    return NULL;
}

struct val *value_place(struct record *r, const struct field *f)
{
    union {
        const struct val *in;
        struct val *out;
    } place = {.in = &r->v[f->at]}; /* the values are ours: reading_row made them */
    return place.out;
}

enum { ITEMS_STEP = 4 };

static void item_add(struct cx *cx, struct record *r, const struct field *f, const struct item *it)
{
    struct val *v = value_place(r, f);
    struct item *room;
    if (v->n % ITEMS_STEP == 0) {
        room = NEW_N(cx->a, struct item, v->n + ITEMS_STEP);
        if (v->n) memcpy(room, v->v, sizeof *room * v->n);
    } else {
        union {
            const struct item *in;
            struct item *out;
        } ours = {.in = v->v};
        room = ours.out;
    }
    room[v->n] = *it;
    *v = (struct val){.t = VT_LIST, .v = room, .n = v->n + 1};
}

/* The wanted fields that are kept beside the row in one place. */
struct beside {
    const struct field **f;
    size_t n, all; /* all: unwanted ones too */
};

static struct beside beside_of(struct cx *cx, const struct reading *r, enum store_class c)
{
    struct beside b = {.f = NEW_N(cx->a, const struct field *, r->e->n)};
    for (size_t i = F_SYSTEM_N; i < r->e->n; i++) {
        if (class_of(&r->e->f[i]) != c) continue;
        if (r->want[i]) b.f[b.n++] = &r->e->f[i];
        b.all++;
    }
    return b;
}

static const struct field *part_field(const struct beside *b, str name)
{
    for (size_t i = 0; i < b->n; i++)
        if (str_eq(b->f[i]->name, name)) return b->f[i];
    return NULL;
}

/* Rows of fields that nobody asked for are passed over inside the engine. Not as IN: each record is to be
 * looked up once, not once for each field. */
static void beside_where(struct cx *cx, const struct beside *b, struct sql *q)
{
    if (b->n == b->all) return;
    sql_lit(q, " AND NOT (");
    for (size_t i = 0; i < b->n; i++) {
        if (i) sql_lit(q, " AND ");
        sql_lit(q, "field <> ");
        sql_val(cx, q, V(b->f[i]->name));
    }
    sql_lit(q, ")");
}

static struct sql ids_query(struct cx *cx, const struct record *v, size_t n)
{
    struct sql q = sql_new(cx);
    int64_t *ids = NEW_N(cx->a, int64_t, n);
    for (size_t i = 0; i < n; i++) ids[i] = v[i].id;
    sql_ids(cx, &q, ids, n);
    return q;
}

static enum err fill_links(struct cx *cx, const struct reading *rd, struct record *v, size_t n)
{
    size_t last = 0;
    struct beside b = beside_of(cx, rd, IN_LINKS);
    struct sql q = sql_new(cx), ids = ids_query(cx, v, n);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT a, field, b FROM link WHERE a IN ");
    sql_append(cx, &q, &ids);
    beside_where(cx, &b, &q);
    sql_lit(&q, " ORDER BY a, field, pos LIMIT 10000");
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        struct item it = {.id = db_int(&r, i, 2)};
        struct record *to = by_id(v, n, db_int(&r, i, 0), &last);
        const struct field *f = part_field(&b, db_str(&r, i, 1));
        if (to && f) item_add(cx, to, f, &it);
    }
    return E_OK;
}

static enum err fill_lines_of(struct cx *cx, const struct field *f, struct record *v, size_t n)
{
    size_t last = 0;
    const struct entity *c = f->target;
    const struct field *via = c ? entity_field(c, f->via) : NULL;
    struct reading r = {0};
    struct db_rows rows = {0};
    if (!via || !acl_may(cx, c, ACT_SEE)) return E_OK;
    TRY(reading_of(cx, c, &FIELDS_ALL, &r));
    struct sql q = sql_new(cx), ids = ids_query(cx, v, n);
    reading_select(cx, &r, &q);
    sql_lit(&q, " WHERE t.deleted_at IS NULL AND ");
    sql_col(&q, S("t"), via->col);
    sql_lit(&q, " IN ");
    sql_append(cx, &q, &ids);
    sql_lit(&q, " AND ");
    acl_where(cx, c, ACT_SEE, S("t"), &q);
    sql_lit(&q, " ORDER BY t.id LIMIT 10000");
    TRY(sql_run(cx, &q, &rows, NULL));
    for (size_t i = 0; i < rows.n; i++) {
        struct record child = reading_row(cx, &r, &rows.v[i * rows.cols]);
        struct record *to = by_id(v, n, child.v[via->at].i, &last);
        struct buf b = buf_new(cx->a, 64 * 1024);
        struct jw w = jw_new(&b);
        record_json(cx, &child, &w);
        struct item it = {.id = child.id, .typed = record_title(&child), .extra = buf_str(&b)};
        if (to) item_add(cx, to, f, &it);
    }
    return E_OK;
}

enum err fill_parts(struct cx *cx, const struct reading *r, struct record *v, size_t n)
{
    if (!n) return E_OK;
    if (wants(r, IN_LINKS)) TRY(fill_links(cx, r, v, n));
    for (size_t i = 0; i < r->e->n; i++)
        if (r->want[i] && class_of(&r->e->f[i]) == IN_LINES)
            TRY(fill_lines_of(cx, &r->e->f[i], v, n));
    return r->e->live ? formulas_live(cx, r, v, n) : E_OK;
}

/* ---- titles: all links to one entity at once ---- */
struct titles {
    const struct entity *e;
    LIST(int64_t) id;
    str *title, *hue; /* hue: NULL when the entity has no colour */
};

static void titles_want(struct cx *cx, struct titles *t, int64_t id)
{
    for (size_t i = 0; i < t->id.n; i++)
        if (t->id.v[i] == id) return;
    *LIST_ADD(cx->a, &t->id) = id;
}

static size_t titles_at(const struct titles *t, int64_t id)
{
    for (size_t i = 0; i < t->id.n; i++)
        if (t->id.v[i] == id) return i;
    return t->id.n;
}

static str titles_get(const struct titles *t, int64_t id)
{
    size_t at = titles_at(t, id);
    return at < t->id.n ? t->title[at] : S("");
}

static struct item titles_item(const struct titles *t, int64_t id)
{
    size_t at = titles_at(t, id);
    bool known = at < t->id.n;
    return (struct item){.id = id, .typed = known ? t->title[at] : S(""), .ext = known && t->hue ? t->hue[at] : S("")};
}

/* A link holds ids whose titles are wanted; child lines and roll-ups, which have `via`, hold none. */
static bool is_titled(const struct field *f, const struct entity *target)
{
    return f->target && f->target == target && !f->via.n;
}

static void titles_collect(struct cx *cx, const struct reading *r, const struct record *v, size_t n,
                           struct titles *t)
{
    for (size_t i = 0; i < r->e->n; i++) {
        if (!r->want[i] || !is_titled(&r->e->f[i], t->e)) continue;
        for (size_t k = 0; k < n; k++) {
            const struct val *x = &v[k].v[i];
            if (x->t == VT_INT) titles_want(cx, t, x->i);
            for (size_t m = 0; x->t == VT_LIST && m < x->n; m++) titles_want(cx, t, x->v[m].id);
        }
    }
}

static void titles_place(struct cx *cx, const struct reading *r, struct record *v, size_t n,
                         const struct titles *t)
{
    for (size_t i = 0; i < r->e->n; i++) {
        if (!r->want[i] || !is_titled(&r->e->f[i], t->e)) continue;
        for (size_t k = 0; k < n; k++) {
            struct val *x = value_place(&v[k], &r->e->f[i]);
            if (x->t == VT_INT) x->s = titles_get(t, x->i);
            if (x->t != VT_LIST) continue;
            struct item *items = NEW_N(cx->a, struct item, x->n);
            for (size_t m = 0; m < x->n; m++)
                items[m] = titles_item(t, x->v[m].id);
            x->v = items;
        }
    }
}

enum { TITLES_AT_ONCE = 400 };

/* ret_hue may be NULL. */
static enum err titles_slice(struct cx *cx, const struct entity *e, const int64_t *ids, size_t n,
                             str *ret, str *ret_hue)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT t.id, ");
    sql_col(&q, S("t"), e->f[e->title].col);
    if (ret_hue) {
        sql_lit(&q, ", ");
        sql_col(&q, S("t"), e->f[e->hue].col);
    }
    sql_lit(&q, " FROM ");
    sql_name(&q, e->table);
    sql_lit(&q, " t WHERE t.id IN ");
    sql_ids(cx, &q, ids, n);
    sql_lit(&q, " AND ");
    acl_where(cx, e, ACT_SEE, S("t"), &q);
    sql_lit(&q, " LIMIT 400");
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        int64_t id = db_int(&r, i, 0);
        for (size_t k = 0; k < n; k++) {
            if (ids[k] != id) continue;
            ret[k] = db_str(&r, i, 1);
            if (ret_hue && !db_is_null(&r, i, 2)) ret_hue[k] = arena_fmt(cx->a, "%" PRId64, db_int(&r, i, 2));
        }
    }
    return E_OK;
}

static enum err titles_read(struct cx *cx, const struct entity *e, const int64_t *ids, size_t n, str *ret,
                            str *ret_hue)
{
    for (size_t i = 0; i < n; i++) ret[i] = S("");
    if (!e->f[e->title].col.n) return E_OK;
    for (size_t at = 0; at < n; at += TITLES_AT_ONCE)
        TRY(titles_slice(cx, e, ids + at, n - at < TITLES_AT_ONCE ? n - at : TITLES_AT_ONCE, ret + at,
                         ret_hue ? ret_hue + at : NULL));
    return E_OK;
}

enum err record_titles(struct cx *cx, const struct entity *e, const int64_t *ids, size_t n, str *ret)
{
    return titles_read(cx, e, ids, n, ret, NULL);
}

enum err fill_titles(struct cx *cx, const struct reading *r, struct record *v, size_t n)
{
    for (size_t i = 0; n && i < r->e->n; i++) {
        const struct entity *target = r->e->f[i].target;
        bool first = r->want[i] && is_titled(&r->e->f[i], target);
        for (size_t k = 0; first && k < i; k++)
            first = !(r->want[k] && is_titled(&r->e->f[k], target));
        if (!first) continue;
        struct titles t = {.e = target};
        titles_collect(cx, r, v, n, &t);
        if (!t.id.n) continue;
        t.title = NEW_N(cx->a, str, t.id.n);
        if (target->hue) t.hue = NEW_N(cx->a, str, t.id.n);
        TRY(titles_read(cx, target, t.id.v, t.id.n, t.title, t.hue));
        titles_place(cx, r, v, n, &t);
    }
    return n && r->e->files ? files_fill(cx, r, v, n) : E_OK;
}

str record_title(const struct record *r)
{
    const struct val *v = &r->v[r->e->title];
    return v->t == VT_TEXT ? v->s : S("");
}

enum err read_one(struct cx *cx, const struct entity *e, int64_t id, enum action act,
                  enum deleted d, bool titles, struct record *ret)
{
    struct reading r = {0};
    struct db_rows rows = {0};
    struct sql q = sql_new(cx);
    bool may = true;
    if (!acl_may(cx, e, ACT_SEE)) return fail(cx, E_NOTFOUND, "There is no such record");
    struct cx all = *cx; /* whoever writes must have the fields before him that he may not see */
    if (act != ACT_SEE) all.acl = NULL;
    TRY(reading_of(&all, e, &FIELDS_ALL, &r));
    reading_select(cx, &r, &q);
    sql_lit(&q, " WHERE t.id = ");
    sql_val(cx, &q, V(id));
    if (d == LIVING) sql_lit(&q, " AND t.deleted_at IS NULL");
    if (d == DELETED) sql_lit(&q, " AND t.deleted_at IS NOT NULL");
    sql_lit(&q, " AND ");
    acl_where(cx, e, ACT_SEE, S("t"), &q);
    TRY(sql_run(cx, &q, &rows, NULL));
    if (!rows.n) return fail(cx, E_NOTFOUND, "There is no such record");
    struct record rec = reading_row(cx, &r, rows.v);
    if (act != ACT_SEE) TRY(acl_row(cx, e, act, id, rec.v[F_OWNER].i, rec.v[F_TEAM].i, &may));
    if (!may) return fail(cx, E_DENIED, "You may see this record, but not do that with it");
    TRY(fill_parts(cx, &r, &rec, 1));
    if (titles) TRY(fill_titles(cx, &r, &rec, 1));
    *ret = rec;
    return E_OK;
}

enum err record_get(struct cx *cx, const struct entity *e, int64_t id, struct record *ret)
{
    return read_one(cx, e, id, ACT_SEE, LIVING, true, ret);
}

/* ---- what was just made ---- */
bool made_is_all(const struct entity *e)
{
    for (size_t i = F_SYSTEM_N; i < e->n; i++) /* lines and roll-ups stand in other records */
        if (!e->f[i].trashed && (e->f[i].via.n || e->f[i].kind->store == ST_LINES)) return false;
    return !e->live;
}

/* The value as it would be read again. */
static struct val made_value(struct cx *cx, const struct field *f, const struct val *v)
{
    if (v->t != VT_LIST) return f->kind->store == ST_INT && v->t == VT_INT ? VAL_INT(v->i) : *v;
    struct item *out = NEW_N(cx->a, struct item, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        out[i] = v->v[i];
        if (f->kind->store == ST_KEYS) out[i] = (struct item){.norm = v->v[i].norm};
        if (f->kind->store == ST_LINKS) out[i] = (struct item){.id = v->v[i].id};
    }
    return v->n ? (struct val){.t = VT_LIST, .v = out, .n = v->n} : VAL_NULL;
}

enum err made_record(struct cx *cx, const struct entity *e, int64_t id, const struct val *v, struct record *ret)
{
    struct reading r = {0};
    bool may = false;
    if (!acl_may(cx, e, ACT_SEE)) return E_OK;
    TRY(acl_row(cx, e, ACT_SEE, id, v[F_OWNER].i, v[F_TEAM].i, &may));
    if (!may) return E_OK;
    TRY(reading_of(cx, e, &FIELDS_ALL, &r));
    struct val *own = NEW_N(cx->a, struct val, e->n);
    for (size_t i = 0; i < e->n; i++)
        if (r.want[i]) own[i] = made_value(cx, &e->f[i], &v[i]);
    struct record rec = {.e = e, .id = id, .version = 1, .v = own, .has = r.want};
    TRY(fill_titles(cx, &r, &rec, 1));
    *ret = rec;
    return E_OK;
}

enum err record_get_deleted(struct cx *cx, const struct entity *e, int64_t id, struct record *ret)
{
    return read_one(cx, e, id, ACT_SEE, EITHER, true, ret);
}

enum err record_redirect(struct cx *cx, const struct entity *e, int64_t id, int64_t *ret)
{
    struct db_rows r = {0};
    *ret = 0;
    TRY(db_query(cx, &r, "SELECT winner FROM redirect WHERE id = $1 AND entity = $2", V(id),
                 V(e->name)));
    if (r.n) *ret = db_int(&r, 0, 0);
    return E_OK;
}
