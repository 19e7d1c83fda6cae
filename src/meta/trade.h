/* SPDX-License-Identifier: MIT */
/* meta/trade.h - trade templates: what a firm of one trade adds to the description, and the groups it begins with.
 *
 * They are files of this folder (trades/NAME.json): "entities" and "fields" as the API takes own ones, "groups" as
 * [[labels], hue]. What they make is the firm's own from then on: it changes and removes it like any other.
 */
#pragma once
#include "meta/meta.h"

struct trade {
    str name;
    const struct json *def;
};
/* The i-th, from 0; false past the last. Texts live in cx->a. */
MUST enum err trade_at(struct cx *cx, size_t i, struct trade *ret, bool *ret_is);
/* E_INVALID at "trade" when there is none of that name. */
MUST enum err trade_named(struct cx *cx, str name, struct trade *ret);
/* As members of an object: "name", "icon", "label", "text" by language; "there": the firm has all of it. */
void trade_json(struct cx *cx, const struct trade *t, struct jw *w);

enum { TRADE_NEW_MAX = 64 };
struct trade_new { str entity, field; }; /* field "" = the entity itself */
struct trade_made {
    struct trade_new v[TRADE_NEW_MAX];
    size_t n;
    struct meta *meta; /* the description with all of it */
    str lang;          /* of who asks: for what is refused */
};
/* Inside db_write: adds what is not there and takes out of the trash what lies there. When there was anything to do,
 * cx->meta is ret->meta from then on: whoever calls puts his own back and drops ret->meta (meta_drop, which takes NULL)
 * when the transaction is over, however it ended; an earlier ret->meta, of a transaction that is run again, is dropped
 * here. */
MUST enum err trade_describe(struct cx *cx, const struct trade *t, struct trade_made *ret);
/* The groups' names in the language of cx and their hues, at most n; how many. */
size_t trade_groups(const struct cx *cx, const struct trade *t, str *names, int64_t *hues, size_t n);
