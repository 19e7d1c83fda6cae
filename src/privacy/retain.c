/* SPDX-License-Identifier: MIT */
/* privacy/retain.c - rules of retention: what they mean, what they would take. */
#include "privacy/retain_int.h"

#include "base/time.h"

enum { FIELDS_A_RULE = 50, FILTER_BYTES = 65536 };
const str retain_since_name[SINCES] = {S0("created"), S0("changed"), S0("trashed")};
const str retain_unit_name[RETAIN_UNITS] = {S0("days"), S0("months"), S0("years")};
const str retain_act_name[RETAIN_ACTS] = {S0("trash"), S0("erase"), S0("empty")};

/* ---- what a rule means ---- */
static int64_t ago_ms(const struct cx *cx, int64_t n, enum retain_unit unit)
{
    int64_t day = time_day(cx->now_ms, cx->tz_min);
    if (unit == RETAIN_DAYS) day -= n;
    else day = day_add_months(day, unit == RETAIN_YEARS ? -12 * n : -n);
    return day_start_ms(day, cx->tz_min);
}

int64_t retention_before(const struct cx *cx, const struct retention *r) { return ago_ms(cx, r->n, r->unit); }

static void before_json(struct cx *cx, const char *field, int64_t ms, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("field"), str_from(field));
    jw_kstr(w, S("op"), S("lt"));
    jw_kstr(w, S("value"), time_text(cx->a, ms));
    jw_obj_end(w);
}

/* Of the fields to be emptied at least one has something in it. */
static void any_left_json(const struct retention *r, struct jw *w)
{
    str rest = r->fields, one = {0};
    jw_obj(w);
    jw_key(w, S("or"));
    jw_arr(w);
    while (rest.n) {
        str_split(rest, ',', &one, &rest);
        jw_obj(w);
        jw_kstr(w, S("field"), one);
        jw_kstr(w, S("op"), S("notempty"));
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_obj_end(w);
}

static enum err where_of(struct cx *cx, const struct retention *r, const struct entity *e,
                         const struct cond **ret)
{
    static const char *const since[SINCES] = {"created_at", "changed_at", "deleted_at"};
    struct buf b = buf_new(cx->a, FILTER_BYTES * 2);
    struct jw w = jw_new(&b);
    const struct json *j = NULL;
    jw_obj(&w);
    jw_key(&w, S("and"));
    jw_arr(&w);
    before_json(cx, since[r->since], ago_ms(cx, r->n, r->unit), &w);
    if (r->act == RETAIN_EMPTY) any_left_json(r, &w);
    if (r->filter.n) jw_raw(&w, r->filter);
    jw_arr_end(&w);
    jw_obj_end(&w);
    TRY(json_parse(cx, buf_str(&b), &j));
    return filter_parse(cx, e, j, NULL, ret);
}

/* ---- what law has kept ---- */
/* No record of a kept kind names it by this field; one in the trash is kept as well. */
static void unnamed_sql(struct cx *cx, const struct field *f, struct sql *q)
{
    bool many = f->kind->store == ST_LINKS;
    sql_lit(q, " AND NOT EXISTS (SELECT 1 FROM ");
    sql_name(q, f->entity->table);
    sql_lit(q, " k");
    if (many) sql_lit(q, " JOIN link l ON l.a = k.id AND l.field = ");
    if (many) sql_val(cx, q, V(f->name));
    sql_lit(q, " WHERE ");
    if (many) sql_lit(q, "l.b");
    else sql_col(q, S("k"), f->col);
    sql_lit(q, " = t.id AND k.created_at >= ");
    sql_val(cx, q, V(ago_ms(cx, f->entity->kept_years, RETAIN_YEARS)));
    sql_lit(q, ")");
}

static void free_sql(struct cx *cx, const struct entity *e, struct sql *q)
{
    if (e->kept_years) {
        sql_lit(q, " AND t.created_at < ");
        sql_val(cx, q, V(ago_ms(cx, e->kept_years, RETAIN_YEARS)));
    }
    for (size_t i = 0; i < cx->meta->n; i++)
        for (size_t k = F_SYSTEM_N; cx->meta->entity[i].kept_years && k < cx->meta->entity[i].n;
             k++) {
            const struct field *f = &cx->meta->entity[i].f[k];
            bool links = f->kind->store == ST_INT || f->kind->store == ST_LINKS;
            if (links && f->target && f->target->at == e->at && !f->via.n) unnamed_sql(cx, f, q);
        }
}

enum err retention_query(struct cx *cx, const struct retention *r, bool lawful, int64_t after,
                         const struct entity **ret_e, struct query *ret)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    struct sql *also = NEW(cx->a, struct sql);
    if (!e) return fail_at(cx, E_INVALID, S("entity"), "There is no entity \"%.*s\"", FS(r->entity));
    *ret = (struct query){.cursor = S(""),
                          .fields = {.bare = true},
                          .deleted = r->since == SINCE_TRASHED,
                          .also = also};
    TRY(where_of(cx, r, e, &ret->where));
    *also = sql_new(cx);
    sql_lit(also, "(t.id > ");
    sql_val(cx, also, V(after));
    if (lawful) free_sql(cx, e, also);
    sql_lit(also, ")");
    *ret_e = e;
    return E_OK;
}

enum err retention_sets(struct cx *cx, const struct retention *r, const struct entity *e, struct set **ret,
                        size_t *ret_n)
{
    str rest = r->fields, one = {0};
    struct set *s = NEW_N(cx->a, struct set, FIELDS_A_RULE);
    *ret_n = 0;
    while (rest.n) {
        str_split(rest, ',', &one, &rest);
        const struct field *f = entity_field(e, one);
        bool can = f && !f->system && !f->readonly && !f->hidden && !f->required && f->at != e->title && !f->via.n &&
                   filter_ops(f) & OPM(OP_NOTEMPTY);
        if (!can || *ret_n == FIELDS_A_RULE)
            return fail_at(cx, E_INVALID, S("fields"), "The field \"%.*s\" cannot be emptied", FS(one));
        s[(*ret_n)++] = (struct set){f, VAL_NULL};
    }
    *ret = s;
    return *ret_n ? E_OK : fail_at(cx, E_INVALID, S("fields"), "Which fields are to be emptied?");
}

/* ---- is it one ---- */
static enum err texts_check(struct cx *cx, const struct retention *r)
{
    if (!r->name.n || utf8_len(r->name) > RETAIN_TEXT_MAX)
        return fail_at(cx, E_INVALID, S("name"), "The rule needs a name");
    if (!r->reason.n || utf8_len(r->reason) > RETAIN_TEXT_MAX)
        return fail_at(cx, E_INVALID, S("reason"), "Say why: by which law, for which purpose");
    if (r->n < 1 || r->n > RETAIN_N_MAX || (r->unit != RETAIN_DAYS && r->n > KEPT_YEARS_MAX * 12))
        return fail_at(cx, E_INVALID, S("n"), "How long: a number from 1");
    if (r->most < 1 || r->most > 100) return fail_at(cx, E_INVALID, S("most"), "A share of 1 to 100 percent");
    return E_OK;
}

static enum err kind_check(struct cx *cx, const struct retention *r, const struct entity *e)
{
    enum action act = r->act == RETAIN_EMPTY ? ACT_CHANGE : ACT_DELETE;
    if (e->admin || e->append) /* what is only added to (consents) goes with whom it is about */
        return fail_at(cx, E_INVALID, S("entity"), "Such records are not subject to rules");
    if (!acl_all(cx, e, ACT_SEE) || !acl_all(cx, e, act))
        return fail(cx, E_DENIED, "A rule does only what you may do with all records of the kind yourself");
    if (r->act == RETAIN_ERASE && !e->personal)
        return fail_at(cx, E_INVALID, S("act"), "Such records hold no data of people");
    if (r->since == SINCE_TRASHED && r->act != RETAIN_ERASE)
        return fail_at(cx, E_INVALID, S("act"), "What is in the trash can only be erased");
    return E_OK;
}

/* Who runs a rule is nobody: "me" would be another at night than in the rehearsal. */
static bool names_asker(const struct json *j)
{
    if (j->t == JT_STR) return str_eq(j->s, S("me")) || str_eq(j->s, S("my_team"));
    for (size_t i = 0; i < j->n; i++)
        if (names_asker(&j->v[i])) return true;
    return false;
}

enum err retention_check(struct cx *cx, const struct retention *r, const struct filter_opts *o)
{
    const struct entity *e = NULL;
    const struct cond *c = NULL;
    const struct json *j = NULL;
    struct query q = {0};
    struct set *s = NULL;
    size_t n = 0;
    if (!acl_sys(cx, SYS_PRIVACY)) return fail(cx, E_DENIED, "You may not erase data of people");
    TRY(texts_check(cx, r));
    e = meta_entity(cx->meta, r->entity);
    if (!e || !acl_may(cx, e, ACT_SEE))
        return fail_at(cx, E_INVALID, S("entity"), "There is no entity \"%.*s\"", FS(r->entity));
    TRY(kind_check(cx, r, e));
    if (r->act == RETAIN_EMPTY) TRY(retention_sets(cx, r, e, &s, &n));
    for (size_t i = 0; s && i < n; i++)
        if (!acl_field_write(cx, s[i].f)) return fail_at(cx, E_DENIED, S("fields"), "You may not change this record");
    if (r->filter.n > FILTER_BYTES) return fail_at(cx, E_INVALID, S("filter"), "This condition is too long");
    if (r->filter.n) TRY(json_parse(cx, r->filter, &j));
    if (j && names_asker(j))
        return fail_at(cx, E_INVALID, S("filter"),
                       "A rule has no \"me\" and no \"my team\": it runs at night, for nobody");
    if (r->filter.n) TRY(filter_parse(cx, e, j, o, &c));
    return retention_query(cx, r, true, 0, &e, &q);
}

/* ---- the rehearsal ---- */
static enum err ids_take(struct cx *cx, const struct entity *e, const struct query *q, struct rehearsal *ret)
{
    struct query first = *q;
    struct page p = {0};
    first.limit = RETAIN_SAMPLE;
    TRY(record_list(cx, e, &first, &p));
    for (size_t i = 0; i < p.n; i++) ret->id[ret->n++] = p.v[i].id;
    return E_OK;
}

/* What it took of late. Of erasures those that came to be: what was dropped is found again. */
static enum err taken(struct cx *cx, const struct retention *r, int64_t *ret)
{
    struct db_rows last = {0}, sum = {0};
    int64_t from = cx->now_ms - RETAIN_WINDOW_DAYS * (int64_t)DAY_MS;
    TRY(db_query(
        cx, &last,
        "SELECT coalesce(max(ended_at), 0) FROM retention_run WHERE rule = $1 AND confirmed = 1",
        V(r->id)));
    if (db_int(&last, 0, 0) > from) from = db_int(&last, 0, 0);
    if (r->act == RETAIN_ERASE)
        TRY(db_query(cx, &sum,
                     "SELECT count(*) FROM erasure WHERE rule = $1 AND at > $2 AND state IN "
                     "('begun', 'done')",
                     V(r->id), V(from)));
    else
        TRY(db_query(cx, &sum,
                     "SELECT CAST(coalesce(sum(done), 0) AS BIGINT) FROM retention_run WHERE rule "
                     "= $1 AND at > $2",
                     V(r->id), V(from)));
    *ret = db_int(&sum, 0, 0);
    return E_OK;
}

bool retention_unseen(const struct retention *r, int64_t found)
{
    return found > r->shown + r->shown / 10 + RETAIN_FEW;
}

static enum err rehearse(struct cx *cx, const struct retention *r, struct rehearsal *ret)
{
    struct query q = {0}, whole = {0};
    const struct entity *e = NULL;
    bool exact = true;
    TRY(retention_query(cx, r, false, 0, &e, &whole));
    TRY(record_count_query(cx, e, &whole, 0, &ret->held, &exact));
    TRY(retention_query(cx, r, true, 0, &e, &q));
    TRY(record_count_query(cx, e, &q, 0, &ret->found, &exact));
    ret->held -= ret->found;
    if (ret->held < 0) ret->held = 0; /* somebody wrote between the two */
    TRY(record_count(cx, e, NULL, q.deleted, 0, &ret->total, &exact));
    TRY(taken(cx, r, &ret->taken));
    int64_t takes = ret->found + ret->taken,
            of = ret->total + (r->act == RETAIN_EMPTY ? 0 : ret->taken);
    ret->over = ret->found && takes > RETAIN_FEW && takes * 100 > r->most * of;
    return ids_take(cx, e, &q, ret);
}

enum err retention_rehearse(struct cx *cx, const struct retention *r, struct rehearsal *ret)
{
    const struct acl *acl = cx->acl;
    cx->acl = NULL; /* a run has the system's rights */
    *ret = (struct rehearsal){0};
    enum err e = rehearse(cx, r, ret);
    cx->acl = acl;
    return e;
}

enum err retention_brought_back(struct cx *cx, const struct retention *r, int64_t id, bool *ret)
{
    struct db_rows rows = {0};
    TRY(db_query(cx, &rows,
                 "SELECT 1 FROM change WHERE record = $1 AND at > $2 AND (op = 'restore' OR way = "
                 "'undo') LIMIT 1",
                 V(id), V(retention_before(cx, r))));
    *ret = rows.n > 0;
    return E_OK;
}

static enum err means(struct cx *cx, const struct retention *r, int64_t id, bool *ret)
{
    struct query q = {0};
    struct page p = {0};
    const struct entity *e = NULL;
    bool back = false;
    TRY(retention_query(cx, r, true, 0, &e, &q));
    q.ids = &id;
    q.n_ids = q.limit = 1;
    TRY(record_list(cx, e, &q, &p));
    if (p.n) TRY(retention_brought_back(cx, r, id, &back));
    *ret = p.n && !back;
    return E_OK;
}

enum err retention_means(struct cx *cx, int64_t rule, str mark, int64_t id, bool *ret)
{
    struct retention r = {0};
    int64_t n = 0;
    *ret = false;
    TRY(db_exec(cx, &n, "UPDATE retention SET active = active WHERE id = $1 AND active = 1",
                V(rule)));
    if (!n) return E_OK;
    TRY(retention_get(cx, rule, &r));
    if (!str_eq(retention_mark(cx, &r), mark)) return E_OK;
    return means(cx, &r, id, ret);
}
