/* SPDX-License-Identifier: MIT */
/* xfer/source.c - see source.h; which sheets are read and how is found in sheets.c. */
#include "xfer/source_int.h"

static bool is_blank(const struct cell_row *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->cell[i].no_value ||
            (r->cell[i].kind != CELL_EMPTY && (r->cell[i].is_formula || str_trim(r->cell[i].text).n)))
            return false;
    return true;
}

static bool is_name(str to)
{
    return str_eq(to, S("name")) || str_eq(to, S("last_name")) || str_eq(to, S("first_name")) ||
           str_eq(to, S("middle_name"));
}

/* A name, a firm, a group, a place: all rows beside a merged cell have it. A sum or a number, only the first. */
static bool is_shared(str to)
{
    return is_name(to) || str_eq(to, S("company.name")) || str_eq(to, S("company.inn")) ||
           str_eq(to, S("groups")) || str_has_prefix(to, S("addresses"));
}

static void spans_start(struct source *s)
{
    const struct source_part *p = &s->parts[s->part];
    if (p->n_spans == 0) return;
    if (s->own) arena_free(&s->own);
    s->own = arena_new();
    s->span_at = 0;
    s->now = NEW_N(s->own, struct source_span *, PLAN_COLUMNS_MAX);
    s->filled = NEW_N(s->own, struct cell, PLAN_COLUMNS_MAX);
    for (size_t i = 0; i < p->n_spans; i++) p->spans[i].held = (struct cell){0};
}

/* Cells that begin with this row are kept for the rows below. */
static void spans_hold(struct source *s, const struct cell_row *row)
{
    const struct source_part *p = &s->parts[s->part];
    for (; s->span_at < p->n_spans && p->spans[s->span_at].from <= row->number; s->span_at++) {
        struct source_span *sp = &p->spans[s->span_at];
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
    if (s->parts[s->part].n_spans == 0 || row->n == 0 || row->n > PLAN_COLUMNS_MAX) return;
    spans_hold(s, row);
    memset(s->filled, 0, PLAN_COLUMNS_MAX * sizeof *s->filled);
    memcpy(s->filled, row->cell, row->n * sizeof *s->filled);
    size_t n = row->n;
    for (size_t c = 0; c < s->plan.n && c < PLAN_COLUMNS_MAX; c++) {
        const struct source_span *sp = s->now[c];
        if (!sp || row->number <= sp->from || row->number > sp->to || !sp->held.text.n) continue;
        if (s->filled[c].kind != CELL_EMPTY || s->filled[c].is_formula) continue;
        s->filled[c] = sp->held;
        s->is_same |= is_name(s->plan.v[c].to);
        if (c >= n) n = c + 1;
        any = true;
    }
    if (any) *row = (struct cell_row){row->number, s->filled, n};
}

static enum err told_read(struct cx *cx, const struct source_opt *o, struct source_told *t)
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

static enum err part_start(struct cx *cx, struct source *s)
{
    const struct source_part *p = &s->parts[s->part];
    struct cell_row row = {0};
    bool more = true;
    TRY(table_pick(cx, s->table, p->sheet));
    s->last = p->header_row;
    s->has_row = false;
    s->skip_empty = 0;
    spans_start(s);
    while (more && p->header_row > 0) {
        TRY(table_next(cx, s->table, &row, &more));
        if (more && row.number >= p->header_row) break;
    }
    return E_OK;
}

enum err source_rewind(struct cx *cx, struct source *s)
{
    s->part = 0;
    return part_start(cx, s);
}

str source_sheet(const struct source *s)
{
    return s->n_parts > 1 ? s->plan.sheets[s->parts[s->part].sheet].name : S("");
}

enum err source_open(struct cx *cx, const struct source_opt *o, struct source *ret)
{
    struct source_told told = {0};
    TRY(told_read(cx, o, &told));
    if (told.separator.n > 1)
        return fail_at(cx, E_INVALID, S("separator"), "The separator is one character");
    struct table_opt to = {.lang = cx->lang,
                           .charset = charset_inner(cx->a, told.encoding),
                           .sep = told.separator.n ? told.separator.p[0] : 0};
    TRY(table_open(cx, arena_z(cx->a, o->path), &to, &ret->table));
    struct table_look look = table_look(ret->table);
    ret->is_xlsx = look.kind == TABLE_XLSX;
    TRY(sheets_find(cx, ret, &told));
    ret->placed = NEW_N(cx->a, struct cell, ret->plan.n + 1);
    ret->plan.encoding = charset_outer(cx->a, look.charset);
    ret->plan.encoding_sure = look.charset_sure;
    ret->plan.separator = look.sep;
    ret->plan.is_1904 = look.is_1904;
    TRY(plan_map(cx, o->mapping, &ret->plan));
    plan_leave_masked(cx, &ret->plan);
    plan_look_for_who(&ret->plan);
    return source_rewind(cx, ret);
}

/* The row's cells where the plan has their columns. */
static void row_place(struct source *s, struct cell_row *row)
{
    const struct source_part *p = &s->parts[s->part];
    if (row->n > p->columns) row->n = p->columns;
    if (!p->place || !row->n) return;
    for (size_t i = 0; i < s->plan.n; i++)
        s->placed[i] = (struct cell){.text = S(""), .raw = S(""), .format = S("")};
    for (size_t i = 0; i < row->n; i++)
        if (p->place[i] != SOURCE_NOWHERE) s->placed[p->place[i]] = row->cell[i];
    *row = (struct cell_row){row->number, s->placed, s->plan.n};
}

enum err source_next(struct cx *cx, struct source *s, struct cell_row *ret, bool *ret_more)
{
    *ret_more = true;
    while (!s->has_row) {
        TRY(table_next(cx, s->table, &s->next, &s->has_row));
        if (!s->has_row && s->part + 1 == s->n_parts) {
            *ret_more = false;
            return E_OK;
        }
        if (!s->has_row) {
            s->part++;
            TRY(part_start(cx, s));
            continue;
        }
        if (s->is_xlsx) s->skip_empty = s->next.number - s->last - 1;
        s->last = s->next.number;
    }
    if (s->skip_empty > 0) {
        *ret = (struct cell_row){.number = s->next.number - s->skip_empty};
        s->skip_empty--;
        return E_OK;
    }
    s->has_row = s->is_same = false;
    *ret = s->next;
    row_place(s, ret);
    spans_fill(s, ret);
    if (is_blank(ret)) ret->n = 0;
    return E_OK;
}

void source_close(struct source *s)
{
    table_close(&s->table);
    arena_free(&s->own);
}
