/* SPDX-License-Identifier: MIT */
/* The CSV reader and writer: encodings, separators, quotes, limits, the guard against formulas. */
#include "fmt/charset.h"
#include "fmt/csv.h"
#include "t.h"

/* The whole table as one text: cells joined by '|', rows by '/'. */
static str flat(struct cx *cx, str in, const struct csv_opt *opt)
{
    struct csv *c OWNED(csv_close) = NULL;
    struct src src = src_bytes(&in);
    struct buf b = buf_new(cx->a, 64 << 20);
    struct csv_row row = {0};
    bool more = true;
    if (csv_open(cx, &src, opt, &c) != E_OK) return S("(not opened)");
    for (;;) {
        if (csv_next(cx, c, &row, &more) != E_OK) return S("(error)");
        if (!more) break;
        if (b.n) buf_byte(&b, '/');
        for (size_t i = 0; i < row.n; i++) {
            if (i) buf_byte(&b, '|');
            buf_add(&b, row.cell[i]);
        }
    }
    return buf_str(&b);
}

static void cuts_rows(void)
{
    static const struct {
        str in, want;
    } rows[] = {
        {S0(""), S0("")},
        {S0("\n\r\n\r"), S0("")},
        {S0("a;b\nc;d"), S0("a|b/c|d")},
        {S0("a;b\r\nc;d\r\n"), S0("a|b/c|d")},
        {S0("a;b\rc;d\r"), S0("a|b/c|d")},
        {S0("a;b;\n;;\n"), S0("a|b|/||")},
        {S0("a;\"b;c\"\"d\"\nx;y"), S0("a|b;c\"d/x|y")},
        {S0("a;\"line 1\r\nline 2\"\nx;y"), S0("a|line 1\r\nline 2/x|y")},
        {S0("a;b\"c\"d\nx;\"y\"z"), S0("a|b\"c\"d/x|yz")},
        {S0("\"\"\n"), S0("")},
        {S0("sep=|\r\na|b;c;d\r\n"), S0("a|b;c;d")},
        {S0("sep=\r\na;b\r\n"), S0("sep=/a|b")},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++)
        T_STR(flat(&cx, rows[i].in, &(struct csv_opt){0}), rows[i].want);
    t_cx_free(&cx);
}

static void finds_separator(void)
{
    static const struct {
        str in;
        char sep;
        size_t columns;
    } rows[] = {
        {S0("a;b\n1,5;2,5\n3,5;4,5\n"), ';', 2},
        {S0("a,b,c\n1,2,3\n4,\"5;6;7;8\",6\n"), ',', 3},
        {S0("a\tb\n1, 2\t3\n"), '\t', 2},
        {S0("a|b|c\nx|y, z|w\n"), '|', 3},
        {S0("list of all\n\na,b\nc,d\ne,f\n"), ',', 2},
        {S0("one column\nwith a, comma\nand more\n"), ';', 1},
        {S0(""), ';', 1},
        {S0("n;t\n1;\"a,b,\nc,d,e\"\n2;\"f,g,h\ni,j\"\n3;k,l\n"), ';', 2},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct csv *c OWNED(csv_close) = NULL;
        struct src src = src_bytes(&rows[i].in);
        if (!T_OK(&cx, csv_open(&cx, &src, &(struct csv_opt){0}, &c))) continue;
        T_INT(csv_look(c).sep, rows[i].sep);
        T_INT((int64_t)csv_look(c).columns, (int64_t)rows[i].columns);
    }
    t_cx_free(&cx);
}

static void guesses_encoding(void)
{
    static const struct {
        str in, lang, want, first;
    } rows[] = {
        {S0("\xEF\xBB\xBF"
            "a;b"),
         S0("de"), S0("UTF-8"), S0("a|b")},
        {S0("M\xC3\xBCller;b"), S0("de"), S0("UTF-8"), S0("Müller|b")},
        {S0("M\xFCller;b"), S0("de"), S0("CP1252"), S0("Müller|b")},
        {S0("\x80;b"), S0("de"), S0("CP1252"), S0("€|b")},
        {S0("\xDEukauskait\xEB;b"), S0("lt"), S0("CP1257"), S0("Žukauskaitė|b")},
        {S0("\xC8\xE2\xE0\xED\xEE\xE2 \xCF\xB8\xF2\xF0;b"), S0("de"), S0("CP1251"),
         S0("Иванов Пётр|b")},
        {S0("\xE9\xD7\xC1\xCE\xCF\xD7 \xF0\xA3\xD4\xD2;b"), S0("ru"), S0("KOI8-R"),
         S0("Иванов Пётр|b")},
        {S0("\x88\xA2\xA0\xAD\xAE\xA2 \x8F\xF1\xE2\xE0;b"), S0("de"), S0("CP866"),
         S0("Иванов Пётр|b")},
        {S0("M\0\xFC\0l\0;\0b\0"), S0("de"), S0("UTF-16LE"), S0("Mül|b")},
        {S0("\0M\0\xFC\0l\0;\0b"), S0("de"), S0("UTF-16BE"), S0("Mül|b")},
        {S0("\xFF\xFE\x18\x04;\0b\0"), S0("de"), S0("UTF-16LE"), S0("И|b")},
        {S0("\xFE\xFF\x04\x18\0;\0b"), S0("de"), S0("UTF-16BE"), S0("И|b")},
        {S0("plain;b"), S0("ru"), S0("UTF-8"), S0("plain|b")},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct csv_opt opt = {.lang = rows[i].lang};
        struct csv *c OWNED(csv_close) = NULL;
        struct src src = src_bytes(&rows[i].in);
        if (!T_OK(&cx, csv_open(&cx, &src, &opt, &c))) continue;
        T_STR(csv_look(c).charset, rows[i].want);
        T_STR(flat(&cx, rows[i].in, &opt), rows[i].first);
    }
    struct csv_opt told = {.charset = S("windows-1251")};
    T_STR(flat(&cx, S("\xC8;b"), &told), S("И|b"));
    told.charset = S("no such");
    T_STR(flat(&cx, S("a"), &told), S("(not opened)"));
    t_cx_free(&cx);
}

/* Text may be cut by a block at any byte: the same result as in one piece. */
static void converts_in_pieces(void)
{
    static const str texts[][2] = {{S0("UTF-8"), S0("aü€😀\xFFz\xE2\x82")},
                                   {S0("UTF-16LE"), S0("a\0\x3D\xD8\x00\xDEz\0\x00\xD8q\0")},
                                   {S0("SHIFT_JIS"), S0("a\x93\xFA\x96\x7Bz\x93")}};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t step = 1; step < 6; step++) {
            struct charset *c OWNED(charset_close) = NULL;
            str whole = {0}, in = texts[i][1];
            char out[512];
            size_t o = 0;
            T_OK(&cx, charset_text(&cx, cx.a, texts[i][0], in, &whole));
            T_OK(&cx, charset_open(&cx, cx.a, texts[i][0], &c));
            for (size_t at = 0; at < in.n; at += step)
                o += charset_run(c, str_cut(in, at, at + step), at + step >= in.n, out + o);
            T_STR(((str){out, o}), whole);
            T(utf8_valid(whole) && charset_bad(c) > 0);
        }
    t_cx_free(&cx);
}

static void counts_bad_bytes(void)
{
    struct cx cx = t_cx();
    str in = S("ä;ö;ü;ß;é;è;à;ç;ñ;å;ø;æ\n\xFF;b\0c;d\n");
    struct csv *c OWNED(csv_close) = NULL;
    struct src src = src_bytes(&in);
    struct csv_row row = {0};
    bool more = false;
    T_OK(&cx, csv_open(&cx, &src, &(struct csv_opt){0}, &c));
    T_OK(&cx, csv_next(&cx, c, &row, &more));
    T_OK(&cx, csv_next(&cx, c, &row, &more));
    T(more && row.line == 2 && row.n == 3);
    T_STR(row.cell[0], S("\xEF\xBF\xBD"));
    T_STR(row.cell[1], S("b?c"));
    T_INT(csv_bad(c), 2);
    T(!csv_look(c).charset_sure);
    t_cx_free(&cx);
}

static str repeat(struct cx *cx, str s, size_t n)
{
    char *p = arena_get(cx->a, s.n * n);
    for (size_t i = 0; i < n; i++) memcpy(p + i * s.n, s.p, s.n);
    return (str){p, s.n * n};
}

static void keeps_limits(void)
{
    struct cx cx = t_cx();
    struct csv_opt opt = {.sep = ';'};
    T_STR(flat(&cx, repeat(&cx, S("x"), CSV_CELL_MAX + 1), &opt), S("(error)"));
    T_INT(cx.err, E_LIMIT);
    T_STR(cx.msg, S("Line 1: a cell is longer than 1024 KiB"));
    T_INT((int64_t)flat(&cx, repeat(&cx, S("x"), CSV_CELL_MAX), &opt).n, CSV_CELL_MAX);
    T_STR(flat(&cx, repeat(&cx, S(";"), CSV_COLUMNS_MAX), &opt), S("(error)"));
    T_STR(cx.msg, S("Line 1: more than 16384 columns"));
    T_STR(flat(&cx, repeat(&cx, repeat(&cx, S("xxxxxx;"), 200000), 7), &opt), S("(error)"));
    T_STR(flat(&cx, S("a;b\nc;\"d\ne;f\n"), &opt), S("(error)"));
    T_INT(cx.err, E_INVALID);
    T_STR(cx.msg, S("Line 2: the quotation mark that opens here is never closed"));
    opt.no_quotes = true;
    T_STR(flat(&cx, S("a;b\nc;\"d\ne;f\n"), &opt), S("a|b/c|\"d/e|f"));
    t_cx_free(&cx);
}

static void guards_formulas(void)
{
    static const struct {
        str cell;
        bool risky;
    } rows[] = {{S0("=1+1"), true},
                {S0("+1+1"), true},
                {S0("-1+cmd|' /C calc'!A0"), true},
                {S0("@SUM(A1)"), true},
                {S0("\tx"), true},
                {S0("\rx"), true},
                {S0("|x"), true},
                {S0("\xEF\xBC\x9D"
                    "1"),
                 true},
                {S0("'=1"), true},
                {S0("''-x"), true},
                {S0("-"), true},
                {S0("+"), true},
                {S0("+7-495-123"), true},
                {S0("-5e"), true},
                {S0("+1e5+1"), true},
                {S0("-12.50"), false},
                {S0("+3,5e-2"), false},
                {S0("-1 250"), false},
                {S0("+49 151 234"), false},
                {S0("+7 (495) 123-45-67"), false},
                {S0("+491512345678"), false},
                {S0("text"), false},
                {S0("'text"), false},
                {S0("1=1"), false},
                {S0(""), false},
                {S0("'"), false}};
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(csv_is_risky(rows[i].cell), rows[i].risky);
        struct buf b = buf_new(cx.a, 4096);
        str cells[] = {rows[i].cell, S("x;\"y\""), rows[i].cell};
        csv_put_head(&b, &csv_excel);
        csv_put_row(&b, &csv_excel, cells, 3);
        str want = arena_fmt(cx.a, "%.*s|x;\"y\"|%.*s", FS(rows[i].cell), FS(rows[i].cell));
        T_STR(flat(&cx, buf_str(&b), &(struct csv_opt){.unguard = true}), want);
        if (rows[i].risky) T(str_find(buf_str(&b), S(";\"'")) > 0);
    }
    t_cx_free(&cx);
}

static void writes(void)
{
    struct cx cx = t_cx();
    struct buf b = buf_new(cx.a, 4096);
    str cells[] = {S("a"), S("b;c"), S("d\"e"), S("l\n2"), S(" s"), S("")};
    csv_put_row(&b, &csv_excel, cells, COUNT(cells));
    csv_put_row(&b, &csv_excel, &cells[5], 1);
    csv_put_row(&b, &(struct csv_style){',', false, true}, (str[]){S("=1"), S("b;c")}, 2);
    csv_put_row(&b, &csv_excel, (str[]){S("sep=,")}, 1);
    T_STR(buf_str(&b),
          S("a;\"b;c\";\"d\"\"e\";\"l\n2\";\" s\";\r\n\"\"\r\n=1,b;c\r\n\"sep=,\"\r\n"));
    t_cx_free(&cx);
}

/* A file of many blocks: only blocks and rows are held. */
static void stays_flat(void)
{
    struct cx cx = t_cx();
    str in =
        repeat(&cx, S("12345;\xCC\xFE\xEB\xEB\xE5\xF0;\"a;b\nc\";+49 151 2345678\r\n"), 100000);
    size_t before = arena_bytes(cx.a);
    struct csv *c OWNED(csv_close) = NULL;
    struct src src = src_bytes(&in);
    struct csv_row row = {0};
    bool more = true;
    int64_t rows = 0;
    T_OK(&cx, csv_open(&cx, &src, &(struct csv_opt){0}, &c));
    while (csv_next(&cx, c, &row, &more) == E_OK && more) {
        rows++;
        T(row.n == 4 && str_eq(row.cell[2], S("a;b\nc")) && row.line == rows * 2 - 1);
    }
    T_INT(rows, 100000);
    T(arena_bytes(cx.a) == before);
    t_cx_free(&cx);
}

TESTS("fmt_csv", cuts_rows, finds_separator, guesses_encoding, converts_in_pieces, counts_bad_bytes,
      keeps_limits, guards_formulas, writes, stays_flat)
