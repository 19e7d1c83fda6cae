/* SPDX-License-Identifier: MIT */
/* auth/outside.c - an identity that somebody else vouches for: which user it is, which roles its groups give him. */
#include "auth/outside.h"

#include "auth/factor.h"
#include "auth/limits.h"
#include "auth/outside_int.h"
#include "base/log.h"
#include "fmt/mailaddr.h"

enum { NAME_CHARS = 200, PHONE_CHARS = 60, ROLES_KEPT = 15 };

static bool has_id(const int64_t *v, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == id) return true;
    return false;
}

/* ---- which user ---- */
enum err outside_known(struct cx *cx, str issuer, str subject, int64_t *ret_user)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT user_id FROM idp_link WHERE issuer = $1 AND subject = $2",
                 V(issuer), V(subject)));
    *ret_user = r.n ? db_int(&r, 0, 0) : 0;
    return E_OK;
}

static bool is_same(const struct outside_rules *r, str a, str b)
{
    return r->any_case ? str_eq_nocase(a, b) : str_eq(a, b);
}

/* The roles that his groups give, once each, of those that there are. */
static enum err roles_wanted(struct cx *cx, struct settling *s)
{
    struct db_rows r = {0};
    s->want = NEW_N(cx->a, int64_t, s->r->n_map + 1);
    for (size_t i = 0; i < s->r->n_map; i++) {
        const struct outside_role *m = &s->r->map[i];
        bool in = false;
        for (size_t k = 0; k < s->w->n_groups && !in; k++) in = is_same(s->r, s->w->groups[k], m->group);
        if (!in || has_id(s->want, s->n_want, m->role) || s->n_want == ROLES_KEPT) continue;
        TRY(db_query(cx, &r, "SELECT 1 FROM \"role\" WHERE id = $1 AND deleted_at IS NULL",
                     V(m->role)));
        if (r.n) s->want[s->n_want++] = m->role;
    }
    return E_OK;
}

static enum err is_active(struct cx *cx, int64_t user)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM \"user\" WHERE id = $1 AND deleted_at IS NULL AND active = 1",
                 V(user)));
    return r.n ? E_OK : fail(cx, E_AUTH, "This user is not active");
}

/* Who cannot show that the address is his, or could be nobody here, learns nothing of whose it is. */
static enum err taken(struct cx *cx, const struct settling *s)
{
    if (!s->w->mail_proved || !s->r->creates)
        return fail_at(cx, E_DENIED, S("user"),
                       "There is no such user here: please ask your administrator");
    return fail_at(cx, E_CONFLICT, S("mail"),
                   "Somebody here has this address already: please ask your administrator");
}

/* What folding brings together (diacritics, wide letters) are several people's addresses. */
static bool same_address(str a, str b)
{
    for (size_t i = 0; i < b.n; i++)
        if ((unsigned char)b.p[i] >= 0x80) return false;
    return str_eq_nocase(a, b);
}

/* Whom this issuer knows by another subject already is not this one: addresses are given anew. */
static enum err not_known_yet(struct cx *cx, const struct settling *s, int64_t user)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT 1 FROM idp_link WHERE user_id = $1 AND issuer = $2 LIMIT 1",
                 V(user), V(s->r->issuer)));
    return r.n ? taken(cx, s) : E_OK;
}

static enum err by_mail(struct cx *cx, struct settling *s)
{
    struct db_rows r = {0};
    TRY(db_query(cx, &r, "SELECT id, mail FROM \"user\" WHERE mail_f = $1 AND deleted_at IS NULL",
                 V(s->mail_f)));
    if (!r.n) return E_OK;
    if (!s->r->links || !s->w->mail_proved || !same_address(db_str(&r, 0, 1), s->mail))
        return taken(cx, s);
    TRY(not_known_yet(cx, s, db_int(&r, 0, 0)));
    s->user = db_int(&r, 0, 0);
    return E_OK;
}

enum err outside_settling(struct cx *cx, struct settling *s)
{
    struct mailaddr m = {0};
    if (!s->w->subject.n || s->w->subject.n > OUTSIDE_SUBJECT_MAX)
        return fail(cx, E_AUTH, "The log-in was not accepted");
    if (mailaddr_parse(cx->a, s->w->mail, &m)) s->mail = m.addr;
    s->mail_f = filter_fold(cx->a, s->mail);
    TRY(roles_wanted(cx, s));
    TRY(outside_known(cx, s->r->issuer, s->w->subject, &s->user));
    if (!s->user && s->mail.n) TRY(by_mail(cx, s));
    if (s->user) return is_active(cx, s->user);
    if (!s->r->creates)
        return fail_at(cx, E_DENIED, S("user"),
                       "There is no such user here: please ask your administrator");
    if (!s->r->role && !s->n_want)
        return fail_at(cx, E_DENIED, S("user"),
                       "None of your groups opens this Kontor: please ask your administrator");
    s->user = id_new(cx->now_ms);
    s->is_new = true;
    return E_OK;
}

/* ---- inside db_write ---- */
static str cut_chars(str s, size_t max)
{
    size_t at = 0;
    s = str_trim(s);
    for (size_t n = 0; n < max && at < s.n; n++) (void)utf8_next(s, &at);
    return str_cut(s, 0, at);
}

static void add(struct set *set, size_t *n, const struct field *f, struct val v)
{
    if (f) set[(*n)++] = (struct set){f, v};
}

/* Controls of both kinds, line ends, and what turns the direction of writing round. */
static bool is_order(uint32_t c)
{
    return c < ' ' || (c >= 0x7F && c <= 0x9F) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* A name is one line, whatever was told: what a page, a mail or a terminal would obey is a blank. */
static str one_line(struct cx *cx, str s)
{
    struct buf b = buf_new(cx->a, s.n + 1);
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        if (is_order(utf8_next(s, &at))) buf_byte(&b, ' ');
        else buf_add(&b, str_cut(s, from, at));
    }
    return buf_str(&b);
}

static bool is_lang(str s) { return s.n && str_eq(lang_code[lang_of(s)], s); }

/* What is told of him beside his roles. An address that nobody vouches for is none. */
static enum err told(struct cx *cx, const struct settling *s, struct set *set, size_t *n)
{
    const struct entity *e = ENT(cx, "user");
    struct db_rows r = {0};
    str name = cut_chars(one_line(cx, s->w->name), NAME_CHARS),
        phone = cut_chars(one_line(cx, s->w->phone), PHONE_CHARS),
        lang = str_cut(s->w->lang, 0, 2);
    if (!name.n && s->is_new)
        name = s->mail.n ? s->mail
                         : cut_chars(one_line(cx, s->w->login.n ? s->w->login : s->w->subject), NAME_CHARS);
    if (name.n) add(set, n, FLD(e, "name"), VAL_TEXT(name));
    if (phone.n) add(set, n, FLD(e, "phone"), VAL_TEXT(phone));
    if (s->is_new && is_lang(lang)) add(set, n, FLD(e, "language"), VAL_TEXT(lang));
    if (!s->mail.n || !s->w->mail_proved) return E_OK;
    TRY(db_query(cx, &r,
                 "SELECT 1 FROM \"user\" WHERE mail_f = $1 AND deleted_at IS NULL AND id <> $2",
                 V(s->mail_f), V(s->user)));
    if (!r.n) add(set, n, FLD(e, "mail"), VAL_TEXT(s->mail));
    return E_OK;
}

static enum err user_write(struct cx *cx, const struct settling *s)
{
    const struct entity *e = ENT(cx, "user");
    struct written w = {0};
    struct set set[6];
    size_t n = 0;
    if (!s->is_new && !s->r->follows) return E_OK;
    TRY(told(cx, s, set, &n));
    if (!s->is_new) return n ? record_update(cx, e, s->user, 0, set, n, &w) : E_OK;
    if (s->r->role) add(set, &n, FLD(e, "role"), VAL_INT(s->r->role));
    return record_create(cx, e, s->user, set, n, &w);
}

struct roles {
    const struct settling *s;
    int64_t main, *have, *given,
        *others; /* his; the further ones; those that this issuer gave; those that others did */
    size_t n_have, n_given, n_others;
    int64_t *next, *gives;
    size_t n_next, n_gives;
    bool takes;
};

static enum err ids_of(const struct db_rows *r, struct cx *cx, int64_t **ret, size_t *ret_n)
{
    int64_t *v = NEW_N(cx->a, int64_t, r->n + 1);
    for (size_t i = 0; i < r->n; i++) v[i] = db_int(r, i, 0);
    *ret = v;
    *ret_n = r->n;
    return E_OK;
}

static enum err roles_read(struct cx *cx, struct roles *x)
{
    struct db_rows r = {0};
    int64_t user = x->s->user;
    TRY(db_query(cx, &r, "SELECT role FROM \"user\" WHERE id = $1", V(user)));
    x->main = r.n ? db_int(&r, 0, 0) : 0;
    TRY(db_query(cx, &r, "SELECT l.b FROM link l JOIN \"role\" r ON r.id = l.b AND r.deleted_at IS NULL"
                 " WHERE l.a = $1 AND l.field = 'roles' ORDER BY l.b LIMIT 100",
                 V(user)));
    TRY(ids_of(&r, cx, &x->have, &x->n_have));
    TRY(db_query(
        cx, &r,
        "SELECT role FROM idp_role WHERE user_id = $1 AND issuer = $2 ORDER BY role LIMIT 100",
        V(user), V(x->s->r->issuer)));
    TRY(ids_of(&r, cx, &x->given, &x->n_given));
    TRY(db_query(
        cx, &r,
        "SELECT role FROM idp_role WHERE user_id = $1 AND issuer <> $2 ORDER BY role LIMIT 100",
        V(user), V(x->s->r->issuer)));
    return ids_of(&r, cx, &x->others, &x->n_others);
}

/* What he has from now on (next) and what of it is this issuer's (gives). `keeps`: nothing is taken. */
static void roles_join(struct cx *cx, struct roles *x, bool keeps)
{
    const struct settling *s = x->s;
    x->next = NEW_N(cx->a, int64_t, x->n_have + s->n_want + 1);
    x->gives = NEW_N(cx->a, int64_t, x->n_given + s->n_want + 1);
    x->n_next = x->n_gives = 0;
    x->takes = false;
    for (size_t i = 0; i < x->n_have; i++) {
        int64_t id = x->have[i];
        bool gave = has_id(x->given, x->n_given, id), wants = has_id(s->want, s->n_want, id);
        bool stays = !gave || wants || keeps || has_id(x->others, x->n_others, id);
        if (stays) x->next[x->n_next++] = id;
        else x->takes = true;
        if (gave && stays && (wants || keeps)) x->gives[x->n_gives++] = id;
    }
    for (size_t i = 0; i < s->n_want && x->n_next < ROLES_KEPT; i++) {
        int64_t id = s->want[i];
        if (id == x->main || has_id(x->have, x->n_have, id)) continue;
        x->next[x->n_next++] = x->gives[x->n_gives++] = id;
    }
}

static enum err roles_write(struct cx *cx, void *arg)
{
    const struct roles *x = arg;
    const struct entity *e = ENT(cx, "user");
    struct written w = {0};
    struct item *v = NEW_N(cx->a, struct item, x->n_next + 1);
    int64_t *ids = NULL;
    size_t before = 0, n = 1;
    for (size_t i = 0; i < x->n_next; i++) v[i] = (struct item){.id = x->next[i]};
    struct set set = {FLD(e, "roles"),
                      x->n_next ? (struct val){.t = VT_LIST, .v = v, .n = x->n_next} : VAL_NULL};
    if (x->takes) TRY(acl_ruling_begin(cx));
    if (x->takes) TRY(acl_holders(cx, SYS_USERS, 1, &ids, &before));
    TRY(record_update(cx, e, x->s->user, 0, &set, 1, &w));
    if (before) TRY(acl_holders(cx, SYS_USERS, 1, &ids, &n));
    return n ? E_OK : fail(cx, E_DENIED, "Then nobody could manage users any more");
}

static enum err roles_settle(struct cx *cx, const struct settling *s)
{
    struct roles x = {.s = s};
    TRY(roles_read(cx, &x));
    roles_join(cx, &x, false);
    enum err e = E_OK;
    if (x.takes || x.n_next != x.n_have) e = db_write(cx, roles_write, &x);
    if (e == E_DENIED && x.takes) {
        log_say(cx, LOG_WARN, S("auth"),
                "user %" PRId64 " keeps the last right to manage users, which no group gives him",
                s->user);
        roles_join(cx, &x, true);
        e = x.n_next != x.n_have ? db_write(cx, roles_write, &x) : E_OK;
    }
    TRY(e);
    TRY(db_exec(cx, NULL, "DELETE FROM idp_role WHERE user_id = $1 AND issuer = $2", V(s->user),
                V(s->r->issuer)));
    for (size_t i = 0; i < x.n_gives; i++)
        TRY(db_exec(cx, NULL, "INSERT INTO idp_role (user_id, issuer, role) VALUES ($1, $2, $3)",
                    V(s->user), V(s->r->issuer), V(x.gives[i])));
    return E_OK;
}

/* Names are given anew: each is his who has it there now. */
static enum err names_write(struct cx *cx, const struct settling *s)
{
    if (!s->w->n_names) return E_OK;
    TRY(db_exec(cx, NULL, "DELETE FROM idp_name WHERE issuer = $1 AND user_id = $2", V(s->r->issuer), V(s->user)));
    for (size_t i = 0; i < s->w->n_names; i++) {
        str name = directory_name(cx, s->w->names[i]);
        if (name.n)
            TRY(db_exec(cx, NULL,
                        "INSERT INTO idp_name (issuer, name, user_id, at) VALUES ($1, $2, $3, $4)"
                        " ON CONFLICT (issuer, name) DO UPDATE SET user_id = excluded.user_id, at = excluded.at",
                        V(s->r->issuer), V(name), V(s->user), V(cx->now_ms)));
    }
    return E_OK;
}

static enum err linked_tell(struct cx *cx, const struct settling *s)
{
    struct event told = {.kind = EVENT_IDENTITY_LINKED,
                         .who = s->user,
                         .subject = s->user,
                         .detail = event_detail(cx, EVENT_KEY_PROVIDER, s->r->name)};
    return event_put(cx, &told);
}

enum err outside_settle(struct cx *cx, void *arg)
{
    const struct settling *s = arg;
    struct db_rows r = {0};
    str login = directory_name(cx, s->w->login);
    TRY(user_write(cx, s));
    TRY(db_query(cx, &r, "SELECT user_id FROM idp_link WHERE issuer = $1 AND subject = $2",
                 V(s->r->issuer), V(s->w->subject)));
    if (r.n && db_int(&r, 0, 0) != s->user) return fail(cx, E_CONFLICT, "Please try once more");
    bool is_known = r.n > 0;
    if (!is_known && !s->is_new) TRY(not_known_yet(cx, s, s->user));
    TRY(db_exec(
        cx, NULL,
        "INSERT INTO idp_link (issuer, subject, user_id, login, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (issuer, subject) DO UPDATE SET login = excluded.login, at = excluded.at",
        V(s->r->issuer), V(s->w->subject), V(s->user), V(login), V(cx->now_ms)));
    if (!is_known) TRY(linked_tell(cx, s));
    TRY(names_write(cx, s));
    return roles_settle(cx, s);
}

/* ---- the end of a provider ---- */
enum err outside_roles_drop(struct cx *cx, const struct outside_rules *r, int64_t user)
{
    static const struct outsider nobody = {0};
    TRY(roles_settle(cx, &(struct settling){.r = r, .w = &nobody, .user = user}));
    return db_exec(cx, NULL, "DELETE FROM idp_role WHERE user_id = $1 AND issuer = $2", V(user), V(r->issuer));
}

static enum err roles_take(struct cx *cx, const struct outside_rules *r)
{
    struct db_rows u = {0};
    do {
        TRY(db_query(cx, &u, "SELECT DISTINCT i.user_id FROM idp_role i JOIN \"user\" u ON u.id = i.user_id"
                             " WHERE i.issuer = $1 AND u.deleted_at IS NULL ORDER BY i.user_id LIMIT 500",
                     V(r->issuer)));
        for (size_t i = 0; i < u.n; i++) TRY(outside_roles_drop(cx, r, db_int(&u, i, 0)));
    } while (u.n);
    return db_exec(cx, NULL, "DELETE FROM idp_role WHERE issuer = $1", V(r->issuer));
}

enum err outside_ended(struct cx *cx, const struct outside_rules *r, bool gone)
{
    const struct acl *acl = cx->acl;
    TRY(sessions_end(cx, &(struct sessions_of){.idp = r->id}, EVENT_WHY_PROVIDER));
    if (!gone) return E_OK;
    cx->acl = NULL; /* that roles go is the end's doing, whoever ordered it */
    enum err e = roles_take(cx, r);
    cx->acl = acl;
    TRY(e);
    if (!str_has_prefix(r->issuer, S(OUTSIDE_DIRECTORY))) return E_OK;
    TRY(db_exec(cx, NULL, "DELETE FROM idp_name WHERE issuer = $1", V(r->issuer)));
    int64_t n = 0;
    TRY(db_exec(cx, &n, "DELETE FROM idp_link WHERE issuer = $1", V(r->issuer)));
    struct event told = {.kind = EVENT_IDENTITY_ENDED, .n = n, .detail = event_detail(cx, EVENT_KEY_PROVIDER, r->name)};
    return n ? event_put(cx, &told) : E_OK;
}

/* ---- coming in ---- */
enum err outside_may_try(struct cx *cx, struct auth *au, const struct visitor *v,
                         int64_t *ret_wait_ms)
{
    *ret_wait_ms = buckets_wait_ms(&au->buckets, auth_addr_key(cx->a, v->addr), true, cx->now_ms);
    return *ret_wait_ms ? fail(cx, E_RATE, "Too many failed log-ins: please wait a little") : E_OK;
}

struct refusing {
    str name, addr, agent, outcome;
    struct event told;
};

/* Nobody's name stands in a word that is none: it is written down under the provider's, which nobody logs in by. */
static enum err refused_insert(struct cx *cx, void *arg)
{
    const struct refusing *x = arg;
    TRY(db_exec(
        cx, NULL,
        "INSERT INTO login_attempt (id, at, name, addr, agent, ok, user_id, device, outcome)"
        " VALUES ($1, $2, $3, $4, $5, 0, 0, '', $6)",
        V(id_new(cx->now_ms)), V(cx->now_ms), V(x->name), V(x->addr), V(x->agent), V(x->outcome)));
    return event_put(cx, &x->told);
}

static enum err refusal_write(struct cx *cx, const struct visitor *v, str provider, bool failed)
{
    struct refusing x = {
        .name = arena_fmt(cx->a, "[%.*s]", FS(provider)),
        .addr = v->addr,
        .agent = utf8_cut(v->agent, AGENT_BYTES),
        .outcome = failed ? S("wrong") : S("refused"),
        .told = {.kind = failed ? EVENT_LOGIN_FAILED : EVENT_LOGIN_REFUSED,
                 .addr = v->addr,
                 .detail = event_coded(cx, failed ? EVENT_BY_SSO : EVENT_WHY_SSO)}};
    return db_write(cx, refused_insert, &x);
}

enum err outside_refused(struct cx *cx, struct auth *au, const struct visitor *v, str provider)
{
    (void)buckets_take(&au->buckets, auth_addr_key(cx->a, v->addr), true, cx->now_ms);
    return refusal_write(cx, v, provider, true);
}

enum err outside_turned_away(struct cx *cx, const struct visitor *v, str provider)
{
    return refusal_write(cx, v, provider, false);
}

static enum err came(struct cx *cx, struct auth *au, struct try *t, struct settling *s,
                     struct login *io)
{
    bool has = false;
    enum err e = try_begin(cx, au, t);
    io->wait_ms = t->wait_ms;
    TRY(e);
    TRY(factor_has(cx, s->user, &has));
    struct coming c = {.o = session_opening(cx, s->user,
                                            has && !s->w->factored ? STAGE_FACTOR : STAGE_IN,
                                            t->v->addr, t->v->agent),
                       .first = outside_settle,
                       .arg = s};
    c.o.shown = s->w->factored ? SHOWN_THERE : SHOWN_HERE;
    c.o.idp = s->r->id;
    c.o.proved_at = s->w->proved_at;
    if (s->w->parting.n && au->vault)
        TRY(vault_seal(cx, au->vault, PARTING_WHERE(cx, s->user), s->w->parting, &c.o.parting));
    return session_open(cx, au, t, true, &c, io);
}

enum err outside_login(struct cx *cx, struct auth *au, const struct visitor *v,
                       const struct outside_rules *r, const struct outsider *w, struct login *io)
{
    struct settling s = {.r = r, .w = w};
    struct try t = {.v = v, .is_second = true, .is_vouched = true, .is_other = true, .by = EVENT_BY_SSO};
    TRY(outside_settling(cx, &s));
    t.user = s.user;
    if (!s.is_new) TRY(try_own_name(cx, &t));
    if (!t.name.n)
        t.name = s.mail_f.n && w->mail_proved ? s.mail_f : arena_fmt(cx->a, "#%" PRId64, s.user);
    return try_forgiven(cx, &t, came(cx, au, &t, &s, io));
}
