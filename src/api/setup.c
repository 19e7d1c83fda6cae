/* SPDX-License-Identifier: MIT */
/* api/setup.c - the first set-up: firm, shipped roles, the administrator; all in one transaction. */
#include "api/api.h"

#include "api/trading.h"
#include "fmt/mailaddr.h"

str app_country(struct arena *a, const struct app *app)
{
    uint32_t c = app->country;
    return c ? arena_fmt(a, "%c%c", (char)(c >> 8), (char)(c & 0xFF)) : S("DE");
}

void app_country_set(struct app *app, str country)
{
    if (country.n == 2)
        app->country = (uint32_t)(unsigned char)country.p[0] << 8 | (unsigned char)country.p[1];
}

enum err setup_needed(struct cx *cx, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM credential LIMIT 1"));
    *ret = r.n == 0;
    return E_OK;
}

struct making {
    const struct setup *s;
    str hash; /* of the password: made before, it is slow */
    struct trading g;
    int64_t user;
};

static enum err make(struct cx *cx, const struct entity *e, const struct set *s, size_t n,
                     int64_t *ret)
{
    struct written w = {0};
    TRY(record_create(cx, e, 0, s, n, &w));
    *ret = w.id;
    return E_OK;
}

static enum err make_roles(struct cx *cx, enum lang l, int64_t *ret_admin)
{
    const struct entity *e = ENT(cx, "role");
    for (size_t i = 0; i < SHIPPED_ROLES; i++) {
        struct set s[] = {{FLD(e, "name"), VAL_TEXT(shipped_role[i].name[l])},
                          {FLD(e, "rights"), VAL_TEXT(shipped_role[i].rights)}};
        int64_t id = 0;
        TRY(make(cx, e, s, COUNT(s), &id));
        if (i == 0) *ret_admin = id;
    }
    return E_OK;
}

static enum err make_all(struct cx *cx, void *arg)
{
    struct making *m = arg;
    const struct setup *in = m->s;
    const struct entity *user = ENT(cx, "user"), *firm = ENT(cx, "firm");
    int64_t role = 0, id = 0;
    bool needed = false;
    cx->acl = NULL; /* also when the transaction is run again, after its session was entered */
    cx->who = (struct who){0};
    cx->meta = m->g.before;
    TRY(setup_needed(cx, &needed));
    if (!needed) return fail(cx, E_CONFLICT, "Kontor is set up already");
    struct set f[] = {{FLD(firm, "name"), VAL_TEXT(in->firm)},
                      {FLD(firm, "country"), VAL_TEXT(in->country)},
                      {FLD(firm, "currency"), VAL_TEXT(in->currency)},
                      {FLD(firm, "language"), VAL_TEXT(in->lang)}};
    TRY(make(cx, firm, f, COUNT(f), &id));
    TRY(make_roles(cx, lang_of(in->lang), &role));
    struct set u[] = {{FLD(user, "name"), VAL_TEXT(in->name)},
                      {FLD(user, "mail"), VAL_TEXT(in->mail)},
                      {FLD(user, "role"), VAL_INT(role)},
                      {FLD(user, "language"), VAL_TEXT(in->lang)}};
    TRY(make(cx, user, u, COUNT(u), &m->user));
    TRY(auth_hash_set(cx, m->user, m->hash, EVENT_PASSWORD_SET));
    TRY(db_setting_put(cx, S("firm_name"), in->firm));
    TRY(db_setting_put(cx, S("firm_country"), in->country));
    TRY(db_setting_put(cx, S("firm_currency"), in->currency));
    TRY(db_setting_put(cx, S("firm_language"), in->lang));
    if (in->trade.n) TRY(trade_apply(cx, &m->g));
    return in->session ? auth_session_new(cx, m->user, in->addr, in->agent, in->session) : E_OK;
}

static bool letters(str s, size_t n)
{
    if (s.n != n) return false;
    for (size_t i = 0; i < n; i++)
        if (s.p[i] < 'A' || s.p[i] > 'Z') return false;
    return true;
}

static enum err setup_check(struct cx *cx, const struct setup *s)
{
    struct mailaddr m = {0};
    str words[] = {s->firm, s->name, s->mail};
    if (!str_trim(s->firm).n || utf8_len(s->firm) > 250)
        return fail_at(cx, E_INVALID, S("firm"), "The firm's name is needed");
    if (!letters(s->country, 2))
        return fail_at(cx, E_INVALID, S("country"), "A country code of two letters like DE is needed");
    if (!letters(s->currency, 3))
        return fail_at(cx, E_INVALID, S("currency"), "A currency code of three letters like EUR is needed");
    if (!str_eq(lang_code[lang_of(s->lang)], s->lang))
        return fail_at(cx, E_INVALID, S("language"), "Choose en, de, lt or ru");
    if (!str_trim(s->name).n || utf8_len(s->name) > 200)
        return fail_at(cx, E_INVALID, S("name"), "Your name is needed");
    if (!mailaddr_parse(cx->a, s->mail, &m))
        return fail_at(cx, E_INVALID, S("mail"), "This is not an e-mail address");
    return auth_password_check(cx, s->password, words, COUNT(words));
}

enum err setup_run(struct cx *cx, struct auth *au, const struct setup *s, int64_t *ret_user)
{
    struct making m = {.s = s, .g.before = cx->meta};
    bool needed = false;
    TRY(setup_needed(cx, &needed));
    if (!needed) return fail(cx, E_CONFLICT, "Kontor is set up already");
    TRY(setup_check(cx, s));
    if (s->trade.n) TRY(trade_named(cx, s->trade, &m.g.t));
    TRY(auth_password_hash(cx, au, s->password, &m.hash));
    const struct acl *acl = cx->acl;
    cx->acl = NULL; /* there is nobody yet who could have rights */
    cx->lang = s->lang;
    cx->country = s->country;
    enum err e = db_write(cx, make_all, &m);
    cx->acl = acl;
    cx->meta = m.g.before;
    meta_drop(&m.g.made.meta);
    *ret_user = m.user;
    return e;
}
