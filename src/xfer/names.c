/* SPDX-License-Identifier: MIT */
/* xfer/names.c - names of people and countries as tables hold them. */
#include "xfer/row.h"

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

bool name_parts(str name, str *ret_last, str *ret_first, str *ret_middle)
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

static bool is_one_of(str s, const char *codes)
{
    for (const char *c = codes; *c; c += 2)
        if (s.n == 2 && memcmp(s.p, c, 2) == 0) return true;
    return false;
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
