/* SPDX-License-Identifier: MIT */
/* meta/points.c - see points.h. */
#include "meta/points.h"

enum { PARTS = 5 };

static void part_put(struct buf *b, str s)
{
    buf_int(b, (int64_t)s.n);
    buf_byte(b, ':');
    buf_add(b, s);
}

str points_text(struct arena *a, const struct val *v)
{
    struct buf b = buf_new(a, DB_TEXT_MAX);
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) {
        const struct item *it = &v->v[i];
        const str part[PARTS] = {it->type, it->typed, it->norm, it->ext, it->extra};
        for (size_t k = 0; k < PARTS; k++) part_put(&b, part[k]);
    }
    return buf_str(&b);
}

/* Takes one part off the front of *s. */
static bool part_take(str *s, str *ret)
{
    size_t n = 0, at = 0;
    while (at < s->n && s->p[at] >= '0' && s->p[at] <= '9' && n <= DB_TEXT_MAX) n = n * 10 + (size_t)(s->p[at++] - '0');
    if (!at || at == s->n || s->p[at] != ':' || n > s->n - at - 1) return false;
    *ret = (str){s->p + at + 1, n};
    *s = str_cut(*s, at + 1 + n, s->n);
    return true;
}

static bool item_take(str *s, struct item *ret)
{
    str *const part[PARTS] = {&ret->type, &ret->typed, &ret->norm, &ret->ext, &ret->extra};
    for (size_t k = 0; k < PARTS; k++)
        if (!part_take(s, part[k])) return false;
    return true;
}

struct val points_read(struct arena *a, str s)
{
    struct item it = {0};
    size_t n = 0;
    for (str left = s; item_take(&left, &it);) n++;
    if (!n) return VAL_NULL;
    struct item *v = NEW_N(a, struct item, n);
    for (size_t i = 0; i < n; i++) (void)item_take(&s, &v[i]);
    return (struct val){.t = VT_LIST, .v = v, .n = n};
}

void points_sql(struct sql *q, const struct field *f)
{
    static const char *const part[PARTS] = {"type", "typed", "norm", "ext", "extra"};
    sql_lit(q, "(SELECT string_agg(");
    for (size_t k = 0; k < PARTS; k++)
        buf_fmt(&q->text, "%scoalesce(octet_length(p.%s), 0) || ':' || coalesce(p.%s, '')", k ? " || " : "", part[k],
                part[k]);
    buf_fmt(&q->text, ", '' ORDER BY p.pos) FROM contact_point p WHERE p.record = %.*s.id AND p.field = '%.*s')",
            FS(f->entity->table), FS(f->name));
}
