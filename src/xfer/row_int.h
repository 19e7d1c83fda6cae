/* SPDX-License-Identifier: MIT */
/* xfer/row_int.h - what row.c and cells.c share. */
#pragma once
#include "xfer/row.h"

enum act {
    A_SKIP, A_NAME, A_LAST, A_FIRST, A_MIDDLE, A_FIRM, A_PHONES, A_MAILS, A_ADDRESS, A_CITY, A_STREET, A_ZIP, A_REGION,
    A_COUNTRY, A_GROUPS, A_NOTE, A_HISTORY, A_PARENT, A_TEAM, A_BRANCH, A_TAX, A_FIELD, A_MAX
};
struct col_act {
    size_t index;
    enum act act;
    bool firm;             /* of the person's firm */
    bool birthday, adds;
    bool five;             /* most of its cells are five digits */
    const struct field *f; /* the field it fills, or NULL */
};
struct row_plan {
    const struct entity *main, *company; /* company NULL when the plan is not a person's */
    struct col_act *v;
    str *heads;            /* as they stand above */
    size_t n;
    bool history, is_company, is_user, is_1904;
    const struct field *phones, *mails, *addresses, *note, *tax;         /* of main, or NULL */
    const struct field *firm_phones, *firm_mails, *firm_addresses, *firm_tax, *firm_note;
};
enum { PEOPLE_MAX = 6 };
typedef LIST(struct item) points;
/* Row under work. */
struct row_work {
    struct cx *cx;
    const struct row_plan *rp;
    struct row *r;
    size_t column;           /* of the cell at hand */
    str last, first, middle; /* when they have columns of their own */
    str country;             /* told by a column, "" none */
    str part[A_MAX];         /* of the address */
    str title;               /* set aside from the name: department */
    str phone_cells[8];      /* read last: they need the country */
    size_t phone_columns[8], n_phone_cells;
    bool phone_firm[8], phone_rounded[8];
    points phones, mails, addresses, firm_phones, firm_mails;
    str people[PEOPLE_MAX];  /* when the cell of the name holds several */
    size_t n_people;
    LIST(str) notes;
    bool has_amount;
    bool zip_number;         /* the postcode was a number of the workbook: noughts at its head are lost */
    bool zip_five;           /* and most of its column have five digits */
};
void problem_add(struct row_work *w, str text, const char *why, bool kept);
/* A cell into a field's value: numbers and dates of workbooks exactly, all else by the field's kind. False: a problem
 * was added. */
bool cell_value(struct row_work *w, const struct col_act *c, const struct cell *cell, struct val *ret);
void cell_phones(struct row_work *w, size_t i, str country);
void cell_mails(struct row_work *w, str text, bool firm);
/* Formulas' texts, errors and the like: a problem, and the cell counts as empty. */
bool cell_usable(struct row_work *w, const struct cell *cell);
str digits_of(struct arena *a, str s);
/* ---- noughts.c: brought back where something proves them ---- */
str nought_tax(struct row_work *w, str s); /* digits alone */
str nought_id(struct row_work *w, const struct field *f, str s);    /* a figure in a field that is checked */
void nought_kpp(struct row_work *w, const struct entity *e, struct set *s, size_t n);
void nought_zip(struct row_work *w); /* when country, town and telephone numbers are read */
