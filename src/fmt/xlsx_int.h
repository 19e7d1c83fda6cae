/* SPDX-License-Identifier: MIT */
/* fmt/xlsx_int.h - what the files of the XLSX reader share.
 *
 * xlsx.c the workbook and its parts; xlsx_part.c zip and XML of one part; xlsx_style.c number
 * formats and dates; xlsx_sheet.c rows.
 */
#pragma once
#include "fmt/xlsx.h"

#include <expat.h>
#include <zip.h>

/* ---- one part, parsed in steps ---- */
struct xlsx_part;
struct xlsx_face { /* names come without their namespace prefix */
    void (*start)(struct xlsx_part *p, str name, const char **attr);
    void (*end)(struct xlsx_part *p, str name);
    void (*text)(struct xlsx_part *p, str s);
};
struct xlsx_part {
    struct xlsx *x;
    struct cx *cx; /* lent for the length of one step */
    const struct xlsx_face *face;
    void *u; /* the face's own */
    str name;
    zip_file_t *file;
    XML_Parser xml;
    uint64_t packed, unpacked;
    int depth;
    bool is_last, is_waiting, is_done;
    enum err err;
};
/* E_NOTFOUND: no such part. Close in any case; *ret must not move until then. */
MUST enum err part_open(struct cx *cx, struct xlsx *x, str name, const struct xlsx_face *face, void *u,
                        struct xlsx_part *ret);
/* Parses until the face calls part_wait, or to the end (is_done). */
MUST enum err part_step(struct cx *cx, struct xlsx_part *p);
void part_wait(struct xlsx_part *p);             /* from a face: enough for this step */
void part_stop(struct xlsx_part *p, enum err e); /* from a face: after fail(p->cx, ...) */
void part_close(struct xlsx_part *p);
/* All of a part. */
MUST enum err part_read(struct cx *cx, struct xlsx *x, str name, const struct xlsx_face *face, void *u);
str part_attr(const char **attr, str name); /* "" when absent; a prefix of the name is ignored */

/* ---- formats ---- */
enum { SHOWS_DATE = 1, SHOWS_TIME = 2, SHOWS_SPAN = 4, SHOWS_EITHER = 8 };
struct xlsx_format {
    unsigned shows;
    str code;
};
unsigned format_shows(str code);
struct xlsx_format format_builtin(int64_t id);
/* Turns a serial number into ISO text; false (a number after all) when it is no day of the calendar. */
bool serial_text(struct arena *a, str raw, unsigned shows, bool is_1904, enum cell_kind *ret_kind,
                 str *ret);
MUST enum err styles_read(struct cx *cx, struct xlsx *x, str name);

/* ---- the workbook ---- */
enum { STRING_BLOCK = 4096 };
struct xlsx_place {
    struct xlsx_sheet sheet;
    str part, id;
};
struct xlsx_rows; /* xlsx_sheet.c */
struct xlsx {
    struct arena *own;
    zip_t *zip;
    uint64_t held; /* unpacked bytes of the parts read at opening */
    bool is_1904;
    LIST(struct xlsx_place) sheets;
    LIST(str *) strings; /* blocks of STRING_BLOCK */
    size_t strings_n;
    LIST(struct xlsx_format) formats; /* by cellXfs */
    struct xlsx_rows *rows;
};
/* Copy into `a` with _x000D_ and the like decoded. */
str xlsx_text(struct arena *a, str s);
void rows_close(struct xlsx_rows **r);
