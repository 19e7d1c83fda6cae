/* SPDX-License-Identifier: MIT */
/* fmt/csv.c - cutting rows (csv_cut) and the reader around it: blocks, encoding, limits. */
#include "fmt/charset.h"
#include "fmt/csv_int.h"

/* ---- the cutter ---- */
static enum err cell_too_long(struct cx *cx, const struct csv_cut *c)
{
    if (c->at == AT_QUOTED)
        return fail(cx, E_LIMIT,
                    "Line %" PRId64
                    ": the quotation mark that opens here is not closed within %d KiB",
                    c->quote_line, CSV_CELL_MAX / 1024);
    return fail(cx, E_LIMIT, "Line %" PRId64 ": a cell is longer than %d KiB", c->row_line,
                CSV_CELL_MAX / 1024);
}

static enum err pool_add(struct cx *cx, struct csv_cut *c, const char *p, size_t n)
{
    if (!n) return E_OK;
    if (c->n - c->cell_from + n > CSV_CELL_MAX) return cell_too_long(cx, c);
    if (c->n + n > CSV_ROW_MAX)
        return fail(cx, E_LIMIT, "Line %" PRId64 ": the row is longer than %d MiB", c->row_line,
                    CSV_ROW_MAX >> 20);
    if (c->n + n > c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 4096;
        while (cap < c->n + n) cap *= 2;
        char *more = arena_get(c->a, cap);
        if (c->n) memcpy(more, c->pool, c->n);
        c->pool = more;
        c->cap = cap;
    }
    memcpy(c->pool + c->n, p, n);
    c->n += n;
    return E_OK;
}

static enum err cell_end(struct cx *cx, struct csv_cut *c)
{
    if (c->cells == CSV_COLUMNS_MAX)
        return fail(cx, E_LIMIT, "Line %" PRId64 ": more than %d columns", c->row_line,
                    CSV_COLUMNS_MAX);
    if (c->cells == c->cells_cap)
        c->ends = list_grow_(c->a, c->ends, c->cells, &c->cells_cap, sizeof *c->ends);
    c->ends[c->cells++] = c->n;
    c->cell_from = c->n;
    c->at = AT_START;
    return E_OK;
}

static size_t bare_run(const struct csv_cut *c, str t, size_t i)
{
    size_t from = i;
    while (i < t.n && t.p[i] != c->sep && t.p[i] != '\n' && t.p[i] != '\r') i++;
    return i - from;
}

static enum err in_quotes(struct cx *cx, struct csv_cut *c, str t, size_t *pos)
{
    const char *from = t.p + *pos, *to = memchr(from, c->quote, t.n - *pos);
    size_t n = to ? (size_t)(to - from) : t.n - *pos;
    const char *lf = from;
    while ((lf = memchr(lf, '\n', n - (size_t)(lf - from)))) {
        c->line++;
        lf++;
    }
    TRY(pool_add(cx, c, from, n));
    *pos += n + (to != NULL);
    if (to) c->at = AT_QUOTE;
    return E_OK;
}

/* The character at *pos, outside of quotes; *ret_row when it ends the row. */
static enum err outside(struct cx *cx, struct csv_cut *c, str t, size_t *pos, bool *ret_row)
{
    char ch = t.p[*pos];
    if (ch == c->sep) {
        ++*pos;
        return cell_end(cx, c);
    }
    if (ch == '\n' || ch == '\r') {
        ++*pos;
        c->had_cr = ch == '\r';
        c->line++;
        *ret_row = true;
        return cell_end(cx, c);
    }
    if (c->quote && ch == c->quote && c->at != AT_BARE) {
        ++*pos;
        if (c->at == AT_QUOTE) TRY(pool_add(cx, c, &ch, 1)); /* a doubled one */
        else c->quote_line = c->line;
        c->quoted = true;
        c->at = AT_QUOTED;
        return E_OK;
    }
    size_t n = bare_run(c, t, *pos);
    c->at = AT_BARE;
    TRY(pool_add(cx, c, t.p + *pos, n));
    *pos += n;
    return E_OK;
}

enum err csv_cut(struct cx *cx, struct csv_cut *c, str text, size_t *pos, bool *ret_row)
{
    *ret_row = false;
    while (*pos < text.n && !*ret_row) {
        if (c->had_cr) {
            c->had_cr = false;
            if (text.p[*pos] == '\n') {
                ++*pos;
                continue;
            }
        }
        if (!c->in_row) {
            c->in_row = true;
            c->row_line = c->line;
        }
        if (c->at == AT_QUOTED) TRY(in_quotes(cx, c, text, pos));
        else TRY(outside(cx, c, text, pos, ret_row));
    }
    return E_OK;
}

enum err csv_cut_end(struct cx *cx, struct csv_cut *c, bool *ret_row)
{
    *ret_row = c->in_row;
    if (!c->in_row) return E_OK;
    if (c->at == AT_QUOTED)
        return fail(cx, E_INVALID,
                    "Line %" PRId64 ": the quotation mark that opens here is never closed",
                    c->quote_line);
    return cell_end(cx, c);
}

void csv_cut_clear(struct csv_cut *c)
{
    c->n = c->cell_from = c->cells = 0;
    c->in_row = c->quoted = false;
    c->at = AT_START;
}

bool csv_cut_blank(const struct csv_cut *c) { return c->cells <= 1 && !c->n && !c->quoted; }

/* ---- the reader ---- */
enum { RAW = 64 * 1024 };
struct csv {
    struct arena *own;
    struct src src;
    uint64_t at; /* of the next raw byte */
    bool is_done, unguard;
    struct charset *conv;
    char *raw, *text; /* a block as it is, and as UTF-8 */
    size_t pos, n;
    struct csv_cut cut;
    struct csv_look look;
    str *cell;
    size_t cell_cap;
};

static enum err fill(struct cx *cx, struct csv *c)
{
    size_t got = 0;
    TRY(c->src.read(cx, c->src.arg, c->at, c->raw, RAW, &got));
    c->at += got;
    c->is_done = got < RAW;
    c->pos = 0;
    c->n = charset_run(c->conv, (str){c->raw, got}, c->is_done, c->text);
    return E_OK;
}

/* Excel's own hint, a first line "sep=;". Gives its length, 0 when there is none. */
static size_t sep_line(str t, char *sep)
{
    if (t.n < 6 || !str_eq_nocase(str_cut(t, 0, 4), S("sep="))) return 0;
    if ((t.p[5] != '\r' && t.p[5] != '\n') || !memchr(";,|\t:^~#", t.p[4], 8)) return 0;
    *sep = t.p[4];
    return t.p[5] == '\r' && t.n > 6 && t.p[6] == '\n' ? 7 : 6;
}

static void settle_sep(struct cx *cx, struct csv *c, char told)
{
    char hint = 0;
    size_t skip = sep_line((str){c->text, c->n}, &hint);
    if (skip) c->cut.line = 2;
    c->pos = skip;
    str head = str_cut((str){c->text, c->n}, skip, c->n);
    c->look.sep = told ? told : hint;
    if (c->look.sep)
        c->look.columns = csv_count_columns(cx, head, c->is_done, c->look.sep, c->cut.quote);
    else c->look.sep = csv_find_sep(cx, head, c->is_done, c->cut.quote, &c->look.columns);
    c->cut.sep = c->look.sep;
}

static enum err open_in(struct cx *cx, struct csv *c, const struct csv_opt *opt)
{
    struct charset_guess g = {charset_known(opt->charset), true, 0};
    if (opt->charset.n && !g.name.n)
        return fail(cx, E_INVALID, "Encoding %.*s is not known", FS(opt->charset));
    struct charset_guess seen = {0};
    TRY(charset_guess(cx, &c->src, opt->lang, &seen));
    if (!g.name.n || (seen.mark && str_eq(seen.name, g.name))) g = seen;
    c->look.charset = g.name;
    c->look.charset_sure = g.sure;
    c->at = g.mark;
    TRY(charset_open(cx, c->own, g.name, &c->conv));
    c->raw = arena_get(c->own, RAW);
    c->text = arena_get(c->own, RAW * CHARSET_GROWTH + CHARSET_SLACK);
    TRY(fill(cx, c));
    settle_sep(cx, c, opt->sep);
    return E_OK;
}

enum err csv_open(struct cx *cx, const struct src *src, const struct csv_opt *opt, struct csv **ret)
{
    struct arena *own = arena_new();
    struct csv *c = NEW(own, struct csv);
    c->own = own;
    c->src = *src;
    c->unguard = opt->unguard;
    c->cut = (struct csv_cut){.a = own, .quote = opt->no_quotes ? 0 : '"', .line = 1};
    enum err e = open_in(cx, c, opt);
    if (e != E_OK) csv_close(&c);
    else *ret = c;
    return e;
}

static void row_cells(struct csv *c, struct csv_row *ret)
{
    const struct csv_cut *k = &c->cut;
    if (c->cell_cap < k->cells) {
        c->cell = NEW_N(c->own, str, k->cells_cap);
        c->cell_cap = k->cells_cap;
    }
    size_t from = 0;
    for (size_t i = 0; i < k->cells; i++) {
        str s = {k->pool ? k->pool + from : "", k->ends[i] - from};
        c->cell[i] = c->unguard ? csv_unguard(s) : s;
        from = k->ends[i];
    }
    *ret = (struct csv_row){k->row_line, c->cell, k->cells};
}

enum err csv_next(struct cx *cx, struct csv *c, struct csv_row *ret, bool *ret_more)
{
    bool row = false;
    *ret = (struct csv_row){0};
    csv_cut_clear(&c->cut);
    for (;;) {
        TRY(csv_cut(cx, &c->cut, (str){c->text, c->n}, &c->pos, &row));
        if (!row && !c->is_done) {
            TRY(fill(cx, c));
            continue;
        }
        if (!row) TRY(csv_cut_end(cx, &c->cut, &row));
        if (!row || !csv_cut_blank(&c->cut)) break;
        csv_cut_clear(&c->cut);
    }
    *ret_more = row;
    if (row) row_cells(c, ret);
    return E_OK;
}

struct csv_look csv_look(const struct csv *c) { return c->look; }
int64_t csv_bad(const struct csv *c) { return charset_bad(c->conv); }

void csv_close(struct csv **c)
{
    if (!*c) return;
    charset_close(&(*c)->conv);
    struct arena *own = (*c)->own; /* *c lies in it */
    arena_free(&own);
    *c = NULL;
}
