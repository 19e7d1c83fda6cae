/* SPDX-License-Identifier: MIT */
/* fmt/csv_look.c - finding the separator: the one that cuts the head of the file most evenly.
 *
 * For each candidate the head is cut as the reader would do it, quotes and all, and the rows are
 * counted by their number of cells. The score is the share of rows that have the commonest number
 * above one. So a stray comma in the texts of a `;` file loses, and title rows do little harm.
 */
#include "fmt/csv_int.h"

enum { ROWS_MAX = 400, WIDTHS = 512 };
struct tally {
    size_t rows, even, columns; /* rows cut, those of the commonest width above one, that width */
};

static struct tally tally_for(struct cx *cx, str head, bool whole, char sep, char quote)
{
    struct arena *a OWNED(arena_free) = arena_new();
    struct csv_cut c = {.a = a, .sep = sep, .quote = quote, .line = 1};
    uint16_t *of_width = NEW_N(a, uint16_t, WIDTHS);
    struct tally t = {0};
    struct cx probe = *cx; /* its errors are no errors of the caller */
    probe.a = a;
    for (size_t pos = 0; t.rows < ROWS_MAX;) {
        bool row = false;
        if (csv_cut(&probe, &c, head, &pos, &row) != E_OK) break;
        if (!row && whole && csv_cut_end(&probe, &c, &row) != E_OK) break;
        if (!row) break;
        if (!csv_cut_blank(&c)) {
            t.rows++;
            of_width[c.cells < WIDTHS ? c.cells : WIDTHS - 1]++;
        }
        csv_cut_clear(&c);
    }
    for (size_t w = 2; w < WIDTHS; w++)
        if (of_width[w] > t.even) {
            t.even = of_width[w];
            t.columns = w;
        }
    return t;
}

char csv_find_sep(struct cx *cx, str head, bool whole, char quote, size_t *ret_columns)
{
    static const char candidates[] = {';', '\t', '|', ','};
    char best = ';';
    size_t best_score = 40; /* per cent; fewer even rows than that are no table */
    *ret_columns = 1;
    for (size_t i = 0; i < sizeof candidates; i++) {
        struct tally t = tally_for(cx, head, whole, candidates[i], quote);
        size_t score = t.rows ? t.even * 100 / t.rows : 0;
        if (score <= best_score) continue;
        best_score = score;
        best = candidates[i];
        *ret_columns = t.columns;
    }
    return best;
}

size_t csv_count_columns(struct cx *cx, str head, bool whole, char sep, char quote)
{
    struct tally t = tally_for(cx, head, whole, sep, quote);
    return t.columns ? t.columns : 1;
}
