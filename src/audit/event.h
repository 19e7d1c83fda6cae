/* SPDX-License-Identifier: MIT */
/* audit/event.h - security events (event.def): who came in or was kept out, what was taken out of the house, who
 * looked as somebody else, which request was refused. Rows of `security_event`, sealed in the chain of the change log
 * (audit.h).
 *
 * What has an effect is written in the transaction of the effect, or before its answer (event_put, event_write).
 * Refused requests are counted in memory and written once a minute, a row for each asker, kind and route (struct
 * tally): a million of them are a few hundred rows. No row holds a text of people's or a secret: ids, addresses,
 * names of routes, entities and fields, codes; but for names of providers and the reason that somebody types at
 * the command line for accepting a fault. */
#pragma once
#include "base/base.h"
#include "db/db.h"
#include "os/vault.h"

enum event_kind {
#define EVENT(id, name, by, subject, keys, text, more) EVENT_##id,
#include "audit/event.def"
    EVENT_N
};
/* Parameters of an event's detail. */
enum event_key {
    EVENT_KEY_NONE,
#define EVENT_KEY(id, name, form, text, more) EVENT_KEY_##id,
#include "audit/event.def"
    EVENT_KEYS_N
};
/* What stands in a parameter of the form CODE. */
enum event_code {
#define EVENT_CODE(key, id, name, text) EVENT_##key##_##id,
#include "audit/event.def"
    EVENT_CODES_N
};
/* Whose id the subject is; SETTING: of several of a kind the one (a webhook, a provider); RECORD: of the detail's
 * entity. */
enum event_subject {
    EVENT_OF_NONE, EVENT_OF_USER, EVENT_OF_ROLE, EVENT_OF_KEY, EVENT_OF_PASSKEY, EVENT_OF_BLOCK, EVENT_OF_RECORD,
    EVENT_OF_EVENT, EVENT_OF_SEAL, EVENT_OF_SETTING, EVENT_OF_RULE
};
/* TEXT: as it is; CODE, KIND: a name of the table; USER: an id; ENTITY, FIELDS: names of the description; FLAG: true;
 * TIME: ms since 1970 as text; PROOF: for the program alone. */
enum event_form {
    EVENT_FORM_TEXT, EVENT_FORM_CODE, EVENT_FORM_KIND, EVENT_FORM_USER, EVENT_FORM_ENTITY, EVENT_FORM_FIELDS,
    EVENT_FORM_FLAG, EVENT_FORM_TIME, EVENT_FORM_PROOF
};
/* The table. text: English, for tr(). */
struct event_kind_info {
    str name;
    bool by_cli; /* the command line alone writes it */
    enum event_subject subject;
    str keys, text, more;
};
struct event_key_info {
    str name;
    enum event_form form;
    str text, more;
};
struct event_code_info {
    enum event_key key;
    str name, text;
};
extern const struct event_kind_info event_kinds[EVENT_N];
extern const struct event_key_info event_keys[EVENT_KEYS_N]; /* the first is none */
extern const struct event_code_info event_codes[EVENT_CODES_N];
/* NULL: an older or newer program's. */
const struct event_kind_info *event_kind_find(str name);
const struct event_key_info *event_key_find(str name);
const struct event_code_info *event_code_find(str key, str name);
/* E_INVALID at "kind" when it is neither a kind nor a group ("login" is both: the group). "" fits. */
MUST enum err event_kind_check(struct cx *cx, str kind);

enum { EVENT_DETAIL_MAX = 1000, EVENT_VALUE_MAX = 200, EVENT_ADDR_MAX = 64, EVENT_DAYS = 400, EVENT_PAGE = 100 };
enum { EVENT_NONE = -1 };
struct event {
    enum event_kind kind;
    int64_t who;     /* 0: cx->real or cx->who, if anybody */
    int64_t api_key; /* 0: cx->who's, if he came by one */
    int64_t subject; /* an id, 0 = none */
    str addr;        /* "": cx->addr */
    str detail;      /* "" or JSON of event_detail, event_coded */
    int64_t n;       /* how often, how many; 0 = once, EVENT_NONE = of nothing */
};
static inline int64_t event_n(int64_t rows) { return rows ? rows : EVENT_NONE; }
/* Inside db_write, in the transaction of what it tells. */
MUST enum err event_put(struct cx *cx, const struct event *e);
/* In a transaction of its own; *ret_seq (may be NULL) is the row's number. */
MUST enum err event_write(struct cx *cx, const struct event *e, int64_t *ret_seq);
/* A setting that bears on security was changed; `what`: of EVENT_WHAT_*, subject: of several the one. As event_put. */
MUST enum err event_setting(struct cx *cx, enum event_code what, int64_t subject);
/* {"key":"value"}, cut at EVENT_VALUE_MAX bytes, controls escaped. */
str event_detail(struct cx *cx, enum event_key key, str value);
/* {"key":"code"}, {"key":true}. */
str event_coded(struct cx *cx, enum event_code code);
str event_flag(struct cx *cx, enum event_key key);

/* ---- counting what is refused ---- */
enum { TALLY_CELLS = 128, TALLY_OWN = 8, TALLY_FLUSH_MS = 60000, TALLY_ROWS_DAY = 10000, TALLY_OWN_DAY = 1000 };
struct tally; /* one per process */
/* `b` outlives it. */
MUST enum err tally_start(struct cx *cx, struct dbase *b, struct tally **ret);
void tally_stop(struct tally **t); /* writes what is left; takes NULL */
struct refused {
    enum event_kind kind;
    enum way way;
    int64_t who, api_key, subject; /* as of an event; who 0: a stranger */
    str addr;
    enum event_key key;
    str value; /* of the detail (of a FLAG: ""): a text that lives as long as the process; "" = none */
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
    int64_t seq, at, who, api_key, subject, n; /* api_key: by which he came, 0 = none */
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
