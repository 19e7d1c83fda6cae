/* SPDX-License-Identifier: MIT */
/* fmt/html_clean.c - HTML of strangers, read token by token; only elements and attributes of the list are written.
 *
 * It does not matter where a browser would see another token than we do: what is written holds no "<" but those of the
 * elements below, none of which changes how the text after it is read (HTML, 13.2.5). */
#include "fmt/markup.h"

#include <string.h>

enum { TAG_MAX = 4096 };
enum what {
    TEXT, /* no element: stays as text */
    KEEP, /* written */
    VOID, /* written, has no end */
    SKIP, /* goes, what it holds stays */
    DROP  /* goes with what it holds */
};
struct element {
    str name;
    enum what what;
    str ends; /* elements that it ends when they are open, up to the nearest of `within` */
    str within;
};
static const struct element elements[] = {
    {S0("p"), KEEP, S0("p"), S0("li td th blockquote")},
    {S0("br"), VOID, S0(""), S0("")},
    {S0("hr"), VOID, S0("p"), S0("li td th blockquote")},
    {S0("b"), KEEP, S0(""), S0("")},
    {S0("strong"), KEEP, S0(""), S0("")},
    {S0("i"), KEEP, S0(""), S0("")},
    {S0("em"), KEEP, S0(""), S0("")},
    {S0("u"), KEEP, S0(""), S0("")},
    {S0("s"), KEEP, S0(""), S0("")},
    {S0("del"), KEEP, S0(""), S0("")},
    {S0("sub"), KEEP, S0(""), S0("")},
    {S0("sup"), KEEP, S0(""), S0("")},
    {S0("code"), KEEP, S0(""), S0("")},
    {S0("a"), KEEP, S0("a"), S0("")},
    {S0("pre"), KEEP, S0("p"), S0("li td th blockquote")},
    {S0("blockquote"), KEEP, S0("p"), S0("li td th blockquote")},
    {S0("ul"), KEEP, S0("p"), S0("li td th blockquote")},
    {S0("ol"), KEEP, S0("p"), S0("li td th blockquote")},
    {S0("li"), KEEP, S0("li"), S0("ul ol")},
    {S0("table"), KEEP, S0("p"), S0("li td th blockquote")},
    {S0("thead"), KEEP, S0("thead tbody"), S0("table")},
    {S0("tbody"), KEEP, S0("thead tbody"), S0("table")},
    {S0("tr"), KEEP, S0("tr"), S0("table")},
    {S0("th"), KEEP, S0("th td"), S0("tr table")},
    {S0("td"), KEEP, S0("th td"), S0("tr table")},
    {S0("img"), SKIP, S0(""), S0("")},
    {S0("script"), DROP, S0(""), S0("")},
    {S0("style"), DROP, S0(""), S0("")},
    {S0("iframe"), DROP, S0(""), S0("")},
    {S0("object"), DROP, S0(""), S0("")},
    {S0("svg"), DROP, S0(""), S0("")},
    {S0("math"), DROP, S0(""), S0("")},
};
/* Other names of HTML: they go, their text stays. */
static const str known = S0(" abbr acronym applet article aside audio base basefont bdi bdo big "
                            "body button canvas caption center cite col "
                            "colgroup dd details dfn div dl dt embed fieldset figcaption figure "
                            "font footer form frameset head header hgroup "
                            "html input ins kbd legend link main mark meta nav nobr noembed "
                            "noframes noscript option picture q rp rt ruby samp "
                            "section select small source span strike summary template textarea "
                            "tfoot title tt var video wbr xmp ");

struct clean {
    struct buf out;
    str in;
    size_t at;
    const struct element *open[HTML_DEPTH];
    int n_open;
    bool endless[COUNT(elements)]; /* no end of this one comes any more */
    bool no_remark;                /* nor that of a comment */
};

static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
static bool name_char(char c) { return letter(c) || digit(c); }
static bool hex_digit(char c) { return digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }
static bool attr_char(char c) { return !blank(c) && c != '=' && c != '>' && c != '/'; }
static bool bare_char(char c) { return !blank(c) && c != '>'; }
static bool between(char c) { return blank(c) || c == '/'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

/* Where a run of such characters that begins at `at` ends. */
static size_t past(str s, size_t at, bool (*is)(char))
{
    while (at < s.n && is(s.p[at])) at++;
    return at;
}

static bool word_in(str words, str w)
{
    str one = {0};
    while (words.n) {
        str_split(words, ' ', &one, &words);
        if (one.n && str_eq_nocase(one, w)) return true;
    }
    return false;
}

static const struct element *element(str name)
{
    static const struct element skip = {S0(""), SKIP, S0(""), S0("")};
    if (name.n == 2 && lower(name.p[0]) == 'h' && name.p[1] >= '1' && name.p[1] <= '6')
        name = S("p");
    for (size_t i = 0; i < COUNT(elements); i++)
        if (str_eq_nocase(elements[i].name, name)) return &elements[i];
    return word_in(known, name) ? &skip : NULL;
}

/* ---- writing: escaped here and nowhere else ---- */
/* A character reference as it stands in s: its length, 0 when it is none. */
static size_t reference(str s)
{
    if (s.n < 3 || s.p[0] != '&') return 0;
    bool number = s.p[1] == '#', hex = number && lower(s.p[2]) == 'x';
    size_t from = hex      ? 3
                  : number ? 2
                           : 1,
           to = past(s, from,
                     hex      ? hex_digit
                     : number ? digit
                              : name_char);
    if (to == from || to > from + (number ? 7 : 31) || (!number && digit(s.p[from]))) return 0;
    return to < s.n && s.p[to] == ';' ? to + 1 : 0;
}

static void text_byte(struct buf *b, char c)
{
    unsigned char u = (unsigned char)c;
    if (c == '<') buf_add(b, S("&lt;"));
    else if (c == '>') buf_add(b, S("&gt;"));
    else if (c == '&') buf_add(b, S("&amp;"));
    else if (c == '"') buf_add(b, S("&quot;"));
    else if (u >= ' ' || c == '\n' || c == '\t') buf_byte(b, c);
}

void html_text(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) text_byte(b, s.p[i]);
}

/* Text as it stands in HTML: references stay, all else is escaped. */
static void source_put(struct buf *out, str s)
{
    for (size_t at = 0; at < s.n;) {
        str rest = str_cut(s, at, s.n);
        size_t n = reference(rest);
        if (n) buf_add(out, str_cut(rest, 0, n));
        else text_byte(out, rest.p[0]);
        at += n ? n : 1;
    }
}

static void text_put(struct clean *c, size_t to)
{
    source_put(&c->out, str_cut(c->in, c->at, to));
    c->at = to;
}

static void close_to(struct clean *c, int n)
{
    while (c->n_open > n) {
        c->n_open--;
        buf_add(&c->out, S("</"));
        buf_add(&c->out, c->open[c->n_open]->name);
        buf_byte(&c->out, '>');
    }
}

/* ---- attributes ---- */
struct attr {
    str name, value; /* as they stand */
};
/* The next one before ">", false when there is none; c->at stands behind it. */
static bool attr_next(struct clean *c, struct attr *ret)
{
    str in = c->in;
    size_t from = past(in, c->at, between);
    c->at = from;
    if (from >= in.n || in.p[from] == '>') return false;
    c->at = past(in, from + 1, attr_char);
    *ret = (struct attr){str_cut(in, from, c->at), S("")};
    size_t at = past(in, c->at, blank);
    if (at >= in.n || in.p[at] != '=') return true;
    from = past(in, at + 1, blank);
    char quote = from < in.n && (in.p[from] == '"' || in.p[from] == '\'') ? in.p[from] : 0;
    if (!quote) {
        c->at = past(in, from, bare_char);
        ret->value = str_cut(in, from, c->at);
        return true;
    }
    const char *end = memchr(in.p + from + 1, quote, in.n - from - 1);
    at = end ? (size_t)(end - in.p) : in.n;
    ret->value = str_cut(in, from + 1, at);
    c->at = end ? at + 1 : at;
    return true;
}

/* What a reference stands for, 0 = one that we do not know. */
static uint32_t meant(str r)
{
    static const struct {
        str name;
        char c;
    } names[] = {{S0("&amp;"), '&'},
                 {S0("&quot;"), '"'},
                 {S0("&apos;"), '\''},
                 {S0("&lt;"), '<'},
                 {S0("&gt;"), '>'}};
    uint32_t cp = 0;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(names[i].name, r)) return (uint32_t)names[i].c;
    if (r.p[1] != '#') return 0;
    bool hex = lower(r.p[2]) == 'x';
    for (size_t i = hex ? 3 : 2; i < r.n - 1; i++)
        cp = cp * (hex ? 16 : 10) +
             (uint32_t)(digit(r.p[i]) ? r.p[i] - '0' : lower(r.p[i]) - 'a' + 10);
    return cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000) ? 0 : cp;
}

/* The address that is meant, "" = none that may be gone to. */
static str address(struct arena *a, str value)
{
    static const str schemes[] = {S0("https://"), S0("http://"), S0("mailto:"), S0("tel:")};
    struct buf b = buf_new(a, 8192);
    value = str_trim(value);
    for (size_t i = 0; i < value.n;) {
        str rest = str_cut(value, i, value.n);
        size_t n = reference(rest);
        uint32_t cp = n ? meant(str_cut(rest, 0, n)) : (unsigned char)rest.p[0];
        char utf8[4];
        if (cp <= ' ' || cp == 0x7F || cp == '\\') return S("");
        if (n) buf_add(&b, (str){utf8, utf8_put(utf8, cp)});
        else buf_byte(&b, rest.p[0]);
        i += n ? n : 1;
    }
    str s = buf_str(&b);
    for (size_t i = 0; i < COUNT(schemes) && !b.full; i++)
        if (s.n > schemes[i].n && str_eq_nocase(str_cut(s, 0, schemes[i].n), schemes[i])) return s;
    return S("");
}

static void href_put(struct buf *out, str to)
{
    buf_add(out, S(" href=\""));
    html_text(out, to);
    buf_add(out, S("\" rel=\"noopener noreferrer nofollow\" target=\"_blank\""));
}

/* ---- elements ---- */
/* Ends those that it ends, so that they never nest where HTML would end them. */
static void ends(struct clean *c, const struct element *e)
{
    for (int i = c->n_open - 1; i >= 0 && e->ends.n; i--) {
        if (word_in(e->within, c->open[i]->name)) return;
        if (word_in(e->ends, c->open[i]->name)) close_to(c, i);
    }
}

static bool is(const struct element *e, const char *name)
{
    return str_eq(e->name, str_from(name));
}

/* A picture is not loaded: who wrote the text would see who reads it, and when. */
static void picture(struct clean *c)
{
    struct attr t = {0};
    str to = {0}, alt = {0};
    while (attr_next(c, &t)) {
        if (str_eq_nocase(t.name, S("src"))) to = address(c->out.a, t.value);
        if (str_eq_nocase(t.name, S("alt"))) alt = t.value;
    }
    bool in_link = false;
    for (int i = 0; i < c->n_open; i++) in_link |= is(c->open[i], "a");
    if (to.n && !in_link) {
        buf_add(&c->out, S("<a"));
        href_put(&c->out, to);
        buf_byte(&c->out, '>');
    }
    if (str_trim(alt).n) source_put(&c->out, alt);
    else html_text(&c->out, to);
    if (to.n && !in_link) buf_add(&c->out, S("</a>"));
}

static void align_put(struct buf *out, str align)
{
    buf_add(out, S(" align=\""));
    for (size_t i = 0; i < align.n; i++) buf_byte(out, lower(align.p[i]));
    buf_byte(out, '"');
}

static void begun(struct clean *c, const struct element *e)
{
    struct attr t = {0};
    str to = {0}, align = {0};
    bool cell = is(e, "td") || is(e, "th"), link = is(e, "a");
    while (attr_next(c, &t)) {
        if (link && str_eq_nocase(t.name, S("href"))) to = address(c->out.a, t.value);
        if (cell && str_eq_nocase(t.name, S("align")) && word_in(S("left right center"), t.value))
            align = t.value;
    }
    if (e->what == KEEP && (c->n_open == HTML_DEPTH || (link && !to.n))) return;
    ends(c, e);
    buf_byte(&c->out, '<');
    buf_add(&c->out, e->name);
    if (to.n) href_put(&c->out, to);
    if (align.n) align_put(&c->out, align);
    buf_byte(&c->out, '>');
    if (e->what == KEEP) c->open[c->n_open++] = e;
}

static void ended(struct clean *c, const struct element *e)
{
    struct attr t = {0};
    while (attr_next(c, &t)) {}
    for (int i = c->n_open - 1; i >= 0 && e->what == KEEP; i--)
        if (c->open[i] == e) {
            close_to(c, i);
            return;
        }
}

/* To the end of an element that goes with what it holds. It has none: only its begin goes, what follows is read as
 * anything else, and nobody looks for that end again. */
static void dropped(struct clean *c, const struct element *e)
{
    bool *endless = &c->endless[e - elements];
    for (size_t at = c->at; !*endless && at + 2 + e->name.n <= c->in.n; at++) {
        str end = str_cut(c->in, at, at + 2 + e->name.n);
        if (end.p[0] != '<' || end.p[1] != '/' || !str_eq_nocase(str_cut(end, 2, end.n), e->name))
            continue;
        c->at = at;
        return;
    }
    *endless = true;
}

/* A comment that has an end and a declaration of the document's type go; all else is no remark, but text. */
static void remark(struct clean *c)
{
    str rest = str_cut(c->in, c->at, c->in.n), type = S("<!doctype");
    bool comment = str_has_prefix(rest, S("<!--")) && !c->no_remark;
    ptrdiff_t end = -1;
    if (comment) end = str_find(rest, S("-->"));
    else if (str_eq_nocase(str_cut(rest, 0, type.n), type))
        end = str_find(str_cut(rest, 0, TAG_MAX), S(">"));
    if (comment && end < 0) c->no_remark = true; /* nobody looks for it again */
    if (end < 0) text_put(c, c->at + 1);
    else c->at += (size_t)end + (comment ? 3 : 1);
}

/* Where the tag ends whose name ends at `at`: its quotes are closed, and its ">" is not far. 0 = nowhere. */
static size_t end_of(str in, size_t at)
{
    char quote = 0;
    for (size_t to = at + TAG_MAX < in.n ? at + TAG_MAX : in.n; at < to; at++) {
        char c = in.p[at];
        if (!quote && c == '>') return at;
        if (c == quote) quote = 0;
        else if (!quote && (c == '"' || c == '\'')) quote = c;
    }
    return 0;
}

/* What is behind a tag's name, up to its ">". */
static void whole(struct clean *c, const struct element *e, bool end)
{
    if (end) ended(c, e);
    else if (e->what == KEEP || e->what == VOID) begun(c, e);
    else if (is(e, "img")) picture(c);
    else ended(c, e); /* nothing of it is written */
}

/* At a "<". */
static void tag(struct clean *c)
{
    str in = c->in, next = str_cut(in, c->at + 1, c->at + 2);
    if (str_eq(next, S("!")) || str_eq(next, S("?"))) {
        remark(c);
        return;
    }
    bool end = str_eq(next, S("/"));
    size_t from = c->at + 1 + end,
           to = from < in.n && letter(in.p[from]) ? past(in, from, name_char) : from;
    size_t last = to < in.n && (between(in.p[to]) || in.p[to] == '>') ? end_of(in, to) : 0;
    const struct element *e = last ? element(str_cut(in, from, to)) : NULL;
    if (!e) {
        text_put(c, c->at + 1);
        return;
    }
    c->at = to;
    c->in = str_cut(in, 0, last); /* no attribute is longer */
    whole(c, e, end);
    c->in = in;
    c->at = last + 1;
    if (e->what == DROP && !end) dropped(c, e);
}

str html_clean(struct arena *a, str html)
{
    struct clean c = {.out = buf_new(a, HTML_CLEAN_MAX), .in = html};
    while (c.at < html.n) {
        const char *lt = memchr(html.p + c.at, '<', html.n - c.at);
        text_put(&c, lt ? (size_t)(lt - html.p) : html.n);
        if (lt) tag(&c);
        if (c.out.full) return S("");
    }
    close_to(&c, 0);
    return c.out.full ? S("") : buf_str(&c.out);
}
