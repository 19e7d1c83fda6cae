/* SPDX-License-Identifier: MIT */
/* demo/numbers.c - tax and register numbers of a firm with right check digits. They are drawn at random: a
 * real firm may have one of them. */
#include "demo/demo_int.h"

static int weigh(const char *s, const char *weights)
{
    int sum = 0;
    for (size_t i = 0; weights[i]; i++) sum += (s[i] - '0') * (weights[i] - '0');
    return sum;
}

static char *digits(struct maker *m, const char *pattern)
{
    str s = demo_digits(m, pattern, -1);
    char *p = arena_get(m->cx->a, s.n + 1);
    memcpy(p, s.p, s.n);
    return p;
}

static int tail_mod11(const char *s, size_t n) /* ISO 7064 MOD 11,10 */
{
    int p = 10;
    for (size_t i = 0; i < n; i++) {
        p = (s[i] - '0' + p) % 10;
        p = (p ? p : 10) * 2 % 11;
    }
    return (11 - p) % 10;
}

static int tail_lt(const char *s) /* eight digits */
{
    int sum = weigh(s, "12345678") % 11;
    if (sum == 10) sum = (weigh(s, "3456789") + (s[7] - '0')) % 11;
    return sum % 10;
}

static void russian(struct draft *d, struct maker *m)
{
    char *inn = digits(m, "99########"), *ogrn = digits(m, "10200########");
    int64_t head = 0;
    int sum = 0;
    static const int w[] = {2, 4, 10, 3, 5, 9, 4, 6, 8};
    for (size_t i = 0; i < COUNT(w); i++) sum += w[i] * (inn[i] - '0');
    inn[9] = (char)('0' + sum % 11 % 10);
    (void)str_to_int((str){ogrn, 12}, &head);
    ogrn[12] = (char)('0' + head % 11 % 10);
    draft_text(d, "inn", (str){inn, 10});
    draft_text(d, "kpp", demo_digits(m, "00##01001", -1));
    draft_text(d, "ogrn", (str){ogrn, 13});
}

void demo_numbers(struct draft *d, struct maker *m)
{
    str code = str_from(m->w->code);
    if (str_eq(code, S("ru"))) {
        russian(d, m);
    } else if (str_eq(code, S("de"))) {
        char *vat = digits(m, "DE9########");
        vat[10] = (char)('0' + tail_mod11(vat + 2, 8));
        draft_text(d, "vat_id", (str){vat, 11});
        draft_text(d, "reg_no", demo_digits(m, "HRB 9#####", -1));
    } else if (str_eq(code, S("lt"))) {
        char *vat = digits(m, "LT99#####1#"), *reg = digits(m, "39#######");
        vat[10] = (char)('0' + tail_lt(vat + 2));
        draft_text(d, "vat_id", (str){vat, 11});
        reg[8] = (char)('0' + tail_lt(reg));
        draft_text(d, "reg_no", (str){reg, 9});
    } else {
        draft_text(d, "reg_no", demo_digits(m, "99######", -1));
    }
}
