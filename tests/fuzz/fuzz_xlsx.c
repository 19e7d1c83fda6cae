/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_xlsx.c - a first byte 'P' is an archive as it is; any other letter makes the rest the XML of
 * one part inside a sound workbook, since a fuzzer will not find its way through deflate and CRC. */
#include "fmt/table.h"

#include <stdlib.h>
#include <zip.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REL(id, type, target) "<Relationship Id='" id "' Type='/" type "' Target='" target "'/>"
static const struct {
    const char *name;
    str text;
} parts[] = {
    {"_rels/.rels", S0("<R>" REL("r", "officeDocument", "xl/workbook.xml") "</R>")},
    {"xl/workbook.xml", S0("<workbook><sheets><sheet name='a' id='w'/></sheets></workbook>")},
    {"xl/_rels/workbook.xml.rels",
     S0("<R>" REL("w", "worksheet", "s.xml") REL("s", "styles", "y.xml")
            REL("t", "sharedStrings", "t.xml") "</R>")},
    {"xl/y.xml", S0("<s><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='22'/><xf "
                    "numFmtId='46'/></cellXfs></s>")},
    {"xl/t.xml", S0("<sst><si><t>one</t></si></sst>")},
    {"xl/s.xml",
     S0("<worksheet><sheetData><row><c s='1'><v>45000.5</v></c></row></sheetData></worksheet>")}};

static str make_zip(struct cx *cx, size_t which, str text)
{
    zip_error_t e;
    zip_stat_t st;
    zip_error_init(&e);
    zip_source_t *src = zip_source_buffer_create(NULL, 0, 0, &e);
    zip_source_keep(src);
    zip_t *z = zip_open_from_source(src, ZIP_TRUNCATE, &e);
    for (size_t i = 0; i < COUNT(parts); i++) {
        str t = i == which ? text : parts[i].text;
        zip_int64_t at = zip_file_add(z, parts[i].name, zip_source_buffer(z, t.p, t.n, 0), 0);
        if (at < 0 || zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_STORE, 0) != 0) abort();
    }
    if (zip_close(z) != 0 || zip_source_open(src) != 0 || zip_source_stat(src, &st) != 0) abort();
    char *p = arena_get(cx->a, st.size);
    if (zip_source_read(src, p, st.size) != (zip_int64_t)st.size) abort();
    zip_source_close(src);
    zip_source_free(src);
    return (str){p, st.size};
}

static void check_cell(const struct cell *c)
{
    assert(utf8_valid(c->text) && utf8_valid(c->raw) && utf8_valid(c->format));
    assert((c->kind == CELL_EMPTY) == (c->text.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx cx = {.a = arena_new()};
    struct table *t = NULL;
    struct cell_row row = {0};
    bool more = true;
    str in = {(const char *)data, size};
    if (size && data[0] != 'P') in = make_zip(&cx, data[0] % COUNT(parts), str_cut(in, 1, size));
    enum err e = table_open_bytes(&cx, in, &(struct table_opt){.lang = S("de")}, &t);
    while (e == E_OK && more) {
        e = table_next(&cx, t, &row, &more);
        for (size_t i = 0; i < row.n; i++) check_cell(&row.cell[i]);
    }
    if (e != E_OK) assert(cx.msg.n);
    table_close(&t);
    arena_free(&cx.a);
    return 0;
}
