/* SPDX-License-Identifier: MIT */
/* api/api_int.h - what the handlers share. */
#pragma once
#include "api/api.h"
#include "record/record.h"

#define ROUTE(m, path, fn, flags, body, ...) enum err fn(struct cx *cx, const struct req *rq, struct resp *rs);
#include "api/routes.def"
#undef ROUTE

/* Does the route ask for a proof of who one is, since it says who comes in and what he may? `entity`: the first
 * parameter of its path. */
bool guard_proves(const struct route *r, str entity);
/* The reply's body as a JSON writer. */
struct jw reply_json(struct resp *rs);
/* {entity} of the path; what one may not see at all answers like an unknown one. */
MUST enum err path_entity(struct cx *cx, const struct req *rq, const struct entity **ret);
MUST enum err path_id(struct cx *cx, const struct req *rq, size_t param, int64_t *ret);
/* E_TYPE when it says to be something else. */
MUST enum err body_is_json(struct cx *cx, const struct req *rq);
/* The body as an object; "" is {}. */
MUST enum err body_json(struct cx *cx, const struct req *rq, const struct json **ret);
/* A text as the value of a parameter in a query. */
void query_encoded(struct buf *b, str s);
/* ?filter= as a condition; NULL when there is none. */
MUST enum err query_filter(struct cx *cx, const struct req *rq, const struct entity *e, const struct cond **ret);
/* The same of a tree in hand; NULL: no condition. */
MUST enum err filter_asked(struct cx *cx, const struct entity *e, const struct json *j, const struct cond **ret);
/* ?fields=a,b in this order; *ret is left alone without it. */
MUST enum err query_columns(struct cx *cx, const struct req *rq, const struct entity *e, const struct list_column **ret,
                            size_t *ret_n);
/* "name", "-name" or several with commas into q->sort; "" = no sort. */
MUST enum err sort_asked(struct cx *cx, const struct entity *e, str s, struct query *q);
/* ISO time of "at". */
MUST enum err at_asked(struct cx *cx, str s, int64_t *ret);
/* cx->msg as problem+json (RFC 9457); the object is left open for what else is to be told. */
struct jw problem_json(struct cx *cx, struct resp *rs, enum err e);
/* The same for 409, without a field. */
struct jw conflict_json(struct cx *cx, struct resp *rs);
/* {"data":[...],"next":"..."|null: the object is left open. */
void page_json(struct cx *cx, const struct page *p, struct jw *w);
/* ?include=: "included" as a member of the object that is open, with the records that those of the page point to; of
 * one also those that point to it; `at` > 0: as all that was then. E_BAD for a name that is not there or not to be
 * seen. */
MUST enum err include_json(struct cx *cx, const struct req *rq, const struct entity *e, const struct page *p,
                           int64_t at, struct jw *w);
/* ?shared_with=me: only what is shared with the asker; E_BAD for another word. */
MUST enum err query_shared(struct cx *cx, const struct req *rq, bool *ret);
/* ?q= as a condition of a query (search_where); without q nothing is touched. */
MUST enum err query_text(struct cx *cx, const struct req *rq, const struct entity *e, bool walk, str *ret_text,
                         const struct sql **ret);
/* A page of what fits `text` (q->also): the best hits by rank first, then all others, newest first. The cursor is its
 * own. With q->sort: in that order, as any list. */
MUST enum err list_by_text(struct cx *cx, const struct entity *e, str text, const struct query *q, struct page *ret);
/* "why": ["phone",...] of DUP_*, as a member; black: on the own blacklist. */
void dup_why_json(struct jw *w, unsigned why, bool black);
/* X-Change and ETag of what was written. */
void reply_written(struct cx *cx, struct resp *rs, const struct written *w);
/* The record that was written, as far as it can be seen now; its id and version when it cannot. */
MUST enum err reply_after(struct cx *cx, const struct entity *e, const struct written *w, struct resp *rs);
/* If-Match: "<version>" -> version; 0 when absent. */
MUST enum err if_match(struct cx *cx, const struct req *rq, int64_t *ret);
/* Sessions of the MCP server are batches of this title, for so many days. */
#define MCP_TITLE "mcp"
enum { MCP_DAYS = 7 };
void session_reply(struct cx *cx, struct resp *rs, const struct session *s, const struct firm *f);
void session_cookie(struct cx *cx, struct resp *rs, str token); /* "" clears it */
bool session_token(struct cx *cx, const struct req *rq, str *ret);
/* The API key of the Authorization header, else the session's token; false when there is neither. */
bool who_token(struct cx *cx, const struct req *rq, str *ret);
/* Who asks, and the cookie by which he is known again. */
struct visitor visitor_of(const struct req *rq);
void device_cookie(struct cx *cx, struct resp *rs, str device);
/* The answer to a try that was refused: with how long to wait, and the captcha that comes next. */
MUST enum err login_refused(struct cx *cx, struct resp *rs, enum err e, const struct login *io);
/* Somebody's account, for who manages users. */
struct account {
    int64_t id;
    str name, mail;
    bool is_active, has_password, must_change;
    int64_t first_until; /* until when a password that was given to him opens; 0: he has an own one, or none */
};
/* By whom somebody is vouched for, as an array. */
MUST enum err identities_json(struct cx *cx, struct jw *w, int64_t user);
MUST enum err account_of(struct cx *cx, const struct req *rq, struct account *ret);
/* The same of any id; no right is asked for. E_NOTFOUND. */
MUST enum err account_find(struct cx *cx, int64_t id, struct account *ret);
/* The user becomes inactive, and is out of all sessions. */
MUST enum err account_end(struct cx *cx, int64_t id, struct written *ret);
struct factors;
/* What second factors somebody has, as members. */
void factors_json(struct cx *cx, struct jw *w, const struct factors *f);
/* "passkey_possible" and "passkeys": those of a user, as members. */
MUST enum err passkeys_json(struct cx *cx, const struct req *rq, struct jw *w, int64_t user);
struct wa_site;
/* Where browsers find us, as passkeys need it; E_PRECOND when nobody has told. */
MUST enum err site_need(struct cx *cx, const struct req *rq, struct wa_site *ret);
struct passkey_answer;
/* What a passkey answered, of an object. */
MUST enum err answer_given(struct cx *cx, const struct json *j, struct passkey_answer *ret);
struct passkey;
/* A challenge, and the n passkeys that may answer it (0 = whichever). */
void challenge_reply(struct resp *rs, const struct wa_site *site, str challenge, bool second, const struct passkey *p,
                     size_t n);
/* "sso": the providers that one can log in by, as a member. */
MUST enum err sso_json(struct cx *cx, struct jw *w);
/* E_DENIED unless the user has the right `users`; `settings`. */
MUST enum err users_only(struct cx *cx);
MUST enum err settings_only(struct cx *cx);
/* ?cursor= as an id; 0 = from the beginning. */
MUST enum err query_cursor(struct cx *cx, const struct req *rq, int64_t *ret);
/* "key":{"id","title"}, or null for nobody and for who cannot be seen. */
void titled_json(struct jw *w, str key, int64_t id, str title);
/* "key": an ISO time, or null for 0. */
void time_json(struct cx *cx, struct jw *w, str key, int64_t ms);
/* An export of these begins, for the security log: names of fields, no values. *ret_seq: the row's number. */
MUST enum err export_told(struct cx *cx, const struct entity *e, str format, const struct cond *where, bool has_text,
                          int64_t *ret_seq);
/* Runs fn at once when the request has no Idempotency-Key; else once for ever: the key's row stands in the same
 * transaction as the effect, and a repeated request gets the first answer (RFC draft idempotency-key-header). */
MUST enum err once(struct cx *cx, const struct req *rq, struct resp *rs, handler_fn *fn);
/* The same of what changes the description: the process reads the new one afterwards. */
MUST enum err then_reload(struct cx *cx, const struct req *rq, struct resp *rs, handler_fn *fn);
/* The same for what is no handler; `body` stands for what was sent. *ret_repeated: fn's work is not in the answer. */
typedef enum err once_fn(struct cx *cx, const struct req *rq, struct resp *rs, void *arg);
MUST enum err once_with(struct cx *cx, const struct req *rq, struct resp *rs, str body, once_fn *fn, void *arg,
                        bool *ret_repeated);

/* Runs `write` in db_write, then `reply`, which looks at nothing but arg and writes rs. Where the server allows it
 * (rs->may_wait) nobody waits: this call returns at once and the reply comes when the write is durable. */
typedef enum err reply_fn(struct cx *cx, void *arg, struct resp *rs);
MUST enum err write_then(struct cx *cx, const struct req *rq, struct resp *rs, db_write_fn *write, void *arg,
                         reply_fn *reply);

/* The request's key, "" = none; E_BAD when it is none that can be kept. */
MUST enum err once_key(struct cx *cx, const struct req *rq, str *ret);

/* ---- jobs ---- */
/* 202 {"job"} */
MUST enum err reply_job(struct resp *rs, int64_t job);
struct job_showing {
    struct cx *cx;
    const struct job *job;
    int64_t told_ms; /* not more often than people can see */
};
/* arg: struct job_showing; false when the job was cancelled or we stop. */
bool job_show(void *arg, int64_t done, int64_t total);
/* The handlers of the jobs. */
MUST enum err import_dry_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err import_run_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err dup_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err mass_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err backup_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err handover_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err undo_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err as_of_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err demo_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err retain_job(struct cx *cx, const struct job *j, str *ret);
MUST enum err erase_job(struct cx *cx, const struct job *j, str *ret);

/* ---- many records by one job ---- */
enum { MASS_TOLD_MAX = 100 };
struct refusal {
    int64_t id;
    str title, why;
};
/* A batch that takes in several entities, and how far it is. */
struct mass_part {
    int64_t batch;
    int64_t done, of;      /* of: in all, for the bar */
    int64_t changed, refused;
    struct refusal told[MASS_TOLD_MAX];
    size_t n_told;
    struct arena *keep;    /* of what is told: outlives cx->a's marks */
};
/* What a request for one change for many asks (api_mass), done for one entity as part of a batch. E_DENIED: the job's
 * user may not change many of it at once; E_NOTFOUND: he does not see it. */
MUST enum err mass_part(struct cx *cx, const struct job *job, str entity, const struct json *asked,
                        struct mass_part *p);
/* The batch of a job has ended with e: however, it can be undone. Gives e. */
MUST enum err mass_end(struct cx *cx, int64_t batch, enum err e);
/* "reasons":[{"id","title","why"}] */
void refusals_json(struct jw *w, const struct refusal *v, size_t n);

/* An erasure because the purpose has gone, by a rule of retention that takes `mark`, and its job. E_CONFLICT: law has
 * it kept, or it is under way. */
struct record;
MUST enum err erase_order(struct cx *cx, const struct record *r, int64_t rule, str mark);
/* Each rule of retention that is on gets its job of the day, once. */
MUST enum err retention_due(struct cx *cx);

/* ---- files: DATA/files/<id> ---- */
str file_path(struct cx *cx, int64_t id);
/* the row of bytes that are there already */
MUST enum err file_keep(struct cx *cx, str name, int64_t bytes, int64_t id);
MUST enum err file_find(struct cx *cx, int64_t id, str *ret_name); /* own uploads only */
/* ---- files at the door ---- */
/* May so many bytes be taken from the asker now? E_LIMIT: his day is full; E_FULL: the disk is. Makes the folder. */
MUST enum err intake_allowed(struct cx *cx, int64_t bytes);
/* E_FULL when so many more would leave the disk too little. */
MUST enum err intake_disk(struct cx *cx, int64_t bytes);
/* The asker's own uploads in pieces that are not whole: how many (NULL = not asked), and the bytes that they were told
 * to have. */
MUST enum err uploads_under_way(struct cx *cx, int64_t *ret_n, int64_t *ret_bytes);
/* The bytes of `from` (its name is gone, or to be removed, when this is E_OK) become those of the file f->id: looked at
 * by the scanner, drawn anew when it is to be a picture, on the disk. Fills the rest of f; f->bytes is set before.
 * E_INVALID: the scanner refuses them, or they are no picture; E_BUSY: one of the two does not answer. */
MUST enum err intake_keep(struct cx *cx, str from, str name, bool picture, struct stored *f);
/* "picture" or nothing; else *e is E_BAD. */
bool intake_as_picture(struct cx *cx, str as, enum err *e);
void stored_json(struct jw *w, const struct stored *f);
/* Uploads in pieces that nobody went on with. */
MUST enum err uploads_tidy(struct cx *cx);

/* A company that may be seen and is on the own blacklist; *ret_reason is left alone when none is given. */
bool is_blacklisted(struct cx *cx, const struct entity *e, int64_t id, str *ret_reason);
/* An own unfinished entry that is finished now; absent = E_OK. Inside db_write. */
MUST enum err draft_drop(struct cx *cx, int64_t id);
