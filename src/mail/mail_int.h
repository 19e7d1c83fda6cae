/* SPDX-License-Identifier: MIT */
/* mail/mail_int.h - what the files of this room share. */
#pragma once
#include "mail/mail.h"

#include <stdatomic.h>

enum { MAIL_BYTES_MAX = 256 * 1024, SMTP_SAID_MAX = 4000 };

/* The password in the clear. E_PRECOND: it was sealed by another key. */
MUST enum err mail_conf_open(struct cx *cx, const struct vault *v, struct mail_conf *c);
/* An address as SMTP takes it: a name of other letters in its ASCII form. E_INVALID: none that can be written to. */
MUST enum err mail_addr_wire(struct cx *cx, str addr, str *ret);

/* ---- a message of RFC 5322, lines ended by CR LF, seven bits ---- */
struct envelope {
    str from, from_name; /* from, to: of mail_addr_wire */
    str to, to_name;
    str subject, lang, text;
    int64_t id, at_ms;
};
/* E_LIMIT beyond MAIL_BYTES_MAX. */
MUST enum err mail_compose(struct cx *cx, const struct envelope *e, str *ret);

/* ---- SMTP ---- */
enum smtp_end { SMTP_SENT, SMTP_LATER, SMTP_REFUSED, SMTP_UNKNOWN, SMTP_ENDS };
extern const char *const smtp_end_name[SMTP_ENDS];
struct smtp_answer {
    enum smtp_end end;
    int64_t code;
    str said; /* all lines of the server */
    str why;  /* its last line, or what kept us from one */
};
/* Blocks; no database is held meanwhile. stop: breaks off unless the whole mail was handed over. */
void smtp_send(struct cx *cx, const struct mail_conf *c, const struct envelope *e, str message,
               const _Atomic bool *stop, struct smtp_answer *ret);

/* ---- the outbox, as the thread sees it ---- */
struct claim {
    const struct mailer_opts *o;
    struct mail_row row;
    struct letter letter;
    bool got;  /* to be sent now: its row says `sending` */
    bool more; /* a row was dealt with: there may be another */
};
MUST enum err outbox_claim(struct cx *cx, void *claim); /* inside db_write */
MUST enum err outbox_due(struct cx *cx, bool *ret);
MUST enum err outbox_orphans(struct cx *cx); /* of a process that died: nobody knows */
MUST enum err outbox_done(struct cx *cx, const struct mail_row *m, const struct smtp_answer *a);
MUST enum err outbox_back(struct cx *cx, const struct mail_row *m); /* nothing was done: as if never claimed */
enum { MAIL_LEASE_MS = 10 * 60 * 1000 };
