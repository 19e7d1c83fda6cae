/* SPDX-License-Identifier: MIT */
#include "xfer/source.h"

#include <stdlib.h>

static bool is_blank(const struct cell_row *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->cell[i].kind != CELL_EMPTY && (r->cell[i].is_formula || str_trim(r->cell[i].text).n))
            return false;
    return true;
}

static void grid_add(struct arena *a, const struct cell_row *r, struct cell_row *ret)
{
    struct cell *c = NEW_N(a, struct cell, r->n + 1);
    for (size_t i = 0; i < r->n; i++) {
        c[i] = r->cell[i];
        size_t n = c[i].text.n;
        while (n > GRID_CELL_MAX ||
               (n < c[i].text.n && ((unsigned char)c[i].text.p[n] & 0xc0) == 0x80))
            n--;
        c[i].text = arena_dup(a, str_cut(c[i].text, 0, n));
        c[i].raw = c[i].format = S("");
    }
    *ret = (struct cell_row){r->number, c, r->n};
}

/* The head of the picked sheet, and how many rows it has in all. */
static enum err grid_read(struct cx *cx, struct table *t, bool whole, struct grid *ret,
                          int64_t *ret_rows)
{
    struct cell_row *rows = NEW_N(cx->a, struct cell_row, GRID_ROWS);
    struct cell_row row = {0};
    bool more = true, is_xlsx = table_look(t).kind == TABLE_XLSX;
    int64_t last = 0, n = 0;

    while (whole || ret->n < GRID_ROWS) {
        TRY(table_next(cx, t, &row, &more));
        if (!more) break;
        n++;
        last = row.number;
        if (ret->n == GRID_ROWS) continue;
        if (row.n > ret->columns) ret->columns = row.n;
        grid_add(cx->a, &row, &rows[ret->n++]);
    }
    ret->row = rows;
    *ret_rows = is_xlsx ? last : n;
    return E_OK;
}

/* ---- cells merged downwards ---- */
struct source_span {
    size_t column;
    int64_t from, to;
    struct cell held; /* what stands in its first row, once read */
};

/* "B4:B7" -> column 1, rows 4 to 7; false for all that is not in one column. */
static bool span_read(str ref, struct source_span *ret)
{
    size_t column[2] = {0};
    int64_t row[2] = {0};
    str part[2] = {0};
    if (!str_split(ref, ':', &part[0], &part[1])) return false;
    for (int i = 0; i < 2; i++) {
        size_t at = 0;
        for (; at < part[i].n && at < 3 && part[i].p[at] >= 'A' && part[i].p[at] <= 'Z'; at++)
            column[i] = column[i] * 26 + (size_t)(part[i].p[at] - 'A') + 1;
        if (at == 0 || !str_to_int(str_cut(part[i], at, part[i].n), &row[i])) return false;
    }
    *ret = (struct source_span){.column = column[0] - 1, .from = row[0], .to = row[1]};
    return column[0] == column[1] && row[0] < row[1] && column[0] <= PLAN_COLUMNS_MAX;
}

static int span_order(const void *x, const void *y)
{
    const struct source_span *a = x, *b = y;
    return (a->from > b->from) - (a->from < b->from);
}

/* Of the sheet that was just read to its end. */
static void spans_find(struct cx *cx, struct source *s)
{
    size_t n = 0;
    const str *refs = table_merges(s->table, &n);
    s->spans = NEW_N(cx->a, struct source_span, n + 1);
    s->n_spans = 0;
    for (size_t i = 0; i < n; i++) s->n_spans += span_read(refs[i], &s->spans[s->n_spans]);
    qsort(s->spans, s->n_spans, sizeof *s->spans, span_order);
}

/* A firm, a group, a place: all rows beside a merged cell have it. A sum or a number, only the first. */
static bool is_shared(str to)
{
    return str_eq(to, S("company.name")) || str_eq(to, S("company.inn")) ||
           str_eq(to, S("groups")) || str_has_prefix(to, S("addresses"));
}

static void spans_start(struct source *s)
{
    if (s->n_spans == 0) return;
    if (s->own) arena_free(&s->own);
    s->own = arena_new();
    s->span_at = 0;
    s->now = NEW_N(s->own, struct source_span *, PLAN_COLUMNS_MAX);
    s->filled = NEW_N(s->own, struct cell, PLAN_COLUMNS_MAX);
    for (size_t i = 0; i < s->n_spans; i++) s->spans[i].held = (struct cell){0};
}

/* Cells that begin with this row are kept for the rows below. */
static void spans_hold(struct source *s, const struct cell_row *row)
{
    for (; s->span_at < s->n_spans && s->spans[s->span_at].from <= row->number; s->span_at++) {
        struct source_span *sp = &s->spans[s->span_at];
        if (sp->column >= s->plan.n || !is_shared(s->plan.v[sp->column].to)) continue;
        s->now[sp->column] = sp;
        if (sp->from != row->number || sp->column >= row->n) continue;
        sp->held = row->cell[sp->column];
        sp->held.text = sp->held.raw = arena_dup(s->own, sp->held.text);
        sp->held.format = S("");
    }
}

static void spans_fill(struct source *s, struct cell_row *row)
{
    bool any = false;
    if (s->n_spans == 0 || row->n == 0 || row->n > PLAN_COLUMNS_MAX) return;
    spans_hold(s, row);
    memset(s->filled, 0, PLAN_COLUMNS_MAX * sizeof *s->filled);
    memcpy(s->filled, row->cell, row->n * sizeof *s->filled);
    size_t n = row->n;
    for (size_t c = 0; c < s->plan.n && c < PLAN_COLUMNS_MAX; c++) {
        const struct source_span *sp = s->now[c];
        if (!sp || row->number <= sp->from || row->number > sp->to || !sp->held.text.n) continue;
        if (s->filled[c].kind != CELL_EMPTY || s->filled[c].is_formula) continue;
        s->filled[c] = sp->held;
        if (c >= n) n = c + 1;
        any = true;
    }
    if (any) *row = (struct cell_row){row->number, s->filled, n};
}

struct told {                  /* what the mapping says about reading */
    int64_t sheet, header_row; /* -1 = find */
    str encoding, separator, entity;
};

static enum err told_read(struct cx *cx, const struct source_opt *o, struct told *t)
{
    TRY(json_int_of(cx, o->mapping, S("sheet"), o->sheet, &t->sheet));
    TRY(json_int_of(cx, o->mapping, S("header_row"), -1, &t->header_row));
    TRY(json_str_of(cx, o->mapping, S("encoding"), S(""), &t->encoding));
    TRY(json_str_of(cx, o->mapping, S("separator"), S(""), &t->separator));
    return json_str_of(cx, o->mapping, S("entity"), o->entity, &t->entity);
}

/* "windows-1251" for the user is "CP1251" for fmt/charset.h. */
static str charset_inner(struct arena *a, str name)
{
    return str_has_prefix(name, S("windows-"))
               ? arena_fmt(a, "CP%.*s", FS(str_cut(name, 8, name.n)))
               : name;
}

static str charset_outer(struct arena *a, str name)
{
    return str_has_prefix(name, S("CP12"))
               ? arena_fmt(a, "windows-%.*s", FS(str_cut(name, 2, name.n)))
               : arena_dup(a, name);
}

static int header_index(struct cx *cx, const struct grid *g, int64_t told)
{
    int score = 0;
    if (told < 0) return look_header(cx->a, g, &score);
    for (size_t i = 0; i < g->n; i++)
        if (g->row[i].number == told) return (int)i;
    return -1;
}

static enum err plan_sheet(struct cx *cx, struct table *t, size_t sheet, const struct told *told,
                           struct plan *ret, int64_t *ret_weight, int64_t *ret_rows)
{
    struct grid g = {0};
    TRY(table_pick(cx, t, sheet));
    TRY(grid_read(cx, t, true, &g, ret_rows));
    int head = header_index(cx, &g, told->header_row);
    plan_columns(cx->a, cx->meta, &g, head, told->entity, ret);
    *ret_weight = plan_weight(ret, &g);
    if (head >= 0) *ret_rows -= g.row[head].number;
    if (*ret_rows < 0) *ret_rows = 0;
    return E_OK;
}

static enum err plan_find(struct cx *cx, struct source *s, const struct told *told)
{
    size_t n = table_sheets(s->table);
    struct plan_sheet *sheets = NEW_N(cx->a, struct plan_sheet, n);
    int64_t best = -1;

    if (told->sheet >= (int64_t)n)
        return fail_at(cx, E_INVALID, S("sheet"), "The workbook has %zu sheets", n);
    for (size_t i = 0; i < n; i++) {
        struct plan p = {0};
        int64_t weight = 0, rows = 0;
        struct table_sheet ts = table_sheet(s->table, i);
        TRY(plan_sheet(cx, s->table, i, told, &p, &weight, &rows));
        sheets[i] = (struct plan_sheet){arena_dup(cx->a, ts.name), rows};
        if (ts.hidden) weight = rows > 0 ? 1 : 0; /* only when no other holds anything */
        bool is_better = told->sheet >= 0 ? (int64_t)i == told->sheet : weight > best;
        if (!is_better) continue;
        best = weight;
        s->plan = p;
        s->plan.sheet = i;
        spans_find(cx, s);
    }
    s->plan.sheets = sheets;
    s->plan.n_sheets = n;
    return E_OK;
}

static enum err start(struct cx *cx, struct source *s)
{
    struct cell_row row = {0};
    bool more = true;
    TRY(table_pick(cx, s->table, s->plan.sheet));
    s->last = s->plan.header_row;
    s->has_row = false;
    s->skip_empty = 0;
    spans_start(s);
    while (more && s->plan.header_row > 0) {
        TRY(table_next(cx, s->table, &row, &more));
        if (more && row.number >= s->plan.header_row) break;
    }
    return E_OK;
}

enum err source_open(struct cx *cx, const struct source_opt *o, struct source *ret)
{
    struct told told = {0};
    TRY(told_read(cx, o, &told));
    if (told.separator.n > 1)
        return fail_at(cx, E_INVALID, S("separator"), "The separator is one character");
    struct table_opt to = {.lang = cx->lang,
                           .charset = charset_inner(cx->a, told.encoding),
                           .sep = told.separator.n ? told.separator.p[0] : 0};
    TRY(table_open(cx, arena_z(cx->a, o->path), &to, &ret->table));
    struct table_look look = table_look(ret->table);
    ret->is_xlsx = look.kind == TABLE_XLSX;
    TRY(plan_find(cx, ret, &told));
    ret->plan.encoding = charset_outer(cx->a, look.charset);
    ret->plan.encoding_sure = look.charset_sure;
    ret->plan.separator = look.sep;
    TRY(plan_map(cx, o->mapping, &ret->plan));
    return start(cx, ret);
}

enum err source_rewind(struct cx *cx, struct source *s) { return start(cx, s); }

enum err source_next(struct cx *cx, struct source *s, struct cell_row *ret, bool *ret_more)
{
    *ret_more = true;
    if (!s->has_row) {
        TRY(table_next(cx, s->table, &s->next, ret_more));
        if (!*ret_more) return E_OK;
        s->has_row = true;
        if (s->is_xlsx) s->skip_empty = s->next.number - s->last - 1;
        s->last = s->next.number;
    }
    if (s->skip_empty > 0) {
        *ret = (struct cell_row){.number = s->next.number - s->skip_empty};
        s->skip_empty--;
        return E_OK;
    }
    s->has_row = false;
    *ret = s->next;
    spans_fill(s, ret);
    if (is_blank(ret)) ret->n = 0;
    return E_OK;
}

void source_close(struct source *s)
{
    table_close(&s->table);
    arena_free(&s->own);
}
