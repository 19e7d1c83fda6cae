/* SPDX-License-Identifier: MIT */
/* Log-in by a directory, held against a real slapd: who comes in, with which roles, and who does not. */
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "auth/outside.h"
#include "auth/proof.h"
#include "bed.h"
#include "db/db_int.h"
#include "idp/ldap_int.h"
#include "outside_make.h"
#include "slapd.h"

#include <pthread.h>

static const struct visitor home = {.addr = S0("203.0.113.9"), .agent = S0("test")};
struct house {
    struct cx *cx;
    struct slapd s;
    struct vault *v;
    struct idps *ids;
    struct auth *au;
    struct idp p;
    int64_t plain, extra; /* roles */
};

/* ---- what was typed means itself ---- */
static void escaping(void)
{
    struct cx cx = t_cx();
    T(str_eq(ldap_in_filter(&cx, S("a*(b)\\c")), S("a\\2a\\28b\\29\\5cc")));
    T(str_eq(ldap_in_filter(&cx, (str){"a\0b", 3}), S("a\\00b")));
    T(str_eq(ldap_in_filter(&cx, S("ä")), S("\\c3\\a4")));
    T(str_eq(ldap_in_name(&cx, S("a,b=c+\"d\" ")), S("a\\2cb\\3dc\\2b\\22d\\22\\20")));
    T(str_eq(ldap_filled(&cx, S("(|(uid=%s)(mail=%s))"), S("x%s")), S("(|(uid=x%s)(mail=x%s))")));
    t_cx_free(&cx);
}

/* Half an answer would take roles away. */
static void whole(void)
{
    T(ldap_is_whole(LDAP_SUCCESS, 0, 2) && ldap_is_whole(LDAP_SUCCESS, 1, 2) && ldap_is_whole(LDAP_SIZELIMIT_EXCEEDED, 2, 2));
    T(!ldap_is_whole(LDAP_SIZELIMIT_EXCEEDED, 1, 2) && !ldap_is_whole(LDAP_SIZELIMIT_EXCEEDED, 0, 2));
    T(!ldap_is_whole(LDAP_PARTIAL_RESULTS, 2, 2) && !ldap_is_whole(LDAP_REFERRAL, 2, 2) && !ldap_is_whole(LDAP_TIMELIMIT_EXCEEDED, 1, 2));
}

/* B3: which names a filter speaks of. */
static void named(void)
{
    struct ldap_named v[LDAP_NAMES_MAX];
    T_INT((int64_t)ldap_filter_names(S("(&(objectClass=person)(|(uid=%s)(mail=%s@firm.lan)))"), v), 2);
    T(str_eq(v[0].attr, S("uid")) && str_eq(v[0].pattern, S("%s")) && str_eq(v[1].attr, S("mail")) && str_eq(v[1].pattern, S("%s@firm.lan")));
    T_INT((int64_t)ldap_filter_names(S("(cn=*%s*)"), v), 0);
    T_INT((int64_t)ldap_filter_names(S("(uid:caseExactMatch:=%s)"), v), 0);
    T_INT((int64_t)ldap_filter_names(S("(uid~=%s)"), v), 0);
    T_INT((int64_t)ldap_filter_names(S("(uid=%s"), v), 0);
    T_INT((int64_t)ldap_filter_names(S(""), v), 0);
}

/* B7: one DN written in several ways, and what lies below a place. */
static void whole_names(void)
{
    struct cx cx = t_cx();
    str plain = ldap_dn_plain(&cx, S("cn=sales,ou=groups,dc=firm"));
    static const char *const same[] = {"CN=Sales,OU=Groups,DC=Firm", "cn=sales, ou=groups , dc=firm", "cn=s\\61les,ou=groups,dc=firm"};
    static const char *const none[] = {"", "sales", "cn", "cn=a,,dc=b", "=x"};
    T(plain.n > 0);
    for (size_t i = 0; i < COUNT(same); i++) T_STR(ldap_dn_plain(&cx, str_from(same[i])), plain);
    for (size_t i = 0; i < COUNT(none); i++) T_INT((int64_t)ldap_dn_plain(&cx, str_from(none[i])).n, 0);
    T(!str_eq(ldap_dn_plain(&cx, S("cn=a\\,ou=groups,dc=firm")), ldap_dn_plain(&cx, S("cn=a,ou=groups,dc=firm"))));
    T(ldap_is_below(&cx, S("cn=x,OU=Groups,dc=firm"), S("ou=groups, DC=firm")) && ldap_is_below(&cx, S("cn=x,ou=y,ou=groups,dc=firm"), S("ou=groups,dc=firm")));
    T(!ldap_is_below(&cx, S("cn=x,ou=people,dc=firm"), S("ou=groups,dc=firm")) && !ldap_is_below(&cx, S("ou=groups,dc=firm"), S("ou=groups,dc=firm")));
    T(!ldap_is_below(&cx, S("cn=a\\,ou=groups,dc=firm"), S("ou=groups,dc=firm")) && !ldap_is_below(&cx, S("cn=x,dc=firm"), S("")));
    t_cx_free(&cx);
}

static struct idp described(const struct house *h)
{
    return (struct idp){.kind = IDP_LDAP, .active = true, .name = S("Haus"), .creates = true,
                        .ldap = {.url = arena_fmt(h->cx->a, "ldap://127.0.0.1:%d", h->s.port), .bind_dn = S("cn=reader,dc=firm,dc=lan"), .base = S("dc=firm,dc=lan"),
                                 .filter = S("(&(objectClass=inetOrgPerson)(|(uid=%s)(mail=%s)))"), .nested = NESTED_WALK, .mail_trusted = true, .attr_id = S("entryUUID"), .attr_name = S("cn"), .attr_mail = S("mail"),
                                 .attr_phone = S("telephoneNumber"), .attr_lang = S("preferredLanguage"),
                                 .group_base = S("ou=groups,dc=firm,dc=lan"), .timeout_s = LDAP_TIMEOUT_MAX_S}};
}

static const str reader = S0("reader-password");

struct becoming {
    const struct idp *to;
    const str *secret;
};

static enum err becomes(struct cx *cx, void *arg, struct idp *io, const str **ret_secret)
{
    const struct becoming *b = arg;
    (void)cx;
    str sealed = io->sealed;
    *io = *b->to;
    io->sealed = sealed;
    *ret_secret = b->secret;
    return E_OK;
}

static enum err changed(struct house *h, const struct idp *to, const str *secret)
{
    struct becoming b = {to, secret};
    struct idp now = {0};
    return idp_change(h->cx, h->ids, to->id, becomes, &b, &now);
}

/* ---- what can be set, and tried ---- */
static void refuses(struct house *h, struct idp p, const char *at)
{
    h->cx->at = S("");
    T(idp_new(h->cx, h->ids, &p, &reader) == E_INVALID && str_eq(h->cx->at, str_from(at)));
}

static void setting(struct house *h)
{
    struct cx *cx = h->cx;
    struct idp p = described(h);
    p.role = h->plain;
#define WITH(member, value, where) do { struct idp q = p; q.member = (value); refuses(h, q, where); } while (0)
    WITH(ldap.url, S("http://127.0.0.1/"), "url");
    WITH(ldap.url, S("ldap://127.0.0.1:1"), "url");
    WITH(ldap.url, S("ldaps://10.1.2.3"), "url"); /* F01: nobody has named it */
    WITH(ldap.url, S("ldaps://169.254.169.254"), "url");
    WITH(ldap.url, S("ldaps://user@dc.firm.example"), "url");
    WITH(ldap.url, S("ldap://open.firm.example"), "starttls"); /* a password in the clear */
    WITH(ldap.base, S(""), "base");
    WITH(ldap.filter, S("(uid=ada)"), "filter");
    WITH(ldap.filter, S("uid=%s"), "filter");
    WITH(ldap.filter, S("(cn=*%s*)"), "filter"); /* it tells no name */
    WITH(ldap.timeout_s, 1, "timeout");
    WITH(ldap.timeout_s, 61, "timeout");
    WITH(ldap.group_base, S("groups"), "group_base");
    WITH(ldap.bind_as, S("uid=ada"), "bind_as");
    WITH(ldap.attr_id, S(""), "attr_id");
    WITH(ldap.attr_mail, S("mail)(x"), "attr_mail");
    WITH(ldap.ca, S("x"), "ca");
    struct idp q = p;
    T(idp_new(cx, h->ids, &q, NULL) == E_INVALID && str_eq(cx->at, S("secret"))); /* a reader needs a password */
    T_OK(cx, idp_new(cx, h->ids, &p, &reader));
    q = p;
    T(changed(h, &q, &(str){0}) == E_INVALID && str_eq(cx->at, S("secret")));
    q = p;
    q.ldap.bind_dn = S("cn=other,dc=firm,dc=lan");
    T(changed(h, &q, NULL) == E_INVALID && str_eq(cx->at, S("secret")));
    T_OK(cx, idp_get(cx, p.id, &h->p));
    T(h->p.ldap.mail_trusted);
    T(h->p.has_secret && h->p.ldap.nested == NESTED_WALK && str_eq(h->p.ldap.filter, p.ldap.filter));
}

static bool tries(struct house *h, struct ldap_conf l, const char *login, const char *password, enum err want, const char *word)
{
    struct idp p = h->p;
    struct outside_found f = {0};
    p.ldap = l;
    h->cx->msg = S("");
    h->cx->lang = S("en");
    enum err e = ldap_try(h->cx, h->ids, &p, str_from(login), str_from(password), &f);
    bool ok = e == want && str_find(h->cx->msg, str_from(word)) >= 0;
    if (!ok) fprintf(stderr, "  not %d %s: %d %.*s\n", want, word, e, FS(h->cx->msg));
    return ok;
}

/* A line without a password gets nobody in, whatever the server would say to it. */
static void no_password(struct house *h)
{
    struct ldap_conn c = LDAP_CONN(os_mono_ms() + 60000);
    struct outgoing_rules rules = {.allow = arena_fmt(h->cx->a, "127.0.0.1:%d", h->s.port)};
    T_OK(h->cx, ldap_conn_open(h->cx, &rules, &h->p.ldap, &c));
    T_INT(ldap_conn_bind(h->cx, &c, S(""), S("")), E_AUTH);
    T_INT(ldap_conn_bind(h->cx, &c, S("uid=ada,ou=people,dc=firm,dc=lan"), S("")), E_AUTH);
    T_OK(h->cx, ldap_conn_bind(h->cx, &c, S("uid=ada,ou=people,dc=firm,dc=lan"), S("ada-password")));
    ldap_conn_end(&c);
}

static void trying(struct house *h)
{
    struct cx *cx = h->cx;
    struct ldap_conf good = h->p.ldap, l = good;
    T(tries(h, l, "", "", E_OK, ""));
    T(tries(h, l, "ada", "ada-password", E_OK, ""));
    T(tries(h, l, "ada", "wrong", E_AUTH, "") && tries(h, l, "ada", "", E_INVALID, "") && tries(h, l, "nobody", "x", E_AUTH, ""));
    T(slapd_tool(cx, &h->s, "ldapadd -M", "dn: ou=away,dc=firm,dc=lan\nobjectClass: referral\nobjectClass: extensibleObject\nou: away\nref: ldap://127.0.0.1:1/ou=away,dc=firm,dc=lan\n"));
    l.base = S("ou=away,dc=firm,dc=lan"); /* elsewhere, where we do not go: that is no word about anybody */
    T(tries(h, l, "ada", "ada-password", E_BUSY, "nothing at this place"));
    l.base = S("dc=nowhere");
    T(tries(h, l, "", "", E_BUSY, "nothing at this place"));
    l = good;
    l.filter = S("(&(uid=%s)");
    T(tries(h, l, "ada", "ada-password", E_BUSY, "filter"));
    l = good;
    l.bind_dn = S("cn=nobody,dc=firm,dc=lan");
    T(tries(h, l, "", "", E_BUSY, "look people up"));
    l = good;
    l.attr_id = S("employeeNumber");
    T(tries(h, l, "ada", "ada-password", E_BUSY, "employeeNumber"));
    l = good;
    l.starttls = true;
    T(tries(h, l, "", "", E_BUSY, "certificate")); /* of an authority that nobody knows */
    l.ca = h->s.ca;
    T(tries(h, l, "ada", "ada-password", E_OK, ""));
    l.starttls = false;
    l.url = arena_fmt(cx->a, "ldaps://127.0.0.1:%d", h->s.tls);
    T(tries(h, l, "ada", "ada-password", E_OK, ""));
    l.url = arena_fmt(cx->a, "ldaps://localhost:%d", h->s.tls);
    T(tries(h, l, "", "", E_BUSY, "certificate")); /* of another name */
    l.url = arena_fmt(cx->a, "ldaps://127.0.0.1:%d", h->s.port);
    l.timeout_s = 3; /* neither says a word that the other understands */
    T(tries(h, l, "", "", E_BUSY, "cannot be reached"));
    l = good;
    l.bind_as = S("uid=%s,ou=people,dc=firm,dc=lan");
    T(tries(h, l, "ada", "ada-password", E_OK, "") && tries(h, l, "ada", "wrong", E_AUTH, "") && tries(h, l, "ada,ou=people", "ada-password", E_AUTH, ""));
    l.bind_as = S("%s@firm.lan");
    T(tries(h, l, "ada,x", "ada-password", E_AUTH, "")); /* nothing that would have to be escaped */
    T(slapd_tool(cx, &h->s, "ldapmodify", "dn: uid=bob,ou=people,dc=firm,dc=lan\nchangetype: modify\nadd: description\ndescription: ada\n"));
    l.bind_as = S("uid=%s,ou=people,dc=firm,dc=lan");
    l.filter = S("(description=%s)");
    T(tries(h, l, "ada", "ada-password", E_AUTH, "")); /* ada's password, bob's entry */
}

/* ---- coming in ---- */
static enum err comes(struct house *h, const char *name, const char *password, struct login *io)
{
    struct cx *cx = h->cx;
    *io = (struct login){.mail = str_from(name), .password = str_from(password)};
    cx->acl = NULL;
    cx->who = (struct who){0};
    cx->now_ms += LOGIN_WINDOW_MS + 1; /* each try is the first */
    enum err e = auth_login(cx, h->au, &home, io);
    cx->lang = S("en"); /* not his */
    cx->acl = NULL;
    cx->who = (struct who){0};
    return e;
}

static int64_t number(struct cx *cx, const char *sql)
{
    struct db_rows r = {0};
    T_OK(cx, db_run(cx, &r, NULL, str_from(sql), NULL, 0));
    return r.n ? db_int(&r, 0, 0) : 0;
}

static void map_set(struct house *h, enum ldap_nested nested)
{
    struct outside_role *map = NEW_N(h->cx->a, struct outside_role, 2);
    map[0] = (struct outside_role){S("CN=Sales,OU=Groups,DC=firm,DC=lan"), h->plain};
    map[1] = (struct outside_role){S("ring"), h->extra}; /* three groups further up, and within itself */
    h->p.map = map;
    h->p.n_map = 2;
    h->p.role = 0;
    h->p.ldap.nested = nested;
    T_OK(h->cx, changed(h, &h->p, NULL));
}

static int64_t coming(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    struct db_rows r = {0};
    map_set(h, NESTED_WALK);
    static const char *const strange[][2] = {{"ada", "wrong"}, {"ada", ""}, {"", ""}, {"*", "ada-password"}, {"a*", "ada-password"}, {"ada)(uid=*", "ada-password"}, {"*)(objectClass=*", "x"}, {"nobody", "x"}, {"ada\n", "x\ny"}};
    for (size_t i = 0; i < COUNT(strange); i++) T_INT(comes(h, strange[i][0], strange[i][1], &io), E_AUTH);
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM idp_link"));
    T_INT(db_int(&r, 0, 0), 0);
    T_INT(comes(h, "bob", "bob-password", &io), E_DENIED); /* in no group that opens anything */
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    int64_t ada = io.s.user;
    T_OK(cx, db_query(cx, &r, "SELECT phone FROM \"user\" WHERE id = $1", V(ada)));
    T(str_eq(db_str(&r, 0, 0), S("+370 5 123")));
    T(str_eq(io.s.name, S("Ada Anders")) && str_eq(io.s.mail, S("ada@firm.example")) && str_eq(io.s.lang, S("lt")) && io.device.n);
    T(str_eq(roles_of(cx, ada), S("Extra Plain")));
    T_OK(cx, comes(h, " ADA@firm.example ", "ada-password", &io));
    T_INT(io.s.user, ada);
    map_set(h, NESTED_OFF);
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    T(str_eq(roles_of(cx, ada), S("Plain")));
    map_set(h, NESTED_AD); /* this server has no such rule: what the entry names is left */
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    T(str_eq(roles_of(cx, ada), S("Plain")));
    T_OK(cx, comes(h, "k(a*r)l", "karl-password", &io)); /* a name full of signs, and a DN of the same kind */
    T(io.s.user != ada && str_eq(io.s.name, S("Komma, Karl (x*)")) && !io.s.mail.n && str_eq(roles_of(cx, io.s.user), S("Plain")));
    return ada;
}

static void changes(struct house *h, int64_t ada)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    struct session s = {0};
    T(slapd_tool(cx, &h->s, "ldapmodify", "dn: cn=sales,ou=groups,dc=firm,dc=lan\nchangetype: modify\ndelete: member\nmember: uid=ada,ou=people,dc=firm,dc=lan\n\n"
                                          "dn: uid=ada,ou=people,dc=firm,dc=lan\nchangetype: modify\nreplace: cn\ncn: Ada Berg\n"));
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    T(str_eq(roles_of(cx, ada), S("")) && str_eq(io.s.name, S("Ada Berg")));
    T_OK(cx, auth_session_enter(cx, NULL, io.s.token, &s)); /* who is in proves who he is by the directory */
    struct proof p = {.session = io.s.token, .password = S("ada-password")};
    T_OK(cx, auth_prove(cx, h->au, &home, &p));
    p.password = S("wrong");
    T(auth_prove(cx, h->au, &home, &p) == E_DENIED);
    cx->acl = NULL;
    T_OK(cx, auth_password_set(cx, h->au, ada, S("Moos-Laterne-9"))); /* a password of ours counts for nothing: his lies there */
    T_INT(comes(h, "ada", "Moos-Laterne-9", &io), E_AUTH);
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    T(slapd_tool(cx, &h->s, "ldapmodify", "dn: uid=ada,ou=people,dc=firm,dc=lan\nchangetype: delete\n"));
    T_INT(comes(h, "ada", "ada-password", &io), E_AUTH); /* gone there */
    T_INT(comes(h, "ada", "Moos-Laterne-9", &io), E_AUTH);
}

static void maps(struct house *h, const char *group, const char *place, enum err want, const char *at)
{
    struct outside_role *map = NEW_N(h->cx->a, struct outside_role, 1);
    map[0] = (struct outside_role){str_from(group), h->extra};
    h->p.map = map;
    h->p.n_map = 1;
    h->p.role = h->plain;
    h->p.ldap.group_base = str_from(place);
    h->p.ldap.nested = NESTED_WALK;
    h->cx->at = S("");
    T_INT(changed(h, &h->p, NULL), want);
    T(str_eq(h->cx->at, str_from(at)));
}

/* B7: a short name means a group at the place of the groups, whoever made another of that name elsewhere, or one whose
 * name looks like the whole name of another. */
static void which_group(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    static const struct {
        const char *group, *place, *roles;
    } all[] = {{"boss", "ou=groups,dc=firm,dc=lan", ""}, {"cn=boss,ou=people,dc=firm,dc=lan", "", "Extra"}, {"CN=Boss, OU=People,DC=firm,DC=lan", "ou=groups,dc=firm,dc=lan", "Extra"},
               {"boss", "ou=people,dc=firm,dc=lan", "Extra"}, {"boss", "dc=firm,dc=lan", "Extra"}, {"staff", "ou=groups,dc=firm,dc=lan", "Extra"}, {"cn=chiefs,ou=groups,dc=firm,dc=lan", "ou=groups,dc=firm,dc=lan", ""},
               {"chiefs", "ou=groups,dc=firm,dc=lan", ""}};
    T(slapd_tool(cx, &h->s, "ldapadd", "dn: cn=boss,ou=people,dc=firm,dc=lan\nobjectClass: groupOfNames\ncn: boss\nmember: uid=gil,ou=people,dc=firm,dc=lan\n\n"
                                       "dn: cn=cn\\3Dchiefs\\2Cou\\3Dgroups\\2Cdc\\3Dfirm\\2Cdc\\3Dlan,ou=groups,dc=firm,dc=lan\nobjectClass: groupOfNames\ncn: cn=chiefs,ou=groups,dc=firm,dc=lan\nmember: uid=gil,ou=people,dc=firm,dc=lan\n\n"
                                       "dn: uid=gil,ou=people,dc=firm,dc=lan\nobjectClass: inetOrgPerson\nuid: gil\ncn: Gil\nsn: G\nuserPassword: gil-password\n\n"
                                       "dn: cn=staff,ou=groups,dc=firm,dc=lan\nchangetype: modify\nadd: member\nmember: uid=gil,ou=people,dc=firm,dc=lan\n"));
    maps(h, "boss", "", E_INVALID, "group_base");
    maps(h, "boss=,x", "", E_INVALID, "map");
    for (size_t i = 0; i < COUNT(all); i++) {
        maps(h, all[i].group, all[i].place, E_OK, "");
        T_OK(cx, comes(h, "gil", "gil-password", &io));
        T_STR(roles_of(cx, io.s.user), str_from(all[i].roles));
    }
    h->p.ldap.group_base = described(h).ldap.group_base;
    map_set(h, NESTED_WALK);
}

static enum err lock_row(struct cx *cx, void *arg) /* of ada */
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE login_guard SET until = $2 WHERE name = $1", V(S("ada@firm.example")), V(cx->now_ms + 20 * (int64_t)LOGIN_LOCK_MS));
}

static enum err names_forget(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "DELETE FROM idp_name");
}

static enum err lock_end(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE login_guard SET until = 0");
}

/* A16: a directory's password goes through our door: the lock of an account holds for it, whichever of his names is typed. */
static void locked(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    static const char *const names[] = {"ada", "ADA", "ada@firm.example"};
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    T_OK(cx, db_write(cx, lock_row, NULL));
    for (size_t i = 0; i < COUNT(names); i++) {
        T_INT(comes(h, names[i], "ada-password", &io), E_RATE);
        T(io.wait_ms > 0);
    }
    T_OK(cx, db_write(cx, names_forget, NULL)); /* a name of his that is not known yet */
    T_INT(comes(h, "ada", "ada-password", &io), E_RATE);
    T(io.wait_ms > 0);
    T_OK(cx, db_write(cx, lock_end, NULL));
    T_OK(cx, comes(h, "ada", "ada-password", &io));
}

/* B3: what a directory takes for the same is not the same here: only the entry's own names lead to it. And a name that
 * is somebody else's by now leads to him. */
static void own_names(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    static const char *const folded[] = {"\uff41da", "ad\u00ada", "M\u00dcLLE", "m\u00dcller"};
    h->p.role = h->plain;
    T_OK(cx, changed(h, &h->p, NULL));
    T_OK(cx, comes(h, "  AdA ", "ada-password", &io));
    int64_t ada = io.s.user;
    T_INT(number(cx, "SELECT count(*) FROM idp_name WHERE name IN ('ada', 'ada@firm.example')"), 2);
    T_INT(number(cx, "SELECT count(*) FROM idp_link WHERE login = 'ada'"), 1);
    for (size_t i = 0; i < COUNT(folded); i++) T_INT(comes(h, folded[i], i < 2 ? "ada-password" : "max-password", &io), E_AUTH);
    T(slapd_tool(cx, &h->s, "ldapmodify", "dn: uid=ada,ou=people,dc=firm,dc=lan\nchangetype: modrdn\nnewrdn: uid=ada.old\ndeleteoldrdn: 1\n\n"
                                          "dn: uid=ada,ou=people,dc=firm,dc=lan\nchangetype: add\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada Second\nsn: S\nuserPassword: second-password\n"));
    T_OK(cx, comes(h, "ada", "second-password", &io)); /* not the first one, whose name it was */
    T(io.s.user != ada && str_eq(io.s.name, S("Ada Second")));
    T_INT(comes(h, "ada", "ada-password", &io), E_AUTH);
    T_OK(cx, comes(h, "ada.old", "ada-password", &io));
    T_INT(io.s.user, ada);
    T(slapd_tool(cx, &h->s, "ldapmodify", "dn: uid=ada,ou=people,dc=firm,dc=lan\nchangetype: delete\n\n"
                                          "dn: uid=ada.old,ou=people,dc=firm,dc=lan\nchangetype: modrdn\nnewrdn: uid=ada\ndeleteoldrdn: 1\n"));
    T_OK(cx, comes(h, "ada", "ada-password", &io));
    T_INT(io.s.user, ada);
}

/* B3: an address that only folding makes somebody's is not his, and a wrong password under it is none of his. */
static void own_address(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    struct written w = {0};
    const struct entity *e = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Mull"))}, {FLD(e, "mail"), VAL_TEXT(S("mull@firm.example"))}};
    T_OK(cx, record_create(cx, e, 0, s, 2, &w));
    T_OK(cx, auth_password_set(cx, h->au, w.id, S("Moos-Laterne-9")));
    T_INT(comes(h, "m\u00fcll@firm.example", "Moos-Laterne-9", &io), E_AUTH);
    T_INT(comes(h, "m\u00fcll@firm.example", "wrong-wrong", &io), E_AUTH);
    T_INT(number(cx, "SELECT count(*) FROM login_attempt WHERE name = 'mull@firm.example'"), 0);
    T_OK(cx, comes(h, " MULL@firm.example", "Moos-Laterne-9", &io));
    T_INT(io.s.user, w.id);
}

/* B3: Müller and Muller are two people: the one is not looked for as the other. */
static void alike(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    T(slapd_tool(cx, &h->s, "ldapadd", "dn: uid=m\xc3\xbcller,ou=people,dc=firm,dc=lan\nobjectClass: inetOrgPerson\nuid: m\xc3\xbcller\ncn: Max\nsn: M\nuserPassword: max-password\n\n"
                                       "dn: uid=muller,ou=people,dc=firm,dc=lan\nobjectClass: inetOrgPerson\nuid: muller\ncn: Mia\nsn: M\nuserPassword: mia-password\n"));
    h->p.role = h->plain;
    T_OK(cx, changed(h, &h->p, NULL));
    T_OK(cx, comes(h, "M\xc3\xbcller", "max-password", &io));
    int64_t max = io.s.user;
    T(str_eq(io.s.name, S("Max")));
    T_OK(cx, comes(h, "muller", "mia-password", &io));
    T(io.s.user != max && str_eq(io.s.name, S("Mia")));
    T_OK(cx, comes(h, "m\xc3\xbcller", "max-password", &io));
    T(io.s.user == max);
    T_INT(comes(h, "muller", "max-password", &io), E_AUTH);
    h->p.role = 0;
    T_OK(cx, changed(h, &h->p, NULL));
}

/* A user of Kontor's own: his password is not shown to a directory, unless the same address is to be the same person. */
static int64_t locals(struct house *h)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    struct written w = {0};
    const struct entity *e = ENT(cx, "user");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Bob"))}, {FLD(e, "mail"), VAL_TEXT(S("bob@firm.example"))}};
    T_OK(cx, record_create(cx, e, 0, s, 2, &w));
    T_OK(cx, auth_password_set(cx, h->au, w.id, S("Moos-Laterne-9")));
    T_OK(cx, comes(h, "bob@firm.example", "Moos-Laterne-9", &io));
    T_INT(comes(h, "bob@firm.example", "bob-password", &io), E_AUTH);
    T_INT(comes(h, "bob", "bob-password", &io), E_CONFLICT);
    h->p.links = true;
    h->p.role = h->plain;
    h->p.ldap.mail_trusted = false; /* people may have written it themselves: nobody's address */
    T_OK(cx, changed(h, &h->p, NULL));
    T_INT(comes(h, "bob@firm.example", "bob-password", &io), E_AUTH);
    T_INT(comes(h, "bob", "bob-password", &io), E_DENIED);
    T_OK(cx, comes(h, "bob@firm.example", "Moos-Laterne-9", &io));
    h->p.ldap.mail_trusted = true;
    T_OK(cx, changed(h, &h->p, NULL));
    T_OK(cx, comes(h, "bob@firm.example", "bob-password", &io));
    T(io.s.user == w.id);
    T_INT(comes(h, "bob@firm.example", "Moos-Laterne-9", &io), E_AUTH); /* from now on it lies there */
    T_OK(cx, comes(h, "bob", "bob-password", &io));
    T(io.s.user == w.id);
    return w.id;
}

static void set_role(struct cx *cx, int64_t user, int64_t role)
{
    struct written w = {0};
    struct set s = {FLD(ENT(cx, "user"), "role"), VAL_INT(role)};
    T_OK(cx, record_update(cx, ENT(cx, "user"), user, 0, &s, 1, &w));
}

static enum err answers_so(struct cx *cx, void *arg, const struct outside_question *q, struct outside_found *ret)
{
    (void)q;
    *ret = (struct outside_found){0};
    return fail(cx, *(const enum err *)arg, "x");
}

/* Whatever keeps a directory from answering keeps nobody out who can put it right; its no does. */
static void no_answer(struct house *h)
{
    static const struct {
        enum err says, comes;
    } all[] = {{E_BUSY, E_OK}, {E_INVALID, E_OK}, {E_LIMIT, E_OK}, {E_INTERNAL, E_OK}, {E_AUTH, E_AUTH}, {E_DENIED, E_DENIED}, {E_CONFLICT, E_CONFLICT}};
    struct login io = {0};
    for (size_t i = 0; i < COUNT(all); i++) {
        enum err says = all[i].says;
        outside_directory(h->au, answers_so, &says);
        T_INT(comes(h, "bob", "Moos-Laterne-9", &io), all[i].comes);
    }
    outside_directory(h->au, ldap_ask, h->ids);
}

/* The directory is down: users of our own come in as ever, who manages users by the password he has here, nobody else. */
static void down(struct house *h, int64_t bob)
{
    struct cx *cx = h->cx;
    struct login io = {0};
    struct written w = {0};
    const struct entity *e = ENT(cx, "user"), *r = ENT(cx, "role");
    struct set s[] = {{FLD(e, "name"), VAL_TEXT(S("Own"))}, {FLD(e, "mail"), VAL_TEXT(S("own@firm.example"))}};
    T_OK(cx, record_create(cx, e, 0, s, 2, &w));
    int64_t own = w.id;
    T_OK(cx, auth_password_set(cx, h->au, own, S("Moos-Laterne-9")));
    struct set rs[] = {{FLD(r, "name"), VAL_TEXT(S("Boss"))}, {FLD(r, "rights"), VAL_TEXT(S("{\"sys\":[\"users\"]}"))}};
    T_OK(cx, record_create(cx, r, 0, rs, 2, &w));
    slapd_stop(&h->s);
    T_OK(cx, comes(h, "own@firm.example", "Moos-Laterne-9", &io));
    T_INT(comes(h, "own@firm.example", "wrong-wrong", &io), E_BUSY); /* as for names that are none: nothing tells which there are */
    T_INT(comes(h, "nobody", "wrong-wrong", &io), E_BUSY);
    T_INT(comes(h, "bob", "Moos-Laterne-9", &io), E_BUSY);
    set_role(cx, bob, w.id);
    T_OK(cx, comes(h, "bob", "Moos-Laterne-9", &io));
    T_INT(comes(h, "bob", "wrong-wrong", &io), E_BUSY);
    struct db_rows n = {0};
    T_OK(cx, db_query(cx, &n, "SELECT count(*) FROM login_attempt WHERE at = $1 AND outcome = 'wrong'", V(cx->now_ms)));
    T_INT(db_int(&n, 0, 0), 1); /* it counts: nobody guesses for ever while it is down */
    no_answer(h);
}

/* A directory that answers each thing in good time, and all of it never. */
struct sluggish {
    int fd;
    pthread_t thread;
};

static void *answers_slowly(void *arg)
{
    static const unsigned char bound[] = {0x30, 0x0c, 0x02, 0x01, 0, 0x61, 0x07, 0x0a, 0x01, 0, 0x04, 0, 0x04, 0}, part[] = {0x30, 0x10, 0x02, 0x01, 0, 0x64, 0x0b, 0x04, 0x07, 'd', 'c', '=', 'x', ',', 'd', 'c', 0x30, 0};
    struct sluggish *s = arg;
    unsigned char in[2000];
    for (int c = accept(s->fd, NULL, NULL); c >= 0; c = accept(s->fd, NULL, NULL)) {
        ssize_t n = recv(c, in, sizeof in, 0);
        unsigned char out[64];
        for (bool first = true; n > 5; first = false) { /* id of the message: byte 4 */
            size_t len = first ? sizeof bound : sizeof part;
            memcpy(out, first ? bound : part, len);
            out[4] = first ? in[4] : (unsigned char)2;
            os_sleep_us(700 * 1000);
            if (send(c, out, len, MSG_NOSIGNAL) != (ssize_t)len) break;
            if (first) n = recv(c, in, sizeof in, 0);
        }
        (void)close(c);
    }
    return NULL;
}

/* B5: a whole log-in has one end, however often something comes before it; and it is the setting that says when. */
static void sluggish(struct house *h)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)h->s.port)};
    struct sluggish s = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct ldap_conf l = h->p.ldap;
    int yes = 1;
    T(setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 && bind(s.fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(s.fd, 8) == 0);
    T(pthread_create(&s.thread, NULL, answers_slowly, &s) == 0);
    l.timeout_s = 2;
    int64_t from = os_mono_ms();
    T(tries(h, l, "ada", "ada-password", E_BUSY, "cannot be reached"));
    int64_t took = os_mono_ms() - from;
    if (took < 1900 || took >= 3900) fprintf(stderr, "  took %" PRId64 " ms\n", took);
    T(took >= 1900 && took < 3900); /* with an end for each thing it would be several times as much */
    (void)shutdown(s.fd, SHUT_RDWR);
    T(pthread_join(s.thread, NULL) == 0);
    (void)close(s.fd);
}

/* Who waits for a place waits no longer than for the directory itself. */
static void in_line(struct house *h)
{
    struct ldap_conf l = h->p.ldap;
    l.timeout_s = 2;
    h->ids->gate.running = 4;
    int64_t from = os_mono_ms();
    T(tries(h, l, "ada", "ada-password", E_BUSY, ""));
    T(os_mono_ms() - from >= 1900 && os_mono_ms() - from < 3900);
    T(h->ids->gate.running == 4 && h->ids->gate.waiting == 0);
    h->ids->gate.running = 0;
}

/* One that takes the connection and says nothing: an end comes. */
static void silent(struct house *h)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)h->s.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    int64_t from = os_mono_ms();
    T(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 8) == 0);
    struct ldap_conf l = h->p.ldap;
    l.timeout_s = 2;
    T(tries(h, l, "", "", E_BUSY, "cannot be reached"));
    l.starttls = true;
    T(tries(h, l, "", "", E_BUSY, "cannot be reached"));
    l.starttls = false;
    l.url = arena_fmt(h->cx->a, "ldaps://127.0.0.1:%d", h->s.port);
    T(tries(h, l, "", "", E_BUSY, "cannot be reached"));
    T(os_mono_ms() - from < 3 * 2000 + 4000);
    (void)close(fd);
}

/* What a directory says that is turned off, or ended: nothing of anybody. A passkey of his opens again (outside_is_theirs),
 * a password of ours too. */
static void ended(struct house *h, int64_t bob)
{
    struct cx *cx = h->cx;
    struct db_rows n = {0};
    bool theirs = false;
    T_OK(cx, outside_is_theirs(cx, bob, &theirs));
    T(theirs);
    h->p.active = false;
    T_OK(cx, changed(h, &h->p, NULL));
    T_OK(cx, outside_is_theirs(cx, bob, &theirs));
    T(!theirs);
    h->p.active = true;
    T_OK(cx, changed(h, &h->p, NULL));
    T_OK(cx, outside_is_theirs(cx, bob, &theirs));
    T(theirs);
    T_OK(cx, idp_end(cx, h->p.id));
    T_OK(cx, outside_is_theirs(cx, bob, &theirs));
    T(!theirs);
    T_OK(cx, db_query(cx, &n, "SELECT count(*) FROM idp_link WHERE user_id = $1", V(bob)));
    T_INT(db_int(&n, 0, 0), 0);
}

static void as_late(struct house *h)
{
    struct login io = {0};
    static const char *const names[] = {"nobody", "bob@firm.example", "own2@firm.example"};
    for (size_t i = 0; i < COUNT(names); i++) {
        int64_t from = os_mono_ms();
        T_INT(comes(h, names[i], "wrong-wrong", &io), E_AUTH);
        T(os_mono_ms() - from >= 450);
    }
}

static void directory(struct bed *t)
{
    id_forget(); /* the bed before this one was days ahead */
    struct house h = {.cx = &t->cx, .s = slapd_start(&t->cx)};
    struct cx *cx = h.cx;
    struct written w = {0};
    str allow = arena_fmt(cx->a, "127.0.0.1:%d,127.0.0.1:%d,localhost:%d,127.0.0.1:443,open.firm.example:389", h.s.port, h.s.tls, h.s.tls);
    T_OK(cx, vault_open(cx, arena_fmt(cx->a, "%.*s/secret.key", FS(t->folder)), true, &h.v));
    h.ids = idps_open(&(struct idp_env){.vault = h.v, .rules = {.allow = allow}});
    h.au = auth_open(h.v);
    outside_directory(h.au, ldap_ask, h.ids);
    const struct entity *r = ENT(cx, "role");
    struct set a[] = {{FLD(r, "name"), VAL_TEXT(S("Plain"))}, {FLD(r, "rights"), VAL_TEXT(S("{}"))}}, b[] = {{FLD(r, "name"), VAL_TEXT(S("Extra"))}, {FLD(r, "rights"), VAL_TEXT(S("{}"))}};
    T_OK(cx, record_create(cx, r, 0, a, 2, &w));
    h.plain = w.id;
    T_OK(cx, record_create(cx, r, 0, b, 2, &w));
    h.extra = w.id;
    setting(&h);
    no_password(&h);
    trying(&h);
    int64_t ada = coming(&h);
    own_names(&h);
    own_address(&h);
    locked(&h);
    which_group(&h);
    changes(&h, ada);
    alike(&h);
    int64_t bob = locals(&h);
    as_late(&h);
    down(&h, bob);
    silent(&h);
    sluggish(&h);
    in_line(&h);
    ended(&h, bob);
    slapd_end(cx, &h.s);
    auth_close(&h.au);
    idps_close(&h.ids);
    vault_close(&h.v);
}

static void directory_both(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as the server does */
    bed_both(directory);
}

TESTS("ldap", escaping, whole, named, whole_names, directory_both)
