/* SPDX-License-Identifier: MIT */
/* xfer/noughts.c - noughts at the head of a number that a workbook keeps, or kept before it became CSV, as a figure:
 * they are lost, and brought back where something proves them. */
#include "fmt/fold.h"
#include "fmt/taxid.h"
#include "xfer/row_int.h"

enum { KPP_LOST = 8, KPP_REASON = 4 };

/* An INN's check digit tells; no INN has nine digits or eleven, so a table of texts is no different. */
str nought_tax(struct row_work *w, str s)
{
    struct arena *a = w->cx->a;
    str d = digits_of(a, s), whole = arena_fmt(a, "0%.*s", FS(d)), inn = {0};
    if (d.n != 9 && d.n != 11) return d;
    return str_eq(w->cx->country, S("RU")) && taxid_check(a, TAXID_INN, whole, &inn) == TAXID_OK ? whole : d;
}

/* An OGRN as well; a bank's BIK begins with 04. */
str nought_id(struct row_work *w, const struct field *f, str s)
{
    struct arena *a = w->cx->a;
    enum taxid_kind kind = f->check == CHECK_OGRN ? TAXID_OGRN : TAXID_BIK;
    str whole = arena_fmt(a, "0%.*s", FS(s)), ret = {0};
    if ((f->check != CHECK_OGRN && f->check != CHECK_BIC) || !str_eq(w->cx->country, S("RU"))) return s;
    return digits_of(a, s).n == s.n && taxid_check(a, kind, s, &ret) != TAXID_OK &&
                   taxid_check(a, kind, whole, &ret) == TAXID_OK
               ? whole
               : s;
}

/* A KPP proves itself by the region it shares with the INN; without one it must have the commonest reason (01: where
 * the firm itself is registered). */
void nought_kpp(struct row_work *w, const struct entity *e, struct set *s, size_t n)
{
    str inn = {0}, country = w->country.n ? w->country : w->cx->country;
    if (!str_eq(country, S("RU"))) return;
    for (size_t i = 0; i < n; i++)
        if (s[i].f == FLD(e, "inn") && s[i].v.t == VT_TEXT) inn = s[i].v.s;
    for (size_t i = 0; i < n; i++) {
        str k = s[i].v.s;
        if (s[i].f != FLD(e, "kpp") || s[i].v.t != VT_TEXT || k.n != KPP_LOST) continue;
        str whole = arena_fmt(w->cx->a, "0%.*s", FS(k));
        bool fits = digits_of(w->cx->a, k).n == KPP_LOST && k.p[0] != '0' &&
                    (inn.n > 2 ? memcmp(inn.p, whole.p, 2) == 0
                               : memcmp(whole.p + KPP_REASON, "01", 2) == 0);
        if (fits) s[i].v.s = whole;
    }
}

/* ---- postcodes ---- */
static bool is_in(const char *list, str two)
{
    for (const char *c = list; *c; c += 2)
        if (two.n == 2 && memcmp(c, two.p, 2) == 0) return true;
    return false;
}

/* Countries whose postcodes have five digits, and by their calling codes those whose have four. */
static bool is_five(str country) { return is_in("DEFRITESFILTEEUAUSMXTRHRRSGR", country); }

static bool call_is_four(str e164)
{
    static const char *const four[] = {"+43", "+41",  "+423", "+32",  "+352", "+31",  "+45", "+47",
                                       "+36", "+386", "+359", "+371", "+389", "+357", "+61", "+64"};
    for (size_t i = 0; i < COUNT(four); i++)
        if (str_has_prefix(e164, str_from(four[i]))) return true;
    return false;
}

/* Towns of Austria, Switzerland and Liechtenstein by their folded names. */
static bool town_is_four(struct arena *a, str town)
{
    static const char *const towns[] = {
        "wien", "vienna", "graz", "linz", "salzburg", "innsbruck", "klagenfurt", "villach", "wels", "sankt polten",
        "st polten", "dornbirn", "wiener neustadt", "steyr", "feldkirch", "bregenz", "leonding", "klosterneuburg",
        "baden bei wien", "krems", "amstetten", "leoben", "kapfenberg", "lustenau", "modling", "hallein", "traun",
        "zurich", "geneve", "genf", "geneva", "basel", "lausanne", "bern", "winterthur", "luzern", "st gallen",
        "sankt gallen", "lugano", "biel", "thun", "zug", "chur", "schaffhausen", "fribourg", "neuchatel", "uster",
        "sion", "kriens", "rapperswil", "davos", "solothurn", "olten", "aarau", "vaduz", "schaan"};
    struct buf b = buf_new(a, 200);
    str s = str_trim(fold_text(a, town)), head = {0}, tail = {0};
    for (size_t i = 0; i < s.n; i++) /* "Wien, Österreich", "St. Pölten", "Zürich (City)" */
        if (s.p[i] != '.') buf_byte(&b, s.p[i]);
    s = buf_str(&b);
    if (str_split(s, ',', &head, &tail)) s = str_trim(head);
    if (str_split(s, '(', &head, &tail)) s = str_trim(head);
    for (size_t i = 0; i < COUNT(towns); i++)
        if (str_eq(s, str_from(towns[i]))) return true;
    return false;
}

enum told { TOLD_NOTHING, TOLD_FOUR, TOLD_HOME };

/* What the row's telephone numbers say: one at home beats one abroad (a mobile, a parent company). */
static enum told phones_say(const struct row_work *w, str home)
{
    static const struct {
        const char *country, *call;
    } calls[] = {{"DE", "+49"},  {"FR", "+33"},  {"IT", "+39"}, {"ES", "+34"}, {"FI", "+358"},
                 {"LT", "+370"}, {"EE", "+372"}, {"UA", "+380"}, {"US", "+1"},  {"MX", "+52"},
                 {"TR", "+90"},  {"HR", "+385"}, {"RS", "+381"}, {"GR", "+30"}};
    const points *all[] = {&w->phones, &w->firm_phones};
    enum told told = TOLD_NOTHING;
    for (size_t k = 0; k < COUNT(all); k++)
        for (size_t i = 0; i < all[k]->n; i++) {
            str e164 = all[k]->v[i].norm;
            if (call_is_four(e164)) told = TOLD_FOUR;
            for (size_t c = 0; c < COUNT(calls); c++)
                if (str_eq(home, str_from(calls[c].country)) && str_has_prefix(e164, str_from(calls[c].call)))
                    return TOLD_HOME;
        }
    return told;
}

/* Of five digits the workbook has kept four: 1067 is 01067 Dresden, but 1010 is Vienna. The country's column decides,
 * else the town, else the telephone numbers, else what the column's other postcodes look like. */
void nought_zip(struct row_work *w)
{
    str *zip = &w->part[A_ZIP], home = w->cx->country;
    bool told = w->country.n > 0;
    if (!w->zip_number || zip->n != 4 || digits_of(w->cx->a, *zip).n != 4) return;
    if (!is_five(told ? w->country : home)) return;
    if (!told) {
        enum told says = town_is_four(w->cx->a, w->part[A_CITY]) ? TOLD_FOUR : phones_say(w, home);
        if (says == TOLD_FOUR || (says == TOLD_NOTHING && !w->zip_five)) return;
    }
    *zip = arena_fmt(w->cx->a, "0%.*s", FS(*zip));
}
