/* SPDX-License-Identifier: MIT */
#include "fmt/phone.h"
#include "fmt/phone_int.h"

/* ---- reading what was typed ---- */
enum { TYPED_MAX = 200 };
struct typed {
    char d[32]; /* digits of the number */
    size_t n;
    char ext[PHONE_EXT + 1];
    size_t ext_n;
    char hint[3]; /* "(LT)" */
    bool plus, in_ext;
    size_t hyphens, last_hyphen,
        groups; /* hyphen: digits before the last one; groups: other gaps */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

static void take_digit(struct typed *t, char c)
{
    if (t->in_ext) {
        if (t->ext_n < PHONE_EXT) t->ext[t->ext_n++] = c;
    } else if (t->n < sizeof t->d) t->d[t->n++] = c;
}

/* A bracket at s.p[i]: "(0)" and "(LT)" are eaten whole, others are blanks. Gives the bytes to skip. */
static size_t take_bracket(struct typed *t, str s, size_t i)
{
    bool intl = t->plus || (t->n >= 2 && t->d[0] == '0' && t->d[1] == '0');
    t->groups += t->n > 0;
    if (intl && str_has_prefix(str_cut(s, i, s.n), S("(0)"))) return 3;
    if (s.n - i >= 4 && is_upper(s.p[i + 1]) && is_upper(s.p[i + 2]) && s.p[i + 3] == ')') {
        memcpy(t->hint, s.p + i + 1, 2);
        return 4;
    }
    return 1;
}

/* Marks that part digits. */
static size_t take_mark(struct typed *t, str s, size_t i)
{
    char c = s.p[i];
    if (c == '(') return take_bracket(t, s, i);
    if (c == '+' && t->n == 0) t->plus = true;
    if (c == '#' && t->n >= 5) t->in_ext = true;
    if (c == '-') {
        t->hyphens++;
        t->last_hyphen = t->n;
    } else if ((c == ' ' || c == '/' || c == ')') && t->n && !t->hyphens) t->groups++;
    return 1;
}

static void scan(struct arena *a, str s, struct typed *t)
{
    enum phone_use use;
    for (size_t i = 0; i < s.n;) {
        size_t word = phone_word_len(s, i);
        if (word) {
            bool ext = phone_word(a, str_cut(s, i, i + word), &use) == WORD_EXT;
            t->in_ext = t->n >= 5 && (ext || t->in_ext);
            i += word;
        } else if (is_digit(s.p[i])) take_digit(t, s.p[i++]);
        else if (str_has_prefix(str_cut(s, i, s.n), S("\xE2\x80\x93"))) { /* en dash */
            t->hyphens++;
            t->last_hyphen = t->n;
            i += 3;
        } else i += take_mark(t, s, i);
    }
}

/* ---- from national to international ---- */
static bool starts(const struct typed *t, const char *z)
{
    return str_has_prefix((str){t->d, t->n}, str_from(z));
}

/* Is s.p[at] the first digit of a Russian area or mobile code? */
static bool is_russian_code(const struct typed *t, size_t at)
{
    return t->n > at && strchr("3489", t->d[at]);
}

static str join(struct arena *a, const char *code, const struct typed *t, size_t skip)
{
    return arena_fmt(a, "%s%.*s", code, (int)(t->n - skip), t->d + skip);
}

static str intl_lt(struct arena *a, const struct typed *t)
{
    if (t->n == 9 && (t->d[0] == '8' || t->d[0] == '0')) return join(a, "370", t, 1);
    if (t->n == 8 && strchr("3456", t->d[0])) return join(a, "370", t, 0);
    return t->n == 11 && starts(t, "370") ? (str){t->d, t->n} : S("");
}

static str intl_ru(struct arena *a, const struct typed *t)
{
    if (starts(t, "810") && t->n > 11) return (str){t->d + 3, t->n - 3};
    if (t->n == 11 && (t->d[0] == '7' || t->d[0] == '8')) return join(a, "7", t, 1);
    return t->n == 10 && is_russian_code(t, 0) ? join(a, "7", t, 0) : S("");
}

static str intl_de(struct arena *a, const struct typed *t)
{
    return t->n > 6 && t->d[0] == '0' && t->d[1] != '0' ? join(a, "49", t, 1) : S("");
}

/* International digits for the plans read here; "" = the library shall read the national form. */
static str to_intl(struct arena *a, const struct typed *t, str country)
{
    bool ru = str_eq(country, S("RU")) || str_eq(country, S("KZ"));
    bool lt = str_eq(country, S("LT")), de = str_eq(country, S("DE"));
    if (t->plus) return (str){t->d, t->n};
    if (starts(t, "00") && t->n > 8) return (str){t->d + 2, t->n - 2};
    str s = ru ? intl_ru(a, t) : lt ? intl_lt(a, t) : de ? intl_de(a, t) : S("");
    bool trunk8 = t->n == 11 && t->d[0] == '8' && is_russian_code(t, 1);
    if (!s.n && trunk8 && (de || lt || !country.n)) return join(a, "7", t, 1);
    return s;
}

static void by_library(struct arena *a, str number, str country, struct phone *p)
{
    char e164[24] = "", region[4] = "";
    int type = -1;
    const char *z = arena_z(a, country.n ? country : S("ZZ"));
    int r = phone_lib(arena_z(a, number), z, e164, region, &type);
    if (r < 0) {
        p->why = PHONE_INVALID;
        return;
    }
    p->valid = r == 1;
    p->why = p->valid ? PHONE_OK : PHONE_INVALID;
    p->e164 = arena_dup(a, str_from(e164));
    p->country = arena_dup(a, str_from(region));
    p->kind = !p->valid   ? PHONE_UNKNOWN
              : type == 0 ? PHONE_FIXED
              : type == 1 ? PHONE_MOBILE
                          : PHONE_UNKNOWN;
}

/* Digits without '+' that are no number at home but one with it: how telephone systems and spreadsheets write. */
static bool retry_as_intl(struct arena *a, str digits, struct phone *p)
{
    struct phone q = *p;
    if (digits.n < 10 || digits.p[0] == '0') return false;
    if (phone_fast(digits, &q.country, &q.kind)) {
        q.valid = true;
        q.why = PHONE_OK;
        q.e164 = arena_fmt(a, "+%.*s", FS(digits));
    } else by_library(a, arena_fmt(a, "+%.*s", FS(digits)), S(""), &q);
    if (!q.valid) return false;
    *p = q;
    return true;
}

static void resolve(struct arena *a, const struct typed *t, str country, struct phone *p)
{
    str intl = to_intl(a, t, country), digits = arena_dup(a, (str){t->d, t->n});
    if (intl.n && phone_fast(intl, &p->country, &p->kind)) {
        p->valid = true;
        p->e164 = arena_fmt(a, "+%.*s", FS(intl));
        return;
    }
    /* every number is longer with its country's code: try that first where a home number would start with 0 */
    bool zero = str_eq(country, S("DE")) || str_eq(country, S("LT")) || !country.n;
    if (!intl.n && zero && digits.n >= 11 && retry_as_intl(a, digits, p)) return;
    by_library(a, intl.n ? arena_fmt(a, "+%.*s", FS(intl)) : digits, country, p);
    if (!p->valid && !intl.n) (void)retry_as_intl(a, digits, p);
}

/* "0221 55501-12": the area is set apart, one hyphen, up to three digits behind it. They are dialled
 * with the number. */
static void direct_dial(struct arena *a, const struct typed *t, struct phone *p)
{
    bool german = str_eq(p->country, S("DE")) || str_eq(p->country, S("AT"));
    size_t behind = t->n - t->last_hyphen;
    if (!german || t->ext_n || t->hyphens != 1 || !t->groups || behind == 0 || behind > 3) return;
    p->ext = arena_dup(a, (str){t->d + t->last_hyphen, behind});
    p->ext_inside = true;
}

bool phone_parse(struct arena *a, str typed, str country, struct phone *ret)
{
    struct typed t = {0};
    struct phone p = {
        .why = PHONE_OK, .e164 = S(""), .ext = S(""), .country = S(""), .digits = S("")};
    str s = str_trim(str_cut(typed, 0, TYPED_MAX));
    bool rounded = phone_is_rounded(s);
    if (str_has_suffix(s, S(".0")) && s.n > 9) s.n -= 2; /* a number cell read as text */
    scan(a, s, &t);
    p.digits = arena_dup(a, (str){t.d, t.n});
    p.ext = arena_dup(a, (str){t.ext, t.ext_n});
    if (t.hint[0]) country = str_from(t.hint);
    if (rounded) p.why = PHONE_ROUNDED;
    else if (t.n == 0) p.why = PHONE_EMPTY;
    else if (t.n < 7) p.why = PHONE_SHORT;
    else if (t.n > PHONE_DIGITS + 4) p.why = PHONE_LONG;
    else {
        resolve(a, &t, country, &p);
        direct_dial(a, &t, &p);
    }
    *ret = p;
    return p.valid;
}

/* ---- looking up ---- */
str phone_digits(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (is_digit(s.p[i])) p[n++] = s.p[i];
    return (str){p, n};
}

/* The number inside of "Name" <sip:+7916...@host;user=phone>. */
static str bare_caller(str s)
{
    str head, tail;
    ptrdiff_t at = str_find(s, S("<"));
    if (at >= 0) s = str_cut(s, (size_t)at + 1, s.n);
    (void)str_split(s, '>', &head, &tail);
    if (str_has_prefix(head, S("sip:"))) head = str_cut(head, 4, head.n);
    else if (str_has_prefix(head, S("sips:"))) head = str_cut(head, 5, head.n);
    else if (str_has_prefix(head, S("tel:"))) head = str_cut(head, 4, head.n);
    (void)str_split(head, '@', &head, &tail);
    (void)str_split(head, ';', &head, &tail);
    return head;
}

void phone_query(struct arena *a, str caller, str country, struct phone *ret, str *ret_last7)
{
    str s = bare_caller(str_trim(caller));
    (void)phone_parse(a, s, country, ret);
    str d = ret->digits;
    *ret_last7 = d.n >= 7 ? str_cut(d, d.n - 7, d.n) : S("");
}
