/* SPDX-License-Identifier: MIT */
/* api/api.h - the REST API of docs/api.md: its routes, its guard, and what of the process its handlers may use. */
#pragma once
#include "auth/auth.h"
#include "backup/backup.h"
#include "hook/hook.h"
#include "http/http.h"
#include "idp/idp.h"
#include "jobs/jobs.h"
#include "mail/mail.h"
#include "meta/meta.h"
#include "picture/picture.h"
#include "register/register.h"
#include "sync/sync.h"

#include <pthread.h>

enum {
    BODY_SMALL = 4096,
    BODY_DRAFT = 128 * 1024,
    BODY_MASS = 256 * 1024,
    BODY_RECORD = 1024 * 1024,
    BODY_BULK = 4 * 1024 * 1024,
    BODY_SYNC = SYNC_BODY_BYTES,
    BODY_UPLOAD = 200 * 1024 * 1024
};

struct events;
struct intake_conf {       /* what is taken in */
    str scan;              /* "" or where clamd listens (api/scan.h) */
    int64_t day_bytes;     /* of one user within 24 hours; 0 = no bound */
};
/* How copies of everything are made here; its texts and the store live as long as the process. */
struct backup_conf {
    struct backup_opts opts; /* progress is the caller's */
    bool daily;              /* one a day by itself */
};
struct app {               /* owned by `app`, lives as long as the process */
    struct dbase *db;
    struct auth *auth;
    const struct vault *vault;
    struct jobs *jobs;
    struct mailer *mailer; /* NULL: nobody sends (tests) */
    struct events *events;
    struct http_server *http;
    struct meta *meta;     /* behind meta_lock: app_meta_hold */
    pthread_mutex_t *meta_lock;
    str data_dir, url;     /* url: where users find us, for links */
    str setup_token;       /* hex; "" once set up */
    bool tls;
    int64_t started_ms;
    struct register_conf registers;
    struct hook_env hook_env;
    struct hooks *hooks;   /* NULL: nobody sends */
    struct idps *idps;
    struct syncer *syncer; /* NULL: nobody writes what other systems send (tests) */
    struct usage *usage;   /* NULL: nobody counts */
    struct tally *tally;   /* NULL: refusals are not counted (tests) */
    struct pictures *pictures; /* NULL: pictures are not taken */
    struct intake_conf intake;
    struct backup_conf backups;
    _Atomic int asking;    /* requests that wait for a register at present */
    _Atomic uint32_t country; /* two letters, packed; 0 = not known yet: app_country */
};
/* The firm's country, "DE" before set-up. Set-up tells it, so that the next request reads numbers its way. */
str app_country(struct arena *a, const struct app *app);
void app_country_set(struct app *app, str country);
/* The present description, held: meta_drop it. */
struct meta *app_meta_hold(struct app *app);
/* Reads the description again after it was changed; cx->meta stays what it was. */
MUST enum err app_meta_reload(struct cx *cx);
/* Firm's country, currency, language and name (settings); fills cx->country too. */
struct firm {
    str name, country, currency, lang;
};
MUST enum err app_firm(struct cx *cx, struct firm *ret);

extern const struct route api_routes[];
extern const size_t api_routes_n;
/* Session, CSRF, Origin; runs before every handler. */
enum err api_guard(struct cx *cx, struct req *rq, struct resp *rs);
/* May this request be begun in the loop, its writing waited for by no thread (R_LATER)? */
bool api_may_wait(const struct app *app, const struct req *rq);
/* One line of log for a request that is answered: an error of ours, or everything when debugging. */
void api_log(const struct cx *cx, const struct req *rq, const struct resp *rs, int64_t us);
/* Counts it for the security log when it was refused; before the reply is out. */
void api_refused(struct cx *cx, const struct req *rq, const struct resp *rs);
/* The same of one that was refused before it was read. is_proxy: addr is that of a proxy, and nobody knows for whom it
 * spoke. Any thread. */
void api_refused_unread(struct app *app, str addr, bool is_proxy, int status);
/* Counts it, when its row says so and a person asked. */
void api_use(const struct cx *cx, const struct req *rq, const struct resp *rs);
/* First set-up: the firm, its shipped roles, the administrator. E_CONFLICT when there are users already. */
struct setup {
    str firm, country, currency, lang, name, mail, password;
    str trade; /* a template of meta/trade.h, "" = none */
    str addr, agent;
    struct session *session; /* his first session, made in the same transaction; NULL = none */
};
enum { SHIPPED_ROLES = 10 };
/* The administrator's is the first one. */
extern const struct shipped_role {
    str name[LANG_MAX], rights;
} shipped_role[SHIPPED_ROLES];
MUST enum err setup_run(struct cx *cx, struct auth *au, const struct setup *s, int64_t *ret_user);
MUST enum err setup_needed(struct cx *cx, bool *ret);

/* Sessions of MCP that are too old to be gone on with at now_ms and have written nothing are forgotten; api_tidy does
 * it. */
MUST enum err mcp_tidy(struct cx *cx, int64_t now_ms);

/* The housekeeping of a day, as the system: uploads that nobody took within 14 days and that no job still needs and no
 * unfinished entry names; old log-ins and deliveries. */
MUST enum err api_tidy(struct cx *cx);

/* At the start, as the system, with cx->app and meta: erasures that this base, an older one that was restored, does not
 * know of are asked for again. */
MUST enum err api_erase_again(struct cx *cx);

/* ---- live events: one follower of the log, many streams ---- */
MUST enum err events_open(struct cx *cx, struct app *app, struct events **ret);
void events_wake(struct events *ev);      /* after a commit */
void events_job(struct events *ev, int64_t job, int64_t by); /* its state or progress changed: tells its user */
void events_close(struct events **ev);     /* after the server stopped: no stream is left */

/* What jobs can be asked for over the API: for jobs_start. */
extern const struct job_kind api_jobs[];
extern const size_t api_jobs_n;
