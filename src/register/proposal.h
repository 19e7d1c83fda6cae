/* SPDX-License-Identifier: MIT */
/* register/proposal.h - what a source (a register, an import, a sync) says of a record that has something else: it
 * stands beside the record, open, until a person takes or refuses it. Table `proposal`; taking is an ordinary write.
 *
 * A value that the record has already is not proposed; one that was refused is not proposed again by the same source; a
 * newer word of the same source takes the place of its open one. Lists (phones, addresses) only ever grow by taking.
 */
#pragma once
#include "record/record.h"

enum { PROPOSAL_SOURCE_MAX = 60, PROPOSALS_SHOWN = 50 };
/* `fields`: values as the API takes them. *ret: how many now stand open that did not before. E_INVALID names a field
 * that is unknown or whose value it cannot be; E_NOTFOUND: unseen. Opens db_write. */
MUST enum err proposal_put(struct cx *cx, const struct entity *e, int64_t id, str source, const struct json *fields,
                           size_t *ret);
/* The same inside db_write, for values in hand and the record they were compared with; fields that nobody could take
 * are passed over. */
MUST enum err proposal_put_sets(struct cx *cx, const struct record *r, str source, const struct set *s, size_t n,
                                size_t *ret);
/* Members of an array: {"id","field","value","old","source","at"}; only fields the asker may read. E_NOTFOUND:
 * unseen. */
MUST enum err proposal_list_json(struct cx *cx, const struct entity *e, int64_t id, struct jw *w);
/* E_NOTFOUND: none, unseen, or answered already; E_DENIED: seen but not his to change. */
MUST enum err proposal_take(struct cx *cx, int64_t id, const struct entity **ret_e, struct written *ret);
MUST enum err proposal_refuse(struct cx *cx, int64_t id);
