/* SPDX-License-Identifier: MIT */
/* demo/draft.c - lists of words, patterns, numbers, and records being put together. */
#include "demo/demo_int.h"

#include "fmt/fold.h"

enum { FILLED_MAX = 4096, SETS_MAX = 32, SLUG_MAX = 60 };

uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->s += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct list list_of(struct arena *a, const char *text, char sep)
{
    LIST(str) l = {0};
    str rest = str_from(text), head = {0};
    for (bool more = rest.n > 0; more;) {
        more = str_split(rest, sep, &head, &rest);
        *LIST_ADD(a, &l) = head;
    }
    return (struct list){l.v, l.n};
}

str demo_fill(struct arena *a, str pattern, const char *keys, const str *v)
{
    struct buf b = buf_new(a, FILLED_MAX);
    for (size_t i = 0; i < pattern.n; i++) {
        const char *k =
            pattern.p[i] == '%' && i + 1 < pattern.n ? strchr(keys, pattern.p[i + 1]) : NULL;
        if (!k) {
            buf_byte(&b, pattern.p[i]);
            continue;
        }
        buf_add(&b, v[k - keys]);
        i++;
    }
    return buf_str(&b);
}

str demo_slug(struct cx *cx, str name, char between)
{
    struct fold_words w = fold_query(cx->a, name);
    struct buf b = buf_new(cx->a, SLUG_MAX);
    for (size_t i = 0; i < w.n; i++) {
        bool first = true;
        for (size_t k = 0; k < w.v[i].key.n; k++) {
            char c = w.v[i].key.p[k];
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) continue;
            if (first && b.n) buf_byte(&b, between);
            first = false;
            buf_byte(&b, c);
        }
    }
    return buf_str(&b);
}

/* ---- numbers: '#' in a pattern is a digit; serials below its capacity give each number once ---- */
static int64_t capacity(const char *pattern)
{
    int64_t n = 1;
    for (const char *p = pattern; *p; p++)
        if (*p == '#') n *= 10;
    return n;
}

str demo_digits(struct maker *m, const char *pattern, int64_t serial)
{
    assert(pattern);
    size_t n = strlen(pattern);
    char *p = arena_get(m->cx->a, n + 1);
    int64_t all = capacity(pattern);
    assert(all > 0);
    uint64_t x = serial < 0 ? rng_next(&m->r) % (uint64_t)all
                            : ((uint64_t)serial % (uint64_t)all * 7919 + 137) %
                                  (uint64_t)all; /* 7919 shares no factor with 10 */
    for (size_t i = n; i-- > 0;) {
        p[i] = pattern[i] == '#' ? (char)('0' + x % 10) : pattern[i];
        if (pattern[i] == '#') x /= 10;
    }
    return (str){p, n};
}

static str of_patterns(struct maker *m, const struct list *l, int64_t serial)
{
    assert(l->n > 0);
    const char *pattern = arena_z(m->cx->a, l->v[(size_t)serial % l->n]);
    return demo_digits(m, pattern, serial / (int64_t)l->n);
}

str demo_mobile(struct maker *m)
{
    int64_t serial = m->n_mobile++, kept = 0;
    for (size_t i = 0; i < m->mobile_kept.n; i++)
        kept += capacity(arena_z(m->cx->a, m->mobile_kept.v[i]));
    return serial < kept ? of_patterns(m, &m->mobile_kept, serial)
                         : of_patterns(m, &m->mobile, serial - kept);
}

str demo_fixed(struct maker *m, size_t city)
{
    const struct demo_city *c = &m->w->city[city];
    int64_t serial = m->n_fixed[city]++, kept = c->kept ? capacity(c->kept) : 0;
    return serial < kept ? demo_digits(m, c->kept, serial) : demo_digits(m, c->real, serial - kept);
}

/* ---- drafts ---- */
struct draft draft_new(struct maker *m, const struct entity *e)
{
    return (struct draft){.m = m, .e = e, .s = NEW_N(m->cx->a, struct set, SETS_MAX)};
}

void draft_val(struct draft *d, const char *field, struct val v)
{
    const struct field *f = entity_field(d->e, str_from(field));
    if (!f || v.t == VT_NULL || f->kind->store == ST_NONE)
        return; /* somebody has taken this field away */
    assert(d->n < SETS_MAX);
    d->s[d->n++] = (struct set){f, v};
}

void draft_text(struct draft *d, const char *field, str s)
{
    if (s.n) draft_val(d, field, VAL_TEXT(s));
}

void draft_int(struct draft *d, const char *field, int64_t v) { draft_val(d, field, VAL_INT(v)); }

enum err draft_parse(struct draft *d, const char *field, str text)
{
    const struct field *f = entity_field(d->e, str_from(field));
    struct val v = VAL_NULL;
    if (!f || !text.n) return E_OK;
    TRY(f->kind->from_text(d->m->cx, f, text, &v));
    draft_val(d, field, v);
    return E_OK;
}

int64_t draft_plan(struct draft *d)
{
    struct planned *p = LIST_ADD(d->m->cx->a, &d->m->plan);
    *p = (struct planned){.e = d->e, .id = id_new(d->m->cx->now_ms), .s = d->s, .n = d->n};
    return p->id;
}
