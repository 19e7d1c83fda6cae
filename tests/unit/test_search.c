/* SPDX-License-Identifier: MIT */
/* Finding on both engines: spellings, inside words, digits, rights, trash, hostile text. */
#include "bed.h"
#include "record/record.h"
#include "search/search.h"

static int64_t create(struct cx *cx, const char *entity, const char *json)
{
    const struct entity *e = meta_entity(cx->meta, str_from(entity));
    const struct json *j = NULL;
    const struct set *s = NULL;
    struct written w = {0};
    size_t n = 0;
    T_OK(cx, json_parse(cx, str_from(json), &j));
    T_OK(cx, record_sets(cx, e, j, &s, &n));
    T_OK(cx, record_create(cx, e, 0, s, n, &w));
    return w.id;
}

static size_t found(struct cx *cx, const char *q, const char *entity, const struct found **ret)
{
    struct found_group *g = NULL;
    size_t n = 0;
    if (!T_OK(cx, search_find(cx, str_from(q), meta_entity(cx->meta, str_from(entity)), 8, &g, &n))) return 0;
    if (ret) *ret = n ? g[0].v : NULL;
    return n ? g[0].n : 0;
}

static void smoke(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct found *f = NULL;
    int64_t firm = create(cx, "company", "{\"name\":\"Elektro Müller GmbH\"}");
    create(cx, "person", arena_fmt(cx->a, "{\"name\":\"Jörg Müller\",\"company\":\"%" PRId64 "\",\"phones\":[\"0151 / 234 567 89\"]}", firm).p);
    T_INT((int64_t)found(cx, "mueller", "person", &f), 1);
    T_INT((int64_t)found(cx, "mul", "person", &f), 1);
    if (f) T_STR(f[0].subtitle, S("Elektro Müller GmbH"));
    T_INT((int64_t)found(cx, "0151 234", "person", &f), 1);
    if (f) T_STR(f[0].match, S("0151 / 234 567 89"));
    T_INT((int64_t)found(cx, "jo", "person", NULL), 1);
}

static void both(void) { bed_both(smoke); }

TESTS("search", both)
