/* SPDX-License-Identifier: MIT */
/* cli/cmd_keys.c - key: API keys made, listed and ended where no browser is: for programs beside the server. */
#include "auth/key.h"
#include "base/time.h"
#include "cli/cli_int.h"

enum { KEYS_PAGE = 200, DAYS_MAX = 3650 };

static void scopes_put(struct cli_json *j, str scopes)
{
    str word = {0};
    jw_key(&j->w, S("scopes"));
    jw_arr(&j->w);
    while (scopes.n) {
        str_split(scopes, ' ', &word, &scopes);
        jw_str(&j->w, word);
    }
    jw_arr_end(&j->w);
}

static void time_put(struct cli *c, struct cli_json *j, str name, int64_t at)
{
    if (at) {
        jw_kstr(&j->w, name, time_text(c->cx->a, at));
        return;
    }
    jw_key(&j->w, name);
    jw_null(&j->w);
}

/* Its object is left open. */
static void key_put(struct cli *c, struct cli_json *j, const struct key *k)
{
    jw_obj(&j->w);
    jw_kid(&j->w, S("id"), k->id);
    jw_kstr(&j->w, S("name"), k->name);
    jw_kstr(&j->w, S("user"), k->user_name);
    jw_kstr(&j->w, S("role"), k->role_name);
    scopes_put(j, k->scopes);
    time_put(c, j, S("expires_at"), k->expires_at);
}

/* ---- list ---- */
static void key_row(struct cli *c, struct cli_json *j, const struct key *k)
{
    if (!c->json) {
        str until = k->expires_at ? str_cut(time_text(c->cx->a, k->expires_at), 0, 10) : S("for good");
        cli_say(c, "%-20" PRId64 " %-30.*s %-26.*s %-20.*s %-10.*s %.*s\n", k->id, FS(k->name), FS(k->user_name),
                FS(k->role_name), FS(until), FS(k->scopes));
        return;
    }
    key_put(c, j, k);
    time_put(c, j, S("created_at"), k->created_at);
    time_put(c, j, S("used_at"), k->used_at);
    jw_obj_end(&j->w);
}

static enum err key_list_put(struct cli *c, str mail)
{
    struct cli_json j;
    int64_t user = 0, before = 0;
    bool all = acl_sys(c->cx, SYS_USERS);
    if (mail.n) TRY(cli_user(c, mail, &user));
    cli_json_begin(c, &j);
    if (c->json) jw_arr(&j.w);
    for (size_t n = KEYS_PAGE; n == KEYS_PAGE;) {
        struct key *k = NULL;
        TRY(key_list(c->cx, all, before, KEYS_PAGE, &k, &n));
        for (size_t i = 0; i < n; i++)
            if (!user || k[i].user == user) key_row(c, &j, &k[i]);
        if (n) before = k[n - 1].id;
    }
    if (!c->json) return E_OK;
    jw_arr_end(&j.w);
    return cli_json_end(c, &j);
}

/* ---- make ---- */
/* "read, write:person" -> "read write:person" */
static str scopes_of(struct cli *c, str text)
{
    struct buf b = buf_new(c->cx->a, text.n + 1);
    str word = {0};
    while (text.n) {
        str_split(text, ',', &word, &text);
        if (b.n) buf_byte(&b, ' ');
        buf_add(&b, str_trim(word));
    }
    return buf_str(&b);
}

/* With a key one is its user: who may only manage users makes none for another, who may do more than he. */
static enum err whose(struct cli *c, str mail, int64_t *ret)
{
    TRY(cli_user(c, mail, ret));
    if (c->cx->who.user && c->cx->who.user != *ret)
        return fail(c->cx, E_DENIED, "a key for another user is made by the system alone, without --as");
    struct db_rows r = {0};
    TRY(db_query(c->cx, &r, "SELECT active FROM \"user\" WHERE id = $1", V(*ret)));
    return r.n && db_int(&r, 0, 0) ? E_OK
                                   : fail_at(c->cx, E_CONFLICT, S("mail"), "%.*s is switched off", FS(mail));
}

static enum err key_make(struct cli *c, str mail)
{
    struct key k = {.name = cli_opt(c, "name"), .scopes = scopes_of(c, cli_opt(c, "scopes"))};
    str role = cli_opt(c, "role"), token = {0};
    int64_t days = 0;
    TRY(cli_int(c, "days", 0, 0, DAYS_MAX, &days));
    if (!utf8_valid(k.name)) return fail_at(c->cx, E_INVALID, S("name"), "this is not UTF-8");
    TRY(whose(c, mail, &k.user));
    if (role.n) TRY(cli_role(c, role, &k.role));
    k.expires_at = days ? c->cx->now_ms + days * DAY_MS : 0;
    TRY(key_new(c->cx, &k, &token));
    if (!c->json) { /* the key alone, for KEY=$(kontor key make ...) */
        cli_say(c, "%.*s\n", FS(token));
        return E_OK;
    }
    TRY(key_get(c->cx, k.id, true, &k));
    struct cli_json j;
    cli_json_begin(c, &j);
    key_put(c, &j, &k);
    jw_kstr(&j.w, S("key"), token);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

/* ---- end ---- */
static enum err key_end_it(struct cli *c, str text)
{
    struct cli_json j;
    int64_t id = 0;
    if (!str_to_int(text, &id)) return cli_usage(c, "'%.*s' is no key's number: kontor key list tells it", FS(text));
    TRY(key_end(c->cx, id, acl_sys(c->cx, SYS_USERS)));
    if (!c->json) {
        cli_say(c, "the key is ended\n");
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kid(&j.w, S("id"), id);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

enum err cmd_key(struct cli *c)
{
    str what = c->args[0], arg = c->n_args > 1 ? c->args[1] : S("");
    if (str_eq(what, S("list"))) return key_list_put(c, arg);
    if (str_eq(what, S("make")))
        return arg.n ? key_make(c, arg) : cli_usage(c, "key make needs a user's mail address");
    if (str_eq(what, S("end"))) return arg.n ? key_end_it(c, arg) : cli_usage(c, "key end needs a key's number");
    return cli_usage(c, "key knows list, make and end, not '%.*s'", FS(what));
}
