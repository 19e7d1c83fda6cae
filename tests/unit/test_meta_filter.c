/* SPDX-License-Identifier: MIT */
/* What the filter's parser takes, refuses and resolves. */
#include "meta_filter_ents.h"

/* ---- without a database ---- */
static enum err parse(struct cx *cx, const char *json, const struct filter_opts *o, const struct cond **ret)
{
    const struct json *j = NULL;

    cx->at = S("");
    TRY(json_parse(cx, str_from(json), &j));
    return filter_parse(cx, &ents[THING], j, o, ret);
}

static bool no_secret(const struct cx *cx, const struct field *f)
{
    (void)cx;
    return !str_eq(f->name, S("secret")) && !str_eq(f->name, S("others"));
}
static bool no_team(const struct cx *cx, const struct entity *e)
{
    (void)cx;
    return e != &ents[TEAM];
}

static const struct bad {
    const char *json, *at;
} bad[] = {
    {"[]", "filter"},
    {"\"num\"", "filter"},
    {"{\"and\":{}}", "filter"},
    {"{\"or\":[]}", "filter"},
    {"{\"not\":[]}", "filter"},
    {"{\"nand\":[]}", "filter"},
    {"{\"nand\":{}}", "filter"},
    {"{\"and\":[1]}", "filter"},
    {"{\"field\":\"num\"}", "filter"},
    {"{\"field\":\"num\",\"op\":1,\"value\":1}", "filter"},
    {"{\"field\":\"num\",\"op\":\"eq\",\"value\":1,\"x\":2}", "filter"},
    {"{\"field\":\"nix\",\"op\":\"eq\",\"value\":1}", "nix"},
    {"{\"field\":\"\",\"op\":\"eq\",\"value\":1}", ""},
    {"{\"field\":\"id\",\"op\":\"eq\",\"value\":1}", "id"},
    {"{\"field\":\"NUM\",\"op\":\"eq\",\"value\":1}", "NUM"},
    {"{\"field\":\"num\\\" = 1) OR (1=1\",\"op\":\"eq\",\"value\":1}", "num\" = 1) OR (1=1"},
    {"{\"field\":\"other.num\",\"op\":\"eq\",\"value\":1}", "other.num"},
    {"{\"field\":\"num\",\"op\":\"= 1 OR 1\",\"value\":1}", "num"},
    {"{\"field\":\"num\",\"op\":\"contains\",\"value\":\"1\"}", "num"},
    {"{\"field\":\"num\",\"op\":\"within\",\"value\":\"today\"}", "num"},
    {"{\"field\":\"keys\",\"op\":\"lt\",\"value\":\"a\"}", "keys"},
    {"{\"field\":\"none\",\"op\":\"empty\"}", "none"},
    {"{\"field\":\"lines\",\"op\":\"eq\",\"value\":1}", "lines"},
    {"{\"field\":\"num\",\"op\":\"eq\"}", "num"},
    {"{\"field\":\"num\",\"op\":\"eq\",\"value\":null}", "num"},
    {"{\"field\":\"num\",\"op\":\"eq\",\"value\":[1]}", "num"},
    {"{\"field\":\"num\",\"op\":\"eq\",\"value\":\"1; DROP TABLE x\"}", "num"},
    {"{\"field\":\"num\",\"op\":\"eq\",\"value\":\"me\"}", "num"},
    {"{\"field\":\"owner\",\"op\":\"in\",\"value\":[\"my_team\"]}", "owner"},
    {"{\"field\":\"num\",\"op\":\"in\",\"value\":1}", "num"},
    {"{\"field\":\"num\",\"op\":\"in\",\"value\":[]}", "num"},
    {"{\"field\":\"num\",\"op\":\"in\",\"value\":[1,null]}", "num"},
    {"{\"field\":\"num\",\"op\":\"empty\",\"value\":1}", "num"},
    {"{\"field\":\"name\",\"op\":\"contains\",\"value\":\"\"}", "name"},
    {"{\"field\":\"name\",\"op\":\"contains\",\"value\":{\"a\":1}}", "name"},
    {"{\"field\":\"phones\",\"op\":\"contains\",\"value\":\"abc 000\"}", "phones"},
    {"{\"field\":\"keys\",\"op\":\"eq\",\"value\":\"a|b\"}", "keys"},
    {"{\"field\":\"day\",\"op\":\"within\",\"value\":\"this_moon\"}", "day"},
    {"{\"field\":\"day\",\"op\":\"within\",\"value\":{\"last_days\":0}}", "day"},
    {"{\"field\":\"day\",\"op\":\"within\",\"value\":{\"last_days\":36601}}", "day"},
    {"{\"field\":\"day\",\"op\":\"within\",\"value\":{\"last_days\":\"3\"}}", "day"},
    {"{\"field\":\"day\",\"op\":\"within\",\"value\":{\"last_days\":1,\"next_days\":1}}", "day"},
    {"{\"link\":\"num\",\"has\":{}}", "num"},
    {"{\"link\":\"nix\",\"has\":{}}", "nix"},
    {"{\"link\":\"other\",\"has\":{\"field\":\"price\",\"op\":\"empty\"}}", "price"},
    {"{\"has\":{},\"some\":\"others\"}", "filter"},
    {"{\"has\":{}}", "filter"},
    {"{\"any\":\"nix\",\"has\":{}}", "nix"},
    {"{\"any\":\"team\",\"has\":{}}", "team"},
    {"{\"any\":\"other\",\"has\":{}}", "other"}, /* two ways back: say which */
    {"{\"any\":\"other.boss\",\"has\":{}}", "other.boss"},
    {"{\"any\":\"other.\",\"has\":{}}", "other."},
};

static void refused(void)
{
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    const struct cond *c = NULL;

    cx.meta = &m;
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_INT(parse(&cx, bad[i].json, NULL, &c), E_INVALID);
        T_STR(cx.at, str_from(bad[i].at));
        T(!c && cx.msg.n);
    }
    str flood = arena_fmt(cx.a, "{\"field\":\"%0200d\",\"op\":\"eq\"}", 0);
    T_INT(parse(&cx, flood.p, NULL, &c), E_INVALID);
    T(cx.at.n <= FIELD_NAME_MAX && cx.msg.n < 200);
    t_cx_free(&cx);
}

static void hidden(void)
{
    const struct filter_opts o = {.may_read = no_secret, .may_see = no_team};
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    const struct cond *c = NULL;
    static const char *const rows[] = {
        "{\"field\":\"others\",\"op\":\"empty\"}",
        "{\"link\":\"others\",\"has\":{}}",
        "{\"link\":\"other\",\"has\":{\"field\":\"secret\",\"op\":\"starts\",\"value\":\"a\"}}",
        "{\"any\":\"lines\",\"has\":{\"not\":{\"field\":\"secret\",\"op\":\"eq\",\"value\":\"a\"}}}",
        "{\"link\":\"team\",\"has\":{}}",
    };

    cx.meta = &m;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_OK(&cx, parse(&cx, rows[i], NULL, &c));
        T_INT(parse(&cx, rows[i], &o, &c), E_INVALID);
        str with = cx.msg;
        T(str_find(with, S("There is no field")) == 0);
    }
    T_OK(&cx, parse(&cx, "{\"field\":\"num\",\"op\":\"empty\"}", &o, &c));
    thing_f[NUM].hidden = true;
    T_INT(parse(&cx, "{\"field\":\"num\",\"op\":\"empty\"}", &o, &c), E_INVALID);
    T_OK(&cx, parse(&cx, "{\"field\":\"num\",\"op\":\"empty\"}", NULL, &c));
    thing_f[NUM].hidden = false;
    t_cx_free(&cx);
}

static str nested(struct cx *cx, int depth)
{
    struct buf b = buf_new(cx->a, 100000);
    for (int i = 1; i < depth; i++) buf_add(&b, S("{\"not\":"));
    buf_add(&b, S("{\"field\":\"num\",\"op\":\"empty\"}"));
    for (int i = 1; i < depth; i++) buf_byte(&b, '}');
    buf_byte(&b, 0);
    return buf_str(&b);
}

/* {"and":[n times `one`]} or a list of values */
static str repeated(struct cx *cx, const char *head, const char *one, int n, const char *tail)
{
    struct buf b = buf_new(cx->a, 1000000);
    buf_add(&b, str_from(head));
    for (int i = 0; i < n; i++) buf_fmt(&b, "%s%s", i ? "," : "", one);
    buf_add(&b, str_from(tail));
    buf_byte(&b, 0);
    return buf_str(&b);
}

static void limits(void)
{
    static const char one[] = "{\"field\":\"num\",\"op\":\"empty\"}",
                      in[] = "{\"field\":\"num\",\"op\":\"in\",\"value\":[";
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    const struct cond *c = NULL;

    cx.meta = &m;
    T_OK(&cx, parse(&cx, nested(&cx, FILTER_DEPTH).p, NULL, &c));
    T_INT(parse(&cx, nested(&cx, FILTER_DEPTH + 1).p, NULL, &c), E_INVALID);
    T_STR(cx.at, S("filter"));
    T_OK(&cx, parse(&cx, repeated(&cx, "{\"and\":[", one, FILTER_NODES - 1, "]}").p, NULL, &c));
    T_INT(parse(&cx, repeated(&cx, "{\"and\":[", one, FILTER_NODES, "]}").p, NULL, &c), E_INVALID);
    T_OK(&cx, parse(&cx, repeated(&cx, in, "7", FILTER_IN_MAX, "]}").p, NULL, &c));
    T_INT(parse(&cx, repeated(&cx, in, "7", FILTER_IN_MAX + 1, "]}").p, NULL, &c), E_INVALID);
    T_STR(cx.at, S("num"));
    str most = repeated(&cx, in, "7", FILTER_IN_MAX, "]}"), single = repeated(&cx, in, "7", 1, "]}");
    str two = arena_fmt(cx.a, "{\"and\":[%s,%s]}", most.p, single.p);
    T_INT(parse(&cx, two.p, NULL, &c), E_INVALID);
    t_cx_free(&cx);
}

static void nothing_is_all(void)
{
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    const struct cond *c = NULL;
    struct sql q = sql_new(&cx);
    bool fits = false;

    cx.meta = &m;
    T_OK(&cx, filter_parse(&cx, &ents[THING], NULL, NULL, &c));
    T_INT(c->k, C_TRUE);
    filter_sql(&cx, c, S("t"), &q, NULL);
    T_STR(buf_str(&q.text), S("(1=1)"));
    T_OK(&cx, filter_eval(&cx, c, 1, NULL, NULL, &fits));
    T(fits);
    T_OK(&cx, parse(&cx, "{}", NULL, &c));
    T_OK(&cx, parse(&cx, "{\"any\":\"lines\",\"has\":{}}", NULL, &c));
    T_INT(filter_eval(&cx, c, 1, NULL, NULL, &fits), E_INTERNAL);
    T_OK(&cx, parse(&cx, "{\"any\":\"others.things\",\"has\":{}}", NULL, &c)); /* the plural of an entity */
    T(c->f == &other_f[O_THINGS]);
    T_OK(&cx, parse(&cx, "{\"link\":\"owner\",\"has\":{\"field\":\"owner\",\"op\":\"empty\"}}", NULL, &c));
    T(c->kids->e == &ents[USER]);
    T_OK(&cx, parse(&cx, "{\"field\":\"team\",\"op\":\"eq\",\"value\":\"my_team\"}", NULL, &c));
    T_INT(c->v->i, cx.who.team);
    t_cx_free(&cx);
}

static const struct rel {
    const char *now;
    int tz_min;
    const char *value, *from, *to;
} rels[] = {
    {"2026-11-22T10:00:00Z", 0, "\"today\"", "2026-11-22", "2026-11-23"},
    {"2026-11-22T10:00:00Z", 0, "\"yesterday\"", "2026-11-21", "2026-11-22"},
    {"2026-11-22T10:00:00Z", 0, "\"tomorrow\"", "2026-11-23", "2026-11-24"},
    {"2026-11-22T10:00:00Z", 0, "\"this_week\"", "2026-11-16", "2026-11-23"}, /* a Sunday */
    {"2026-11-23T10:00:00Z", 0, "\"this_week\"", "2026-11-23", "2026-11-30"}, /* a Monday */
    {"2026-11-22T10:00:00Z", 0, "\"last_week\"", "2026-11-09", "2026-11-16"},
    {"2026-11-22T10:00:00Z", 0, "\"this_month\"", "2026-11-01", "2026-12-01"},
    {"2026-03-31T10:00:00Z", 0, "\"last_month\"", "2026-02-01", "2026-03-01"},
    {"2028-03-31T10:00:00Z", 0, "\"last_month\"", "2028-02-01", "2028-03-01"},
    {"2026-01-01T00:00:00Z", 0, "\"last_month\"", "2025-12-01", "2026-01-01"},
    {"2026-12-31T23:30:00Z", 0, "\"this_quarter\"", "2026-10-01", "2027-01-01"},
    {"2026-12-31T23:30:00Z", 60, "\"this_quarter\"", "2027-01-01", "2027-04-01"}, /* Berlin: already January */
    {"2026-12-31T23:30:00Z", 60, "\"last_quarter\"", "2026-10-01", "2027-01-01"},
    {"2027-01-01T04:30:00Z", -300, "\"this_year\"", "2026-01-01", "2027-01-01"}, /* New York: still December */
    {"2027-01-01T04:30:00Z", -300, "\"last_year\"", "2025-01-01", "2026-01-01"},
    {"2027-01-01T04:30:00Z", 345, "\"today\"", "2027-01-01", "2027-01-02"}, /* Nepal */
    {"2026-09-30T23:59:59.999Z", 0, "\"this_quarter\"", "2026-07-01", "2026-10-01"},
    {"2026-10-01T00:00:00Z", 0, "\"last_quarter\"", "2026-07-01", "2026-10-01"},
    {"2026-09-30T23:00:00Z", 180, "\"this_month\"", "2026-10-01", "2026-11-01"}, /* Moscow */
    {"2026-11-22T10:00:00Z", 0, "{\"last_days\":1}", "2026-11-22", "2026-11-23"},
    {"2026-11-22T10:00:00Z", 0, "{\"last_days\":30}", "2026-10-24", "2026-11-23"},
    {"2026-12-28T22:30:00Z", 120, "{\"next_days\":7}", "2026-12-29", "2027-01-05"},
};

static enum err parse_within(struct cx *cx, const char *field, const char *value, const struct cond **ret)
{
    return parse(cx, arena_fmt(cx->a, "{\"field\":\"%s\",\"op\":\"within\",\"value\":%s}", field, value).p, NULL, ret);
}

static void relative_dates(void)
{
    struct cx cx = t_cx();
    struct meta m = describe(&cx);

    cx.meta = &m;
    for (size_t i = 0; i < COUNT(rels); i++) {
        const struct rel *r = &rels[i];
        const struct cond *day = NULL, *at = NULL, *roll_up = NULL;
        T(time_parse(str_from(r->now), 0, &cx.now_ms));
        cx.tz_min = r->tz_min;
        T_OK(&cx, parse_within(&cx, "day", r->value, &day));
        T_OK(&cx, parse_within(&cx, "at", r->value, &at));
        T_OK(&cx, parse_within(&cx, "roll", r->value, &roll_up));
        if (!day || !at || !roll_up) continue;
        T_STR(day_text(cx.a, day->v[0].i), str_from(r->from));
        T_STR(day_text(cx.a, day->v[1].i), str_from(r->to));
        T_INT(at->v[0].i, day->v[0].i * DAY_MS - r->tz_min * 60000LL);
        T_INT(at->v[1].i, day->v[1].i * DAY_MS - r->tz_min * 60000LL);
        T_INT(roll_up->v[1].i, at->v[1].i);
    }
    t_cx_free(&cx);
}

/* A time stamp against a day, at +02:00. */
static void whole_days(void)
{
    static const struct {
        const char *op;
        enum op as;
        const char *from, *to; /* to NULL: from alone */
    } want[] = {
        {"lt", OP_LT, "2026-11-28T22:00:00Z", NULL},      {"ge", OP_GE, "2026-11-28T22:00:00Z", NULL},
        {"le", OP_LT, "2026-11-29T22:00:00Z", NULL},      {"gt", OP_GE, "2026-11-29T22:00:00Z", NULL},
        {"eq", OP_WITHIN, "2026-11-28T22:00:00Z", "2026-11-29T22:00:00Z"},
        {"ne", OP_WITHIN, "2026-11-28T22:00:00Z", "2026-11-29T22:00:00Z"},
    };
    struct cx cx = t_cx();
    struct meta m = describe(&cx);

    cx.meta = &m;
    cx.tz_min = 120;
    for (size_t i = 0; i < COUNT(want); i++) {
        const struct cond *c = NULL;
        int64_t from = 0, to = 0;
        T_OK(&cx, parse(&cx, arena_fmt(cx.a, "{\"field\":\"at\",\"op\":\"%s\",\"value\":\"2026-11-29\"}", want[i].op).p, NULL, &c));
        if (!c) continue;
        if (str_eq(str_from(want[i].op), S("ne"))) {
            T(c->k == C_NOT);
            c = c->kids;
        }
        T(time_parse(str_from(want[i].from), 0, &from));
        T(c->k == C_CMP && c->op == want[i].as && c->v[0].i == from && c->n_v == (want[i].to ? 2u : 1u));
        if (!want[i].to) continue;
        T(time_parse(str_from(want[i].to), 0, &to));
        T_INT(c->v[1].i, to);
    }
    t_cx_free(&cx);
}

TESTS("meta_filter", nothing_is_all, refused, hidden, limits, relative_dates, whole_days)
