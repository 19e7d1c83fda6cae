/* SPDX-License-Identifier: MIT */
/* tests/unit/meta_filter_ents.h - a description by hand for the filter's tests: four entities that know each
 * other, one field of each storage class, tiny kinds with every operator. */
#pragma once
#include "base/map.h"
#include "base/time.h"
#include "meta/filter.h"
#include "t.h"

/* ---- kinds of this test: as small as they can be, every operator ---- */
static enum err int_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    int64_t i = 0;
    const struct json *id = json_get(j, S("id"));

    if (id) j = id;
    if (str_eq(f->kind->name, S("date")) && day_parse(j->s, &i)) return *ret = VAL_INT(i), E_OK;
    if (!str_to_int(j->s, &i)) return fail_at(cx, E_INVALID, f->name, "A number is needed");
    *ret = VAL_INT(i);
    return E_OK;
}

static enum err text_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    if (j->t != JT_STR) return fail_at(cx, E_INVALID, f->name, "A text is needed");
    *ret = VAL_TEXT(j->s);
    return E_OK;
}

static enum err money_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    const struct json *amount = j->t == JT_OBJ ? json_get(j, S("amount")) : j;

    if (!amount || !str_to_int(amount->s, &ret->i)) return fail_at(cx, E_INVALID, f->name, "An amount is needed");
    ret->t = VT_INT;
    return json_str_of(cx, j, S("currency"), S("EUR"), &ret->s);
}

static enum err list_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    struct item *v = NEW_N(cx->a, struct item, j->n + 1);
    struct val one = VAL_NULL;

    assert(j->t == JT_ARR);
    for (size_t i = 0; i < j->n; i++) {
        if (f->kind->store == ST_LINKS) TRY(int_json(cx, f, &j->v[i], &one));
        else TRY(text_json(cx, f, &j->v[i], &one));
        v[i] = (struct item){.norm = one.s, .id = one.i};
    }
    *ret = (struct val){.t = VT_LIST, .v = v, .n = j->n};
    return E_OK;
}

enum { ALL_OPS = (1u << OP_MAX) - 1 };
#define KIND(var, nm, st, fn) \
    static const struct kind var = {.name = S0(nm), .store = st, .ops = ALL_OPS, .from_json = fn}
KIND(k_int, "int", ST_INT, int_json);
KIND(k_date, "date", ST_INT, int_json);
KIND(k_time, "timestamp", ST_INT, int_json);
KIND(k_link, "link", ST_INT, int_json);
KIND(k_user, "user", ST_INT, int_json);
KIND(k_text, "choice", ST_TEXT, text_json);
KIND(k_fold, "text", ST_FOLDED, text_json);
KIND(k_money, "money", ST_MONEY, money_json);
KIND(k_keys, "choices", ST_KEYS, list_json);
KIND(k_phones, "phones", ST_POINTS, list_json);
KIND(k_mails, "mails", ST_POINTS, list_json);
KIND(k_links, "links", ST_LINKS, list_json);
KIND(k_lines, "lines", ST_LINES, list_json);
KIND(k_roll, "rollup", ST_INT, int_json);
KIND(k_none, "formula", ST_NONE, NULL);

/* ---- the description, by hand ---- */
enum { SYS = F_SYSTEM_N, NUM = SYS, TXT, NAME, PRICE, KEYS, PHONES, MAILS, OTHERS, OTHER, DAY, AT, LINES, ROLL, NONE,
       THING_N };
enum { O_NUM = SYS, O_NAME, O_THING, O_THINGS, O_SECRET, O_BOSS, OTHER_N };
static struct field thing_f[THING_N], other_f[OTHER_N], user_f[SYS], team_f[SYS];
static struct entity ents[4];
enum { THING, OTHER_E, USER, TEAM };
static const struct json last_of = {.t = JT_STR, .key = S0("field"), .s = S0("changed_at")};
static const struct json last_at = {.t = JT_OBJ, .n = 1, .v = &last_of};

static void field_set(struct field *f, const char *name, const struct kind *k, const struct entity *target)
{
    f->name = str_from(name);
    f->kind = k;
    f->target = target;
}

static void entity_set(struct cx *cx, struct entity *e, const char *name, struct field *f, size_t n)
{
    static const char *const sys[] = {"created_at", "created_by", "changed_at", "changed_by", "owner", "team", "firm",
                                      "deleted_at"};
    const bool is_user[] = {0, 1, 0, 1, 1, 0, 0, 0};

    for (size_t i = 0; i < COUNT(sys); i++) field_set(&f[i], sys[i], is_user[i] ? &k_user : &k_time, NULL);
    field_set(&f[F_TEAM], "team", &k_link, &ents[TEAM]);
    field_set(&f[F_FIRM], "firm", &k_int, NULL);
    for (size_t i = 0; i < n; i++) {
        f[i].entity = e;
        f[i].at = (uint32_t)i;
        f[i].col = arena_fmt(cx->a, "\"%.*s\"", FS(f[i].name));
        str tail = f[i].kind->store == ST_MONEY ? S("_cur") : S("_f");
        f[i].col2 = arena_fmt(cx->a, "\"%.*s%.*s\"", FS(f[i].name), FS(tail));
    }
    *e = (struct entity){.name = str_from(name), .f = f, .n = n};
    e->table = arena_fmt(cx->a, "\"tf_%s\"", name);
    e->at = (uint32_t)(e - ents);
}

static struct meta describe(struct cx *cx)
{
    struct map *names = NEW(cx->a, struct map);

    field_set(&thing_f[NUM], "num", &k_int, NULL);
    field_set(&thing_f[TXT], "txt", &k_text, NULL);
    field_set(&thing_f[NAME], "name", &k_fold, NULL);
    field_set(&thing_f[PRICE], "price", &k_money, NULL);
    field_set(&thing_f[KEYS], "keys", &k_keys, NULL);
    field_set(&thing_f[PHONES], "phones", &k_phones, NULL);
    field_set(&thing_f[MAILS], "mails", &k_mails, NULL);
    field_set(&thing_f[OTHERS], "others", &k_links, &ents[OTHER_E]);
    field_set(&thing_f[OTHER], "other", &k_link, &ents[OTHER_E]);
    field_set(&thing_f[DAY], "day", &k_date, NULL);
    field_set(&thing_f[AT], "at", &k_time, NULL);
    field_set(&thing_f[LINES], "lines", &k_lines, &ents[OTHER_E]);
    thing_f[LINES].via = S("thing");
    field_set(&thing_f[ROLL], "roll", &k_roll, &ents[OTHER_E]);
    thing_f[ROLL].def = &last_at;
    field_set(&thing_f[NONE], "none", &k_none, NULL);
    field_set(&other_f[O_NUM], "num", &k_int, NULL);
    field_set(&other_f[O_NAME], "name", &k_fold, NULL);
    field_set(&other_f[O_THING], "thing", &k_link, &ents[THING]);
    field_set(&other_f[O_THINGS], "things", &k_links, &ents[THING]);
    field_set(&other_f[O_SECRET], "secret", &k_text, NULL);
    field_set(&other_f[O_BOSS], "boss", &k_link, &ents[OTHER_E]);
    entity_set(cx, &ents[THING], "thing", thing_f, THING_N);
    entity_set(cx, &ents[OTHER_E], "other", other_f, OTHER_N);
    entity_set(cx, &ents[USER], "user", user_f, SYS);
    entity_set(cx, &ents[TEAM], "team", team_f, SYS);
    *names = map_new(cx->a);
    for (size_t i = 0; i < COUNT(ents); i++) map_put(names, ents[i].name, &ents[i]);
    return (struct meta){.entity = ents, .n = COUNT(ents), .by_name = names, .a = cx->a};
}
