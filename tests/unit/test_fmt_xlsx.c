/* SPDX-License-Identifier: MIT */
/* The XLSX reader against workbooks made here part by part, the writer read back, and the one face. */
#include "fmt/table.h"
#include "fmt/xlsx.h"
#include "fmt/xlsx_put.h"
#include "t.h"

#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

#define RELS "<Relationships xmlns=\"x\">"
#define REL(id, type, target)                                                                      \
    "<Relationship Id=\"" id "\" Type=\"http://x/relationships/" type "\" Target=\"" target "\"/>"

struct part {
    const char *name;
    str text;
};
static const struct part root = {
    "_rels/.rels", S0(RELS REL("r", "officeDocument", "xl/workbook.xml") "</Relationships>")};
static const struct part book = {
    "xl/workbook.xml", S0("<x:workbook xmlns:x='y' xmlns:r='z'><x:workbookPr/><x:sheets><x:sheet "
                          "name='Kunden &amp; mehr' sheetId='1' r:id='rId1'/>"
                          "<x:sheet name='Alt' sheetId='2' state='hidden' r:id='rId2'/><x:sheet "
                          "name='Bild' sheetId='3' r:id='rId3'/>"
                          "</x:sheets></x:workbook>")};
static const struct part links = {
    "xl/_rels/workbook.xml.rels",
    S0(RELS REL("rId1", "worksheet", "worksheets/sheet1.xml")
           REL("rId2", "worksheet", "/xl/../xl/worksheets/./sheet2.xml")
               REL("rId3", "chartsheet", "chartsheets/sheet1.xml") REL("s", "styles", "styles.xml")
                   REL("t", "sharedStrings", "sharedStrings.xml") "</Relationships>")};
static const struct part styles = {
    "xl/styles.xml",
    S0("<styleSheet><numFmts><numFmt numFmtId='164' formatCode='dd\\.mm\\.yyyy;@'/>"
       "<numFmt numFmtId='165' formatCode='[$-419]d mmmm yyyy h:mm'/><numFmt numFmtId='166' "
       "formatCode='0.00 \"days\"'/>"
       "</numFmts><cellStyleXfs><xf numFmtId='14'/></cellStyleXfs><cellXfs><xf numFmtId='0'/><xf "
       "numFmtId='14'/>"
       "<xf numFmtId='164'/><xf numFmtId='165'/><xf numFmtId='166'/><xf numFmtId='11'/><xf "
       "numFmtId='46'/>"
       "<xf numFmtId='20'/></cellXfs></styleSheet>")};
static const struct part texts = {"xl/sharedStrings.xml",
                                  S0("<sst><si><t>plain</t></si><si><r><t>ri</t></r><r><rPr/><t "
                                     "xml:space='preserve'>ch </t></r></si>"
                                     "<si><t>\xE6\xBC\xA2</t><rPh sb='0' "
                                     "eb='1'><t>kan</t></rPh></si><si><t>a_x000D_\nb_x005F_x000D_ "
                                     "_xD83D__xDE00_</t></si><si/></sst>")};
static const struct part sheet2 = {"xl/worksheets/sheet2.xml",
                                   S0("<worksheet><sheetData/></worksheet>")};

/* A zip in memory of the parts given; a part of the same name in `with` replaces one. */
static str make_zip(struct cx *cx, const struct part *parts, size_t n)
{
    zip_error_t e;
    zip_stat_t st;
    zip_error_init(&e);
    zip_source_t *src = zip_source_buffer_create(NULL, 0, 0, &e);
    zip_source_keep(src);
    zip_t *z = zip_open_from_source(src, ZIP_TRUNCATE, &e);
    for (size_t i = 0; i < n; i++)
        if (zip_file_add(z, parts[i].name,
                         zip_source_buffer(z, parts[i].text.p, parts[i].text.n, 0), 0) < 0)
            abort();
    if (zip_close(z) != 0 || zip_source_open(src) != 0 || zip_source_stat(src, &st) != 0) abort();
    char *p = arena_get(cx->a, st.size);
    if (zip_source_read(src, p, st.size) != (zip_int64_t)st.size) abort();
    zip_source_close(src);
    zip_source_free(src);
    return (str){p, st.size};
}

static str workbook(struct cx *cx, str sheet1)
{
    struct part p[] = {root,  book, links, styles, texts, {"xl/worksheets/sheet1.xml", sheet1},
                       sheet2};
    return make_zip(cx, p, COUNT(p));
}

static const char kinds[] = ".tndDTbe";
/* "3: t plain | n 12.5 / 4: ..." and at the end the error's text. */
static str flat(struct cx *cx, struct table *t)
{
    struct buf b = buf_new(cx->a, 1 << 20);
    struct cell_row row = {0};
    bool more = false;
    for (;;) {
        if (table_next(cx, t, &row, &more) != E_OK) return cx->msg;
        if (!more) return buf_str(&b);
        buf_fmt(&b, "%s%d:", b.n ? " / " : "", (int)row.number);
        for (size_t i = 0; i < row.n; i++)
            buf_fmt(&b, "%s%c%s%.*s", i ? " | " : " ", kinds[row.cell[i].kind],
                    row.cell[i].is_formula ? "= " : " ", FS(row.cell[i].text));
    }
}

static str read_bytes(struct cx *cx, str bytes)
{
    struct table *t OWNED(table_close) = NULL;
    if (table_open_bytes(cx, bytes, &(struct table_opt){0}, &t) != E_OK) return cx->msg;
    return arena_dup(cx->a, flat(cx, t));
}

static str read_sheet(struct cx *cx, str rows)
{
    return read_bytes(
        cx, workbook(cx, arena_fmt(cx->a, "<worksheet><sheetData>%.*s</sheetData></worksheet>",
                                   FS(rows))));
}

static void reads_cells(void)
{
    static const struct {
        str rows, want;
    } rows[] = {
        {S0(""), S0("")},
        {S0("<row r='3'><c r='A3' t='s'><v>0</v></c><c "
            "r='C3'><v>12.50</v></c></row><row/><row><c><v>1</v></c></row>"),
         S0("3: t plain | .  | n 12.50 / 4: / 5: n 1")},
        {S0("<row><c t='s'><v>1</v></c><c t='s'><v>2</v></c><c t='s'><v>4</v></c><c "
            "t='s'><v>3</v></c></row>"),
         S0("1: t rich  | t \xE6\xBC\xA2 | .  | t a\r\nb_x000D_ \xF0\x9F\x98\x80")},
        {S0("<row><c t='inlineStr'><is><r><t>in</t></r><rPh><t>no</t></rPh><t>line</t></is></c><c "
            "t='b'><v>1</v></c>"
            "<c t='e'><v>#N/A</v></c><c t='d'><v>2026-11-22</v></c></row>"),
         S0("1: t inline | b true | e #N/A | d 2026-11-22")},
        {S0("<row><c "
            "t='str'><f>HYPERLINK(\"http://x\")</f><v>x</v></c><c><f>1+1</f><v>2</v></c><c><f>A1</"
            "f></c></row>"),
         S0("1: t= x | n= 2 | .= ")},
        {S0("<row><c s='1'><v>26207</v></c><c s='2'><v>26207.75</v></c><c "
            "s='3'><v>45123.520833333336</v></c>"
            "<c s='4'><v>3</v></c><c s='5'><v>4.91512E+11</v></c><c "
            "s='6'><v>1.1041666666666667</v></c><c s='7'><v>0.5</v></c></row>"),
         S0("1: d 1971-10-01 | d 1971-10-01 | D 2023-07-16T12:30:00 | n 3 | n 4.91512E+11 | T "
            "26:30:00 | T 12:00:00")},
        {S0("<row><c s='1'><v>1</v></c><c s='1'><v>59</v></c><c s='1'><v>60</v></c><c "
            "s='1'><v>61</v></c><c s='1'><v>-1</v></c>"
            "<c s='1'><v>2958465</v></c><c s='1'><v>2958466</v></c><c s='1'><v>4.4562E4</v></c><c "
            "s='1'><v>x</v></c></row>"),
         S0("1: d 1900-01-01 | d 1900-02-28 | n 60 | d 1900-03-01 | n -1 | d 9999-12-31 | n "
            "2958466 | d 2022-01-01 | t x")},
        {S0("<row><c r='B1'><v>2</v></c><c r='A1'><v>1</v></c><c "
            "s='99'><v>0.1000000000000000055</v></c></row>"),
         S0("1: n 1 | n 0.1000000000000000055")},
        {S0("<row><c t='s'><v>5</v></c></row>"),
         S0("The workbook is broken: row 1: a cell points to a text that is not there")},
        {S0("<row><c r='XFE1'><v>5</v></c></row>"),
         S0("The workbook is broken: row 1: a cell has an impossible address")},
        {S0("<row r='1048577'/>"),
         S0("The workbook is broken: row 1048577: more rows than a sheet can have")},
        {S0("<row><c></row>"),
         S0("The workbook is broken: xl/worksheets/sheet1.xml line 1: mismatched tag")},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) T_STR(read_sheet(&cx, rows[i].rows), rows[i].want);
    t_cx_free(&cx);
}

static void knows_formats(void)
{
    static const struct {
        const char *code, *want, *value; /* value: NULL = 1.5 */
    } rows[] = {{"General", "n 1.5", NULL},
                {"0.00", "n 1.5", NULL},
                {"[Red]0.0", "n 1.5", NULL},
                {"yyyy", "d 1900-01-01", NULL},
                {"#,##0 \"dm\"", "n 1.5", NULL},
                {"mmmm", "d 1900-01-01", NULL},
                {"d. mmm h:mm", "D 1900-01-01T12:00:00", NULL},
                {"[h]:mm", "T 36:00:00", NULL},
                {"[mm]:ss.0", "T 36:00:00", NULL},
                {"0.00E+00", "n 1.5", NULL},
                {"_-* #,##0.00\\ \"d\"_-", "n 1.5", NULL},
                {"[$-409]h:mm AM/PM;@", "D 1900-01-01T12:00:00", NULL},
                {"@", "n 1.5", NULL},
                {"0%", "n 1.5", NULL},
                {"d. mmm h:mm", "d 1900-01-02", "2"}, /* midnight, which nobody meant */
                {"d. mmm h:mm", "D 1900-01-02T00:00:01", "2.0000116"}};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) {
        str code = arena_fmt(
            cx.a,
            "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='%s'/></numFmts><cellXfs>"
            "<xf numFmtId='164'/></cellXfs></styleSheet>",
            rows[i].code);
        str sheet = arena_fmt(cx.a, "<worksheet><sheetData><row><c><v>%s</v></c></row></sheetData></worksheet>",
                              rows[i].value ? rows[i].value : "1.5");
        char *z = arena_get(cx.a, code.n + 1);
        size_t n = 0;
        for (size_t k = 0; k < code.n; k++) z[n++] = code.p[k];
        struct part p[] = {
            root, book, links, {"xl/styles.xml", {z, n}}, {"xl/worksheets/sheet1.xml", sheet}};
        T_STR(read_bytes(&cx, make_zip(&cx, p, COUNT(p))), arena_fmt(cx.a, "1: %s", rows[i].want));
    }
    t_cx_free(&cx);
}

static void knows_1904(void)
{
    struct cx cx = t_cx();
    struct part old = {book.name, S("<workbook><workbookPr date1904='1'/><sheets><sheet name='a' "
                                    "id='rId1'/></sheets></workbook>")};
    str sheet = S("<worksheet><sheetData><row><c s='1'><v>0</v></c><c "
                  "s='1'><v>24745</v></c></row></sheetData></worksheet>");
    struct part p[] = {root, old, links, styles, {"xl/worksheets/sheet1.xml", sheet}};
    T_STR(read_bytes(&cx, make_zip(&cx, p, COUNT(p))), S("1: d 1904-01-01 | d 1971-10-01"));
    t_cx_free(&cx);
}

static void lists_sheets(void)
{
    struct cx cx = t_cx();
    struct table *t OWNED(table_close) = NULL;
    str bytes = workbook(
        &cx,
        S("<worksheet><sheetData><row><c s='5'><v>4.9E+11</v></c></row></sheetData><mergeCells>"
          "<mergeCell ref='A1:C1'/><mergeCell ref='A2:A9'/></mergeCells></worksheet>"));
    struct cell_row row = {0};
    bool more = false;
    size_t n = 0;
    if (!T_OK(&cx, table_open_bytes(&cx, bytes, &(struct table_opt){0}, &t))) return;
    T_INT((int64_t)table_sheets(t), 2);
    T_STR(table_sheet(t, 0).name, S("Kunden & mehr"));
    T(!table_sheet(t, 0).hidden && table_sheet(t, 1).hidden);
    for (int round = 0; round < 2; round++) {
        T_OK(&cx, table_next(&cx, t, &row, &more));
        T(more && row.n == 1);
        T_STR(row.cell[0].format, S("0.00E+00"));
        T_OK(&cx, table_next(&cx, t, &row, &more));
        T(!more && row.n == 0);
        T_OK(&cx, table_next(&cx, t, &row, &more));
        T(!more);
        const str *m = table_merges(t, &n);
        T(n == 2);
        T_STR(m[0], S("A1:C1"));
        T_OK(&cx, table_pick(&cx, t, 1));
        T_STR(flat(&cx, t), S(""));
        T_OK(&cx, table_pick(&cx, t, 0));
    }
    t_cx_free(&cx);
}

static void refuses(void)
{
    struct cx cx = t_cx();
    str good = workbook(
        &cx, S("<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"));
    T_STR(read_bytes(&cx, good), S("1: n 1"));
    T_STR(read_bytes(&cx, S("")), S("The file is empty"));
    T_STR(read_bytes(&cx, str_cut(good, 0, good.n - 30)), S("The workbook is cut off or damaged"));
    T_STR(read_bytes(&cx, str_cut(good, 0, good.n / 2)), S("The workbook is cut off or damaged"));
    struct part other[] = {{"a.txt", S0("x")}},
                ods[] = {{"mimetype", S0("x")}, {"content.xml", S0("x")}};
    T_STR(read_bytes(&cx, make_zip(&cx, other, 1)), S("This is an archive (ZIP), no workbook"));
    T_INT(cx.err, E_TYPE);
    T_STR(read_bytes(&cx, make_zip(&cx, ods, 2)),
          S("This is an OpenDocument file (.ods): save it as .xlsx"));
    char ole[4096] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    T_STR(read_bytes(&cx, (str){ole, sizeof ole}),
          S("This is an old Office file: save the table as .xlsx"));
    memcpy(ole + 2000, "W\0o\0r\0k\0b\0o\0o\0k", 16);
    T_STR(read_bytes(&cx, (str){ole, sizeof ole}),
          S("This is an old workbook (.xls): save it as .xlsx"));
    memcpy(ole + 3000, "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e", 32);
    T_STR(read_bytes(&cx, (str){ole, sizeof ole}),
          S("The workbook is protected by a password: save it without one"));
    T_STR(read_bytes(&cx, S("%PDF-1.7")),
          S("This is a PDF, no table: save the table as .xlsx or .csv"));
    struct table *t = NULL;
    T_INT(table_open(&cx, "/no/such/file", &(struct table_opt){0}, &t), E_NOTFOUND);
    T_INT(table_open(&cx, "tests/fixtures", &(struct table_opt){0}, &t), E_TYPE);
    T_STR(cx.msg, S("This is a folder, not a file"));
    t_cx_free(&cx);
}

static void withstands(void)
{
    static const str laughs[] = {
        S0("<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\">]><worksheet><sheetData><row><c "
           "t='str'><v>&b;</v></c></row></sheetData></worksheet>"),
        S0("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><worksheet/>")};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(laughs); i++)
        T_STR(read_bytes(&cx, workbook(&cx, laughs[i])),
              S("The workbook is refused: xl/worksheets/sheet1.xml declares a document type"));
    struct buf b = buf_new(cx.a, 64 << 20);
    buf_add(&b, S("<worksheet><sheetData>"));
    for (int i = 0; i < 1000000; i++) buf_add(&b, S("<row></row>"));
    buf_add(&b, S("</sheetData></worksheet>"));
    T_STR(read_bytes(&cx, workbook(&cx, buf_str(&b))),
          S("The workbook is refused: xl/worksheets/sheet1.xml is packed more than 100 to 1"));
    b.n = 0;
    for (int i = 0; i < 70; i++) buf_add(&b, S("<a>"));
    T(str_find(read_bytes(&cx, workbook(&cx, buf_str(&b))), S("nested too deep")) > 0);
    str bad = workbook(
        &cx, S("<worksheet><sheetData><row><c><v>123456789</v></c></row></sheetData></worksheet>"));
    char *p = arena_get(cx.a, bad.n);
    memcpy(p, bad.p, bad.n);
    ptrdiff_t at = str_find(bad, S("xl/worksheets/sheet1.xml"));
    p[at + 24 + 30] ^= 1; /* inside the packed sheet */
    str said = read_bytes(&cx, (str){p, bad.n});
    T(str_has_prefix(said, S("The workbook is ")));
    T_INT(cx.err, E_INVALID);
    struct part many[XLSX_ENTRIES_MAX + 1];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct part){arena_fmt(cx.a, "%zu", i).p, S("")};
    T_STR(read_bytes(&cx, make_zip(&cx, many, COUNT(many))),
          S("The workbook is refused: more than 10000 parts"));
    t_cx_free(&cx);
}

static const char *temp_path(struct cx *cx)
{
    const char *dir = getenv("TMPDIR");
    return arena_fmt(cx->a, "%s/kontor-test-%d.xlsx", dir ? dir : "/tmp", (int)getpid()).p;
}

static void writes(void)
{
    static const struct cell cells[] = {
        {CELL_TEXT, false, false, S0("=1+1"), S0(""), S0("")},
        {CELL_TEXT, false, false, S0("\xC5\xBD a_x000D_\r\n\x01 <&>\" http://x"), S0(""), S0("")},
        {CELL_NUMBER, false, false, S0("1416.04"), S0(""), S0("")},
        {CELL_NUMBER, false, false, S0("12345678901234567"), S0(""), S0("")},
        {CELL_NUMBER, false, false, S0("007"), S0(""), S0("")},
        {CELL_DATE, false, false, S0("1971-10-01"), S0(""), S0("")},
        {CELL_DATE, false, false, S0("1830-01-01"), S0(""), S0("")},
        {CELL_DATETIME, false, false, S0("2026-11-22T10:00:30"), S0(""), S0("")},
        {CELL_TIME, false, false, S0("23:15:00"), S0(""), S0("")},
        {CELL_BOOL, false, false, S0("true"), S0(""), S0("")},
        {CELL_EMPTY, false, false, S0(""), S0(""), S0("")},
        {CELL_TEXT, false, false, S0("+49 151"), S0(""), S0("")},
    };
    struct cx cx = t_cx();
    const char *path = temp_path(&cx);
    struct xlsx_put *x OWNED(xlsx_put_drop) = NULL;
    struct table *t OWNED(table_close) = NULL;
    struct xlsx_column columns[] = {{S("@Kunde"), 30, -1}, {S("b"), 0, -1}, {S("Summe"), 0, 2}};
    int64_t cut = 0;
    T_OK(&cx, xlsx_put_new(&cx, path, S(""), S("a/b:[c]'"), columns, COUNT(columns), &x));
    T_OK(&cx, xlsx_put_row(&cx, x, cells, COUNT(cells)));
    char *big = arena_get(cx.a, 40000);
    memset(big, 'x', 40000);
    T_OK(&cx,
         xlsx_put_row(&cx, x, &(struct cell){CELL_TEXT, false, false, {big, 40000}, S(""), S("")}, 1));
    T_OK(&cx, xlsx_put_end(&cx, &x, &cut));
    T_INT(cut, 1);
    if (!T_OK(&cx, table_open(&cx, path, &(struct table_opt){0}, &t))) return;
    T_STR(table_sheet(t, 0).name, S("abc"));
    str all = flat(&cx, t);
    str want = S("1: t @Kunde | t b | t Summe / 2: t =1+1 | t \xC5\xBD a_x000D_\r\n\x01 <&>\" "
                 "http://x | n 1416.04 | "
                 "t 12345678901234567 | t 007 | d 1971-10-01 | t 1830-01-01 | D "
                 "2026-11-22T10:00:30 | T 23:15:00 | "
                 "b true | .  | t +49 151 / 3: t xxx");
    T_STR(str_cut(all, 0, want.n), want);
    T_INT((int64_t)(all.n - want.n), XLSX_TEXT_MAX - 3);
    (void)unlink(path);
    t_cx_free(&cx);
}

static void writer_fails_well(void)
{
    struct cx cx = t_cx();
    struct xlsx_put *x = NULL;
    struct xlsx_column c = {S("a"), 0, -1};
    int64_t cut = 0;
    T_INT(xlsx_put_new(&cx, "x", S(""), S(""), &c, 0, &x), E_LIMIT);
    T_OK(&cx, xlsx_put_new(&cx, "/no/such/folder/x.xlsx", S(""), S(""), &c, 1, &x));
    T_INT(xlsx_put_end(&cx, &x, &cut), E_INTERNAL);
    T(!x);
    const char *path = temp_path(&cx);
    T_OK(&cx, xlsx_put_new(&cx, path, S(""), S(""), &c, 1, &x));
    xlsx_put_drop(&x);
    T(!x && access(path, F_OK) != 0);
    t_cx_free(&cx);
}

/* Made by another program (openpyxl), read from a file. */
static void reads_foreign_file(void)
{
    struct cx cx = t_cx();
    struct table *t OWNED(table_close) = NULL;
    if (!T_OK(&cx, table_open(&cx, "tests/fixtures/fmt_small.xlsx", &(struct table_opt){0}, &t)))
        return;
    T_STR(flat(&cx, t), S("1: t Kundenliste / 3: t Kunde | t Umsatz | t Geburtstag / 4: t Müller | "
                          "n 12480.5 | d 1971-04-03 / "
                          "5: .=  | .=  | D 2026-11-22T10:00:00"));
    t_cx_free(&cx);
}

static void reads_csv_alike(void)
{
    struct cx cx = t_cx();
    T_STR(read_bytes(&cx, S("a;b;;\n\n;;;\n'=1;x")), S("1: t a | t b / 3: / 4: t =1 | t x"));
    struct table *t OWNED(table_close) = NULL;
    T_OK(&cx, table_open_bytes(&cx, S("a;\xFF"), &(struct table_opt){.lang = S("lt")}, &t));
    T(table_look(t).kind == TABLE_CSV && table_look(t).sep == ';' && !table_look(t).charset_sure);
    T_STR(table_look(t).charset, S("CP1257"));
    T_STR(flat(&cx, t), S("1: t a | t \xCB\x99"));
    T_OK(&cx, table_pick(&cx, t, 0));
    T_STR(flat(&cx, t), S("1: t a | t \xCB\x99"));
    t_cx_free(&cx);
}

TESTS("fmt_xlsx", reads_cells, knows_formats, knows_1904, lists_sheets, refuses, withstands, writes,
      writer_fails_well, reads_foreign_file, reads_csv_alike)
