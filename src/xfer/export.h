/* SPDX-License-Identifier: MIT */
/* xfer/export.h - records out as CSV, XLSX, vCard or JSON lines, streamed from one snapshot, complete
 * unless told otherwise, with row count and SHA-256 of the bytes.
 *
 * CSV and XLSX name the columns by the fields' labels in the user's language, so that an import takes
 * them back; cells that a spreadsheet would compute are made harmless (fmt/csv.h, fmt/xlsx_put.h).
 */
#pragma once
#include "record/record.h"

enum export_format { EXPORT_CSV, EXPORT_XLSX, EXPORT_VCF, EXPORT_JSONL, EXPORT_FORMATS };
extern const struct export_kind {
    str name, type;           /* "csv", "text/csv; charset=utf-8" */
} export_kinds[EXPORT_FORMATS];
/* E_INVALID when unknown. */
MUST enum err export_format_of(struct cx *cx, str name, enum export_format *ret);

struct export_opt {
    str entity;               /* "" = everything one may export, JSON lines only: {"entity":...,"record":{...}} */
    enum export_format format;
    const struct cond *where; /* NULL = all */
    const struct sql *also;   /* one more condition on alias t (search_where for a walk); NULL = none */
    const struct list_column *columns; /* CSV, XLSX; n_columns 0 = all fields one may read */
    size_t n_columns;
    str tmpdir;               /* XLSX is built in a file there; "" = the system's */
};
struct export_result {
    int64_t rows, bytes;
    str sha256;               /* lower-case hex, in cx->a */
};
/* Called with pieces of the file in order; its error ends the export. The piece lives during the call. */
typedef enum err export_write_fn(struct cx *cx, void *arg, str piece);
/* E_DENIED without the right to export; E_INVALID: vCards of something else than people and companies. */
MUST enum err xfer_export(struct cx *cx, const struct export_opt *o, export_write_fn *write, void *arg,
                          struct export_result *ret);
