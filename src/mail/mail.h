/* SPDX-License-Identifier: MIT */
/* mail/mail.h - mail that leaves the house: an outbox, the server it goes by, what that server said of each mail.
 *
 * A mail is a row that is written in the caller's transaction: its kind, to whom, a few arguments. Its words are made
 * by its kind's function at the moment of sending and stand nowhere in the database; so the tokens of its links are
 * known to the addressee alone, and what lies in the outbox or in a backup opens nothing.
 * At most once, as far as SMTP allows: a row is `sending`, durably, before a connection is opened. Whoever dies after
 * that, or hears no answer after the whole mail was handed over, leaves it `unknown`: told, and not sent twice.
 * The log keeps addressee, kind, subject, times and the server's answers.
 */
#pragma once
#include "base/base.h"
#include "db/db.h"
#include "meta/meta.h"
#include "os/vault.h"

/* ---- the server ---- */
enum mail_security { MAIL_STARTTLS, MAIL_TLS, MAIL_NONE, MAIL_SECURITIES };
extern const str mail_security_name[MAIL_SECURITIES];
enum { MAIL_TEXT_MAX = 200, MAIL_CA_MAX = 65536 };
struct mail_conf {
    str host; /* "" = mail is not set up */
    int64_t port;
    enum mail_security security;
    str user;
    str password;   /* given to be kept; read: sealed (mail_conf_open) */
    str from, name; /* the sender's address and name */
    str ca;         /* PEM of authorities beside the system's own, "" = none */
    bool plain;     /* not kept: the administrator's plain_outgoing, MAIL_NONE to other machines, too (no password) */
};
MUST enum err mail_conf_get(struct cx *cx, struct mail_conf *ret);
/* E_INVALID at the field. keep: the password that is there stays, if host, port, security and user do. */
/* Its password sealed with the vault's first key. Inside db_write. */
MUST enum err mail_conf_reseal(struct cx *cx, const struct vault *v, struct resealing *io);
MUST enum err mail_conf_set(struct cx *cx, const struct vault *v, const struct mail_conf *c, bool keep);
MUST enum err mail_is_set(struct cx *cx, bool *ret);
/* Does it send to another machine what everybody on the way can read? */
bool mail_in_clear(const struct mail_conf *c);
/* May it be sent like that? plain: the administrator allows it in the clear (plain_outgoing). */
MUST enum err mail_sealed(struct cx *cx, const struct mail_conf *c, bool plain);

/* ---- the outbox ---- */
struct mail {
    str kind;
    int64_t user;     /* whom it is for, 0 = nobody we know */
    str addr;         /* "" = the user's at that moment */
    str args;         /* JSON for the kind's function, without secrets; gone when the mail is done with; "" = {} */
    int64_t until_ms; /* not sent later than this; 0 = a day from now */
    bool once;        /* one try alone: somebody waits for its answer */
};
/* Inside or outside of db_write. *ret (may be NULL): its id, 0: mail is not set up and nothing was written. */
MUST enum err mail_queue(struct cx *cx, const struct mail *m, int64_t *ret);

struct mail_row {
    int64_t id, user, by;
    str kind, addr, args, subject, state; /* state: queued, sending, sent, failed, unknown */
    int64_t tries, at, due_at, done_at;   /* 0 = not yet */
    str why;                              /* of failed and queued again: our word or the server's last line */
};
struct mail_try {
    int64_t at, code;  /* code: the last SMTP code, 0 = no answer */
    str outcome, said; /* sent, later, refused, unknown; said: the server's lines */
};
enum { MAIL_PAGE = 50, MAIL_DAYS = 90 };
/* Newest first, ids below `before` (0 = from the newest); state "" = any. */
MUST enum err mail_list(struct cx *cx, str state, int64_t before, struct mail_row **ret, size_t *ret_n,
                        int64_t *ret_next);
MUST enum err mail_get(struct cx *cx, int64_t id, struct mail_row *ret); /* E_NOTFOUND */
MUST enum err mail_tries(struct cx *cx, int64_t id, struct mail_try **ret, size_t *ret_n);
/* The newest mail of this kind to a user; id 0 = none. */
MUST enum err mail_last(struct cx *cx, str kind, int64_t user, struct mail_row *ret);
/* The log of MAIL_DAYS ago and before. */
MUST enum err mail_tidy(struct cx *cx);

/* ---- what stands in it ---- */
struct letter {
    int64_t user;   /* 0 = as the mail's row has it */
    str addr, name; /* to whom */
    str lang, subject, text;
};
struct mail_house {
    str url, firm; /* url: without a slash at its end, "" = not set: no links can be made */
};
/* Inside db_write, as the system. E_NOTFOUND: there is nothing to send any more, the row goes without a trace. Any
 * other error ends the mail as failed with its text, but for those of 5xx. */
typedef enum err mail_fn(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret);
struct mail_kind {
    str kind;
    mail_fn *fn;
};
/* The user of m->user, who must be active: name, language, address (m->addr when it has one). E_NOTFOUND. */
MUST enum err mail_to_user(struct cx *cx, const struct mail_row *m, struct letter *ret);
/* Paragraphs with an empty line between, "" ones left out, and the house's name below. */
str mail_text(struct cx *cx, const struct mail_house *h, const struct letter *l, const str *part, size_t n);
/* Behind a #: the browser tells it to no server and in no Referer. */
str mail_link(struct cx *cx, const struct mail_house *h, str page, str token);

/* ---- the thread that sends ---- */
struct mailer;
struct mailer_opts {
    struct dbase *db;
    const struct vault *vault;
    str url;
    bool plain;                    /* as in mail_conf */
    const struct mail_kind *kinds; /* beside the room's own ones */
    size_t n;
    void *arg;
    /* A cx as the system (description, the firm's language); end gives back what it holds. */
    enum err (*cx_begin)(void *arg, struct cx *cx);
    void (*cx_end)(void *arg, struct cx *cx);
};
MUST enum err mailer_start(struct cx *cx, const struct mailer_opts *o, struct mailer **ret);
void mailer_wake(struct mailer *m);  /* something may be due: look now, not within a second */
void mailer_stop(struct mailer **m); /* takes NULL; breaks off what has not been handed over yet */
