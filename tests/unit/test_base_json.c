/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "t.h"

#include <time.h>

/* What was read, written again: one check for both ways. */
static void same(struct cx *cx, str in, str want)
{
    const struct json *j = NULL;
    if (!T_OK(cx, json_parse(cx, in, &j)) || !j) return;
    struct buf b = buf_new(cx->a, 1 << 20);
    struct jw w = jw_new(&b);
    jw_json(&w, j);
    T_STR(buf_str(&b), want);
}

static void good(void)
{
    static const struct {
        str in, out;
    } rows[] = {
        {S0("null"), S0("null")},
        {S0(" true\n"), S0("true")},
        {S0("\t[ ]\r"), S0("[]")},
        {S0("{ }"), S0("{}")},
        {S0("[1,-0,12.50,1e5,-1.0E+10,0.1e-2,123456789012345678901234567890]"),
         S0("[1,-0,12.50,1e5,-1.0E+10,0.1e-2,123456789012345678901234567890]")},
        {S0("{\"a\":{\"b\":[1,{\"c\":null}]},\"\":false}"), S0("{\"a\":{\"b\":[1,{\"c\":null}]},\"\":false}")},
        {S0("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\\\\"\""),
         S0("\"Aé€\xF0\x9F\x98\x80/\\b\\f\\n\\r\\t\\\\\\\"\"")},
        {S0("\"\\u0001<\\u2028\\u2029\\u2030\""), S0("\"\\u0001\\u003c\\u2028\\u2029\xE2\x80\xB0\"")},
        {S0("\"Щёголева\""), S0("\"Щёголева\"")},
        {S0("\"\""), S0("\"\"")},
        {S0("\"\\\\\""), S0("\"\\\\\"")},
        {S0("\"\x7F\""), S0("\"\x7F\"")},
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) same(&cx, rows[i].in, rows[i].out);
    t_cx_free(&cx);
}

static void wrong(void)
{
    static const str rows[] = {
        S0(""), S0(" "), S0("nul"), S0("nullx"), S0("True"), S0("[1,]"), S0("[,1]"), S0("[1 2]"), S0("[1"),
        S0("]"), S0("{\"a\"}"), S0("{\"a\":}"), S0("{\"a\":1,}"), S0("{a:1}"), S0("{'a':1}"), S0("{1:1}"),
        S0("01"), S0("-"), S0("1."), S0(".5"), S0("1e"), S0("1e+"), S0("+1"), S0("0x1"), S0("NaN"), S0("--1"),
        S0("\""), S0("\"\\\""), S0("\"\\x41\""), S0("\"\\u00g0\""), S0("\"\\u12\""), S0("\"a\nb\""),
        S0("\"\\u0000\""), S0("\"a\0b\""), S0("\0"), S0("1\0"), S0("\"\\ud800\""), S0("\"\\ud800\\u0041\""),
        S0("\"\\udc00\""), S0("\"\\ud800\\ud800\""), S0("\"\xC0\x80\""), S0("\"\xED\xA0\x80\""), S0("\"\xFF\""),
        S0("{\"a\":1,\"a\":2}"), S0("{\"a\":1,\"\\u0061\":2}"), S0("1 2"), S0("[] []"), S0("\xEF\xBB\xBF[]"),
        S0("/**/1"), S0("[1]//"), S0("\"\\"), S0("\"\\u"), S0("{\"a\":1 \"b\":2}"), S0("\xA0 1"),
    };
    struct cx cx = t_cx();
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct json *j = NULL;
        bool refused = json_parse(&cx, rows[i], &j) == E_BAD;
        T(refused && !j);
        if (!refused) fprintf(stderr, "  row %zu: %.*s\n", i, FS(rows[i]));
    }
    const struct json *j = NULL;
    T(json_parse(&cx, S("[1,\n x]"), &j) == E_BAD && str_find(cx.msg, S("byte 5")) >= 0);
    T(json_parse(&cx, S("[\"ab\xFF\"]"), &j) == E_BAD && str_find(cx.msg, S("UTF-8")) >= 0);
    t_cx_free(&cx);
}

static void depth(void)
{
    struct cx cx = t_cx();
    for (size_t n = JSON_DEPTH - 1; n <= JSON_DEPTH + 1; n++) {
        struct buf b = buf_new(cx.a, 1000);
        const struct json *j = NULL;
        for (size_t i = 0; i < n; i++) buf_byte(&b, '[');
        for (size_t i = 0; i < n; i++) buf_byte(&b, ']');
        T_INT(json_parse(&cx, buf_str(&b), &j), n > JSON_DEPTH ? E_BAD : E_OK);
    }
    struct buf b = buf_new(cx.a, 1 << 20);
    const struct json *j = NULL;
    for (size_t i = 0; i < 200000; i++) buf_add(&b, S("{\"\":"));
    T_INT(json_parse(&cx, buf_str(&b), &j), E_BAD);
    t_cx_free(&cx);
}

static void many_keys(void)
{
    for (int twice = 0; twice < 2; twice++) {
        struct cx cx = t_cx();
        struct buf b = buf_new(cx.a, 8 << 20);
        const struct json *j = NULL;
        buf_byte(&b, '{');
        for (int i = 0; i < 100000; i++) buf_fmt(&b, "%s\"k%d\":%d", i ? "," : "", i, i);
        if (twice) buf_add(&b, S(",\"k77\":0"));
        buf_byte(&b, '}');
        clock_t t0 = clock();
        T_INT(json_parse(&cx, buf_str(&b), &j), twice ? E_BAD : E_OK);
        T(clock() - t0 < 2 * CLOCKS_PER_SEC); /* all pairs would take minutes */
        if (!twice) T(j && j->n == 100000 && str_eq(json_get(j, S("k99999"))->s, S("99999")));
        t_cx_free(&cx);
    }
    for (int n = 2; n < 40; n++) { /* both ways of finding a double key */
        struct cx cx = t_cx();
        struct buf b = buf_new(cx.a, 4096);
        const struct json *j = NULL;
        buf_byte(&b, '{');
        for (int i = 0; i < n; i++) buf_fmt(&b, "\"%d\":0,", i);
        buf_fmt(&b, "\"%d\":0}", n - 1);
        T_INT(json_parse(&cx, buf_str(&b), &j), E_BAD);
        t_cx_free(&cx);
    }
}

static void members(void)
{
    struct cx cx = t_cx();
    const struct json *j = NULL;
    str s = S("old");
    int64_t v = 7;
    bool yes = false;
    T_OK(&cx, json_parse(&cx, S("{\"s\":\"x\",\"i\":-5,\"f\":1.5,\"b\":true,\"id\":\"123\",\"n\":9,\"z\":null,"
                                "\"big\":9223372036854775808,\"w\":\"12x\",\"neg\":\"-1\"}"), &j));
    T_OK(&cx, json_str_of(&cx, j, S("s"), S("d"), &s));
    T_STR(s, S("x"));
    T_OK(&cx, json_str_of(&cx, j, S("no"), S("d"), &s));
    T_STR(s, S("d"));
    T_INT(json_str_of(&cx, j, S("i"), S("e"), &s), E_INVALID);
    T_STR(cx.at, S("i"));
    T_STR(s, S("d"));
    T_INT(json_str_of(&cx, j, S("z"), S("e"), &s), E_INVALID);
    T_OK(&cx, json_int_of(&cx, j, S("i"), 1, &v));
    T_INT(v, -5);
    T_INT(json_int_of(&cx, j, S("f"), 1, &v), E_INVALID);
    T_INT(json_int_of(&cx, j, S("big"), 1, &v), E_INVALID);
    T_INT(json_int_of(&cx, j, S("id"), 1, &v), E_INVALID);
    T_INT(v, -5);
    T_OK(&cx, json_bool_of(&cx, j, S("b"), false, &yes));
    T(yes);
    T_INT(json_bool_of(&cx, j, S("i"), false, &yes), E_INVALID);
    T_OK(&cx, json_id_of(&cx, j, S("id"), 0, &v));
    T_INT(v, 123);
    T_OK(&cx, json_id_of(&cx, j, S("n"), 0, &v));
    T_INT(v, 9);
    T_OK(&cx, json_id_of(&cx, j, S("z"), 4, &v));
    T_INT(v, 0);
    T_OK(&cx, json_id_of(&cx, j, S("no"), 4, &v));
    T_INT(v, 4);
    T_INT(json_id_of(&cx, j, S("w"), 0, &v), E_INVALID);
    T_INT(json_id_of(&cx, j, S("neg"), 0, &v), E_INVALID);
    T_INT(json_id_of(&cx, j, S("b"), 0, &v), E_INVALID);
    T(!json_get(NULL, S("a")) && !json_get(json_get(j, S("s")), S("a")));
    t_cx_free(&cx);
}

static void writer(void)
{
    struct cx cx = t_cx();
    struct buf b = buf_new(cx.a, 4096);
    struct jw w = jw_new(&b);
    jw_obj(&w);
    jw_kstr(&w, S("a"), S("</script>\"\\\n\x1f"));
    jw_kint(&w, S("i"), INT64_MIN);
    jw_kid(&w, S("id"), 42);
    jw_kid(&w, S("none"), 0);
    jw_kbool(&w, S("b"), true);
    jw_key(&w, S("l"));
    jw_arr(&w);
    jw_raw(&w, S("12.50"));
    jw_null(&w);
    jw_obj(&w);
    jw_obj_end(&w);
    jw_arr_end(&w);
    jw_key(&w, S("k\""));
    jw_str(&w, S(""));
    jw_obj_end(&w);
    T_STR(buf_str(&b), S("{\"a\":\"\\u003c/script>\\\"\\\\\\n\\u001f\",\"i\":-9223372036854775808,\"id\":\"42\","
                         "\"none\":null,\"b\":true,\"l\":[12.50,null,{}],\"k\\\"\":\"\"}"));
    t_cx_free(&cx);
}

/* Every buffer size: the fast and the slow way of quoting agree and never pass the maximum. */
static void writer_full(void)
{
    struct cx cx = t_cx();
    str s = S("aé\xE2\x80\xA8\n<\"\\ \xE2\x82\xAC\xE2\x80\xE2"), want = S("\"aé\\u2028\\n\\u003c\\\"\\\\ \xE2\x82\xAC\xE2\x80\xE2\"");
    for (size_t max = 0; max < 80; max++) {
        struct buf b = buf_new(cx.a, max);
        struct jw w = jw_new(&b);
        jw_str(&w, s);
        T(b.full == (want.n > max) && b.n <= max);
        if (!b.full) T_STR(buf_str(&b), want);
    }
    struct buf b = buf_new(cx.a, 4096); /* the capacity of 512 is there: the fast way */
    struct jw w = jw_new(&b);
    jw_arr(&w);
    jw_str(&w, s);
    T_STR(str_cut(buf_str(&b), 1, b.n), want);
    t_cx_free(&cx);
}

TESTS("base_json", good, wrong, depth, many_keys, members, writer, writer_full)
