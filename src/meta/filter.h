/* SPDX-License-Identifier: MIT */
/* meta/filter.h - the one filter tree (docs/api.md) and its two evaluators, which agree.
 *
 * Parsing resolves everything that depends on who and when: "me", "my_team", relative dates become ids
 * and ranges, texts are folded; so both evaluators see plain comparisons. NULL (no value) fits only
 * `empty`, `ne` and `notin`; a text "" fits `empty` too. SQL says true or false, never unknown.
 *
 * Texts compare folded where the column is (ST_FOLDED), else byte by byte; `contains` and `starts` on ST_TEXT pass
 * over the case of ASCII letters. Points look at item.norm alone: phones `contains` by digits. Money compares amounts;
 * a value with a currency fits that currency only. Weeks begin on Monday; {"last_days":n} are n days that end with
 * today, {"next_days":n} n days that begin with it; all by cx->now_ms and cx->tz_min.
 * A time stamp compared with a day takes the whole of it.
 * "addresses.city" looks at the towns alone, folded: one of them is enough, no town is no value.
 * "any" and "all" take a `lines` field of this entity, an entity's name ("interaction", also "interactions") that links
 * here by one field of its own, or both ("interaction.person"). "has":{} asks for any record at all.
 */
#pragma once
#include "meta/meta.h"
#include "meta/sql.h"

enum { FILTER_DEPTH = 8, FILTER_NODES = 200, FILTER_IN_MAX = 500, /* values of one `in`, and of the whole tree */
       FILTER_DAYS_MAX = 36600 };
enum cond_kind { C_TRUE, C_AND, C_OR, C_NOT, C_CMP, C_HAS, C_ANY, C_ALL };
struct cond {
    enum cond_kind k;
    const struct entity *e;         /* the entity whose record is looked at */
    const struct cond *kids;        /* AND, OR, NOT; HAS/ANY/ALL: one, on the related entity */
    size_t n;
    bool moves;                     /* CMP: what it is compared with depends on the day or on who asks */
    bool town;                      /* CMP: "addresses.city": what the addresses have as their town (item.ext) */
    const struct field *f;          /* CMP: the field; HAS: the link (to kids->e); ANY/ALL: the link back here */
    enum op op;
    const struct val *v;            /* EQ..STARTS: one; IN: n_v; WITHIN: two, [from, to) */
    size_t n_v;
};
/* Whose records a link or a user field points to; NULL for any other field. */
const struct entity *link_target(const struct cx *cx, const struct field *f);
/* Operators that a filter takes for the field: its kind knows them and its storage can answer. A mask of OPM(). */
unsigned filter_ops(const struct field *f);
/* What the asker may name. A refused field or entity answers like an unknown one. NULL (or a NULL member): all;
 * with any opts, fields marked `hidden` are refused too. */
struct filter_opts {
    bool (*may_read)(const struct cx *cx, const struct field *f);
    bool (*may_see)(const struct cx *cx, const struct entity *e);
};
/* E_INVALID names the node's field; unknown or unreadable fields and operators are refused. j NULL, null or {}:
 * C_TRUE. */
MUST enum err filter_parse(struct cx *cx, const struct entity *e, const struct json *j, const struct filter_opts *o,
                           const struct cond **ret);
/* Appends a condition on `alias` (a literal name of ours): always complete, in brackets. `seen` adds the
 * rights' condition of a related entity, NULL = none. */
typedef void filter_seen_fn(struct cx *cx, const struct entity *e, struct sql *q, str alias);
void filter_sql(struct cx *cx, const struct cond *c, str alias, struct sql *q, filter_seen_fn *seen);
/* The same over a record in memory. Related records are asked of `get` (NULL: HAS/ANY/ALL are E_INTERNAL). */
struct filter_get {
    /* The record `id` of e, NULL when it is unseen, in the trash or not there. */
    enum err (*link)(struct cx *cx, void *arg, const struct entity *e, int64_t id, const struct val **ret_v);
    /* All seen records of back->entity outside the trash whose `back` names `id`. */
    enum err (*related)(struct cx *cx, void *arg, const struct field *back, int64_t id, const int64_t **ret_id,
                        const struct val *const **ret_v, size_t *ret_n);
    void *arg;
};
MUST enum err filter_eval(struct cx *cx, const struct cond *c, int64_t id, const struct val *v,
                          const struct filter_get *get, bool *ret);
/* Folds a text the way column _f holds it (fmt/fold). */
str filter_fold(struct arena *a, str s);
