/* SPDX-License-Identifier: MIT */
/* notice/notice.h - what a user is to be told: a person of his has changed firm or title, or a source says so.
 *
 * Written in the transaction of the change itself, so it neither lags nor is lost. A notice holds ids and the texts of
 * the field alone; titles are looked up when it is read, under the reader's rights of that moment.
 */
#pragma once
#include "meta/meta.h"

enum { NOTICES_MAX = 100 };
/* Inside the transaction of an update (old, v: e->n values): a person with another firm or title is told to his owner,
 * unless it was the owner who did it. What was empty before is no change. */
MUST enum err notice_changed(struct cx *cx, const struct entity *e, int64_t id, const struct val *old,
                             const struct val *v);
/* Fields whose change is told. */
bool notice_told(const struct field *f);
/* data: JSON object. Inside db_write. */
MUST enum err notice_put(struct cx *cx, int64_t user, str kind, const struct entity *e, int64_t id, str data);

struct notice {
    int64_t id, record, at;
    str kind, entity, data;
    bool is_read;
};
/* Of the present user, newest first: at most NOTICES_MAX; *ret lives in cx->a. Whether he may still see the record is
 * for the caller to ask. */
MUST enum err notice_list(struct cx *cx, bool unread_only, struct notice **ret, size_t *ret_n);
/* Marks his own as read; id 0 = all. E_NOTFOUND: not his. Opens db_write. */
MUST enum err notice_read(struct cx *cx, int64_t id);
