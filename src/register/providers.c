/* SPDX-License-Identifier: MIT */
/* register/providers.c - the registers: what each is asked, and how its answer reads.
 *
 * An answer comes from outside: each member has the type it must have or the whole answer is refused, texts are cut of
 * control characters and bounded, and what we do not know of a firm's state stays unknown.
 */
#include "register/register_int.h"

#include "fmt/taxid.h"

const str reg_state_name[REG_STATES] = {S0("unknown"), S0("active"), S0("closing"), S0("insolvent"), S0("closed")};

/* ---- what all share ---- */
static enum err senseless(struct cx *cx) { return fail(cx, E_BAD, "The register's answer makes no sense"); }

/* A member that is an object (or of type t); *ret NULL when absent or null. */
static enum err member(struct cx *cx, const struct json *o, str key, enum jt t, const struct json **ret)
{
    const struct json *j = json_get(o, key);
    *ret = j && j->t != JT_NULL ? j : NULL;
    return *ret && (*ret)->t != t ? senseless(cx) : E_OK;
}

/* Lines become one, "---" (withheld) becomes nothing. */
static enum err text(struct cx *cx, const struct json *o, str key, str *ret)
{
    const struct json *j = NULL;
    struct buf b = buf_new(cx->a, 4 * REG_TEXT_MAX);
    TRY(member(cx, o, key, JT_STR, &j));
    if (!j) return E_OK;
    if (utf8_len(j->s) > REG_TEXT_MAX) return senseless(cx);
    str s = str_trim(j->s);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') buf_add(&b, S(", "));
        else if (c >= ' ' && c != 0x7F) buf_byte(&b, s.p[i]);
    }
    str t = str_trim(buf_str(&b));
    *ret = str_eq(t, S("---")) ? S("") : t;
    return E_OK;
}

/* An identifier is letters and digits; anything else in it is not taken. */
static enum err number(struct cx *cx, const struct json *o, str key, str *ret)
{
    str s = {0};
    TRY(text(cx, o, key, &s));
    if (s.n > REG_NUMBER_MAX) return senseless(cx);
    *ret = s;
    return E_OK;
}

static void put_escaped(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (plain) buf_byte(b, s.p[i]);
        else buf_fmt(b, "%%%02X", c);
    }
}

static str without_slash(str url)
{
    while (str_has_suffix(url, S("/"))) url.n--;
    return url;
}

static void add(struct reg_answer *a, const struct reg_firm *f)
{
    if (a->n < REG_FIRMS_MAX && (f->name.n || str_eq(f->source, S("vies")))) a->v[a->n++] = *f;
}

static bool vat_of(struct cx *cx, const struct reg_query *q, str *ret)
{
    if (!q->number.n) return false;
    if (taxid_check(cx->a, TAXID_VAT, q->number, ret) == TAXID_OK) return true;
    str country = str_eq(q->country, S("GR")) ? S("EL") : q->country;
    str whole = arena_fmt(cx->a, "%.*s%.*s", FS(country), FS(q->number));
    return country.n == 2 && taxid_check(cx->a, TAXID_VAT, whole, ret) == TAXID_OK;
}

/* ---- VIES: the VAT numbers of the EU ---- */
static bool vies_call(struct cx *cx, const struct register_conf *c, const struct reg_query *q, struct reg_call *ret)
{
    str vat = {0};
    if (!vat_of(cx, q, &vat)) return false;
    ret->url = arena_fmt(cx->a, "%.*s/ms/%.*s/vat/%.*s", FS(without_slash(c->vies_url)), FS(str_cut(vat, 0, 2)),
                         FS(str_cut(vat, 2, vat.n)));
    return true;
}

static enum err vies_read(struct cx *cx, const struct json *j, struct reg_answer *ret)
{
    struct reg_firm f = {.source = S("vies")};
    const struct json *valid = NULL;
    str said = {0}, own = {0}, state = {0};
    TRY(member(cx, j, S("isValid"), JT_BOOL, &valid));
    TRY(text(cx, j, S("userError"), &said));
    bool sure = !said.n || str_eq(said, S("VALID")) || str_eq(said, S("INVALID"));
    if (!valid || !sure) return senseless(cx); /* a state's own register is down: nothing is known */
    TRY(text(cx, j, S("name"), &f.name));
    TRY(text(cx, j, S("address"), &f.address));
    TRY(number(cx, j, S("vatNumber"), &own));
    TRY(number(cx, j, S("countryCode"), &state));
    if (!valid->b) return E_OK;
    f.country = str_eq(state, S("EL")) ? S("GR") : state;
    f.vat_id = own; /* the asking side puts the country's letters before it */
    f.state = REG_ACTIVE;
    add(ret, &f);
    return E_OK;
}

/* ---- GLEIF: legal entities all over the world ---- */
static bool gleif_call(struct cx *cx, const struct register_conf *c, const struct reg_query *q, struct reg_call *ret)
{
    struct buf b = buf_new(cx->a, 4096);
    str lei = {0}, vat = {0};
    bool by_lei = q->number.n && taxid_check(cx->a, TAXID_LEI, q->number, &lei) == TAXID_OK;
    bool by_number = q->number.n >= 4 && !vat_of(cx, q, &vat);
    if (!by_lei && !by_number && !q->name.n) return false;
    buf_add(&b, without_slash(c->gleif_url));
    buf_add(&b, S("/lei-records?page%5Bsize%5D=5&filter%5B"));
    buf_add(&b, by_lei ? S("lei") : by_number ? S("entity.registeredAs") : S("fulltext"));
    buf_add(&b, S("%5D="));
    put_escaped(&b, by_lei ? lei : by_number ? q->number : q->name);
    if (!by_lei && q->country.n) {
        buf_add(&b, S("&filter%5Bentity.legalAddress.country%5D="));
        put_escaped(&b, q->country);
    }
    ret->url = buf_str(&b);
    return true;
}

static enum reg_state gleif_state(struct cx *cx, const struct json *entity, str status)
{
    const struct json *groups = json_get(entity, S("eventGroups"));
    enum reg_state s = str_eq(status, S("ACTIVE"))     ? REG_ACTIVE
                       : str_eq(status, S("INACTIVE")) ? REG_CLOSED
                                                       : REG_UNKNOWN;
    (void)cx;
    for (size_t i = 0; s == REG_ACTIVE && groups && groups->t == JT_ARR && i < groups->n; i++) {
        const struct json *ev = json_get(&groups->v[i], S("events"));
        for (size_t k = 0; ev && ev->t == JT_ARR && k < ev->n; k++) {
            const struct json *type = json_get(&ev->v[k], S("type"));
            if (!type || type->t != JT_STR) continue;
            if (str_eq(type->s, S("INSOLVENCY")) || str_eq(type->s, S("BANKRUPTCY"))) s = REG_INSOLVENT;
            else if (str_eq(type->s, S("LIQUIDATION"))) s = REG_CLOSING;
        }
    }
    return s;
}

static enum err gleif_street(struct cx *cx, const struct json *address, str *ret)
{
    const struct json *lines = NULL;
    struct buf b = buf_new(cx->a, 4 * REG_TEXT_MAX);
    TRY(member(cx, address, S("addressLines"), JT_ARR, &lines));
    for (size_t i = 0; lines && i < lines->n && i < 4; i++) {
        const struct json line = {.t = lines->v[i].t, .key = S("x"), .s = lines->v[i].s};
        const struct json one = {.t = JT_OBJ, .n = 1, .v = &line};
        str s = {0};
        TRY(text(cx, &one, S("x"), &s));
        if (b.n && s.n) buf_add(&b, S(", "));
        buf_add(&b, s);
    }
    *ret = buf_str(&b);
    return E_OK;
}

static enum err gleif_one(struct cx *cx, const struct json *row, struct reg_answer *ret)
{
    const struct json *attr = NULL, *e = NULL, *name = NULL, *at = NULL;
    struct reg_firm f = {.source = S("gleif")};
    str status = {0};
    if (row->t != JT_OBJ) return senseless(cx);
    TRY(member(cx, row, S("attributes"), JT_OBJ, &attr));
    TRY(member(cx, attr, S("entity"), JT_OBJ, &e));
    TRY(member(cx, e, S("legalName"), JT_OBJ, &name));
    TRY(member(cx, e, S("legalAddress"), JT_OBJ, &at));
    TRY(text(cx, name, S("name"), &f.name));
    if (!f.name.n) return senseless(cx);
    TRY(number(cx, e, S("registeredAs"), &f.reg_no));
    TRY(text(cx, e, S("status"), &status));
    TRY(gleif_street(cx, at, &f.street));
    TRY(text(cx, at, S("city"), &f.city));
    TRY(text(cx, at, S("postalCode"), &f.zip));
    TRY(number(cx, at, S("country"), &f.country));
    f.state = gleif_state(cx, e, status);
    add(ret, &f);
    return E_OK;
}

static enum err gleif_read(struct cx *cx, const struct json *j, struct reg_answer *ret)
{
    const struct json *data = NULL;
    TRY(member(cx, j, S("data"), JT_ARR, &data));
    if (!data) return senseless(cx);
    for (size_t i = 0; i < data->n && i < REG_FIRMS_MAX; i++) TRY(gleif_one(cx, &data->v[i], ret));
    return E_OK;
}

/* ---- DaData: the registers of Russia ---- */
static bool dadata_call(struct cx *cx, const struct register_conf *c, const struct reg_query *q, struct reg_call *ret)
{
    str n = {0};
    struct buf b = buf_new(cx->a, 4096);
    struct jw w = jw_new(&b);
    bool by_number = q->number.n && (taxid_check(cx->a, TAXID_INN, q->number, &n) == TAXID_OK ||
                                     taxid_check(cx->a, TAXID_OGRN, q->number, &n) == TAXID_OK);
    if (!c->dadata_key.n || (!by_number && !(q->name.n && str_eq(q->country, S("RU"))))) return false;
    jw_obj(&w);
    jw_kstr(&w, S("query"), by_number ? n : q->name);
    jw_kint(&w, S("count"), 5);
    jw_obj_end(&w);
    ret->url = arena_fmt(cx->a, "%.*s/%s/party", FS(without_slash(c->dadata_url)), by_number ? "findById" : "suggest");
    ret->post = buf_str(&b);
    ret->header = arena_fmt(cx->a, "Authorization: Token %.*s", FS(c->dadata_key));
    return true;
}

static enum reg_state dadata_state(str s)
{
    static const struct {
        str name;
        enum reg_state state;
    } all[] = {{S0("ACTIVE"), REG_ACTIVE}, {S0("REORGANIZING"), REG_ACTIVE}, {S0("LIQUIDATING"), REG_CLOSING},
               {S0("LIQUIDATED"), REG_CLOSED}, {S0("BANKRUPT"), REG_INSOLVENT}};
    for (size_t i = 0; i < COUNT(all); i++)
        if (str_eq(all[i].name, s)) return all[i].state;
    return REG_UNKNOWN;
}

static enum err dadata_address(struct cx *cx, const struct json *data, struct reg_firm *f)
{
    const struct json *address = NULL, *parts = NULL;
    TRY(member(cx, data, S("address"), JT_OBJ, &address));
    TRY(text(cx, address, S("value"), &f->address));
    TRY(member(cx, address, S("data"), JT_OBJ, &parts));
    TRY(text(cx, parts, S("city"), &f->city));
    TRY(text(cx, parts, S("postal_code"), &f->zip));
    if (f->address.n) f->country = S("RU");
    return E_OK;
}

static enum err dadata_one(struct cx *cx, const struct json *row, struct reg_answer *ret)
{
    const struct json *data = NULL, *name = NULL, *state = NULL;
    struct reg_firm f = {.source = S("dadata")};
    str status = {0};
    if (row->t != JT_OBJ) return senseless(cx);
    TRY(member(cx, row, S("data"), JT_OBJ, &data));
    TRY(member(cx, data, S("name"), JT_OBJ, &name));
    TRY(member(cx, data, S("state"), JT_OBJ, &state));
    TRY(text(cx, name, S("short_with_opf"), &f.name));
    TRY(text(cx, name, S("full_with_opf"), &f.full_name));
    TRY(number(cx, data, S("inn"), &f.inn));
    TRY(number(cx, data, S("kpp"), &f.kpp));
    TRY(number(cx, data, S("ogrn"), &f.ogrn));
    TRY(dadata_address(cx, data, &f));
    TRY(text(cx, state, S("status"), &status));
    if (!f.name.n) f.name = f.full_name;
    if (!f.name.n || !f.inn.n) return senseless(cx);
    f.state = dadata_state(status);
    add(ret, &f);
    return E_OK;
}

static enum err dadata_read(struct cx *cx, const struct json *j, struct reg_answer *ret)
{
    const struct json *rows = NULL;
    TRY(member(cx, j, S("suggestions"), JT_ARR, &rows));
    if (!rows) return senseless(cx);
    for (size_t i = 0; i < rows->n && i < REG_FIRMS_MAX; i++) TRY(dadata_one(cx, &rows->v[i], ret));
    return E_OK;
}

const struct provider reg_providers[] = {{S0("vies"), vies_call, vies_read},
                                         {S0("gleif"), gleif_call, gleif_read},
                                         {S0("dadata"), dadata_call, dadata_read}};
const size_t reg_providers_n = COUNT(reg_providers);
