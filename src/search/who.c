/* SPDX-License-Identifier: MIT */
/* search/who.c - whose number is it? One look-up by the whole number, a second by its end when nobody has it. */
#include "search/search_int.h"

#include "fmt/phone.h"

enum { CALLERS_MAX = 10, POINTS_LOOK = 100 };
enum {
    COL_PERSON,
    COL_NAME,
    COL_OWNER,
    COL_COMPANY,
    COL_FIRM,
    COL_FIRM_OWNER,
    COL_EXT,
    COL_AT_FIRM,
    COL_COLLEAGUE,
    COL_ENTITY,
    COL_FIELD
};

/* Every seen holder of a number: points of people, of companies, of a person's place in a company. */
static void holders_sql(struct cx *cx, struct sql *q)
{
    const struct entity *person = ENT(cx, "person"), *company = ENT(cx, "company");
    sql_lit(q, "SELECT p.id, p.name, p.owner, c.id, c.name, c.owner, k.ext, CASE WHEN k.entity = "
               "'company' THEN 1 ELSE 0 END, u.name, k.entity, k.field"
               " FROM contact_point k"
               " LEFT JOIN \"position\" s ON k.entity = 'position' AND s.id = k.record AND "
               "s.deleted_at IS NULL"
               " LEFT JOIN person p ON p.id = CASE k.entity WHEN 'person' THEN k.record WHEN "
               "'position' THEN s.person END AND ");
    seen_sql(cx, person, S("p"), q);
    sql_lit(q, " LEFT JOIN company c ON c.id = CASE k.entity WHEN 'company' THEN k.record WHEN "
               "'position' THEN s.company"
               " ELSE p.company END AND ");
    seen_sql(cx, company, S("c"), q);
    sql_lit(
        q,
        " LEFT JOIN \"user\" u ON u.id = CASE k.entity WHEN 'company' THEN c.owner ELSE p.owner END"
        " WHERE k.kind = 'phones' AND (p.id IS NOT NULL OR (k.entity = 'company' AND c.id IS NOT "
        "NULL)) AND k.");
}

static enum err holders(struct cx *cx, bool exact, str key, struct db_rows *ret)
{
    struct sql q = sql_new(cx);
    if (!key.n) return E_OK;
    holders_sql(cx, &q);
    if (exact) sql_lit(&q, "norm = ");
    else sql_lit(&q, "tail = ");
    sql_val(cx, &q, V(key));
    sql_lit(&q, " ORDER BY k.record LIMIT ");
    sql_val(cx, &q, V(POINTS_LOOK));
    return sql_run(cx, &q, ret, NULL);
}

/* A number in a field that is hidden from the asker is nobody's, nor is that of a place whose holder is hidden. */
static bool is_hidden(const struct cx *cx, const struct db_rows *r, size_t i)
{
    const struct entity *e = meta_entity(cx->meta, db_str(r, i, COL_ENTITY));
    bool at_place = e && str_eq(e->name, S("position"));
    return !field_seen(cx, e, db_str(r, i, COL_FIELD)) || (at_place && !field_seen(cx, e, S("person")));
}

static struct caller caller_of(struct cx *cx, const struct db_rows *r, size_t i, bool exact)
{
    bool firm = db_int(r, i, COL_AT_FIRM) != 0;
    bool placed = !firm && field_seen(cx, meta_entity(cx->meta, db_str(r, i, COL_ENTITY)), S("company"));
    return (struct caller){.e = firm ? ENT(cx, "company") : ENT(cx, "person"),
                           .id = db_int(r, i, firm ? COL_COMPANY : COL_PERSON),
                           .title = db_str(r, i, firm ? COL_FIRM : COL_NAME),
                           .company = placed ? db_int(r, i, COL_COMPANY) : 0,
                           .company_title = placed ? db_str(r, i, COL_FIRM) : S(""),
                           .owner = db_int(r, i, firm ? COL_FIRM_OWNER : COL_OWNER),
                           .owner_title = db_str(r, i, COL_COLLEAGUE),
                           .exact = exact};
}

static void add(struct caller *v, size_t *n, const struct caller *c)
{
    for (size_t i = 0; i < *n; i++)
        if (v[i].id == c->id) return;
    if (*n < CALLERS_MAX) v[(*n)++] = *c;
}

/* 0 is best: the caller's own extension; a number of one's own; the firm of a shared line; others on that line. */
static int rank_of(const struct db_rows *r, size_t i, str ext)
{
    str has = db_str(r, i, COL_EXT);
    bool firm = db_int(r, i, COL_AT_FIRM) != 0;
    if (ext.n && str_eq(has, ext)) return 0;
    if (!has.n && !firm) return 1;
    return firm ? 2 : 3;
}

/* ---- all other entities: an own "Machine" has a telephone too ---- */
const struct field *phones_of(const struct cx *cx, const struct entity *e)
{
    for (size_t i = F_SYSTEM_N; i < e->n; i++)
        if (str_eq(e->f[i].kind->name, S("phones")) && !e->f[i].trashed && acl_field_read(cx, &e->f[i]))
            return &e->f[i];
    return NULL;
}

static bool is_asked_apart(const struct cx *cx, const struct entity *e)
{
    bool known = str_eq(e->name, S("person")) || str_eq(e->name, S("company")) || str_eq(e->name, S("position"));
    return !known && !e->trashed && acl_may(cx, e, ACT_SEE) && phones_of(cx, e);
}

/* Its seen records among the points. */
static enum err others_of(struct cx *cx, const struct entity *e, bool exact, str key, struct caller *v, size_t *n)
{
    struct sql q = sql_new(cx);
    struct db_rows r = {0};
    sql_lit(&q, "SELECT r.id, r.owner, u.name, k.field, ");
    title_sql(&q, e, S("r"));
    sql_lit(&q, " FROM contact_point k JOIN ");
    sql_name(&q, e->table);
    sql_lit(&q, " r ON r.id = k.record LEFT JOIN \"user\" u ON u.id = r.owner WHERE k.kind = 'phones' AND k.entity = ");
    sql_val(cx, &q, V(e->name));
    if (exact) sql_lit(&q, " AND k.norm = ");
    else sql_lit(&q, " AND k.tail = ");
    sql_val(cx, &q, V(key));
    sql_lit(&q, " AND ");
    seen_sql(cx, e, S("r"), &q);
    sql_lit(&q, " ORDER BY r.id LIMIT 10");
    TRY(sql_run(cx, &q, &r, NULL));
    for (size_t i = 0; i < r.n; i++) {
        const struct field *f = entity_field(e, db_str(&r, i, 3));
        struct caller c = {.e = e,
                           .id = db_int(&r, i, 0),
                           .title = title_of(cx, e, &r, i, 4),
                           .company_title = S(""),
                           .owner = db_int(&r, i, 1),
                           .owner_title = db_str(&r, i, 2),
                           .exact = exact};
        if (f && acl_field_read(cx, f)) add(v, n, &c);
    }
    return E_OK;
}

static enum err others(struct cx *cx, bool exact, str key, struct caller *v, size_t *n)
{
    for (size_t i = 0; key.n && i < cx->meta->n; i++)
        if (is_asked_apart(cx, &cx->meta->entity[i])) TRY(others_of(cx, &cx->meta->entity[i], exact, key, v, n));
    return E_OK;
}

/* People and companies of one rank after the other; other entities behind those whose own number it is. */
static enum err ranked(struct cx *cx, const struct db_rows *r, str ext, bool exact, str key, struct caller *v,
                       size_t *n)
{
    for (int rank = 0; rank < 4; rank++) {
        for (size_t i = 0; i < r->n; i++)
            if (rank_of(r, i, ext) == rank && !is_hidden(cx, r, i)) {
                struct caller c = caller_of(cx, r, i, exact);
                add(v, n, &c);
            }
        if (rank == 1) TRY(others(cx, exact, key, v, n));
    }
    return E_OK;
}

enum err who_find(struct cx *cx, str number, str *ret_e164, struct caller **ret, size_t *ret_n)
{
    struct phone p = {0};
    struct db_rows r = {0};
    str tail = {0};
    size_t n = 0;
    struct caller *v = NEW_N(cx->a, struct caller, CALLERS_MAX);
    *ret = v;
    *ret_n = 0;
    *ret_e164 = S("");
    if (number.n > 300) return fail(cx, E_BAD, "This is not a telephone number");
    phone_query(cx->a, number, cx->country, &p, &tail);
    *ret_e164 = p.e164;
    if (!ENT(cx, "person") || !ENT(cx, "company") || !ENT(cx, "position")) return E_OK;
    TRY(holders(cx, true, p.e164, &r));
    TRY(ranked(cx, &r, p.ext, true, p.e164, v, &n));
    if (!n) {
        TRY(holders(cx, false, tail, &r));
        TRY(ranked(cx, &r, p.ext, false, tail, v, &n));
    }
    *ret_n = n;
    return E_OK;
}
