/* SPDX-License-Identifier: MIT */
/* auth/key.h - API keys: what a program shows to work as a user, with his rights or less.
 *
 * "kontor_<id>_<secret>", the secret 64 hex digits of chance; the database holds the SHA-256 of it all. What the key
 * leaves of its user's rights: acl_narrow.
 */
#pragma once
#include "auth/auth.h"

enum { KEYS_OF_USER = 50, KEY_NAME_MAX = 100, KEY_SCOPES_MAX = 1000, KEY_CHARS_MAX = 100 };

struct key {
    int64_t id, user, role;     /* role 0: none narrows it */
    str name, scopes;           /* scopes: words with blanks between */
    str user_name, role_name;   /* when read */
    int64_t created_at, expires_at, used_at; /* UTC ms; expires_at 0: never, used_at 0: not yet; of the last minutes it
                                              * tells nothing */
};
/* Does this look like a key? The text of a header or of a query. */
bool key_is(str token);
/* Is there such a thing anywhere in a text? */
bool key_is_within(str text);
/* For k->user, with name, scopes, role and expires_at of k; fills id. E_INVALID at the field at fault, E_LIMIT beyond
 * KEYS_OF_USER. *ret_token is told this once. */
MUST enum err key_new(struct cx *cx, struct key *k, str *ret_token);
/* The newest n below `before` (0 = from the newest): cx->who's own ones, `all`: everybody's. */
MUST enum err key_list(struct cx *cx, bool all, int64_t before, size_t n, struct key **ret, size_t *ret_n);
/* Names by id, "" of those that have ended, that are another's unless `all`, and for 0. */
MUST enum err key_names(struct cx *cx, const int64_t *ids, size_t n, bool all, str *ret);
/* Own ones alone unless `all`; else E_NOTFOUND. */
MUST enum err key_get(struct cx *cx, int64_t id, bool all, struct key *ret);
MUST enum err key_rename(struct cx *cx, int64_t id, bool all, str name);
MUST enum err key_end(struct cx *cx, int64_t id, bool all);
/* How many keys a user has that have not expired: they rest while he is inactive, and open again with him. */
MUST enum err key_count(struct cx *cx, int64_t user, int64_t *ret);
/* As auth_session_enter: E_AUTH, the same for unknown, ended, expired and of a user who is inactive. cx->acl is what
 * the key leaves of his rights, cx->who.key its id. */
MUST enum err key_enter(struct cx *cx, struct auth *au, str token);
/* auth_as by a key that was entered before, 0 = none: for jobs. E_AUTH when it ended meanwhile. */
MUST enum err key_as(struct cx *cx, int64_t user, int64_t key);
