/* SPDX-License-Identifier: MIT */
/* fmt/xlsx_style.c - number formats: which of them show dates, and serial numbers as ISO text.
 *
 * A serial number counts days. Day 1 is 1900-01-01, but Excel also counts a 29 February 1900 that
 * never was (60), so days from 61 on stand one further. In a 1904 workbook day 0 is 1904-01-01.
 */
#include "base/time.h"
#include "fmt/xlsx_int.h"

enum { FORMATS_MAX = 65536, CODES_MAX = 4096, CODE_MAX = 1024 };

static const struct {
    int id;
    str code;
} builtins[] = {{0, S0("General")},
                {1, S0("0")},
                {2, S0("0.00")},
                {3, S0("#,##0")},
                {4, S0("#,##0.00")},
                {9, S0("0%")},
                {10, S0("0.00%")},
                {11, S0("0.00E+00")},
                {12, S0("# ?/?")},
                {13, S0("# \?\?/\?\?")},
                {14, S0("mm-dd-yy")},
                {15, S0("d-mmm-yy")},
                {16, S0("d-mmm")},
                {17, S0("mmm-yy")},
                {18, S0("h:mm AM/PM")},
                {19, S0("h:mm:ss AM/PM")},
                {20, S0("h:mm")},
                {21, S0("h:mm:ss")},
                {22, S0("m/d/yy h:mm")},
                {37, S0("#,##0 ;(#,##0)")},
                {38, S0("#,##0 ;[Red](#,##0)")},
                {39, S0("#,##0.00;(#,##0.00)")},
                {40, S0("#,##0.00;[Red](#,##0.00)")},
                {45, S0("mm:ss")},
                {46, S0("[h]:mm:ss")},
                {47, S0("mmss.0")},
                {48, S0("##0.0E+0")},
                {49, S0("@")}};

struct xlsx_format format_builtin(int64_t id)
{
    for (size_t i = 0; i < COUNT(builtins); i++)
        if (builtins[i].id == id)
            return (struct xlsx_format){format_shows(builtins[i].code), builtins[i].code};
    /* East Asian dates and times; the same id is a date in one country and a time in the next */
    if ((id >= 27 && id <= 36) || (id >= 50 && id <= 58))
        return (struct xlsx_format){SHOWS_DATE | SHOWS_EITHER, S("")};
    return (struct xlsx_format){0};
}

/* Skips one literal of a format code: "text", \x, _x, *x. Gives the place behind it, or i. */
static size_t skip_literal(str f, size_t i)
{
    char c = f.p[i];
    if (c == '\\' || c == '_' || c == '*') return i + 2;
    if (c != '"') return i;
    for (i++; i < f.n && f.p[i] != '"'; i++) {}
    return i + 1;
}

/* [Red], [$-419], [>5] say nothing; [h], [mm] are spans of time. */
static size_t skip_bracket(str f, size_t i, unsigned *shows)
{
    size_t from = ++i;
    bool span = true;
    for (; i < f.n && f.p[i] != ']'; i++) span = span && memchr("hHmMsS", f.p[i], 6);
    if (span && i > from) *shows |= SHOWS_TIME | SHOWS_SPAN;
    return i + 1;
}

/* A digit's place makes it a number; zeros behind seconds are their fraction. */
static bool is_digit_place(char c, bool in_seconds)
{
    return c == '#' || c == '?' || (c == '0' && !in_seconds);
}

static unsigned letter_shows(str f, size_t i)
{
    char c = (char)(f.p[i] | 0x20);
    if (c == 'y' || c == 'd') return SHOWS_DATE;
    if (c == 'h' || c == 's') return SHOWS_TIME;
    bool am_pm = i && (f.p[i - 1] == 'A' || f.p[i - 1] == 'P');
    return c == 'm' && !am_pm ? SHOWS_EITHER : 0; /* month or minute */
}

unsigned format_shows(str f)
{
    unsigned shows = 0;
    bool in_seconds = false;
    if (str_eq_nocase(f, S("General")) || str_eq_nocase(f, S("Standard"))) return 0;
    for (size_t i = 0; i < f.n && f.p[i] != ';';) {
        size_t next = skip_literal(f, i);
        if (next == i && f.p[i] == '[') next = skip_bracket(f, i, &shows);
        if (next != i) {
            i = next;
            continue;
        }
        shows |= letter_shows(f, i);
        if (is_digit_place(f.p[i], in_seconds)) return 0;
        in_seconds = (f.p[i] | 0x20) == 's' || (in_seconds && memchr(".,0", f.p[i], 3));
        i++;
    }
    bool is_month = (shows & SHOWS_EITHER) && !(shows & SHOWS_TIME);
    return (shows & ~(unsigned)SHOWS_EITHER) | (is_month ? SHOWS_DATE : 0);
}

/* ---- serial numbers ---- */
struct serial {
    int64_t days, seconds;
};

static bool exponent(str s, int64_t *ret)
{
    if ((s.p[0] | 0x20) != 'e') return false;
    size_t i = s.n > 1 && s.p[1] == '+' ? 2 : 1;
    return str_to_int(str_cut(s, i, s.n), ret) && *ret <= 100 && *ret >= -100;
}

/* Digits of a plain or scientific decimal: value = m * 10^e. At most 18 digits count. */
static bool decimal(str s, int64_t *m, int64_t *e)
{
    size_t i = 0, digits = 0;
    bool point = false;
    *m = *e = 0;
    for (; i < s.n && (s.p[i] == '.' || (s.p[i] >= '0' && s.p[i] <= '9')); i++) {
        if (s.p[i] == '.') {
            if (point) return false;
            point = true;
            continue;
        }
        digits++;
        bool fits = *m < 100000000000000000;
        if (fits) *m = *m * 10 + (s.p[i] - '0');
        *e += fits ? -(int64_t)point : !point;
    }
    int64_t exp = 0;
    if (!digits || (i < s.n && !exponent(str_cut(s, i, s.n), &exp))) return false;
    *e += exp;
    return true;
}

static bool serial_parse(str raw, struct serial *ret)
{
    int64_t m = 0, e = 0;
    __extension__ typedef __int128 wide;
    if (!decimal(raw, &m, &e)) return false;
    wide over = 1;
    for (; e > 0 && m && m < 10000000; e--) m *= 10;
    if (e > 0 && m) return false;
    for (; e < 0 && over < (wide)1000000000000000000 * 1000; e++) over *= 10;
    if (e < 0) m = 0;
    wide sec = ((wide)m * 86400 + over / 2) / over;
    if (sec > (wide)2958466 * 86400 - 1) return false;
    ret->days = (int64_t)(sec / 86400);
    ret->seconds = (int64_t)(sec % 86400);
    return true;
}

static bool serial_day(int64_t days, bool is_1904, int64_t *ret)
{
    if (is_1904) *ret = day_from(1904, 1, 1) + days;
    else if (days < 1 || days == 60) return false;
    else *ret = day_from(1899, 12, days < 60 ? 31 : 30) + days;
    return true;
}

bool serial_text(struct arena *a, str raw, unsigned shows, bool is_1904, enum cell_kind *ret_kind,
                 str *ret)
{
    struct serial v = {0};
    int64_t day = 0;
    if (!shows || !serial_parse(raw, &v)) return false;
    if (shows & SHOWS_EITHER)
        shows = v.days == 0 ? SHOWS_TIME : v.seconds ? SHOWS_DATE | SHOWS_TIME : SHOWS_DATE;
    bool is_span = (shows & SHOWS_SPAN) || (v.days == 0 && (shows & SHOWS_TIME));
    if (is_span) {
        *ret_kind = CELL_TIME;
        *ret = arena_fmt(a, "%02" PRId64 ":%02d:%02d", v.days * 24 + v.seconds / 3600,
                         (int)(v.seconds / 60 % 60), (int)(v.seconds % 60));
        return true;
    }
    if (!serial_day(v.days, is_1904, &day)) return false;
    str date = day_text(a, day);
    if (!v.seconds) shows &= ~(unsigned)SHOWS_TIME; /* programs show a time with each day: nobody meant midnight */
    *ret_kind = shows & SHOWS_TIME ? CELL_DATETIME : CELL_DATE;
    *ret = !(shows & SHOWS_TIME)
               ? date
               : arena_fmt(a, "%.*sT%02d:%02d:%02d", FS(date), (int)(v.seconds / 3600),
                           (int)(v.seconds / 60 % 60), (int)(v.seconds % 60));
    return true;
}

/* ---- styles.xml ---- */
struct code {
    int64_t id;
    str code;
};
struct styles {
    struct arena *a;
    LIST(struct code) codes;
    bool in_xfs;
};

static struct xlsx_format format_of(const struct styles *s, int64_t id)
{
    for (size_t i = 0; i < s->codes.n; i++)
        if (s->codes.v[i].id == id)
            return (struct xlsx_format){format_shows(s->codes.v[i].code), s->codes.v[i].code};
    return format_builtin(id);
}

static void style_start(struct xlsx_part *p, str name, const char **attr)
{
    struct styles *s = p->u;
    int64_t id = 0;
    if (str_eq(name, S("cellXfs"))) s->in_xfs = true;
    if (!str_to_int(part_attr(attr, S("numFmtId")), &id)) id = 0;
    if (str_eq(name, S("numFmt"))) {
        str code = str_cut(part_attr(attr, S("formatCode")), 0, CODE_MAX);
        if (s->codes.n < CODES_MAX && utf8_valid(code))
            *LIST_ADD(s->a, &s->codes) = (struct code){id, arena_dup(p->x->own, code)};
    } else if (s->in_xfs && str_eq(name, S("xf"))) {
        if (p->x->formats.n == FORMATS_MAX)
            part_stop(
                p, fail(p->cx, E_LIMIT, "The workbook has more than %d cell formats", FORMATS_MAX));
        else *LIST_ADD(p->x->own, &p->x->formats) = format_of(s, id);
    }
}

static void style_end(struct xlsx_part *p, str name)
{
    struct styles *s = p->u;
    if (str_eq(name, S("cellXfs"))) s->in_xfs = false;
}

enum err styles_read(struct cx *cx, struct xlsx *x, str name)
{
    static const struct xlsx_face face = {.start = style_start, .end = style_end};
    struct arena *a OWNED(arena_free) = arena_new();
    struct styles s = {.a = a};
    return part_read(cx, x, name, &face, &s);
}
