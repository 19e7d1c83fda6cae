/* SPDX-License-Identifier: MIT */
/* cli/cmd_vault.c - a new key for what is sealed: first the key file, then every secret in one transaction. Killed in
 * between, all of them still open by the older lines, and the same command goes on where it was. */
#include "auth/factor.h"
#include "cli/cli_int.h"
#include "hook/hook.h"
#include "idp/idp.h"
#include "mail/mail.h"
#include "os/os.h"

struct rotating {
    const struct vault *v;
    struct resealing r;
    bool look; /* nothing is written: how many secrets are whose */
};

/* Each room that seals something; a test looks for what was forgotten. */
static enum err all_reseal(struct cx *cx, const struct vault *v, struct resealing *io)
{
    TRY(partings_reseal(cx, v, io));
    TRY(factors_reseal(cx, v, io));
    TRY(hooks_reseal(cx, v, io));
    TRY(idps_reseal(cx, v, io));
    return mail_conf_reseal(cx, v, io);
}

static enum err rotate_inside(struct cx *cx, void *arg)
{
    struct rotating *x = arg;
    x->r = (struct resealing){0};
    TRY(all_reseal(cx, x->v, &x->r));
    if (x->look) return fail(cx, E_PRECOND, "only looked"); /* and nothing stays of it */
    struct event e = {.kind = EVENT_VAULT_ROTATED,
                      .n = x->r.done,
                      .detail = event_detail(cx, EVENT_KEY_KEY, vault_key_name(x->v, 0))};
    return x->r.done ? event_put(cx, &e) : E_OK;
}

static enum err looked(struct cx *cx, struct rotating *x)
{
    x->look = true;
    enum err e = db_write(cx, rotate_inside, x);
    x->look = false;
    if (e != E_PRECOND) return e == E_OK ? E_INTERNAL : e;
    cx->err = E_OK;
    cx->msg = S("");
    return E_OK;
}

static enum err said(struct cli *c, const struct rotating *x, bool is_new)
{
    struct cli_json j;
    str key = vault_key_name(x->v, 0);
    if (!c->json) {
        cli_say(c, "%s %.*s; %" PRId64 " of %" PRId64 " secrets sealed anew\n",
                is_new ? "a new key is in force:" : "an earlier change of keys is finished:", FS(key), x->r.done,
                x->r.secrets);
        if (x->r.lost)
            cli_say(c, "%" PRId64 " secrets belong to a key that is not here: enter them anew\n", x->r.lost);
        cli_put(c, S("Keep a copy of secret.key apart from the backups. "
                     "Its older lines stay: the log's seals need them\n"));
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kstr(&j.w, S("key"), key);
    jw_kbool(&j.w, S("new"), is_new);
    jw_kint(&j.w, S("secrets"), x->r.secrets);
    jw_kint(&j.w, S("sealed"), x->r.done);
    jw_kint(&j.w, S("lost"), x->r.lost);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

/* What an earlier one left undone comes first: then no further key is needed. */
static enum err rotate(struct cli *c, struct store *s)
{
    struct cx *cx = c->cx;
    str path = arena_fmt(cx->a, "%.*s/secret.key", FS(s->data_dir));
    struct rotating x = {.v = s->vault};
    TRY(looked(cx, &x));
    bool is_new = x.r.done == 0;
    if (is_new) {
        TRY(vault_key_add(cx, path));
        vault_close(&s->vault);
        TRY(vault_open(cx, path, false, &s->vault));
        x.v = s->vault;
    }
    TRY(db_write_bulk(cx, rotate_inside, &x));
    return said(c, &x, is_new);
}

static enum err held_by(struct cli *c, enum err e)
{
    return fail_at(c->cx, e, S("data"), "%.*s: stop it (systemctl stop kontor, or kill its pid) and try again",
                   FS(c->cx->msg));
}

enum err cmd_vault(struct cli *c)
{
    struct store s = {.lock_fd = -1};
    struct store_opts o = {.data_dir = cli_setting(c, "data"),
                           .db = cli_setting(c, "db"),
                           .readers = 2,
                           .plain = cli_is_yes(c, "plain_outgoing")};
    if (!str_eq(c->args[0], S("rotate"))) return cli_usage(c, "vault takes rotate");
    enum err e = store_open(c->cx, &o, &s);
    if (is_held(c, e)) return held_by(c, e);
    TRY(e);
    e = store_enter(c->cx, &s);
    if (e == E_OK) e = rotate(c, &s);
    store_leave(c->cx);
    store_close(&s);
    return e;
}
