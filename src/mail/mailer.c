/* SPDX-License-Identifier: MIT */
/* mail/mailer.c - one thread a process that sends what is due. It holds no connection to the database while it talks to
 * a mail server, and looks once a second: so no commit has to tell it of a mail. */
#include "mail/mail_int.h"

#include "base/log.h"
#include "base/tr.h"
#include "os/os.h"

#include <pthread.h>
#include <time.h>

enum { POLL_MS = 1000, STACK_BYTES = 1024 * 1024, AFTER_FAULT_POLLS = 10 };

struct mailer {
    struct mailer_opts o;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken, started;
    _Atomic bool stop;
    struct arena *a;
};

/* ---- the room's own kind: does it work? ---- */
static enum err test_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    TRY(mail_to_user(cx, m, &l));
    str part[] = {tr(l.lang, S(TR("This is the test that you have asked for: Kontor can send mail.")))};
    l.subject = arena_fmt(cx->a, tr_format(l.lang, TR("Test mail of %.*s")), FS(h->firm));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

/* ---- one mail ---- */
static enum err message_of(struct cx *cx, const struct claim *c, const struct mail_conf *conf, struct envelope *e,
                           str *ret)
{
    *e = (struct envelope){.from_name = conf->name.n ? conf->name : S("Kontor"),
                           .to_name = c->letter.name,
                           .subject = c->letter.subject,
                           .lang = c->letter.lang,
                           .text = c->letter.text,
                           .id = c->row.id,
                           .at_ms = cx->now_ms};
    TRY(mail_addr_wire(cx, conf->from, &e->from));
    TRY(mail_addr_wire(cx, c->letter.addr, &e->to));
    return mail_compose(cx, e, ret);
}

static void sent(struct cx *cx, struct mailer *m, const struct mail_conf *conf, const struct claim *c,
                 struct smtp_answer *ret)
{
    /* The connection goes back meanwhile: a mail server takes its time. */
    struct envelope e = {0};
    str message = {0};
    *ret = (struct smtp_answer){.end = SMTP_REFUSED};
    if (message_of(cx, c, conf, &e, &message) != E_OK) {
        ret->why = cx->msg;
        return;
    }
    db_put(&cx->db);
    smtp_send(cx, conf, &e, message, &m->stop, ret);
    cx->db = db_get(m->o.db);
    cx->now_ms = clock_ms();
}

static enum err step(struct cx *cx, struct mailer *m, bool *ret_more)
{
    struct claim c = {.o = &m->o};
    struct mail_conf conf = {0};
    struct smtp_answer a = {0};
    bool due = false;
    TRY(outbox_due(cx, &due));
    if (!due) return E_OK;
    TRY(outbox_orphans(cx));
    TRY(mail_conf_get(cx, &conf));
    if (!conf.host.n) return E_OK;
    TRY(m->o.cx_begin(m->o.arg, cx));
    TRY(db_write(cx, outbox_claim, &c));
    *ret_more = c.more;
    if (!c.got) return E_OK;
    /* it may have been set when that was still allowed */
    if (mail_sealed(cx, &conf, m->o.plain) != E_OK || mail_conf_open(cx, m->o.vault, &conf) != E_OK)
        a = (struct smtp_answer){.end = SMTP_LATER, .why = cx->msg};
    else sent(cx, m, &conf, &c, &a);
    if (a.end == SMTP_LATER && atomic_load(&m->stop)) return outbox_back(cx, &c.row);
    log_say(cx, LOG_INFO, S("mail"), "mail %" PRId64 " (%.*s): %s, code %" PRId64, c.row.id, FS(c.row.kind),
            smtp_end_name[a.end], a.code);
    return outbox_done(cx, &c.row, &a);
}

/* How many polls to wait for: 0 = there may be more at once. */
static int look(struct mailer *m, struct arena *a)
{
    struct cx cx = {.a = a, .db = db_get(m->o.db), .now_ms = clock_ms(), .lang = S("en"), .req = S("mailer")};
    bool more = false;
    enum err e = step(&cx, m, &more);
    if (e != E_OK) log_say(&cx, LOG_WARN, S("mail"), "the outbox: %.*s", FS(cx.msg));
    m->o.cx_end(m->o.arg, &cx);
    db_put(&cx.db);
    return e != E_OK ? AFTER_FAULT_POLLS : !more;
}

static void wait_for(struct mailer *m, int polls)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += (time_t)polls * POLL_MS / 1000;
    pthread_mutex_lock(&m->lock);
    while (!m->woken && !atomic_load(&m->stop))
        if (pthread_cond_timedwait(&m->wake, &m->lock, &t) != 0) break;
    m->woken = false;
    pthread_mutex_unlock(&m->lock);
}

static void *work(void *arg)
{
    struct mailer *m = arg;
    struct arena *a = arena_new();
    while (!atomic_load(&m->stop)) {
        int polls = look(m, a);
        if (polls) wait_for(m, polls);
        arena_reset(a);
    }
    arena_free(&a);
    return NULL;
}

enum err mailer_start(struct cx *cx, const struct mailer_opts *o, struct mailer **ret)
{
    struct arena *a = arena_new();
    struct mailer *m = NEW(a, struct mailer);
    struct mail_kind *all = NEW_N(a, struct mail_kind, o->n + 1);
    m->a = a;
    m->o = *o;
    m->o.url = arena_dup(a, o->url);
    if (o->n) memcpy(all, o->kinds, sizeof *all * o->n);
    all[m->o.n++] = (struct mail_kind){S("test"), test_mail};
    m->o.kinds = all;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->wake, NULL);
    *ret = m; /* from here on mailer_stop tidies up */
    TRY(outbox_orphans(cx));
    TRY(os_thread(cx, "mail", STACK_BYTES, work, m, &m->thread));
    m->started = true;
    return E_OK;
}

void mailer_wake(struct mailer *m)
{
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    m->woken = true;
    pthread_cond_broadcast(&m->wake);
    pthread_mutex_unlock(&m->lock);
}

void mailer_stop(struct mailer **m)
{
    if (!*m) return;
    atomic_store(&(*m)->stop, true);
    mailer_wake(*m);
    if ((*m)->started) pthread_join((*m)->thread, NULL);
    pthread_mutex_destroy(&(*m)->lock);
    pthread_cond_destroy(&(*m)->wake);
    struct arena *a = (*m)->a;
    arena_free(&a);
    *m = NULL;
}
