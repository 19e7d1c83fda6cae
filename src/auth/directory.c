/* SPDX-License-Identifier: MIT */
/* auth/directory.c - passwords that lie in a directory: whose are held against it, and what counts when it is down. */
#include "auth/limits.h"
#include "auth/outside_int.h"

#include "os/os.h"

/* Answers that are no come as late as this, or a multiple of it: how long a directory looks tells nothing. */
enum { ANSWER_US = 500 * 1000 };

void outside_directory(struct auth *au, outside_ask_fn *fn, void *arg)
{
    au->ask = fn;
    au->ask_arg = arg;
}

enum err outside_is_theirs(struct cx *cx, int64_t user, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM idp_link l JOIN idp i ON l.issuer = $2 || CAST(i.id AS TEXT)"
                 " WHERE l.user_id = $1 AND i.kind = 'ldap' AND i.active = 1 LIMIT 1",
                 V(user), V(S(OUTSIDE_DIRECTORY))));
    *ret = r.n > 0;
    return E_OK;
}

enum err directory_login(struct cx *cx, int64_t user, str *ret)
{
    struct db_rows r = {0};
    TRY(db_query(
        cx, &r,
        "SELECT login FROM idp_link WHERE user_id = $1 AND issuer LIKE $2 ORDER BY at DESC LIMIT 1",
        V(user), V(S(OUTSIDE_DIRECTORY "%"))));
    *ret = r.n ? db_str(&r, 0, 0) : S("");
    return E_OK;
}

str directory_name(struct cx *cx, str login)
{
    str s = str_cut(str_trim(login), 0, NAME_BYTES);
    while (!utf8_valid(s)) s.n--;
    char *p = arena_get(cx->a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
    return (str){p, s.n};
}

enum err directory_user(struct cx *cx, str login, int64_t *ret)
{
    struct db_rows r = {0};
    *ret = 0;
    login = directory_name(cx, utf8_valid(login) ? login : S(""));
    if (!login.n) return E_OK;
    TRY(db_query(
        cx, &r,
        "SELECT n.user_id FROM idp_name n JOIN \"user\" u ON u.id = n.user_id"
        " WHERE n.name = $1 AND u.active = 1 AND u.deleted_at IS NULL ORDER BY n.at DESC LIMIT 1",
        V(login)));
    if (r.n) *ret = db_int(&r, 0, 0);
    return E_OK;
}

static bool manages(struct cx *cx, int64_t user)
{
    struct cx look = *cx;
    struct acl *acl = NULL;
    return user && acl_load(&look, user, &acl) == E_OK && (acl->sys & SYS_USERS);
}

static void answer_late(int64_t start)
{
    int64_t took = os_mono_us() - start;
    os_sleep_us(ANSWER_US - took % ANSWER_US);
}

/* Who was found is let in as whom he was looked for. */
static enum err vouched(struct cx *cx, int64_t user, const struct outside_found *f,
                        struct settling *s, bool *ret)
{
    struct outside_found *kept = NEW(cx->a, struct outside_found);
    struct settling now = {.r = &kept->rules, .w = &kept->who};
    *kept = *f;
    TRY(outside_settling(cx, &now));
    *ret = !user || user == now.user;
    if (*ret) *s = now;
    return E_OK;
}

/* Whatever keeps a directory from answering: who manages users comes in to put it right. */
static bool is_no_answer(enum err e) { return e != E_AUTH && e != E_DENIED && e != E_CONFLICT; }

static enum err asked(struct cx *cx, struct auth *au, int64_t user, bool by_name,
                      const struct outside_question *q, bool *io_right, struct settling *s)
{
    struct outside_found f = {0};
    bool ours = *io_right;
    enum err e = au->ask(cx, au->ask_arg, q, &f);
    *io_right = false;
    if (e == E_OK) return vouched(cx, by_name ? 0 : user, &f, s, io_right);
    if (e == E_NOTFOUND) return *io_right = ours, E_OK;
    if (is_no_answer(e) && ours && manages(cx, user)) return *io_right = true, E_OK;
    return e == E_AUTH ? E_OK : e;
}

enum err directory_check(struct cx *cx, struct auth *au, int64_t user, bool by_name, str login,
                         str password, bool *io_right, struct settling *s)
{
    int64_t start = os_mono_us();
    bool theirs = false;
    if (!au->ask) return E_OK;
    TRY(outside_is_theirs(cx, user, &theirs));
    if (*io_right && !theirs) return E_OK;
    struct outside_question q = {str_trim(login), password, user && !theirs};
    enum err e = asked(cx, au, user, by_name, &q, io_right, s);
    if (e != E_OK || !*io_right) answer_late(start);
    return e;
}
