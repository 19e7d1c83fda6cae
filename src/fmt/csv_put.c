/* SPDX-License-Identifier: MIT */
/* fmt/csv_put.c - writing separated text, with the guard against formulas. */
#include "fmt/csv.h"

const struct csv_style csv_excel = {';', true, false};

/* Number of bytes of the character at the head of s that may start a formula, 0 = harmless. */
static size_t starter(str s)
{
    static const str wide[] = {S0("\xEF\xBC\x9D"), S0("\xEF\xBC\x8B"), S0("\xEF\xBC\x8D"),
                               S0("\xEF\xBC\xA0"), S0("\xEF\xBD\x9C")}; /* U+FF1D 0B 0D 20, FF5C */
    if (!s.n) return 0;
    if (memchr("=+-@|\t\r\n", s.p[0], 8)) return 1;
    for (size_t i = 0; i < COUNT(wide); i++)
        if (str_has_prefix(s, wide[i])) return wide[i].n;
    return 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* "e5", "E-12" */
static bool is_exponent(str s)
{
    size_t i = s.n > 1 && (s.p[1] == '+' || s.p[1] == '-') ? 2 : 1;
    if ((s.p[0] | 0x20) != 'e' || i >= s.n) return false;
    while (i < s.n && is_digit(s.p[i])) i++;
    return i == s.n;
}

/* Sign, digits in groups, one decimal mark, exponent: text that only ever means itself. */
static bool is_number(str s)
{
    size_t i = 1, digits = 0, marks = 0;
    for (; i < s.n && (is_digit(s.p[i]) || memchr(" .,", s.p[i], 3)); i++) {
        digits += is_digit(s.p[i]);
        marks += s.p[i] == '.' || s.p[i] == ',';
    }
    return digits && marks <= 4 && (i == s.n || is_exponent(str_cut(s, i, s.n)));
}

static bool is_phone(str s)
{
    bool apart = false, dashed = false;
    size_t digits = 0;
    if (s.p[0] != '+' || s.n < 2 || !is_digit(s.p[1])) return false;
    for (size_t i = 1; i < s.n; i++) {
        char c = s.p[i];
        if (is_digit(c)) digits++;
        else if (c == ' ' || c == '(' || c == ')') apart = true;
        else if (c == '-' || c == '/') dashed = true;
        else if (c != '.') return false;
    }
    return digits >= 5 && digits <= 20 && (!dashed || apart);
}

static bool risky_or_quoted(str s)
{
    while (s.n && s.p[0] == '\'') s = str_cut(s, 1, s.n);
    return starter(s) > 0;
}

bool csv_is_risky(str s)
{
    if (!s.n) return false;
    if (s.p[0] == '\'') return risky_or_quoted(s);
    if (!starter(s)) return false;
    bool is_signed = s.p[0] == '+' || s.p[0] == '-';
    return !(is_signed && (is_number(s) || is_phone(s)));
}

str csv_unguard(str s)
{
    return s.n > 1 && s.p[0] == '\'' && risky_or_quoted(s) ? str_cut(s, 1, s.n) : s;
}

static bool needs_quotes(str s, char sep)
{
    if (!s.n) return false;
    if (s.p[0] == ' ' || s.p[s.n - 1] == ' ' || s.p[0] == '\'') return true;
    if (str_eq_nocase(str_cut(s, 0, 4), S("sep="))) return true; /* not Excel's hint */
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == sep || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t')
            return true;
    return false;
}

static void put_quoted(struct buf *b, str s, bool guard)
{
    str head, tail = s;
    buf_byte(b, '"');
    if (guard) buf_byte(b, '\'');
    while (str_split(tail, '"', &head, &tail)) {
        buf_add(b, head);
        buf_add(b, S("\"\""));
    }
    buf_add(b, head);
    buf_byte(b, '"');
}

void csv_put_head(struct buf *b, const struct csv_style *s)
{
    if (s->mark) buf_add(b, S("\xEF\xBB\xBF"));
}

void csv_put_row(struct buf *b, const struct csv_style *s, const str *cell, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool guard = !s->no_guard && csv_is_risky(cell[i]);
        if (i) buf_byte(b, s->sep);
        if (guard || needs_quotes(cell[i], s->sep) || (n == 1 && !cell[i].n))
            put_quoted(b, cell[i], guard); /* a lone empty cell too: a blank line is no row */
        else buf_add(b, cell[i]);
    }
    buf_add(b, S("\r\n"));
}
