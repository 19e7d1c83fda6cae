/* SPDX-License-Identifier: MIT */
/* fmt/charset.c - guessing encodings and converting to UTF-8. The rule is told in the header. */
#include "fmt/charset.h"

#include <errno.h>
#include <iconv.h>
#include <uchardet/uchardet.h>

const str charset_list[] = {
    S0("UTF-8"),       S0("UTF-16LE"),  S0("UTF-16BE"),     S0("CP1252"),     S0("CP1251"),
    S0("CP1257"),      S0("CP1250"),    S0("CP1253"),       S0("CP1254"),     S0("KOI8-R"),
    S0("KOI8-U"),      S0("CP866"),     S0("CP850"),        S0("ISO-8859-2"), S0("ISO-8859-5"),
    S0("ISO-8859-15"), S0("MACINTOSH"), S0("MAC-CYRILLIC"), S0("SHIFT_JIS"),  S0("EUC-JP"),
    S0("EUC-KR"),      S0("BIG5"),      S0("GB18030")};
const size_t charset_count = COUNT(charset_list);

/* What files and libraries call them. ISO-8859-1 and -13 are in truth their Windows supersets. */
static const struct {
    str from, to;
} aliases[] = {{S0("UTF8"), S0("UTF-8")},          {S0("US-ASCII"), S0("UTF-8")},
               {S0("ASCII"), S0("UTF-8")},         {S0("UTF-16"), S0("UTF-16LE")},
               {S0("ISO-8859-1"), S0("CP1252")},   {S0("ISO-8859-13"), S0("CP1257")},
               {S0("WINDOWS-1250"), S0("CP1250")}, {S0("WINDOWS-1251"), S0("CP1251")},
               {S0("WINDOWS-1252"), S0("CP1252")}, {S0("WINDOWS-1253"), S0("CP1253")},
               {S0("WINDOWS-1254"), S0("CP1254")}, {S0("WINDOWS-1257"), S0("CP1257")},
               {S0("IBM866"), S0("CP866")},        {S0("IBM850"), S0("CP850")}};

str charset_known(str name)
{
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (str_eq_nocase(name, aliases[i].from)) return aliases[i].to;
    for (size_t i = 0; i < charset_count; i++)
        if (str_eq_nocase(name, charset_list[i])) return charset_list[i];
    return S("");
}

/* ---- UTF-8, one byte at a time, so that a block may end anywhere ---- */
struct utf8_at {
    unsigned need;        /* bytes still to come */
    unsigned char lo, hi; /* range of the next one (RFC 3629, section 4) */
};

/* 1: begins or goes on, 0: does not fit here (the state is then fresh). */
static bool utf8_step(struct utf8_at *u, unsigned char c)
{
    if (u->need) {
        bool fits = c >= u->lo && c <= u->hi;
        u->need = fits ? u->need - 1 : 0;
        u->lo = 0x80;
        u->hi = 0xBF;
        return fits;
    }
    if (c < 0x80) return true;
    if (c < 0xC2 || c > 0xF4) return false;
    u->need = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    u->lo = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    u->hi = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    return true;
}

/* Length of the run of bytes 0x05..0x7F (bytes below are rare in text) at the head of s. */
static size_t ascii_run(const char *p, size_t n)
{
    const uint64_t fives = 0x0505050505050505u, high = 0x8080808080808080u;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        if ((w | (w - fives)) & high) break; /* a high byte, or a tiny byte's borrow */
    }
    while (i < n && p[i] > 4) i++;
    return i;
}

/* ---- looking at the source ---- */
enum { BLOCK = 64 * 1024, SAMPLE = 256 * 1024, ENOUGH_HIGH = 400 };
struct look {
    struct utf8_at at;
    uint64_t total, multi, bad;
    uint64_t
        tiny[2];  /* bytes 0 to 4 on even and odd places: UTF-16's upper halves, up to Cyrillic */
    char *sample; /* blocks that hold high bytes, up to SAMPLE */
    size_t n;
};

static void look_block(struct look *k, const char *p, size_t n)
{
    bool high = false;
    for (size_t i = 0; i < n;) {
        size_t run = k->at.need ? 0 : ascii_run(p + i, n - i);
        i += run;
        if (i == n) break;
        unsigned char c = (unsigned char)p[i];
        bool was_open = k->at.need != 0, fits = utf8_step(&k->at, c);
        if (c <= 4) k->tiny[(k->total + i) & 1]++;
        if (c >= 0x80) high = true;
        if (!fits) k->bad++;
        if (fits && was_open && !k->at.need) k->multi++;
        i += fits || !was_open; /* the byte that broke a sequence may begin the next */
    }
    k->total += n;
    if (!high || k->n + n > SAMPLE) return;
    memcpy(k->sample + k->n, p, n);
    k->n += n;
}

/* ---- the shape of words in an eight-bit text ---- */
struct shape {
    size_t high, in_run;     /* high bytes; those with a high neighbour */
    size_t small[3], big[3]; /* as CP1251, KOI8-R, CP866: small letters behind a letter, big ones */
};
static const str cyrillic[3] = {S0("CP1251"), S0("KOI8-R"), S0("CP866")};

/* 1 small letter, 2 capital, 0 no letter, in the encoding cyrillic[e]. */
static int letter(int e, unsigned char c)
{
    static const struct {
        unsigned char from, to;
        int kind;
    } ranges[3][5] = {
        {{0xE0, 0xFF, 1}, {0xC0, 0xDF, 2}, {0xB8, 0xB8, 1}, {0xA8, 0xA8, 2}, {1, 0, 0}},
        {{0xC0, 0xDF, 1}, {0xE0, 0xFF, 2}, {0xA3, 0xA3, 1}, {0xB3, 0xB3, 2}, {1, 0, 0}},
        {{0xA0, 0xAF, 1}, {0xE0, 0xEF, 1}, {0x80, 0x9F, 2}, {0xF1, 0xF1, 1}, {0xF0, 0xF0, 2}}};
    for (size_t i = 0; i < COUNT(ranges[0]); i++)
        if (c >= ranges[e][i].from && c <= ranges[e][i].to) return ranges[e][i].kind;
    return 0;
}

static struct shape shape_of(const char *p, size_t n)
{
    struct shape s = {0};
    unsigned char before = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        bool high_next = i + 1 < n && (unsigned char)p[i + 1] >= 0x80;
        if (c >= 0x80) {
            s.high++;
            s.in_run += before >= 0x80 || high_next;
            for (int e = 0; e < 3; e++) {
                int kind = letter(e, c);
                s.small[e] += kind == 1;
                s.big[e] += kind == 2 && (before < 0x80 || letter(e, before) == 2);
            }
        }
        before = c;
    }
    return s;
}

static str cyrillic_best(const struct shape *s)
{
    int best = 0;
    for (int e = 1; e < 3; e++)
        if (s->small[e] * 2 + s->big[e] > s->small[best] * 2 + s->big[best]) best = e;
    return cyrillic[best];
}

static str ask_uchardet(const char *p, size_t n)
{
    uchardet_t u = uchardet_new();
    str name = {0};
    if (uchardet_handle_data(u, p, n) == 0) {
        uchardet_data_end(u);
        name = charset_known(str_from(uchardet_get_charset(u)));
    }
    uchardet_delete(u);
    return name;
}

static str by_language(str lang)
{
    if (str_eq(lang, S("ru"))) return S("CP1251");
    if (str_eq(lang, S("lt"))) return S("CP1257");
    if (str_eq(lang, S("de"))) return S("CP1252");
    return S("");
}

static bool is_wide(str name)
{
    return str_eq(name, S("SHIFT_JIS")) || str_eq(name, S("BIG5")) || str_eq(name, S("GB18030")) ||
           str_has_prefix(name, S("EUC-"));
}

static bool is_latin(str name) { return str_eq(name, S("CP1252")) || str_eq(name, S("CP1257")); }

static void guess_8bit(const struct look *k, str lang, struct charset_guess *ret)
{
    struct shape s = shape_of(k->sample, k->n);
    str heard = ask_uchardet(k->sample, k->n);
    bool enough = s.high >= ENOUGH_HIGH, in_runs = s.in_run * 10 >= s.high * 8 && s.high >= 6;
    if (str_has_prefix(heard, S("UTF")) || (is_wide(heard) && !enough)) heard = S("");
    ret->sure = enough;
    if (enough && heard.n && !(in_runs && is_latin(heard))) {
        ret->name = heard;
    } else if (in_runs) {
        ret->name = cyrillic_best(&s);
    } else {
        ret->sure = false;
        ret->name = by_language(lang);
        if (!ret->name.n) ret->name = heard.n ? heard : S("CP1252");
    }
}

static bool guess_mark(str head, struct charset_guess *ret)
{
    static const struct {
        str mark, name;
    } marks[] = {{S0("\xEF\xBB\xBF"), S0("UTF-8")},
                 {S0("\xFF\xFE"), S0("UTF-16LE")},
                 {S0("\xFE\xFF"), S0("UTF-16BE")}};
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_has_prefix(head, marks[i].mark)) {
            *ret = (struct charset_guess){marks[i].name, true, marks[i].mark.n};
            return true;
        }
    return false;
}

static void guess_from(const struct look *k, str lang, struct charset_guess *ret)
{
    uint64_t even = k->tiny[0], odd = k->tiny[1], tiny = even + odd;
    *ret = (struct charset_guess){S("UTF-8"), true, 0};
    if (tiny * 4 > k->total && (even * 20 < tiny || odd * 20 < tiny))
        ret->name = even < odd ? S("UTF-16LE") : S("UTF-16BE");
    else if (k->bad && k->multi > k->bad * 10)
        ret->sure = false; /* UTF-8 with a few broken places */
    else if (k->bad || k->at.need) guess_8bit(k, lang, ret);
}

enum err charset_guess(struct cx *cx, const struct src *s, str lang, struct charset_guess *ret)
{
    struct arena *a OWNED(arena_free) = arena_new();
    struct look k = {.sample = arena_get(a, SAMPLE)};
    char *block = arena_get(a, BLOCK);
    for (uint64_t at = 0;;) {
        size_t n = 0;
        TRY(s->read(cx, s->arg, at, block, BLOCK, &n));
        if (at == 0 && guess_mark((str){block, n}, ret)) return E_OK;
        look_block(&k, block, n);
        at += n;
        if (n < BLOCK) break;
    }
    guess_from(&k, lang, ret);
    return E_OK;
}

/* ---- conversion ---- */
enum { CUT_MAX = 8 };
struct charset {
    iconv_t cd;
    bool is_utf8, is_open;
    size_t unit; /* bytes skipped at a bad place */
    char cut[CUT_MAX];
    size_t cut_n;
    int64_t bad;
};

enum err charset_open(struct cx *cx, struct arena *a, str name, struct charset **ret)
{
    str known = charset_known(name);
    if (!known.n) return fail(cx, E_INVALID, "Encoding %.*s is not known", FS(name));
    struct charset *c = NEW(a, struct charset);
    c->is_utf8 = str_eq(known, S("UTF-8"));
    c->unit = str_has_prefix(known, S("UTF-16")) ? 2 : 1;
    if (!c->is_utf8) {
        c->cd = iconv_open("UTF-8", arena_z(a, known));
        if (c->cd == (iconv_t)-1)
            return fail(cx, E_INVALID, "Encoding %.*s is not at hand", FS(name));
        c->is_open = true;
    }
    *ret = c;
    return E_OK;
}

void charset_close(struct charset **c)
{
    if (*c && (*c)->is_open) iconv_close((*c)->cd);
    *c = NULL;
}

static size_t put_bad(struct charset *c, char *out)
{
    c->bad++;
    return utf8_put(out, 0xFFFD);
}

/* Bytes of the sequence at p: 0 = bad, more than n = cut off by the end of the block. */
static size_t utf8_span(const char *p, size_t n)
{
    struct utf8_at u = {0};
    if (!utf8_step(&u, (unsigned char)p[0])) return 0;
    for (size_t i = 1; u.need; i++) {
        if (i >= n) return n + 1;
        bool last = u.need == 1;
        if (!utf8_step(&u, (unsigned char)p[i])) return 0;
        if (last) return i + 1;
    }
    return 1;
}

static size_t run_utf8(struct charset *c, str in, bool last, char *out, size_t *used)
{
    size_t i = 0, o = 0;
    while (i < in.n) {
        size_t run = ascii_run(in.p + i, in.n - i);
        memcpy(out + o, in.p + i, run);
        i += run;
        o += run;
        if (i == in.n) break;
        if ((unsigned char)in.p[i] < 5) {
            out[o++] = in.p[i] ? in.p[i] : '?';
            c->bad += !in.p[i];
            i++;
            continue;
        }
        size_t n = utf8_span(in.p + i, in.n - i);
        if (n > in.n - i && !last) break;
        if (!n || n > in.n - i) {
            o += put_bad(c, out + o);
            i++;
            continue;
        }
        memcpy(out + o, in.p + i, n);
        i += n;
        o += n;
    }
    *used = i;
    return o;
}

static size_t run_iconv(struct charset *c, str in, bool last, char *out, size_t *used)
{
    const char *p = in.p;
    size_t left = in.n, room = in.n * CHARSET_GROWTH + CHARSET_SLACK;
    char *o = out;
    while (left) {
        char *q = NULL; /* iconv's prototype lacks a const: it does not write there */
        memcpy(&q, &p, sizeof q);
        size_t r = iconv(c->cd, &q, &left, &o, &room);
        p = q;
        if (r != (size_t)-1) break;
        if (errno == EINVAL && !last) break;
        size_t skip = left < c->unit ? left : c->unit;
        p += skip;
        left -= skip;
        size_t n = put_bad(c, o);
        o += n;
        room -= n;
    }
    size_t n = (size_t)(o - out);
    for (char *z = out; (z = memchr(z, 0, n - (size_t)(z - out)));) {
        *z++ = '?';
        c->bad++;
    }
    *used = in.n - left;
    return n;
}

static size_t run_any(struct charset *c, str in, bool last, char *out, size_t *used)
{
    return c->is_utf8 ? run_utf8(c, in, last, out, used) : run_iconv(c, in, last, out, used);
}

size_t charset_run(struct charset *c, str in, bool last, char *out)
{
    size_t o = 0, used = 0;
    while (c->cut_n && in.n) { /* complete the character that the last block cut */
        c->cut[c->cut_n++] = *in.p++;
        in.n--;
        bool give_up = c->cut_n == CUT_MAX || (last && !in.n);
        o += run_any(c, (str){c->cut, c->cut_n}, give_up, out + o, &used);
        memmove(c->cut, c->cut + used, c->cut_n - used);
        c->cut_n -= used;
    }
    if (c->cut_n) {
        if (!last) return o;
        o += run_any(c, (str){c->cut, c->cut_n}, true, out + o, &used);
        c->cut_n = 0;
        return o;
    }
    o += run_any(c, in, last, out + o, &used);
    size_t rest = in.n - used;
    if (rest > CUT_MAX - 1) { /* no encoding of ours leaves so much: never drop bytes unsaid */
        o += put_bad(c, out + o);
        rest = 0;
    }
    memcpy(c->cut, in.p + in.n - rest, rest);
    c->cut_n = rest;
    return o;
}

int64_t charset_bad(const struct charset *c) { return c->bad; }

enum err charset_text(struct cx *cx, struct arena *a, str name, str in, str *ret)
{
    struct charset *c OWNED(charset_close) = NULL;
    TRY(charset_open(cx, a, name, &c));
    char *out = arena_get(a, mul_size(in.n, CHARSET_GROWTH) + CHARSET_SLACK);
    size_t n = charset_run(c, in, true, out);
    *ret = (str){out, n};
    return E_OK;
}
