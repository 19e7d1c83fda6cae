/* SPDX-License-Identifier: MIT */
/* idp/ldap_entry.c - entries of a directory: somebody's attributes, and the groups he is in, directly or by others. */
#include "idp/ldap_int.h"

#include "os/os.h"

#define AD_CHAIN "1.2.840.113556.1.4.1941"

/* ---- searching ---- */
static void answer_end(LDAPMessage **m)
{
    if (*m) (void)ldap_msgfree(*m);
}

bool ldap_is_whole(int rc, int found, int max)
{
    return rc == LDAP_SUCCESS || (rc == LDAP_SIZELIMIT_EXCEEDED && found >= max);
}

/* What was found, up to `max`; *ret NULL when there is nothing. Half an answer is none. */
static enum err search(struct cx *cx, struct ldap_conn *c, str base, int scope, str filter,
                       char **attrs, int max, LDAPMessage **ret)
{
    struct timeval wait = {0};
    TRY(ldap_conn_hurry(cx, c, &wait));
    int rc = ldap_search_ext_s(c->ld, arena_z(cx->a, base), scope, arena_z(cx->a, filter), attrs, 0,
                               NULL, NULL, &wait, max, ret);
    if (ldap_is_whole(rc, *ret ? ldap_count_entries(c->ld, *ret) : 0, max)) return E_OK;
    switch (rc) {
    case LDAP_REFERRAL: /* elsewhere, where we do not go */
    case LDAP_NO_SUCH_OBJECT:
        return fail_at(cx, E_INVALID, S("base"), "The directory has nothing at this place");
    case LDAP_FILTER_ERROR:
        return fail_at(cx, E_INVALID, S("filter"), "The directory does not understand this filter");
    default: return ldap_down(cx, ldap_err2string(rc));
    }
}

enum err ldap_base_check(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf)
{
    LDAPMessage *m OWNED(answer_end) = NULL;
    char no_attrs[] = LDAP_NO_ATTRS, *none[] = {no_attrs, NULL};
    TRY(search(cx, c, conf->base, LDAP_SCOPE_BASE, S("(objectClass=*)"), none, 1, &m));
    if (!m || ldap_count_entries(c->ld, m) < 1)
        return fail_at(cx, E_INVALID, S("base"), "The directory has nothing at this place");
    return E_OK;
}

/* ---- values ---- */
static void values_end(struct berval ***v)
{
    if (*v) ldap_value_free_len(*v);
}

/* The first value that is short enough; "" = none. */
static str value_of(struct cx *cx, struct ldap_conn *c, LDAPMessage *e, str attr)
{
    struct berval **v OWNED(values_end) =
        attr.n ? ldap_get_values_len(c->ld, e, arena_z(cx->a, attr)) : NULL;
    if (!v || !v[0] || v[0]->bv_len > LDAP_VALUE_MAX) return S("");
    return arena_dup(cx->a, (str){v[0]->bv_val, v[0]->bv_len});
}

static str text_of(struct cx *cx, struct ldap_conn *c, LDAPMessage *e, str attr)
{
    str s = value_of(cx, c, e, attr);
    return utf8_valid(s) && !memchr(s.n ? s.p : "x", 0, s.n ? s.n : 1) ? s : S("");
}

/* Bytes that are no text (objectGUID) as hex. */
static str id_of(struct cx *cx, struct ldap_conn *c, LDAPMessage *e, str attr)
{
    str s = value_of(cx, c, e, attr), text = text_of(cx, c, e, attr);
    if (str_eq_nocase(attr, S("objectGUID")) || !text.n)
        return s.n <= OS_HEX_MAX ? os_hex(cx->a, s.p, s.n) : S("");
    return text;
}

static str dn_of(struct cx *cx, struct ldap_conn *c, LDAPMessage *e)
{
    char *dn = ldap_get_dn(c->ld, e);
    str s = arena_dup(cx->a, str_from(dn));
    ldap_memfree(dn);
    return s;
}

/* ---- groups ---- */
struct groups {
    str dn[LDAP_GROUPS_MAX];
    size_t n;
    bool full;
};

static void group_add(struct groups *g, str dn)
{
    for (size_t i = 0; i < g->n; i++)
        if (str_eq_nocase(g->dn[i], dn)) return;
    g->full |= g->n == LDAP_GROUPS_MAX;
    if (!g->full && dn.n && utf8_valid(dn)) g->dn[g->n++] = dn;
}

static void named_add(struct cx *cx, struct ldap_conn *c, LDAPMessage *e, struct groups *g)
{
    struct berval **v OWNED(values_end) = ldap_get_values_len(c->ld, e, "memberOf");
    for (size_t i = 0; v && v[i]; i++)
        if (v[i]->bv_len <= LDAP_VALUE_MAX)
            group_add(g, arena_dup(cx->a, (str){v[i]->bv_val, v[i]->bv_len}));
}

static enum err found_at(struct cx *cx, struct ldap_conn *c, str base, str filter, struct groups *g)
{
    LDAPMessage *m OWNED(answer_end) = NULL;
    char no_attrs[] = LDAP_NO_ATTRS, *none[] = {no_attrs, NULL};
    TRY(search(cx, c, base, LDAP_SCOPE_SUBTREE, filter, none, LDAP_GROUPS_MAX + 1, &m));
    for (LDAPMessage *e = m ? ldap_first_entry(c->ld, m) : NULL; e; e = ldap_next_entry(c->ld, e))
        group_add(g, dn_of(cx, c, e));
    return E_OK;
}

/* Where people are, and where groups are when that is elsewhere. */
static enum err found_add(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf,
                          str filter, struct groups *g)
{
    str people = ldap_dn_plain(cx, conf->base), groups = ldap_dn_plain(cx, conf->group_base);
    TRY(found_at(cx, c, conf->base, filter, g));
    if (!groups.n || str_eq(groups, people) || ldap_is_below(cx, groups, people)) return E_OK;
    return found_at(cx, c, conf->group_base, filter, g);
}

/* Groups that name `dn` as theirs, and those that its own entry names. */
static enum err above(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf, str dn,
                      bool named, struct groups *g)
{
    LDAPMessage *m OWNED(answer_end) = NULL;
    char member_of[] = "memberOf", *attrs[] = {member_of, NULL};
    str in = ldap_in_filter(cx, dn);
    TRY(found_add(cx, c, conf,
                  arena_fmt(cx->a, "(|(member=%.*s)(uniqueMember=%.*s))", FS(in), FS(in)), g));
    if (!named) return E_OK;
    enum err e = search(cx, c, dn, LDAP_SCOPE_BASE, S("(objectClass=*)"), attrs, 1, &m);
    if (e == E_INVALID) return E_OK; /* out of our sight */
    TRY(e);
    LDAPMessage *one = m ? ldap_first_entry(c->ld, m) : NULL;
    if (one) named_add(cx, c, one, g);
    return E_OK;
}

/* Level by level; a group that is in itself, by whatever way, is looked at once. */
static enum err walk_up(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf,
                        struct groups *g)
{
    size_t from = 0;
    for (int depth = 1; depth < LDAP_DEPTH_MAX && from < g->n; depth++)
        for (size_t to = g->n; from < to; from++) TRY(above(cx, c, conf, g->dn[from], true, g));
    return E_OK;
}

/* ---- names of entries ---- */
static void parts_end(LDAPDN *d)
{
    if (*d) ldap_dnfree(*d);
}

static bool parts_of(struct cx *cx, str dn, LDAPDN *ret)
{
    if (!dn.n || memchr(dn.p, 0, dn.n)) return false;
    return ldap_str2dn(arena_z(cx->a, dn), ret, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && *ret && (*ret)[0];
}

static size_t parts_n(LDAPDN d)
{
    size_t n = 0;
    while (d[n]) n++;
    return n;
}

/* One part, written in one way. */
static str part_plain(struct cx *cx, LDAPRDN part)
{
    char *text = NULL;
    if (ldap_rdn2str(part, &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return S("");
    str s = arena_dup(cx->a, str_from(text));
    ldap_memfree(text);
    char *p = arena_get(cx->a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
    return (str){p, s.n};
}

str ldap_dn_plain(struct cx *cx, str dn)
{
    LDAPDN d OWNED(parts_end) = NULL;
    struct buf b = buf_new(cx->a, 8 * dn.n + 16);
    if (!parts_of(cx, dn, &d)) return S("");
    for (size_t i = 0; d[i]; i++) {
        str part = part_plain(cx, d[i]);
        if (!part.n) return S("");
        if (i) buf_byte(&b, ',');
        buf_add(&b, part);
    }
    return b.full ? S("") : buf_str(&b);
}

bool ldap_is_below(struct cx *cx, str dn, str place)
{
    LDAPDN d OWNED(parts_end) = NULL, p OWNED(parts_end) = NULL;
    if (!parts_of(cx, dn, &d) || !parts_of(cx, place, &p)) return false;
    size_t n = parts_n(d), above = parts_n(p);
    for (size_t i = 0; i < above && above < n; i++)
        if (!str_eq(part_plain(cx, d[n - above + i]), part_plain(cx, p[i]))) return false;
    return above < n;
}

/* "Sales" of "cn=Sales,ou=Groups,dc=firm": what people call it. One that looks like a DN is none. */
static str first_name(struct cx *cx, str dn)
{
    LDAPDN d OWNED(parts_end) = NULL;
    if (!parts_of(cx, dn, &d) || !d[0][0] || d[0][1]) return S("");
    str s = arena_dup(cx->a, (str){d[0][0]->la_value.bv_val, d[0][0]->la_value.bv_len});
    return utf8_valid(s) && str_find(s, S("=")) < 0 ? s : S("");
}

enum err ldap_groups_find(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf,
                          struct ldap_entry *e)
{
    struct groups *g = NEW(cx->a, struct groups);
    str in = ldap_in_filter(cx, e->dn);
    for (size_t i = 0; i < e->n_of; i++) group_add(g, e->of[i]);
    if (conf->nested == NESTED_AD)
        TRY(found_add(cx, c, conf, arena_fmt(cx->a, "(member:" AD_CHAIN ":=%.*s)", FS(in)), g));
    else TRY(above(cx, c, conf, e->dn, false, g));
    if (conf->nested == NESTED_WALK) TRY(walk_up(cx, c, conf, g));
    if (g->full)
        return fail_at(
            cx, E_DENIED, S("user"),
            "You are in more groups than the provider tells: please ask your administrator");
    str *v = NEW_N(cx->a, str, 2 * g->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        str whole = ldap_dn_plain(cx, g->dn[i]), name = first_name(cx, g->dn[i]);
        if (whole.n) v[n++] = whole;
        if (name.n && ldap_is_below(cx, g->dn[i], conf->group_base)) v[n++] = name;
    }
    e->who.groups = v;
    e->who.n_groups = n;
    return E_OK;
}

/* ---- somebody ---- */
/* Closed in Active Directory: a password that is right is told as wrong by most servers then, and by all of ours. */
static bool is_closed(struct cx *cx, struct ldap_conn *c, LDAPMessage *e)
{
    enum { ACCOUNTDISABLE = 2 };
    int64_t flags = 0;
    return str_to_int(text_of(cx, c, e, S("userAccountControl")), &flags) &&
           (flags & ACCOUNTDISABLE);
}

/* ---- the names that lead to an entry ---- */
/* The name of an attribute, and nothing that would be a rule. */
static bool is_plain(str attr)
{
    for (size_t k = 0; k < attr.n; k++) {
        char c = attr.p[k];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')) return false;
    }
    return attr.n > 0;
}

size_t ldap_filter_names(str filter, struct ldap_named *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < filter.n && n < LDAP_NAMES_MAX; i++) {
        str attr = {0}, rest = {0}, pattern = {0}, more = {0};
        if (filter.p[i] != '(' || !str_split(str_cut(filter, i + 1, filter.n), '=', &attr, &rest)) continue;
        if (!str_split(rest, ')', &pattern, &more) || str_find(pattern, S("%s")) < 0) continue;
        if (str_find(pattern, S("*")) < 0 && is_plain(attr)) ret[n++] = (struct ldap_named){attr, pattern};
    }
    return n;
}

/* What would have to be typed for this value to be found by the pattern; "" = nothing would. */
static str typed_for(str pattern, str value)
{
    size_t at = (size_t)str_find(pattern, S("%s"));
    str before = str_cut(pattern, 0, at), behind = str_cut(pattern, at + 2, pattern.n);
    if (value.n <= before.n + behind.n) return S("");
    str head = str_cut(value, 0, before.n), tail = str_cut(value, value.n - behind.n, value.n);
    bool fits = str_eq_nocase(head, before) && str_eq_nocase(tail, behind);
    return fits ? str_cut(value, before.n, value.n - behind.n) : S("");
}

/* Every name by which the entry is found, as it spells them itself. */
static size_t names_of(struct cx *cx, struct ldap_conn *c, LDAPMessage *e, str filter, str *ret)
{
    struct ldap_named by[LDAP_NAMES_MAX];
    size_t n = 0, n_by = ldap_filter_names(filter, by);
    for (size_t i = 0; i < n_by; i++) {
        struct berval **v OWNED(values_end) = ldap_get_values_len(c->ld, e, arena_z(cx->a, by[i].attr));
        for (size_t k = 0; v && v[k] && n < LDAP_NAMES_MAX; k++) {
            str s = {v[k]->bv_val, v[k]->bv_len};
            if (s.n > LDAP_VALUE_MAX || !utf8_valid(s)) continue;
            s = str_trim(typed_for(by[i].pattern, s));
            if (s.n) ret[n++] = arena_dup(cx->a, s);
        }
    }
    return n;
}

/* Directories fold more than we do (Müller is Muller to some, and what is no letter is nothing): somebody is found by a
 * name that his entry has letter for letter, capitals of ASCII aside, or he is not found. */
static enum err named_so(struct cx *cx, struct ldap_conn *c, LDAPMessage *e, const struct ldap_conf *conf, str login,
                         struct outsider *io)
{
    str *v = NEW_N(cx->a, str, LDAP_NAMES_MAX);
    io->names = v;
    io->n_names = names_of(cx, c, e, conf->filter, v);
    if (!io->n_names)
        return fail_at(cx, E_INVALID, S("filter"), "The directory does not show the name that somebody is found by");
    for (size_t i = 0; i < io->n_names; i++)
        if (str_eq_nocase(v[i], str_trim(login))) return io->login = v[i], E_OK;
    return fail(cx, E_AUTH, "The name or the password is wrong");
}

static enum err entry_read(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf,
                           LDAPMessage *e, struct ldap_entry *ret)
{
    struct groups *g = NEW(cx->a, struct groups);
    struct outsider w = {.subject = id_of(cx, c, e, conf->attr_id),
                         .name = text_of(cx, c, e, conf->attr_name),
                         .mail = text_of(cx, c, e, conf->attr_mail),
                         .phone = text_of(cx, c, e, conf->attr_phone),
                         .lang = text_of(cx, c, e, conf->attr_lang),
                         .mail_proved = conf->mail_trusted};
    if (is_closed(cx, c, e)) return fail(cx, E_AUTH, "The name or the password is wrong");
    if (!w.subject.n)
        return fail_at(cx, E_INVALID, S("attr_id"),
                       "The entry lacks what tells it from all others (%.*s)", FS(conf->attr_id));
    named_add(cx, c, e, g);
    *ret = (struct ldap_entry){.dn = dn_of(cx, c, e), .who = w, .of = g->dn, .n_of = g->n};
    return ret->dn.n ? E_OK : fail(cx, E_AUTH, "The name or the password is wrong");
}

static char *name_z(struct cx *cx, str s)
{
    char *z = arena_get(cx->a, s.n + 1);
    memcpy(z, s.p, s.n);
    return z;
}

enum err ldap_entry_find(struct cx *cx, struct ldap_conn *c, const struct ldap_conf *conf,
                         str login, struct ldap_entry *ret)
{
    LDAPMessage *m OWNED(answer_end) = NULL;
    str names[] = {conf->attr_id,   conf->attr_name, conf->attr_mail,        conf->attr_phone,
                   conf->attr_lang, S("memberOf"),   S("userAccountControl")};
    struct ldap_named by[LDAP_NAMES_MAX];
    char *attrs[COUNT(names) + LDAP_NAMES_MAX + 1] = {0};
    size_t n = 0, n_by = ldap_filter_names(conf->filter, by);
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].n) attrs[n++] = name_z(cx, names[i]);
    for (size_t i = 0; i < n_by; i++) attrs[n++] = name_z(cx, by[i].attr);
    str filter = ldap_filled(cx, conf->filter, ldap_in_filter(cx, login));
    TRY(search(cx, c, conf->base, LDAP_SCOPE_SUBTREE, filter, attrs, 2, &m));
    LDAPMessage *e = m ? ldap_first_entry(c->ld, m) : NULL;
    if (!e || ldap_next_entry(c->ld, e))
        return fail(cx, E_AUTH, "The name or the password is wrong");
    TRY(entry_read(cx, c, conf, e, ret));
    return named_so(cx, c, e, conf, login, &ret->who);
}
