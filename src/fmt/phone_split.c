/* SPDX-License-Identifier: MIT */
/* fmt/phone_split.c - cells with several numbers and the words around numbers. */
#include "fmt/fold.h"
#include "fmt/phone_int.h"

/* Beginnings of folded words. */
static const struct {
    str start;
    enum word_use word;
    enum phone_use use;
} words[] = {
    {S0("доб"), WORD_EXT, 0},    {S0("вн"), WORD_EXT, 0},       {S0("ext"), WORD_EXT, 0},
    {S0("durchw"), WORD_EXT, 0}, {S0("dw"), WORD_EXT, 0},       {S0("klappe"), WORD_EXT, 0},
    {S0("apparat"), WORD_EXT, 0},{S0("app"), WORD_EXT, 0},      {S0("nebenst"), WORD_EXT, 0},
    {S0("vid"), WORD_EXT, 0},       {S0("x"), WORD_EXT, 0},
    {S0("mob"), WORD_LABEL, PHONE_USE_MOBILE},   {S0("handy"), WORD_LABEL, PHONE_USE_MOBILE},
    {S0("cell"), WORD_LABEL, PHONE_USE_MOBILE},  {S0("моб"), WORD_LABEL, PHONE_USE_MOBILE},
    {S0("сот"), WORD_LABEL, PHONE_USE_MOBILE},   {S0("funk"), WORD_LABEL, PHONE_USE_MOBILE},
    {S0("telefax"), WORD_LABEL, PHONE_USE_FAX},  {S0("fax"), WORD_LABEL, PHONE_USE_FAX},
    {S0("faks"), WORD_LABEL, PHONE_USE_FAX},     {S0("факс"), WORD_LABEL, PHONE_USE_FAX},
    {S0("раб"), WORD_LABEL, PHONE_USE_WORK},     {S0("work"), WORD_LABEL, PHONE_USE_WORK},
    {S0("office"), WORD_LABEL, PHONE_USE_WORK},  {S0("офис"), WORD_LABEL, PHONE_USE_WORK},
    {S0("buro"), WORD_LABEL, PHONE_USE_WORK},    {S0("buero"), WORD_LABEL, PHONE_USE_WORK},
    {S0("gesch"), WORD_LABEL, PHONE_USE_WORK},   {S0("arbeit"), WORD_LABEL, PHONE_USE_WORK},
    {S0("dienst"), WORD_LABEL, PHONE_USE_WORK},  {S0("darb"), WORD_LABEL, PHONE_USE_WORK},
    {S0("home"), WORD_LABEL, PHONE_USE_HOME},    {S0("privat"), WORD_LABEL, PHONE_USE_HOME},
    {S0("дом"), WORD_LABEL, PHONE_USE_HOME},     {S0("nam"), WORD_LABEL, PHONE_USE_HOME},
    {S0("tel"), WORD_LABEL, PHONE_USE_NONE},     {S0("phone"), WORD_LABEL, PHONE_USE_NONE},
    {S0("тел"), WORD_LABEL, PHONE_USE_NONE},     {S0("fon"), WORD_LABEL, PHONE_USE_NONE},
};
static const str and_words[] = {S0("и"), S0("или"), S0("und"), S0("oder"), S0("and"), S0("or"), S0("ir"), S0("arba")};

enum word_use phone_word(struct arena *a, str word, enum phone_use *ret_use)
{
    str w = fold_text(a, word);
    for (size_t i = 0; i < COUNT(and_words); i++)
        if (str_eq(w, and_words[i])) return WORD_AND;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (!str_has_prefix(w, words[i].start) || (words[i].start.n < 3 && w.n != words[i].start.n)) continue;
        if (words[i].word == WORD_LABEL) *ret_use = words[i].use;
        return words[i].word;
    }
    return WORD_OTHER;
}

size_t phone_word_len(str s, size_t at)
{
    size_t i = at;
    while (i < s.n) {
        size_t from = i;
        uint32_t cp = utf8_next(s, &i);
        bool letter = (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z') || (cp >= 0xC0 && cp < 0x2000);
        if (!letter) return from - at;
    }
    return i - at;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool phone_is_rounded(str s)
{
    size_t i = 0;
    while (i < s.n && is_digit(s.p[i])) i++;
    if (i == 0 || i > 2 || i + 1 >= s.n) return false;
    if (s.p[i] == '.' || s.p[i] == ',')
        for (i++; i < s.n && is_digit(s.p[i]);) i++;
    if (i + 2 >= s.n || (s.p[i] | 32) != 'e') return false;
    i += s.p[i + 1] == '+' ? 2 : 1;
    return s.n - i == 2 && is_digit(s.p[i]) && is_digit(s.p[i + 1]);
}

/* ---- splitting ---- */
struct splitter {
    struct arena *a;
    str cell;
    struct phone_part *ret;
    size_t n, from; /* the part being read starts at `from` */
    size_t digits;  /* of its number */
    bool ext;       /* digits belong to an extension */
};
enum {
    WHOLE = 7,  /* fewer digits are no number: an area code, a direct dial, an extension */
    LONG = 10,  /* with the area code, in most countries */
    MOST = 15,  /* E.164 */
    TAIL_MIN = 2,
    TAIL_MAX = 4
};

static str trim(str s)
{
    for (;;) {
        size_t n = s.n;
        s = str_trim(s);
        while (s.n && strchr(",;/|", s.p[0])) s = str_cut(s, 1, s.n);
        while (s.n && strchr(",;/|", s.p[s.n - 1])) s.n--;
        while (str_has_prefix(s, S("\xC2\xA0"))) s = str_cut(s, 2, s.n);
        while (str_has_suffix(s, S("\xC2\xA0"))) s.n -= 2;
        if (s.n == n) return s;
    }
}

static enum phone_use use_of(struct arena *a, str part)
{
    enum phone_use use = PHONE_USE_NONE, found = PHONE_USE_NONE;
    for (size_t i = 0; i < part.n;) {
        size_t n = phone_word_len(part, i);
        if (n && phone_word(a, str_cut(part, i, i + n), &use) == WORD_LABEL && use) found = use;
        i += n ? n : 1;
    }
    return found;
}

static void put(struct splitter *sp, str part)
{
    if (sp->n < PHONE_PARTS) sp->ret[sp->n++] = (struct phone_part){part, use_of(sp->a, part)};
}

/* Several numbers with nothing but blanks between them: more digits than one can have. Where the first one ends. */
static size_t run_end(str part, size_t digits)
{
    size_t least = digits < 2 * LONG ? digits / 2 : LONG, n = 0;
    if (digits <= MOST) return 0;
    for (size_t i = 0; i < part.n; i++) {
        if (is_digit(part.p[i])) n++;
        if (part.p[i] == ' ' && n >= least) return n <= LONG + 2 && digits - n >= least ? i : 0;
    }
    return 0;
}

static size_t digits_in(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += is_digit(s.p[i]);
    return n;
}

/* Ends the part before byte `to`; the next one begins at `next`. Pieces without digits wait for their number. */
static void cut(struct splitter *sp, size_t to, size_t next)
{
    str part = trim(str_cut(sp->cell, sp->from, to));
    if (sp->n == PHONE_PARTS) return;
    if (sp->digits == 0 && next < sp->cell.n) return;
    for (size_t end = 0; !sp->ext && (end = run_end(part, digits_in(part))) > 0;) {
        put(sp, str_cut(part, 0, end));
        part = trim(str_cut(part, end, part.n));
    }
    if (sp->digits) put(sp, part);
    sp->from = next;
    sp->digits = 0;
    sp->ext = false;
}

static size_t digits_until_break(str s, size_t at)
{
    size_t n = 0;
    for (; at < s.n && !strchr("/;,\n|", s.p[at]); at++) {
        if (phone_word_len(s, at)) break;
        n += is_digit(s.p[at]);
    }
    return n;
}

/* What stands behind the separator belongs to the number before: "..., доб. 12". */
static bool is_tail(struct splitter *sp, size_t at)
{
    enum phone_use use;
    while (at < sp->cell.n && (sp->cell.p[at] == ' ' || sp->cell.p[at] == '(')) at++;
    size_t n = phone_word_len(sp->cell, at);
    return n && phone_word(sp->a, str_cut(sp->cell, at, at + n), &use) == WORD_EXT;
}

/* Digits between a slash and what ends the number, as many as a tail may have; else 0. */
static size_t tail_digits(str s, size_t slash)
{
    size_t n = 0, from = slash + 1;
    if (slash >= s.n || s.p[slash] != '/') return 0;
    while (from + n < s.n && is_digit(s.p[from + n])) n++;
    bool ends = from + n == s.n || strchr("/;,\n|", s.p[from + n]);
    return ends && n >= TAIL_MIN && n <= TAIL_MAX ? n : 0;
}

/* "765-43-21/22/23": the neighbouring numbers, told by their last digits. Gives where they end, 0 = there are none. */
static size_t on_tails(struct splitter *sp, size_t slash)
{
    str s = sp->cell, head = trim(str_cut(s, sp->from, slash));
    size_t n = tail_digits(s, slash), at = slash;
    if (sp->ext || n == 0 || head.n <= n) return 0;
    for (size_t i = head.n - n; i < head.n; i++)
        if (!is_digit(head.p[i])) return 0;
    cut(sp, slash, slash);
    for (; tail_digits(s, at) == n; at += n + 1)
        put(sp, arena_fmt(sp->a, "%.*s%.*s", FS(str_cut(head, 0, head.n - n)), FS(str_cut(s, at + 1, at + 1 + n))));
    sp->from = at;
    return at;
}

static size_t on_word(struct splitter *sp, size_t i, size_t n)
{
    enum phone_use use = PHONE_USE_NONE;
    enum word_use w = phone_word(sp->a, str_cut(sp->cell, i, i + n), &use);
    if (w == WORD_EXT) sp->ext = true;
    if (w == WORD_AND && sp->digits >= WHOLE) cut(sp, i, i + n);
    bool behind = digits_until_break(sp->cell, i + n + (i + n < sp->cell.n && sp->cell.p[i + n] == '.')) >= WHOLE;
    if (w == WORD_LABEL && sp->digits >= WHOLE && behind) cut(sp, i, i);
    return i + n;
}

/* A mark that can stand between two numbers; gives where to go on. */
static size_t on_sign(struct splitter *sp, size_t i)
{
    char c = sp->cell.p[i];
    size_t end = c == '/' && sp->digits >= LONG ? on_tails(sp, i) : 0;
    if (end) return end;
    if (strchr("\n;,|", c) && c && !is_tail(sp, i + 1)) cut(sp, i, i + 1);
    if (c == '/' && sp->digits >= WHOLE && digits_until_break(sp->cell, i + 1) >= WHOLE) cut(sp, i, i + 1);
    if (c == '+' && sp->digits >= WHOLE) cut(sp, i, i);
    return i + 1;
}

size_t phone_split(struct arena *a, str cell, struct phone_part ret[PHONE_PARTS])
{
    struct splitter sp = {.a = a, .cell = cell, .ret = ret};
    if (phone_is_rounded(str_trim(cell))) {
        ret[0] = (struct phone_part){str_trim(cell), PHONE_USE_NONE};
        return 1;
    }
    for (size_t i = 0; i < cell.n;) {
        char c = cell.p[i];
        size_t word = phone_word_len(cell, i);
        if (word) {
            i = on_word(&sp, i, word);
            continue;
        }
        if (is_digit(c) && !sp.ext) sp.digits++;
        i = on_sign(&sp, i);
    }
    cut(&sp, cell.n, cell.n);
    return sp.n;
}
