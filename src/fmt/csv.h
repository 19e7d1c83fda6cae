/* SPDX-License-Identifier: MIT */
/* fmt/csv.h - separated text, as it comes from the world (reading) and as Excel likes it (writing).
 *
 * The reader holds one block and one row, whatever the file's size. It forgives: ragged rows, CR,
 * LF and CRLF mixed, a quote inside a bare cell, text behind a closing quote, a last line without
 * end. It does not guess where a quote that is never closed should have ended: that is an error
 * that names the line, and the user may read the file with `no_quotes`.
 */
#pragma once
#include "base/base.h"
#include "fmt/src.h"

enum {
    CSV_CELL_MAX = 1 << 20,   /* bytes of one cell, in UTF-8 */
    CSV_ROW_MAX = 8 << 20,    /* bytes of one row */
    CSV_COLUMNS_MAX = 16384,
};

struct csv_opt {
    str lang;       /* of the user: settles short texts without mark */
    str charset;    /* fmt/charset.h; "" = guess */
    char sep;       /* 0 = guess among ; tab | , */
    bool no_quotes; /* '"' is an ordinary character */
    bool unguard;   /* undo csv_put's guard: take one ' from the head of '=1+1 */
};
/* What the reader found or was told; the user may overrule it in a preview. */
struct csv_look {
    str charset;
    bool charset_sure;
    char sep;
    size_t columns; /* of most rows at the head of the file */
};
struct csv_row {
    int64_t line;    /* of the row's first byte, from 1 */
    const str *cell; /* valid until the next csv_next */
    size_t n;        /* rows may differ; a row without any character is not delivered */
};

struct csv;
/* Looks through the whole source for its encoding, at the head for its separator. */
MUST enum err csv_open(struct cx *cx, const struct src *src, const struct csv_opt *opt,
                       struct csv **ret);
/* *ret_more false: the end, and *ret is empty. E_LIMIT: a limit above; E_INVALID: a quote is never
 * closed. Both name the line, and the reader can then only be closed. */
MUST enum err csv_next(struct cx *cx, struct csv *c, struct csv_row *ret, bool *ret_more);
struct csv_look csv_look(const struct csv *c);
/* Characters so far that were not valid in the encoding, now U+FFFD or '?'. */
int64_t csv_bad(const struct csv *c);
void csv_close(struct csv **c);

/* ---- writing ---- */
struct csv_style {
    char sep;      /* ';' opens well where the comma is decimal; ',' elsewhere */
    bool mark;     /* UTF-8 byte order mark: Excel needs it */
    bool no_guard; /* for programs: cells exactly as they are */
};
extern const struct csv_style csv_excel; /* ; mark, guard */
void csv_put_head(struct buf *b, const struct csv_style *s);
/* One row with CRLF. A caller that streams empties the buffer between rows.
 *
 * Guard: a cell that a spreadsheet might run gets a leading '. That is one that begins with
 * = + - @ | tab CR LF or a full-width = + - @, unless it is a plain number (-12.50, +3,5e2, -1 250)
 * or a phone number (+ and digits with spaces, dots, brackets; hyphens and slashes only beside a
 * space or bracket, since +7-495-1 would be computed). A cell that begins with ' and so on gets
 * one more, so that csv_unguard gives back every original exactly. */
void csv_put_row(struct buf *b, const struct csv_style *s, const str *cell, size_t n);
bool csv_is_risky(str cell);
str csv_unguard(str cell);
