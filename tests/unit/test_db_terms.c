/* SPDX-License-Identifier: MIT */
/* db: the terms of the search index, and that no text with a word is missed for them; both engines. */
#include "test_db_bed.h"

/* ---- the terms of a text ---- */
static int join(void *arg, str term, size_t cps)
{
    struct buf *b = arg;
    T(cps == 3 || cps == 5);
    if (b->n) buf_byte(b, '|');
    buf_add(b, term);
    return 0;
}
static void terms(struct cx *cx, str text, str want)
{
    struct buf b = buf_new(cx->a, 1 << 20);
    T_INT(db_terms(text, join, &b), 0);
    T_STR(buf_str(&b), want);
}
static int count_term(void *arg, str term, size_t cps)
{
    (void)term;
    return (int)(((size_t *)arg)[cps]++ > 4000);
}

static void test_terms(void)
{
    struct cx cx = t_cx();
    terms(&cx, S(""), S(""));
    terms(&cx, S("ab"), S(""));
    terms(&cx, S("abc"), S("abc"));
    terms(&cx, S("ivanov p1 12345"), S("iva|van|ano|ivano|nov|vanov| p1| 12|123|234|345|12345"));
    terms(&cx, S("a.b@c_d+e&f"), S("a.b|.b@|b@c|@c_|c_d|_d+|d+e|+e&|e&f"));
    terms(&cx, S("abc-def\nghi, \"jkl\""), S("abc|def|ghi|jkl"));
    terms(&cx, S("\xD0\xB8\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2 ivan"), S(" iv|iva|van"));          /* иванов */
    terms(&cx, S("\xD0\xB0\xD1\x8F\xD0\xB0"), S(""));                                                    /* ая */
    terms(&cx, S("\xD0\xAF\xD0\xAF\xD0\xAF"), S("\xD0\xAF\xD0\xAF\xD0\xAF"));                            /* before а */
    terms(&cx, S("\xD1\x90\xD1\x96\xD1\x97"), S("\xD1\x90\xD1\x96\xD1\x97"));                            /* behind я */
    terms(&cx, S("\xC3\xA9\xC3\xA9q\xE2\x82\xAC\xF0\x9F\x98\x80"),
          S("\xC3\xA9\xC3\xA9q|\xC3\xA9q\xE2\x82\xAC|q\xE2\x82\xAC\xF0\x9F\x98\x80|\xC3\xA9\xC3\xA9q\xE2\x82\xAC\xF0\x9F\x98\x80"));
    terms(&cx, S("x\n\x02" "ab\x03" "XY"), S("\x02" "ab|\x03" "XY"));
    terms(&cx, S("abc\0def"), S("abc|def"));
    terms(&cx, S("\xFF\xC3\xD0"), S("\xFF\xC3\xD0")); /* not UTF-8: each byte is a letter */
    terms(&cx, S("ab\xE2\x82"), S("ab\xE2|b\xE2\x82"));
    char *page = arena_get(cx.a, 100000);
    size_t n[8] = {0};
    memset(page, 'a', 100000);
    T_INT(db_terms((str){page, 3000}, count_term, n), 0);
    T(n[3] == 2998 && n[5] == 2996);
    T_INT(db_terms((str){page, 100000}, count_term, n), 1); /* it ends when told so */
    T(n[3] == 4002);
    t_cx_free(&cx);
}

/* ---- whatever the texts are, a word in one of them finds it ---- */
enum { TEXTS = 400, WORDS = 600 };
static uint32_t dice;
static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % n;
}

static str text_of(struct cx *cx)
{
    static const str piece[] = {S0("a"), S0("b"), S0("a"), S0("b"), S0("1"), S0("2"), S0("."), S0("@"), S0(" "), S0("-"),
                                S0("\n"), S0("\xC3\xA9"), S0("\xD1\x8F"), S0("anna"), S0("12345")};
    struct buf b = buf_new(cx->a, 4096);
    for (uint32_t n = 1 + roll(30); n > 0; n--) buf_add(&b, piece[roll(COUNT(piece))]);
    return buf_str(&b);
}

/* A piece of a text, of three bytes and more; what can be typed: no ends of words in it. */
static str word_of(str text)
{
    for (int tries = 0; tries < 50; tries++) {
        size_t from = roll((uint32_t)text.n), to = from + 3 + roll(9);
        if (to > text.n || (text.p[from] & 0xC0) == 0x80 || (to < text.n && (text.p[to] & 0xC0) == 0x80)) continue;
        str w = str_cut(text, from, to);
        if (!memchr(w.p, ' ', w.n) && !memchr(w.p, '\n', w.n)) return w;
    }
    return S("ann");
}

struct docs {
    str text[TEXTS];
    size_t n;
};
static enum err put_docs(struct cx *cx, void *arg)
{
    static const char *const entity[] = {"person", "company", "task"};
    struct docs *d = arg;
    for (size_t i = 0; i < d->n; i++)
        TRY(db_search_put(cx, str_from(entity[i % 3]), (int64_t)i + 1, S(""), d->text[i]));
    return E_OK;
}

static bool holds(str text, const str *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_find(text, w[i]) < 0) return false;
    return true;
}

static void ask(struct bed *t, const struct docs *d, const str *w, size_t n)
{
    bool found[TEXTS] = {false};
    for (int part = 0; part < DB_SEARCH_PARTS; part++) {
        struct db_hit *v = NULL;
        size_t got = 0;
        T_OK(&t->cx, db_search(&t->cx, part, S(""), w, n, 0, TEXTS, &v, &got));
        for (size_t i = 0; i < got; i++) found[v[i].id - 1] = true;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (found[i] != holds(d->text[i], w, n)) fprintf(stderr, "\"%.*s\" in \"%.*s\"\n", FS(w[0]), FS(d->text[i]));
        T(found[i] == holds(d->text[i], w, n));
    }
}

static void test_found(void)
{
    struct bed t = bed_make((struct db_opts){0});
    struct docs *d = arena_get(t.cx.a, sizeof *d);
    int from = 0, to = 0;
    dice = 7;
    T_OK(&t.cx, db_migrate(&t.cx, t.b, &from, &to));
    for (; d->n < TEXTS; d->n++) d->text[d->n] = text_of(&t.cx);
    T_OK(&t.cx, db_write(&t.cx, put_docs, d));
    T_OK(&t.cx, db_search_tidy(&t.cx));
    for (int i = 0; i < WORDS; i++) {
        str text = d->text[roll(TEXTS)], w[] = {word_of(text), word_of(roll(2) ? text : d->text[roll(TEXTS)])};
        ask(&t, d, w, 1 + roll(2));
    }
    bed_end(&t);
}

int main(void)
{
    test_terms();
    test_found();
    pg_server = getenv("KONTOR_TEST_PG");
    if (pg_server) test_found();
    return t_end("db_terms");
}
