/* SPDX-License-Identifier: MIT */
/* fmt/markdown.c - Markdown to HTML by md4c (CommonMark 0.30); html_clean has the last word. */
#include "fmt/markup.h"

#include <md4c.h>
#include <string.h>

enum { GROWS = 16, GROWS_LEAST = 65536 }; /* tables of empty cells make much of little */
enum { PADDING = 64 };

struct made {
    struct buf out;
    str in;     /* md4c 0.4.8 may tell of bytes behind its end */
    int in_alt; /* within the text of a picture: an attribute, without elements */
};
static const struct {
    const char *begin, *end;
} blocks[] = {[MD_BLOCK_QUOTE] = {"<blockquote>", "</blockquote>"},
              [MD_BLOCK_UL] = {"<ul>", "</ul>"},
              [MD_BLOCK_OL] = {"<ol>", "</ol>"},
              [MD_BLOCK_LI] = {"<li>", "</li>"},
              [MD_BLOCK_HR] = {"<hr>", ""},
              [MD_BLOCK_CODE] = {"<pre><code>", "</code></pre>"},
              [MD_BLOCK_P] = {"<p>", "</p>"},
              [MD_BLOCK_TABLE] = {"<table>", "</table>"},
              [MD_BLOCK_THEAD] = {"<thead>", "</thead>"},
              [MD_BLOCK_TBODY] = {"<tbody>", "</tbody>"},
              [MD_BLOCK_TR] = {"<tr>", "</tr>"},
              [MD_BLOCK_TH] = {"<th>", "</th>"},
              [MD_BLOCK_TD] = {"<td>", "</td>"}};
static const struct {
    const char *begin, *end;
} spans[] = {[MD_SPAN_EM] = {"<em>", "</em>"},
             [MD_SPAN_STRONG] = {"<strong>", "</strong>"},
             [MD_SPAN_CODE] = {"<code>", "</code>"},
             [MD_SPAN_DEL] = {"<del>", "</del>"},
             [MD_SPAN_A] = {"", "</a>"}};

static int full(const struct made *m) { return m->out.full ? 1 : 0; }
static void add(struct made *m, const char *z) { buf_add(&m->out, str_from(z)); }

/* Attributes come in pieces: text, and references as they stand. */
static void attribute(struct made *m, const MD_ATTRIBUTE *t)
{
    for (int i = 0; t->size && t->substr_offsets[i] < t->size; i++) {
        str piece = {t->text + t->substr_offsets[i],
                     t->substr_offsets[i + 1] - t->substr_offsets[i]};
        if (t->substr_types[i] == MD_TEXT_ENTITY) buf_add(&m->out, piece);
        else if (t->substr_types[i] == MD_TEXT_NORMAL) html_text(&m->out, piece);
    }
}

static int block(struct made *m, MD_BLOCKTYPE t, const void *detail, bool begin)
{
    static const char *const align[] = {"", " align=\"left\"", " align=\"center\"",
                                        " align=\"right\""};
    if (t == MD_BLOCK_H) add(m, begin ? "<p><strong>" : "</strong></p>");
    else if (begin && (t == MD_BLOCK_TH || t == MD_BLOCK_TD))
        buf_fmt(&m->out, "<%s%s>", t == MD_BLOCK_TH ? "th" : "td",
                align[((const MD_BLOCK_TD_DETAIL *)detail)->align & 3]);
    else if ((size_t)t < COUNT(blocks) && blocks[t].begin)
        add(m, begin ? blocks[t].begin : blocks[t].end);
    return full(m);
}

static int block_begin(MD_BLOCKTYPE t, void *detail, void *arg)
{
    return block(arg, t, detail, true);
}
static int block_end(MD_BLOCKTYPE t, void *detail, void *arg)
{
    return block(arg, t, detail, false);
}

static int span_begin(MD_SPANTYPE t, void *detail, void *arg)
{
    struct made *m = arg;
    if (t == MD_SPAN_IMG && !m->in_alt++) {
        add(m, "<img src=\"");
        attribute(m, &((const MD_SPAN_IMG_DETAIL *)detail)->src);
        add(m, "\" alt=\"");
    }
    if (m->in_alt) return full(m);
    if (t == MD_SPAN_A) {
        add(m, "<a href=\"");
        attribute(m, &((const MD_SPAN_A_DETAIL *)detail)->href);
        add(m, "\">");
    } else if ((size_t)t < COUNT(spans) && spans[t].begin) {
        add(m, spans[t].begin);
    }
    return full(m);
}

static int span_end(MD_SPANTYPE t, void *detail, void *arg)
{
    struct made *m = arg;
    (void)detail;
    if (t == MD_SPAN_IMG && --m->in_alt == 0) add(m, "\">");
    else if (!m->in_alt && (size_t)t < COUNT(spans) && spans[t].end) add(m, spans[t].end);
    return full(m);
}

static int text(MD_TEXTTYPE t, const MD_CHAR *p, MD_SIZE n, void *arg)
{
    struct made *m = arg;
    str s = {p, n};
    if (p >= m->in.p && p <= m->in.p + m->in.n)
        s = str_cut(m->in, (size_t)(p - m->in.p), (size_t)(p - m->in.p) + n);
    if (t == MD_TEXT_HTML && !m->in_alt) buf_add(&m->out, s);
    else if (t == MD_TEXT_ENTITY) buf_add(&m->out, s);
    else if (t == MD_TEXT_BR || t == MD_TEXT_SOFTBR) add(m, m->in_alt ? " " : "<br>");
    else if (t != MD_TEXT_NULLCHAR) html_text(&m->out, s);
    return full(m);
}

/* ---- what people mean who never heard of Markdown ---- */
struct typed {
    str in;
    struct buf out;
    size_t last_remark; /* behind where the last end of a comment begins */
    int64_t number;     /* of the line that was the last of a list */
    bool fenced;        /* between lines of ``` nothing is marked */
};

static size_t run(str s, size_t at, char c)
{
    while (at < s.n && s.p[at] == c) at++;
    return at;
}

/* "5. Mai" is no first line of a list, nor is "2019." one that follows 1: where the dot stands, 0 = leave it. */
static size_t false_number(struct typed *t, str line)
{
    size_t from = run(line, 0, ' '), at = from;
    int64_t n = 0;
    while (at < line.n && at < from + 9 && line.p[at] >= '0' && line.p[at] <= '9') at++;
    if (at == from || at >= line.n || (line.p[at] != '.' && line.p[at] != ')')) return 0;
    if (at + 1 < line.n && line.p[at + 1] != ' ' && line.p[at + 1] != '\t') return 0;
    if (!str_to_int(str_cut(line, from, at), &n) || (n != 1 && n != t->number + 1)) return at;
    t->number = n;
    return 0;
}

/* "[Tel]: +49 ..." would be the address of a reference, and vanish. */
static bool is_definition(str line)
{
    str label = {0}, rest = {0};
    size_t from = run(line, 0, ' ');
    return from < line.n && line.p[from] == '[' && str_split(line, ']', &label, &rest) &&
           str_has_prefix(rest, S(":"));
}

/* Beginnings that would take all that follows along, or a stroke of the path of a Windows server. */
static bool is_literal(const struct typed *t, size_t at)
{
    str rest = str_cut(t->in, at, t->in.n);
    if (str_has_prefix(rest, S("<!--"))) return at >= t->last_remark;
    return str_has_prefix(rest, S("<!")) || str_has_prefix(rest, S("<?"));
}

static bool is_unc(str line, size_t at)
{
    char c = at + 2 < line.n ? line.p[at + 2] : 0;
    return str_eq(str_cut(line, at, at + 2), S("\\\\")) && (at == 0 || line.p[at - 1] != '\\') &&
           ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static void byte_put(struct typed *t, str line, size_t i)
{
    char c = line.p[i];
    if (c == '\r' && i + 1 < line.n) buf_byte(&t->out, '\n');
    if ((unsigned char)c >= ' ' || c == '\t') buf_byte(&t->out, c);
}

static void line_put(struct typed *t, str line, size_t at)
{
    size_t indent = run(line, 0, ' ');
    bool fence = str_has_prefix(str_cut(line, indent, line.n), S("```")), plain = t->fenced;
    if (fence) t->fenced = !t->fenced;
    if (plain || fence) {
        for (size_t i = 0; i < line.n; i++) byte_put(t, line, i);
        return;
    }
    size_t escape = false_number(t, line);
    bool definition = is_definition(line);
    if (definition) buf_byte(&t->out, '\\');
    for (size_t i = definition ? indent : 0; i < line.n; i++) {
        if ((escape && i == escape) || is_literal(t, at + i)) buf_byte(&t->out, '\\');
        if (is_unc(line, i)) buf_add(&t->out, S("\\\\"));
        byte_put(t, line, i);
    }
}

static str as_meant(struct arena *a, str s)
{
    struct typed t = {.in = s, .out = buf_new(a, s.n * 3 + PADDING + 1)};
    ptrdiff_t found = 0;
    for (size_t at = 0; (found = str_find(str_cut(s, at, s.n), S("-->"))) >= 0; at = t.last_remark)
        t.last_remark = at + (size_t)found + 1;
    for (size_t at = 0; at < s.n;) {
        const char *end = memchr(s.p + at, '\n', s.n - at);
        size_t to = end ? (size_t)(end - s.p) : s.n;
        line_put(&t, str_cut(s, at, to), at);
        if (end) buf_byte(&t.out, '\n');
        at = to + 1;
    }
    size_t n = t.out.n;
    for (int i = 0; i < PADDING; i++)
        buf_byte(&t.out, '\n'); /* md4c 0.4.8 reads a little too far */
    buf_byte(&t.out, 0); /* and looks for an end of C's kind */
    return str_cut(buf_str(&t.out), 0, n);
}

str markup_html(struct arena *a, str s)
{
    const MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH |
                                       MD_FLAG_PERMISSIVEAUTOLINKS | MD_FLAG_NOINDENTEDCODEBLOCKS,
                              .enter_block = block_begin,
                              .leave_block = block_end,
                              .enter_span = span_begin,
                              .leave_span = span_end,
                              .text = text};
    struct made m = {.out = buf_new(a, s.n * GROWS + GROWS_LEAST)};
    if (!s.n || s.n > MARKUP_MAX) return S("");
    str meant = as_meant(a, s);
    m.in = meant;
    if (md_parse(meant.p, (MD_SIZE)meant.n, &parser, &m) != 0) {
        m.out = buf_new(a, HTML_CLEAN_MAX); /* it would be too long: the text as it is */
        html_text(&m.out, s);
    }
    return html_clean(a, buf_str(&m.out));
}
