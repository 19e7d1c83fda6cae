/* SPDX-License-Identifier: MIT */
/* privacy/retain.c - rules of retention: their rows, what they mean, what they would take. */
#include "privacy/retain_int.h"

#include "base/time.h"

enum { RUN_PAGE = 20, FIELDS_A_RULE = 50, FILTER_BYTES = 65536 };
const str retain_since_name[SINCES] = {S0("created"), S0("changed"), S0("trashed")};
const str retain_unit_name[RETAIN_UNITS] = {S0("days"), S0("months"), S0("years")};
const str retain_act_name[RETAIN_ACTS] = {S0("trash"), S0("erase"), S0("empty")};

/* ---- rows ---- */
static struct retention row_rule(const struct db_rows *r, size_t i)
{
    return (struct retention){.id = db_int(r, i, 0),
                              .name = db_str(r, i, 1),
                              .reason = db_str(r, i, 2),
                              .entity = db_str(r, i, 3),
                              .filter = db_str(r, i, 4),
                              .since = (enum retain_since)db_int(r, i, 5),
                              .n = db_int(r, i, 6),
                              .unit = (enum retain_unit)db_int(r, i, 7),
                              .act = (enum retain_act)db_int(r, i, 8),
                              .fields = db_str(r, i, 9),
                              .most = db_int(r, i, 10),
                              .active = db_int(r, i, 11) != 0,
                              .rehearsed_at = db_int(r, i, 12),
                              .confirmed = db_int(r, i, 13) != 0};
}

#define RULE_SQL                                                                                                       \
    "SELECT id, name, reason, entity, filter_json, since, n, unit, act, fields, most, active, rehearsed_at, confirmed" \
    " FROM retention"

enum err retention_list(struct cx *cx, struct retention **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, RULE_SQL " ORDER BY id LIMIT 100"));
    *ret = NEW_N(cx->a, struct retention, r.n + 1);
    for (size_t i = 0; i < r.n; i++) (*ret)[i] = row_rule(&r, i);
    *ret_n = r.n;
    return E_OK;
}

enum err retention_get(struct cx *cx, int64_t id, struct retention *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, RULE_SQL " WHERE id = $1", V(id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such rule");
    *ret = row_rule(&r, 0);
    return E_OK;
}

static enum err insert(struct cx *cx, const struct retention *r)
{
    return db_exec(cx, NULL,
                   "INSERT INTO retention (id, name, reason, entity, filter_json, since, n, unit, act, fields, most,"
                   " active, rehearsed_at, confirmed)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                   V(r->id), V(r->name), V(r->reason), V(r->entity), V(r->filter), V((int64_t)r->since), V(r->n),
                   V((int64_t)r->unit), V((int64_t)r->act), V(r->fields), V(r->most), V(r->active), V(r->rehearsed_at),
                   V(r->confirmed));
}

static enum err save_inside(struct cx *cx, void *arg)
{
    const struct retention *r = arg;
    struct db_rows rows = {0};
    TRY(db_query(cx, &rows, "SELECT count(*) FROM retention WHERE id <> $1", V(r->id)));
    if (db_int(&rows, 0, 0) >= RETENTION_MAX)
        return fail(cx, E_CONFLICT, "There are at most %d rules", RETENTION_MAX);
    return insert(cx, r);
}

static enum err change_inside(struct cx *cx, void *arg)
{
    const struct retention *r = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM retention WHERE id = $1", V(r->id)));
    return n ? insert(cx, r) : fail(cx, E_NOTFOUND, "There is no such rule"); /* ended meanwhile: it stays so */
}

enum err retention_save(struct cx *cx, struct retention *r)
{
    if (r->id) return db_write(cx, change_inside, r);
    r->id = id_new(cx->now_ms);
    return db_write(cx, save_inside, r);
}

static enum err drop_inside(struct cx *cx, void *arg)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM retention WHERE id = $1", V(*(const int64_t *)arg)));
    return n ? E_OK : fail(cx, E_NOTFOUND, "There is no such rule");
}

enum err retention_drop(struct cx *cx, int64_t id) { return db_write(cx, drop_inside, &id); }

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

static enum err where_of(struct cx *cx, const struct retention *r, const struct entity *e, bool lawful,
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
    if (lawful && e->kept_years) before_json(cx, "created_at", ago_ms(cx, e->kept_years, RETAIN_YEARS), &w);
    if (r->act == RETAIN_EMPTY) any_left_json(r, &w);
    if (r->filter.n) jw_raw(&w, r->filter);
    jw_arr_end(&w);
    jw_obj_end(&w);
    TRY(json_parse(cx, buf_str(&b), &j));
    return filter_parse(cx, e, j, NULL, ret);
}

enum err retention_query(struct cx *cx, const struct retention *r, bool lawful, const struct entity **ret_e,
                         struct query *ret)
{
    const struct entity *e = meta_entity(cx->meta, r->entity);
    if (!e) return fail_at(cx, E_INVALID, S("entity"), "There is no entity \"%.*s\"", FS(r->entity));
    *ret = (struct query){.cursor = S(""), .fields = {.bare = true}, .deleted = r->since == SINCE_TRASHED};
    TRY(where_of(cx, r, e, lawful, &ret->where));
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
    return retention_query(cx, r, true, &e, &q);
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

static enum err rehearse(struct cx *cx, const struct retention *r, struct rehearsal *ret)
{
    struct query q = {0}, whole = {0};
    const struct entity *e = NULL;
    bool exact = true;
    TRY(retention_query(cx, r, false, &e, &whole));
    TRY(record_count_query(cx, e, &whole, 0, &ret->held, &exact));
    TRY(retention_query(cx, r, true, &e, &q));
    TRY(record_count_query(cx, e, &q, 0, &ret->found, &exact));
    ret->held -= ret->found;
    TRY(record_count(cx, e, NULL, q.deleted, 0, &ret->total, &exact));
    ret->over = ret->found > RETAIN_FEW && ret->found * 100 > r->most * ret->total;
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

static enum err rehearsed_inside(struct cx *cx, void *arg)
{
    const struct retention *r = arg;
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE retention SET rehearsed_at = $2 WHERE id = $1 AND entity = $3 AND filter_json = $4"
                " AND since = $5 AND n = $6 AND unit = $7 AND act = $8 AND fields = $9",
                V(r->id), V(cx->now_ms), V(r->entity), V(r->filter), V((int64_t)r->since), V(r->n), V((int64_t)r->unit),
                V((int64_t)r->act), V(r->fields)));
    return n ? E_OK : fail(cx, E_CONFLICT, "Somebody has changed this record in the meantime");
}

enum err retention_rehearsed(struct cx *cx, const struct retention *r)
{
    struct retention copy = *r;
    return db_write(cx, rehearsed_inside, &copy);
}

/* ---- runs ---- */
enum err retention_runs_json(struct cx *cx, int64_t rule, int64_t before, struct jw *w, int64_t *ret_next)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT id, rule, at, ended_at, state, found, done, refused, why, batch FROM retention_run"
                 " WHERE rule = $1 AND id < $2 ORDER BY id DESC LIMIT 20",
                 V(rule), V(before ? before : INT64_MAX)));
    for (size_t i = 0; i < r.n; i++) {
        jw_obj(w);
        jw_kid(w, S("id"), db_int(&r, i, 0));
        jw_kstr(w, S("at"), time_text(cx->a, db_int(&r, i, 2)));
        jw_kstr(w, S("state"), db_str(&r, i, 4));
        jw_kint(w, S("found"), db_int(&r, i, 5));
        jw_kint(w, S("done"), db_int(&r, i, 6));
        jw_kint(w, S("refused"), db_int(&r, i, 7));
        jw_kstr(w, S("why"), db_str(&r, i, 8));
        jw_kid(w, S("batch"), db_int(&r, i, 9));
        jw_obj_end(w);
    }
    *ret_next = r.n == RUN_PAGE ? db_int(&r, r.n - 1, 0) : 0;
    return E_OK;
}
