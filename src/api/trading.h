/* SPDX-License-Identifier: MIT */
/* api/trading.h - trade templates applied: see meta/trade.h. */
#pragma once
#include "api/api_int.h"
#include "meta/trade.h"

struct trading {
    struct trade t;
    const struct meta *before; /* the description of who asks */
    struct trade_made made;
    int64_t batch, groups;     /* groups: new ones */
};
/* Inside db_write: the fields, entities and groups that are not there. As trade_describe does, it leaves cx->meta at
 * g->made.meta; its caller puts g->before back and drops the other. */
MUST enum err trade_apply(struct cx *cx, struct trading *g);
/* All templates as an array. */
void trades_json(struct cx *cx, struct jw *w);
