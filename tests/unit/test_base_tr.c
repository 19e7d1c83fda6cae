/* SPDX-License-Identifier: MIT */
#include "base/tr.h"
#include "base/tr_int.h"
#include "t.h"

static const str langs[TR_LANGS] = {[TR_DE] = S0("de"), [TR_LT] = S0("lt"), [TR_RU] = S0("ru")};

enum { ARGS_MAX = 16 };
struct args {
    char kind[ARGS_MAX][4]; /* "s", "ld"; "*" for the length of %.*s */
    size_t n;
    bool bad;
};

static void take(struct args *a, size_t number, str kind)
{
    size_t i = number ? number - 1 : a->n;
    if (i >= ARGS_MAX || kind.n >= sizeof a->kind[0] || (a->kind[i][0] && !str_eq(str_from(a->kind[i]), kind))) {
        a->bad = true;
        return;
    }
    memcpy(a->kind[i], kind.p, kind.n);
    if (i + 1 > a->n) a->n = i + 1;
}

/* "2$" -> 2 and moves on; else 0. */
static size_t number_at(str f, size_t *at)
{
    size_t i = *at, n = 0;
    while (i < f.n && f.p[i] >= '0' && f.p[i] <= '9') n = n * 10 + (size_t)(f.p[i++] - '0');
    if (i == *at || i >= f.n || f.p[i] != '$') return 0;
    *at = i + 1;
    return n;
}

/* What a format takes; knows the conversions that the house's texts use. */
static struct args args_of(str f)
{
    struct args a = {0};
    for (size_t i = 0; i < f.n; i++) {
        if (f.p[i] != '%') continue;
        i++;
        if (i < f.n && f.p[i] == '%') continue;
        size_t number = number_at(f, &i);
        if (str_has_prefix(str_cut(f, i, f.n), S(".*"))) {
            i += 2;
            take(&a, number_at(f, &i), S("*"));
        }
        size_t from = i;
        while (i < f.n && memchr("lz", f.p[i], 2)) i++;
        if (i >= f.n || !memchr("sduc", f.p[i], 4)) a.bad = true;
        else take(&a, number, str_cut(f, from, i + 1));
    }
    return a;
}

static bool same_args(str english, str other)
{
    struct args a = args_of(english), b = args_of(other);
    if (a.bad || b.bad || a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (strcmp(a.kind[i], b.kind[i]) != 0) return false;
    return true;
}

static void compares(void)
{
    T(same_args(S("%.*s: from %ld to %d"), S("%.*s: von %ld bis %d")));
    T(same_args(S("%.*s has %d"), S("%3$d: %1$.*2$s")) == false); /* the length comes before its text */
    T(same_args(S("%.*s has %d"), S("%3$d: %2$.*1$s")));
    T(!same_args(S("%d of %s"), S("%s of %d")));
    T(!same_args(S("%d"), S("%ld")));
    T(!same_args(S("%d"), S("keins")));
    T(!same_args(S("none"), S("%s")));
    T(same_args(S("100%% of %d"), S("%d sind 100%%")));
}

static void catalogues(void)
{
    T(tr_rows_n > 200);
    for (size_t i = 0; i < tr_rows_n; i++) {
        const struct tr_row *r = &tr_rows[i];
        T(i == 0 || str_cmp(tr_rows[i - 1].english, r->english) < 0);
        T(utf8_valid(r->english));
        for (int l = 0; l < TR_LANGS; l++) {
            T(utf8_valid(r->to[l]) && r->to[l].p[r->to[l].n] == 0);
            if (!r->to[l].n) continue;
            if (!same_args(r->english, r->to[l])) fprintf(stderr, "%s\n", r->english.p);
            T(same_args(r->english, r->to[l]));
            T_STR(tr(langs[l], r->english), r->to[l]);
        }
    }
}

static void looks_up(void)
{
    T_STR(tr(S("de"), S("Row")), S("Zeile"));
    T_STR(tr(S("lt"), S("Row")), S("Eilutė"));
    T_STR(tr(S("ru"), S("Row")), S("Строка"));
    T_STR(tr(S("en"), S("Row")), S("Row"));
    T_STR(tr(S("fr"), S("Row")), S("Row"));
    T_STR(tr(S(""), S("Row")), S("Row"));
    T_STR(tr((str){0}, S("Row")), S("Row"));
    T_STR(tr(S("de"), S("")), S(""));
    T_STR(tr(S("de"), S("Rows of nobody")), S("Rows of nobody"));
    const char *unknown = "%d of nobody";
    T(tr_format(S("ru"), unknown) == unknown);
    T_STR(str_from(tr_format(S("ru"), "The limit is 1 to %d")), S("Предел – от 1 до %d"));
}

static enum err refuse(struct cx *cx, str label)
{
    return fail_at(cx, E_INVALID, S("name"), "%.*s: the value must be from %" PRId64 " to %" PRId64, FS(label),
                   (int64_t)-5, INT64_MAX);
}

static void fails(void)
{
    struct cx cx = t_cx();
    cx.lang = S("ru");
    T_INT(refuse(&cx, S("Имя")), E_INVALID);
    T_STR(cx.msg, S("Имя: значение должно быть от -5 до 9223372036854775807"));
    T_STR(cx.at, S("name"));
    cx.lang = S("de");
    T_INT(refuse(&cx, S("Zahl")), E_INVALID);
    T_STR(cx.msg, S("Zahl: der Wert muss zwischen -5 und 9223372036854775807 liegen"));
    T_INT(fail(&cx, E_LIMIT, "The text is longer than %d bytes", 12), E_LIMIT);
    T_STR(cx.msg, S("Der Text ist länger als 12 Byte"));
    T_INT(fail(&cx, E_BAD, "%s", "as it is"), E_BAD);
    T_STR(cx.msg, S("as it is"));
    cx.lang = S("xx");
    T_INT(refuse(&cx, S("Name")), E_INVALID);
    T_STR(cx.msg, S("Name: the value must be from -5 to 9223372036854775807"));
    cx.lang = (str){0};
    T_INT(refuse(&cx, S("")), E_INVALID);
    T_STR(cx.msg, S(": the value must be from -5 to 9223372036854775807"));
    t_cx_free(&cx);
}

TESTS("base_tr", compares, catalogues, looks_up, fails)
