/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "t.h"

static str text(struct log_line *l) { return (str){l->p, l->n}; }

/* What stands behind the time. */
static str behind(struct log_line *l)
{
    ptrdiff_t at = str_find(text(l), S(" level="));
    return at < 0 ? S("") : str_cut(text(l), (size_t)at + 1, l->n);
}

static void lines(void)
{
    struct cx cx = {.req = S("7f3a"), .who = {.user = 12}};
    struct log_line l;
    log_begin(&l, &cx, LOG_WARN, S("db"), S("slow query"));
    log_int(&l, S("ms"), -812);
    T_STR(behind(&l), S("level=warn room=db req=7f3a user=12 what=\"slow query\" ms=-812"));
    T(str_has_prefix(text(&l), S("time=2")) && l.p[28] == 'Z');
    log_begin(&l, NULL, LOG_ERROR, S("app"), S(""));
    T_STR(behind(&l), S("level=error room=app what=\"\""));
}

static void escapes(void)
{
    static const struct {
        str in, out;
    } rows[] = {
        {S0("plain-1.0:/x"), S0("plain-1.0:/x")},
        {S0("a=b"), S0("\"a=b\"")},
        {S0("x\nlevel=error"), S0("\"x\\nlevel=error\"")},
        {S0("say \"hi\" \\"), S0("\"say \\\"hi\\\" \\\\\"")},
        {S0("\x1b[31m\r\0"), S0("\"\\x1b[31m\\x0d\\x00\"")},
        {S0("\0"), S0("\"\\x00\"")},
        {S0("\xFF\xC2\x9B"), S0("\"\\xff\\xc2\\x9b\"")},
        {S0("\xE2\x80\xAE"), S0("\"\\xe2\\x80\\xae\"")},
        {S0("Ж\xEF\xBF\xBD"), S0("\"Ж\xEF\xBF\xBD\"")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct log_line l = {0};
        log_str(&l, S("k"), rows[i].in);
        T(str_has_prefix(text(&l), S(" k=")));
        T_STR(str_cut(text(&l), 3, l.n), rows[i].out);
    }
}

static void limits(void)
{
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 100000);
    struct log_line l = {0};
    for (int i = 0; i < 20000; i++) buf_add(&b, S("Ж"));
    buf_byte(&b, 'x');
    log_str(&l, S("k"), buf_str(&b));
    T(l.n <= 4 + LOG_VALUE + 4 && str_has_suffix(text(&l), S("Ж...\"")) && utf8_valid(text(&l)));
    log_str(&l, S("odd"), str_cut(buf_str(&b), 1, 400)); /* cut in the middle of a letter */
    for (int i = 0; i < 100; i++) log_str(&l, S("key"), S("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"));
    T_INT((int64_t)l.n, LOG_LINE - 1);
    arena_free(&a);
}

static void levels(void)
{
    struct log_line l;
    T(log_is_on(LOG_INFO) && !log_is_on(LOG_DEBUG));
    log_begin(&l, NULL, LOG_DEBUG, S("x"), S("y"));
    log_str(&l, S("k"), S("v"));
    T(l.off && l.n == 0);
    log_end(&l);
    log_level_set(LOG_DEBUG);
    T(log_is_on(LOG_DEBUG));
    log_level_set(LOG_ERROR);
    T(!log_is_on(LOG_WARN) && log_is_on(LOG_ERROR));
    log_say(NULL, LOG_WARN, S("base"), "%s", "never seen");
    log_level_set(LOG_INFO);
    log_say(NULL, LOG_INFO, S("base"), "the one line of %s", "this test");
}

TESTS("base_log", lines, escapes, limits, levels)
