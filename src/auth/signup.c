/* SPDX-License-Identifier: MIT */
/* auth/signup.c - an address of one's own that changes, and who registers himself: both by a link to that address. */
#include "auth/link_int.h"

#include "base/json.h"
#include "base/log.h"
#include "fmt/mailaddr.h"

enum { SIGNUP_NAME_MAX = 200, RULES_BYTES = 8192 };

/* ---- another address ---- */
static enum err is_taken(struct cx *cx, str mail, bool *ret)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM \"user\" WHERE mail_f = $1 AND deleted_at IS NULL",
                 V(filter_fold(cx->a, mail))));
    *ret = r.n > 0;
    return E_OK;
}

static enum err address_ask(struct cx *cx, void *arg)
{
    struct mail m = {.kind = S("address"), .user = cx->who.user, .addr = *(const str *)arg};
    int64_t id = 0;
    bool taken = false;
    TRY(is_taken(cx, m.addr, &taken));
    if (taken) return fail_at(cx, E_INVALID, S("mail"), "This address is in use already");
    TRY(link_end(cx, LINK_ADDRESS, m.user));
    TRY(mail_queue(cx, &m, &id));
    return id ? E_OK : fail(cx, E_INVALID, "Mail is not set up yet");
}

enum err auth_address_ask(struct cx *cx, str mail)
{
    struct mailaddr m = {0};
    if (!mailaddr_parse(cx->a, mail, &m)) return fail_at(cx, E_INVALID, S("mail"), "This is not an e-mail address");
    return db_write(cx, address_ask, &m.addr);
}

static enum err address_set(struct cx *cx, void *arg)
{
    struct link l = {0};
    struct written w = {0};
    bool taken = false;
    TRY(link_take(cx, *(const str *)arg, LINK_ADDRESS, &l));
    TRY(is_taken(cx, l.data, &taken));
    if (taken) return fail(cx, E_CONFLICT, "This address is in use already");
    struct set s = {FLD(ENT(cx, "user"), "mail"), VAL_TEXT(l.data)};
    cx->who = (struct who){.user = l.user};
    TRY(record_update(cx, ENT(cx, "user"), l.user, 0, &s, 1, &w));
    struct mail m = {.kind = S("moved"), .user = l.user, .addr = l.mail};
    return mail_queue(cx, &m, NULL);
}

enum err auth_link_address(struct cx *cx, str token) { return db_write(cx, address_set, &token); }

/* ---- registration ---- */
enum err auth_signup_rules(struct cx *cx, struct signup_rules *ret)
{
    struct db_rows r = {0};
    const struct json *j = NULL;
    *ret = (struct signup_rules){0};
    TRY(db_query(cx, &r, "SELECT value FROM setting WHERE key = 'signup'"));
    if (!r.n) return E_OK;
    TRY(json_parse(cx, db_str(&r, 0, 0), &j));
    TRY(json_bool_of(cx, j, S("open"), false, &ret->is_open));
    TRY(json_str_of(cx, j, S("domains"), S(""), &ret->domains));
    return json_id_of(cx, j, S("role"), 0, &ret->role);
}

static enum err role_fits(struct cx *cx, int64_t role)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM \"role\" WHERE id = $1 AND deleted_at IS NULL", V(role)));
    return r.n ? E_OK : fail_at(cx, E_INVALID, S("role"), "Choose the role that new users get");
}

/* The next word of *rest; "" at its end. */
static str word(str *rest)
{
    str head = {0};
    do (void)str_split(*rest, ' ', &head, rest);
    while (!head.n && rest->n);
    return head;
}

static enum err domains_fit(struct cx *cx, str domains)
{
    struct mailaddr m = {0};
    if (domains.n > SIGNUP_DOMAINS_MAX)
        return fail_at(cx, E_INVALID, S("domains"), "At most %d characters", SIGNUP_DOMAINS_MAX);
    for (str rest = domains, d; (d = word(&rest)).n;)
        if (!mailaddr_parse(cx->a, arena_fmt(cx->a, "a@%.*s", FS(d)), &m))
            return fail_at(cx, E_INVALID, S("domains"), "Domains like example.org are needed, with blanks between");
    return E_OK;
}

static enum err rules_put(struct cx *cx, void *arg)
{
    TRY(event_setting(cx, EVENT_WHAT_SIGNUP, 0));
    return db_setting_put(cx, S("signup"), *(const str *)arg);
}

enum err auth_signup_rules_set(struct cx *cx, const struct signup_rules *s)
{
    struct buf b = buf_new(cx->a, RULES_BYTES);
    struct jw w = jw_new(&b);
    TRY(domains_fit(cx, s->domains));
    if (s->is_open || s->role) TRY(role_fits(cx, s->role));
    jw_obj(&w);
    jw_kbool(&w, S("open"), s->is_open);
    jw_kstr(&w, S("domains"), s->domains);
    jw_kid(&w, S("role"), s->role);
    jw_obj_end(&w);
    str text = buf_str(&b);
    return db_write(cx, rules_put, &text);
}

static enum err may_register(struct cx *cx, str mail, struct signup_rules *ret)
{
    str local = {0}, domain = {0};
    bool fits = false;
    TRY(auth_signup_rules(cx, ret));
    if (!ret->is_open) return fail(cx, E_DENIED, "Nobody can register here: please ask your administrator");
    (void)str_split(mail, '@', &local, &domain);
    for (str rest = ret->domains, d; (d = word(&rest)).n;) fits |= str_eq_nocase(d, domain);
    return fits || !ret->domains.n ? E_OK
                                   : fail_at(cx, E_INVALID, S("mail"), "Addresses of this domain cannot register here");
}

enum err auth_signup(struct cx *cx, struct auth *au, const struct visitor *v, str name, str mail, int64_t *ret_wait_ms)
{
    struct signup_rules rules = {0};
    struct buf b = buf_new(cx->a, RULES_BYTES);
    struct jw w = jw_new(&b);
    struct mail m = {.kind = S("signup"), .addr = mail};
    name = str_trim(name);
    if (!name.n || utf8_len(name) > SIGNUP_NAME_MAX) return fail_at(cx, E_INVALID, S("name"), "Please tell your name");
    TRY(link_asked(cx, au, v, &m.addr, ret_wait_ms));
    TRY(may_register(cx, m.addr, &rules));
    jw_obj(&w);
    jw_kstr(&w, S("name"), name);
    jw_kstr(&w, S("mail"), m.addr);
    jw_kstr(&w, S("language"), cx->lang);
    jw_obj_end(&w);
    m.args = buf_str(&b);
    return mail_queue(cx, &m, NULL);
}

struct making {
    str token, hash;
    struct link l;
    int64_t user;
};

static enum err user_make(struct cx *cx, void *arg)
{
    struct making *x = arg;
    struct signup_rules rules = {0};
    struct written w = {0};
    const struct entity *e = ENT(cx, "user");
    bool taken = false;
    TRY(link_take(cx, x->token, LINK_SIGNUP, &x->l));
    TRY(may_register(cx, x->l.mail, &rules));
    TRY(is_taken(cx, x->l.mail, &taken));
    if (taken) return fail(cx, E_CONFLICT, "There is an account with this address already: please log in");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(x->l.name)},
                      {FLD(e, "mail"), VAL_TEXT(x->l.mail)},
                      {FLD(e, "language"), VAL_TEXT(x->l.lang)},
                      {FLD(e, "role"), VAL_INT(rules.role)}};
    TRY(record_create(cx, e, 0, s, COUNT(s), &w));
    x->user = w.id;
    return auth_hash_set(cx, w.id, x->hash, EVENT_PASSWORD_LINK);
}

enum err auth_link_signup(struct cx *cx, struct auth *au, str token, str password, const str *words, size_t n_words)
{
    struct making x = {.token = token};
    TRY(link_find(cx, token, &x.l));
    if (x.l.kind != LINK_SIGNUP) return link_none(cx);
    TRY(auth_password_check(cx, password, words, n_words));
    TRY(auth_password_hash(cx, au, password, &x.hash));
    TRY(db_write(cx, user_make, &x));
    log_say(cx, LOG_INFO, S("auth"), "user %" PRId64 " has registered", x.user);
    return E_OK;
}
