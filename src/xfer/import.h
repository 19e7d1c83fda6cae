/* SPDX-License-Identifier: MIT */
/* xfer/import.h - taking a table or cards in: rehearsed, then run as one batch that can be undone.
 *
 * A dry run reads everything and writes nothing. A run goes in slices of about 20 ms of the writer's time (2 ms with
 * rests while people write, 1 s when nobody else can); each slice stores the batch's position in its own transaction,
 * so a broken run goes on where it was (`batch`). A row that cannot go in is refused with its reason and
 * the others go on.
 *
 * Joined rows: what is empty is filled, numbers, mails and groups are added, a name written better
 * ('?', capitals, ё) takes the place of the worse one, remarks are put below each other, amounts of
 * new number columns add up within the file (a repeated row may bring a further amount, and then the
 * base's sum is the file's). A value that stands in the base is never replaced by another one, except
 * such an amount by the file's: the file's word is proposed instead (register/proposal.h).
 */
#pragma once
#include "xfer/source.h"

struct import_opt {
    str path;               /* the file: CSV, XLSX or vCard */
    str name;               /* as the user calls it: title of the batch */
    str entity;             /* "" = find out */
    int64_t sheet;          /* -1 = the best one, and those like it */
    const struct json *mapping; /* docs/api.md; NULL = as guessed */
    str report_path;        /* each row's fate as XLSX (or JSON lines: *.jsonl); "" = none */
    /* refused rows and those with bad cells as XLSX with the reason; "" = none; no file when there is none to tell */
    str refused_path;
    str tmpdir;
    int64_t batch;          /* go on with this one; 0 = new */
    bool dry;
    bool alone;             /* no other writer is waited for (a house that is shut): slices of 1 s */
    bool (*progress)(void *arg, int64_t done, int64_t total); /* false = stop; NULL = none. Called between slices. */
    void *arg;
};
enum fate { FATE_NEW, FATE_JOINED, FATE_CHANGED, FATE_REFUSED, FATE_EMPTY, FATE_MAX };
extern const str fate_name[FATE_MAX];
enum { IMPORT_SAMPLE = 200 };
struct fate_cell {
    str column, text, why;  /* why in the user's language */
};
struct fate_row {
    str sheet;              /* "" when there is but one */
    int64_t row;
    enum fate fate;
    str title, why;
    const struct fate_cell *cells;
    size_t n_cells;
    bool unsure;            /* joined, but a person should look at it */
};
struct import_result {
    int64_t rows, fates[FATE_MAX];
    int64_t problems;       /* cells left out */
    int64_t unsure;         /* joined rows that a person should look at */
    int64_t made, companies, groups, interactions, fields; /* records made: of the entity itself, others */
    int64_t batch, ms;      /* batch 0 after a dry run */
    bool is_dry, is_stopped;
    bool has_refused_file;
    LIST(struct fate_row) sample;
    LIST(struct plan_sheet) left_out; /* visible sheets with rows that were not read: other headings */
    LIST(struct fate_cell) totals; /* a row of the file that adds up the others: column, its figure, ours */
};

/* What a file holds, as POST /import/plan answers. */
MUST enum err xfer_plan(struct cx *cx, const struct source_opt *o, struct jw *w);
/* What would happen. E_DENIED without the right to import. */
MUST enum err xfer_dry(struct cx *cx, const struct import_opt *o, struct import_result *ret);
/* Does it. On an error *ret still tells what was done: the batch is marked failed and can be gone on with or undone. */
MUST enum err xfer_run(struct cx *cx, const struct import_opt *o, struct import_result *ret);
void import_json(const struct import_result *r, struct jw *w);

/* ---- mappings kept under a name ---- */
/* Over one that has the name already. */
MUST enum err mapping_save(struct cx *cx, str name, str json, int64_t *ret_id);
MUST enum err mapping_find(struct cx *cx, str name, const struct json **ret); /* E_NOTFOUND */
/* The plan of a file under a mapping (NULL: as guessed), kept under a name. */
MUST enum err mapping_keep(struct cx *cx, const struct source_opt *o, str name);
MUST enum err mapping_list_json(struct cx *cx, struct jw *w); /* [{"id","name","mapping":{...}}] */
MUST enum err mapping_delete(struct cx *cx, int64_t id);
