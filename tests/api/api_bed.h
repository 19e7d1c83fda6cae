/* SPDX-License-Identifier: MIT */
/* tests/api/api_bed.h - a firm that was set up over the API, its people with their sessions, and scenario tables.
 *
 * A request is parsed by the real parser and goes through guard and dispatch; only the socket is left out. In rows a
 * text that begins with {' (also behind "filter=") has ' for ", and $name stands for what an earlier row saved.
 */
#pragma once
#include "api/api.h"
#include "app/wiring.h"
#include "auth/key.h"
#include "base/map.h"
#include "bed.h"

/* What a set-up tells of its SHIPPED_ROLES. */
#define ROLES_CREATED "role.create role.create role.create role.create role.create role.create role.create role.create role.create role.create "

enum actor { ANON, ADMIN, MGRA, REPA1, REPA2, REPB1, ACTORS };
struct person { /* who somebody is, and his session */
    int64_t id;
    str token, csrf;
};
struct api_bed {
    struct bed b;
    struct store st;
    struct wired *w;       /* NULL: no server, no jobs, no events; only calls */
    struct app own, *app;  /* own when there is no w */
    pthread_mutex_t lock;
    struct router *router;
    struct person who[ACTORS];
    struct map vars;       /* name -> str * */
    int64_t seen;          /* newest row of the change log that a row has answered for */
    int digests;           /* how often api_digest was asked */
    char digest[32];       /* the matrix: the last one, ... */
    int64_t digest_at;     /* ... as of so many commits */
    int64_t proposed;      /* the matrix: the record that the last proposal or bound file is for */
    int64_t ahead_ms;      /* added to the clock */
    int64_t still_ms;      /* the clock stands still at this time; 0 = it goes */
    str remote;            /* where requests come from; "" = 203.0.113.7 */
};
/* live: with server on a free port, jobs and events. set_up: the firm below and its people; else an empty base. */
struct api_bed *api_bed_make(bool pg, bool live, bool set_up);
void api_bed_end(struct api_bed *t);
/* Runs fn on SQLite and, with KONTOR_TEST_PG, on PostgreSQL. */
void api_both(void (*fn)(struct api_bed *t), bool live, bool set_up);

/* ---- one request ---- */
struct answer {
    int status;
    str body, type;
    struct header head[12];
    size_t n_head;
    str file;              /* path of a file that would be sent */
    const struct route *route; /* NULL: none was found */
    str param;             /* the first {name} of its path */
};
/* `req` is "METHOD target", `head` further header lines with "\n" between, both as in rows; memory of `a`. Thread-safe. */
struct answer api_call(struct api_bed *t, struct arena *a, enum actor who, str req, str body, str head);
/* The same of a request as it came from the wire: its head, and the body that the server has read. */
struct answer api_raw(struct api_bed *t, struct arena *a, str head, str body);
str answer_head(const struct answer *r, str name);
/* What a row sends: as api_expand; "@picture:plain.jpg" is that file. */
str api_body(struct api_bed *t, const char *text);
/* A member of the body, "a.b" one level down; "" when there is none. */
str answer_value(struct cx *cx, const struct answer *r, str path);

/* A connection to the server of a live bed; -1: there is none. Any thread. */
int api_dial(struct api_bed *t);

/* ---- tables ---- */
struct row {
    enum actor who;
    const char *req, *body;
    int status;
    const char *part;      /* parts of the body, "|" between; "!x": must not be there; "@Name: x": a header */
    const char *events;    /* "person.update task.create": the rows of the log that came, oldest first, and no other;
                            * with a * at the end: what a job has written so far, any number of these, no other */
    const char *save;      /* keeps $save (the reply's id) and each member as $save.member, $save.seq = X-Change */
    const char *head;
};
void api_rows(struct api_bed *t, const char *file, const struct row *rows, size_t n);
#define ROWS(t, ...)                                                       \
    do {                                                                   \
        static const struct row rows_[] = {__VA_ARGS__};                   \
        api_rows((t), __FILE__, rows_, COUNT(rows_));                      \
    } while (0)
str var_get(const struct api_bed *t, const char *name);
void var_put(struct api_bed *t, const char *name, str value);
str api_expand(const struct api_bed *t, struct arena *a, const char *text);
/* Changes since the last look, as rows name them. */
str api_events_came(struct api_bed *t);

/* What his app shows `off` steps from now: of the seed that is being set up, else of the one in force. */
str api_code(struct api_bed *t, enum actor who, int off);
/* A new session for him. */
void api_enter(struct api_bed *t, enum actor who, int64_t id);

/* A key of `user` by the back door, for people of the bed have no passwords: $VAR its id, $VAR.key its token. role 0: his own
 * rights. */
void api_key_make(struct api_bed *t, const char *var, enum actor user, const char *scopes, int64_t role);
/* His session is as if he had just proved once more who he is. */
void api_prove(struct api_bed *t, enum actor who);

/* Which kinds of security events the beds that have ended had. Their parameters and codes are those of the table. */
bool api_event_seen(enum event_kind k);

/* Every route that was called, for the test that none was forgotten. */
bool api_route_called(size_t i);
void api_route_mark(const struct route *r);
/* A digest of all tables but those named ("login_attempt session"). */
str api_digest(struct api_bed *t, str but);
/* A new record made by the system itself for `owner`. */
int64_t api_make(struct api_bed *t, const char *entity, const char *name, enum actor owner);

void session_tests(void);
void records_tests(void);
void lists_tests(void);
void rights_tests(void);
void roles_tests(void);
void matrix_tests(void);
void shipped_tests(void);
void describe_tests(void);
void undo_tests(void);
void files_tests(void);
void finding_tests(void);
void keys_tests(void);
void mcp_tests(void);
void bulk_tests(void);
void mail_tests(void);
void hooks_tests(void);
void idps_tests(void);
void syncing_tests(void);
void factor_tests(void);
void privacy_tests(void);
void sharing_tests(void);
void retaining_tests(void);
void security_tests(void);
void limits_tests(void);
void attacks_tests(void);
void attacks_write_tests(void);
