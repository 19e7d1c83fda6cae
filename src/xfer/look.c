/* SPDX-License-Identifier: MIT */
#include "xfer/look.h"

#include "fmt/humandate.h"
#include "xfer/head.h"

struct chars {
    size_t digits, letters, others, signs, blanks; /* signs: + ( ) - / . , */
    size_t dots, ats;
};

static bool is_blank(uint32_t u)
{
    return u == ' ' || u == 0xa0 || u == 0x202f || u == '\n' || u == '\t';
}

static bool is_sign(uint32_t u) { return u < 0x80 && memchr("+()-/.,", (int)u, 7); }

static bool is_letter(uint32_t u)
{
    return u > 0xbf || (u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z');
}

static struct chars chars_of(str s)
{
    struct chars c = {0};
    for (size_t at = 0; at < s.n;) {
        uint32_t u = utf8_next(s, &at);
        if (u >= '0' && u <= '9') c.digits++;
        else if (is_blank(u)) c.blanks++;
        else if (is_sign(u)) c.signs++, c.dots += u == '.' || u == ',';
        else if (u == '@') c.ats++;
        else if (is_letter(u)) c.letters++;
        else c.others++;
    }
    return c;
}

static size_t digits_at(str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9') n++;
    return n;
}

/* Digits of a date's first and last number: one of them can be the year. */
static bool is_date_shape(size_t first, size_t last)
{
    if (first == 4) return last == 1 || last == 2;
    return first <= 2 && (last == 2 || last == 4);
}

/* Bytes of a date at the head of s, 0 when there is none. */
static size_t date_head(str s)
{
    size_t a = digits_at(s, 0);
    if (a == 0 || a > 4 || a >= s.n) return 0;
    char sep = s.p[a];
    if (sep != '.' && sep != '-' && sep != '/') return 0;
    size_t b = digits_at(s, a + 1);
    if (b == 0 || b > 2 || a + 1 + b >= s.n || s.p[a + 1 + b] != sep) return 0;
    size_t c = digits_at(s, a + b + 2);
    return is_date_shape(a, c) ? a + b + c + 2 : 0;
}

bool look_is_date(str s)
{
    s = str_trim(s);
    size_t n = date_head(s);
    return n > 0 && (n == s.n || s.p[n] == ' ' || s.p[n] == 'T') && s.n <= n + 9;
}

bool look_is_history(str s)
{
    s = str_trim(s);
    size_t n = date_head(s);
    return n > 0 && n + 3 < s.n && memchr(" :,-\n\t", s.p[n], 6) &&
           chars_of(str_cut(s, n, s.n)).letters >= 3;
}

static bool is_number(const struct chars *c, str s)
{
    if (c->digits == 0 || c->digits > 15 || c->ats || c->letters > 5 || c->others > 3) return false;
    if (date_head(s)) return false;
    bool bracketed = memchr(s.p, '(', s.n) && memchr(s.p, ')', s.n); /* an accountant's minus */
    return c->signs - c->dots <= (bracketed ? 2 : 1) && c->dots <= 3;
}

static bool is_phone(const struct chars *c, const struct cell *cell, str s)
{
    if (cell->kind == CELL_NUMBER) return c->digits >= 10 && c->digits <= 13 && c->dots == 0;
    if (c->digits < 7 || c->ats || date_head(s)) return false;
    return c->letters * 2 <= c->digits && c->others <= 3;
}

static bool is_person(struct arena *a, const struct chars *c, str s)
{
    if (c->digits || c->ats || c->others > 2 || c->letters < 4 || c->letters > 60) return false;
    return c->blanks >= 1 && c->blanks <= 6 && !head_is_firm(a, s);
}

static void look_cell(struct arena *a, const struct cell *cell, str s, struct look *l)
{
    struct chars c = chars_of(s);
    bool date = cell->kind == CELL_DATE || cell->kind == CELL_DATETIME || look_is_date(s) || humandate_is_word(a, s);

    l->n++;
    l->date += date;
    if (cell->kind == CELL_DATE || cell->kind == CELL_DATETIME) return;
    l->phone += is_phone(&c, cell, s);
    l->mail += c.ats > 0;
    l->number += !date && is_number(&c, s);
    l->whole += c.digits == s.n;
    l->five += c.digits == s.n && s.n == 5;
    l->tax += c.digits == s.n && (c.digits == 10 || c.digits == 12);
    l->history += look_is_history(s);
    l->firm += head_is_firm(a, s);
    l->person += is_person(a, &c, s);
    l->heading += head_guess(a, s).score == 1000;
}

/* Digits behind the last mark when it can be a decimal one. */
static int decimals_of(str s)
{
    size_t i = s.n, n = 0;
    while (i > 0 && !(s.p[i - 1] >= '0' && s.p[i - 1] <= '9')) i--;
    while (i > 0 && s.p[i - 1] >= '0' && s.p[i - 1] <= '9') i--, n++;
    if (i < 2 || (s.p[i - 1] != '.' && s.p[i - 1] != ',') || n == 3) return 0;
    return n > 6 ? 6 : (int)n;
}

/* Nothing, or what people and workbooks write for it: it says nothing about a column. */
static bool is_dash(str s)
{
    static const str none[] = {S0(""),    S0("-"),    S0("--"),    S0("–"),       S0("—"),
                               S0("n/a"), S0("N/A"),  S0("#N/A"),  S0("#NV"),     S0("#Н/Д"),
                               S0("нет"), S0("k.A."), S0("#REF!"), S0("#DIV/0!"), S0("#ДЕЛ/0!")};
    for (size_t i = 0; i < COUNT(none); i++)
        if (str_eq(s, none[i])) return true;
    return false;
}

struct look look_column(struct arena *a, const struct grid *g, size_t from, size_t c)
{
    struct look l = {0};
    uint64_t seen[LOOK_DISTINCT];
    int64_t before = 0;

    for (size_t r = from; r < g->n; r++) {
        if (c >= g->row[r].n) continue;
        const struct cell *cell = &g->row[r].cell[c];
        str s = str_trim(cell->text);
        if (cell->kind == CELL_EMPTY || cell->kind == CELL_ERROR || is_dash(s)) continue;
        struct arena_mark m = arena_mark(a);
        look_cell(a, cell, s, &l);
        arena_back(a, m);
        int64_t now = 0;
        if (str_to_int(s, &now)) {
            l.serial += l.n == 1 || now == before + 1;
            before = now;
        }
        int d = decimals_of(s);
        if (d > l.decimals) l.decimals = d;
        uint64_t h = str_hash(s);
        size_t i = 0;
        while (i < l.distinct && seen[i] != h) i++;
        if (i == l.distinct && i < LOOK_DISTINCT) seen[l.distinct++] = h;
    }
    return l;
}

bool look_mostly(const struct look *l, size_t count, size_t percent)
{
    return l->n > 0 && count * 100 >= l->n * percent;
}

/* How much row r looks like a head: known words weigh most, figures speak against it. */
static int header_score(struct arena *a, const struct cell_row *row, size_t *ret_known,
                        size_t *ret_n)
{
    int score = 0;
    for (size_t c = 0; c < row->n; c++) {
        str s = str_trim(row->cell[c].text);
        if (row->cell[c].kind == CELL_EMPTY || s.n == 0) continue;
        ++*ret_n;
        struct chars ch = chars_of(s);
        bool bad = row->cell[c].kind != CELL_TEXT || ch.ats || ch.digits > 6 || s.n > 80 ||
                   look_is_date(s);
        int hit = bad ? 0 : head_guess(a, s).score;
        if (hit) ++*ret_known;
        score += hit ? hit : bad ? -800 : ch.digits ? 20 : 150;
    }
    return score;
}

/* Filled cells of the fullest row. */
static size_t grid_width(const struct grid *g)
{
    size_t width = 0;
    for (size_t r = 0; r < g->n; r++) {
        size_t n = 0;
        for (size_t c = 0; c < g->row[r].n; c++) n += g->row[r].cell[c].kind != CELL_EMPTY;
        if (n > width) width = n;
    }
    return width;
}

int look_header(struct arena *a, const struct grid *g, int *ret_score)
{
    int best = -1, best_score = 0;
    size_t width = grid_width(g);

    for (size_t r = 0; r < g->n && r < 40; r++) {
        size_t known = 0, n = 0;
        struct arena_mark m = arena_mark(a);
        int score = header_score(a, &g->row[r], &known, &n);
        arena_back(a, m);
        if (n == 0 || n * 3 < width || (known == 0 && (n < 2 || n * 2 < width))) continue;
        if (known == 0 && r > 0 && best >= 0) continue;
        if (score > best_score) best = (int)r, best_score = score;
    }
    *ret_score = best_score > 1000 ? 1000 : best_score;
    return best;
}
