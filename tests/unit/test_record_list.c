/* SPDX-License-Identifier: MIT */
/* Lists on both engines: pages by key in every order, counts. */
#include "record_make.h"

/* How b stands behind a in a list sorted so: less than 0 is right. */
static int behind(const struct query *q, const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < q->n_sort; i++) {
        const struct val *x = &a->v[q->sort[i].f->at], *y = &b->v[q->sort[i].f->at];
        if ((x->t == VT_NULL) != (y->t == VT_NULL)) return x->t == VT_NULL ? 1 : -1;
        int c = x->t == VT_INT ? (x->i > y->i) - (x->i < y->i) : x->t == VT_TEXT ? str_cmp(x->s, y->s) : 0;
        if (c) return q->sort[i].desc ? -c : c;
    }
    int c = (a->id > b->id) - (a->id < b->id);
    return q->sort[0].desc ? -c : c;
}

/* Three fields in every order of two and three of them, either way each: pages of seven give all, each once, in order. */
static void sorted_by_several(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = ENT(cx, "person");
    const struct field *f[] = {FLD(e, "name"), FLD(e, "job_title"), FLD(e, "birthday")};
    for (int i = 0; i < 60; i++)
        create(cx, "person", arena_fmt(cx->a, "{\"name\":\"p%d\",\"job_title\":%s,\"birthday\":%s}", i * 7 % 4, i % 3 ? arena_fmt(cx->a, "\"j%d\"", i * 5 % 3).p : "null",
                                       i % 4 ? arena_fmt(cx->a, "\"19%d0-05-01\"", i * 11 % 3 + 5).p : "null").p);
    for (int how = 0; how < 6 * 8 * 2; how++) {
        static const int order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        struct query q = {.n_sort = how % 2 ? 3 : 2, .limit = 7, .cursor = S(""), .fields = FIELDS_ALL};
        for (int k = 0; k < 3; k++) q.sort[k] = (struct sort){f[order[how / 16][k]], how / 2 % 8 >> k & 1};
        struct record last = {0};
        size_t n = 0;
        do {
            struct page p = {0};
            if (!T_OK(cx, record_list(cx, e, &q, &p))) break;
            for (size_t i = 0; i < p.n; last = p.v[i++], n++) T(!n || behind(&q, &last, &p.v[i]) < 0);
            q.cursor = p.next;
        } while (q.cursor.n && n < 60);
        T_INT((int64_t)n, 60);
    }
}

static void pages(struct bed *t)
{
    struct cx *cx = &t->cx;
    const struct entity *e = ENT(cx, "person");
    for (int i = 0; i < 57; i++)
        create(cx, "person", arena_fmt(cx->a, "{\"name\":\"P%02d\",\"job_title\":%s}", i % 20, i % 3 ? "\"Chef\"" : "null").p);
    const struct field *sorts[] = {NULL, FLD(e, "name"), FLD(e, "job_title"), FLD(e, "changed_at")};
    for (size_t k = 0; k < COUNT(sorts); k++)
        for (int desc = 0; desc < 2; desc++) {
            struct query q = {.sort = {{sorts[k], desc}}, .n_sort = sorts[k] != NULL, .limit = 10, .cursor = S("")};
            int64_t seen[60] = {0};
            size_t n = 0;
            do {
                struct page p = {0};
                if (!T_OK(cx, record_list(cx, e, &q, &p))) break;
                for (size_t i = 0; i < p.n; i++) {
                    for (size_t m = 0; m < n; m++) T(seen[m] != p.v[i].id);
                    seen[n++] = p.v[i].id;
                }
                q.cursor = p.next;
            } while (q.cursor.n && n < 60);
            T_INT((int64_t)n, 57);
        }
    struct query q = {.limit = 10, .cursor = S("deadbeef.1.n")};
    struct page p = {0};
    T(record_list(cx, e, &q, &p) == E_BAD);
    int64_t n = 0;
    bool exact = false;
    const struct cond *c = NULL;
    T_OK(cx, filter_parse(cx, e, parsed(cx, "{\"field\":\"job_title\",\"op\":\"eq\",\"value\":\"CHEF\"}"), NULL, &c));
    T_OK(cx, record_count(cx, e, c, false, 0, &n, &exact));
    T(n == 38 && exact);
    T_OK(cx, record_count(cx, e, NULL, false, 5, &n, &exact));
    T(n == 5 && !exact);
}

static void both(void)
{
    static void (*const all[])(struct bed *) = {pages, sorted_by_several};
    for (size_t i = 0; i < COUNT(all); i++) bed_both(all[i]);
}

TESTS("record_list", both)
