/* SPDX-License-Identifier: MIT */
/* xfer/sheets.c - which sheets of a workbook are one table, and where each sheet's columns belong in it. */
#include "xfer/head.h"
#include "xfer/source_int.h"

#include <stdlib.h>

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

/* ---- each sheet alone ---- */
struct seen {
    struct plan plan;
    int64_t weight, rows;
    struct source_span *spans;
    size_t n_spans;
};

/* Of the sheet that was just read to its end. */
static void spans_find(struct cx *cx, const struct table *t, struct seen *ret)
{
    size_t n = 0;
    const str *refs = table_merges(t, &n);
    ret->spans = NEW_N(cx->a, struct source_span, n + 1);
    for (size_t i = 0; i < n; i++) ret->n_spans += span_read(refs[i], &ret->spans[ret->n_spans]);
    qsort(ret->spans, ret->n_spans, sizeof *ret->spans, span_order);
}

static int header_index(struct cx *cx, const struct grid *g, int64_t told)
{
    int score = 0;
    if (told < 0) return look_header(cx->a, g, &score);
    for (size_t i = 0; i < g->n; i++)
        if (g->row[i].number == told) return (int)i;
    return -1;
}

static enum err sheet_see(struct cx *cx, struct table *t, size_t sheet, int64_t header_row,
                          str entity, struct seen *ret)
{
    struct grid g = {0};
    *ret = (struct seen){0};
    TRY(table_pick(cx, t, sheet));
    TRY(grid_read(cx, t, true, &g, &ret->rows));
    int head = header_index(cx, &g, header_row);
    plan_columns(cx->a, cx->meta, &g, head, entity, &ret->plan);
    ret->plan.sheet = sheet;
    ret->weight = plan_weight(&ret->plan, &g);
    if (head >= 0) ret->rows -= g.row[head].number;
    if (ret->rows < 0) ret->rows = 0;
    spans_find(cx, t, ret);
    return E_OK;
}

/* ---- sheets that hold the same table ---- */
static bool tells_who(str to)
{
    static const str telling[] = {S0("name"), S0("company.name"), S0("last_name"), S0("phones"),
                                  S0("mails")};
    for (size_t i = 0; i < COUNT(telling); i++)
        if (str_eq(to, telling[i])) return true;
    return false;
}

/* The first column of the plan with this heading that is not taken; one without a heading only in the same place. */
static size_t place_of(struct cx *cx, const struct plan *base, const bool *taken, const struct plan_column *c, str head)
{
    for (size_t k = 0; head.n && k < base->n; k++)
        if (!taken[k] && str_eq(head_norm(cx->a, base->v[k].heading), head)) return k;
    bool same = !head.n && c->index < base->n && !taken[c->index] && !base->v[c->index].heading.n;
    return same ? c->index : SOURCE_NOWHERE;
}

/* The first one that is free and means the same, when one alone can mean it. */
static size_t place_meant(const struct plan *base, const bool *taken, const struct plan_column *c)
{
    if (str_eq(c->to, S("new")) || str_eq(c->to, S("skip")) || str_eq(c->to, S("note")) || str_eq(c->to, S("history")))
        return SOURCE_NOWHERE;
    for (size_t k = 0; k < base->n; k++)
        if (!taken[k] && str_eq(base->v[k].to, c->to)) return k;
    return SOURCE_NOWHERE;
}

static void places_meant(const struct plan *base, const struct plan *other, bool *taken, size_t *place)
{
    for (size_t c = 0; c < other->n; c++) {
        if (place[c] != SOURCE_NOWHERE) continue;
        place[c] = place_meant(base, taken, &other->v[c]);
        if (place[c] != SOURCE_NOWHERE) taken[place[c]] = true;
    }
}

/* Where each column of the other sheet belongs: by its heading,
 * else by what it means. True when at least half of its headings were found, with one that tells
 * who the row is about. */
static bool places_find(struct cx *cx, const struct plan *base, const struct plan *other, size_t *place)
{
    bool *taken = NEW_N(cx->a, bool, base->n + 1), who = false;
    size_t found = 0, heads = 0;
    if (!base->header_row || !other->header_row) return false;
    for (size_t c = 0; c < other->n; c++) {
        str head = head_norm(cx->a, other->v[c].heading);
        place[c] = place_of(cx, base, taken, &other->v[c], head);
        heads += head.n > 0;
        if (place[c] != SOURCE_NOWHERE) taken[place[c]] = true;
    }
    places_meant(base, other, taken, place);
    for (size_t c = 0; c < other->n; c++) {
        if (place[c] == SOURCE_NOWHERE) continue;
        found += other->v[c].heading.n > 0;
        who |= tells_who(base->v[place[c]].to);
    }
    return found * 2 >= heads && found > 0 && who;
}

/* A column that only this sheet has becomes one more of the plan. */
static void column_more(struct cx *cx, struct plan *base, const struct plan_column *c,
                        size_t *ret_place)
{
    if (base->n == PLAN_COLUMNS_MAX || (c->heading.n == 0 && c->n_samples == 0)) return;
    struct plan_column *v = NEW_N(cx->a, struct plan_column, base->n + 1);
    memcpy(v, base->v, base->n * sizeof *v);
    v[base->n] = *c;
    v[base->n].index = base->n;
    bool is_once = !plan_target_many(c->to), twice = false;
    for (size_t i = 0; i < base->n; i++) twice |= is_once && str_eq(v[i].to, c->to);
    if (twice || !plan_target_ok(cx->meta, base->entity, c->to)) v[base->n].to = S("new");
    *ret_place = base->n;
    base->v = v;
    base->n++;
}

static void part_add(struct cx *cx, struct source *s, const struct seen *seen, size_t *place)
{
    struct source_part *p = &s->parts[s->n_parts++];
    *p = (struct source_part){.sheet = seen->plan.sheet,
                              .columns = seen->plan.n,
                              .header_row = seen->plan.header_row,
                              .place = place,
                              .spans = NEW_N(cx->a, struct source_span, seen->n_spans + 1)};
    for (size_t i = 0; i < seen->n_spans; i++) {
        struct source_span sp = seen->spans[i];
        if (sp.column >= seen->plan.n) continue;
        if (place) sp.column = place[sp.column];
        if (sp.column != SOURCE_NOWHERE) p->spans[p->n_spans++] = sp;
    }
    s->plan.sheets[p->sheet].used = true;
}

/* The best sheet and, when none was asked for, those like it. */
static void parts_find(struct cx *cx, struct source *s, const struct seen *seen, size_t n,
                       size_t best, bool one)
{
    s->parts = NEW_N(cx->a, struct source_part, n);
    for (size_t i = 0; i < n; i++) {
        const struct plan *other = &seen[i].plan;
        size_t *place = NEW_N(cx->a, size_t, other->n + 1);
        if (i == best) part_add(cx, s, &seen[i], NULL);
        if (i == best || one || s->plan.sheets[i].hidden || !seen[i].rows) continue;
        if (!places_find(cx, &seen[best].plan, other, place)) continue;
        for (size_t c = 0; c < other->n; c++)
            if (place[c] == SOURCE_NOWHERE) column_more(cx, &s->plan, &other->v[c], &place[c]);
        part_add(cx, s, &seen[i], place);
    }
    s->plan.several = s->n_parts > 1;
    s->plan.asked = one;
    if (s->plan.n > seen[best].plan.n) return;
    for (size_t i = 0; i < s->n_parts;
         i++) /* nothing stands behind: what does is told in the refused rows */
        if (!s->parts[i].place) s->parts[i].columns = SIZE_MAX;
}

/* The heaviest; a hidden sheet only when no other holds anything. */
static size_t best_of(const struct seen *seen, const struct plan_sheet *sheets, size_t n)
{
    int64_t most = -1;
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t weight = !sheets[i].hidden ? seen[i].weight : seen[i].rows > 0 ? 1 : 0;
        if (weight <= most) continue;
        most = weight;
        best = i;
    }
    return best;
}

enum err sheets_find(struct cx *cx, struct source *s, const struct source_told *told)
{
    size_t n = table_sheets(s->table), best = (size_t)told->sheet;
    struct plan_sheet *sheets = NEW_N(cx->a, struct plan_sheet, n);
    struct seen *seen = NEW_N(cx->a, struct seen, n);
    bool one = told->sheet >= 0;

    if (told->sheet >= (int64_t)n)
        return fail_at(cx, E_INVALID, S("sheet"), "The workbook has %zu sheets", n);
    for (size_t i = 0; i < n; i++) {
        struct table_sheet ts = table_sheet(s->table, i);
        bool is_it = n == 1 || (one && i == best);
        TRY(sheet_see(cx, s->table, i, is_it ? told->header_row : -1, told->entity, &seen[i]));
        sheets[i] = (struct plan_sheet){
            .name = arena_dup(cx->a, ts.name), .rows = seen[i].rows, .hidden = ts.hidden};
    }
    if (!one) best = best_of(seen, sheets, n);
    if (!one && n > 1 && told->header_row >= 0) { /* the row that was told is that of the best */
        TRY(sheet_see(cx, s->table, best, told->header_row, told->entity, &seen[best]));
        sheets[best].rows = seen[best].rows;
    }
    s->plan = seen[best].plan;
    s->plan.sheets = sheets;
    s->plan.n_sheets = n;
    parts_find(cx, s, seen, n, best, one);
    return E_OK;
}
