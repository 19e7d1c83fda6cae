/* SPDX-License-Identifier: MIT */
/* xfer/row.h - one row of a table as values of fields: what it wants to be, before anybody looks into
 * the base.
 *
 * A bad cell becomes a problem and is left out; the row goes in without it. Formulas are never
 * computed: a text that one made is set aside. Pure: reads and writes no record.
 */
#pragma once
#include "record/record.h"
#include "fmt/cell.h"
#include "fmt/country.h"
#include "xfer/plan.h"

/* What each column does, settled once for all rows. */
struct row_plan;
/* `main` is the plan's entity; own fields that are still to be made ("new") get a stand-in, so that a dry
 * run can read their cells. After they were made, `p` names them and this is called again. */
MUST enum err row_plan_new(struct cx *cx, const struct plan *p, struct row_plan **ret);

struct problem {
    size_t column;        /* as in plan_column.index */
    str text, why;        /* why: English, constant or in cx->a */
    bool kept;            /* worth a word, but the cell went in */
};
enum key_kind { KEY_PHONE, KEY_MAIL };
struct key {
    enum key_kind kind;
    str norm;
};
struct told_line {        /* one dated line of a history */
    int64_t day;
    str text, who;        /* who: what stood in brackets at its end */
    str kind;             /* note, call, meeting, letter */
};
typedef LIST(struct told_line) told_lines;
enum row_kind {
    ROW_MAIN,             /* a record of the plan's entity, perhaps with its firm */
    ROW_FIRM,             /* only a firm (in a person's plan) */
    ROW_EMPTY, ROW_TOTAL, /* neither person nor firm; adds up the others */
    ROW_HEADINGS          /* those of the table once more */
};
struct row {
    enum row_kind kind;
    int64_t number;       /* in the file */
    str name;             /* of the main record, as it will be stored */
    str firm, firm_key;   /* of the person's firm, or of the company itself */
    str tax;              /* the firm's tax number, digits alone */
    str parent, team, branch;
    LIST(struct set) main, company; /* values; links are not among them */
    LIST(str) groups;
    LIST(struct key) keys;
    told_lines history;
    struct row *more;     /* further people of the same firm in the same row: name, keys, main */
    size_t n_more;
    LIST(struct problem) problems;
};
/* Everything in cx->a; cells are not pointed to. */
MUST enum err row_read(struct cx *cx, const struct row_plan *rp, const struct cell_row *cells, struct row *ret);
/* Index into row->main of the value of field f, or NULL. */
struct val *row_value(const struct row *r, const struct field *f);
/* The number fields whose amounts of joined rows add up: those made from "new" columns of this plan. */
bool row_adds(const struct row_plan *rp, const struct field *f);

/* ---- parts, for tests ---- */
/* One blank between words, no brackets at the end ("(Einkauf)" goes to *ret_aside), capitals alone become
 * ordinary writing. */
str name_clean(struct arena *a, str typed, str *ret_aside);
/* Which of two spellings of one name to keep: without '?', not in capitals, with ё, longer. */
bool name_is_better(str now, str then);
/* A full name's parts by its patronymic or its initials ("Иванов И.И.", "J. Schmidt"); false when it has neither. */
bool name_parts(str name, str *ret_last, str *ret_first, str *ret_middle);
/* The whole name of its parts: the last name stands first in Cyrillic letters, last in others. */
str name_join(struct arena *a, str last, str first, str middle);
/* Of three words, the last a patronymic. */
bool name_is_full(str name);
/* "Müller GmbH, Herr Jürgen Schmidt": a firm and a person in one cell, either way round. `needs_form`: only when a
 * form of address says that the other part is a person. */
struct mixed {
    str firm, person, form;
};
bool name_mixed(struct arena *a, str typed, bool needs_form, struct mixed *ret);
/* "80331 München", "LT-44123 Kaunas", "Москва, 101000": a postcode and a town in one cell. */
bool zip_town(str s, str *ret_zip, str *ret_town);
/* By the letters of a name: RU, LT, DE, or "". `home`: the firm's country, kept where it fits the script. */
str country_of_name(str name, str home);
/* Dated lines; what stands before the first date goes to *ret_rest. */
void history_read(struct arena *a, str text, told_lines *ret, str *ret_rest);
/* The field of the plan's i-th column when its amounts add up, else NULL. */
const struct field *row_adding_field(const struct row_plan *rp, size_t i);
