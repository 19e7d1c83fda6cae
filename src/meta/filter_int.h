/* SPDX-License-Identifier: MIT */
/* meta/filter_int.h - what the files of the filter share. */
#pragma once
#include "meta/filter.h"

struct filter_parse {
    const struct filter_opts *opts;
    size_t nodes, values;           /* so far, against FILTER_NODES and FILTER_IN_MAX */
};
/* A name from a request, cut for a message. */
str filter_shown(str name);
/* Tags: v[0] is one as typed; v and *n become all spellings of it (at most TAG_SPELLINGS_MAX). Else nothing. */
enum { TAG_SPELLINGS_MAX = 20 };
MUST enum err tag_spellings(struct cx *cx, const struct field *f, struct val *v, size_t *n);
bool filter_is_user(const struct field *f);
/* The field whose kind reads and measures the values of f: a roll-up's greatest date is a date. */
const struct field *filter_measure(const struct field *f);
/* The node's value -> c->v, c->n_v by c->f and c->op: checked, in normal form, folded, relative dates resolved. */
MUST enum err filter_value(struct cx *cx, struct filter_parse *p, const struct json *j, struct cond *c);
/* [from, to) in days for a name ("last_month") or {"last_days":30}. Pure: `today` is a day. */
bool filter_period(int64_t today, const struct json *j, int64_t *ret_from, int64_t *ret_to);
