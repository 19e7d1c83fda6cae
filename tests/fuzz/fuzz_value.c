/* SPDX-License-Identifier: MIT */
/* fuzz/fuzz_value.c - dates, numbers, mail addresses, numbers of firms, folding. */
#include "base/decimal.h"
#include "base/time.h"
#include "fmt/fold.h"
#include "fmt/humandate.h"
#include "fmt/mailaddr.h"
#include "fmt/number.h"
#include "fmt/taxid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const str langs[] = {S0("en"), S0("de"), S0("lt"), S0("ru")};

static void dates(struct arena *a, str s, unsigned pick)
{
    struct date_style st = {.lang = langs[pick % 4], .country = S(""), .today = 20779, .serial = pick & 4, .serial_1904 = pick & 8};
    int64_t day = 0, again = 0, ms = 0;
    if (humandate_parse(a, s, &st, &day) == DATE_OK) {
        assert(humandate_parse(a, day_text(a, day), &st, &again) == DATE_OK);
        assert(again == day);
    }
    if (time_parse(s, 60, &ms)) {
        str t = time_text(a, ms);
        if (t.n == 24) assert(time_parse(t, 0, &again) && again == ms); /* an offset may leave the years 0 to 9999 */
    }
}

static void numbers(struct arena *a, str s, unsigned pick)
{
    struct number n = {0}, m = {0};
    int64_t v = 0, w = 0;
    int scale = (int)(pick / 16 % 13);
    if (number_parse(a, s, scale, langs[pick % 4], &n) == NUM_OK && n.v != INT64_MIN) {
        str t = dec_fixed(a, n.v, scale);
        if (scale != 3) { /* three places are what a group of thousands looks like */
            assert(number_parse(a, t, scale, S("en"), &m) == NUM_OK);
            assert(m.v == n.v);
        }
    }
    if (dec_parse(s, scale, &v)) assert(dec_parse(dec_text(a, v, scale), scale, &w) && v == w);
    (void)currency_code(a, s);
}

static void mails(struct arena *a, str s)
{
    struct mailaddr m[MAILADDR_PARTS], again;
    size_t n = mailaddr_split(a, s, m);
    assert(n <= MAILADDR_PARTS);
    for (size_t i = 0; i < n; i++) {
        assert(m[i].addr.n || m[i].name.n);
        if (m[i].addr.n) assert(mailaddr_parse(a, m[i].addr, &again) && str_eq(again.addr, m[i].addr));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct arena *a = arena_new();
    unsigned pick = data[0];
    str s = {(const char *)data + 1, size - 1}, norm = S(""), again = S(""), half = str_cut(s, 0, s.n / 2);
    dates(a, s, pick);
    numbers(a, s, pick);
    mails(a, s);
    for (int k = 0; k < TAXID_NONE; k++) {
        if (taxid_check(a, (enum taxid_kind)k, s, &norm) != TAXID_OK) continue;
        assert(taxid_check(a, (enum taxid_kind)k, norm, &again) == TAXID_OK && str_eq(norm, again));
    }
    (void)taxid_guess(a, s, &norm);
    str f = fold_text(a, s);
    assert(str_eq(fold_text(a, f), f) && (!utf8_valid(s) || utf8_valid(f)));
    (void)fold_search(a, s);
    (void)fold_query(a, s);
    int c = fold_compat(a, s, half);
    assert(c >= 0 && c <= 100 && c == fold_compat(a, half, s));
    assert(collate_key(a, langs[pick % 4], s).n <= 2 * COLLATE_BYTES);
    arena_free(&a);
    return 0;
}
