/* SPDX-License-Identifier: MIT */
/* fmt/taxid_eu.c - VAT numbers of the European Union: one function a state, given what stands behind the letters. */
#include "fmt/taxid_int.h"

static bool vat_at(str s)
{
    int sum = 0;
    if (s.n != 9 || s.p[0] != 'U' || !all_digits(str_cut(s, 1, 9))) return false;
    for (size_t i = 1; i < 8; i++) {
        int d = dig(s.p, i) * (i % 2 ? 1 : 2);
        sum += d > 9 ? d - 9 : d;
    }
    return (106 - sum) % 10 == dig(s.p, 8);
}

static bool vat_be(str s)
{
    if (s.n != 10 || !all_digits(s) || dig(s.p, 0) > 1) return false;
    return 97 - digits_mod(str_cut(s, 0, 8), 97) == dig(s.p, 8) * 10 + dig(s.p, 9);
}

static bool vat_bg(str s)
{
    if (!all_digits(s)) return false;
    if (s.n == 9) {
        int r = weighted(s.p, "12345678") % 11;
        if (r == 10) r = weighted(s.p, "3456789A") % 11;
        return r % 10 == dig(s.p, 8);
    }
    if (s.n != 10) return false;
    int last = dig(s.p, 9), other = 11 - weighted(s.p, "432765432") % 11;
    int month = (dig(s.p, 2) * 10 + dig(s.p, 3)) % 20;
    bool person = month >= 1 && month <= 12 && dig(s.p, 2) < 6 && dig(s.p, 4) < 4;
    if (person && weighted(s.p, "2485A9736") % 11 % 10 == last) return true;
    if (weighted(s.p, "LJHDB9731") % 10 == last) return true; /* a foreigner */
    return other != 10 && other % 11 == last;
}

static bool vat_cy(str s)
{
    static const char odd[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
    int sum = 0;
    if (s.n != 9 || !all_digits(str_cut(s, 0, 8)) || str_has_prefix(s, S("12"))) return false;
    for (size_t i = 0; i < 8; i++) sum += i % 2 ? dig(s.p, i) : odd[dig(s.p, i)];
    return s.p[8] == 'A' + sum % 26;
}

/* Birth number of Czechia and Slovakia: month + 50 for women, + 20 and + 70 when a day's numbers ran out. */
static bool is_birth_number(str s)
{
    int month = (dig(s.p, 2) * 10 + dig(s.p, 3)) % 50 % 20, day = dig(s.p, 4) * 10 + dig(s.p, 5);
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    int year = dig(s.p, 0) * 10 + dig(s.p, 1);
    if (s.n == 9) return year < 54 || year >= 80; /* before 1954: no check digit */
    return s.n == 10 && digits_mod(str_cut(s, 0, 9), 11) % 10 == dig(s.p, 9);
}

static bool vat_cz(str s)
{
    if (!all_digits(s) || s.n < 8 || s.n > 10) return false;
    if (s.n == 8) {
        int r = (11 - weighted(s.p, "8765432") % 11) % 11;
        return s.p[0] != '9' && (r ? r : 1) % 10 == dig(s.p, 7);
    }
    if (s.n == 9 && s.p[0] == '6') {
        int r = weighted(s.p + 1, "8765432") % 11, c = 8 - ((10 - r) % 11 + 11) % 11;
        return (c + 10) % 10 == dig(s.p, 8);
    }
    return is_birth_number(s);
}

static bool vat_de(str s) { return s.n == 9 && all_digits(s) && s.p[0] != '0' && iso7064_11_10(s); }

static bool vat_dk(str s)
{
    return s.n == 8 && all_digits(s) && s.p[0] != '0' && weighted(s.p, "27654321") % 11 == 0;
}

static bool vat_ee(str s)
{
    return s.n == 9 && all_digits(s) && weighted(s.p, "371371371") % 10 == 0;
}

static bool vat_el(str s)
{
    int sum = 0;
    if (s.n != 9 || !all_digits(s)) return false;
    for (size_t i = 0; i < 8; i++) sum = sum * 2 + dig(s.p, i);
    return sum * 2 % 11 % 10 == dig(s.p, 8);
}

static bool vat_es(str s)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE", cif[] = "JABCDEFGHI";
    char t[9];
    if (s.n != 9 || !all_digits(str_cut(s, 1, 8))) return false;
    char first = s.p[0], last = s.p[8];
    memcpy(t, s.p, 8);
    if (first >= 'X' && first <= 'Z') t[0] = (char)('0' + first - 'X');
    if (first && strchr("KLM", first)) t[0] = '0';
    if (all_digits((str){t, 8})) return letters[digits_mod((str){t, 8}, 23)] == last;
    if (!first || !strchr("ABCDEFGHJNPQRSUVW", first)) return false;
    int c = 0;
    while (c < 10 && !luhn((str){(memcpy(t, s.p + 1, 7), t[7] = (char)('0' + c), t), 8})) c++;
    return last == cif[c] || last == '0' + c;
}

static bool vat_fi(str s)
{
    return s.n == 8 && all_digits(s) && weighted(s.p, "79A58421") % 11 == 0;
}

static bool vat_fr(str s)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    if (s.n != 11 || !all_digits(str_cut(s, 2, 11)) || !s.p[0] || !s.p[1]) return false;
    str siren = str_cut(s, 2, 11);
    if (!str_has_prefix(siren, S("000")) && !luhn(siren)) return false; /* 000: Monaco */
    if (all_digits(str_cut(s, 0, 2)))
        return digits_mod(str_cut(s, 0, 2), 97) == (12 + 3 * digits_mod(siren, 97)) % 97;
    const char *x = strchr(alphabet, s.p[0]), *y = strchr(alphabet, s.p[1]);
    if (!x || !y) return false;
    int c = x - alphabet < 10 ? (int)(x - alphabet) * 24 + (int)(y - alphabet) - 10
                              : (int)(x - alphabet) * 34 + (int)(y - alphabet) - 100;
    return (digits_mod(siren, 11) + 1 + c / 11) % 11 == c % 11;
}

static bool vat_hr(str s) { return s.n == 11 && all_digits(s) && iso7064_11_10(s); }

static bool vat_hu(str s)
{
    return s.n == 8 && all_digits(s) && weighted(s.p, "97319731") % 10 == 0;
}

static bool vat_ie(str s)
{
    static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
    char t[8];
    if (s.n != 8 && s.n != 9) return false;
    if (!all_digits(str_cut(s, 0, 1)) || !all_digits(str_cut(s, 2, 7))) return false;
    memcpy(t, s.p, 7);
    if (s.p[1] < '0' || s.p[1] > '9') { /* the old form: 8Z49289F */
        if (s.n != 8 || !((s.p[1] >= 'A' && s.p[1] <= 'Z') || s.p[1] == '+' || s.p[1] == '*'))
            return false;
        t[0] = '0';
        memcpy(t + 1, s.p + 2, 5);
        t[6] = s.p[0];
    }
    int sum = weighted(t, "8765432");
    if (s.n == 9) {
        const char *at = s.p[8] ? strchr(letters, s.p[8]) : NULL;
        if (!at) return false;
        sum += 9 * (int)(at - letters);
    }
    return letters[sum % 23] == s.p[7];
}

static bool vat_it(str s)
{
    if (s.n != 11 || !all_digits(s) || str_has_prefix(s, S("0000000"))) return false;
    int province = digits_mod(str_cut(s, 7, 10), 1000);
    bool known = (province >= 1 && province <= 100) || province == 120 || province == 121 ||
                 province == 888 || province == 999;
    return known && luhn(s);
}

static bool vat_lt(str s)
{
    if ((s.n != 9 && s.n != 12) || !all_digits(s) || s.p[s.n - 2] != '1') return false;
    int sum = weighted(s.p, s.n == 9 ? "12345678" : "12345678912") % 11;
    if (sum == 10) sum = weighted(s.p, s.n == 9 ? "34567891" : "34567891234") % 11;
    return sum % 10 == dig(s.p, s.n - 1);
}

static bool vat_lu(str s)
{
    return s.n == 8 && all_digits(s) &&
           digits_mod(str_cut(s, 0, 6), 89) == dig(s.p, 6) * 10 + dig(s.p, 7);
}

static bool vat_lv(str s)
{
    if (s.n != 11 || !all_digits(s)) return false;
    if (s.p[0] > '3') return weighted(s.p, "91483A25761") % 11 == 3;
    if (str_has_prefix(s, S("32"))) return true;           /* a person since 2017: no check digit */
    if (dig(s.p, 2) * 10 + dig(s.p, 3) > 12) return false; /* day, month, year of birth */
    return (1 + weighted(s.p, "A584216379")) % 11 % 10 == dig(s.p, 10);
}

static bool vat_mt(str s)
{
    return s.n == 8 && all_digits(s) && s.p[0] != '0' && weighted(s.p, "346789A1") % 37 == 0;
}

static bool vat_nl(str s)
{
    char t[16] = "NL";
    if (s.n != 12 || s.p[9] != 'B' || !all_digits(str_cut(s, 0, 9)) ||
        !all_digits(str_cut(s, 10, 12)))
        return false;
    if (str_has_suffix(s, S("00"))) return false;
    memcpy(t + 2, s.p, 12);
    return weighted(s.p, "98765432") % 11 == dig(s.p, 8) || mod97((str){t, 14}) == 1;
}

static bool vat_pl(str s)
{
    return s.n == 10 && all_digits(s) && weighted(s.p, "657234567") % 11 == dig(s.p, 9);
}

static bool vat_pt(str s)
{
    return s.n == 9 && all_digits(s) && s.p[0] != '0' &&
           (11 - weighted(s.p, "98765432") % 11) % 11 % 10 == dig(s.p, 8);
}

static bool vat_ro(str s)
{
    char t[11] = "0000000000";
    if (!all_digits(s) || s.p[0] == '0') return false;
    if (s.n == 13) {
        int r = weighted(s.p, "279146358279") % 11;
        return (r == 10 ? 1 : r) == dig(s.p, 12);
    }
    if (s.n < 2 || s.n > 10) return false;
    memcpy(t + 10 - s.n, s.p, s.n);
    return weighted(t, "753217532") * 10 % 11 % 10 == dig(t, 9);
}

static bool vat_se(str s)
{
    return s.n == 12 && all_digits(s) && luhn(str_cut(s, 0, 10)) && str_has_suffix(s, S("01"));
}

static bool vat_si(str s)
{
    if (s.n != 8 || !all_digits(s) || s.p[0] == '0') return false;
    int c = 11 - weighted(s.p, "8765432") % 11;
    return c != 11 && c % 10 == dig(s.p, 7);
}

static bool vat_sk(str s)
{
    if (s.n != 10 || !all_digits(s)) return false;
    return (s.p[0] != '0' && strchr("234789", s.p[2]) && digits_mod(s, 11) == 0) ||
           is_birth_number(s);
}

/* Northern Ireland: British numbers. */
static bool vat_xi(str s)
{
    if ((s.n != 9 && s.n != 12) || !all_digits(s)) {
        if (s.n != 5 || !all_digits(str_cut(s, 2, 5))) return false;
        int n = digits_mod(str_cut(s, 2, 5), 1000);
        return str_has_prefix(s, S("GD")) ? n < 500 : str_has_prefix(s, S("HA")) && n >= 500;
    }
    int r = weighted(s.p, "8765432A1") % 97;
    return r == 0 || (r == 42 && digits_mod(str_cut(s, 0, 3), 1000) >= 100);
}

static const struct {
    char country[4];
    signed char min, max;
    bool (*fits)(str);
} states[] = {
    {"AT", 9, 9, vat_at},   {"BE", 10, 10, vat_be}, {"BG", 9, 10, vat_bg},  {"CY", 9, 9, vat_cy},
    {"CZ", 8, 10, vat_cz},  {"DE", 9, 9, vat_de},   {"DK", 8, 8, vat_dk},   {"EE", 9, 9, vat_ee},
    {"EL", 9, 9, vat_el},   {"ES", 9, 9, vat_es},   {"FI", 8, 8, vat_fi},   {"FR", 11, 11, vat_fr},
    {"HR", 11, 11, vat_hr}, {"HU", 8, 8, vat_hu},   {"IE", 8, 9, vat_ie},   {"IT", 11, 11, vat_it},
    {"LT", 9, 12, vat_lt},  {"LU", 8, 8, vat_lu},   {"LV", 11, 11, vat_lv}, {"MT", 8, 8, vat_mt},
    {"NL", 12, 12, vat_nl}, {"PL", 10, 10, vat_pl}, {"PT", 9, 9, vat_pt},   {"RO", 2, 13, vat_ro},
    {"SE", 12, 12, vat_se}, {"SI", 8, 8, vat_si},   {"SK", 10, 10, vat_sk}, {"XI", 5, 12, vat_xi},
};

enum taxid_why taxid_vat(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '+' || c == '*'))
            return TAXID_CHARS;
    }
    for (size_t i = 0; i < COUNT(states); i++) {
        if (!str_has_prefix(s, str_from(states[i].country))) continue;
        str rest = str_cut(s, 2, s.n);
        if (rest.n < (size_t)states[i].min || rest.n > (size_t)states[i].max) return TAXID_LENGTH;
        return states[i].fits(rest) ? TAXID_OK : TAXID_CHECK;
    }
    return TAXID_COUNTRY;
}
