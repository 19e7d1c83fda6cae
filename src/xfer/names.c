/* SPDX-License-Identifier: MIT */
/* xfer/names.c - names of people and countries as tables hold them. */
#include "xfer/row.h"

#include "fmt/fold.h"
#include "xfer/head.h"

#include <unicode/uchar.h>

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0 || c == 0x202f ||
           c == 0x2009;
}

static str squeeze(struct arena *a, str s)
{
    struct buf b = buf_new(a, s.n + 1);
    bool gap = false;
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        uint32_t c = utf8_next(s, &at);
        if (is_blank(c) || c == 0xfeff || c == 0x200b) {
            gap = is_blank(c) || gap;
            continue;
        }
        if (gap && b.n) buf_byte(&b, ' ');
        gap = false;
        buf_add(&b, str_cut(s, from, at));
    }
    return buf_str(&b);
}

struct letters {
    size_t upper, lower, lost, yo, words;
};
static struct letters letters_of(str s)
{
    struct letters l = {.words = s.n > 0};
    for (size_t at = 0; at < s.n;) {
        uint32_t c = utf8_next(s, &at);
        if (c == '?') l.lost++;
        else if (c == ' ') l.words++;
        else if (u_isupper((UChar32)c)) l.upper++;
        else if (u_isalpha((UChar32)c)) l.lower++;
        l.yo += c == 0x451 || c == 0x401;
    }
    return l;
}

/* Only names of two words and more: a short one may be an abbreviation. */
static str calm(struct arena *a, str s)
{
    struct letters l = letters_of(s);
    if (l.lower || l.upper < 5 || l.words < 2 || head_is_firm(a, s)) return s;
    struct buf b = buf_new(a, s.n * 2 + 8);
    bool first = true;
    for (size_t at = 0; at < s.n;) {
        char out[4];
        uint32_t c = utf8_next(s, &at);
        size_t n = utf8_put(out, first ? c : (uint32_t)u_tolower((UChar32)c));
        buf_add(&b, (str){out, n});
        first = c == ' ' || c == '-' || c == '.';
    }
    return buf_str(&b);
}

str name_clean(struct arena *a, str typed, str *ret_aside)
{
    str s = squeeze(a, typed);
    *ret_aside = S("");
    if (str_has_suffix(s, S(")"))) {
        size_t i = s.n;
        while (i > 0 && s.p[i - 1] != '(') i--;
        if (i > 1) {
            *ret_aside = str_trim(str_cut(s, i, s.n - 1));
            s = str_trim(str_cut(s, 0, i - 1));
        }
    }
    while (s.n && strchr(",;", s.p[s.n - 1])) s.n--;
    return calm(a, s);
}

bool name_is_better(str now, str then)
{
    struct letters a = letters_of(now), b = letters_of(then);
    if (a.lost != b.lost) return a.lost < b.lost;
    if ((a.lower == 0) != (b.lower == 0)) return a.lower > 0;
    if (a.words != b.words) return a.words > b.words;
    return a.yo > b.yo;
}

/* "И.И.", "И. И.", "И.И", "J.": one capital or two, each with its point. */
static bool initials(str s, str *ret_first, str *ret_middle)
{
    str v[2] = {0};
    size_t n = 0;
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        uint32_t c = utf8_next(s, &at);
        if (c == ' ' && n) continue;
        if (n == COUNT(v) || !u_isupper((UChar32)c)) return false;
        bool has_point = at < s.n && s.p[at] == '.';
        if (!has_point && (n == 0 || at < s.n)) return false;
        at += has_point;
        v[n++] = str_cut(s, from, at);
    }
    *ret_first = v[0];
    *ret_middle = v[1];
    return n > 0;
}

/* "Иванов И.И." and "И.И. Иванов": the last name is the word without a point. */
static bool initials_parts(str name, str *ret_last, str *ret_first, str *ret_middle)
{
    str head = {0}, rest = {0};
    if (!str_split(name, ' ', &head, &rest)) return false;
    if (!initials(rest, ret_first, ret_middle)) {
        size_t i = name.n;
        while (i > 0 && name.p[i - 1] != ' ') i--;
        head = str_cut(name, i, name.n);
        if (!initials(str_trim(str_cut(name, 0, i)), ret_first, ret_middle)) return false;
    }
    if (memchr(head.p, '.', head.n) || utf8_len(head) < 2) return false;
    *ret_last = head;
    return true;
}

static bool patronymic_parts(str name, str *ret_last, str *ret_first, str *ret_middle)
{
    static const str ends[] = {S0("ович"), S0("евич"),   S0("ёвич"), S0("овна"), S0("евна"),
                               S0("ична"), S0("инична"), S0("ьич"),  S0("мич"),  S0("нич"),
                               S0("кич"),  S0("оглы"),   S0("кызы")};
    str last = {0}, first = {0}, middle = {0}, rest = {0};
    if (!str_split(name, ' ', &last, &rest) || !str_split(rest, ' ', &first, &middle)) return false;
    if (memchr(middle.p, ' ', middle.n)) return false;
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (!str_has_suffix(middle, ends[i])) continue;
        *ret_last = last;
        *ret_first = first;
        *ret_middle = middle;
        return true;
    }
    return false;
}

bool name_parts(str name, str *ret_last, str *ret_first, str *ret_middle)
{
    return initials_parts(name, ret_last, ret_first, ret_middle) ||
           patronymic_parts(name, ret_last, ret_first, ret_middle);
}

bool name_is_full(str name)
{
    str last = {0}, first = {0}, middle = {0};
    return patronymic_parts(name, &last, &first, &middle);
}

static str join(struct arena *a, str x, str y, str z)
{
    struct buf b = buf_new(a, x.n + y.n + z.n + 4);
    str v[] = {x, y, z};
    for (size_t i = 0; i < COUNT(v); i++) {
        if (v[i].n == 0) continue;
        if (b.n) buf_byte(&b, ' ');
        buf_add(&b, v[i]);
    }
    return buf_str(&b);
}

str name_join(struct arena *a, str last, str first, str middle)
{
    bool east = str_eq(country_of_name(last.n ? last : first, S("RU")), S("RU"));
    return east ? join(a, last, first, middle) : join(a, first, middle, last);
}

/* A form of address, not a degree: "Herr", "Frau", "г-н". */
static bool is_address_form(struct arena *a, str word)
{
    static const str more[] = {S0("hr"), S0("fr"), S0("г н"), S0("г жа"), S0("miss")};
    static const str degrees[] = {S0("dr"), S0("prof"), S0("dipl"), S0("ing")};
    str w = head_norm(a, word);
    for (size_t i = 0; i < COUNT(more); i++)
        if (str_eq(w, more[i])) return true;
    for (size_t i = 0; i < COUNT(degrees); i++)
        if (str_eq(w, degrees[i])) return false;
    return fold_is_title(w);
}

static bool is_capital(str word)
{
    size_t at = 0;
    return word.n && u_isupper((UChar32)utf8_next(word, &at));
}

static bool is_no_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("0123456789@&()\"", s.p[i])) return true;
    return false;
}

/* Words with capitals; alone or with few only behind a form of address, which is cut off. */
static bool person_cut(struct arena *a, str s, bool needs_form, struct mixed *ret)
{
    str word = {0}, rest = {0};
    size_t words = 0;
    if (s.n == 0 || s.n > 120 || head_is_firm(a, s) || is_no_name(s)) return false;
    str_split(s, ' ', &word, &rest);
    ret->form = S("");
    if (is_address_form(a, word)) {
        ret->form = word;
        s = str_trim(rest);
    }
    ret->person = s;
    for (rest = s; rest.n > 0; words++) {
        str_split(rest, ' ', &word, &rest);
        if (rest.n == 0 && !is_capital(word)) return false;
    }
    return is_capital(s) && words <= 5 && (ret->form.n ? words >= 1 : !needs_form && words >= 2);
}

bool name_mixed(struct arena *a, str typed, bool needs_form, struct mixed *ret)
{
    struct mixed m = {0};
    str s = squeeze(a, typed);
    for (size_t i = s.n; i-- > 1;) {
        if (!strchr(",;/|", s.p[i])) continue;
        str left = str_trim(str_cut(s, 0, i)), right = str_trim(str_cut(s, i + 1, s.n));
        bool is_first = head_is_firm(a, left);
        if (!is_first && !head_is_firm(a, right)) continue;
        m.firm = is_first ? left : right;
        if (!person_cut(a, is_first ? right : left, needs_form, &m)) continue;
        *ret = m;
        return true;
    }
    return false;
}

static bool is_one_of(str s, const char *codes)
{
    for (const char *c = codes; *c; c += 2)
        if (s.n == 2 && memcmp(s.p, c, 2) == 0) return true;
    return false;
}

static size_t digits_in(str s, size_t from)
{
    size_t n = 0;
    while (from + n < s.n && s.p[from + n] >= '0' && s.p[from + n] <= '9') n++;
    return n;
}

/* "80331", "D-80331", "LT-44123", "00-950", "101000". */
static bool is_postcode(str s)
{
    size_t at = 0;
    while (at < s.n && at < 3 && s.p[at] >= 'A' && s.p[at] <= 'Z') at++;
    if (at && (at == s.n || s.p[at++] != '-')) return false;
    size_t n = digits_in(s, at);
    if (at + n == s.n) return n >= 4 && n <= 6;
    return n == 2 && s.p[at + 2] == '-' && digits_in(s, at + 3) == 3 && at + 6 == s.n;
}

/* Letters, and not "AB Amsterdam": there the postcode goes on. */
static bool is_town(str s)
{
    size_t at = 0;
    if (s.n < 2) return false;
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == ',') return false;
    if (s.n > 2 && s.p[2] == ' ' && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' &&
        s.p[1] <= 'Z')
        return false;
    return u_isalpha((UChar32)utf8_next(s, &at));
}

static str bare(str s)
{
    s = str_trim(s);
    while (s.n && s.p[0] == ',') s = str_trim(str_cut(s, 1, s.n));
    while (s.n && s.p[s.n - 1] == ',') s = str_trim(str_cut(s, 0, s.n - 1));
    return s;
}

bool zip_town(str s, str *ret_zip, str *ret_town)
{
    s = bare(s);
    size_t head = 0, tail = s.n;
    while (head < s.n && s.p[head] != ' ' && s.p[head] != ',') head++;
    while (tail > 0 && s.p[tail - 1] != ' ' && s.p[tail - 1] != ',') tail--;
    bool is_first = is_postcode(str_cut(s, 0, head));
    if (!is_first && !is_postcode(str_cut(s, tail, s.n))) return false;
    str town = bare(is_first ? str_cut(s, head, s.n) : str_cut(s, 0, tail));
    if (!is_town(town)) return false;
    *ret_zip = is_first ? str_cut(s, 0, head) : str_cut(s, tail, s.n);
    *ret_town = town;
    return true;
}

str country_of_name(str name, str home)
{
    size_t cyrillic = 0, baltic = 0, german = 0;
    for (size_t at = 0; at < name.n;) {
        uint32_t c = (uint32_t)u_tolower((UChar32)utf8_next(name, &at));
        cyrillic += c >= 0x400 && c <= 0x52f;
        baltic += c == 0x117 || c == 0x119 || c == 0x12f || c == 0x173 || c == 0x16b;
        german += c == 0xe4 || c == 0xf6 || c == 0xfc || c == 0xdf;
    }
    if (cyrillic > 1) return is_one_of(home, "RUBYUAKZKGUZTJBGRSMD") ? home : S("RU");
    if (baltic) return S("LT");
    if (german) return is_one_of(home, "DEATCHTREESEFIHULI") ? home : S("DE");
    return S("");
}
