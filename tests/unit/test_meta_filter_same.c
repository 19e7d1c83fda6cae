/* SPDX-License-Identifier: MIT */
/* The filter's two evaluators say the same: random trees over random records, on each engine, against
 * filter_eval; and SQL holds no word of a request. */
#include "meta_filter_ents.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- chance: the same every run ---- */
static uint64_t chance = 0x9E3779B97F4A7C15u;
static uint32_t roll(uint32_t n)
{
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return (uint32_t)(chance >> 33) % n;
}

static const str texts[] = {
    S0(""), S0("a"), S0("A"), S0("ab"), S0("AB"), S0("Ab c"), S0("b"), S0("%"), S0("_"), S0("a%"), S0("a_b"), S0("\\"),
    S0("'"), S0("\""), S0("x'); DROP TABLE tf_thing;--"), S0("$1"), S0("müller"), S0("MÜLLER"), S0("mueller"),
    S0("Щеголева"), S0("щеголёва"), S0("straße"), S0("STRASSE"), S0("\xF0\x9F\x98\x80"), S0("a\xF4\x8F\xBF\xBF"),
    S0("\xF4\x8F\xBF\xBF"), S0("\xED\x9F\xBF"), S0("\xEE\x80\x80"), S0("a\xEE\x80\x80"), S0("a\x7F"),
    S0("  a  "), S0("ä"), S0("z"), S0("Ž"), S0("i"), S0("İ"), S0("ı"), S0("ﬁ"),
};
static const str keys[] = {S0("a"), S0("b"), S0("ab"), S0("c%"), S0("ключ"), S0("A")};
static const str phones[] = {S0("+4915112345"), S0("+4930123"), S0("+79265551234"), S0("+491511"), S0("112")};
static const str mails[] = {S0("a@b.example"), S0("ab@b.example"), S0("müller@b.example"), S0("x|y@b.example"),
                            S0("_%@b.example")};
static const int64_t ints[] = {INT64_MIN, INT64_MIN + 1, -100, -1, 0, 1, 2, 3, 100, INT64_MAX - 1, INT64_MAX};
static const str curs[] = {S0("EUR"), S0("USD"), S0("JPY")};
#define PICK(a) ((a)[roll(COUNT(a))])

/* ---- records ---- */
enum { THINGS = 90, OTHERS_N = 50, USERS = 4, ROWS = THINGS + OTHERS_N + USERS };
struct row {
    int64_t id;
    const struct entity *e;
    struct val *v;
};
struct world {
    struct row row[ROWS];
};
static int64_t id_of(uint32_t e, uint32_t i) { return 1000 * ((int64_t)e + 1) + i; }
static int64_t other_id(void) { return id_of(OTHER_E, roll(OTHERS_N + 3)); }
static int64_t thing_id(void) { return id_of(THING, roll(THINGS + 3)); }

static struct val list_random(struct cx *cx, const struct field *f)
{
    struct item *v = NEW_N(cx->a, struct item, 4);
    size_t n = 0;

    for (uint32_t want = roll(4); n < want;) {
        struct item it = {0};
        bool twice = false;
        if (f->kind == &k_links) it.id = f->target == &ents[THING] ? thing_id() : other_id();
        else it.norm = f->kind == &k_keys ? PICK(keys) : f->kind == &k_phones ? PICK(phones) : PICK(mails);
        for (size_t i = 0; i < n; i++) twice |= v[i].id == it.id && str_eq(v[i].norm, it.norm);
        if (twice) break;
        v[n++] = it;
    }
    return n || roll(2) ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
}

/* Within 400 days of now; every other one is the user's midnight, every fourth begins a month. */
static int64_t now_near(struct cx *cx)
{
    int64_t ms = cx->now_ms + ((int64_t)roll(801) - 400) * DAY_MS + (int64_t)roll(DAY_MS);
    int64_t day = time_day(ms, cx->tz_min);

    if (roll(2)) return ms;
    return day_start_ms(roll(2) ? day : day_month_start(day), cx->tz_min);
}

static struct val val_random(struct cx *cx, const struct field *f)
{
    if (!roll(5)) return VAL_NULL;
    switch (f->kind->store) {
    case ST_TEXT:
    case ST_FOLDED: return VAL_TEXT(PICK(texts));
    case ST_MONEY: return (struct val){.t = VT_INT, .i = PICK(ints), .s = PICK(curs)};
    case ST_KEYS:
    case ST_POINTS:
    case ST_LINKS: return list_random(cx, f);
    case ST_NONE:
    case ST_LINES: return VAL_NULL;
    case ST_INT: break;
    }
    if (f->kind == &k_user) return VAL_INT(id_of(USER, roll(USERS + 1)));
    if (f->kind == &k_date) return VAL_INT(time_day(now_near(cx), 0));
    if (f->kind == &k_time || f->kind == &k_roll) return VAL_INT(now_near(cx));
    if (f->target == &ents[OTHER_E]) return VAL_INT(other_id());
    if (f->target == &ents[THING]) return VAL_INT(thing_id());
    return VAL_INT(f->target ? 1 + roll(3) : PICK(ints));
}

/* Rights of related records in this test: not those whose firm is 1. */
static bool is_seen(const struct row *r)
{
    const struct val *firm = &r->v[F_FIRM];
    return r->v[F_DELETED_AT].t == VT_NULL && !(firm->t == VT_INT && firm->i == 1);
}

static void seen_sql(struct cx *cx, const struct entity *e, struct sql *q, str alias)
{
    sql_lit(q, "(");
    sql_col(q, alias, e->f[F_FIRM].col);
    sql_lit(q, " IS NULL OR ");
    sql_col(q, alias, e->f[F_FIRM].col);
    sql_lit(q, " <> ");
    sql_val(cx, q, db_from_int(1));
    sql_lit(q, ")");
}

static bool names(const struct val *v, int64_t id)
{
    bool is = v->t == VT_INT && v->i == id;
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) is |= v->v[i].id == id;
    return is;
}

static struct world *world_random(struct cx *cx)
{
    struct world *w = NEW(cx->a, struct world);

    for (uint32_t i = 0; i < ROWS; i++) {
        struct row *r = &w->row[i];
        uint32_t e = i < THINGS ? THING : i < THINGS + OTHERS_N ? OTHER_E : USER;
        r->e = &ents[e];
        r->id = id_of(e, e == THING ? i : e == OTHER_E ? i - THINGS : i - THINGS - OTHERS_N);
        r->v = NEW_N(cx->a, struct val, r->e->n);
        for (size_t k = 0; k < r->e->n; k++) r->v[k] = val_random(cx, &r->e->f[k]);
        r->v[F_FIRM] = VAL_INT(roll(5));
        if (roll(4)) r->v[F_DELETED_AT] = VAL_NULL;
        if (i < COUNT(texts)) r->v[NAME] = r->v[TXT] = VAL_TEXT(texts[i]); /* each text is there */
    }
    for (uint32_t i = 0; i < THINGS; i++) {
        struct item *kids = NEW_N(cx->a, struct item, OTHERS_N);
        size_t n = 0;
        for (uint32_t k = THINGS; k < THINGS + OTHERS_N; k++)
            if (is_seen(&w->row[k]) && names(&w->row[k].v[O_THING], w->row[i].id)) kids[n++].id = w->row[k].id;
        w->row[i].v[LINES] = (struct val){.t = VT_LIST, .v = kids, .n = n};
    }
    return w;
}

static enum err get_link(struct cx *cx, void *arg, const struct entity *e, int64_t id, const struct val **ret)
{
    struct world *w = arg;
    (void)cx;
    *ret = NULL;
    for (size_t i = 0; i < ROWS; i++)
        if (w->row[i].id == id && w->row[i].e == e && is_seen(&w->row[i])) *ret = w->row[i].v;
    return E_OK;
}

static enum err get_related(struct cx *cx, void *arg, const struct field *back, int64_t id, const int64_t **ret_id,
                            const struct val *const **ret_v, size_t *ret_n)
{
    struct world *w = arg;
    int64_t *ids = NEW_N(cx->a, int64_t, ROWS);
    const struct val **v = NEW_N(cx->a, const struct val *, ROWS);

    *ret_n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &w->row[i];
        if (r->e != back->entity || !is_seen(r) || !names(&r->v[back->at], id)) continue;
        ids[*ret_n] = r->id;
        v[(*ret_n)++] = r->v;
    }
    *ret_id = ids;
    *ret_v = v;
    return E_OK;
}

/* ---- the same records in a database ---- */
static enum err table_make(struct cx *cx, const struct entity *e)
{
    struct buf b = buf_new(cx->a, 64 * 1024);
    const char *text = db_is_pg(cx) ? "TEXT COLLATE \"C\"" : "TEXT";

    buf_fmt(&b, "CREATE TABLE %.*s (\"id\" @ID", FS(e->table));
    for (size_t i = 0; i < e->n; i++) {
        const struct field *f = &e->f[i];
        enum storage st = f->kind->store;
        if (st == ST_POINTS || st == ST_LINKS || st == ST_LINES || st == ST_NONE) continue;
        buf_fmt(&b, ", %.*s %s", FS(f->col), st == ST_INT || st == ST_MONEY ? "BIGINT" : text);
        if (st == ST_MONEY || st == ST_FOLDED) buf_fmt(&b, ", %.*s %s", FS(f->col2), text);
    }
    buf_add(&b, S(")"));
    return db_ddl(cx, buf_str(&b));
}

static struct db_val keys_stored(struct cx *cx, const struct val *v)
{
    struct buf b = buf_new(cx->a, 1000);

    if (!v->n) return roll(2) ? db_from_str(S("")) : DB_NONE;
    for (size_t i = 0; i < v->n; i++) buf_fmt(&b, "|%.*s", FS(v->v[i].norm));
    buf_byte(&b, '|');
    return db_from_str(buf_str(&b));
}

static enum err beside_put(struct cx *cx, const struct row *r, const struct field *f, const struct val *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (f->kind->store == ST_LINKS)
            TRY(db_exec(cx, NULL, "INSERT INTO link (a, field, pos, b) VALUES ($1, $2, $3, $4)", V(r->id), V(f->name),
                        V((int64_t)i), V(v->v[i].id)));
        else
            TRY(db_exec(cx, NULL,
                        "INSERT INTO contact_point (pos, entity, record, field, norm) VALUES ($1, $2, $3, $4, $5)",
                        V((int64_t)i), V(r->e->name), V(r->id), V(f->name),
                        V(v->v[i].norm)));
    }
    return E_OK;
}

static enum err row_put(struct cx *cx, const struct row *r)
{
    struct sql q = sql_new(cx), vals = sql_new(cx);

    sql_lit(&q, "INSERT INTO ");
    sql_name(&q, r->e->table);
    sql_lit(&q, " (\"id\"");
    sql_val(cx, &vals, db_from_int(r->id));
    for (size_t i = 0; i < r->e->n; i++) {
        const struct field *f = &r->e->f[i];
        const struct val *v = &r->v[i];
        enum storage st = f->kind->store;
        if (st == ST_POINTS || st == ST_LINKS) TRY(beside_put(cx, r, f, v));
        if (st == ST_POINTS || st == ST_LINKS || st == ST_LINES || st == ST_NONE || v->t == VT_NULL) continue;
        sql_lit(&q, ", ");
        sql_name(&q, f->col);
        sql_lit(&vals, ", ");
        sql_val(cx, &vals, st == ST_KEYS ? keys_stored(cx, v) : v->t == VT_INT ? db_from_int(v->i) : db_from_str(v->s));
        if (st != ST_MONEY && st != ST_FOLDED) continue;
        sql_lit(&q, ", ");
        sql_name(&q, f->col2);
        sql_lit(&vals, ", ");
        sql_val(cx, &vals, db_from_str(st == ST_MONEY ? v->s : filter_fold(cx->a, v->s)));
    }
    sql_lit(&q, ") VALUES (");
    sql_append(cx, &q, &vals);
    sql_lit(&q, ")");
    return sql_run(cx, &q, NULL, NULL);
}

static enum err world_put(struct cx *cx, void *arg)
{
    struct world *w = arg;

    for (size_t i = 0; i < COUNT(ents); i++) TRY(table_make(cx, &ents[i]));
    for (size_t i = 0; i < ROWS; i++) TRY(row_put(cx, &w->row[i]));
    return E_OK;
}

/* ---- random trees, as JSON ---- */
static void id_random(struct cx *cx, const struct field *f, struct jw *w)
{
    if (f->kind == &k_user) jw_id(w, id_of(USER, roll(USERS + 1)));
    else if (f->target == &ents[TEAM]) jw_id(w, 1 + roll(3));
    else jw_str(w, arena_fmt(cx->a, "%" PRId64, f->target == &ents[THING] ? thing_id() : other_id()));
}

static void int_random(struct cx *cx, const struct field *f, struct jw *w)
{
    if (f->target && f->kind != &k_roll) id_random(cx, f, w);
    else if (f->kind == &k_user) id_random(cx, f, w);
    else if (f->kind == &k_date) jw_str(w, day_text(cx->a, time_day(now_near(cx), 0)));
    else if (f->kind == &k_int) jw_str(w, arena_fmt(cx->a, "%" PRId64, PICK(ints)));
    else jw_int(w, now_near(cx));
}

static void period_random(struct jw *w)
{
    static const str named[] = {S0("today"), S0("yesterday"), S0("tomorrow"), S0("this_week"), S0("last_week"),
                                S0("this_month"), S0("last_month"), S0("this_quarter"), S0("last_quarter"),
                                S0("this_year"), S0("last_year")};
    if (roll(2)) {
        jw_str(w, PICK(named));
        return;
    }
    jw_obj(w);
    jw_kint(w, roll(2) ? S("last_days") : S("next_days"), 1 + roll(300));
    jw_obj_end(w);
}

static void money_random(struct cx *cx, struct jw *w)
{
    jw_obj(w);
    jw_kstr(w, S("amount"), arena_fmt(cx->a, "%" PRId64, PICK(ints)));
    if (roll(2)) jw_kstr(w, S("currency"), PICK(curs));
    jw_obj_end(w);
}

static void one_random(struct cx *cx, const struct field *f, struct jw *w)
{
    switch (f->kind->store) {
    case ST_INT: int_random(cx, f, w); return;
    case ST_MONEY: money_random(cx, w); return;
    case ST_KEYS: jw_str(w, PICK(keys)); return;
    case ST_LINKS: id_random(cx, f, w); return;
    case ST_POINTS: jw_str(w, f->kind == &k_phones ? PICK(phones) : PICK(mails)); return;
    case ST_TEXT:
    case ST_FOLDED:
    case ST_NONE:
    case ST_LINES: jw_str(w, PICK(texts)); return;
    }
}

static void part_random(struct cx *cx, const struct field *f, struct jw *w)
{
    static const str phone_parts[] = {S0("0151-123"), S0("+49 30"), S0("555 12"), S0("7"), S0("0049151")};
    static const str mail_parts[] = {S0("A@"), S0("@B."), S0("MÜL"), S0("_"), S0("%"), S0("müller"), S0("|")};

    if (f->kind == &k_phones) jw_str(w, PICK(phone_parts));
    else if (f->kind == &k_mails) jw_str(w, PICK(mail_parts));
    else {
        str t = PICK(texts);
        for (; !t.n;) t = PICK(texts);
        jw_str(w, arena_dup(cx->a, t));
    }
}

static void in_random(struct cx *cx, const struct field *f, struct jw *w)
{
    jw_arr(w);
    for (uint32_t n = 1 + roll(4); n--;) one_random(cx, f, w);
    jw_arr_end(w);
}

static bool is_moment(const struct field *f) { return f->kind == &k_time || f->kind == &k_roll; }

static void value_random(struct cx *cx, const struct field *f, enum op op, struct jw *w)
{
    bool same = op == OP_EQ || op == OP_NE;

    if (op == OP_EMPTY || op == OP_NOTEMPTY) return;
    jw_key(w, S("value"));
    if (op == OP_WITHIN) period_random(w);
    else if (op == OP_CONTAINS || op == OP_STARTS) part_random(cx, f, w);
    else if (op == OP_IN || op == OP_NOTIN) in_random(cx, f, w);
    else if (f->kind == &k_user && roll(2)) jw_str(w, same && roll(2) ? S("my_team") : S("me"));
    else if (is_moment(f) && roll(2)) jw_str(w, day_text(cx->a, time_day(now_near(cx), 0)));
    else one_random(cx, f, w);
}

static void cmp_random(struct cx *cx, const struct entity *e, struct jw *w)
{
    const struct field *f = &e->f[roll((uint32_t)e->n)];
    while (!filter_ops(f)) f = &e->f[roll((uint32_t)e->n)];
    enum op op = roll(OP_MAX);
    while (!(filter_ops(f) & OPM(op))) op = roll(OP_MAX);

    jw_obj(w);
    jw_kstr(w, S("field"), f->name);
    jw_kstr(w, S("op"), op_name[op]);
    value_random(cx, f, op, w);
    jw_obj_end(w);
}

static void tree_random(struct cx *cx, const struct entity *e, int depth, struct jw *w);

static void has_random(struct cx *cx, const struct entity *e, int depth, struct jw *w)
{
    static const str thing_links[] = {S0("other"), S0("others")};
    static const str other_links[] = {S0("thing"), S0("things"), S0("boss")};
    static const str thing_rel[] = {S0("lines"), S0("other.thing"), S0("others.things")};
    static const str other_rel[] = {S0("thing.other"), S0("things.others"), S0("other.boss")};
    bool thing = e == &ents[THING];
    uint32_t how = roll(3), at = roll(3);

    jw_obj(w);
    if (how == 0) jw_kstr(w, S("link"), thing ? thing_links[at % 2] : other_links[at]);
    else jw_kstr(w, how == 1 ? S("any") : S("all"), thing ? thing_rel[at] : other_rel[at]);
    jw_key(w, S("has"));
    const struct entity *to = thing ? &ents[OTHER_E] : &ents[THING];
    if (!thing && at == 2) to = &ents[OTHER_E];
    tree_random(cx, to, depth + 1, w);
    jw_obj_end(w);
}

static void tree_random(struct cx *cx, const struct entity *e, int depth, struct jw *w)
{
    uint32_t how = depth >= 5 ? 9 : roll(10);

    if (how > 4) {
        cmp_random(cx, e, w);
        return;
    }
    if (how > 2) {
        has_random(cx, e, depth, w);
        return;
    }
    jw_obj(w);
    jw_key(w, how == 0 ? S("not") : how == 1 ? S("and") : S("or"));
    if (how) jw_arr(w);
    for (uint32_t n = how ? 1 + roll(3) : 1; n--;) tree_random(cx, e, depth + 1, w);
    if (how) jw_arr_end(w);
    jw_obj_end(w);
}

/* ---- the property ---- */
static str ids_sql(struct cx *cx, const struct cond *c)
{
    struct sql q = sql_new(cx);
    struct db_rows rows = {0};
    struct buf b = buf_new(cx->a, 64 * 1024);

    sql_lit(&q, "SELECT t.id FROM tf_thing t WHERE ");
    filter_sql(cx, c, S("t"), &q, seen_sql);
    sql_lit(&q, " ORDER BY t.id LIMIT 1000");
    if (!T_OK(cx, sql_run(cx, &q, &rows, NULL))) return S("error");
    for (size_t i = 0; i < rows.n; i++) buf_fmt(&b, "%" PRId64 " ", db_int(&rows, i, 0));
    return buf_str(&b);
}

static str ids_memory(struct cx *cx, const struct cond *c, struct world *w)
{
    const struct filter_get get = {.link = get_link, .related = get_related, .arg = w};
    struct buf b = buf_new(cx->a, 64 * 1024);

    for (size_t i = 0; i < THINGS; i++) {
        bool fits = false;
        if (!T_OK(cx, filter_eval(cx, c, w->row[i].id, w->row[i].v, &get, &fits))) return S("failed");
        if (fits) buf_fmt(&b, "%" PRId64 " ", w->row[i].id);
    }
    return buf_str(&b);
}

/* Bad is false; *ret_some counts trees that some record fits. */
static bool tree_check(struct cx *cx, struct world *w, str json, int *ret_some)
{
    const struct json *j = NULL;
    const struct cond *c = NULL;
    bool same = false;

    if (T_OK(cx, json_parse(cx, json, &j)) && T_OK(cx, filter_parse(cx, &ents[THING], j, NULL, &c))) {
        str mem = ids_memory(cx, c, w), sql = ids_sql(cx, c);
        T_STR(sql, mem);
        *ret_some += mem.n > 0;
        same = str_eq(sql, mem);
    }
    if (!same) fprintf(stderr, "for %.*s\n", FS(json));
    return same;
}

static void trees_check(struct cx *cx, struct world *w, int rounds)
{
    int some = 0, wrong = 0;

    for (int i = 0; i < rounds && wrong < 5; i++) {
        struct arena_mark m = arena_mark(cx->a);
        struct buf b = buf_new(cx->a, 1024 * 1024);
        struct jw jw = jw_new(&b);
        tree_random(cx, &ents[THING], 1, &jw);
        wrong += !tree_check(cx, w, buf_str(&b), &some);
        arena_back(cx->a, m);
    }
    T(some > rounds / 3);
}

/* Each text of the pool with each operator of texts, alone: the edges of ranges. */
static void texts_check(struct cx *cx, struct world *w)
{
    static const enum op ops[] = {OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_CONTAINS, OP_STARTS};
    int some = 0, wrong = 0;

    for (size_t i = 0; i < 2 * COUNT(texts) * COUNT(ops) && wrong < 5; i++) {
        struct arena_mark m = arena_mark(cx->a);
        struct buf b = buf_new(cx->a, 10000);
        struct jw jw = jw_new(&b);
        enum op op = ops[i / 2 % COUNT(ops)];
        str text = texts[i / 2 / COUNT(ops)];
        if (!text.n && (op == OP_CONTAINS || op == OP_STARTS)) continue;
        jw_obj(&jw);
        jw_kstr(&jw, S("field"), i % 2 ? S("txt") : S("name"));
        jw_kstr(&jw, S("op"), op_name[op]);
        jw_kstr(&jw, S("value"), text);
        jw_obj_end(&jw);
        wrong += !tree_check(cx, w, buf_str(&b), &some);
        arena_back(cx->a, m);
    }
    T(some > 100);
}

static void on_engine(str url, bool pg)
{
    struct cx cx = t_cx();
    struct meta m = describe(&cx);
    struct dbase *base = NULL;
    int from = 0, to = 0;
    const struct db_opts o = {.url = url, .create = true};

    cx.meta = &m;
    cx.tz_min = 120;
    cx.who = (struct who){.user = id_of(USER, 1), .team = 2};
    if (!T_OK(&cx, dbase_open(&cx, &o, &base))) return;
    T(dbase_is_pg(base) == pg);
    T_OK(&cx, db_migrate(&cx, base, &from, &to));
    cx.db = db_get(base);
    struct world *w = world_random(&cx);
    if (T_OK(&cx, db_write(&cx, world_put, w))) {
        texts_check(&cx, w);
        trees_check(&cx, w, 3000);
    }
    db_put(&cx.db);
    dbase_close(&base);
    t_cx_free(&cx);
}

static void same_on_sqlite(void)
{
    char dir[] = "/tmp/kontor-filter-XXXXXX";
    struct cx cx = t_cx();

    T(mkdtemp(dir) != NULL);
    on_engine(arena_fmt(cx.a, "sqlite:%s/t.db", dir), false);
    T(system(arena_z(cx.a, arena_fmt(cx.a, "rm -r %s", dir))) == 0);
    t_cx_free(&cx);
}

static void pg_do(const char *url, const char *sql)
{
    PGconn *c = PQconnectdb(url);
    PGresult *r = PQexec(c, sql);
    T(PQresultStatus(r) == PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(c);
}

static void same_on_postgresql(void)
{
    const char *url = getenv("KONTOR_TEST_PG");
    struct cx cx = t_cx();

    if (url) {
        pg_do(url, "CREATE SCHEMA kontor_filter");
        on_engine(arena_fmt(cx.a, "%s?options=-csearch_path%%3Dkontor_filter%%20-cjit%%3Doff", url), true);
        pg_do(url, "DROP SCHEMA kontor_filter CASCADE");
    } else fprintf(stderr, "meta_filter: KONTOR_TEST_PG is not set, PostgreSQL left out\n");
    t_cx_free(&cx);
}

/* No word of a request gets into the text, whatever the values are; bound values are as many as its $n. */
static void only_bound(void)
{
    struct cx cx = t_cx();
    struct meta m = describe(&cx);

    cx.meta = &m;
    cx.who.team = 2;
    for (int i = 0; i < 500; i++) {
        struct buf b = buf_new(cx.a, 1024 * 1024);
        struct jw jw = jw_new(&b);
        const struct json *j = NULL;
        const struct cond *c = NULL;
        struct sql q = sql_new(&cx), outer = sql_new(&cx);
        tree_random(&cx, &ents[THING], 1, &jw);
        T_OK(&cx, json_parse(&cx, buf_str(&b), &j));
        if (!T_OK(&cx, filter_parse(&cx, &ents[THING], j, NULL, &c))) continue;
        filter_sql(&cx, c, S("t"), &q, seen_sql);
        str t = buf_str(&q.text);
        T(str_find(t, S("DROP")) < 0 && str_find(t, S("example")) < 0);
        T(str_find(t, S("ü")) < 0 && str_find(t, S("%")) < 0);
        T(t.n > 2 && t.p[0] == '(' && t.p[t.n - 1] == ')');
        sql_val(&cx, &outer, V(1));
        sql_append(&cx, &outer, &q);
        T_INT((int64_t)outer.v.n, (int64_t)q.v.n + 1);
        T(!q.v.n || str_find(buf_str(&outer.text), arena_fmt(cx.a, "$%zu", outer.v.n)) >= 0);
        T(str_find(buf_str(&outer.text), arena_fmt(cx.a, "$%zu", outer.v.n + 1)) < 0);
    }
    t_cx_free(&cx);
}

TESTS("meta_filter_same", only_bound, same_on_sqlite, same_on_postgresql)
