/* SPDX-License-Identifier: MIT */
/* fmt/cell.h - one cell of a table, whatever file it came from. */
#pragma once
#include "base/base.h"

enum cell_kind {
    CELL_EMPTY,
    CELL_TEXT,
    CELL_NUMBER,   /* text as it stands in the file: 12.5, 4.91512E+11; never through a float */
    CELL_DATE,     /* 2026-11-22 */
    CELL_DATETIME, /* 2026-11-22T10:00:00, no zone */
    CELL_TIME,     /* 26:30:00: a time of day, or a duration */
    CELL_BOOL,     /* "true" or "false" */
    CELL_ERROR,    /* #N/A and the like */
};
struct cell {
    enum cell_kind kind;
    bool is_formula; /* text is the value that the file remembers; never computed by us */
    bool no_value;   /* a formula, and the file remembers nothing of it: not even an empty text */
    str text;
    str raw;    /* as stored, before it became a date; equal to text otherwise */
    str format; /* XLSX number format of a number or date ("0.00E+00"), else "" */
};
struct cell_row {
    int64_t number;          /* XLSX: the row; CSV: the line of the file; from 1 */
    const struct cell *cell; /* valid until the next row */
    size_t n;
};
