/* SPDX-License-Identifier: MIT */
/* xfer/report.c - each row's fate: a sample in memory, all of them in a file, the refused ones in another. */
#include "fmt/xlsx_put.h"
#include "os/os.h"
#include "xfer/import_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { SAMPLE_EACH = 30, CELLS_TOLD = 20 };
struct report {
    struct xlsx_put *all, *refused;
    int lines;    /* JSON lines instead of XLSX; -1 none */
    size_t shown[FATE_MAX]; /* rows in the sample by fate; as FATE_REFUSED all that need a look */
    size_t n_columns;
    bool all_full, refused_full;
};
const str fate_name[FATE_MAX] = {S0(TR("new")), S0(TR("joined")), S0(TR("changed")),
                                 S0(TR("refused")), S0(TR("empty"))};

static str tell(const struct import *im, str english) { return tr(im->cx->lang, english); }

enum err report_new(struct import *im, struct report **ret)
{
    struct report *r = NEW(im->keep, struct report);
    struct cx *cx = im->cx;
    str path = im->o->report_path;
    r->lines = -1;
    r->n_columns = im->src.plan.n;
    *ret = r;
    if (path.n == 0) return E_OK;
    if (str_has_suffix(path, S(".jsonl"))) {
        r->lines = open(arena_z(cx->a, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        return r->lines >= 0 ? E_OK : os_fail(cx, errno, "open", path);
    }
    const struct xlsx_column cols[] = {{tell(im, S(TR("Row"))), 8, 0},
                                       {tell(im, S(TR("Fate"))), 16, -1},
                                       {tell(im, S(TR("Title"))), 36, -1},
                                       {tell(im, S(TR("Reason"))), 50, -1},
                                       {tell(im, S(TR("Cell"))), 60, -1}};
    return xlsx_put_new(cx, arena_z(cx->a, path), im->o->tmpdir, tell(im, S(TR("Fate"))), cols,
                        COUNT(cols), &r->all);
}

static const struct plan_column *column_at(const struct import *im, size_t index)
{
    for (size_t i = 0; i < im->src.plan.n; i++)
        if (im->src.plan.v[i].index == index) return &im->src.plan.v[i];
    return NULL;
}

static str column_name(const struct import *im, size_t index)
{
    const struct plan_column *c = column_at(im, index);
    return c ? c->heading.n ? c->heading : c->label : S("");
}

/* "E-Mail: max@ (not a mail address); ..." */
static str problems_text(struct import *im, const struct outcome *o)
{
    struct buf b = buf_new(im->cx->a, 8192);
    for (size_t i = 0; i < o->row.problems.n && i < CELLS_TOLD; i++) {
        const struct problem *p = &o->row.problems.v[i];
        str col = column_name(im, p->column), why = tell(im, p->why);
        if (b.n) buf_add(&b, S("; "));
        buf_fmt(&b, "%.*s: %.*s (%.*s)", FS(col), FS(p->text), FS(why));
    }
    return buf_str(&b);
}

/* Whatever stands first in the file, some rows of each fate are shown, and as many as fit of those that need a look. */
static bool has_room(struct report *r, const struct outcome *o)
{
    bool look = o->row.problems.n || o->unsure || o->fate == FATE_REFUSED;
    size_t *n = &r->shown[look ? FATE_REFUSED : o->fate];
    if (*n >= (look ? IMPORT_SAMPLE - (FATE_MAX - 1) * SAMPLE_EACH : SAMPLE_EACH)) return false;
    (*n)++;
    return true;
}

static void sample_add(struct import *im, const struct outcome *o)
{
    struct import_result *ret = im->ret;
    if (!has_room(im->report, o)) return;
    struct fate_row *f = LIST_ADD(im->out, &ret->sample);
    size_t n = o->row.problems.n < CELLS_TOLD ? o->row.problems.n : CELLS_TOLD;
    struct fate_cell *cells = NEW_N(im->out, struct fate_cell, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct problem *p = &o->row.problems.v[i];
        cells[i] = (struct fate_cell){column_name(im, p->column), arena_dup(im->out, p->text),
                                      tell(im, p->why)};
    }
    *f = (struct fate_row){.sheet = o->sheet.n ? arena_dup(im->out, o->sheet) : S(""),
                           .row = o->row.number,
                           .fate = o->fate,
                           .title = arena_dup(im->out, o->title),
                           .why = arena_dup(im->out, tell(im, o->why)),
                           .cells = cells,
                           .n_cells = n,
                           .unsure = o->unsure && o->fate != FATE_REFUSED};
}

static enum err line_put(struct import *im, const struct outcome *o, str cells)
{
    struct buf b = buf_new(im->cx->a, 64 * 1024);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    if (o->sheet.n) jw_kstr(&w, S("sheet"), o->sheet);
    jw_kint(&w, S("row"), o->row.number);
    jw_kstr(&w, S("fate"), fate_name[o->fate]);
    jw_kstr(&w, S("title"), o->title);
    jw_kstr(&w, S("why"), tell(im, o->why));
    jw_kstr(&w, S("cells"), cells);
    jw_obj_end(&w);
    buf_byte(&b, '\n');
    return os_write_all(im->cx, im->report->lines, buf_str(&b));
}

static struct cell text_cell(str s)
{
    return (struct cell){.kind = s.n ? CELL_TEXT : CELL_EMPTY, .text = s, .raw = s};
}

static enum err put(struct import *im, struct xlsx_put *x, const struct cell *v, size_t n,
                    bool *full)
{
    if (*full) return E_OK;
    enum err e = xlsx_put_row(im->cx, x, v, n);
    if (e != E_LIMIT) return e;
    *full = true; /* a sheet holds a million rows; the JSON lines hold all */
    return E_OK;
}

/* The file of refused rows is begun with the first one. */
static enum err refused_put(struct import *im, struct outcome *o, str cells)
{
    struct report *r = im->report;
    size_t n = r->n_columns;
    if (!r->refused) {
        struct xlsx_column *cols = NEW_N(im->cx->a, struct xlsx_column, n + 2);
        for (size_t i = 0; i < n; i++)
            cols[i] = (struct xlsx_column){column_name(im, im->src.plan.v[i].index), 18, -1};
        cols[n] = (struct xlsx_column){tell(im, S(TR("Reason"))), 60, -1};
        TRY(xlsx_put_new(im->cx, arena_z(im->cx->a, im->o->refused_path), im->o->tmpdir,
                         tell(im, S(TR("refused"))), cols, n + 1, &r->refused));
    }
    struct cell *v = NEW_N(im->cx->a, struct cell, n + 2);
    for (size_t i = 0; i < n; i++) {
        size_t at = im->src.plan.v[i].index;
        v[i] = text_cell(at < o->n_texts ? o->texts[at] : S(""));
    }
    str why = tell(im, o->why);
    str all = o->fate == FATE_REFUSED && why.n && cells.n
                  ? arena_fmt(im->cx->a, "%.*s. %.*s", FS(why), FS(cells))
              : o->fate == FATE_REFUSED && why.n ? why
                                                 : cells;
    v[n] = text_cell(all);
    return put(im, r->refused, v, n + 1, &r->refused_full);
}

enum err report_row(struct import *im, struct outcome *o)
{
    struct report *r = im->report;
    bool bad = o->fate == FATE_REFUSED;
    str cells = o->row.problems.n ? problems_text(im, o) : S("");

    for (size_t i = 0; i < o->row.problems.n; i++) bad |= !o->row.problems.v[i].kept;
    sample_add(im, o);
    if (r->lines >= 0) TRY(line_put(im, o, cells));
    if (r->all) {
        str number = arena_fmt(im->cx->a, "%" PRId64, o->row.number);
        str place = arena_fmt(im->cx->a, "%.*s: %.*s", FS(o->sheet), FS(number));
        const struct cell v[] = {
            o->sheet.n ? text_cell(place)
                       : (struct cell){.kind = CELL_NUMBER, .text = number, .raw = number},
            text_cell(tell(im, fate_name[o->fate])), text_cell(o->title),
            text_cell(tell(im, o->why)), text_cell(cells)};
        TRY(put(im, r->all, v, COUNT(v), &r->all_full));
    }
    if (bad && im->o->refused_path.n) TRY(refused_put(im, o, cells));
    return E_OK;
}

enum err report_end(struct import *im, bool ok)
{
    struct report *r = im->report;
    int64_t cut = 0;
    if (!r) return E_OK;
    if (r->lines >= 0) (void)close(r->lines);
    r->lines = -1;
    if (ok && r->all) TRY(xlsx_put_end(im->cx, &r->all, &cut));
    if (ok && r->refused) {
        TRY(xlsx_put_end(im->cx, &r->refused, &cut));
        im->ret->has_refused_file = true;
    }
    xlsx_put_drop(&r->all);
    xlsx_put_drop(&r->refused);
    return E_OK;
}
