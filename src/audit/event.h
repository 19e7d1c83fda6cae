/* SPDX-License-Identifier: MIT */
/* audit/event.h - security events: who came in or was kept out, what was taken out of the house, who looked as somebody
 * else, which request was refused. Rows of `security_event`, sealed in the chain of the change log (audit.h).
 *
 * What has an effect is written in the transaction of the effect, or before its answer (event_put, event_write).
 * Refused requests are counted in memory and written once a minute, a row for each asker, kind and route (struct
 * tally): a million of them are a few hundred rows. No row holds a text of people's or a secret: ids, addresses, names
 * of routes, entities and fields.
 */
#pragma once
#include "base/base.h"
#include "db/db.h"
#include "os/vault.h"

/* Names stay: they stand in sealed rows. What follows the first dot belongs to the group before it. */
#define EVENT_KINDS(X)                                                                                          \
    X(LOGIN, "login")                       /* somebody is in; detail: by */                                     \
    X(LOGIN_FAILED, "login.failed")         /* a wrong password, code or answer; who: whose name it was */       \
    X(LOGIN_LOCKED, "login.locked")         /* ... the last one before the lock */                               \
    X(LOGIN_REFUSED, "login.refused")       /* not looked at; detail: why; subject: whose name; counted */       \
    X(LOGOUT, "logout")                                                                                          \
    X(SESSION_ENDED, "session.ended")       /* subject: whose; n: how many */                                    \
    X(PASSWORD_CHANGED, "password.changed") /* by himself, who knew the old one; subject: whose */               \
    X(PASSWORD_SET, "password.set")         /* by others, or at the command line */                              \
    X(PASSWORD_LINK, "password.link")       /* by a link that was sent by mail */                                \
    X(FACTOR_SET, "factor.set")             /* codes of an app */                                                \
    X(FACTOR_REMOVED, "factor.removed")                                                                          \
    X(FACTOR_RESET, "factor.reset")         /* all second factors, by others */                                  \
    X(RECOVERY_MADE, "recovery.made")                                                                            \
    X(RECOVERY_USED, "recovery.used")                                                                            \
    X(PASSKEY_ADDED, "passkey.added")       /* subject: the passkey */                                           \
    X(PASSKEY_REMOVED, "passkey.removed")                                                                        \
    X(IDENTITY_LINKED, "identity.linked")   /* somebody is known to a provider; subject: who; detail: provider */ \
    X(IDENTITY_ENDED, "identity.ended")     /* ... and no longer; subject 0: all of a directory, n: how many */  \
    X(KEY_MADE, "key.made")                 /* subject: the API key */                                           \
    X(KEY_ENDED, "key.ended")                                                                                    \
    X(ADDRESS_BLOCKED, "address.blocked")   /* detail: addr */                                                   \
    X(ADDRESS_FREED, "address.freed")                                                                            \
    X(LOCK_FREED, "lock.freed")                                                                                  \
    X(EXPORT_BEGUN, "export.begun")         /* detail: entity, format, fields of the filter */                   \
    X(EXPORT_DONE, "export.done")           /* subject: the row of its beginning; n: rows */                     \
    X(ARCHIVE_MADE, "archive.made")         /* all data of somebody; subject: the record */                      \
    X(BACKUP_MADE, "backup.made")           /* the day's, by the server; detail: name */                         \
    X(SHOWN_AS, "shown.as")                 /* subject: as whom he looked; counted */                            \
    X(SETTING_CHANGED, "setting.changed")   /* detail: what */                                                   \
    X(RULE_MADE, "retention.made")          /* subject: the rule of retention */                                 \
    X(RULE_CHANGED, "retention.changed")                                                                         \
    X(RULE_ON, "retention.on")              /* n: how many it would take, as was shown */                        \
    X(RULE_OFF, "retention.off")            /* who 0: by itself, see its runs */                                 \
    X(RULE_REMOVED, "retention.removed")                                                                         \
    X(LOG_EXPORTED, "log.exported")         /* these rows as a file */                                           \
    X(LOG_TRIMMED, "log.trimmed")           /* rows whose time was over are gone; subject: up to which seal */   \
    X(VAULT_ROTATED, "vault.rotated")       /* detail: key */                                                    \
    X(REFUSED_LOGIN, "refused.login")       /* 401, with a token that opens nothing; from here on counted */     \
    X(REFUSED_RIGHTS, "refused.rights")     /* 403 */                                                            \
    X(REFUSED_ORIGIN, "refused.origin")     /* from another site */                                              \
    X(REFUSED_CSRF, "refused.csrf")                                                                              \
    X(REFUSED_HIDDEN, "refused.hidden")     /* 404: not there, or not to be seen */                              \
    X(REFUSED_INPUT, "refused.input")       /* 400, 413, 415, 422 and what no parser takes */                    \
    X(REFUSED_RATE, "refused.rate")         /* 429 */
enum event_kind {
#define X(id, name) EVENT_##id,
    EVENT_KINDS(X)
#undef X
    EVENT_N
};
extern const str event_name[EVENT_N];
/* E_INVALID at "kind" when it is neither a kind nor a group ("login" is both: the group). "" fits. */
MUST enum err event_kind_check(struct cx *cx, str kind);

enum { EVENT_DETAIL_MAX = 1000, EVENT_VALUE_MAX = 200, EVENT_ADDR_MAX = 64, EVENT_DAYS = 400, EVENT_PAGE = 100 };
enum { EVENT_NONE = -1 };
struct event {
    enum event_kind kind;
    int64_t who;     /* 0: cx->real or cx->who, if anybody */
    int64_t subject; /* an id, 0 = none */
    str addr;        /* "": cx->addr */
    str detail;      /* "" or JSON of event_detail */
    int64_t n;       /* how often, how many; 0 = once, EVENT_NONE = of nothing */
};
static inline int64_t event_n(int64_t rows) { return rows ? rows : EVENT_NONE; }
/* Inside db_write, in the transaction of what it tells. */
MUST enum err event_put(struct cx *cx, const struct event *e);
/* In a transaction of its own; *ret_seq (may be NULL) is the row's number. */
MUST enum err event_write(struct cx *cx, const struct event *e, int64_t *ret_seq);
/* A setting that bears on security was changed; `what`: which, subject: of several the one. As event_put. */
MUST enum err event_setting(struct cx *cx, str what, int64_t subject);
/* {"key":"value"}, cut at EVENT_VALUE_MAX bytes, controls escaped. */
str event_detail(struct cx *cx, str key, str value);

/* ---- counting what is refused ---- */
enum { TALLY_CELLS = 128, TALLY_OWN = 8, TALLY_FLUSH_MS = 60000, TALLY_ROWS_DAY = 10000, TALLY_OWN_DAY = 1000 };
struct tally; /* one per process */
/* `b` outlives it. */
MUST enum err tally_start(struct cx *cx, struct dbase *b, struct tally **ret);
void tally_stop(struct tally **t); /* writes what is left; takes NULL */
struct refused {
    enum event_kind kind;
    enum way way;
    int64_t who, subject; /* as of an event; who 0: a stranger */
    str addr;
    str key, value; /* of the detail: texts that live as long as the process; "" = none */
};
/* Once more. Any thread, never waits for the database. Whoever asks - a user, or a stranger by his net - has TALLY_OWN
 * cells between two flushes; what is beyond is counted without subject and detail, a user's without the address, a
 * stranger's by the net. Users and strangers have TALLY_CELLS each, and TALLY_ROWS_DAY rows a day, of which one asker
 * takes about TALLY_OWN_DAY: what does not fit is counted by its kind alone. So nobody outside can hide who asks from
 * inside, and no single net all others. */
void tally_count(struct tally *t, const struct refused *x, int64_t at_ms);
MUST enum err tally_flush(struct cx *cx, struct tally *t);

/* ---- looking ---- */
struct event_row {
    int64_t seq, at, who, subject, n;
    str kind, addr, way, detail;
};
struct event_query {
    str kind, addr;   /* kind or group, the address; "" = any */
    int64_t who;      /* who or about whom; 0 = any */
    int64_t from, to; /* [from, to) in UTC ms; 0 = without an end */
    int64_t before;   /* cursor: numbers below; 0 = from the newest */
};
/* Newest first, at most EVENT_PAGE; *ret_next: the next cursor, 0 = no more. */
MUST enum err event_list(struct cx *cx, const struct event_query *q, struct event_row **ret, size_t *ret_n,
                         int64_t *ret_next);

/* Nightly: rows older than EVENT_DAYS go by whole seals, of which the digest stays; a row with a keyed digest says so.
 * v NULL: nothing is sealed here. E_PRECOND: a seal whose time is over, or a row of it, is not what it was; all from
 * there on stays. */
MUST enum err event_tidy(struct cx *cx, const struct vault *v);
