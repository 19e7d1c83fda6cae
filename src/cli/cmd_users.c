/* SPDX-License-Identifier: MIT */
/* cli/cmd_users.c - init and user: the firm, its administrator, its users. */
#include "auth/factor.h"
#include "cli/cli_int.h"
#include "os/os.h"

#include <unicode/ucurr.h>

enum { USERS_PAGE = 200 };

/* The country's money by CLDR; "" when it has none. */
static str currency_of(struct cli *c, str country)
{
    UChar cur[4] = {0};
    UErrorCode rc = U_ZERO_ERROR;
    int32_t n =
        ucurr_forLocale(arena_fmt(c->cx->a, "_%.*s", FS(country)).p, cur, (int32_t)COUNT(cur), &rc);
    if (U_FAILURE(rc) || n != 3) return S("");
    char out[3] = {(char)cur[0], (char)cur[1], (char)cur[2]};
    return arena_dup(c->cx->a, (str){out, sizeof out});
}

static str before_at(str mail)
{
    str head = {0}, tail = {0};
    (void)str_split(mail, '@', &head, &tail);
    return head;
}

/* The database's address is kept with the folder, so that --data alone is enough from now on. */
static enum err db_keep(struct cli *c)
{
    str db = cli_setting(c, "db"), was = {0};
    str path = arena_fmt(c->cx->a, "%.*s/kontor.conf", FS(c->store->data_dir));
    if (!cli_has(c, "db") || os_read_file(c->cx, path, CLI_FILE_MAX, &was) == E_OK) return E_OK;
    return os_write_file_atomic(
        c->cx, path, arena_fmt(c->cx->a, "# made by kontor init\ndb = %.*s\n", FS(db)), 0600);
}

enum err cmd_init(struct cli *c)
{
    int64_t user = 0;
    str mail = cli_opt(c, "admin"), at = {0}, domain = {0};
    bool needed = false;
    struct setup s = {.firm = cli_opt(c, "firm"),
                      .country = cli_opt(c, "country"),
                      .currency = cli_opt(c, "currency"),
                      .lang = cli_opt(c, "language"),
                      .name = cli_opt(c, "name"),
                      .mail = mail,
                      .trade = cli_opt(c, "trade")};
    if (!mail.n) return cli_usage(c, "--admin MAIL is missing");
    if (!s.country.n) return cli_usage(c, "--country CC is missing (two letters like DE)");
    TRY(setup_needed(c->cx, &needed));
    if (!needed)
        return fail_at(c->cx, E_CONFLICT, S("data"), "%.*s is set up already",
                       FS(c->store->data_dir));
    (void)str_split(mail, '@', &at, &domain);
    if (!s.name.n) s.name = at;
    if (!s.firm.n) s.firm = domain.n ? domain : at;
    if (!s.currency.n) s.currency = currency_of(c, s.country);
    TRY(cli_password(c, &s.password));
    TRY(setup_run(c->cx, c->auth, &s, &user));
    TRY(db_keep(c));
    if (!c->json) {
        cli_say(c, "%.*s is ready; log in as %.*s. Start it: kontor serve --data %.*s\n",
                FS(c->store->data_dir), FS(mail), FS(c->store->data_dir));
        return E_OK;
    }
    struct cli_json j;
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kstr(&j.w, S("data"), c->store->data_dir);
    jw_kid(&j.w, S("user"), user);
    jw_kstr(&j.w, S("mail"), mail);
    jw_kstr(&j.w, S("country"), s.country);
    jw_kstr(&j.w, S("currency"), s.currency);
    jw_kstr(&j.w, S("language"), s.lang);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

/* ---- user ---- */
enum err cli_role(struct cli *c, str name, int64_t *ret)
{
    struct db_rows r = {0};
    if (!name.n)
        TRY(db_query(c->cx, &r,
                     "SELECT id FROM \"role\" WHERE deleted_at IS NULL ORDER BY id LIMIT 1"));
    else
        TRY(db_query(c->cx, &r,
                     "SELECT id FROM \"role\" WHERE name_f = $1 AND deleted_at IS NULL LIMIT 1",
                     V(filter_fold(c->cx->a, name))));
    if (!r.n) return fail_at(c->cx, E_NOTFOUND, S("role"), "there is no role '%.*s'", FS(name));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

enum err cli_user(struct cli *c, str mail, int64_t *ret)
{
    struct db_rows r = {0};
    TRY(db_query(c->cx, &r,
                 "SELECT id FROM \"user\" WHERE mail_f = $1 AND deleted_at IS NULL LIMIT 1",
                 V(filter_fold(c->cx->a, str_trim(mail)))));
    if (!r.n) return fail_at(c->cx, E_NOTFOUND, S("mail"), "there is no user %.*s", FS(mail));
    *ret = db_int(&r, 0, 0);
    return E_OK;
}

static enum err user_said(struct cli *c, int64_t user, str mail, const char *what)
{
    struct cli_json j;
    if (!c->json) {
        cli_say(c, "%.*s: %s\n", FS(mail), what);
        return E_OK;
    }
    cli_json_begin(c, &j);
    jw_obj(&j.w);
    jw_kid(&j.w, S("id"), user);
    jw_kstr(&j.w, S("mail"), mail);
    jw_obj_end(&j.w);
    return cli_json_end(c, &j);
}

static enum err password_for(struct cli *c, int64_t user, str name, str mail)
{
    str pw = {0}, words[] = {name, mail};
    TRY(cli_password(c, &pw));
    TRY(auth_password_check(c->cx, pw, words, COUNT(words)));
    return auth_password_set(c->cx, c->auth, user, pw);
}

static enum err user_add(struct cli *c, str mail)
{
    const struct entity *e = ENT(c->cx, "user");
    int64_t role = 0;
    struct written w = {0};
    str name = cli_opt(c, "name"), lang = cli_opt(c, "language"), pw = {0};
    if (!name.n) name = before_at(mail);
    if (!lang.n) lang = c->cx->lang;
    str words[] = {name, mail};
    if (!utf8_valid(name) || !utf8_valid(mail))
        return fail_at(c->cx, E_INVALID, S("name"), "this is not UTF-8");
    if (!str_eq(lang_code[lang_of(lang)], lang))
        return fail_at(c->cx, E_INVALID, S("language"), "en, de, lt or ru");
    TRY(cli_role(c, cli_opt(c, "role"), &role));
    TRY(cli_password(c, &pw));
    TRY(auth_password_check(c->cx, pw, words, COUNT(words)));
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(name)},
                      {FLD(e, "mail"), VAL_TEXT(mail)},
                      {FLD(e, "role"), VAL_INT(role)},
                      {FLD(e, "language"), VAL_TEXT(lang)}};
    TRY(record_create(c->cx, e, 0, s, COUNT(s), &w));
    TRY(auth_password_set(c->cx, c->auth, w.id, pw));
    return user_said(c, w.id, mail, "added");
}

static enum err user_password(struct cli *c, str mail)
{
    int64_t user = 0;
    TRY(cli_user(c, mail, &user));
    TRY(password_for(c, user, before_at(mail), mail));
    return user_said(c, user, mail, "has a new password; his sessions are ended");
}

/* The telephone is lost, and nobody else is there who could reset it. */
static enum err user_factor(struct cli *c, str mail)
{
    int64_t user = 0;
    TRY(cli_user(c, mail, &user));
    TRY(factors_reset(c->cx, user));
    return user_said(c, user, mail, "has no second factor any more; his sessions are ended");
}

static enum err user_active(struct cli *c, str mail, bool active)
{
    const struct entity *e = ENT(c->cx, "user");
    int64_t user = 0;
    struct written w = {0};
    TRY(cli_user(c, mail, &user));
    struct set s = {FLD(e, "active"), VAL_INT(active)};
    TRY(record_update(c->cx, e, user, 0, &s, 1, &w));
    return user_said(c, user, mail,
                     active ? "may log in" : "cannot log in any more; his sessions are ended");
}

static void user_row(struct cli *c, struct cli_json *j, const struct db_rows *r, size_t i)
{
    bool active = db_int(r, i, 4) != 0;
    if (!c->json) {
        cli_say(c, "%-30.*s %-26.*s %-30.*s %s\n", FS(db_str(r, i, 2)), FS(db_str(r, i, 1)),
                FS(db_str(r, i, 3)), active ? "active" : "disabled");
        return;
    }
    jw_obj(&j->w);
    jw_kid(&j->w, S("id"), db_int(r, i, 0));
    jw_kstr(&j->w, S("name"), db_str(r, i, 1));
    jw_kstr(&j->w, S("mail"), db_str(r, i, 2));
    jw_kstr(&j->w, S("role"), db_str(r, i, 3));
    jw_kbool(&j->w, S("active"), active);
    jw_obj_end(&j->w);
}

static enum err user_list(struct cli *c)
{
    struct cli_json j;
    int64_t after = 0;
    if (!acl_sys(c->cx, SYS_USERS))
        return fail(c->cx, E_DENIED, "the list of users needs the right to manage users");
    cli_json_begin(c, &j);
    if (c->json) jw_arr(&j.w);
    for (;;) {
        struct db_rows r = {0};
        TRY(db_query(c->cx, &r,
                     "SELECT u.id, u.name, u.mail, r.name, u.active FROM \"user\" u LEFT JOIN "
                     "\"role\" r ON r.id = u.role"
                     " WHERE u.deleted_at IS NULL AND u.id > $1 ORDER BY u.id LIMIT $2",
                     V(after), V((int)USERS_PAGE)));
        for (size_t i = 0; i < r.n; i++) user_row(c, &j, &r, i);
        if (r.n < USERS_PAGE) break;
        after = db_int(&r, r.n - 1, 0);
    }
    if (!c->json) return E_OK;
    jw_arr_end(&j.w);
    return cli_json_end(c, &j);
}

enum err cmd_user(struct cli *c)
{
    str what = c->args[0], mail = c->n_args > 1 ? c->args[1] : S("");
    if (str_eq(what, S("list")))
        return c->n_args == 1 ? user_list(c) : cli_usage(c, "list takes no argument");
    if (!mail.n) return cli_usage(c, "user %.*s needs a mail address", FS(what));
    if (str_eq(what, S("add"))) return user_add(c, mail);
    if (!acl_sys(c->cx, SYS_USERS))
        return fail(c->cx, E_DENIED, "this needs the right to manage users");
    if (str_eq(what, S("password"))) return user_password(c, mail);
    if (str_eq(what, S("reset-factor"))) return user_factor(c, mail);
    if (str_eq(what, S("disable"))) return user_active(c, mail, false);
    if (str_eq(what, S("enable"))) return user_active(c, mail, true);
    return cli_usage(c, "user knows add, list, password, reset-factor, disable and enable, not '%.*s'", FS(what));
}
