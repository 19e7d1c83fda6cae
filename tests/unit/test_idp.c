/* SPDX-License-Identifier: MIT */
/* D17: an id_token is taken from whom it must come alone; what it says becomes a user, roles and a session. */
#include "auth/auth_int.h"
#include "auth/factor.h"
#include "auth/limits.h"
#include "auth/link.h"
#include "auth/outside.h"
#include "auth/outside_int.h"
#include "auth/proof.h"
#include "bed.h"
#include "idp/idp_int.h"
#include "idp/jwt.h"
#include "outside_make.h"
#include "token_make.h"

#define NOW_S INT64_C(1800000000)
static const struct jwt_want want = {S0("https://id.test/realm"), S0("kontor"), S0("nonce-1"), NOW_S * 1000};

static const struct json *tree(struct cx *cx, str text)
{
    const struct json *j = NULL;
    T_OK(cx, json_parse(cx, text, &j));
    return j;
}

static const struct json *set_of(struct cx *cx, const struct token_key *k, size_t n)
{
    struct buf b = buf_new(cx->a, 64 * 1024);
    buf_add(&b, S("{\"keys\":["));
    for (size_t i = 0; i < n; i++) buf_fmt(&b, "%s%.*s", i ? "," : "", FS(token_key_json(cx, &k[i])));
    buf_add(&b, S("]}"));
    return tree(cx, buf_str(&b));
}

static str header_of(struct cx *cx, const struct token_key *k)
{
    return arena_fmt(cx->a, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", k->alg, k->kid);
}

/* The claims of a good token, with `more` behind them; `but` is left out of them. */
static str claims(struct cx *cx, const char *but, const char *more)
{
    static const struct {
        const char *name, *value;
    } good[] = {{"iss", "\"https://id.test/realm\""}, {"aud", "\"kontor\""}, {"sub", "\"u1\""}, {"exp", "1800000300"}, {"iat", "1799999990"}, {"nonce", "\"nonce-1\""}};
    struct buf b = buf_new(cx->a, 8192);
    buf_byte(&b, '{');
    for (size_t i = 0; i < COUNT(good); i++)
        if (strcmp(good[i].name, but) != 0) buf_fmt(&b, "%s\"%s\":%s", b.n > 1 ? "," : "", good[i].name, good[i].value);
    buf_fmt(&b, "%s%s}", *more ? "," : "", more);
    return buf_str(&b);
}

static bool says(struct cx *cx, str token, const struct json *keys, const char *why)
{
    const struct json *c = NULL;
    enum err e = jwt_check(cx, token, keys, &want, &c);
    bool ok = e == (strcmp(why, "kid") == 0 ? E_NOTFOUND : E_INVALID) && str_find(cx->msg, arena_fmt(cx->a, "(%s)", why)) > 0;
    if (!ok) fprintf(stderr, "  not %s: %d %.*s\n", why, (int)e, FS(cx->msg));
    return ok && !c;
}

static void each_algorithm(struct cx *cx, const struct token_key *k, size_t n)
{
    const struct json *keys = set_of(cx, k, n), *c = NULL;
    T_INT((int64_t)jwt_keys(cx, keys), (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        str t = token_signed(cx, &k[i], header_of(cx, &k[i]).p, claims(cx, "", "\"email\":\"a@id.test\""));
        T_OK(cx, jwt_check(cx, t, keys, &want, &c));
        T(str_eq(json_get(c, S("sub"))->s, S("u1")));
        for (size_t at = t.n - 40; at < t.n - 4; at += 5) { /* the signature bent */
            char *bent = arena_get(cx->a, t.n);
            memcpy(bent, t.p, t.n);
            bent[at] = bent[at] == 'A' ? 'B' : 'A';
            T(says(cx, (str){bent, t.n}, keys, "signature"));
        }
        str head = {0}, rest = {0}, mid = {0}, sig = {0}, other = claims(cx, "sub", "\"sub\":\"admin\"");
        str_split(t, '.', &head, &rest);
        str_split(rest, '.', &mid, &sig);
        T(says(cx, arena_fmt(cx->a, "%.*s.%.*s.%.*s", FS(head), FS(os_base64(cx->a, OS_BASE64URL, other.p, other.n)), FS(sig)), keys, "signature"));
        T(says(cx, token_signed(cx, &k[i], arena_fmt(cx->a, "{\"alg\":\"%s\",\"kid\":\"other\"}", k[i].alg).p, claims(cx, "", "")), keys, "kid"));
    }
}

/* none, and a secret that everybody knows: the public key. */
static void no_algorithm(struct cx *cx, const struct token_key *k)
{
    const struct json *keys = set_of(cx, k, 1);
    str good = claims(cx, "", ""), key = token_key_json(cx, k);
    jwk_t *secret = NULL;
    struct token_key h = {.alg = "HS256", .kid = k->kid};
    T(says(cx, token_bare(cx, "{\"alg\":\"none\",\"kid\":\"rsa\"}", good, S("")), keys, "form"));
    T(says(cx, token_bare(cx, "{\"alg\":\"none\",\"kid\":\"rsa\"}", good, S("AAAA")), keys, "alg"));
    T(says(cx, token_bare(cx, "{\"alg\":\"NONE\",\"kid\":\"rsa\"}", good, S("AAAA")), keys, "alg"));
    T(says(cx, token_bare(cx, "{\"kid\":\"rsa\"}", good, S("AAAA")), keys, "alg"));
    T(r_jwk_init(&secret) == RHN_OK && r_jwk_import_from_symmetric_key(secret, (const unsigned char *)key.p, key.n) == RHN_OK);
    h.private_ = secret;
    T(says(cx, token_signed(cx, &h, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", good), keys, "alg"));
    r_jwk_free(secret);
    static const char *const heads[] = {"\"jku\":\"https://evil.test/k\"", "\"jwk\":{}", "\"x5u\":\"https://evil.test/k\"", "\"crit\":[\"b64\"]", "\"b64\":false"};
    for (size_t i = 0; i < COUNT(heads); i++)
        T(says(cx, token_bare(cx, arena_fmt(cx->a, "{\"alg\":\"RS256\",\"kid\":\"rsa\",%s}", heads[i]).p, good, S("AAAA")), keys, "header"));
    T(says(cx, token_bare(cx, "{\"alg\":\"RS256\",\"alg\":\"none\"}", good, S("AAAA")), keys, "header"));
    T(says(cx, token_bare(cx, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", good, S("AAAA")), keys, "typ"));
    T(says(cx, token_bare(cx, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", S("[]"), S("AAAA")), keys, "claims"));
    T(says(cx, S(""), keys, "form"));
    T(says(cx, S("a.b.c.d"), keys, "form"));
    T(says(cx, S("a.b"), keys, "form"));
}

static const struct {
    const char *but, *more, *why; /* why NULL: it is good */
} said[] = {
    {"iss", "", "iss"}, {"iss", "\"iss\":\"https://id.test/realm/\"", "iss"}, {"iss", "\"iss\":\"https://evil.test\"", "iss"},
    {"aud", "", "aud"}, {"aud", "\"aud\":\"other\"", "aud"}, {"aud", "\"aud\":[\"other\"]", "aud"}, {"aud", "\"aud\":[]", "aud"}, {"aud", "\"aud\":[\"kontor\"]", NULL},
    {"aud", "\"aud\":[\"kontor\",\"other\"]", "azp"}, {"aud", "\"aud\":[\"kontor\",\"other\"],\"azp\":\"kontor\"", NULL}, {"aud", "\"aud\":[\"kontor\",\"other\"],\"azp\":\"other\"", "azp"}, {"", "\"azp\":\"other\"", "azp"}, {"", "\"azp\":\"kontor\"", NULL},
    {"exp", "", "exp"}, {"exp", "\"exp\":1799999939", "exp"}, {"exp", "\"exp\":1799999950", NULL}, {"exp", "\"exp\":\"1800000300\"", "exp"}, {"exp", "\"exp\":1800000300.5", NULL}, {"exp", "\"exp\":99999999999999999999", "exp"}, {"exp", "\"exp\":-1", "exp"},
    {"iat", "", "iat"}, {"iat", "\"iat\":1800000061", "iat"}, {"iat", "\"iat\":1800000059", NULL}, {"iat", "\"iat\":1799990000", "iat"},
    {"", "\"nbf\":1800000061", "nbf"}, {"", "\"nbf\":1800000059", NULL}, {"", "\"nbf\":\"x\"", "nbf"},
    {"nonce", "", "nonce"}, {"nonce", "\"nonce\":\"nonce-2\"", "nonce"}, {"nonce", "\"nonce\":1", "nonce"},
    {"sub", "", "sub"}, {"sub", "\"sub\":\"\"", "sub"}, {"sub", "\"sub\":5", "sub"},
};

static void what_it_says(struct cx *cx, const struct token_key *k)
{
    const struct json *keys = set_of(cx, k, 1), *c = NULL;
    for (size_t i = 0; i < COUNT(said); i++) {
        str t = token_signed(cx, k, header_of(cx, k).p, claims(cx, said[i].but, said[i].more));
        if (said[i].why) T(says(cx, t, keys, said[i].why));
        else T_OK(cx, jwt_check(cx, t, keys, &want, &c));
    }
    struct jwt_want none = want;
    none.nonce = S("");
    c = NULL;
    T(jwt_check(cx, token_signed(cx, k, header_of(cx, k).p, claims(cx, "nonce", "\"nonce\":\"\"")), keys, &none, &c) == E_INVALID);
}

/* Weak keys, keys for something else, several of one name, a token that names none. */
static void which_key(struct cx *cx, const struct token_key *k)
{
    struct token_key weak = token_key_new(R_KEY_TYPE_RSA, 1024, "RS256", "weak"), two[2] = {*k, token_key_new(R_KEY_TYPE_RSA, 2048, "RS256", "two")}, same[2] = {*k, *k};
    const struct json *keys = set_of(cx, &weak, 1), *c = NULL;
    T_INT((int64_t)jwt_keys(cx, keys), 0);
    T(says(cx, token_signed(cx, &weak, header_of(cx, &weak).p, claims(cx, "", "")), keys, "kid"));
    struct token_key nameless = {.private_ = r_jwk_copy(k->private_), .alg = k->alg}; /* else the library would name it */
    T(r_jwk_delete_property_str(nameless.private_, "kid") == RHN_OK);
    str bare = token_signed(cx, &nameless, "{\"alg\":\"RS256\"}", claims(cx, "", ""));
    T_OK(cx, jwt_check(cx, bare, set_of(cx, k, 1), &want, &c));
    c = NULL;
    T(says(cx, bare, set_of(cx, two, 2), "kid"));
    T(says(cx, token_signed(cx, k, header_of(cx, k).p, claims(cx, "", "")), set_of(cx, same, 2), "kid"));
    T(says(cx, token_signed(cx, &two[1], header_of(cx, k).p, claims(cx, "", "")), set_of(cx, two, 2), "signature")); /* another's name */
    str text = token_key_json(cx, k);
    str use = arena_fmt(cx->a, "{\"keys\":[%.*s,\"use\":\"enc\"}]}", FS(str_cut(text, 0, text.n - 1)));
    T(says(cx, bare, tree(cx, use), "kid"));
    str alg = arena_fmt(cx->a, "{\"keys\":[%.*s,\"alg\":\"PS256\"}]}", FS(str_cut(text, 0, text.n - 1)));
    T(says(cx, bare, tree(cx, alg), "kid"));
    T(says(cx, bare, tree(cx, S("{\"keys\":{}}")), "kid"));
    T(says(cx, bare, tree(cx, S("{\"keys\":[1,\"x\",{}]}")), "kid"));
    T(says(cx, bare, tree(cx, S("[]")), "kid"));
    r_jwk_free(nameless.private_);
    token_key_free(&weak);
    token_key_free(&two[1]);
}

static void tokens(void)
{
    struct cx cx = t_cx();
    T(r_global_init() == RHN_OK);
    struct token_key k[] = {token_key_new(R_KEY_TYPE_RSA, 2048, "RS256", "rsa"), token_key_new(R_KEY_TYPE_RSA, 2048, "PS256", "pss"), token_key_new(R_KEY_TYPE_EC, 256, "ES256", "ec"),
                            token_key_new(R_KEY_TYPE_EDDSA, 256, "EdDSA", "ed")};
    each_algorithm(&cx, k, COUNT(k));
    no_algorithm(&cx, k);
    what_it_says(&cx, k);
    which_key(&cx, k);
    for (size_t i = 0; i < COUNT(k); i++) token_key_free(&k[i]);
    t_cx_free(&cx);
}

/* ---- the description of a provider, and what claims tell ---- */
#define DOC "\"issuer\":\"https://id.test\",\"authorization_endpoint\":\"https://id.test/a\",\"token_endpoint\":\"https://id.test/t\""
static const struct {
    const char *doc;
    bool good, basic;
} docs[] = {
    {"{" DOC ",\"jwks_uri\":\"https://id.test/k\"}", true, true},
    {"{" DOC ",\"jwks_uri\":\"https://id.test/k\",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]}", true, false},
    {"{" DOC ",\"jwks_uri\":\"https://id.test/k\",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"client_secret_basic\"]}", true, true},
    {"{" DOC "}", false, false},
    {"{" DOC ",\"jwks_uri\":\"http://id.test/k\"}", false, false},
    {"{" DOC ",\"jwks_uri\":\"file:///etc/passwd\"}", false, false},
    {"{" DOC ",\"jwks_uri\":\"https://a@id.test/k\"}", false, false},
    {"{" DOC ",\"jwks_uri\":\"https://id.test/k\",\"userinfo_endpoint\":\"javascript:alert(1)\"}", false, false},
    {"{\"issuer\":\"https://evil.test\",\"authorization_endpoint\":\"https://id.test/a\",\"token_endpoint\":\"https://id.test/t\",\"jwks_uri\":\"https://id.test/k\"}", false, false},
    {"{\"issuer\":\"https://id.test\",\"authorization_endpoint\":\"javascript:alert(1)\",\"token_endpoint\":\"https://id.test/t\",\"jwks_uri\":\"https://id.test/k\"}", false, false},
    {"[]", false, false},
};

static void descriptions(void)
{
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(docs); i++) {
        struct provider p = {0};
        enum err e = provider_read(&cx, S("https://id.test"), tree(&cx, str_from(docs[i].doc)), &p);
        T_INT(e, docs[i].good ? E_OK : E_INVALID);
        T(!docs[i].good || p.basic == docs[i].basic);
    }
    T(provider_url_ok(S("http://127.0.0.1:8080/x")) && provider_url_ok(S("http://localhost/x")) && !provider_url_ok(S("http://127.0.0.1.evil.test/")));
    t_cx_free(&cx);
}

static void read_as(struct cx *cx, const struct idp *p, const char *text, struct outsider *ret)
{
    *ret = (struct outsider){0};
    T_OK(cx, claims_read(cx, p, tree(cx, str_from(text)), ret));
}

static void telling(void)
{
    struct cx cx = t_cx();
    struct idp p = {.groups = S("groups"), .acr = S("urn:strong"), .factor = FACTOR_CLAIM};
    struct outsider w = {0};
    read_as(&cx, &p, "{\"name\":\" Ada \",\"email\":\"a@x.test\",\"email_verified\":true,\"locale\":\"de-DE\",\"groups\":[\"a\",5,\"\",\"b\"],\"amr\":[\"pwd\",\"mfa\"]}", &w);
    T(str_eq(w.name, S("Ada")) && w.mail_proved && w.n_groups == 2 && str_eq(w.groups[1], S("b")) && w.factored);
    read_as(&cx, &p, "{\"given_name\":\"Ada\",\"family_name\":\"L\",\"email\":\"a@x.test\",\"groups\":\"one\",\"amr\":[\"pwd\"]}", &w);
    T(str_eq(w.name, S("Ada L")) && !w.mail_proved && w.n_groups == 1 && !w.factored);
    read_as(&cx, &p, "{\"email\":\"a@x.test\",\"email_verified\":\"false\",\"acr\":\"urn:strong\"}", &w);
    T(!w.mail_proved && w.factored && !w.n_groups);
    read_as(&cx, &p, "{\"email\":\"a@x.test\",\"xms_edov\":\"1\",\"acr\":\"urn:weak\"}", &w);
    T(w.mail_proved && !w.factored);
    p.factor = FACTOR_OWN;
    read_as(&cx, &p, "{\"amr\":[\"mfa\"]}", &w);
    T(!w.factored);
    p.factor = FACTOR_ALWAYS;
    p.groups = S("realm_access.roles");
    read_as(&cx, &p, "{\"realm_access\":{\"roles\":[\"x\"]}}", &w);
    T(w.factored && w.n_groups == 1 && str_eq(w.groups[0], S("x")));
    read_as(&cx, &p, "{\"realm_access.roles\":[\"y\",\"z\"],\"realm_access\":{\"roles\":[\"x\"]}}", &w);
    T(w.n_groups == 2);
    read_as(&cx, &p, "{\"realm_access\":[\"roles\"]}", &w);
    T(!w.n_groups);
    p.groups = S("groups");
    T(claims_read(&cx, &p, tree(&cx, S("{\"_claim_names\":{\"groups\":\"src1\"}}")), &w) == E_DENIED);
    T(claims_lack(&p, tree(&cx, S("{\"name\":\"x\",\"email\":\"x\"}"))) && !claims_lack(&p, tree(&cx, S("{\"name\":\"x\",\"email\":\"x\",\"groups\":[]}"))));
    t_cx_free(&cx);
}

static void lacking(void)
{
    struct cx cx = t_cx();
    struct idp p = {.groups = S("groups")};
    T(claims_lack_groups(&p, tree(&cx, S("{}"))) && !claims_lack_groups(&p, tree(&cx, S("{\"groups\":\"a\"}"))) && !claims_lack_groups(&(struct idp){0}, tree(&cx, S("{}"))));
    t_cx_free(&cx);
}

/* ---- users, roles, sessions ---- */
static const struct visitor home = {.addr = S0("203.0.113.9"), .agent = S0("test")};
static enum err comes(struct cx *cx, struct auth *au, const struct outside_rules *r, struct outsider w, const char *groups, struct login *io)
{
    str rest = str_from(groups), one = {0};
    str *v = NEW_N(cx->a, str, 20);
    while (rest.n) {
        str_split(rest, ' ', &one, &rest);
        v[w.n_groups++] = one;
    }
    w.groups = v;
    *io = (struct login){0};
    cx->acl = NULL;
    cx->who = (struct who){0};
    enum err e = outside_login(cx, au, &home, r, &w, io);
    cx->acl = NULL;
    cx->who = (struct who){0};
    return e;
}

static void roles_by_hand(struct cx *cx, int64_t user, const int64_t *ids, size_t n)
{
    struct item v[4];
    struct written w = {0};
    for (size_t i = 0; i < n; i++) v[i] = (struct item){.id = ids[i]};
    struct set s = {FLD(ENT(cx, "user"), "roles"), {.t = VT_LIST, .v = v, .n = n}};
    T_OK(cx, record_update(cx, ENT(cx, "user"), user, 0, &s, 1, &w));
}

static void who_comes(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_role map[] = {{S("sales"), f->plain}, {S("boss"), f->extra}, {S("gone"), 99}};
    struct outside_rules r = {.name = S("id"), .issuer = S("https://id.test"), .map = map, .n_map = COUNT(map)};
    struct outsider ada = {.subject = S("s-1"), .name = S("Ada"), .mail = S("Ada@x.test"), .mail_proved = true, .lang = S("lt-LT")};
    struct login io = {0};
    struct db_rows rows = {0};
    T_INT(comes(cx, au, &r, ada, "sales", &io), E_DENIED); /* not made here */
    r.creates = true;
    T_INT(comes(cx, au, &r, ada, "other gone", &io), E_DENIED); /* nothing is opened */
    T_INT(comes(cx, au, &r, (struct outsider){.name = S("x")}, "sales", &io), E_AUTH); /* of nobody */
    T_OK(cx, comes(cx, au, &r, ada, "sales other", &io));
    int64_t user = io.s.user;
    T(user && str_eq(io.s.name, S("Ada")) && str_eq(io.s.lang, S("lt")) && io.s.stage == STAGE_IN && io.s.token.n == TOKEN_CHARS && io.device.n);
    T(str_eq(roles_of(cx, user), S("Plain")));
    ada.name = S("Other");
    T_OK(cx, comes(cx, au, &r, ada, "boss sales", &io)); /* the same, whatever he is called */
    T(io.s.user == user && str_eq(io.s.name, S("Ada")) && str_eq(roles_of(cx, user), S("Extra Plain")));
    T_OK(cx, comes(cx, au, &r, ada, "boss", &io));
    T(str_eq(roles_of(cx, user), S("Extra")));
    int64_t hand[] = {f->plain, f->extra};
    roles_by_hand(cx, user, hand, 2);
    T_OK(cx, comes(cx, au, &r, ada, "sales", &io)); /* what was given by hand stays, whoever gives it, too */
    T(str_eq(roles_of(cx, user), S("Plain")));
    T_OK(cx, comes(cx, au, &r, ada, "", &io));
    T(str_eq(roles_of(cx, user), S("Plain")));
    r.issuer = S("https://other.test"); /* the same subject of another is another */
    ada.mail = S("");
    T_OK(cx, comes(cx, au, &r, ada, "sales", &io));
    T(io.s.user != user && !io.s.mail.n);
    r.issuer = S("https://id.test");
    set_user(cx, user, "active", VAL_INT(0));
    T_INT(comes(cx, au, &r, ada, "sales", &io), E_AUTH);
    set_user(cx, user, "active", VAL_INT(1));
    T_OK(cx, db_query(cx, &rows, "SELECT count(*) FROM login_attempt WHERE user_id = $1 AND outcome = 'in'", V(user)));
    T_INT(db_int(&rows, 0, 0), 5);
}

/* A17: a name that would break a line, or turn the writing round, is told without. */
static void plain_names(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://plain.test"), .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("p-1"), .name = S("Eve\r\nBcc: x\x1b[2J\xe2\x80\xae\xc2\x85" "Oe\xe2\x80\xa8"), .phone = S("+49\t1")};
    struct login io = {0};
    struct db_rows rows = {0};
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_OK(cx, db_query(cx, &rows, "SELECT name, phone FROM \"user\" WHERE id = $1", V(io.s.user)));
    T_STR(db_str(&rows, 0, 0), S("Eve  Bcc: x [2J  Oe"));
    T_STR(db_str(&rows, 0, 1), S("+49 1"));
}

static void links(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://link.test"), .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("b-1"), .name = S("Bob"), .mail = S("bob@x.test"), .mail_proved = true};
    struct login io = {0};
    int64_t bob = made(cx, "user", "Bob", (struct set){FLD(ENT(cx, "user"), "mail"), VAL_TEXT(S("bob@x.test"))});
    T_INT(comes(cx, au, &r, w, "", &io), E_CONFLICT); /* not switched on */
    r.links = true;
    w.mail_proved = false;
    T_INT(comes(cx, au, &r, w, "", &io), E_DENIED); /* nobody says that it is his: nor is he told that there is one */
    T(str_eq(cx->at, S("user")));
    w.mail_proved = true;
    r.creates = r.links = false;
    T(comes(cx, au, &r, w, "", &io) == E_DENIED && str_eq(cx->at, S("user"))); /* could be nobody here */
    r.creates = r.links = true;
    set_user(cx, bob, "active", VAL_INT(0));
    T_INT(comes(cx, au, &r, w, "", &io), E_AUTH);
    set_user(cx, bob, "active", VAL_INT(1));
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.user, bob);
    w.mail = S("robert@x.test"); /* from now on by the subject */
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T(io.s.user == bob && str_eq(io.s.mail, S("bob@x.test")));
    w = (struct outsider){.subject = S("c-1"), .name = S("Cid"), .mail = S("cid@x.test")}; /* an address nobody vouches for is none */
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T(io.s.user != bob && !io.s.mail.n);
    r.follows = true;
    w.mail_proved = true;
    w.name = S("Cid New");
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T(str_eq(io.s.mail, S("cid@x.test")) && str_eq(io.s.name, S("Cid New")));
    w.mail = S("bob@x.test"); /* another's is not taken over */
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T(str_eq(io.s.mail, S("cid@x.test")));
}

/* Who has no address is counted by what he is here, not by what he calls himself. */
static void nameless(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://bare.test"), .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("victim@x.test"), .name = S("Una"), .mail = S("una@x.test")};
    struct login io = {0};
    struct db_rows n = {0};
    for (int i = 0; i < 2; i++) T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_OK(cx, db_query(cx, &n, "SELECT count(*) FROM login_attempt WHERE user_id = $1 AND name = $2", V(io.s.user), V(arena_fmt(cx->a, "#%" PRId64, io.s.user))));
    T_INT(db_int(&n, 0, 0), 2);
    T_OK(cx, db_query(cx, &n, "SELECT count(*) FROM login_attempt WHERE name IN ('una@x.test', 'victim@x.test', '')"));
    T_INT(db_int(&n, 0, 0), 0);
}

/* A role that was given by hand and lies in the trash keeps nobody out. */
static void trashed(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_role map[] = {{S("sales"), f->plain}};
    struct outside_rules r = {.name = S("id"), .issuer = S("https://trash.test"), .creates = true, .map = map, .n_map = 1, .role = f->extra};
    struct outsider w = {.subject = S("t-1"), .name = S("Tom")};
    struct login io = {0};
    struct written gone = {0};
    int64_t hand[] = {role_made(cx, "Old", "{}"), role_made(cx, "Hand", "{}")};
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    roles_by_hand(cx, io.s.user, hand, 2);
    T_OK(cx, record_delete(cx, ENT(cx, "role"), hand[0], 0, &gone));
    T_OK(cx, comes(cx, au, &r, w, "sales", &io));
    T(str_eq(roles_of(cx, io.s.user), S("Hand Plain")));
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T(str_eq(roles_of(cx, io.s.user), S("Hand")));
}

/* An address that only folding makes the same as another's is another address. */
static void look_alikes(struct cx *cx, struct auth *au, const struct firm *f)
{
    static const char *const there[] = {"admin@firm.test", "muller@firm.test", "strasse@firm.test", "m\u00fcnze@firm.test"};
    static const char *const claimed[] = {"\u00e4dmin@firm.test", "\uff41dmin@firm.test", "admin@\uff46irm.test", "m\u00fcller@firm.test", "stra\u00dfe@firm.test", "m\u00fcnze@firm.test", "munze@firm.test"};
    struct outside_rules r = {.name = S("id"), .issuer = S("https://alike.test"), .creates = true, .role = f->plain, .links = true};
    struct login io = {0};
    struct db_rows n = {0};
    for (size_t i = 0; i < COUNT(there); i++) (void)made(cx, "user", there[i], (struct set){FLD(ENT(cx, "user"), "mail"), VAL_TEXT(str_from(there[i]))});
    for (size_t i = 0; i < COUNT(claimed); i++)
        T_INT(comes(cx, au, &r, (struct outsider){.subject = str_from(claimed[i]), .name = S("X"), .mail = str_from(claimed[i]), .mail_proved = true}, "", &io), E_CONFLICT);
    T_OK(cx, db_query(cx, &n, "SELECT count(*) FROM idp_link WHERE issuer = $1", V(r.issuer)));
    T_INT(db_int(&n, 0, 0), 0);
    T_OK(cx, comes(cx, au, &r, (struct outsider){.subject = S("m"), .name = S("X"), .mail = S("Muller@Firm.test"), .mail_proved = true}, "", &io));
    T(str_eq(io.s.mail, S("muller@firm.test")));
}

/* The provider gives an address to somebody else later: he is not who had it before. */
static void given_anew(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://anew.test"), .creates = true, .role = f->plain, .links = true};
    struct outsider w = {.subject = S("n-1"), .name = S("Nia"), .mail = S("nia@x.test"), .mail_proved = true}, later = w;
    struct settling two[2] = {{.r = &r, .w = &w}, {.r = &r, .w = &later}};
    struct login io = {0};
    later.subject = S("n-2");
    int64_t nia = made(cx, "user", "Nia", (struct set){FLD(ENT(cx, "user"), "mail"), VAL_TEXT(S("nia@x.test"))});
    T_OK(cx, outside_settling(cx, &two[0])); /* both at once */
    T_OK(cx, outside_settling(cx, &two[1]));
    T_OK(cx, db_write(cx, outside_settle, &two[0]));
    T(db_write(cx, outside_settle, &two[1]) == E_CONFLICT && str_eq(cx->at, S("mail")));
    T(comes(cx, au, &r, later, "", &io) == E_CONFLICT && str_eq(cx->at, S("mail")));
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.user, nia);
    r.issuer = S("https://anew2.test"); /* another provider's first word of him */
    T_OK(cx, comes(cx, au, &r, later, "", &io));
    T_INT(io.s.user, nia);
}

/* The last right to manage users is not taken by a group that is gone. */
static void last_right(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_role map[] = {{S("admins"), f->admin}, {S("sales"), f->plain}};
    struct outside_rules r = {.name = S("id"), .issuer = S("https://rule.test"), .creates = true, .map = map, .n_map = 2};
    struct outsider w = {.subject = S("a-1"), .name = S("Root")}, v = {.subject = S("a-2"), .name = S("Second")};
    struct login io = {0};
    T_OK(cx, comes(cx, au, &r, w, "admins", &io));
    int64_t root = io.s.user;
    T_OK(cx, comes(cx, au, &r, w, "sales", &io));
    T(str_eq(roles_of(cx, root), S("Administrator Plain")));
    T_OK(cx, comes(cx, au, &r, v, "admins", &io));
    T_OK(cx, comes(cx, au, &r, w, "sales", &io));
    T(str_eq(roles_of(cx, root), S("Plain")));
}

static enum err factor_row(struct cx *cx, void *user)
{
    return db_exec(cx, NULL, "INSERT INTO user_totp (user_id, seed, pending, pending_at, since, step) VALUES ($1, 'x', '', 0, 1, 0)", V(*(const int64_t *)user));
}

static void factor_rules(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://two.test"), .creates = true, .role = f->strict};
    struct outsider w = {.subject = S("d-1"), .name = S("Dora")};
    struct login io = {0};
    struct session s = {0};
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.stage, STAGE_ENROL); /* the role asks for one, and the provider's does not count */
    w.factored = true;
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.stage, STAGE_IN);
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &s));
    cx->acl = NULL;
    cx->who = (struct who){0};
    T_OK(cx, db_write(cx, factor_row, &io.s.user));
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.stage, STAGE_IN);
    w.factored = false;
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.stage, STAGE_FACTOR);
    T(!io.device.n);
}

static enum err reset_made(struct cx *cx, void *user)
{
    const struct mail_house h = {.url = S("https://kontor.test"), .firm = S("Firm")};
    struct mail_row m = {.kind = S("reset"), .user = *(const int64_t *)user};
    struct letter l = {0};
    for (size_t i = 0; i < auth_mails_n; i++)
        if (str_eq(auth_mails[i].kind, m.kind)) return auth_mails[i].fn(cx, &h, &m, &l);
    return E_BAD;
}

/* Who has no password here gets none by a mail, or a provider that no longer knows him would be gone round. */
static void no_reset(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://mail.test"), .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("m-1"), .name = S("Mia"), .mail = S("mia@x.test"), .mail_proved = true};
    struct login io = {0};
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(db_write(cx, reset_made, &io.s.user), E_NOTFOUND);
    T_OK(cx, auth_hash_set(cx, io.s.user, S("$x"), EVENT_PASSWORD_SET));
    T_OK(cx, db_write(cx, reset_made, &io.s.user));
}

static enum err locked_row(struct cx *cx, void *arg)
{
    (void)arg;
    return db_exec(cx, NULL, "UPDATE login_guard SET until = $1 WHERE name = 'eve@x.test' AND device = ''", V(cx->now_ms + LOGIN_LOCK_MS));
}

/* An address that is blocked: nobody comes in by another's word either. A16: an account that is locked keeps out who guesses
 * at its password or its code, and not who has shown elsewhere who he is. */
static void fences(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.name = S("id"), .issuer = S("https://fence.test"), .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("e-1"), .name = S("Eve"), .mail = S("eve@x.test"), .mail_proved = true};
    struct login io = {0};
    struct visitor bad = {.addr = S("198.51.100.7"), .agent = S("x")};
    int64_t id = 0, wait = 0;
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_OK(cx, auth_block(cx, &(struct block_row){.addr = home.addr, .why = S("x")}, S(""), &id));
    T_INT(comes(cx, au, &r, w, "", &io), E_DENIED);
    T_OK(cx, auth_block_free(cx, id));
    for (int i = 0; i < LOGIN_LOCK_FROM; i++) {
        struct login in = {.mail = S("eve@x.test"), .password = S("wrong-wrong")};
        (void)!auth_login(cx, au, &bad, &in);
    }
    T_OK(cx, db_write(cx, locked_row, NULL));
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    int64_t eve = io.s.user;
    T_OK(cx, auth_password_set(cx, au, eve, S("Moos-Laterne-9")));
    struct login in = {.mail = S("eve@x.test"), .password = S("Moos-Laterne-9")};
    T(auth_login(cx, au, &home, &in) == E_RATE && in.wait_ms > 0);
    T_OK(cx, db_write(cx, factor_row, &eve));
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_INT(io.s.stage, STAGE_FACTOR);
    cx->who.user = eve;
    struct second code = {.token = io.s.token, .recovery = S("0000000000"), .half = &io.s};
    T_INT(factor_login(cx, au, &home, &code, &in), E_RATE); /* its codes are not guessed at either */
    cx->who = (struct who){0};
    T_OK(cx, outside_may_try(cx, au, &(struct visitor){.addr = S("192.0.2.77")}, &wait));
    for (int i = 0; i < LOGIN_ADDR_BURST; i++) T_OK(cx, outside_refused(cx, au, &(struct visitor){.addr = S("192.0.2.77")}, S("id")));
    T(outside_may_try(cx, au, &(struct visitor){.addr = S("192.0.2.77")}, &wait) == E_RATE && wait > 0);
}

static enum err passkey_row(struct cx *cx, void *user)
{
    return db_exec(cx, NULL, "INSERT INTO passkey (id, user_id, name, credential, alg, public_key, counter, created_at, used_at) VALUES ($1, $2, 'k', $3, 0, 'x', 0, 0, 0)",
                   V(id_new(cx->now_ms)), V(*(const int64_t *)user), V(arena_fmt(cx->a, "c%" PRId64, *(const int64_t *)user)));
}

/* Who has no password and lost his passkey proves himself by a recovery code alone, or by a log-in at his provider that is
 * told to be fresh; who has a password does not. */
static void lost(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_rules r = {.id = 4710, .name = S("id"), .issuer = S("https://lost.test"), .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("l-1"), .name = S("Lea"), .mail = S("lea@x.test"), .mail_proved = true, .factored = true, .proved_at = cx->now_ms};
    str codes[RECOVERY_CODES] = {0};
    struct login io = {0};
    struct session s = {0};
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    int64_t lea = io.s.user;
    T_OK(cx, db_write(cx, passkey_row, &lea));
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &s));
    T_OK(cx, recovery_renew(cx, au, codes));
    T_OK(cx, auth_proved(cx, &s, PROOF_OWN));
    s.idp = 0; /* by a passkey, say: that has to be shown again */
    T_INT(auth_proved(cx, &s, PROOF_OWN), E_PROOF);
    cx->now_ms += PROOF_OWN_MS + 1000;
    T_OK(cx, auth_session_enter(cx, NULL, io.s.token, &s));
    T_INT(auth_proved(cx, &s, PROOF_OWN), E_PROOF);
    struct proof p = {.session = io.s.token, .recovery = S("0000000000")};
    T(auth_prove(cx, au, &home, &p) == E_DENIED && str_eq(cx->at, S("recovery")));
    T_INT(auth_proved(cx, &s, PROOF_OWN), E_PROOF);
    p.recovery = codes[0];
    T_OK(cx, auth_prove(cx, au, &home, &p));
    T_OK(cx, auth_session_enter(cx, NULL, io.s.token, &s));
    T_OK(cx, auth_proved(cx, &s, PROOF_OWN));
    T_INT(auth_prove(cx, au, &home, &p), E_DENIED); /* once */
    p.recovery = S("");
    T(auth_prove(cx, au, &home, &p) == E_DENIED && str_eq(cx->at, S("password")));
    T_OK(cx, auth_password_set(cx, au, lea, S("Moos-Laterne-9")));
    w.proved_at = cx->now_ms;
    T_OK(cx, comes(cx, au, &r, w, "", &io));
    T_OK(cx, auth_session_enter(cx, au, io.s.token, &s));
    T_INT(auth_proved(cx, &s, PROOF_OWN), E_PROOF);
    p = (struct proof){.session = io.s.token, .recovery = codes[1]};
    T(auth_prove(cx, au, &home, &p) == E_DENIED && str_eq(cx->at, S("password")));
    cx->acl = NULL;
    cx->who = (struct who){0};
}

static int64_t told_of(struct cx *cx, const char *kind, int64_t user)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM security_event WHERE kind = $1 AND subject = $2", V(str_from(kind)), V(user)));
    return db_int(&r, 0, 0);
}

static int64_t in_by(struct cx *cx, int64_t user, int64_t idp)
{
    struct db_rows r = {0};
    T_OK(cx, db_query(cx, &r, "SELECT count(*) FROM session WHERE user_id = $1 AND idp = $2", V(user), V(idp)));
    return db_int(&r, 0, 0);
}

/* A13: by whom somebody is vouched for is listed and can be ended: it lets nobody in any more, its sessions and the roles of
 * its groups go; nobody shuts himself out. */
static void identities(struct cx *cx, struct auth *au, const struct firm *f)
{
    struct outside_role map[] = {{S("sales"), f->extra}};
    struct outside_rules r = {.id = 4712, .name = S("Haus"), .issuer = S("https://ids.test"), .creates = true, .role = f->plain, .map = map, .n_map = 1};
    struct outside_rules other = {.id = 4713, .name = S("Other"), .issuer = S("https://ids2.test"), .links = true, .creates = true, .role = f->plain};
    struct outsider w = {.subject = S("i-1"), .name = S("Ida"), .mail = S("ida@x.test"), .mail_proved = true}, w2 = w;
    struct identity *v = NULL;
    struct login io = {0};
    size_t n = 0;
    w2.subject = S("i-2");
    T_OK(cx, comes(cx, au, &r, w, "sales", &io));
    int64_t ida = io.s.user;
    T_OK(cx, comes(cx, au, &r, w, "sales", &io));
    T_INT(told_of(cx, "identity.linked", ida), 1);
    T_OK(cx, identities_of(cx, ida, &v, &n));
    T(n == 1 && v[0].key.n == 16 && str_eq(v[0].issuer, r.issuer) && str_eq(v[0].subject, S("i-1")));
    struct identity_end x = {.user = ida, .of = v[0], .r = &r, .own = true};
    T_INT(identity_end(cx, &x), E_PRECOND);
    T(in_by(cx, ida, 4712) == 2 && str_eq(roles_of(cx, ida), S("Extra")));
    T_OK(cx, comes(cx, au, &other, w2, "", &io));
    T_INT(io.s.user, ida);
    T_INT(told_of(cx, "identity.linked", ida), 2);
    T_OK(cx, identity_end(cx, &x));
    T(in_by(cx, ida, 4712) == 0 && in_by(cx, ida, 4713) == 1 && str_eq(roles_of(cx, ida), S("")));
    T_INT(told_of(cx, "identity.ended", ida), 1);
    T_INT(told_of(cx, "session.ended", ida), 1);
    T_INT(identity_end(cx, &x), E_NOTFOUND);
    T_INT(comes(cx, au, &r, w, "sales", &io), E_CONFLICT); /* it is nobody's any more */
    T_OK(cx, identities_of(cx, ida, &v, &n));
    T_INT((int64_t)n, 1);
    x = (struct identity_end){.user = ida, .of = v[0], .r = &other};
    T_OK(cx, identity_end(cx, &x)); /* whoever manages users may take the last one */
    T_INT(in_by(cx, ida, 4713), 0);
}

static void users(struct bed *t)
{
    struct cx *cx = &t->cx;
    struct auth *au = auth_open(NULL);
    struct firm f = firm_made(cx);
    who_comes(cx, au, &f);
    plain_names(cx, au, &f);
    links(cx, au, &f);
    nameless(cx, au, &f);
    trashed(cx, au, &f);
    look_alikes(cx, au, &f);
    given_anew(cx, au, &f);
    last_right(cx, au, &f);
    factor_rules(cx, au, &f);
    no_reset(cx, au, &f);
    fences(cx, au, &f);
    lost(cx, au, &f);
    identities(cx, au, &f);
    auth_close(&au);
}

static void users_both(void) { bed_both(users); }

/* Log-ins that wait: so many of all providers, and so many of one that a slow one leaves room for the others. */
static void waiting(void)
{
    struct arena *a = arena_new();
    struct cx cx = {.a = a};
    struct idps *ids = idps_open(&(struct idp_env){.rules = {.allow = S("")}});
    size_t place[IDP_ASKING_MAX] = {0}, more = 0;
    for (size_t i = 0; i < IDP_ASKING_EACH; i++) T_OK(&cx, asking_begin(&cx, ids, 1, &place[i]));
    T_INT(asking_begin(&cx, ids, 1, &more), E_BUSY);
    for (size_t i = IDP_ASKING_EACH; i < IDP_ASKING_MAX; i++) T_OK(&cx, asking_begin(&cx, ids, 2 + (int64_t)i, &place[i]));
    T_INT(asking_begin(&cx, ids, 99, &more), E_BUSY);
    asking_end(ids, place[0]);
    T_OK(&cx, asking_begin(&cx, ids, 99, &more));
    T_INT(asking_begin(&cx, ids, 1, &more), E_BUSY); /* all places are taken again */
    idps_close(&ids);
    arena_free(&a);
}

TESTS("idp", waiting, tokens, descriptions, telling, lacking, users_both)
