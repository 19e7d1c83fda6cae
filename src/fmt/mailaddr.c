/* SPDX-License-Identifier: MIT */
#include "fmt/mailaddr.h"

enum { LOCAL_MAX = 64, ADDR_MAX = 254, LABEL_MAX = 63, BLANKS_MAX = 9 };

static str trim(str s)
{
    for (size_t n = s.n + 1; n != s.n;) {
        n = s.n;
        s = str_trim(s);
        if (str_has_prefix(s, S("\xC2\xA0"))) s = str_cut(s, 2, s.n);
        if (str_has_suffix(s, S("\xC2\xA0"))) s.n -= 2;
        if (str_has_prefix(s, S("\xE2\x80\x8B")) || str_has_prefix(s, S("\xEF\xBB\xBF")))
            s = str_cut(s, 3, s.n);
        if (str_has_suffix(s, S("\xE2\x80\x8B"))) s.n -= 3;
    }
    return s;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters of other alphabets; blanks, controls and invisible characters of Unicode are none. */
static bool is_letter_above(uint32_t cp)
{
    return cp >= 0xC0 && cp != 0xFFFD && !(cp >= 0x2000 && cp < 0x2070) &&
           !(cp >= 0x3000 && cp <= 0x3002) && !(cp >= 0xD800 && cp < 0xF900) && cp != 0xFEFF &&
           cp != 0xFF20;
}

/* Atoms of allowed characters with single dots between. */
static bool is_dot_atom(str s, const char *extra, size_t atom_max, size_t *ret_atoms)
{
    size_t atom = 0, atoms = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (cp == '.') {
            if (!atom) return false;
            atom = 0;
            continue;
        }
        bool good =
            cp < 0x80 ? is_alnum((char)cp) || (cp && strchr(extra, (int)cp)) : is_letter_above(cp);
        if (!good) return false;
        atoms += atom == 0;
        atom += cp < 0x80 ? 1 : 2;
        if (atom > atom_max) return false;
    }
    *ret_atoms = atoms;
    return atom > 0;
}

static bool is_domain(str d)
{
    size_t labels = 0;
    if (!is_dot_atom(d, "-", LABEL_MAX, &labels) || labels < 2) return false;
    bool digits = true; /* the last label: 10.0.0.1 is no domain */
    for (size_t i = d.n; i > 0 && d.p[i - 1] != '.'; i--)
        digits = digits && d.p[i - 1] >= '0' && d.p[i - 1] <= '9';
    for (size_t i = 0; i < d.n; i++) {
        bool edge = i == 0 || i + 1 == d.n || d.p[i - 1] == '.' || d.p[i + 1] == '.';
        if (d.p[i] == '-' && edge) return false;
    }
    return !digits;
}

static bool check(str s)
{
    size_t atoms = 0, at = s.n;
    while (at > 0 && s.p[at - 1] != '@') at--;
    if (at < 2 || s.n > ADDR_MAX || at - 1 > LOCAL_MAX || !utf8_valid(s)) return false;
    return is_dot_atom(str_cut(s, 0, at - 1), "!#$%&'*+/=?^_`{|}~-", LOCAL_MAX, &atoms) &&
           is_domain(str_cut(s, at, s.n));
}

/* Latin Extended-A: pairs of even and odd, the other way round in two places. */
static uint32_t lower_extended(uint32_t cp)
{
    bool odd_is_upper = (cp >= 0x139 && cp < 0x149) || (cp >= 0x179 && cp < 0x17F);
    bool none =
        cp == 0x130 || cp == 0x131 || cp == 0x138 || cp == 0x149 || cp == 0x178 || cp == 0x17F;
    return !none && cp % 2 == odd_is_upper ? cp + 1 : cp;
}

/* Lower case of Latin and Cyrillic. */
static uint32_t lower(uint32_t cp)
{
    if (cp >= 'A' && cp <= 'Z') return cp + 32;
    if (cp >= 0xC0 && cp <= 0xDE) return cp == 0xD7 ? cp : cp + 32;
    if (cp >= 0x100 && cp < 0x180) return lower_extended(cp);
    if (cp >= 0x400 && cp < 0x410) return cp + 80;
    return cp >= 0x410 && cp < 0x430 ? cp + 32 : cp;
}

static str normal(struct arena *a, str s)
{
    char *p = arena_get(a, s.n + 4);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) n += utf8_put(p + n, lower(utf8_next(s, &i)));
    return (str){p, n};
}

static str unquote(str s)
{
    s = trim(s);
    while (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        s = trim(str_cut(s, 1, s.n - 1));
    return s;
}

bool mailaddr_parse(struct arena *a, str typed, struct mailaddr *ret)
{
    str s = trim(typed), name = S("");
    ptrdiff_t open = -1;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '<') open = (ptrdiff_t)i;
    if (open >= 0) {
        str tail, inside = str_cut(s, (size_t)open + 1, s.n);
        name = unquote(str_cut(s, 0, (size_t)open));
        if (!str_split(inside, '>', &inside, &tail)) return false;
        s = trim(inside);
    }
    while (s.n && strchr(".,;", s.p[s.n - 1]) && s.p[s.n - 1]) s = trim(str_cut(s, 0, s.n - 1));
    if (s.n > 7 && str_eq_nocase(str_cut(s, 0, 7), S("mailto:"))) s = trim(str_cut(s, 7, s.n));
    if (!check(s)) return false;
    *ret = (struct mailaddr){normal(a, s), arena_dup(a, name)};
    return true;
}

static bool is_break(char c) { return c && strchr(";,|\n\r\t", c); }

static bool is_blank(str s, size_t i)
{
    return s.p[i] == ' ' || s.p[i] == '/' || str_has_prefix(str_cut(s, i, s.n), S("\xC2\xA0"));
}

/* The end of the piece that starts at `from`: blanks and '/' part it only behind a whole address. */
static size_t piece_end(str s, size_t from)
{
    bool quoted = false, angle = false, at = false;
    size_t i = from;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"') quoted = !quoted;
        if (c == '<') angle = true;
        if (c == '@') at = true;
        if (c == '>' && !quoted) return i + 1;
        if (is_break(c) && !quoted && !angle) return i;
        if (at && !angle && !quoted && is_blank(s, i)) return i;
    }
    return i;
}

/* The run of other bytes than blanks and separators before s.p[to], or from s.p[from] on; one byte more than an
 * address can have is enough. */
static str run_before(str s, size_t to)
{
    size_t from = to;
    while (from > 0 && to - from <= ADDR_MAX && s.p[from - 1] != ' ' && !is_break(s.p[from - 1]))
        from--;
    return str_cut(s, from, to);
}

static str run_from(str s, size_t from)
{
    size_t to = from;
    while (to < s.n && to - from <= ADDR_MAX && s.p[to] != ' ' && !is_break(s.p[to])) to++;
    return str_cut(s, from, to);
}

static bool is_address(str local, str domain)
{
    char s[ADDR_MAX + 1];
    while (domain.n && strchr(".>)", domain.p[domain.n - 1])) domain.n--;
    if (local.n && local.p[0] == '<') local = str_cut(local, 1, local.n);
    if (local.n + 1 + domain.n > ADDR_MAX || memchr(local.p, '@', local.n)) return false;
    if (local.n) memcpy(s, local.p, local.n);
    s[local.n] = '@';
    if (domain.n) memcpy(s + local.n + 1, domain.p, domain.n);
    return check((str){s, local.n + 1 + domain.n});
}

/* Blanks on both sides of the @ at s.p[i]: false when there are none, or no address comes of it. */
static bool blanks_beside(str s, size_t i, size_t *ret_to)
{
    size_t from = i, to = i + 1;
    if (s.p[i] != '@') return false;
    while (from > 0 && i - from < BLANKS_MAX && s.p[from - 1] == ' ') from--;
    while (to < s.n && to - i < BLANKS_MAX && s.p[to] == ' ') to++;
    *ret_to = to;
    return to - from > 1 && is_address(run_before(s, from), run_from(s, to));
}

/* "ivanov @vektor.ru", "ivanov@ vektor.ru": blanks beside an @ go when both sides then make an address. */
static str close_up(struct arena *a, str s)
{
    struct buf b = buf_new(a, s.n + 1);
    if (str_find(s, S(" @")) < 0 && str_find(s, S("@ ")) < 0) return s;
    for (size_t i = 0; i < s.n;) {
        size_t to = i;
        if (!blanks_beside(s, i, &to)) {
            buf_byte(&b, s.p[i++]);
            continue;
        }
        while (b.n && b.p[b.n - 1] == ' ') b.n--;
        buf_byte(&b, '@');
        i = to;
    }
    return buf_str(&b);
}

size_t mailaddr_split(struct arena *a, str cell, struct mailaddr ret[MAILADDR_PARTS])
{
    size_t n = 0;
    cell = close_up(a, cell);
    for (size_t i = 0; i < cell.n && n < MAILADDR_PARTS;) {
        size_t end = piece_end(cell, i);
        str piece = trim(str_cut(cell, i, end));
        i = end +
            (end < cell.n && (is_break(cell.p[end]) || cell.p[end] == ' ' || cell.p[end] == '/'));
        if (end < cell.n && i == end && cell.p[end] == '\xC2') i += 2;
        if (str_eq(piece, S("/")) || str_has_prefix(piece, S("/ ")))
            piece = trim(str_cut(piece, 1, piece.n));
        if (!piece.n) continue;
        if (!mailaddr_parse(a, piece, &ret[n])) ret[n] = (struct mailaddr){S(""), piece};
        n++;
    }
    return n;
}
