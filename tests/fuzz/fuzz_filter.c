/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_filter.c - any JSON over the built-in description: refused with a text and a place, or SQL with as
 * many values as it names and no quote of the request. The first byte picks the entity. */
#include "meta/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the characters of our literals and names; brackets and quotes close; '' is the one text in it. */
static void check(const struct sql *q)
{
    static const char ours[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_\"'$()<>=,. ";
    str t = buf_str(&q->text);
    size_t open = 0, quotes = 0, params = 0;

    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        assert(memchr(ours, c, sizeof ours - 1));
        open += c == '(';
        assert(c != ')' || open);
        open -= c == ')';
        quotes += c == '"';
        params += c == '$';
        if (c != '\'') continue;
        i++; /* a quote stands only as two */
        assert(t.p[i] == '\'');
    }
    assert(!open && quotes % 2 == 0 && params == q->v.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct meta *m; /* the same for every input */
    struct cx cx = {.a = arena_new(), .lang = S("en"), .country = S("DE"), .now_ms = 1795341600000};
    const struct json *j = NULL;
    const struct cond *c = NULL;

    cx.who = (struct who){.user = 7, .team = 8};
    if (!m && meta_load(&cx, &m) != E_OK) assert(false && "the built-in description does not load");
    cx.meta = m;
    if (size && json_parse(&cx, (str){(const char *)data + 1, size - 1}, &j) == E_OK) {
        if (filter_parse(&cx, &m->entity[data[0] % m->n], j, NULL, &c) == E_OK) {
            struct sql q = sql_new(&cx);
            filter_sql(&cx, c, S("t"), &q, NULL);
            if (!q.text.full) check(&q);
        } else assert(cx.msg.n && utf8_valid(cx.msg) && utf8_valid(cx.at));
    }
    arena_free(&cx.a);
    return 0;
}
