/* SPDX-License-Identifier: MIT */
/* mail/outbox.c - rows of mail_out and mail_try: queued, claimed, done with. */
#include "mail/mail_int.h"

#include "base/time.h"
#include "base/tr.h"

enum { TRIES_MAX = 12 };
/* How long after each try; behind the last one as that. */
static const int64_t again_ms[] = {60000, 5 * 60000, 15 * 60000, 60 * 60000, 4 * 60 * 60000};
static const char failed[] = "failed", queued[] = "queued";

/* ---- queueing ---- */
struct queueing {
    const struct mail *m;
    int64_t id;
};

static enum err queue(struct cx *cx, void *arg)
{
    struct queueing *q = arg;
    const struct mail *m = q->m;
    bool is_set = false;
    q->id = 0;
    TRY(mail_is_set(cx, &is_set));
    if (!is_set) return E_OK;
    q->id = id_new(cx->now_ms);
    return db_exec(cx, NULL,
                   "INSERT INTO mail_out (id, kind, user_id, addr, args, subject, state, tries, tries_max, created_at,"
                   " created_by, due_at, lease_until, until, done_at, why)"
                   " VALUES ($1, $2, $3, $4, $5, '', 'queued', 0, $6, $7, $8, $7, 0, $9, 0, '')",
                   V(q->id), V(m->kind), V(m->user), V(m->addr), V(m->args), V(m->once ? 1 : TRIES_MAX), V(cx->now_ms),
                   V(cx->who.user), V(m->until_ms ? m->until_ms : cx->now_ms + DAY_MS));
}

enum err mail_queue(struct cx *cx, const struct mail *m, int64_t *ret)
{
    struct queueing q = {.m = m};
    TRY(db_write(cx, queue, &q));
    if (ret) *ret = q.id;
    return E_OK;
}

/* ---- the log ---- */
#define COLUMNS "id, user_id, created_by, kind, addr, args, subject, state, tries, created_at, due_at, done_at, why"
static struct mail_row row_of(const struct db_rows *r, size_t i)
{
    return (struct mail_row){.id = db_int(r, i, 0),
                             .user = db_int(r, i, 1),
                             .by = db_int(r, i, 2),
                             .kind = db_str(r, i, 3),
                             .addr = db_str(r, i, 4),
                             .args = db_str(r, i, 5),
                             .subject = db_str(r, i, 6),
                             .state = db_str(r, i, 7),
                             .tries = db_int(r, i, 8),
                             .at = db_int(r, i, 9),
                             .due_at = db_int(r, i, 10),
                             .done_at = db_int(r, i, 11),
                             .why = db_str(r, i, 12)};
}

enum err mail_list(struct cx *cx, str state, int64_t before, struct mail_row **ret, size_t *ret_n, int64_t *ret_next)
{
    struct db_rows r = {0};
    static_assert(MAIL_PAGE == 50, "as the LIMIT says, one more to know whether there is more");
    TRY(db_query(cx, &r,
                 "SELECT " COLUMNS " FROM mail_out WHERE id < $1 AND ($2 = '' OR state = $3) ORDER BY id DESC LIMIT 51",
                 V(before ? before : INT64_MAX), V(state), V(state)));
    struct mail_row *v = NEW_N(cx->a, struct mail_row, r.n + 1);
    size_t n = r.n < MAIL_PAGE ? r.n : MAIL_PAGE;
    for (size_t i = 0; i < n; i++) v[i] = row_of(&r, i);
    *ret = v;
    *ret_n = n;
    *ret_next = r.n > n ? v[n - 1].id : 0;
    return E_OK;
}

enum err mail_get(struct cx *cx, int64_t id, struct mail_row *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT " COLUMNS " FROM mail_out WHERE id = $1", V(id)));
    if (!r.n) return fail(cx, E_NOTFOUND, "There is no such mail");
    *ret = row_of(&r, 0);
    return E_OK;
}

enum err mail_last(struct cx *cx, str kind, int64_t user, struct mail_row *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT " COLUMNS " FROM mail_out WHERE user_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1",
                 V(user), V(kind)));
    *ret = r.n ? row_of(&r, 0) : (struct mail_row){0};
    return E_OK;
}

enum err mail_tries(struct cx *cx, int64_t id, struct mail_try **ret, size_t *ret_n)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT at, code, outcome, said FROM mail_try WHERE mail = $1 ORDER BY n LIMIT 100", V(id)));
    struct mail_try *v = NEW_N(cx->a, struct mail_try, r.n + 1);
    for (size_t i = 0; i < r.n; i++)
        v[i] = (struct mail_try){db_int(&r, i, 0), db_int(&r, i, 1), db_str(&r, i, 2), db_str(&r, i, 3)};
    *ret = v;
    *ret_n = r.n;
    return E_OK;
}

static enum err tidy(struct cx *cx, void *arg)
{
    int64_t before = *(const int64_t *)arg;
    TRY(db_exec(cx, NULL,
                "DELETE FROM mail_try WHERE mail IN (SELECT id FROM mail_out WHERE done_at <> 0 AND done_at < $1)",
                V(before)));
    return db_exec(cx, NULL, "DELETE FROM mail_out WHERE done_at <> 0 AND done_at < $1", V(before));
}

enum err mail_tidy(struct cx *cx)
{
    int64_t before = clock_aged_ms(cx->now_ms) - (int64_t)MAIL_DAYS * DAY_MS;
    return db_write_bulk(cx, tidy, &before);
}

/* ---- what is due ---- */
enum err outbox_due(struct cx *cx, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT 1 FROM mail_out WHERE (state = 'queued' AND (due_at <= $1 OR created_at > $1))" /* see jobs.c */
        " OR (state = 'sending' AND lease_until < $1) LIMIT 1",
        V(cx->now_ms)));
    *ret = r.n > 0;
    return E_OK;
}

struct ending {
    int64_t id, due_at;
    const char *state;
    str why;
};

/* What a mail was made of goes with its end. */
static enum err end(struct cx *cx, const struct ending *e)
{
    bool over = e->state != queued;
    return db_exec(cx, NULL,
                   "UPDATE mail_out SET state = $2, why = $3, due_at = $4, done_at = $5, lease_until = 0,"
                   " args = CASE WHEN $6 = 1 THEN '' ELSE args END WHERE id = $1",
                   V(e->id), V(str_from(e->state)), V(e->why), V(e->due_at), V(over ? cx->now_ms : 0), V(over));
}

static enum err lost(struct cx *cx, void *arg)
{
    bool all = *(const bool *)arg;
    return db_exec(cx, NULL,
                   "UPDATE mail_out SET state = 'unknown', why = $1, done_at = $2, args = '' WHERE state = 'sending'"
                   " AND ($3 = 1 OR lease_until < $2)",
                   V(S(TR("Kontor was ended while it sent this mail: whether it arrived is not known"))), V(cx->now_ms),
                   V(all));
}

enum err outbox_orphans(struct cx *cx)
{
    bool all = !db_is_pg(cx); /* else another node may be at it: the lease decides */
    return db_write(cx, lost, &all);
}

/* ---- a try ---- */
static const struct mail_kind *kind_of(const struct mailer_opts *o, str kind)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->kinds[i].kind, kind)) return &o->kinds[i];
    return NULL;
}

static enum err house_of(struct cx *cx, const struct mailer_opts *o, struct mail_house *ret)
{
    struct db_rows r = {0};
    str url = o->url;
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'firm_name'"));
    while (str_has_suffix(url, S("/"))) url.n--;
    *ret = (struct mail_house){url, r.n ? db_str(&r, 0, 0) : S("Kontor")};
    return E_OK;
}

static enum err write_letter(struct cx *cx, void *arg)
{
    struct claim *c = arg;
    struct mail_house h = {0};
    const struct mail_kind *k = kind_of(c->o, c->row.kind);
    c->letter = (struct letter){0};
    if (!k) return fail(cx, E_INVALID, "There is no kind of mail \"%.*s\"", FS(c->row.kind));
    TRY(house_of(cx, c->o, &h));
    return k->fn(cx, &h, &c->row, &c->letter);
}

static enum err drop(struct cx *cx, int64_t id)
{
    TRY(db_exec(cx, NULL, "DELETE FROM mail_try WHERE mail = $1", V(id)));
    return db_exec(cx, NULL, "DELETE FROM mail_out WHERE id = $1", V(id));
}

static enum err claim_write(struct cx *cx, struct claim *c)
{
    int64_t n = 0;
    TRY(db_exec(cx, &n,
                "UPDATE mail_out SET state = 'sending', tries = tries + 1, lease_until = $2, addr = $3, subject = $4,"
                " user_id = $5 WHERE id = $1 AND state = 'queued'",
                V(c->row.id), V(cx->now_ms + MAIL_LEASE_MS), V(c->letter.addr), V(c->letter.subject),
                V(c->letter.user ? c->letter.user : c->row.user)));
    c->got = n == 1;
    c->row.tries += n;
    return E_OK;
}

enum err outbox_claim(struct cx *cx, void *claim)
{
    struct claim *c = claim;
    struct db_rows r = {0};
    c->got = c->more = false;
    TRY(db_query(cx, &r,
                 "SELECT " COLUMNS ", until FROM mail_out WHERE state = 'queued' AND (due_at <= $1 OR created_at > $1)"
                 " ORDER BY due_at, id LIMIT 1",
                 V(cx->now_ms)));
    if (!r.n) return E_OK;
    c->more = true;
    c->row = row_of(&r, 0);
    struct ending over = {.id = c->row.id, .due_at = c->row.due_at, .state = failed, .why = c->row.why};
    if (db_int(&r, 0, 13) < cx->now_ms) {
        if (!over.why.n) over.why = S(TR("It could not be sent in time"));
        return end(cx, &over);
    }
    enum err e = db_write(cx, write_letter, c);
    if (e == E_NOTFOUND) return drop(cx, c->row.id);
    if (e != E_OK && err_info[e].http >= 500) return e;
    over.why = cx->msg;
    return e == E_OK ? claim_write(cx, c) : end(cx, &over);
}

/* ---- what came of it ---- */
struct outcome {
    const struct mail_row *m;
    const struct smtp_answer *a;
};

static enum err done(struct cx *cx, void *arg)
{
    const struct outcome *o = arg;
    const struct smtp_answer *a = o->a;
    struct db_rows r = {0};
    size_t n = (size_t)o->m->tries;
    int64_t wait = again_ms[n && n <= COUNT(again_ms) ? n - 1 : COUNT(again_ms) - 1];
    struct ending e = {o->m->id, o->m->due_at, smtp_end_name[a->end], a->why};
    TRY(db_exec(cx, NULL, "INSERT INTO mail_try (mail, n, at, code, outcome, said) VALUES ($1, $2, $3, $4, $5, $6)",
                V(o->m->id), V(o->m->tries), V(cx->now_ms), V(a->code), V(str_from(smtp_end_name[a->end])),
                V(a->said)));
    TRY(db_query(cx, &r, "SELECT tries_max, until FROM mail_out WHERE id = $1", V(o->m->id)));
    bool again = a->end == SMTP_LATER && r.n && o->m->tries < db_int(&r, 0, 0) && cx->now_ms + wait < db_int(&r, 0, 1);
    if (again) e.state = queued, e.due_at = cx->now_ms + wait;
    else if (a->end == SMTP_LATER || a->end == SMTP_REFUSED) e.state = failed;
    return end(cx, &e);
}

enum err outbox_done(struct cx *cx, const struct mail_row *m, const struct smtp_answer *a)
{
    struct outcome o = {m, a};
    return db_write(cx, done, &o);
}

static enum err back(struct cx *cx, void *arg)
{
    return db_exec(cx, NULL,
                   "UPDATE mail_out SET state = 'queued', tries = tries - 1, lease_until = 0 WHERE id = $1"
                   " AND state = 'sending'",
                   V(*(const int64_t *)arg));
}

enum err outbox_back(struct cx *cx, const struct mail_row *m)
{
    int64_t id = m->id;
    return db_write(cx, back, &id);
}
