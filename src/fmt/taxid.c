/* SPDX-License-Identifier: MIT */
#include "fmt/taxid.h"
#include "base/tr.h"
#include "fmt/taxid_int.h"

enum { TYPED_MAX = 64 };

bool all_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

int weighted(const char *s, const char *weights)
{
    int sum = 0;
    for (size_t i = 0; weights[i]; i++)
        sum += dig(s, i) * (weights[i] <= '9' ? weights[i] - '0' : weights[i] - 'A' + 10);
    return sum;
}

int digits_mod(str s, int m)
{
    int r = 0;
    for (size_t i = 0; i < s.n; i++) r = (r * 10 + dig(s.p, i)) % m;
    return r;
}

bool luhn(str s)
{
    int sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        int d = dig(s.p, s.n - 1 - i) * (i % 2 ? 2 : 1);
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

bool iso7064_11_10(str s)
{
    int p = 10;
    for (size_t i = 0; i + 1 < s.n; i++) {
        p = (p + dig(s.p, i)) % 10;
        p = (p ? p : 10) * 2 % 11;
    }
    return (11 - p) % 10 == dig(s.p, s.n - 1);
}

int mod97(str s)
{
    int r = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9') r = (r * 10 + c - '0') % 97;
        else if (c >= 'A' && c <= 'Z') r = (r * 100 + c - 'A' + 10) % 97;
        else return -1;
    }
    return r;
}

static enum taxid_why check_inn(str s)
{
    if (!all_digits(s)) return TAXID_CHARS;
    if (s.n != 10 && s.n != 12) return TAXID_LENGTH;
    bool good = s.n == 10 ? weighted(s.p, "24A359468") % 11 % 10 == dig(s.p, 9)
                          : weighted(s.p, "724A359468") % 11 % 10 == dig(s.p, 10) &&
                                weighted(s.p, "3724A359468") % 11 % 10 == dig(s.p, 11);
    return good && (dig(s.p, 0) || dig(s.p, 1)) ? TAXID_OK : TAXID_CHECK;
}

static enum taxid_why check_kpp(str s)
{
    if (s.n != 9) return TAXID_LENGTH;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (i == 4 || i == 5) && s.p[i] >= 'A' && s.p[i] <= 'Z';
        if (!letter && (s.p[i] < '0' || s.p[i] > '9')) return TAXID_CHARS;
    }
    return TAXID_OK;
}

static enum taxid_why check_ogrn(str s)
{
    if (!all_digits(s)) return TAXID_CHARS;
    if (s.n != 13 && s.n != 15) return TAXID_LENGTH;
    if (s.p[0] == '0') return TAXID_CHECK;
    int r = digits_mod(str_cut(s, 0, s.n - 1), s.n == 13 ? 11 : 13);
    return r % 10 == dig(s.p, s.n - 1) ? TAXID_OK : TAXID_CHECK;
}

static enum taxid_why check_bik(str s)
{
    if (!all_digits(s)) return TAXID_CHARS;
    if (s.n != 9) return TAXID_LENGTH;
    return s.p[0] == '0' && dig(s.p, 1) <= 4 ? TAXID_OK
                                             : TAXID_CHECK; /* 04 banks, 00 to 02 the treasury */
}

/* The registry of ISO 13616: country and length. */
static const char iban_lengths[] = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ2"
                                   "4DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27"
                                   "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW3"
                                   "0KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22"
                                   "MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS2"
                                   "2RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28"
                                   "TL23TN24TR26UA29VA22VG24XK20YE30";

static enum taxid_why check_iban(str s)
{
    char turned[48];
    if (s.n < 15 || s.n > 34) return TAXID_LENGTH;
    if (mod97(s) < 0 || !all_digits(str_cut(s, 2, 4))) return TAXID_CHARS;
    const char *p = iban_lengths;
    while (*p && memcmp(p, s.p, 2) != 0) p += 4;
    if (!*p) return TAXID_COUNTRY;
    if ((size_t)((p[2] - '0') * 10 + p[3] - '0') != s.n) return TAXID_LENGTH;
    memcpy(turned, s.p + 4, s.n - 4);
    memcpy(turned + s.n - 4, s.p, 4);
    return mod97((str){turned, s.n}) == 1 ? TAXID_OK : TAXID_CHECK;
}

static enum taxid_why check_bic(str s)
{
    if (s.n != 8 && s.n != 11) return TAXID_LENGTH;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = s.p[i] >= 'A' && s.p[i] <= 'Z', digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!letter && (i < 6 || !digit)) return TAXID_CHARS;
    }
    return TAXID_OK;
}

static enum taxid_why check_lei(str s)
{
    if (s.n != 20) return TAXID_LENGTH;
    if (mod97(s) < 0 || !all_digits(str_cut(s, 18, 20))) return TAXID_CHARS;
    return mod97(s) == 1 ? TAXID_OK : TAXID_CHECK;
}

static enum taxid_why check_rf(str s)
{
    char turned[32];
    if (s.n < 5 || s.n > 25) return TAXID_LENGTH;
    if (!str_has_prefix(s, S("RF")) || mod97(s) < 0 || !all_digits(str_cut(s, 2, 4)))
        return TAXID_CHARS;
    memcpy(turned, s.p + 4, s.n - 4);
    memcpy(turned + s.n - 4, s.p, 4);
    return mod97((str){turned, s.n}) == 1 ? TAXID_OK : TAXID_CHECK;
}

static str normal(struct arena *a, str typed)
{
    char *p = arena_get(a, typed.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c == '\xC2' && i + 1 < typed.n && typed.p[i + 1] == '\xA0') {
            i++;
            continue;
        }
        if (c && strchr(" .-/\t\r\n", c)) continue;
        p[n++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return (str){p, n};
}

enum taxid_why taxid_check(struct arena *a, enum taxid_kind kind, str typed, str *ret)
{
    static enum taxid_why (*const checks[])(str) = {check_inn, check_kpp,  check_ogrn,
                                                    check_bik, check_iban, check_bic,
                                                    check_lei, check_rf,   taxid_vat};
    assert(kind < TAXID_NONE);
    if (typed.n > TYPED_MAX) return TAXID_LENGTH;
    str s = normal(a, typed);
    if (!s.n) return TAXID_EMPTY;
    if (kind == TAXID_VAT && str_has_prefix(s, S("GR")))
        s = arena_fmt(a, "EL%.*s", (int)s.n - 2, s.p + 2);
    enum taxid_why why = checks[kind](s);
    if (why == TAXID_OK) *ret = s;
    return why;
}

enum taxid_kind taxid_guess(struct arena *a, str typed, str *ret)
{
    static const enum taxid_kind order[] = {TAXID_IBAN, TAXID_VAT,  TAXID_RF,
                                            TAXID_INN,  TAXID_OGRN, TAXID_LEI};
    for (size_t i = 0; i < COUNT(order); i++)
        if (taxid_check(a, order[i], typed, ret) == TAXID_OK) return order[i];
    return TAXID_NONE;
}

bool taxid_account_fits(str bik, str account)
{
    char t[24];
    int sum = 0;
    if (check_bik(bik) != TAXID_OK || account.n != 20 || !all_digits(account)) return false;
    bool corr =
        str_has_prefix(account, S("30101")); /* kept at the central bank: its own branch counts */
    if (corr) {
        t[0] = '0';
        memcpy(t + 1, bik.p + 4, 2);
    } else memcpy(t, bik.p + 6, 3);
    memcpy(t + 3, account.p, 20);
    for (size_t i = 0; i < 23; i++) sum += dig(t, i) * (i % 3 == 0 ? 7 : i % 3 == 1 ? 1 : 3) % 10;
    return sum % 10 == 0;
}

str taxid_why_text(enum taxid_why why)
{
    static const str t[] = {S0("ok"),
                            S0(TR("this is empty")),
                            S0(TR("it has characters that do not belong there")),
                            S0(TR("its length is wrong")),
                            S0(TR("its country is not known")),
                            S0(TR("it is mistyped: its check digit does not fit"))};
    return t[why];
}
