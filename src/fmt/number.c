/* SPDX-License-Identifier: MIT */
#include "fmt/number.h"
#include "base/decimal.h"
#include "fmt/fold.h"

enum { TYPED_MAX = 100 };

/* Folded: lower case, no diacritics. */
static const struct {
    str word, code;
} currencies[] = {
    {S0("€"), S0("EUR")},       {S0("eur"), S0("EUR")},      {S0("euro"), S0("EUR")},
    {S0("euros"), S0("EUR")},   {S0("евро"), S0("EUR")},     {S0("eurai"), S0("EUR")},
    {S0("euru"), S0("EUR")},    {S0("₽"), S0("RUB")},      {S0("rub"), S0("RUB")},
    {S0("rur"), S0("RUB")},     {S0("руб"), S0("RUB")},      {S0("р"), S0("RUB")},
    {S0("рублей"), S0("RUB")},  {S0("рубля"), S0("RUB")},    {S0("рубль"), S0("RUB")},
    {S0("$"), S0("USD")},       {S0("usd"), S0("USD")},      {S0("us$"), S0("USD")},
    {S0("долл"), S0("USD")},    {S0("долларов"), S0("USD")}, {S0("dollar"), S0("USD")},
    {S0("dollars"), S0("USD")}, {S0("£"), S0("GBP")},        {S0("gbp"), S0("GBP")},
    {S0("chf"), S0("CHF")},     {S0("sfr"), S0("CHF")},      {S0("zl"), S0("PLN")},
    {S0("pln"), S0("PLN")},     {S0("kc"), S0("CZK")},       {S0("czk"), S0("CZK")},
    {S0("₴"), S0("UAH")},       {S0("uah"), S0("UAH")},      {S0("грн"), S0("UAH")},
    {S0("byn"), S0("BYN")},     {S0("₸"), S0("KZT")},        {S0("kzt"), S0("KZT")},
    {S0("тенге"), S0("KZT")},   {S0("sek"), S0("SEK")},      {S0("nok"), S0("NOK")},
    {S0("dkk"), S0("DKK")},     {S0("¥"), S0("JPY")},        {S0("jpy"), S0("JPY")},
    {S0("cny"), S0("CNY")},     {S0("юаней"), S0("CNY")},    {S0("₺"), S0("TRY")},
    {S0("try"), S0("TRY")},     {S0("ltl"), S0("LTL")},      {S0("lt"), S0("LTL")},
};
static const struct {
    str word;
    int zeros;
} multipliers[] = {{S0("тыс"), 3},     {S0("tsd"), 3},       {S0("tukst"), 3}, {S0("k"), 3},
                   {S0("к"), 3},       {S0("млн"), 6},       {S0("mio"), 6},   {S0("mln"), 6},
                   {S0("million"), 6}, {S0("millionen"), 6}, {S0("млрд"), 9},  {S0("mrd"), 9}};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static str code_of(str folded)
{
    while (folded.n && folded.p[folded.n - 1] == '.') folded.n--;
    for (size_t i = 0; i < COUNT(currencies); i++)
        if (str_eq(folded, currencies[i].word)) return currencies[i].code;
    return S("");
}

str currency_code(struct arena *a, str typed)
{
    return code_of(str_trim(fold_text(a, str_cut(typed, 0, 40))));
}

struct reader {
    struct number n;
    bool neg, signs;
    int zeros;
};

/* One word or sign beside the number. */
static bool take_mark(struct reader *r, str w)
{
    if (str_eq(w, S("-")) || str_eq(w, S("\xE2\x88\x92")) || str_eq(w, S("+"))) {
        if (r->signs) return false;
        r->signs = true;
        r->neg = w.p[0] != '+';
        return true;
    }
    if (str_eq(w, S("%"))) {
        if (r->n.percent) return false;
        return r->n.percent = true;
    }
    str code = code_of(w);
    if (code.n) {
        if (r->n.currency.n) return false;
        r->n.currency = code;
        return true;
    }
    while (w.n && w.p[w.n - 1] == '.') w.n--;
    for (size_t i = 0; i < COUNT(multipliers); i++)
        if (str_eq(w, multipliers[i].word) && !r->zeros)
            return (r->zeros = multipliers[i].zeros) > 0;
    return false;
}

static bool is_word_byte(char c) { return (c & 0x80) || (c >= 'a' && c <= 'z') || c == '$'; }

/* Words and signs of `s`, which has no digits. */
static bool take_marks(struct reader *r, str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        if (s.p[i] == ' ' || (s.p[i] == '.' && i)) {
            i++;
            continue;
        }
        bool minus = str_has_prefix(str_cut(s, i, s.n), S("\xE2\x88\x92"));
        if (minus) i += 3;
        else if (!is_word_byte(s.p[i])) i++;
        else
            while (i < s.n && is_word_byte(s.p[i]) &&
                   !str_has_prefix(str_cut(s, i, s.n), S("\xE2\x88\x92")))
                i++;
        if (!take_mark(r, str_cut(s, from, i))) return false;
    }
    return true;
}

static bool is_digits(str s)
{
    size_t i = 0;
    while (i < s.n && is_digit(s.p[i])) i++;
    return i == s.n && s.n > 0;
}

/* Groups of three behind every mark `c`, one to three digits before the first. */
static bool is_grouped(str s, char c)
{
    size_t run = 0, marks = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i])) {
            run++;
            continue;
        }
        if (s.p[i] != c || run == 0 || run > 3 || (marks && run != 3)) return false;
        marks++;
        run = 0;
    }
    return marks == 0 || run == 3;
}

static size_t count(str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == c;
    return n;
}

static ptrdiff_t last_of(str s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c) return (ptrdiff_t)i - 1;
    return -1;
}

/* Where the decimal mark stands; -1 = none. See the rules in the header. */
static ptrdiff_t decimal_at(str s, str lang, bool *ambiguous)
{
    ptrdiff_t dot = last_of(s, '.'), comma = last_of(s, ','), at = dot > comma ? dot : comma;
    if (at < 0) return -1;
    char c = s.p[at];
    if (count(s, c) > 1) return -1;
    bool other = dot >= 0 && comma >= 0, parted = last_of(s, ' ') >= 0 || last_of(s, '\'') >= 0;
    size_t before = (size_t)at, behind = s.n - before - 1;
    if (other || parted || behind != 3 || before > 3 || before == 0 || s.p[0] == '0') return at;
    *ambiguous = true;
    bool decimal = c == '.' ? !str_eq(lang, S("de")) : !str_eq(lang, S("en"));
    return decimal ? at : -1;
}

/* Only one kind of mark parts the thousands. */
static bool whole_is_good(str whole)
{
    static const char marks[] = " '.,";
    for (size_t i = 0; marks[i]; i++)
        if (is_grouped(whole, marks[i])) return true;
    return false;
}

static enum number_why from_core(struct arena *a, str core, int scale, str lang, struct reader *r)
{
    ptrdiff_t at = decimal_at(core, lang, &r->n.ambiguous);
    str whole = at < 0 ? core : str_cut(core, 0, (size_t)at),
        frac = at < 0 ? S("") : str_cut(core, (size_t)at + 1, core.n);
    struct buf b = buf_new(a, TYPED_MAX + 8);
    if (!whole_is_good(whole) || (at >= 0 && !is_digits(frac))) return NUM_UNREAD;
    buf_byte(&b, '0');
    for (size_t i = 0; i < whole.n; i++)
        if (is_digit(whole.p[i])) buf_byte(&b, whole.p[i]);
    size_t keep = frac.n, places = (size_t)scale + (size_t)r->zeros;
    while (keep > 0 && frac.p[keep - 1] == '0') keep--;
    if (keep > places) return NUM_PRECISE;
    if (keep) buf_byte(&b, '.');
    buf_add(&b, str_cut(frac, 0, keep));
    if (places > DEC_SCALE || !dec_parse(buf_str(&b), (int)places, &r->n.v)) return NUM_RANGE;
    if (r->neg) r->n.v = -r->n.v;
    return NUM_OK;
}

/* The text in three: marks, the number, marks. */
struct pieces {
    str head, core, tail;
};

/* "12,-" and "12,--" */
static str no_cents(str tail)
{
    if (!str_has_prefix(tail, S(",-")) && !str_has_prefix(tail, S(".-"))) return tail;
    tail = str_cut(tail, 2, tail.n);
    return str_has_prefix(tail, S("-")) ? str_cut(tail, 1, tail.n) : tail;
}

static bool take_pieces(struct arena *a, str s, struct pieces *p)
{
    size_t from = 0, to = s.n;
    while (from < s.n && !is_digit(s.p[from])) from++;
    while (to > from && !is_digit(s.p[to - 1])) to--;
    *p = (struct pieces){str_cut(s, 0, from), str_cut(s, from, to), str_cut(s, to, s.n)};
    bool bare = from < to && !count(p->core, ',') && !count(p->core, '.');
    char mark = from ? s.p[from - 1] : 0;
    if (bare && (mark == ',' ||
                 (mark == '.' && (from == 1 || s.p[from - 2] == '-')))) { /* ".5" and ",50" */
        p->head.n--;
        p->core = arena_fmt(a, "0.%.*s", FS(p->core));
    }
    p->tail = no_cents(p->tail);
    return from < to;
}

/* "(1.200,00) €", "€ (5)": the brackets stand around the number alone. */
static void take_brackets(struct reader *r, struct pieces *p)
{
    if (r->signs || !str_has_suffix(p->head, S("(")) || !str_has_prefix(p->tail, S(")"))) return;
    p->head.n--;
    p->tail = str_cut(p->tail, 1, p->tail.n);
    r->neg = r->signs = true;
}

enum number_why number_parse(struct arena *a, str typed, int scale, str lang, struct number *ret)
{
    struct reader r = {.n = {.currency = S("")}};
    struct pieces p;
    assert(scale >= 0 && scale <= 12);
    if (typed.n > TYPED_MAX) return NUM_UNREAD;
    str s = str_trim(fold_text(a, typed));
    if (!s.n) return NUM_EMPTY;
    if (s.n > 2 && s.p[0] == '(' && s.p[s.n - 1] == ')') {
        r.neg = r.signs = true;
        s = str_trim(str_cut(s, 1, s.n - 1));
    }
    if (!take_pieces(a, s, &p)) return NUM_UNREAD;
    take_brackets(&r, &p);
    if (!take_marks(&r, p.head) || !take_marks(&r, p.tail)) return NUM_UNREAD;
    enum number_why why = from_core(a, p.core, scale, lang, &r);
    if (why == NUM_OK) *ret = r.n;
    return why;
}
