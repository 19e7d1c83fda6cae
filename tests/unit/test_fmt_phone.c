/* SPDX-License-Identifier: MIT */
#include "fmt/phone.h"
#include "fmt/phone_int.h"
#include "t.h"

#include <time.h>

static void parsing(void)
{
    static const struct {
        str typed, country, e164, ext;
        bool valid;
        enum phone_kind kind;
    } rows[] = {
        {S0("8 (916) 647-89-97"), S0("RU"), S0("+79166478997"), S0(""), true, PHONE_MOBILE},
        {S0("903-805-67-47"), S0("RU"), S0("+79038056747"), S0(""), true, PHONE_MOBILE},
        {S0("+7(812)1192750"), S0("DE"), S0("+78121192750"), S0(""), true, PHONE_FIXED},
        {S0("89167690306"), S0("DE"), S0("+79167690306"), S0(""), true, PHONE_MOBILE},
        {S0("79167690306"), S0("DE"), S0("+79167690306"), S0(""), true, PHONE_MOBILE},
        {S0("8 (495) 781-72-10 доб. 47"), S0("RU"), S0("+74957817210"), S0("47"), true, PHONE_FIXED},
        {S0("8 (495) 781-72-10 вн.12"), S0("RU"), S0("+74957817210"), S0("12"), true, PHONE_FIXED},
        {S0("8~495~7817210 (доб 123)"), S0("RU"), S0("+74957817210"), S0("123"), true, PHONE_FIXED},
        {S0("8 10 49 151 31039853"), S0("RU"), S0("+4915131039853"), S0(""), true, PHONE_MOBILE},
        {S0("8-800-555-35-35"), S0("RU"), S0("+78005553535"), S0(""), true, PHONE_UNKNOWN},
        {S0("8 612 34567"), S0("LT"), S0("+37061234567"), S0(""), true, PHONE_MOBILE},
        {S0("0 612 34567"), S0("LT"), S0("+37061234567"), S0(""), true, PHONE_MOBILE},
        {S0("612 34567"), S0("LT"), S0("+37061234567"), S0(""), true, PHONE_MOBILE},
        {S0("(8-5) 212 3456"), S0("LT"), S0("+37052123456"), S0(""), true, PHONE_FIXED},
        {S0("(0 5) 212 3456"), S0("LT"), S0("+37052123456"), S0(""), true, PHONE_FIXED},
        {S0("37061234567"), S0("LT"), S0("+37061234567"), S0(""), true, PHONE_MOBILE},
        {S0("0037064998988"), S0("RU"), S0("+37064998988"), S0(""), true, PHONE_MOBILE},
        {S0("8 646 17775 (LT)"), S0("RU"), S0("+37064617775"), S0(""), true, PHONE_MOBILE},
        {S0("0170 1234567"), S0("DE"), S0("+491701234567"), S0(""), true, PHONE_MOBILE},
        {S0("mobil: 0151/54289631"), S0("DE"), S0("+4915154289631"), S0(""), true, PHONE_MOBILE},
        {S0("+49 (0)151/54289631"), S0("RU"), S0("+4915154289631"), S0(""), true, PHONE_MOBILE},
        {S0("0049 151-15034008"), S0("RU"), S0("+4915115034008"), S0(""), true, PHONE_MOBILE},
        {S0("4915115034008"), S0("DE"), S0("+4915115034008"), S0(""), true, PHONE_MOBILE},
        {S0("4915115034008"), S0(""), S0("+4915115034008"), S0(""), true, PHONE_MOBILE},
        {S0("0221 55501-12"), S0("DE"), S0("+492215550112"), S0("12"), true, PHONE_FIXED},
        {S0("+49 (0)711 / 12345-0"), S0("DE"), S0("+49711123450"), S0("0"), true, PHONE_FIXED},
        {S0("0221 5550112 ext 7"), S0("DE"), S0("+492215550112"), S0("7"), true, PHONE_FIXED},
        {S0("0151-15034008"), S0("DE"), S0("+4915115034008"), S0(""), true, PHONE_MOBILE},
        {S0("0221/55501\xE2\x80\x93" "12"), S0("DE"), S0("+492215550112"), S0("12"), true, PHONE_FIXED},
        {S0("(212) 555-0123 ext. 42"), S0("US"), S0("+12125550123"), S0("42"), true, PHONE_UNKNOWN},
        {S0("+44 20 7946 0958"), S0(""), S0("+442079460958"), S0(""), true, PHONE_FIXED},
        {S0("+1 212 555 0123 x5"), S0("DE"), S0("+12125550123"), S0("5"), true, PHONE_UNKNOWN},
        {S0("+375 29 123-45-67"), S0("LT"), S0("+375291234567"), S0(""), true, PHONE_MOBILE},
        {S0("+48 501 234 567"), S0("DE"), S0("+48501234567"), S0(""), true, PHONE_MOBILE},
        {S0("+7 701 123 45 67"), S0("RU"), S0("+77011234567"), S0(""), true, PHONE_MOBILE},
        {S0("\xC2\xA0+7\xC2\xA0" "916\xC2\xA0" "123\xC2\xA0" "45\xC2\xA0" "67"), S0(""), S0("+79161234567"), S0(""), true, PHONE_MOBILE},
        {S0("8 916 123-45-67 Маша"), S0("RU"), S0("+79161234567"), S0(""), true, PHONE_MOBILE},
        {S0("79161234567.0"), S0("RU"), S0("+79161234567"), S0(""), true, PHONE_MOBILE},
        {S0("+7 016 123 45 67"), S0("RU"), S0("+70161234567"), S0(""), false, PHONE_UNKNOWN},
        {S0("+49 151 1"), S0("DE"), S0(""), S0(""), false, PHONE_UNKNOWN},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct phone p = {0};
        T(phone_parse(a, rows[i].typed, rows[i].country, &p) == rows[i].valid && p.valid == rows[i].valid);
        T(p.valid == (p.why == PHONE_OK));
        T_STR(p.e164, rows[i].e164);
        T_STR(p.ext, rows[i].ext);
        T_INT(p.kind, rows[i].kind);
    }
    struct phone p = {0};
    T(phone_parse(a, S("0221 55501-12"), S("DE"), &p) && p.ext_inside);
    T_STR(p.country, S("DE"));
    T_STR(p.digits, S("02215550112"));
    T(phone_parse(a, S("8 (495) 781-72-10 доб. 47"), S("RU"), &p) && !p.ext_inside);
    arena_free(&a);
}

static void refused(void)
{
    static const struct {
        str typed;
        enum phone_why why;
    } rows[] = {
        {S0(""), PHONE_EMPTY},
        {S0("-"), PHONE_EMPTY},
        {S0("нет"), PHONE_EMPTY},
        {S0("\xFF\xFE\xC3"), PHONE_EMPTY},
        {S0("12"), PHONE_SHORT},
        {S0("123-456"), PHONE_SHORT},
        {S0("4,91512E+11"), PHONE_ROUNDED},
        {S0("4.91512E+11"), PHONE_ROUNDED},
        {S0(" 7,9161E+10 "), PHONE_ROUNDED},
        {S0("8E+10"), PHONE_ROUNDED},
        {S0("12345678901234567890"), PHONE_LONG},
        {S0("99999999999999999999999999999999999999999999"), PHONE_LONG},
        {S0("0000000000"), PHONE_INVALID},
        {S0("+999 123 456 789"), PHONE_INVALID},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct phone p = {0};
        T(!phone_parse(a, rows[i].typed, S("DE"), &p));
        T_INT(p.why, rows[i].why);
    }
    struct buf b = buf_new(a, 1 << 20);
    for (int i = 0; i < 50000; i++) buf_add(&b, S("+7 916; "));
    struct phone p = {0};
    struct phone_part parts[PHONE_PARTS];
    T(!phone_parse(a, buf_str(&b), S("RU"), &p));
    T_INT((int64_t)phone_split(a, buf_str(&b), parts), PHONE_PARTS);
    arena_free(&a);
}

static void splitting(void)
{
    static const struct {
        str cell;
        struct phone_part want[3];
    } rows[] = {
        {S0("88124914569 / 8 (495) 205-71-39 доб. 64"), {{S0("88124914569"), 0}, {S0("8 (495) 205-71-39 доб. 64"), 0}}},
        {S0("89268808472\n8 (495) 341-46-36 доб. 14"), {{S0("89268808472"), 0}, {S0("8 (495) 341-46-36 доб. 14"), 0}}},
        {S0("74958486850; 8 (495) 360-87-11, доб. 47"), {{S0("74958486850"), 0}, {S0("8 (495) 360-87-11, доб. 47"), 0}}},
        {S0("89856984648, 8 646 17775 (LT)"), {{S0("89856984648"), 0}, {S0("8 646 17775 (LT)"), 0}}},
        {S0("+49 (0)151/54289631"), {{S0("+49 (0)151/54289631"), 0}}},
        {S0("0221/5550112"), {{S0("0221/5550112"), 0}}},
        {S0("0221 55501 / 02"), {{S0("0221 55501 / 02"), 0}}},
        {S0("mobil 0170 1234567, tel. 0221 555011"), {{S0("mobil 0170 1234567"), PHONE_USE_MOBILE}, {S0("tel. 0221 555011"), 0}}},
        {S0("моб. 89161234567 раб. 84957817210"), {{S0("моб. 89161234567"), PHONE_USE_MOBILE}, {S0("раб. 84957817210"), PHONE_USE_WORK}}},
        {S0("8 916 123-45-67 (моб.)"), {{S0("8 916 123-45-67 (моб.)"), PHONE_USE_MOBILE}}},
        {S0("89161234567 и 84957817210"), {{S0("89161234567"), 0}, {S0("84957817210"), 0}}},
        {S0("0170 1234567 und 0221 5550112"), {{S0("0170 1234567"), 0}, {S0("0221 5550112"), 0}}},
        {S0("+7 916 123 45 67 +370 612 34567"), {{S0("+7 916 123 45 67"), 0}, {S0("+370 612 34567"), 0}}},
        {S0("факс 84957817210; Büro: 0221 5550112; privat 0221 12345678"),
         {{S0("факс 84957817210"), PHONE_USE_FAX}, {S0("Büro: 0221 5550112"), PHONE_USE_WORK}, {S0("privat 0221 12345678"), PHONE_USE_HOME}}},
        {S0("(495) 765-43-21/22"), {{S0("(495) 765-43-21"), 0}, {S0("(495) 765-43-22"), 0}}},
        {S0("0221/5550112/13/14"), {{S0("0221/5550112"), 0}, {S0("0221/5550113"), 0}, {S0("0221/5550114"), 0}}},
        {S0("0221 55501/02"), {{S0("0221 55501/02"), 0}}},
        {S0("8 916 333 44 55 8 916 333 44 66"), {{S0("8 916 333 44 55"), 0}, {S0("8 916 333 44 66"), 0}}},
        {S0("8 612 34567 8 698 12345"), {{S0("8 612 34567"), 0}, {S0("8 698 12345"), 0}}},
        {S0("0171 1234567 0221 123456 0171 7654321"), {{S0("0171 1234567"), 0}, {S0("0221 123456"), 0}, {S0("0171 7654321"), 0}}},
        {S0("8 495 123-45-67 доб. 12345678"), {{S0("8 495 123-45-67 доб. 12345678"), 0}}},
        {S0("mobil:\n0170 1234567"), {{S0("mobil:\n0170 1234567"), PHONE_USE_MOBILE}}},
        {S0("4,91512E+11"), {{S0("4,91512E+11"), 0}}},
        {S0(" ; , \n"), {{S0(""), 0}}},
        {S0("нет"), {{S0(""), 0}}},
        {S0(""), {{S0(""), 0}}},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct phone_part got[PHONE_PARTS];
        size_t n = phone_split(a, rows[i].cell, got), want = 0;
        while (want < 3 && rows[i].want[want].typed.n) want++;
        T_INT((int64_t)n, (int64_t)want);
        for (size_t k = 0; k < n && k < want; k++) {
            T_STR(got[k].typed, rows[i].want[k].typed);
            T_INT(got[k].use, rows[i].want[k].use);
        }
    }
    arena_free(&a);
}

/* The fast way and libphonenumber over random numbers of all ranges. */
static void agrees(void)
{
    static const char *const codes[] = {"7", "370", "49", "48", "375", "380"};
    uint64_t seed = 20261122;
    int fast = 0, wrong = 0;
    struct arena *a = arena_new();
    for (int i = 0; i < 20000; i++) {
        char d[24] = "+", e164[24], region[4];
        size_t n = 1, code = strlen(codes[(size_t)i % COUNT(codes)]);
        memcpy(d + 1, codes[(size_t)i % COUNT(codes)], code);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t r = seed >> 13;
        size_t len = code + 8 + r % 5;
        for (n += code, r /= 5; n <= len; n++, r /= 10) d[n] = (char)('0' + r % 10);
        str country = S("");
        enum phone_kind kind = PHONE_UNKNOWN;
        if (!phone_fast((str){d + 1, n - 1}, &country, &kind)) continue;
        fast++;
        int type = -1, ok = phone_lib(d, "ZZ", e164, region, &type);
        bool same = ok == 1 && str_eq(str_from(e164), (str){d, n}) && str_eq(str_from(region), country) &&
                    type == (kind == PHONE_MOBILE ? 1 : 0);
        if (!same && wrong++ < 5) fprintf(stderr, "  %s: %d %s %s %d\n", d, ok, e164, region, type);
    }
    T_INT(wrong, 0);
    T(fast > 1500);
    arena_free(&a);
}

static void callers(void)
{
    static const struct {
        str typed, country, e164, last7;
    } rows[] = {
        {S0("sip:+79161234567@10.0.0.1;user=phone"), S0("DE"), S0("+79161234567"), S0("1234567")},
        {S0("\"Max 5\" <sip:004915115034008@pbx>"), S0("DE"), S0("+4915115034008"), S0("5034008")},
        {S0("tel:+370-612-34567"), S0("DE"), S0("+37061234567"), S0("1234567")},
        {S0("37061122233"), S0("LT"), S0("+37061122233"), S0("1122233")},
        {S0("9161234567"), S0("RU"), S0("+79161234567"), S0("1234567")},
        {S0("anonymous"), S0("RU"), S0(""), S0("")},
        {S0("sip:anonymous@anonymous.invalid"), S0("RU"), S0(""), S0("")},
        {S0("101"), S0("RU"), S0(""), S0("")},
        {S0(""), S0("RU"), S0(""), S0("")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct phone p = {0};
        str last7 = S("?");
        phone_query(a, rows[i].typed, rows[i].country, &p, &last7);
        T_STR(p.e164, rows[i].e164);
        T_STR(last7, rows[i].last7);
    }
    T_STR(phone_digits(a, S("+7 (916) доб. 5")), S("79165"));
    T_STR(phone_digits(a, S("")), S(""));
    arena_free(&a);
}

static void quick(void)
{
    struct arena *a = arena_new();
    clock_t t0 = clock();
    for (int i = 0; i < 50000; i++) {
        struct arena_mark m = arena_mark(a);
        struct phone p = {0};
        (void)phone_parse(a, S("8 (916) 647-89-97"), S("RU"), &p);
        arena_back(a, m);
    }
    printf("phone_parse %.0f ns\n", (double)(clock() - t0) / CLOCKS_PER_SEC * 2e4);
    arena_free(&a);
}

TESTS("fmt_phone", parsing, refused, splitting, agrees, callers, quick)
