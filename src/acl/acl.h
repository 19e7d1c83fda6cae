/* SPDX-License-Identifier: MIT */
/* acl/acl.h - who may see and do what: turns roles into row conditions and a field mask, once per request.
 *
 * `record` asks here for every read and write; no handler does. cx->acl == NULL is the system itself.
 */
#pragma once
#include "meta/meta.h"
#include "meta/sql.h"

enum action { ACT_SEE, ACT_CREATE, ACT_CHANGE, ACT_DELETE, ACT_EXPORT, ACT_IMPORT, ACT_MASS, ACT_MAX };
extern const str action_name[ACT_MAX];
enum reach { REACH_NONE, REACH_OWN, REACH_TEAM, REACH_BRANCH, REACH_ALL };
enum field_right { FIELD_WRITE, FIELD_READ, FIELD_HIDDEN };
/* What is asked for at log-in beside the password; a later one is more. */
enum factor_want { WANT_NONE, WANT_FACTOR, WANT_PASSKEY, FACTOR_WANTS };
extern const str factor_want_name[FACTOR_WANTS]; /* "none", "any", "passkey" */
enum factor_want acl_factor_want(str name); /* WANT_NONE for any other word */
enum sysright { SYS_SETTINGS = 1, SYS_USERS = 2, SYS_LOG = 4, SYS_BACKUP = 8, SYS_PRIVACY = 16 };
struct cond;
/* What one role lets do with an entity of which some role has only a part. */
struct grant {
    uint32_t entity;          /* its at */
    uint8_t reach[ACT_MAX];
    const struct cond *only;  /* of the rows in reach those that fit; NULL = all */
};
/* Records of an entity that others share with him or with one of his teams, to see or to change too. */
struct acl_share {
    uint32_t entity; /* its at */
    bool change;
    int64_t until_ms; /* the last of them ends */
};
struct acl {
    int64_t user, team, branch;
    unsigned sys;
    enum factor_want factor;         /* the most that one of his roles, or the firm, asks for at log-in */
    const int64_t *teams, *branches; /* his; the latter with those below. Read when a reach or a share
                                      * needs them */
    size_t n_teams, n_branches;
    uint8_t reach[ENTITIES_MAX][ACT_MAX];  /* by entity.at: the farthest of his roles */
    bool filtered[ENTITIES_MAX];           /* see its grants, too */
    const struct grant *grant;
    size_t n_grants;
    const struct acl_share *share; /* beside all of that: each opens single records */
    size_t n_shares;
    const uint8_t *mask;  /* of enum field_right, at mask_at[entity.at] + field.at; NULL = every field may be written */
    size_t mask_n;        /* bytes of it */
    uint32_t mask_at[ENTITIES_MAX];
    uint16_t mask_fields[ENTITIES_MAX]; /* so many of each; what was added to the description since may be written */
    unsigned opens;       /* of enum acl_opens: beside records and settings, by a key; all of them without one */
};
/* From the user's role and further roles, which add up. role.rights is JSON: {"*":{"see":"all",...},
 * "person":{"see":"own","filter":{...},"fields":{"birthday":"hidden","mails":"read"}},"sys":["settings"],
 * "second_factor":true} (or "passkey"; beside it counts what the firm asks of everybody: the row 'factor' of setting).
 * System fields cannot be named, titles not be hidden. What is computed from a hidden field is
 * hidden with it. Filters speak of the day and of "me" as of cx->now_ms, cx->tz_min and `user`. E_AUTH when the user is
 * gone or inactive. */
MUST enum err acl_load(struct cx *cx, int64_t user, struct acl **ret);
/* Rights as one piece of memory: how large it is, and the copy in `room`, which is aligned for any type. Good while the
 * description is the same. */
size_t acl_bytes(const struct acl *a);
const struct acl *acl_copy(const struct acl *a, void *room);
/* ---- what an API key leaves of its user's rights ----
 * scopes: words with blanks between; the table of docs/api.md. */
enum acl_opens {
    OPENS_WRITING = 1,   /* routes that write, as far as rights go */
    OPENS_OWN = 2,       /* what is the user's own and no record: entries, arrangements, notices, jobs; reading */
    OPENS_OWN_WRITING = 4,
    OPENS_ALL = 7
};
/* E_INVALID at "scopes" for a word or an entity that there is not. */
MUST enum err acl_scopes_check(struct cx *cx, str scopes);
/* What is left of `acl` under these scopes and, when `by_role`, under a role's rights (JSON text, "" = none at all): of
 * each reach, field and system right the smaller one. */
MUST enum err acl_narrow(struct cx *cx, struct acl *acl, str scopes, bool by_role, str rights);
/* Is `rights` (JSON text) such a value, with entities, fields and words that exist? E_INVALID at the place
 * ("rights.person.fields.phone"). */
MUST enum err acl_check(struct cx *cx, str rights);
/* May this be asked for here? E_INVALID at `at`: nobody could make a passkey at the address of cx->no_passkeys. */
MUST enum err acl_factor_check(struct cx *cx, str at, enum factor_want want);
/* After somebody wrote a role or a user, in that transaction: is there still an active user who may manage users?
 * E_DENIED when not. Other entities, and the system itself: E_OK. */
MUST enum err acl_still_ruled(struct cx *cx, const struct entity *e);
/* Inside db_write, before it is looked who may still manage users: of two who take that right from somebody at the same
 * moment the second sees what the first has done. acl_still_ruled does it itself. */
MUST enum err acl_ruling_begin(struct cx *cx);
/* Active users with a role that has this right, by id, at most max. */
MUST enum err acl_holders(struct cx *cx, enum sysright right, size_t max, int64_t **ret, size_t *ret_n);
/* May this be done at all with this entity? (rows are a matter of acl_where) */
bool acl_may(const struct cx *cx, const struct entity *e, enum action act);
/* Likewise with what is shared aside: for what a single record must not open. */
bool acl_may_by_role(const struct cx *cx, const struct entity *e, enum action act);
bool acl_sys(const struct cx *cx, enum sysright r);
/* All rows, without any condition; by his roles none but his own (some of them perhaps, or not one). */
bool acl_all(const struct cx *cx, const struct entity *e, enum action act);
bool acl_own(const struct cx *cx, const struct entity *e, enum action act);
/* May all be exported that is seen? (columns of linked records; an export itself leaves out what may not) */
bool acl_exports_seen(const struct cx *cx, const struct entity *e);
/* Appends a complete condition in brackets on alias' row: "(1=1)", "(p.owner = $3)", ... */
void acl_where(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q);
/* Does a row with this owner and team lie within the reach? Filters are a matter of acl_fits. */
MUST enum err acl_owner(struct cx *cx, const struct entity *e, enum action act, int64_t owner, int64_t team,
                        bool *ret);
/* Does a row that stands in the database fit one of the roles, reach and filter together? True without a look where no
 * filter bears on the entity: there acl_owner has said all. */
MUST enum err acl_fits(struct cx *cx, const struct entity *e, enum action act, int64_t id, bool *ret);
/* Both: by his roles, what is shared with him aside; they must let him see it, too. Who gives something on (to another
 * owner, or by a share) must reach it in this way. */
MUST enum err acl_reaches(struct cx *cx, const struct entity *e, enum action act, int64_t id, int64_t owner,
                          int64_t team, bool *ret);
/* The same for all actions of a row in the database, by one look: *ret has the bit 1 << action of each. */
MUST enum err acl_rights(struct cx *cx, const struct entity *e, int64_t id, unsigned *ret);
/* Are there records of e that he is let do this with by a share alone? Only seeing and changing are ever shared. */
bool acl_shared(const struct cx *cx, const struct entity *e, enum action act);
/* Those alone: "(t.id IN (...))"; "(1 = 0)" when there are none. Named "t" or by `alias`. */
void acl_shared_where(struct cx *cx, const struct entity *e, enum action act, str alias, struct sql *q);
/* acl_reaches, or a share: the same condition as acl_where for a row in hand. */
MUST enum err acl_row(struct cx *cx, const struct entity *e, enum action act, int64_t id, int64_t owner, int64_t team,
                      bool *ret);
bool acl_field_read(const struct cx *cx, const struct field *f);
bool acl_field_write(const struct cx *cx, const struct field *f);
/* {"see":true,...} for GET /meta */
void acl_json(struct cx *cx, const struct entity *e, struct jw *w);
