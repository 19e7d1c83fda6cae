/* SPDX-License-Identifier: MIT */
/* fmt/table.c - telling the formats apart and giving CSV rows the form of XLSX rows. */
#include "fmt/table.h"

#include "base/tr.h"
#include "fmt/csv.h"
#include "fmt/xlsx.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct table {
    struct arena *own;
    struct xlsx *xlsx; /* one of the two */
    struct csv *csv;
    struct src src;
    str bytes;
    int fd; /* -1 = none */
    struct csv_opt opt;
    struct cell *cell;
    size_t cell_cap;
};

static bool is_xlsx_like(str head)
{
    return str_has_prefix(head, S("PK\x03\x04")) || str_has_prefix(head, S("PK\x05\x06")) ||
           str_has_prefix(head, S("\xD0\xCF\x11\xE0"));
}

/* Files that people take for tables, and that a CSV reader would read as rubbish. */
static enum err refuse(struct cx *cx, str head)
{
    static const struct {
        str magic;
        const char *what;
    } known[] = {{S0("%PDF"), TR("a PDF")},
                 {S0("\x89PNG"), TR("a picture")},
                 {S0("\xFF\xD8\xFF"), TR("a picture")},
                 {S0("GIF8"), TR("a picture")},
                 {S0("\x1F\x8B"), TR("a packed file")},
                 {S0("7z\xBC\xAF"), TR("a packed file")},
                 {S0("Rar!"), TR("a packed file")},
                 {S0("\x7F"
                     "ELF"),
                  TR("a program")},
                 {S0("{\\rtf"), TR("a text document")},
                 {S0("SQLite format 3"), TR("a database")},
                 {S0("BEGIN:VCARD"), TR("a file of contacts (vCard)")},
                 {S0("BEGIN:VCALENDAR"), TR("a calendar")},
                 {S0("<!DOCTYPE"), TR("a web page")},
                 {S0("<html"), TR("a web page")},
                 {S0("<?xml"), TR("an XML file")}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_has_prefix(head, known[i].magic))
            return fail(cx, E_TYPE, "This is %s, no table: save the table as .xlsx or .csv",
                        tr_format(cx->lang, known[i].what));
    return E_OK;
}

static str dup_known(struct arena *a, str s) { return s.n ? arena_dup(a, s) : S(""); }

static enum err open_any(struct cx *cx, struct table *t, const char *path,
                         const struct table_opt *opt)
{
    char b[16];
    size_t n = 0;
    TRY(t->src.read(cx, t->src.arg, 0, b, sizeof b, &n));
    str head = {b, n};
    if (!n) return fail(cx, E_TYPE, "The file is empty");
    if (is_xlsx_like(head)) {
        if (path) TRY(xlsx_open(cx, path, &t->xlsx));
        else TRY(xlsx_open_bytes(cx, t->bytes, &t->xlsx));
        for (size_t i = 0; i < xlsx_sheets(t->xlsx); i++)
            if (!xlsx_sheet(t->xlsx, i).hidden) return xlsx_pick(cx, t->xlsx, i);
        return xlsx_pick(cx, t->xlsx, 0);
    }
    TRY(refuse(cx, head));
    t->opt = (struct csv_opt){dup_known(t->own, opt->lang), dup_known(t->own, opt->charset),
                              opt->sep, opt->no_quotes, true};
    return csv_open(cx, &t->src, &t->opt, &t->csv);
}

static struct table *table_new(void)
{
    struct arena *own = arena_new();
    struct table *t = NEW(own, struct table);
    t->own = own;
    t->fd = -1;
    return t;
}

static enum err opened(enum err e, struct table *t, struct table **ret)
{
    if (e != E_OK) table_close(&t);
    else *ret = t;
    return e;
}

enum err table_open(struct cx *cx, const char *path, const struct table_opt *opt,
                    struct table **ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(cx, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "The file cannot be opened");
    struct table *t = table_new();
    t->fd = fd;
    t->src = src_fd(&t->fd);
    return opened(open_any(cx, t, path, opt), t, ret);
}

enum err table_open_bytes(struct cx *cx, str bytes, const struct table_opt *opt, struct table **ret)
{
    struct table *t = table_new();
    t->bytes = bytes;
    t->src = src_bytes(&t->bytes);
    return opened(open_any(cx, t, NULL, opt), t, ret);
}

struct table_look table_look(const struct table *t)
{
    if (t->xlsx) return (struct table_look){.kind = TABLE_XLSX, .is_1904 = xlsx_is_1904(t->xlsx)};
    struct csv_look k = csv_look(t->csv);
    return (struct table_look){.kind = TABLE_CSV,
                               .charset = k.charset,
                               .charset_sure = k.charset_sure,
                               .sep = k.sep,
                               .columns = k.columns};
}

size_t table_sheets(const struct table *t) { return t->xlsx ? xlsx_sheets(t->xlsx) : 1; }

struct table_sheet table_sheet(const struct table *t, size_t i)
{
    if (!t->xlsx) return (struct table_sheet){S(""), false};
    struct xlsx_sheet s = xlsx_sheet(t->xlsx, i);
    return (struct table_sheet){s.name, s.hidden};
}

enum err table_pick(struct cx *cx, struct table *t, size_t i)
{
    if (t->xlsx) return xlsx_pick(cx, t->xlsx, i);
    struct csv *again = NULL;
    TRY(csv_open(cx, &t->src, &t->opt, &again));
    csv_close(&t->csv);
    t->csv = again;
    return E_OK;
}

static enum err next_csv(struct cx *cx, struct table *t, struct cell_row *ret, bool *ret_more)
{
    struct csv_row row = {0};
    *ret = (struct cell_row){0};
    TRY(csv_next(cx, t->csv, &row, ret_more));
    if (!*ret_more) return E_OK;
    if (row.n > t->cell_cap) {
        t->cell_cap = row.n * 2;
        t->cell = NEW_N(t->own, struct cell, t->cell_cap);
    }
    while (row.n && !row.cell[row.n - 1].n) row.n--;
    for (size_t i = 0; i < row.n; i++)
        t->cell[i] = (struct cell){.kind = row.cell[i].n ? CELL_TEXT : CELL_EMPTY,
                                   .text = row.cell[i],
                                   .raw = row.cell[i],
                                   .format = S("")};
    *ret = (struct cell_row){row.line, t->cell, row.n};
    return E_OK;
}

enum err table_next(struct cx *cx, struct table *t, struct cell_row *ret, bool *ret_more)
{
    return t->xlsx ? xlsx_next(cx, t->xlsx, ret, ret_more) : next_csv(cx, t, ret, ret_more);
}

int64_t table_bad(const struct table *t) { return t->csv ? csv_bad(t->csv) : 0; }

const str *table_merges(const struct table *t, size_t *ret_n)
{
    *ret_n = 0;
    return t->xlsx ? xlsx_merges(t->xlsx, ret_n) : NULL;
}

void table_close(struct table **t)
{
    if (!*t) return;
    xlsx_close(&(*t)->xlsx);
    csv_close(&(*t)->csv);
    if ((*t)->fd >= 0) (void)close((*t)->fd);
    struct arena *own = (*t)->own; /* *t lies in it */
    arena_free(&own);
    *t = NULL;
}
