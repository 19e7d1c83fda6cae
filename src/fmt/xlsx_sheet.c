/* SPDX-License-Identifier: MIT */
/* fmt/xlsx_sheet.c - the rows of one sheet, one a step.
 *
 * Rows and cells may leave out their address (then they follow the one before); cells may come in
 * any order. A row's texts live in an arena that is emptied at the next row.
 */
#include "base/tr.h"
#include "fmt/xlsx_int.h"

struct xlsx_rows {
    struct arena *own, *row; /* the sheet's; the row's texts */
    struct xlsx_part part;
    struct cell *cell; /* XLSX_COLUMNS_MAX */
    size_t n, at;      /* cells of this row; the next column */
    int64_t number;
    size_t bytes;
    LIST(str) merges;
    struct buf value;
    bool in_data, in_cell, in_value, is_formula, is_ready;
    int phonetic;
    char type; /* n s i(nline) t(ext) b e d */
    size_t column;
    int64_t style;
};

static void broken(struct xlsx_part *p, const char *what)
{
    const struct xlsx_rows *r = p->u;
    part_stop(p, fail(p->cx, E_INVALID, "The workbook is broken: row %" PRId64 ": %s", r->number,
                      tr_format(p->cx->lang, what)));
}

/* "AB12" -> 27; false when it is no address within the limits. "" leaves *column alone. */
static bool column_of(str ref, size_t *column)
{
    size_t c = 0, i = 0;
    if (!ref.n) return *column < XLSX_COLUMNS_MAX;
    for (; i < ref.n && ref.p[i] >= 'A' && ref.p[i] <= 'Z' && c <= XLSX_COLUMNS_MAX; i++)
        c = c * 26 + (size_t)(ref.p[i] - 'A') + 1;
    if (!i || c > XLSX_COLUMNS_MAX) return false;
    *column = c - 1;
    return true;
}

static void row_start(struct xlsx_part *p, const char **attr)
{
    struct xlsx_rows *r = p->u;
    int64_t said = 0;
    if (str_to_int(part_attr(attr, S("r")), &said) && said > r->number) r->number = said;
    else r->number++;
    if (r->number > XLSX_ROWS_MAX) broken(p, TR("more rows than a sheet can have"));
    if (r->n) memset(r->cell, 0, r->n * sizeof *r->cell);
    r->n = r->at = r->bytes = 0;
    arena_reset(r->row);
}

static char cell_type(str t)
{
    static const struct {
        str name;
        char type;
    } types[] = {{S0("s"), 's'}, {S0("inlineStr"), 'i'}, {S0("str"), 't'},
                 {S0("b"), 'b'}, {S0("e"), 'e'},         {S0("d"), 'd'}};
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_eq(t, types[i].name)) return types[i].type;
    return 'n';
}

static void cell_start(struct xlsx_part *p, const char **attr)
{
    struct xlsx_rows *r = p->u;
    r->column = r->at;
    if (!column_of(part_attr(attr, S("r")), &r->column)) {
        broken(p, TR("a cell has an impossible address"));
        return;
    }
    r->at = r->column + 1;
    r->in_cell = true;
    r->is_formula = false;
    r->phonetic = 0;
    r->value.n = 0;
    r->type = cell_type(part_attr(attr, S("t")));
    if (!str_to_int(part_attr(attr, S("s")), &r->style)) r->style = 0;
}

static void sheet_start(struct xlsx_part *p, str name, const char **attr)
{
    struct xlsx_rows *r = p->u;
    if (r->in_cell) {
        if (str_eq(name, S("v"))) r->in_value = r->type != 'i';
        else if (str_eq(name, S("t"))) r->in_value = r->type == 'i' && !r->phonetic;
        else if (str_eq(name, S("f"))) r->is_formula = true;
        else if (str_eq(name, S("rPh"))) r->phonetic++;
    } else if (r->in_data) {
        if (str_eq(name, S("c"))) cell_start(p, attr);
        else if (str_eq(name, S("row"))) row_start(p, attr);
    } else if (str_eq(name, S("sheetData"))) {
        r->in_data = true;
    } else if (str_eq(name, S("mergeCell")) && r->merges.n < XLSX_MERGES_MAX) {
        *LIST_ADD(r->own, &r->merges) =
            arena_dup(r->own, str_cut(part_attr(attr, S("ref")), 0, 32));
    }
}

/* Digits from *i on; `mark` may stand among them once. Gives their number. */
static size_t digits(str s, size_t *i, bool mark)
{
    size_t n = 0;
    for (; *i < s.n; ++*i) {
        if (s.p[*i] >= '0' && s.p[*i] <= '9') n++;
        else if (mark && s.p[*i] == '.') mark = false;
        else break;
    }
    return n;
}

static void sign(str s, size_t *i) { *i += *i < s.n && (s.p[*i] == '-' || s.p[*i] == '+'); }

static bool is_number(str s)
{
    size_t i = 0;
    sign(s, &i);
    if (!digits(s, &i, true)) return false;
    if (i == s.n) return true;
    if ((s.p[i++] | 0x20) != 'e') return false;
    sign(s, &i);
    return digits(s, &i, false) && i == s.n;
}

static void number_cell(struct xlsx_part *p, struct cell *c, str v)
{
    struct xlsx_rows *r = p->u;
    struct xlsx_format f = {0};
    if (r->style >= 0 && (uint64_t)r->style < p->x->formats.n) f = p->x->formats.v[r->style];
    c->text = c->raw = arena_dup(r->row, v);
    c->kind = is_number(v) ? CELL_NUMBER : CELL_TEXT;
    if (c->kind != CELL_NUMBER) return;
    c->format = f.code;
    (void)serial_text(r->row, c->raw, f.shows, p->x->is_1904, &c->kind, &c->text);
}

/* False: the file points to a text that is not there. */
static bool shared_cell(const struct xlsx *x, struct cell *c, str v)
{
    int64_t i = 0;
    if (!str_to_int(v, &i) || i < 0 || (uint64_t)i >= x->strings_n) return false;
    c->text = c->raw = x->strings.v[i / STRING_BLOCK][i % STRING_BLOCK];
    c->kind = CELL_TEXT;
    return true;
}

static void cell_value(struct xlsx_part *p, struct cell *c, str v)
{
    struct xlsx_rows *r = p->u;
    switch (r->type) {
    case 's':
        if (!shared_cell(p->x, c, v)) broken(p, TR("a cell points to a text that is not there"));
        break;
    case 'i':
    case 't':
        c->kind = CELL_TEXT;
        c->text = c->raw = xlsx_text(r->row, v);
        break;
    case 'b':
        c->kind = CELL_BOOL;
        c->raw = arena_dup(r->row, v);
        c->text = str_eq(v, S("1")) || str_eq(v, S("true")) ? S("true") : S("false");
        break;
    case 'e':
        c->kind = CELL_ERROR;
        c->text = c->raw = arena_dup(r->row, v);
        break;
    case 'd':
        c->kind = str_find(v, S("T")) >= 0 ? CELL_DATETIME : CELL_DATE;
        c->text = c->raw = arena_dup(r->row, v);
        break;
    default: number_cell(p, c, v);
    }
}

static void cell_end(struct xlsx_part *p)
{
    struct xlsx_rows *r = p->u;
    struct cell *c = &r->cell[r->column];
    str v = buf_str(&r->value);
    *c = (struct cell){.is_formula = r->is_formula};
    r->in_cell = false;
    if (r->type == 'n' || r->type == 's' || r->type == 'b') v = str_trim(v);
    c->no_value = r->is_formula && !v.n && r->type != 't';
    if (v.n) cell_value(p, c, v);
    if (!c->text.n) c->kind = CELL_EMPTY;
    if (r->column >= r->n && (c->kind != CELL_EMPTY || c->is_formula)) r->n = r->column + 1;
}

static void sheet_end(struct xlsx_part *p, str name)
{
    struct xlsx_rows *r = p->u;
    if (r->in_cell) {
        if (str_eq(name, S("c"))) cell_end(p);
        else if (str_eq(name, S("rPh"))) r->phonetic--;
        else if (str_eq(name, S("v")) || str_eq(name, S("t"))) r->in_value = false;
    } else if (r->in_data && str_eq(name, S("row"))) {
        r->is_ready = true;
        part_wait(p);
    } else if (str_eq(name, S("sheetData"))) {
        r->in_data = false;
    }
}

static void sheet_text(struct xlsx_part *p, str s)
{
    struct xlsx_rows *r = p->u;
    if (!r->in_value) return;
    buf_add(&r->value, s);
    r->bytes += s.n;
    if (r->value.full || r->bytes > XLSX_ROW_MAX)
        part_stop(p, fail(p->cx, E_LIMIT,
                          "Row %" PRId64 ": a cell is longer than %d KiB, or the row than %d MiB",
                          r->number, XLSX_CELL_MAX / 1024, XLSX_ROW_MAX >> 20));
}

void rows_close(struct xlsx_rows **r)
{
    if (!*r) return;
    part_close(&(*r)->part);
    arena_free(&(*r)->row);
    struct arena *own = (*r)->own; /* *r lies in it */
    arena_free(&own);
    *r = NULL;
}

enum err xlsx_pick(struct cx *cx, struct xlsx *x, size_t i)
{
    static const struct xlsx_face face = {sheet_start, sheet_end, sheet_text};
    assert(i < x->sheets.n);
    rows_close(&x->rows);
    struct arena *own = arena_new();
    struct xlsx_rows *r = NEW(own, struct xlsx_rows);
    r->own = own;
    r->row = arena_new();
    r->cell = NEW_N(own, struct cell, XLSX_COLUMNS_MAX);
    r->value = buf_new(own, XLSX_CELL_MAX);
    x->rows = r;
    return part_open(cx, x, x->sheets.v[i].part, &face, r, &r->part);
}

enum err xlsx_next(struct cx *cx, struct xlsx *x, struct cell_row *ret, bool *ret_more)
{
    struct xlsx_rows *r = x->rows;
    *ret = (struct cell_row){0};
    if (!r || !r->part.xml) return fail(cx, E_INVALID, "No sheet is picked");
    r->is_ready = false;
    TRY(part_step(cx, &r->part));
    *ret_more = r->is_ready;
    if (r->is_ready) *ret = (struct cell_row){r->number, r->cell, r->n};
    return E_OK;
}

const str *xlsx_merges(const struct xlsx *x, size_t *ret_n)
{
    *ret_n = x->rows ? x->rows->merges.n : 0;
    return x->rows ? x->rows->merges.v : NULL;
}
