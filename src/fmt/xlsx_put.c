/* SPDX-License-Identifier: MIT */
/* fmt/xlsx_put.c - the writer, over libxlsxwriter's constant memory mode. */
#include "fmt/xlsx_put.h"

#include "base/time.h"
#include "fmt/xlsx.h"

#include <stdlib.h>
#include <xlsxwriter.h>

enum { DECIMALS = 7, DIGITS_MAX = 15 };
struct xlsx_put {
    struct arena *own, *row;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *head, *day, *moment, *time, *number[DECIMALS];
    int *decimals; /* by column */
    size_t columns;
    lxw_row_t next;
    int64_t cut;
};

static lxw_format *format_new(lxw_workbook *b, const char *code)
{
    lxw_format *f = workbook_add_format(b);
    format_set_num_format(f, code);
    return f;
}

static void make_formats(struct xlsx_put *x)
{
    static const char *const codes[DECIMALS] = {
        "0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.0000", "#,##0.00000", "#,##0.000000"};
    x->head = workbook_add_format(x->book);
    format_set_bold(x->head);
    format_set_bottom(x->head, LXW_BORDER_THIN);
    x->day = workbook_add_format(x->book);
    format_set_num_format_index(x->day, 14); /* shown in the reader's own way */
    x->moment = format_new(x->book, "yyyy-mm-dd hh:mm:ss");
    x->time = format_new(x->book, "[h]:mm:ss");
    for (int i = 0; i < DECIMALS; i++) x->number[i] = format_new(x->book, codes[i]);
}

/* The text as XML may hold it and Excel will read it back: control characters and what looks like
 * an escape become _xHHHH_; cut to Excel's maximum. */
static const char *cell_text(struct xlsx_put *x, str s)
{
    struct buf b = buf_new(x->row, s.n * 7 + 8);
    size_t units = 0;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        uint32_t cp = utf8_next(s, &i);
        size_t need = cp > 0xFFFF ? 2 : 1;
        bool escape = (cp < 32 && cp != '\n' && cp != '\t') || cp == 0xFFFE || cp == 0xFFFF ||
                      (cp == '_' && i < s.n && s.p[i] == 'x');
        if (escape) need = 7;
        if (units + need > XLSX_TEXT_MAX) {
            x->cut++;
            break;
        }
        units += need;
        char u[4];
        if (escape) buf_fmt(&b, "_x%04X_", cp);
        else if (cp == 0xFFFD) buf_add(&b, (str){u, utf8_put(u, cp)});
        else buf_add(&b, str_cut(s, from, i));
    }
    return arena_z(x->row, buf_str(&b));
}

static void put_text(struct xlsx_put *x, lxw_col_t col, str s)
{
    (void)worksheet_write_string(x->sheet, x->next, col, cell_text(x, s), NULL);
}

/* Excel keeps 15 digits: longer ones (account numbers) would be spoiled. Leading zeros too. */
static bool is_exact(str s)
{
    size_t i = s.n && s.p[0] == '-', digits = 0, marks = 0, from = i;
    for (; i < s.n; i++) {
        if (s.p[i] == '.') marks++;
        else if (s.p[i] >= '0' && s.p[i] <= '9') digits++;
        else return false;
    }
    bool padded = s.n > from + 1 && s.p[from] == '0' && s.p[from + 1] != '.';
    return digits && digits <= DIGITS_MAX && marks <= 1 && !padded;
}

static void put_number(struct xlsx_put *x, lxw_col_t col, str s)
{
    int d = col < x->columns ? x->decimals[col] : -1;
    if (!is_exact(s)) {
        put_text(x, col, s);
        return;
    }
    lxw_format *f = d >= 0 && d < DECIMALS ? x->number[d] : NULL;
    (void)worksheet_write_number(x->sheet, x->next, col, strtod(arena_z(x->row, s), NULL), f);
}

static bool two(str s, size_t i, int max, int *ret)
{
    int64_t v = 0;
    if (i + 2 > s.n || !str_to_int(str_cut(s, i, i + 2), &v) || v < 0 || v > max) return false;
    *ret = (int)v;
    return true;
}

/* "hh:mm" or "hh:mm:ss" from i. */
static bool clock_at(str s, size_t i, lxw_datetime *d)
{
    int sec = 0;
    if (!two(s, i, 23, &d->hour) || i + 5 > s.n || s.p[i + 2] != ':' || !two(s, i + 3, 59, &d->min))
        return false;
    if (s.n > i + 5 && (s.p[i + 5] != ':' || !two(s, i + 6, 59, &sec))) return false;
    d->sec = sec;
    return s.n == i + 5 || s.n == i + 8;
}

static void put_moment(struct xlsx_put *x, lxw_col_t col, const struct cell *c)
{
    int64_t day = 0;
    lxw_datetime d = {0};
    bool is_time = c->kind == CELL_TIME, ok = is_time || day_parse(str_cut(c->text, 0, 10), &day);
    if (ok && !is_time) {
        struct date at = day_date(day);
        d = (lxw_datetime){.year = (int)at.y, .month = at.m, .day = at.d};
        ok = at.y >= 1900 && at.y <= 9999;
    }
    if (ok && c->kind != CELL_DATE) ok = clock_at(c->text, is_time ? 0 : 11, &d);
    if (ok && c->kind == CELL_DATE) ok = c->text.n == 10;
    if (!ok) {
        put_text(x, col, c->text);
        return;
    }
    lxw_format *f = is_time ? x->time : c->kind == CELL_DATE ? x->day : x->moment;
    (void)worksheet_write_datetime(x->sheet, x->next, col, &d, f);
}

static void put_cell(struct xlsx_put *x, lxw_col_t col, const struct cell *c)
{
    switch (c->kind) {
    case CELL_EMPTY: break;
    case CELL_NUMBER: put_number(x, col, c->text); break;
    case CELL_DATE:
    case CELL_DATETIME:
    case CELL_TIME: put_moment(x, col, c); break;
    case CELL_BOOL:
        (void)worksheet_write_boolean(x->sheet, x->next, col, str_eq(c->text, S("true")), NULL);
        break;
    case CELL_TEXT:
    case CELL_ERROR: put_text(x, col, c->text); break;
    }
}

static const char *sheet_name(struct arena *a, str s)
{
    struct buf b = buf_new(a, 256);
    size_t chars = 0;
    for (size_t i = 0; i < s.n && chars < 31;) {
        size_t from = i;
        uint32_t cp = utf8_next(s, &i);
        if (cp < 32 || cp == 0xFFFD || cp == '\'' || (cp < 128 && memchr("[]:*?/\\", (int)cp, 7)))
            continue;
        buf_add(&b, str_cut(s, from, i));
        chars += cp > 0xFFFF ? 2 : 1;
    }
    return b.n ? arena_z(a, buf_str(&b)) : "Sheet1";
}

static void put_head(struct xlsx_put *x, const struct xlsx_column *columns)
{
    for (size_t i = 0; i < x->columns; i++) {
        lxw_col_t col = (lxw_col_t)i;
        x->decimals[i] = columns[i].decimals;
        if (columns[i].width > 0)
            (void)worksheet_set_column(x->sheet, col, col, columns[i].width, NULL);
        (void)worksheet_write_string(x->sheet, 0, col, cell_text(x, columns[i].title), x->head);
    }
    worksheet_freeze_panes(x->sheet, 1, 0);
    x->next = 1;
}

enum err xlsx_put_new(struct cx *cx, const char *path, str tmpdir, str sheet,
                      const struct xlsx_column *columns, size_t n, struct xlsx_put **ret)
{
    if (!n || n > XLSX_COLUMNS_MAX)
        return fail(cx, E_LIMIT, "A sheet has 1 to %d columns", XLSX_COLUMNS_MAX);
    struct arena *own = arena_new();
    struct xlsx_put *x = NEW(own, struct xlsx_put);
    x->own = own;
    x->row = arena_new();
    x->columns = n;
    x->decimals = NEW_N(own, int, n);
    str tmp = arena_dup(own, tmpdir);
    char *dir = arena_get(own, tmp.n + 1);
    memcpy(dir, tmp.p, tmp.n);
    lxw_workbook_options o = {.constant_memory = LXW_TRUE, .tmpdir = tmp.n ? dir : NULL};
    x->book = workbook_new_opt(path, &o);
    if (x->book) x->sheet = workbook_add_worksheet(x->book, sheet_name(own, sheet));
    if (!x->sheet) {
        xlsx_put_drop(&x);
        return fail(cx, E_INTERNAL, "The workbook cannot be begun");
    }
    make_formats(x);
    put_head(x, columns);
    *ret = x;
    return E_OK;
}

enum err xlsx_put_row(struct cx *cx, struct xlsx_put *x, const struct cell *cells, size_t n)
{
    if (x->next == XLSX_ROWS_MAX)
        return fail(cx, E_LIMIT, "A sheet has at most %d rows", XLSX_ROWS_MAX);
    if (n > XLSX_COLUMNS_MAX)
        return fail(cx, E_LIMIT, "A sheet has at most %d columns", XLSX_COLUMNS_MAX);
    arena_reset(x->row);
    for (size_t i = 0; i < n; i++) put_cell(x, (lxw_col_t)i, &cells[i]);
    x->next++;
    return E_OK;
}

static void free_all(struct xlsx_put **x)
{
    struct arena *own = (*x)->own; /* *x lies in it */
    arena_free(&(*x)->row);
    arena_free(&own);
    *x = NULL;
}

enum err xlsx_put_end(struct cx *cx, struct xlsx_put **x, int64_t *ret_cut)
{
    (void)worksheet_autofilter((*x)->sheet, 0, 0, (*x)->next - 1, (lxw_col_t)((*x)->columns - 1));
    int64_t cut = (*x)->cut;
    lxw_error e = workbook_close((*x)->book); /* frees it, whatever it answers */
    free_all(x);
    if (e != LXW_NO_ERROR)
        return fail(cx, E_INTERNAL, "The workbook cannot be written: %s", lxw_strerror(e));
    *ret_cut = cut;
    return E_OK;
}

void xlsx_put_drop(struct xlsx_put **x)
{
    if (!*x) return;
    lxw_workbook_free((*x)->book);
    free_all(x);
}
