/* SPDX-License-Identifier: MIT */
/* xfer/people.h - several people in one cell: "Anna Weber und Tom Weber", "Иванов И.И., Петрова А.А.". */
#pragma once
#include "xfer/row_int.h"

enum people { PEOPLE_ONE, PEOPLE_SEVERAL, PEOPLE_UNCLEAR };
/* ret[0 .. *ret_n) when they are several. Unclear: perhaps they are, but no rule says where one ends. A comma alone
 * parts only those who cannot be one person with his last name first ("Weber, Anna"). */
enum people people_part(struct arena *a, str typed, str ret[PEOPLE_MAX], size_t *ret_n);
/* A cell of names into the row under work; false: one person, or a problem was added. */
bool people_cell(struct row_work *w, str s);
/* The others become rows of their own (row.more). Numbers and mails: one each when there are as many, else the
 * firm's. */
void people_settle(struct row_work *w);
