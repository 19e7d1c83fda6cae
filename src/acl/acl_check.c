/* SPDX-License-Identifier: MIT */
/* acl/acl_check.c - are rights, as somebody writes them on a role's card, such rights? */
#include "acl/acl_int.h"

#include "meta/filter.h"

static str place(struct cx *cx, str entity, str word)
{
    return arena_fmt(cx->a, "rights.%.*s%s%.*s", FS(entity), word.n ? "." : "", FS(word));
}

static enum err possible(struct cx *cx, str at, const str *words, size_t n)
{
    struct buf b = buf_new(cx->a, 256);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add(&b, S(", "));
        buf_add(&b, words[i]);
    }
    return fail_at(cx, E_INVALID, at, "Possible here: %.*s", FS(buf_str(&b)));
}

static enum err no_object(struct cx *cx, str at) { return fail_at(cx, E_INVALID, at, "This must be an object"); }

static enum err fields_check(struct cx *cx, const struct entity *e, const struct json *j)
{
    if (j->t != JT_OBJ) return no_object(cx, place(cx, e->name, S("fields")));
    for (size_t i = 0; i < j->n; i++) {
        str name = j->v[i].key, at = place(cx, e->name, arena_fmt(cx->a, "fields.%.*s", FS(name)));
        const struct field *f = entity_field(e, name);
        if (!f || f->system || f->hidden) return fail_at(cx, E_INVALID, at, "There is no field \"%.*s\"", FS(name));
        if (word_at(field_right_name, rights_of(f), word_of(&j->v[i])) == rights_of(f))
            return possible(cx, at, field_right_name, rights_of(f));
    }
    return E_OK;
}

/* Each query of a user carries them, from all his roles. */
enum { VALUES_MAX = 50 };
static size_t values_of(const struct cond *c)
{
    size_t n = c->n_v;
    for (size_t i = 0; i < c->n; i++) n += values_of(&c->kids[i]);
    return n;
}

static enum err filter_check(struct cx *cx, const struct entity *e, const struct json *j)
{
    const struct cond *c = NULL;
    str at = place(cx, e->name, S("filter"));
    if (e->admin) return fail_at(cx, E_INVALID, at, "All see these: a filter is not possible here");
    enum err err = filter_parse(cx, e, j, NULL, &c);
    if (err == E_INVALID) cx->at = at;
    TRY(err);
    return values_of(c) <= VALUES_MAX
               ? E_OK
               : fail_at(cx, E_INVALID, at, "A condition of a role compares with at most %d values", VALUES_MAX);
}

static enum err entity_check(struct cx *cx, str name, const struct entity *e, const struct json *j)
{
    if (j->t != JT_OBJ) return no_object(cx, place(cx, name, S("")));
    for (size_t i = 0; i < j->n; i++) {
        str word = j->v[i].key, at = place(cx, name, word);
        if (e && str_eq(word, S("fields"))) {
            TRY(fields_check(cx, e, &j->v[i]));
            continue;
        }
        if (e && str_eq(word, S("filter"))) {
            TRY(filter_check(cx, e, &j->v[i]));
            continue;
        }
        if (word_at(action_name, ACT_MAX, word) == ACT_MAX) return possible(cx, at, action_name, ACT_MAX);
        if (word_at(reach_name, REACHES, word_of(&j->v[i])) == REACHES)
            return possible(cx, at, reach_name, REACHES);
    }
    return E_OK;
}

static enum err sys_check(struct cx *cx, const struct json *j)
{
    str names[SYS_NAMES];
    for (size_t k = 0; k < SYS_NAMES; k++) names[k] = sys_names[k].name;
    bool good = j->t == JT_ARR;
    for (size_t i = 0; good && i < j->n; i++) good = word_at(names, COUNT(names), word_of(&j->v[i])) < COUNT(names);
    return good ? E_OK : possible(cx, place(cx, S("sys"), S("")), names, COUNT(names));
}

enum err acl_factor_check(struct cx *cx, str at, enum factor_want want)
{
    if (want != WANT_PASSKEY || !cx->no_passkeys) return E_OK;
    return fail_at(cx, E_INVALID, at, "Passkeys need the address of this server to be told to it: the setting url");
}

static enum err factor_check(struct cx *cx, const struct json *j)
{
    static const str possible_word[] = {S0("true"), S0("false"), S0("passkey")};
    str at = place(cx, S("second_factor"), S(""));
    if (j->t == JT_BOOL) return E_OK;
    if (!str_eq(word_of(j), factor_want_name[WANT_PASSKEY]))
        return possible(cx, at, possible_word, COUNT(possible_word));
    return acl_factor_check(cx, at, WANT_PASSKEY);
}

enum err acl_check(struct cx *cx, str rights)
{
    const struct json *j = NULL;
    TRY(json_parse(cx, rights, &j));
    if (j->t != JT_OBJ) return no_object(cx, S("rights"));
    for (size_t i = 0; i < j->n; i++) {
        str name = j->v[i].key;
        const struct entity *e = meta_entity(cx->meta, name);
        if (str_eq(name, S("sys"))) TRY(sys_check(cx, &j->v[i]));
        else if (str_eq(name, S("second_factor"))) TRY(factor_check(cx, &j->v[i]));
        else if (e || str_eq(name, S("*"))) TRY(entity_check(cx, name, e, &j->v[i]));
        else return fail_at(cx, E_INVALID, place(cx, name, S("")), "There is no entity \"%.*s\"", FS(name));
    }
    return E_OK;
}

/* ---- who has what ---- */
static enum err roles_with(struct cx *cx, enum sysright right, int64_t **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    size_t n = 0;
    TRY(db_query(cx, &r, "SELECT id, rights FROM \"role\" WHERE deleted_at IS NULL AND rights LIKE '%\"sys\"%'"));
    int64_t *ids = NEW_N(cx->a, int64_t, r.n + 1);
    for (size_t i = 0; i < r.n; i++) {
        const struct json *rights = NULL;
        bool reads = json_parse(cx, db_str(&r, i, 1), &rights) == E_OK;
        if (reads && sys_of(rights) & (unsigned)right) ids[n++] = db_int(&r, i, 0);
    }
    *ret = ids;
    *ret_n = n;
    return E_OK;
}

enum err acl_holders(struct cx *cx, enum sysright right, size_t max, int64_t **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    struct sql q = sql_new(cx);
    int64_t *roles = NULL;
    size_t n = 0;
    *ret_n = 0;
    TRY(roles_with(cx, right, &roles, &n));
    if (!n) return E_OK;
    sql_lit(&q, "SELECT u.id FROM \"user\" u WHERE u.deleted_at IS NULL AND u.active = 1 AND (u.role IN ");
    sql_ids(cx, &q, roles, n);
    sql_lit(&q, " OR EXISTS (SELECT 1 FROM link l WHERE l.a = u.id AND l.field = 'roles' AND l.b IN ");
    sql_ids(cx, &q, roles, n);
    sql_lit(&q, ")) ORDER BY u.id LIMIT ");
    sql_val(cx, &q, V((int64_t)max));
    TRY(sql_run(cx, &q, &r, NULL));
    int64_t *ids = NEW_N(cx->a, int64_t, r.n + 1);
    for (size_t i = 0; i < r.n; i++) ids[i] = db_int(&r, i, 0);
    *ret = ids;
    *ret_n = r.n;
    return E_OK;
}

/* The row that all meet at. On PostgreSQL each sees the base as it was when he began: of two who take a right at once
 * both would still see the other's. Who comes second finds this row changed and begins anew. */
enum err acl_ruling_begin(struct cx *cx)
{
    return db_exec(cx, NULL,
                   "INSERT INTO counter (name, value) VALUES ('ruling', 1)"
                   " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1");
}

enum err acl_still_ruled(struct cx *cx, const struct entity *e)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (!cx->acl || !e->admin || !(str_eq(e->name, S("role")) || str_eq(e->name, S("user")))) return E_OK;
    TRY(acl_ruling_begin(cx));
    TRY(acl_holders(cx, SYS_USERS, 1, &ids, &n));
    return n ? E_OK : fail(cx, E_DENIED, "Then nobody could manage users any more");
}
