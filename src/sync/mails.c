/* SPDX-License-Identifier: MIT */
/* sync/mails.c - the mail that tells those who manage the settings that something is stuck. */
#include "sync/sync_int.h"

#include "base/tr.h"

enum { TOLD_MAX = 50 };

static enum err held_mail(struct cx *cx, const struct mail_house *h, const struct mail_row *m, struct letter *ret)
{
    struct letter l = {0};
    const struct json *j = NULL;
    struct sync_count *c = NULL;
    size_t n = 0;
    str system = {0};
    TRY(mail_to_user(cx, m, &l));
    TRY(json_parse(cx, m->args, &j));
    TRY(json_str_of(cx, j, S("system"), S(""), &system));
    TRY(sync_counts(cx, system, 0, &c, &n));
    if (!c[0].open[SYNC_REFUSED]) return fail(cx, E_NOTFOUND, "There is no such mail"); /* mended meanwhile */
    str part[] = {
        arena_fmt(cx->a, tr_format(l.lang, TR("What %.*s sent could not all be written to Kontor.")), FS(system)),
        arena_fmt(cx->a, tr_format(l.lang, TR("Refused: %" PRId64 "; waiting behind them: %" PRId64 ".")),
                  c[0].open[SYNC_REFUSED], c[0].open[SYNC_HELD]),
        tr(l.lang, S(TR("Why, and what can be done: Administration, Other systems."))),
        h->url.n ? arena_fmt(cx->a, "%.*s/settings/sync", FS(h->url)) : S("")};
    l.subject = arena_fmt(cx->a, tr_format(l.lang, TR("%.*s: some items are stuck")), FS(system));
    l.text = mail_text(cx, h, &l, part, COUNT(part));
    *ret = l;
    return E_OK;
}

const struct mail_kind sync_mails[] = {{S0("sync_held"), held_mail}};
const size_t sync_mails_n = COUNT(sync_mails);

struct telling {
    int64_t system, told_at;
    str name;
};

static enum err tell_inside(struct cx *cx, void *arg)
{
    const struct telling *x = arg;
    struct buf b = buf_new(cx->a, 1024);
    struct jw w = jw_new(&b);
    int64_t *ids = NULL, done = 0;
    size_t n = 0;
    TRY(db_exec(cx, &done, "UPDATE sync_system SET told_at = $2 WHERE id = $1 AND told_at = $3", V(x->system),
                V(cx->now_ms), V(x->told_at)));
    if (!done) return E_OK; /* another server did it */
    jw_obj(&w);
    jw_kstr(&w, S("system"), x->name);
    jw_obj_end(&w);
    TRY(acl_holders(cx, SYS_SETTINGS, TOLD_MAX, &ids, &n));
    for (size_t i = 0; i < n; i++)
        TRY(mail_queue(cx, &(struct mail){.kind = S("sync_held"), .user = ids[i], .args = buf_str(&b)}, NULL));
    return E_OK;
}

enum err sync_tell(struct cx *cx, int64_t system)
{
    struct db_rows r = {0}, stuck = {0};
    TRY(db_query(cx, &r, "SELECT name, told_at FROM sync_system WHERE id = $1", V(system)));
    if (!r.n || db_int(&r, 0, 1) > cx->now_ms - SYNC_HOUR_MS) return E_OK;
    struct telling x = {system, db_int(&r, 0, 1), db_str(&r, 0, 0)};
    TRY(db_query(cx, &stuck,
                 "SELECT id FROM sync_item WHERE system = $1 AND state = 3 AND due_at IS NOT NULL"
                 " AND due_at > $2 LIMIT 1",
                 V(system), V(x.told_at)));
    return stuck.n ? db_write(cx, tell_inside, &x) : E_OK;
}
