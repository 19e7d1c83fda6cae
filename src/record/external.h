/* SPDX-License-Identifier: MIT */
/* record/external.h - the names that other systems have for records: {system, key} is one record of an entity. */
#pragma once
#include "record/record.h"

enum { EXTERNAL_SYSTEM_MAX = 40, EXTERNAL_KEY_MAX = 200, EXTERNAL_IDS_MAX = 50 };
/* system: letters of a to z, digits, '-', '_', '.'; key: any text that holds no control characters. E_INVALID at
 * "system" or "key". */
MUST enum err external_check(struct cx *cx, str system, str key);
/* Whose key it is, the winner's of a merge; seen or not, in the trash or not; 0 = nobody's. */
MUST enum err external_find(struct cx *cx, const struct entity *e, str system, str key, int64_t *ret);
/* The record may be changed by the asker, else E_NOTFOUND. E_CONFLICT at "key": another record has it, or this one has
 * EXTERNAL_IDS_MAX. Given twice: nothing happens. */
MUST enum err external_add(struct cx *cx, const struct entity *e, int64_t id, str system, str key);
MUST enum err external_drop(struct cx *cx, const struct entity *e, int64_t id, str system, str key); /* E_NOTFOUND */
/* [{"system","key"},…] of a record that the caller has found to be seen. */
MUST enum err external_json(struct cx *cx, const struct entity *e, int64_t id, struct jw *w);
/* Creates the record of this key, or changes it. E_CONFLICT at "key": it is in the trash, or not to be seen. *ret_made:
 * it was created. */
MUST enum err record_upsert(struct cx *cx, const struct entity *e, str system, str key, int64_t version,
                            const struct set *s, size_t n, struct written *ret, bool *ret_made);
