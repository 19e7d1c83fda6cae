/* SPDX-License-Identifier: MIT */
/* fmt/markdown.c - Markdown to HTML by md4c (CommonMark 0.30); html_clean has the last word. */
#include "fmt/markup.h"

#include <md4c.h>

struct made {
    struct buf out;
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

static void escaped(struct made *m, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '<') add(m, "&lt;");
        else if (c == '>') add(m, "&gt;");
        else if (c == '&') add(m, "&amp;");
        else if (c == '"') add(m, "&quot;");
        else buf_byte(&m->out, c);
    }
}

/* Attributes come in pieces: text, and references as they stand. */
static void attribute(struct made *m, const MD_ATTRIBUTE *t)
{
    for (int i = 0; t->size && t->substr_offsets[i] < t->size; i++) {
        str piece = {t->text + t->substr_offsets[i],
                     t->substr_offsets[i + 1] - t->substr_offsets[i]};
        if (t->substr_types[i] == MD_TEXT_ENTITY) buf_add(&m->out, piece);
        else if (t->substr_types[i] == MD_TEXT_NORMAL) escaped(m, piece);
    }
}

static int block(struct made *m, MD_BLOCKTYPE t, const void *detail, bool begin)
{
    static const char *const align[] = {"", " align=\"left\"", " align=\"center\"",
                                        " align=\"right\""};
    if (t == MD_BLOCK_H)
        buf_fmt(&m->out, "<%sh%u>", begin ? "" : "/", ((const MD_BLOCK_H_DETAIL *)detail)->level);
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
    if (t == MD_TEXT_HTML && !m->in_alt) buf_add(&m->out, s);
    else if (t == MD_TEXT_ENTITY) buf_add(&m->out, s);
    else if (t == MD_TEXT_BR || t == MD_TEXT_SOFTBR) add(m, m->in_alt ? " " : "<br>");
    else if (t != MD_TEXT_NULLCHAR) escaped(m, s);
    return full(m);
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
    struct made m = {.out = buf_new(a, HTML_CLEAN_MAX)};
    if (!s.n) return S("");
    s = utf8_cut(s, MARKUP_MAX);
    if (md_parse(s.p, (MD_SIZE)s.n, &parser, &m) != 0) {
        m.out = buf_new(a, HTML_CLEAN_MAX); /* it would be too long: the text as it is */
        escaped(&m, s);
    }
    return html_clean(a, buf_str(&m.out));
}
