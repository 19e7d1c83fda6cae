/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_csv.c - any bytes give rows of valid UTF-8 or an error with a text; what is written from
 * them reads back as the same cells. */
#include "fmt/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(struct cx *cx, const struct csv_row *row)
{
    struct csv *c = NULL;
    struct csv_row again = {0};
    struct buf b = buf_new(cx->a, 64 << 20);
    bool more = false;
    csv_put_head(&b, &csv_excel);
    csv_put_row(&b, &csv_excel, row->cell, row->n);
    str text = buf_str(&b);
    struct src src = src_bytes(&text);
    enum err e = csv_open(cx, &src, &(struct csv_opt){.sep = ';', .unguard = true}, &c);
    assert(e == E_OK && !b.full);
    e = csv_next(cx, c, &again, &more);
    assert(e == E_OK && more && again.n == row->n);
    for (size_t i = 0; i < row->n; i++) assert(str_eq(row->cell[i], again.cell[i]));
    csv_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const str langs[] = {S0("ru"), S0("lt"), S0("de"), S0("en")};
    struct cx cx = {.a = arena_new()};
    struct csv *c = NULL;
    struct csv_row row = {0};
    bool more = true;
    str in = {(const char *)data, size};
    struct src src = src_bytes(&in);
    struct csv_opt opt = {.lang = langs[size & 3], .no_quotes = size % 5 == 0};
    enum err e = csv_open(&cx, &src, &opt, &c);
    for (int rows = 0; e == E_OK && more; rows++) {
        e = csv_next(&cx, c, &row, &more);
        for (size_t i = 0; i < row.n; i++) assert(utf8_valid(row.cell[i]));
        if (e == E_OK && more && rows < 2 && row.n < 64) check_row(&cx, &row);
    }
    if (e != E_OK) assert(cx.msg.n);
    csv_close(&c);
    arena_free(&cx.a);
    return 0;
}
