/* SPDX-License-Identifier: MIT */
/* B02, B09: what users write in long texts becomes HTML that cannot do anything. */
#include "fmt/markup.h"
#include "markup_oracle.h"
#include "t.h"

#include <stdlib.h>

#define LINK(to, text) "<a href=\"" to "\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">" text "</a>"

struct pair {
    const char *in, *want;
};

static void rows(str (*fn)(struct arena *, str), const struct pair *v, size_t n)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < n; i++) {
        str got = fn(a, str_from(v[i].in));
        T_STR(got, str_from(v[i].want));
        T(oracle(got) == NULL);
        T_STR(html_clean(a, got), got);
    }
    arena_free(&a);
}

/* What people type. */
static void markdown(void)
{
    static const struct pair all[] = {
        {"", ""},
        {"Nur Text", "<p>Nur Text</p>"},
        {"eins\nzwei\n\ndrei", "<p>eins<br>zwei</p><p>drei</p>"},
        {"**fett** und *schräg* und `code`", "<p><strong>fett</strong> und <em>schräg</em> und <code>code</code></p>"},
        {"~~weg~~ snake_case_name 2*3*4", "<p><del>weg</del> snake_case_name 2<em>3</em>4</p>"},
        {"- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"},
        {"1. eins\n2. zwei", "<ol><li>eins</li><li>zwei</li></ol>"},
        {"# Titel\nText", "<p><strong>Titel</strong></p><p>Text</p>"},
        {"Termine:\n\n5. Mai Anruf\n7. Juni Treffen", "<p>Termine:</p><p>5. Mai Anruf<br>7. Juni Treffen</p>"},
        {"2019. Kündigung möglich\n1. eins\n2. zwei\n4. vier", "<p>2019. Kündigung möglich</p><ol><li>eins</li><li>zwei<br>4. vier</li></ol>"},
        {"Text\n\n[Tel]: +4915123456\n[Mail]: anna@firma.de\n\nEnde",
         "<p>Text</p><p>[Tel]: +4915123456<br>[Mail]: " LINK("mailto:anna@firma.de", "anna@firma.de") "</p><p>Ende</p>"},
        {"Anruf\n\n<? Preis klären\n\nKunde zahlt bar", "<p>Anruf</p><p>&lt;? Preis klären</p><p>Kunde zahlt bar</p>"},
        {"<!-- offen\n\nText", "<p>&lt;!-- offen</p><p>Text</p>"},
        {"<!NEU Kunde -> zahlt", "<p>&lt;!NEU Kunde -&gt; zahlt</p>"},
        {"vor<!-- leise -->nach", "<p>vornach</p>"},
        {"<p align=\"center>Hallo</p>\n\nWichtig", "&lt;p align=&quot;center&gt;Hallo\n<p>Wichtig</p>"},
        {"Ordner \\\\fs01\\kunden", "<p>Ordner \\\\fs01\\kunden</p>"},
        {"<address> <label> <time>", "&lt;address&gt; &lt;label&gt; &lt;time&gt;\n"},
        {"<option>A</option>", "A\n"},
        {"```\n5. x\n[a]: b\n<? c\n```", "<pre><code>5. x\n[a]: b\n&lt;? c\n</code></pre>"},
        {"<h1>Groß</h1>", "<p>Groß</p>\n"},
        {"> zitiert", "<blockquote><p>zitiert</p></blockquote>"},
        {"---", "<hr>"},
        {"    vier Leerzeichen", "<p>vier Leerzeichen</p>"},
        {"```\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"},
        {"|a|b|\n|:--|--:|\n|1|2|",
         "<table><thead><tr><th align=\"left\">a</th><th align=\"right\">b</th></tr></thead><tbody><tr><td align=\"left\">1</td><td align=\"right\">2</td></tr></tbody></table>"},
        {"[Angebot](https://example.org/a?b=1&c=2 \"Titel\")", "<p>" LINK("https://example.org/a?b=1&amp;c=2", "Angebot") "</p>"},
        {"https://example.org/ und maria@example.org", "<p>" LINK("https://example.org/", "https://example.org/") " und " LINK("mailto:maria@example.org", "maria@example.org") "</p>"},
        {"<maria@example.org>", "<p>" LINK("mailto:maria@example.org", "maria@example.org") "</p>"},
        {"Tel. <a href='tel:+4915123'>anrufen</a>", "<p>Tel. " LINK("tel:+4915123", "anrufen") "</p>"},
        {"![Logo](https://example.org/l.png)", "<p>" LINK("https://example.org/l.png", "Logo") "</p>"},
        {"![](https://example.org/l.png)", "<p>" LINK("https://example.org/l.png", "https://example.org/l.png") "</p>"},
        {"a < b & c > d \"e\"", "<p>a &lt; b &amp; c &gt; d &quot;e&quot;</p>"},
        {"<unbekannt> bleibt", "<p>&lt;unbekannt&gt; bleibt</p>"},
        {"&copy; &amp; &nosuch; &#65;", "<p>&copy; &amp; &nosuch; &#65;</p>"},
        {"Žąsis ёж 𝔘 \u200B", "<p>Žąsis ёж 𝔘 \u200B</p>"},
        {"<p>Aus einem anderen <b>CRM</b><br/>mit <font color=red>HTML</font></p>", "<p>Aus einem anderen <b>CRM</b><br>mit HTML</p>\n"},
    };
    rows(markup_html, all, COUNT(all));
}

static void hostile_markdown(void)
{
    static const struct pair all[] = {
        {"[x](javascript:alert(1))", "<p>x</p>"},
        {"[x](JaVaScRiPt&#58;alert)", "<p>x</p>"},
        {"[x](data:text/html;base64,PHN2Zz4=)", "<p>x</p>"},
        {"[x](vbscript:a)", "<p>x</p>"},
        {"[x](//evil.example)", "<p>x</p>"},
        {"[x](/api/v1/session)", "<p>x</p>"},
        {"<javascript:alert(1)>", "<p>javascript:alert(1)</p>"},
        {"![\"><script>alert(1)</script>](https://example.org)", "<p>" LINK("https://example.org", "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;") "</p>"},
        {"[a](https://e.example \"\" onmouseover=alert(1) x=\"\")", NULL},
        {"`<script>alert(1)</script>`", "<p><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></p>"},
        {"<script>alert(1)</script>Text", "Text\n"},
        {"<div onclick=alert(1)>x</div>", "x\n"},
        {"<b onclick=\"alert(1)\" style='position:fixed'>x</b>", "<p><b>x</b></p>"},
        {"a <img src=x onerror=alert(1)> b", "<p>a  b</p>"},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(all); i++) {
        str got = markup_html(a, str_from(all[i].in));
        if (all[i].want) T_STR(got, str_from(all[i].want));
        T(oracle(got) == NULL);
    }
    arena_free(&a);
}

static void html(void)
{
    static const struct pair all[] = {
        {"<p>a<p>b", "<p>a</p><p>b</p>"},
        {"<b><i>x</b></i>", "<b><i>x</i></b>"},
        {"</p></b>x", "x"},
        {"<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"},
        {"<table><tr><td>a<td>b<tr><td>c</table>", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"},
        {"<a href=https://a.example>x<a href=https://b.example>y", LINK("https://a.example", "x") LINK("https://b.example", "y")},
        {"<a href=\"https://a.example\nx\">x</a>", "x"},
        {"<a href=' https://a.example '>x</a>", LINK("https://a.example", "x")},
        {"<a href=\"jav&#x09;ascript:alert(1)\">x</a>", "x"},
        {"<a href=\"&#106;avascript:alert(1)\">x</a>", "x"},
        {"<a href=\"javascript&colon;alert(1)\">x</a>", "x"},
        {"<a href=\"\x01javascript:alert(1)\">x</a>", "x"},
        {"<a href=\"https:\\\\evil\">x</a>", "x"},
        {"<a href=\"https://a.example/&quot;onclick=&quot;\">x</a>", LINK("https://a.example/&quot;onclick=&quot;", "x")},
        {"<a name=x id=y>z</a>", "z"},
        {"<svg><script>alert(1)</script></svg>x", "x"},
        {"<svg/onload=alert(1)>x</svg>y", "y"},
        {"<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">", "&lt;mi//xlink:href=&quot;data:x,&quot;&gt;"},
        {"<style>@import 'https://evil'</style>x", "x"},
        {"<base href=https://evil><meta http-equiv=refresh content='0;url=x'><link rel=stylesheet href=x>x", "x"},
        {"<form action=//evil><input value=a><button>b</button></form>", "b"},
        {"<iframe srcdoc='<script>alert(1)</script>'></iframe>x", "x"},
        {"<iframe src=x>", ""},
        {"<textarea><img src=x onerror=alert(1)></textarea>x", "x"},
        {"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<p></p>"},
        {"<!--><script>alert(1)</script>-->x", "--&gt;x"},
        {"<!-- a --!><b>x</b>-->y", "y"},
        {"<![CDATA[<b>]]>x", "&lt;![CDATA[<b>]]&gt;x</b>"},
        {"<?php echo 1 ?>x", "&lt;?php echo 1 ?&gt;x"},
        {"<!DOCTYPE html>x", "x"},
        {"<b<script>alert(1)</script>x", "&lt;bx"},
        {"<scr<script>ipt>x", "&lt;script&gt;x"},
        {"<select>eins<option>zwei", "einszwei"},
        {"<plaintext>a</plaintext>b", "&lt;plaintext&gt;a&lt;/plaintext&gt;b"},
        {"<b", "&lt;b"},
        {"<b x=\"", "&lt;b x=&quot;"},
        {"<b \"x=\">a</b>\"", "<b>a</b>&quot;"},
        {"a\x00\x01" "b", "a"},
        {"<td align=center onclick=x>a", "<td align=\"center\">a</td>"},
        {"<td align=\"center;x\">a", "<td>a</td>"},
        {"&lt;script&gt; &amp;lt; &#60; &#x3c; &", "&lt;script&gt; &amp;lt; &#60; &#x3c; &amp;"},
    };
    rows(html_clean, all, COUNT(all));
}

/* B09: deep and long, in time that grows with the length alone (a limit of the run, not of a clock, would stop it). */
static void huge(void)
{
    static const char *const pieces[] = {"> ", "[", "*a ", "_a_ ", "`a", "![", "[a](<b", "|a", "- ", "<b>", "<p>", "<li>", "</b>", "<!--", "<script>", "&", "&#", "[](", "**a **b ", "<a href=https://a>", "<td>",
                                         "<table><tr><td>", "<ul><li>", "<svg>", "<b x=\"", "<b x='a' ", "<", "\\", "[x]: <", "x\n-\n", "http://a.", "![a](", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct arena *a = arena_new();
        struct buf b = buf_new(a, 1 << 20);
        while (b.n < 400000) buf_add(&b, str_from(pieces[i]));
        str m = markup_html(a, utf8_cut(buf_str(&b), MARKUP_MAX)), h = html_clean(a, buf_str(&b));
        T(m.n && utf8_valid(m) && oracle(m) == NULL);
        T(markup_html(a, buf_str(&b)).n == 0);
        T(oracle(h) == NULL);
        T(str_eq(html_clean(a, h), h));
        arena_free(&a);
    }
}

/* What makes much of little is shown as it was typed. */
static void grown(void)
{
    struct arena *a = arena_new();
    struct buf b = buf_new(a, 1 << 20), ref = buf_new(a, 1 << 20);
    for (int i = 0; i < 100; i++) buf_add(&b, S("|a"));
    buf_byte(&b, '\n');
    for (int i = 0; i < 100; i++) buf_add(&b, S("|:---:"));
    for (int i = 0; i < 1100; i++) buf_add(&b, S("\n|"));
    str m = markup_html(a, buf_str(&b));
    T(m.n && m.n < 16 * b.n + 70000 && oracle(m) == NULL);
    buf_add(&ref, S("[x]: https://a \"&amp;"));
    while (ref.n < 50000) buf_byte(&ref, 'T');
    buf_add(&ref, S("\"\n\n"));
    while (ref.n < 99000) buf_add(&ref, S("[x] "));
    m = markup_html(a, buf_str(&ref));
    T(m.n > 99000 && str_find(m, S("[x]: ")) == 3 && oracle(m) == NULL);
    arena_free(&a);
}

TESTS("fmt_markup", markdown, hostile_markdown, html, huge, grown)
