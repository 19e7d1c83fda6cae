/* SPDX-License-Identifier: MIT */
#include "fmt/mailaddr.h"
#include "t.h"

static void parsing(void)
{
    static const struct {
        str in, addr, name; /* addr "" = invalid */
    } rows[] = {
        {S0("max@firma.de"), S0("max@firma.de"), S0("")},
        {S0(" Max.Muster@Firma.DE\xC2\xA0"), S0("max.muster@firma.de"), S0("")},
        {S0("Max Muster <Max@firma.de>"), S0("max@firma.de"), S0("Max Muster")},
        {S0("\"Muster, Max\" <max@firma.de>"), S0("max@firma.de"), S0("Muster, Max")},
        {S0("<max@firma.de>"), S0("max@firma.de"), S0("")},
        {S0("mailto:max@firma.de"), S0("max@firma.de"), S0("")},
        {S0("max@firma.de."), S0("max@firma.de"), S0("")},
        {S0("a+b_c=d@x-y.co.uk"), S0("a+b_c=d@x-y.co.uk"), S0("")},
        {S0("МАША@ПОЧТА.рф"), S0("маша@почта.рф"), S0("")},
        {S0("Jörg@MÜLLER.de"), S0("jörg@müller.de"), S0("")},
        {S0("ŽANA@ĄŽUOLAS.lt"), S0("žana@ąžuolas.lt"), S0("")},
        {S0("ĶIRSIS@x.LV"), S0("ķirsis@x.lv"), S0("")},
        {S0("x@xn--mller-kva.de"), S0("x@xn--mller-kva.de"), S0("")},
        {S0("max@"), S0(""), S0("")},
        {S0("@firma.de"), S0(""), S0("")},
        {S0("max"), S0(""), S0("")},
        {S0(""), S0(""), S0("")},
        {S0("max@firma"), S0(""), S0("")},
        {S0("max@firma..de"), S0(""), S0("")},
        {S0("max@.de"), S0(""), S0("")},
        {S0(".max@firma.de"), S0(""), S0("")},
        {S0("max.@firma.de"), S0(""), S0("")},
        {S0("m..x@firma.de"), S0(""), S0("")},
        {S0("max muster@firma.de"), S0(""), S0("")},
        {S0("max@fir ma.de"), S0(""), S0("")},
        {S0("max@@firma.de"), S0(""), S0("")},
        {S0("max@-firma.de"), S0(""), S0("")},
        {S0("max@firma-.de"), S0(""), S0("")},
        {S0("max@10.0.0.1"), S0(""), S0("")},
        {S0("max@[10.0.0.1]"), S0(""), S0("")},
        {S0("\"max m\"@firma.de"), S0(""), S0("")},
        {S0("max@firma.de\r\nBcc: x@y.de"), S0(""), S0("")},
        {S0("max\0@firma.de"), S0(""), S0("")},
        {S0("m\xFFx@firma.de"), S0(""), S0("")},
        {S0("m\xE2\x80\xAEx@firma.de"), S0(""), S0("")},
        {S0("Max <max@firma.de"), S0(""), S0("")},
        {S0("1234567890123456789012345678901234567890123456789012345678901234@x.de"),
         S0("1234567890123456789012345678901234567890123456789012345678901234@x.de"), S0("")},
        {S0("12345678901234567890123456789012345678901234567890123456789012345@x.de"), S0(""), S0("")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mailaddr m = {S("untouched"), S("")};
        bool ok = mailaddr_parse(a, rows[i].in, &m);
        T(ok == (rows[i].addr.n > 0));
        T_STR(m.addr, ok ? rows[i].addr : S("untouched"));
        if (ok) T_STR(m.name, rows[i].name);
    }
    char big[300];
    struct mailaddr m = {0};
    memset(big, 'a', sizeof big);
    memcpy(big, "x@", 2);
    for (size_t i = 40; i < sizeof big; i += 40) big[i] = '.';
    T(!mailaddr_parse(a, (str){big, 299}, &m) && mailaddr_parse(a, (str){big, 254}, &m) && !mailaddr_parse(a, (str){big, 255}, &m));
    arena_free(&a);
}

static void splitting(void)
{
    static const struct {
        str in;
        size_t n;
        str addr[3];
    } rows[] = {
        {S0("a@x.de; b@x.de, c@x.de"), 3, {S0("a@x.de"), S0("b@x.de"), S0("c@x.de")}},
        {S0("a@x.de b@x.de\nc@x.de"), 3, {S0("a@x.de"), S0("b@x.de"), S0("c@x.de")}},
        {S0("a@x.de / b@x.de"), 2, {S0("a@x.de"), S0("b@x.de")}},
        {S0("a@x.de\xC2\xA0" "b@x.de"), 2, {S0("a@x.de"), S0("b@x.de")}},
        {S0("Max Muster <a@x.de>, \"B, C\" <b@x.de>"), 2, {S0("a@x.de"), S0("b@x.de")}},
        {S0("a@x.de;max@;b@x.de"), 3, {S0("a@x.de"), S0(""), S0("b@x.de")}},
        {S0("keine"), 1, {S0("")}},
        {S0("ivanov @vektor.ru"), 1, {S0("ivanov@vektor.ru")}},
        {S0("a @ x.de, b@ x.de"), 2, {S0("a@x.de"), S0("b@x.de")}},
        {S0("Max <max @x.de>"), 1, {S0("max@x.de")}},
        {S0("a@x.de @home"), 2, {S0("a@x.de"), S0("")}},
        {S0("@ x.de"), 2, {S0(""), S0("")}},
        {S0(" ;, \n"), 0, {S0("")}},
        {S0(""), 0, {S0("")}},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mailaddr got[MAILADDR_PARTS];
        size_t n = mailaddr_split(a, rows[i].in, got);
        T_INT((int64_t)n, (int64_t)rows[i].n);
        for (size_t k = 0; k < n && k < rows[i].n; k++) T_STR(got[k].addr, rows[i].addr[k]);
    }
    struct mailaddr got[MAILADDR_PARTS];
    T_INT((int64_t)mailaddr_split(a, S("a@x.de;max@"), got), 2);
    T_STR(got[1].name, S("max@"));
    struct buf b = buf_new(a, 1 << 20);
    for (int i = 0; i < 30000; i++) buf_add(&b, S("a@x.de,"));
    T_INT((int64_t)mailaddr_split(a, buf_str(&b), got), MAILADDR_PARTS);
    arena_free(&a);
}

TESTS("fmt_mailaddr", parsing, splitting)
