/* SPDX-License-Identifier: MIT */
/* meta/filter.h - the one filter tree (docs/api.md) and its two evaluators, which agree.
 *
 * Parsing resolves everything that depends on who and when: "me", "my_team", relative dates become ids
 * and ranges, texts are folded; so both evaluators see plain comparisons. NULL (no value) fits only
 * `empty`, `ne` and `notin`.
 */
#pragma once
#include "meta/meta.h"
#include "meta/sql.h"

enum { FILTER_DEPTH = 8, FILTER_NODES = 200, FILTER_IN_MAX = 500 };
enum cond_kind { C_TRUE, C_AND, C_OR, C_NOT, C_CMP, C_HAS, C_ANY, C_ALL };
struct cond {
    enum cond_kind k;
    const struct entity *e;         /* the entity whose record is looked at */
    const struct cond *kids;        /* AND, OR, NOT; HAS/ANY/ALL: one, on the related entity */
    size_t n;
    const struct field *f;          /* CMP: the field; HAS: the link; ANY/ALL: the related entity's link back here */
    enum op op;
    const struct val *v;            /* EQ..STARTS: one; IN: n_v; WITHIN: two, [from, to) */
    size_t n_v;
};
struct record;
/* E_INVALID names the node's field; unknown or unreadable fields and operators are refused. j NULL = C_TRUE. */
MUST enum err filter_parse(struct cx *cx, const struct entity *e, const struct json *j, const struct cond **ret);
/* Appends a condition on `alias` (a literal name of ours): always complete, in brackets. `seen` adds the
 * rights' condition of a related entity, NULL = none. */
typedef void filter_seen_fn(struct cx *cx, const struct entity *e, struct sql *q, str alias);
void filter_sql(struct cx *cx, const struct cond *c, str alias, struct sql *q, filter_seen_fn *seen);
/* The same over a record in memory. Related records are asked of `get` (NULL: HAS/ANY/ALL are E_INTERNAL). */
struct filter_get {
    enum err (*link)(struct cx *cx, void *arg, const struct entity *e, int64_t id, const struct val **ret_v);
    enum err (*related)(struct cx *cx, void *arg, const struct field *back, int64_t id,
                        const struct val *const **ret_v, size_t *ret_n);
    void *arg;
};
MUST enum err filter_eval(struct cx *cx, const struct cond *c, int64_t id, const struct val *v,
                          const struct filter_get *get, bool *ret);
/* Folds a text the way column _f holds it (fmt/fold). */
str filter_fold(struct arena *a, str s);
