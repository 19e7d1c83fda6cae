/* SPDX-License-Identifier: MIT */
/* xfer/people.c - several people in one cell: told apart, or told to be unclear; and what of the row is whose. */
#include "xfer/people.h"

#include "acl/acl.h"
#include "base/tr.h"
#include "fmt/fold.h"
#include "xfer/head.h"

#include <unicode/uchar.h>

struct parts {
    str v[PEOPLE_MAX + 1]; /* one more: then there are too many */
    size_t n;
};

static void part_add(struct parts *p, str s)
{
    s = str_trim(s);
    if (s.n && p->n <= PEOPLE_MAX) p->v[p->n++] = s;
}

/* Bytes of a word or sign that stands between two people, 0 for none. */
static size_t between(str s, size_t at)
{
    static const str words[] = {S0(" und "), S0(" u. "), S0(" and "), S0(" & "),
                                S0(" + "),   S0(" ir "), S0(" и ")};
    if (strchr(";/|\n", s.p[at])) return 1;
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_has_prefix(str_cut(s, at, s.n), words[i])) return words[i].n;
    return 0;
}

static void split_words(str s, struct parts *ret)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n;) {
        size_t n = between(s, i);
        if (n) part_add(ret, str_cut(s, from, i));
        if (n) from = i + n;
        i += n ? n : 1;
    }
    part_add(ret, str_cut(s, from, s.n));
}

static void split_commas(str s, struct parts *ret)
{
    for (str one, rest = s; rest.n > 0;) {
        str_split(rest, ',', &one, &rest);
        part_add(ret, one);
    }
}

/* ---- what a part looks like ---- */
struct shape {
    size_t words, initials, capitals;
    bool cyrillic, odd;
};

/* What people do, not who they are. */
static bool is_trade(struct arena *a, str word)
{
    static const char all[] =
        "директор|менеджер|бухгалтер|инженер|специалист|отдел|начальник|секретарь|приемная|"
        "заместитель|"
        "manager|director|sales|buyer|office|department|owner|leiter|leiterin|geschaftsfuhrer|"
        "einkauf|verkauf|"
        "vertrieb|buro|zentrale|inhaber|vadovas|direktorius|vadybininkas|buhaltere|skyrius";
    str w = head_norm(a, word);
    for (str e, rest = str_from(all); rest.n > 0;) {
        str_split(rest, '|', &e, &rest);
        if (str_eq(e, w)) return true;
    }
    return false;
}

static void shape_word(struct arena *a, str word, struct shape *l)
{
    size_t at = 0, letters = 0;
    uint32_t first = utf8_next(word, &at);
    l->words++;
    l->capitals += u_isupper((UChar32)first) != 0;
    l->cyrillic |= first >= 0x400 && first <= 0x52f;
    for (at = 0; at < word.n;) {
        uint32_t c = utf8_next(word, &at);
        letters += u_isalpha((UChar32)c) != 0;
        l->odd |= !u_isalpha((UChar32)c) && !strchr(".-'", c < 0x80 ? (int)c : 'x') && c != 0x2019;
    }
    l->initials += letters <= 2 && word.p[word.n - 1] == '.';
    l->odd |= is_trade(a, word);
}

static struct shape shape_of(struct arena *a, str s)
{
    struct shape l = {0};
    for (str word, rest = s; rest.n > 0;) {
        str_split(rest, ' ', &word, &rest);
        if (word.n) shape_word(a, word, &l);
    }
    return l;
}

/* First and last name; "Weber, Anna" too where commas part nobody. */
static bool is_person(struct arena *a, str s, bool with_comma)
{
    str last = {0}, first = {0};
    if (with_comma && str_split(s, ',', &last, &first) && memchr(s.p, ',', s.n)) {
        struct shape x = shape_of(a, str_trim(last)), y = shape_of(a, str_trim(first));
        return x.words && y.words && !x.odd && !y.odd && x.capitals == x.words &&
               y.capitals == y.words;
    }
    struct shape l = shape_of(a, s);
    return l.words >= 2 && l.words <= 4 && !l.odd && l.capitals + 1 >= l.words && l.capitals >= 2 &&
           !head_is_firm(a, s);
}

static bool all_people(struct arena *a, const struct parts *p, bool with_comma)
{
    for (size_t i = 0; i < p->n; i++)
        if (!is_person(a, p->v[i], with_comma)) return false;
    return p->n > 1 && p->n <= PEOPLE_MAX;
}

/* "Anna und Tom Weber": a first name alone before one with the name that both have. */
static bool is_couple(struct arena *a, const struct parts *p)
{
    if (p->n != 2) return false;
    struct shape x = shape_of(a, p->v[0]), y = shape_of(a, p->v[1]);
    return x.words == 1 && y.words == 2 && x.capitals == 1 && y.capitals == 2 && !x.odd && !y.odd &&
           !x.cyrillic && !y.cyrillic && y.initials == 0 && !fold_is_title(head_norm(a, p->v[0])) &&
           !head_is_firm(a, p->v[1]);
}

static enum people by_words(struct arena *a, str s, struct parts *p, str *ret)
{
    bool name_like = true, couple = is_couple(a, p);
    if (!couple && !all_people(a, p, true)) {
        for (size_t i = 0; i < p->n; i++) {
            struct shape l = shape_of(a, p->v[i]);
            name_like &= !l.odd && l.capitals > 0;
        }
        return name_like && !head_is_firm(a, s) ? PEOPLE_UNCLEAR : PEOPLE_ONE;
    }
    if (couple) {
        str first = {0}, last = {0};
        str_split(p->v[1], ' ', &first, &last);
        p->v[0] = arena_fmt(a, "%.*s %.*s", FS(p->v[0]), FS(last));
    }
    memcpy(ret, p->v, p->n * sizeof *ret);
    return PEOPLE_SEVERAL;
}

/* A comma stands in one person's name, too: "Weber, Anna", "Garcia Lopez, Maria Elena". */
static enum people by_commas(struct arena *a, const struct parts *p, str *ret)
{
    bool sure = p->n > 2, initials = true, cyrillic = true;
    if (!all_people(a, p, false)) return PEOPLE_ONE;
    for (size_t i = 0; i < p->n; i++) {
        struct shape l = shape_of(a, p->v[i]);
        initials &= l.initials > 0;
        cyrillic &= l.cyrillic;
    }
    if (!sure && !initials && !cyrillic) return PEOPLE_UNCLEAR;
    memcpy(ret, p->v, p->n * sizeof *ret);
    return PEOPLE_SEVERAL;
}

enum people people_part(struct arena *a, str typed, str ret[PEOPLE_MAX], size_t *ret_n)
{
    struct parts words = {0}, commas = {0};
    *ret_n = 1;
    if (typed.n < 7 || typed.n > 400) return PEOPLE_ONE;
    split_words(typed, &words);
    if (words.n > 1) {
        *ret_n = words.n;
        return by_words(a, typed, &words, ret);
    }
    if (!memchr(typed.p, ',', typed.n)) return PEOPLE_ONE;
    split_commas(typed, &commas);
    *ret_n = commas.n;
    return commas.n > 1 ? by_commas(a, &commas, ret) : PEOPLE_ONE;
}

bool people_cell(struct row_work *w, str s)
{
    struct arena *a = w->cx->a;
    str part[PEOPLE_MAX], aside = {0};
    size_t n = 0;
    enum people what = people_part(a, s, part, &n);
    if (what == PEOPLE_UNCLEAR)
        problem_add(w, s, TR("Perhaps several people; kept as typed"), true);
    if (what != PEOPLE_SEVERAL) return false;
    for (size_t i = 0; i < n; i++) w->people[i] = name_clean(a, part[i], &aside);
    w->n_people = n;
    w->r->name = w->people[0];
    return true;
}

/* ---- whose number is it? ---- */
static bool is_in(const struct item *v, size_t n, str norm)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].norm, norm)) return true;
    return false;
}

/* The keys of these numbers or mails alone. */
static void keys_add(struct arena *a, struct row *to, const struct key *v, size_t n,
                     enum key_kind kind, const struct item *items, size_t n_items)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == kind && is_in(items, n_items, v[i].norm)) *LIST_ADD(a, &to->keys) = v[i];
}

/* As many as people: one each, in their order. Else they are the firm's, or the first one's. Gives how many stay. */
static size_t share(struct row_work *w, const struct item *v, size_t n, points *firm,
                    size_t *ret_each)
{
    *ret_each = n == w->n_people;
    if (*ret_each) return 1;
    if (w->r->firm.n == 0 || !w->rp->firm_phones) return n;
    for (size_t i = 0; i < n; i++) *LIST_ADD(w->cx->a, firm) = v[i];
    return 0;
}

static void more_set(struct row_work *w, struct row *r, const struct field *f, const struct item *v, size_t n)
{
    if (f && n && acl_field_write(w->cx, f))
        *LIST_ADD(w->cx->a, &r->main) = (struct set){f, (struct val){.t = VT_LIST, .v = v, .n = n}};
}

static void more_name(struct row_work *w, struct row *r)
{
    static const str fields[] = {S0("last_name"), S0("first_name"), S0("middle_name")};
    str v[3] = {0};
    if (!name_parts(r->name, &v[0], &v[1], &v[2])) return;
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct field *f = entity_field(w->rp->main, fields[i]);
        if (f && v[i].n && acl_field_write(w->cx, f)) *LIST_ADD(w->cx->a, &r->main) = (struct set){f, VAL_TEXT(v[i])};
    }
}

void people_settle(struct row_work *w)
{
    struct arena *a = w->cx->a;
    struct row *r = w->r;
    size_t each_phone = 0, each_mail = 0, n_keys = r->keys.n;
    if (w->n_people < 2) return;
    const struct item *phones = w->phones.v, *mails = w->mails.v;
    const struct key *keys = r->keys.v;
    w->phones.n = share(w, phones, w->phones.n, &w->firm_phones, &each_phone);
    w->mails.n = share(w, mails, w->mails.n, &w->firm_mails, &each_mail);
    r->keys.v = NULL;
    r->keys.n = r->keys.cap = 0;
    keys_add(a, r, keys, n_keys, KEY_PHONE, phones, w->phones.n);
    keys_add(a, r, keys, n_keys, KEY_MAIL, mails, w->mails.n);
    r->n_more = w->n_people - 1;
    r->more = NEW_N(a, struct row, r->n_more);
    for (size_t i = 0; i < r->n_more; i++) {
        struct row *m = &r->more[i];
        *m = (struct row){.kind = ROW_MAIN, .number = r->number, .name = w->people[i + 1]};
        more_name(w, m);
        more_set(w, m, w->rp->phones, each_phone ? phones + i + 1 : phones, each_phone);
        more_set(w, m, w->rp->mails, each_mail ? mails + i + 1 : mails, each_mail);
        if (each_phone) keys_add(a, m, keys, n_keys, KEY_PHONE, phones + i + 1, 1);
        if (each_mail) keys_add(a, m, keys, n_keys, KEY_MAIL, mails + i + 1, 1);
    }
}
