/* SPDX-License-Identifier: MIT */
/* search/dup_key.c - keys under which possible duplicates of a record stand, kept in its own transaction. */
#include "search/search_int.h"

#include "fmt/fold.h"

#include <stdlib.h>

enum { NAME_BYTES = 400, KEY_BYTES = 240, TAX_MIN = 5 };

/* Folded, without points. */
static const char *const legal_forms[] = {"gmbh",
                                          "mbh",
                                          "ag",
                                          "kg",
                                          "kgaa",
                                          "ohg",
                                          "gbr",
                                          "ug",
                                          "ek",
                                          "ev",
                                          "eg",
                                          "se",
                                          "co",
                                          "gesellschaft",
                                          "ltd",
                                          "limited",
                                          "llc",
                                          "inc",
                                          "corp",
                                          "corporation",
                                          "plc",
                                          "llp",
                                          "lp",
                                          "company",
                                          "sa",
                                          "sarl",
                                          "sas",
                                          "srl",
                                          "spa",
                                          "bv",
                                          "nv",
                                          "oy",
                                          "oyj",
                                          "ab",
                                          "as",
                                          "aps",
                                          "sp",
                                          "zoo",
                                          "oo",
                                          "kft",
                                          "sro",
                                          "doo",
                                          "uab",
                                          "mb",
                                          "ii",
                                          "vsi",
                                          "tub",
                                          "sia",
                                          "ou",
                                          "ооо",
                                          "оао",
                                          "зао",
                                          "пао",
                                          "нао",
                                          "ао",
                                          "ип",
                                          "чп",
                                          "тоо",
                                          "ано",
                                          "нко",
                                          "гуп",
                                          "муп",
                                          "фгуп",
                                          "с",
                                          "общество",
                                          "ответственностью",
                                          "ограниченной",
                                          "акционерное",
                                          "публичное",
                                          "закрытое",
                                          "открытое",
                                          "индивидуальный",
                                          "предприниматель"};

static bool is_legal_form(str w)
{
    for (size_t i = 0; i < COUNT(legal_forms); i++)
        if (str_eq(str_from(legal_forms[i]), w)) return true;
    return false;
}

static str without_points(struct arena *a, str w)
{
    char *p = NULL;
    size_t n = 0;
    if (!memchr(w.p, '.', w.n)) return w;
    p = arena_get(a, w.n);
    for (size_t i = 0; i < w.n; i++)
        if (w.p[i] != '.') p[n++] = w.p[i];
    return (str){p, n};
}

static int by_bytes(const void *x, const void *y)
{
    return str_cmp(*(const str *)x, *(const str *)y);
}

static size_t key_words(struct arena *a, const struct fold_words *w, bool firm, bool all,
                        str out[FOLD_WORDS])
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        str t = without_points(a, w->v[i].text);
        if (!all && (firm ? is_legal_form(t) : fold_is_title(t))) continue;
        out[n++] = fold_bone(a, t);
    }
    return n;
}

str dup_name(struct arena *a, const struct entity *e, str name)
{
    str word[FOLD_WORDS];
    bool firm = !str_eq(e->name, S("person"));
    struct fold_words w = fold_query(a, str_cut(name, 0, NAME_BYTES));
    size_t n = key_words(a, &w, firm, false, word);
    struct buf b = buf_new(a, KEY_BYTES);
    if (!n) n = key_words(a, &w, firm, true, word);
    qsort(word, n, sizeof *word, by_bytes);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_byte(&b, ' ');
        buf_add(&b, word[i]);
    }
    return buf_str(&b);
}

static bool has_word(str words, str word)
{
    str one = {0};
    for (bool more = words.n > 0; more;) {
        more = str_split(words, ' ', &one, &words);
        if (str_eq(one, word)) return true;
    }
    return false;
}

bool dup_name_fits(struct cx *cx, const struct entity *e, str a, str b)
{
    str x = dup_name(cx->a, e, a), y = dup_name(cx->a, e, b), one = {0};
    str few = x.n < y.n ? x : y, many = x.n < y.n ? y : x;
    for (bool more = few.n > 0; more;) {
        more = str_split(few, ' ', &one, &few);
        if (!has_word(many, one)) return false;
    }
    return true;
}

static void add(struct dup_keys *k, str key)
{
    for (size_t i = 0; i < k->n; i++)
        if (str_eq(k->v[i], key)) return;
    if (k->n < DUP_KEYS_MAX) k->v[k->n++] = key;
}

static str text_at(const struct entity *e, const struct val *v, str name)
{
    const struct field *f = entity_field(e, name);
    return f && v[f->at].t == VT_TEXT ? v[f->at].s : S("");
}

/* Letters and digits alone, upper case. */
static str tax_of(struct arena *a, str typed)
{
    char *p = arena_get(a, typed.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        bool low = c >= 'a' && c <= 'z';
        if (low || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80))
            p[n++] = (char)(low ? c - 32 : c);
    }
    return (str){p, n};
}

static void add_tax(struct cx *cx, const struct entity *e, const struct val *v, struct dup_keys *k)
{
    static const str fields[] = {S0("inn"), S0("vat_id"), S0("reg_no"), S0("ogrn")};
    for (size_t i = 0; i < COUNT(fields); i++) {
        str t = tax_of(cx->a, text_at(e, v, fields[i]));
        if (t.n >= TAX_MIN && t.n < KEY_BYTES) add(k, arena_fmt(cx->a, "t:%.*s", FS(t)));
    }
}

static void add_cities(struct cx *cx, const struct entity *e, const struct val *v, str name,
                       struct dup_keys *k)
{
    const struct field *f = FLD(e, "addresses");
    if (!name.n || !f || f->kind->store != ST_POINTS || v[f->at].t != VT_LIST) return;
    for (size_t i = 0; i < v[f->at].n && i < 4; i++) {
        const struct json *extra = NULL, *city = NULL;
        if (!v[f->at].v[i].extra.n || json_parse(cx, v[f->at].v[i].extra, &extra) != E_OK) continue;
        city = json_get(extra, S("city"));
        str c = city && city->t == JT_STR ? dup_name(cx->a, e, city->s) : S("");
        if (c.n) add(k, arena_fmt(cx->a, "c:%.*s|%.*s", FS(name), FS(c)));
    }
}

struct dup_keys dup_keys_of(struct cx *cx, const struct entity *e, const struct val *v)
{
    struct dup_keys k = {.n = 0};
    const struct val *t = &v[e->title];
    str name = t->t == VT_TEXT ? dup_name(cx->a, e, t->s) : S("");
    str full = dup_name(cx->a, e, text_at(e, v, S("full_name")));
    add_tax(cx, e, v, &k);
    if (name.n) add(&k, arena_fmt(cx->a, "n:%.*s", FS(name)));
    if (full.n) add(&k, arena_fmt(cx->a, "n:%.*s", FS(full)));
    add_cities(cx, e, v, name, &k);
    return k;
}

static bool holds(const struct dup_keys *k, str key)
{
    for (size_t i = 0; i < k->n; i++)
        if (str_eq(k->v[i], key)) return true;
    return false;
}

/* Rows of keys that `kept` no longer has. */
static enum err keys_drop(struct cx *cx, int64_t id, const struct dup_keys *gone,
                          const struct dup_keys *kept)
{
    for (size_t i = 0; i < gone->n; i++) {
        str key = gone->v[i];
        if (holds(kept, key)) continue;
        TRY(db_exec(cx, NULL, "DELETE FROM dup_key WHERE key = $1 AND record = $2", V(key), V(id)));
    }
    return E_OK;
}

static enum err keys_add(struct cx *cx, const struct entity *e, int64_t id,
                         const struct dup_keys *now, const struct dup_keys *there)
{
    for (size_t i = 0; i < now->n; i++) {
        str key = now->v[i];
        if (holds(there, key)) continue;
        TRY(db_exec(cx, NULL,
                    "INSERT INTO dup_key (key, record, entity) VALUES ($1, $2, $3) ON CONFLICT "
                    "(key, record) DO NOTHING",
                    V(key), V(id), V(e->name)));
    }
    return E_OK;
}

enum err dup_keys_put(struct cx *cx, const struct entity *e, int64_t id, const struct val *old,
                      const struct val *v)
{
    struct dup_keys now = {0}, before = {0};
    if (!v) return db_exec(cx, NULL, "DELETE FROM dup_key WHERE record = $1", V(id));
    now = dup_keys_of(cx, e, v);
    if (old) before = dup_keys_of(cx, e, old);
    TRY(keys_drop(cx, id, &before, &now));
    return keys_add(cx, e, id, &now, &before);
}
