/* SPDX-License-Identifier: MIT */
/* fmt/vcard_put.c - writing cards, folded at 75 octets (RFC 6350 3.2) and never inside a character. */
#include "fmt/vcard.h"

enum { FOLD = 75 };
struct out {
    struct buf *b;
    size_t at; /* octets in this line */
    bool is_4;
};

static void put(struct out *o, str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = 1;
        while (i + n < s.n && n < 4 && ((unsigned char)s.p[i + n] & 0xC0) == 0x80) n++;
        if (o->at + n > FOLD) {
            buf_add(o->b, S("\r\n "));
            o->at = 1;
        }
        buf_add(o->b, str_cut(s, i, i + n));
        o->at += n;
        i += n;
    }
}

static void put_end(struct out *o)
{
    buf_add(o->b, S("\r\n"));
    o->at = 0;
}

/* Text: line ends, commas, semicolons and backslashes escaped, other control characters dropped. */
static void put_text(struct out *o, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t from = i;
        while (i < s.n && (unsigned char)s.p[i] >= 32 && !memchr("\\,;\x7F", s.p[i], 4)) i++;
        put(o, str_cut(s, from, i));
        if (i == s.n) break;
        char c = s.p[i];
        bool is_cr = c == '\r' && !(i + 1 < s.n && s.p[i + 1] == '\n');
        if (c == '\n' || is_cr) put(o, S("\\n"));
        else if (c == '\\') put(o, S("\\\\"));
        else if (c == ',') put(o, S("\\,"));
        else if (c == ';') put(o, S("\\;"));
        else if (c == '\t') put(o, S(" "));
    }
}

/* Values that are no text (numbers, addresses, links): as they are, without control characters. */
static void put_plain(struct out *o, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t from = i;
        while (i < s.n && (unsigned char)s.p[i] >= 32) i++;
        put(o, str_cut(s, from, i));
    }
}

static void put_line(struct out *o, str head, str text)
{
    if (!text.n) return;
    put(o, head);
    put_text(o, text);
    put_end(o);
}

/* A type may hold what a parameter value may hold bare: others are left out. */
static bool is_token(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
        if (!ok) return false;
    }
    return s.n > 0;
}

static void put_types(struct out *o, str types, bool is_pref)
{
    str head = {0}, tail = types;
    while (tail.n) {
        (void)str_split(tail, ',', &head, &tail);
        if (!is_token(head)) continue;
        put(o, S(";TYPE="));
        put(o, head);
    }
    if (is_pref) put(o, o->is_4 ? S(";PREF=1") : S(";TYPE=pref"));
}

/* A labelled property is grouped with its label: item3.TEL and item3.X-ABLabel. */
static void put_name(struct out *o, str name, str label, int *group)
{
    if (label.n) put(o, arena_fmt(o->b->a, "item%d.", ++*group));
    put(o, name);
}

static void put_label(struct out *o, str label, int group)
{
    if (!label.n) return;
    put(o, arena_fmt(o->b->a, "item%d.X-ABLabel:", group));
    put_text(o, label);
    put_end(o);
}

static void put_items(struct out *o, str name, const struct vcard_item *v, size_t n, bool is_text,
                      int *group)
{
    for (size_t i = 0; i < n; i++) {
        if (!v[i].value.n) continue;
        put_name(o, name, v[i].label, group);
        put_types(o, v[i].types, v[i].is_pref);
        put(o, S(":"));
        if (is_text) put_text(o, v[i].value);
        else put_plain(o, v[i].value);
        put_end(o);
        put_label(o, v[i].label, *group);
    }
}

static void put_parts(struct out *o, const str *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i) put(o, S(";"));
        put_text(o, v[i]);
    }
    put_end(o);
}

static void put_adrs(struct out *o, const struct vcard *c, int *group)
{
    for (size_t i = 0; i < c->adrs.n; i++) {
        const struct vcard_adr *d = &c->adrs.v[i];
        put_name(o, S("ADR"), d->label, group);
        put_types(o, d->types, d->is_pref);
        put(o, S(":"));
        put_parts(o,
                  (str[]){d->pobox, d->extended, d->street, d->city, d->region, d->zip, d->country},
                  7);
        put_label(o, d->label, *group);
    }
}

static str shown_name(struct arena *a, const struct vcard *c)
{
    const str parts[] = {c->prefix, c->given, c->additional, c->family, c->suffix};
    struct buf b = buf_new(a, 64 * 1024);
    if (c->fn.n) return c->fn;
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (b.n && parts[i].n) buf_byte(&b, ' ');
        buf_add(&b, parts[i]);
    }
    if (b.n) return buf_str(&b);
    if (c->org.n) return c->org;
    if (c->emails.n) return c->emails.v[0].value;
    return c->tels.n ? c->tels.v[0].value : S("?");
}

static void put_bday(struct out *o, const struct vcard *c)
{
    struct arena *a = o->b->a;
    if (!c->bday.n) {
        if (c->bday_text.n && o->is_4) put_line(o, S("BDAY;VALUE=text:"), c->bday_text);
        return;
    }
    if (!str_has_prefix(c->bday, S("--"))) {
        if (o->is_4 && c->bday.n == 10)
            put_line(o, S("BDAY:"),
                     arena_fmt(a, "%.*s%.*s%.*s", FS(str_cut(c->bday, 0, 4)),
                               FS(str_cut(c->bday, 5, 7)), FS(str_cut(c->bday, 8, 10))));
        else put_line(o, S("BDAY:"), c->bday);
        return;
    }
    str m = str_cut(c->bday, 2, 4), d = str_cut(c->bday, 5, 7);
    if (o->is_4) put_line(o, S("BDAY:"), arena_fmt(a, "--%.*s%.*s", FS(m), FS(d)));
    else
        put_line(o, S("BDAY;X-APPLE-OMIT-YEAR=1604:"),
                 arena_fmt(a, "1604-%.*s-%.*s", FS(m), FS(d)));
}

static void put_base64(struct out *o, str s)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        unsigned v = 0, n = s.n - i < 3 ? (unsigned)(s.n - i) : 3;
        for (unsigned k = 0; k < 3; k++) v = v << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
        char four[4] = {set[v >> 18], set[v >> 12 & 63], n > 1 ? set[v >> 6 & 63] : '=',
                        n > 2 ? set[v & 63] : '='};
        for (size_t k = 0; k < 4; k++) put(o, (str){four + k, 1});
    }
}

static void put_photo(struct out *o, const struct vcard_photo *p)
{
    str type = str_has_prefix(p->type, S("image/")) ? str_cut(p->type, 6, p->type.n) : S("");
    if (!is_token(type)) type = S("jpeg");
    if (p->bytes.n) {
        put(o, o->is_4 ? S("PHOTO:data:image/") : S("PHOTO;ENCODING=b;TYPE="));
        put(o, type);
        put(o, o->is_4 ? S(";base64,") : S(":"));
        put_base64(o, p->bytes);
        put_end(o);
    } else if (p->uri.n) {
        put(o, S("PHOTO;VALUE=uri:"));
        put_plain(o, p->uri);
        put_end(o);
    }
}

static void put_categories(struct out *o, const struct vcard *c)
{
    if (!c->categories.n) return;
    put(o, S("CATEGORIES:"));
    for (size_t i = 0; i < c->categories.n; i++) {
        if (i) put(o, S(","));
        put_text(o, c->categories.v[i]);
    }
    put_end(o);
}

static void put_group(struct out *o, const struct vcard *c)
{
    put_line(o, o->is_4 ? S("KIND:") : S("X-ADDRESSBOOKSERVER-KIND:"), c->kind);
    for (size_t i = 0; i < c->members.n; i++) {
        put(o, o->is_4 ? S("MEMBER:") : S("X-ADDRESSBOOKSERVER-MEMBER:"));
        put_plain(o, c->members.v[i]);
        put_end(o);
    }
}

/* Groups of kept properties get a prefix of their own, so that they do not meet ours. */
static void put_extra(struct out *o, const struct vcard_prop *p)
{
    if (!is_token(p->name)) return;
    if (is_token(p->group)) {
        put(o, S("x-"));
        put(o, str_has_prefix(p->group, S("x-")) ? str_cut(p->group, 2, p->group.n) : p->group);
        put(o, S("."));
    }
    put(o, p->name);
    if (str_has_prefix(p->params, S(";"))) put_plain(o, p->params);
    put(o, S(":"));
    for (str head, tail = p->value; tail.n;) { /* a decoded line end is escaped again */
        bool more = str_split(tail, '\n', &head, &tail);
        put_plain(o, head);
        if (more) put(o, S("\\n"));
    }
    put_end(o);
}

void vcard_put(struct buf *b, const struct vcard *c, int version)
{
    struct out o = {.b = b, .is_4 = version == 40};
    int group = 0;
    put_line(&o, S("BEGIN:"), S("VCARD"));
    put_line(&o, S("VERSION:"), o.is_4 ? S("4.0") : S("3.0"));
    put_line(&o, S("UID:"), c->uid);
    put_line(&o, S("FN:"), shown_name(b->a, c));
    put(&o, S("N:"));
    put_parts(&o, (str[]){c->family, c->given, c->additional, c->prefix, c->suffix}, 5);
    put_line(&o, S("NICKNAME:"), c->nickname);
    if (c->org.n || c->unit.n) {
        put(&o, S("ORG:"));
        put_parts(&o, (str[]){c->org, c->unit}, c->unit.n ? 2 : 1);
    }
    put_line(&o, S("TITLE:"), c->title);
    put_line(&o, S("ROLE:"), c->role);
    put_items(&o, S("TEL"), c->tels.v, c->tels.n, true, &group);
    put_items(&o, S("EMAIL"), c->emails.v, c->emails.n, true, &group);
    put_adrs(&o, c, &group);
    put_items(&o, S("URL"), c->urls.v, c->urls.n, false, &group);
    put_items(&o, S("IMPP"), c->impps.v, c->impps.n, false, &group);
    put_bday(&o, c);
    put_line(&o, S("NOTE:"), c->note);
    put_categories(&o, c);
    put_group(&o, c);
    put_photo(&o, &c->photo);
    for (size_t i = 0; i < c->extra.n; i++) put_extra(&o, &c->extra.v[i]);
    put_line(&o, S("REV:"), c->rev);
    put_line(&o, S("END:"), S("VCARD"));
}
