/* SPDX-License-Identifier: MIT */
/* record/record_ids.c - tax, register, bank and account numbers: checked and brought to their normal form on save.
 *
 * Whose rules hold is judged by the country: the record's own, its address, the letters of its VAT ID, else the
 * firm's. A number of a country whose rules are not known here stays as typed.
 */
#include "record/record_int.h"

#include "base/tr.h"
#include "fmt/country.h"
#include "fmt/taxid.h"

static bool is_upper(str s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (i >= s.n || s.p[i] < 'A' || s.p[i] > 'Z') return false;
    return true;
}

static bool is_digits(str s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (i >= s.n || s.p[i] < '0' || s.p[i] > '9') return false;
    return to > from;
}

/* Upper case, without blanks, points, hyphens and slashes. */
static str bare(struct arena *a, str typed)
{
    struct buf b = buf_new(a, typed.n + 1);
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        bool nbsp = c == '\xC2' && i + 1 < typed.n && typed.p[i + 1] == '\xA0';
        if (nbsp) i++;
        else if (!strchr(" .-/\t", c)) buf_byte(&b, (char)(c >= 'a' && c <= 'z' ? c - 32 : c));
    }
    return buf_str(&b);
}

static str address_country(struct cx *cx, const struct val *v)
{
    const struct json *j = NULL, *c = NULL;
    for (size_t i = 0; v->t == VT_LIST && i < v->n; i++) {
        if (!v->v[i].extra.n || json_parse(cx, v->v[i].extra, &j) != E_OK) continue;
        c = json_get(j, S("country"));
        str code = c && c->t == JT_STR ? country_of(cx->a, c->s) : S("");
        if (code.n) return code;
        if (c && c->t == JT_STR && c->s.n == 2 && is_upper(c->s, 0, 2)) return c->s;
    }
    return S("");
}

static str country(struct cx *cx, const struct entity *e, const struct val *v)
{
    str s = {0};
    for (size_t i = F_SYSTEM_N; !s.n && i < e->n; i++) {
        if (e->f[i].trashed || v[i].t == VT_NULL) continue;
        if (str_eq(e->f[i].kind->name, S("addresses"))) s = address_country(cx, &v[i]);
        else if (v[i].t == VT_TEXT && str_eq(e->f[i].name, S("country")))
            s = country_of(cx->a, v[i].s);
    }
    for (size_t i = F_SYSTEM_N; !s.n && i < e->n; i++)
        if (e->f[i].check == CHECK_VAT && v[i].t == VT_TEXT && is_upper(bare(cx->a, v[i].s), 0, 2))
            s = str_cut(bare(cx->a, v[i].s), 0, 2);
    if (str_eq(s, S("EL"))) return S("GR");
    return s.n ? s : cx->country;
}

/* With its country's letters, else with those of the record's country. Outside of the EU only the form is made. */
static enum taxid_why vat(struct cx *cx, str home, str typed, str *ret)
{
    str s = bare(cx->a, typed), with = s;
    if (!is_upper(s, 0, 2)) with = arena_fmt(cx->a, "%.*s%.*s", FS(home), FS(s));
    enum taxid_why why = taxid_check(cx->a, TAXID_VAT, with, ret);
    if (why != TAXID_COUNTRY) return why;
    if (is_upper(s, 0, 2) && !is_digits(s, s.n - 1, s.n) && !is_digits(s, 2, 6) && !is_digits(s, 3, 7))
        return TAXID_COUNTRY; /* words */
    *ret = s;
    return TAXID_OK;
}

/* An IBAN begins with two letters and two digits; a Russian account belongs to its bank; others have no rules here. */
static enum taxid_why account(struct cx *cx, const struct entity *e, const struct val *v, str typed, str *ret)
{
    str s = bare(cx->a, typed);
    if (is_upper(s, 0, 2) && is_digits(s, 2, 4)) return taxid_check(cx->a, TAXID_IBAN, typed, ret);
    if (s.n == 20 && is_digits(s, 0, 20)) {
        *ret = s;
        for (size_t i = F_SYSTEM_N; i < e->n; i++) {
            str bik = e->f[i].check == CHECK_BIC && v[i].t == VT_TEXT ? bare(cx->a, v[i].s) : S("");
            if (bik.n == 9 && is_digits(bik, 0, 9) && !taxid_account_fits(bik, s)) return TAXID_CHECK;
        }
    }
    return TAXID_OK;
}

static enum taxid_why judge(struct cx *cx, const struct entity *e, const struct val *v, const struct field *f,
                            str *ret)
{
    static const enum taxid_kind russian[CHECK_MAX] = {
        [CHECK_INN] = TAXID_INN, [CHECK_KPP] = TAXID_KPP, [CHECK_OGRN] = TAXID_OGRN};
    str typed = v[f->at].s;
    switch (f->check) {
    case CHECK_INN:
    case CHECK_KPP:
    case CHECK_OGRN:
        if (!str_eq(country(cx, e, v), S("RU"))) return TAXID_OK;
        return taxid_check(cx->a, russian[f->check], typed, ret);
    case CHECK_VAT: return vat(cx, country(cx, e, v), typed, ret);
    case CHECK_IBAN: return account(cx, e, v, typed, ret);
    case CHECK_BIC: {
        str s = bare(cx->a, typed);
        return taxid_check(cx->a, is_digits(s, 0, s.n) ? TAXID_BIK : TAXID_BIC, typed, ret);
    }
    case CHECK_NONE:
    case CHECK_MAX: break;
    }
    return TAXID_OK;
}

bool record_id_fits(struct cx *cx, const struct entity *e, struct val *v, const struct field *f, str *ret_why)
{
    if (f->check == CHECK_NONE || v[f->at].t != VT_TEXT) return true;
    str s = v[f->at].s;
    enum taxid_why why = judge(cx, e, v, f, &s);
    if (why == TAXID_OK) v[f->at].s = s;
    else *ret_why = taxid_why_text(why);
    return why == TAXID_OK;
}

enum err check_ids(struct cx *cx, const struct entity *e, const struct val *old, const struct set **s, size_t n)
{
    bool any = false;
    if (!e->checks || cx->way == WAY_IMPORT) return E_OK; /* an import has judged its cells */
    for (size_t i = 0; i < n; i++) any |= (*s)[i].f->check != CHECK_NONE;
    if (!any) return E_OK;
    struct val *v = NEW_N(cx->a, struct val, e->n);
    struct set *out = NEW_N(cx->a, struct set, n);
    if (old) memcpy(v, old, sizeof *v * e->n);
    for (size_t i = 0; i < n; i++) v[(*s)[i].f->at] = (*s)[i].v;
    for (size_t i = 0; i < n; i++) {
        const struct field *f = (*s)[i].f;
        str why = {0};
        out[i] = (*s)[i];
        if (old && val_eq(&old[f->at], &out[i].v)) continue; /* what was there before the check stays */
        if (!record_id_fits(cx, e, v, f, &why))
            return fail_at(cx, E_INVALID, f->name, "%.*s: %s", FS(label_of(f->label, cx->lang)),
                           tr_format(cx->lang, why.p));
        out[i].v = v[f->at];
    }
    *s = out;
    return E_OK;
}
