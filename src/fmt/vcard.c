/* SPDX-License-Identifier: MIT */
/* fmt/vcard.c - from lines to cards: one small function a property, chosen by a table. */
#include "fmt/vcard.h"

#include "base/time.h"
#include "fmt/charset.h"
#include "fmt/vcard_int.h"

struct reading {
    struct arena *a; /* of this card */
    struct vcard *c;
    size_t props;
    LIST(struct vcard_prop) labels; /* X-ABLabel by group, given out at the end */
};
typedef void take_fn(struct reading *r, const struct vline *l);

/* ---- parameters that many properties share ---- */
struct kinds {
    str types;
    bool is_pref;
};

static void add_type(struct arena *a, struct buf *b, str t, bool *is_pref)
{
    t = vlower(a, str_trim(t));
    if (str_eq(t, S("pref"))) *is_pref = true;
    if (!t.n || str_eq(t, S("pref"))) return;
    if (b->n) buf_byte(b, ',');
    buf_add(b, t);
}

static struct kinds kinds_of(struct arena *a, str params)
{
    struct kinds k = {0};
    struct buf b = buf_new(a, 1024);
    str name = {0}, value = {0}, one = {0};
    for (size_t at = 0; vline_param(a, params, &at, &name, &value);) {
        if (str_eq(name, S("PREF"))) k.is_pref = str_eq(value, S("1"));
        if (!str_eq(name, S("TYPE"))) continue;
        for (size_t v = 0; vsplit(value, ',', &v, &one);) add_type(a, &b, one, &k.is_pref);
    }
    k.types = buf_str(&b);
    return k;
}

static str text_of(struct reading *r, const struct vline *l)
{
    return str_trim(vtext(r->a, l->value));
}

static void take_text(struct reading *r, const struct vline *l, str *to)
{
    if (!to->n) *to = text_of(r, l);
}

static str cut_scheme(str s, str scheme)
{
    bool has = s.n >= scheme.n && str_eq_nocase(str_cut(s, 0, scheme.n), scheme);
    return has ? str_cut(s, scheme.n, s.n) : s;
}

/* ---- properties ---- */
static void take_version(struct reading *r, const struct vline *l)
{
    str v = str_trim(l->value);
    r->c->version = str_eq(v, S("2.1"))   ? 21
                    : str_eq(v, S("3.0")) ? 30
                    : str_eq(v, S("4.0")) ? 40
                                          : 0;
}
static void take_fn_(struct reading *r, const struct vline *l) { take_text(r, l, &r->c->fn); }
static void take_uid(struct reading *r, const struct vline *l) { take_text(r, l, &r->c->uid); }
static void take_rev(struct reading *r, const struct vline *l) { take_text(r, l, &r->c->rev); }
static void take_kind(struct reading *r, const struct vline *l)
{
    r->c->kind = vlower(r->a, text_of(r, l));
}
static void take_nick(struct reading *r, const struct vline *l)
{
    take_text(r, l, &r->c->nickname);
}
static void take_title(struct reading *r, const struct vline *l) { take_text(r, l, &r->c->title); }
static void take_role(struct reading *r, const struct vline *l) { take_text(r, l, &r->c->role); }

static void take_note(struct reading *r, const struct vline *l)
{
    str t = text_of(r, l);
    r->c->note = r->c->note.n ? arena_fmt(r->a, "%.*s\n%.*s", FS(r->c->note), FS(t)) : t;
}

static void take_parts(struct reading *r, str raw, str *const *to, size_t n)
{
    size_t at = 0;
    str one = {0};
    for (size_t i = 0; i < n && vsplit(raw, ';', &at, &one); i++)
        *to[i] = str_trim(vtext(r->a, one));
}

static void take_n(struct reading *r, const struct vline *l)
{
    struct vcard *c = r->c;
    str *const to[] = {&c->family, &c->given, &c->additional, &c->prefix, &c->suffix};
    take_parts(r, l->value, to, COUNT(to));
}

static void take_org(struct reading *r, const struct vline *l)
{
    size_t at = 0;
    str one = {0};
    struct buf b = buf_new(r->a, 64 * 1024);
    if (r->c->org.n) return;
    if (vsplit(l->value, ';', &at, &one)) r->c->org = str_trim(vtext(r->a, one));
    while (vsplit(l->value, ';', &at, &one)) {
        str unit = str_trim(vtext(r->a, one));
        if (b.n && unit.n) buf_add(&b, S(", "));
        buf_add(&b, unit);
    }
    r->c->unit = buf_str(&b);
}

static struct vcard_item item_of(struct reading *r, const struct vline *l, str scheme)
{
    struct kinds k = kinds_of(r->a, l->params);
    return (struct vcard_item){cut_scheme(text_of(r, l), scheme), k.types, S(""), k.is_pref};
}

#define TAKE_ITEM(fn, list, scheme)                                                                \
    static void fn(struct reading *r, const struct vline *l)                                       \
    {                                                                                              \
        struct vcard_item i = item_of(r, l, S(scheme));                                            \
        if (!i.value.n) return;                                                                    \
        i.label = arena_dup(r->a, l->group); /* its group, until label_of knows the word */        \
        *LIST_ADD(r->a, &r->c->list##s) = i;                                                       \
    }
TAKE_ITEM(take_tel, tel, "tel:")
TAKE_ITEM(take_email, email, "mailto:")
TAKE_ITEM(take_url, url, "")
TAKE_ITEM(take_impp, impp, "")

static void take_adr(struct reading *r, const struct vline *l)
{
    struct kinds k = kinds_of(r->a, l->params);
    struct vcard_adr d = {.types = k.types, .is_pref = k.is_pref};
    str *const to[] = {&d.pobox, &d.extended, &d.street, &d.city, &d.region, &d.zip, &d.country};
    size_t filled = 0;
    take_parts(r, l->value, to, COUNT(to));
    for (size_t i = 0; i < COUNT(to); i++) filled += to[i]->n;
    if (!filled) return;
    d.label = arena_dup(r->a, l->group);
    *LIST_ADD(r->a, &r->c->adrs) = d;
}

static void take_categories(struct reading *r, const struct vline *l)
{
    str one = {0};
    for (size_t at = 0; vsplit(l->value, ',', &at, &one);) {
        str t = str_trim(vtext(r->a, one));
        if (t.n) *LIST_ADD(r->a, &r->c->categories) = t;
    }
}

static void take_member(struct reading *r, const struct vline *l)
{
    str t = text_of(r, l);
    if (t.n) *LIST_ADD(r->a, &r->c->members) = t;
}

static void take_label(struct reading *r, const struct vline *l)
{
    str t = text_of(r, l);
    if (str_has_prefix(t, S("_$!<")) && str_has_suffix(t, S(">!$_")))
        t = vlower(r->a, str_cut(t, 4, t.n - 4));
    *LIST_ADD(r->a, &r->labels) =
        (struct vcard_prop){.group = arena_dup(r->a, l->group), .value = t};
}

/* ---- birthdays ---- */
static bool digits(str s, size_t from, size_t n, int64_t *ret)
{
    if (from + n > s.n) return false;
    for (size_t i = from; i < from + n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return str_to_int(str_cut(s, from, from + n), ret);
}

/* "0403" or "04-03", whole. */
static bool month_day(str s, int64_t *m, int64_t *d)
{
    if (!digits(s, 0, 2, m)) return false;
    if (s.n == 4) return digits(s, 2, 2, d);
    return s.n == 5 && s.p[2] == '-' && digits(s, 3, 2, d);
}

static bool is_month(str s) /* 1971-04 */
{
    int64_t m = 0;
    return s.n == 7 && s.p[4] == '-' && digits(s, 5, 2, &m) && m >= 1 && m <= 12;
}

/* "" when it is no date; all forms of RFC 6350 4.3.1, with and without hyphens. */
static str birthday(struct arena *a, str s)
{
    int64_t y = 2000, m = 0, d = 0; /* without a year the 29th of February exists */
    ptrdiff_t t = str_find(s, S("T"));
    if (t > 0) s = str_cut(s, 0, (size_t)t);
    bool has_year = !str_has_prefix(s, S("--"));
    if (has_year && !digits(s, 0, 4, &y)) return S("");
    if (has_year && (s.n == 4 || is_month(s))) return s;
    str rest = str_cut(s, has_year ? 4 + (s.p[4] == '-') : 2, s.n);
    if (!month_day(rest, &m, &d) || !date_exists(y, (int)m, (int)d)) return S("");
    if (!has_year) return arena_fmt(a, "--%02d-%02d", (int)m, (int)d);
    return day_text(a, day_from(y, (int)m, (int)d));
}

static void take_bday(struct reading *r, const struct vline *l)
{
    str raw = text_of(r, l), day = birthday(r->a, raw);
    str omit = vline_param_get(r->a, l->params, S("X-APPLE-OMIT-YEAR"));
    if (omit.n && day.n == 10 && day.p[4] == '-' && str_eq(str_cut(day, 0, 4), omit))
        day = arena_fmt(r->a, "--%.*s", FS(str_cut(day, 5, 10)));
    r->c->bday = day;
    r->c->bday_text = day.n ? S("") : raw;
}

/* ---- photos ---- */
static str image_type(struct arena *a, str params)
{
    str t = vlower(a, vline_param_get(a, params, S("MEDIATYPE")));
    struct kinds k = kinds_of(a, params);
    if (!t.n) t = k.types;
    if (str_has_prefix(t, S("image/"))) return t;
    if (str_eq(t, S("jpg"))) return S("image/jpeg");
    return str_eq(t, S("jpeg")) || str_eq(t, S("png")) || str_eq(t, S("gif")) ||
                   str_eq(t, S("webp"))
               ? arena_fmt(a, "image/%.*s", FS(t))
               : S("");
}

static void take_photo(struct reading *r, const struct vline *l)
{
    struct vcard_photo *p = &r->c->photo;
    str enc = vupper(r->a, vline_param_get(r->a, l->params, S("ENCODING"))), v = str_trim(l->value);
    if (p->bytes.n || p->uri.n || !v.n) return;
    p->type = image_type(r->a, l->params);
    bool is_inline = str_eq(enc, S("B")) || str_eq(enc, S("BASE64"));
    str data = cut_scheme(v, S("data:"));
    if (data.n != v.n) {
        str head = {0}, tail = {0};
        is_inline = str_split(data, ',', &head, &tail) && str_find(head, S("base64")) >= 0;
        ptrdiff_t end = str_find(head, S(";"));
        p->type = vlower(r->a, end > 0 ? str_cut(head, 0, (size_t)end) : head);
        v = tail;
        if (!is_inline) v = S("");
    }
    if (is_inline && vbase64(r->a, v, &p->bytes)) return;
    if (!is_inline && str_find(v, S("://")) > 0) p->uri = arena_dup(r->a, v);
    else r->c->left_out++;
}

/* ---- the table ---- */
static const struct {
    str name;
    take_fn *take;
} takers[] = {{S0("TEL"), take_tel},
              {S0("EMAIL"), take_email},
              {S0("FN"), take_fn_},
              {S0("N"), take_n},
              {S0("ADR"), take_adr},
              {S0("ORG"), take_org},
              {S0("TITLE"), take_title},
              {S0("ROLE"), take_role},
              {S0("NOTE"), take_note},
              {S0("BDAY"), take_bday},
              {S0("URL"), take_url},
              {S0("IMPP"), take_impp},
              {S0("UID"), take_uid},
              {S0("REV"), take_rev},
              {S0("CATEGORIES"), take_categories},
              {S0("PHOTO"), take_photo},
              {S0("KIND"), take_kind},
              {S0("MEMBER"), take_member},
              {S0("NICKNAME"), take_nick},
              {S0("VERSION"), take_version},
              {S0("X-ABLABEL"), take_label},
              {S0("X-ADDRESSBOOKSERVER-KIND"), take_kind},
              {S0("X-ADDRESSBOOKSERVER-MEMBER"), take_member}};

static void keep(struct reading *r, const struct vline *l)
{
    if (!l->name.n || str_eq(l->name, S("PRODID"))) return;
    str params = l->params;
    struct buf b = buf_new(r->a, params.n + 64);
    str name = {0}, value = {0};
    for (size_t at = 0, from = 0; vline_param(r->a, params, &at, &name, &value); from = at) {
        bool undone = str_eq(name, S("CHARSET")) ||
                      (str_eq(name, S("ENCODING")) && !str_eq_nocase(value, S("B")) &&
                       !str_eq_nocase(value, S("BASE64")));
        if (!undone) buf_add(&b, str_cut(params, from, at));
    }
    *LIST_ADD(r->a, &r->c->extra) =
        (struct vcard_prop){l->group, l->name, buf_str(&b), arena_dup(r->a, l->value)};
}

/* False: left out, nothing of the line is needed. */
static bool take(struct reading *r, const struct vline *l)
{
    if (l->too_long || r->props == VCARD_PROPS_MAX || arena_bytes(r->a) > VCARD_CARD_MAX) {
        r->c->left_out++;
        return false;
    }
    r->props++;
    for (size_t i = 0; i < COUNT(takers); i++)
        if (str_eq(l->name, takers[i].name)) {
            takers[i].take(r, l);
            return true;
        }
    keep(r, l);
    return true;
}

static str label_of(const struct reading *r, str group)
{
    for (size_t i = 0; group.n && i < r->labels.n; i++)
        if (str_eq_nocase(r->labels.v[i].group, group)) return r->labels.v[i].value;
    return S("");
}

static void give_labels(const struct reading *r, struct vcard_item *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i].label = label_of(r, v[i].label);
}

static enum err deliver(struct cx *cx, struct reading *r, vcard_fn *each, void *arg)
{
    give_labels(r, r->c->tels.v, r->c->tels.n);
    give_labels(r, r->c->emails.v, r->c->emails.n);
    give_labels(r, r->c->urls.v, r->c->urls.n);
    give_labels(r, r->c->impps.v, r->c->impps.n);
    struct vcard_adr *d = r->c->adrs.v;
    for (size_t i = 0; i < r->c->adrs.n; i++) d[i].label = label_of(r, d[i].label);
    return each(cx, arg, r->c);
}

static bool is_mark(const struct vline *l, str name)
{
    return str_eq(l->name, name) && str_eq_nocase(str_trim(l->value), S("VCARD"));
}

/* A card in a card is legal behind an empty AGENT only; elsewhere an END is missing. */
struct walk {
    struct vlines lines;
    struct vline l;
    bool has_line; /* l was read ahead: the BEGIN of the next card */
};

static void read_card(struct cx *cx, struct walk *w, struct reading *r)
{
    int depth = 1;
    bool after_agent = false;
    r->c->is_unclosed = true;
    for (;;) {
        struct arena_mark m = arena_mark(r->a);
        if (!vline_next(cx, &w->lines, r->a, &w->l)) return;
        bool kept = false;
        if (is_mark(&w->l, S("BEGIN"))) {
            if (depth == 1 && !after_agent) {
                w->has_line = true;
                return;
            }
            depth += depth < 100;
        } else if (is_mark(&w->l, S("END"))) {
            r->c->is_unclosed = --depth > 0;
            if (!depth) return;
        } else if (depth == 1) {
            after_agent = str_eq(w->l.name, S("AGENT"));
            if (!after_agent) kept = take(r, &w->l);
        }
        if (!kept) arena_back(r->a, m);
    }
}

static enum err settle_encoding(struct cx *cx, str *bytes, str lang, str *ret)
{
    struct charset_guess g = {0};
    struct src s = src_bytes(bytes);
    TRY(charset_guess(cx, &s, lang, &g));
    *bytes = str_cut(*bytes, g.mark, bytes->n);
    if (str_has_prefix(g.name, S("UTF-16"))) {
        if (bytes->n > VCARD_INPUT_MAX / 8)
            return fail(cx, E_LIMIT, "A file in UTF-16 may have %d MiB: save it as UTF-8",
                        VCARD_INPUT_MAX >> 23);
        TRY(charset_text(cx, cx->a, g.name, *bytes, bytes));
    }
    *ret = g.name;
    return E_OK;
}

enum err vcard_read(struct cx *cx, str bytes, str lang, vcard_fn *each, void *arg)
{
    struct arena *card OWNED(arena_free) = arena_new(), *line OWNED(arena_free) = arena_new();
    struct walk w = {0};
    size_t cards = 0;
    if (bytes.n > VCARD_INPUT_MAX)
        return fail(cx, E_LIMIT, "The file is longer than %d MiB", VCARD_INPUT_MAX >> 20);
    TRY(settle_encoding(cx, &bytes, lang, &w.lines.fallback));
    w.lines.rest = bytes;
    w.lines.buf = buf_new(line, VCARD_LINE_MAX);
    for (;;) {
        arena_reset(card);
        if (!w.has_line && !vline_next(cx, &w.lines, card, &w.l)) break;
        bool begins = w.has_line || is_mark(&w.l, S("BEGIN"));
        w.has_line = false;
        if (!begins) continue;
        struct reading r = {.a = card, .c = NEW(card, struct vcard)};
        r.c->line = w.l.number;
        read_card(cx, &w, &r);
        cards++;
        TRY(deliver(cx, &r, each, arg));
    }
    if (!cards) return fail(cx, E_TYPE, "The file has no vCard in it");
    return E_OK;
}
