/* SPDX-License-Identifier: MIT */
/* meta/kind_urls.c - several web addresses with their use (site, shop, profile ...): typed is the whole address as
 * kind_url makes it, norm its folded text, what filters look into. */
#include "meta/meta_int.h"

#include "base/tr.h"

enum { URLS_MAX = 20, TYPE_BYTES_MAX = 40 };

static enum err one(struct cx *cx, const struct field *f, str typed, str type, struct item *ret)
{
    struct val v = {0};
    if (type.n > TYPE_BYTES_MAX) return bad_value(cx, f, "the use of a web address has at most 40 bytes");
    TRY(kind_url.from_text(cx, f, typed, &v));
    *ret = (struct item){.type = type, .typed = v.s, .norm = filter_fold(cx->a, v.s)};
    return E_OK;
}

static bool parts_here(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* Several in one text stand apart by blanks or line ends, with or without a comma or semicolon. */
static enum err from_text(struct cx *cx, const struct field *f, str s, struct val *ret)
{
    struct item *v = NEW_N(cx->a, struct item, URLS_MAX + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && !parts_here(s.p[i])) i++;
        str part = str_cut(s, from, i);
        while (part.n && strchr(",;", part.p[part.n - 1])) part.n--;
        while (i < s.n && parts_here(s.p[i])) i++;
        if (!part.n) continue;
        if (n == URLS_MAX) return bad_value(cx, f, "this must be a list of at most 20 web addresses");
        TRY(one(cx, f, part, S(""), &v[n++]));
    }
    *ret = n ? (struct val){.t = VT_LIST, .v = v, .n = n} : VAL_NULL;
    return E_OK;
}

static enum err from_json(struct cx *cx, const struct field *f, const struct json *j, struct val *ret)
{
    if (j->t == JT_STR) return from_text(cx, f, j->s, ret);
    static const struct items_of kind = {one, URLS_MAX, TR("this must be a list of at most 20 web addresses"),
                                         TR("a web address is a text or an object")};
    return items_from_json(cx, f, &kind, j, ret);
}

static void to_text(struct cx *cx, const struct field *f, const struct val *v, struct buf *out)
{
    (void)cx, (void)f;
    for (size_t i = 0; i < v->n; i++) {
        if (i) buf_byte(out, '\n');
        buf_add(out, v->v[i].typed);
    }
}

const struct kind kind_urls = {.name = S0("urls"),
                               .store = ST_POINTS,
                               .search = true,
                               .ops = OPM(OP_CONTAINS) | OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                               .from_json = from_json,
                               .from_text = from_text,
                               .to_json = items_to_json,
                               .to_text = to_text};
