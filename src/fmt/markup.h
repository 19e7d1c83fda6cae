/* SPDX-License-Identifier: MIT */
/* fmt/markup.h - what users write in long texts, as HTML that any page may take as it is.
 *
 * Two steps: Markdown (CommonMark 0.30 with tables, strikethrough, bare addresses, by md4c) becomes HTML, and
 * all HTML, ours and what stood in the text, goes through html_clean. Whatever comes out has gone through the second
 * one. */
#pragma once
#include "base/base.h"

enum { MARKUP_MAX = 100000, HTML_CLEAN_MAX = 4 << 20, HTML_DEPTH = 60 };

/* Text as typed (UTF-8) -> HTML, cleaned. A line end is a <br>, a heading a bold line; lists begin with 1, addresses of
 * references are text: nothing that people typed goes but marks. "" for what is longer than MARKUP_MAX bytes. */
str markup_html(struct arena *a, str text);

/* Text between tags, or in an attribute between double quotes. */
void html_text(struct buf *b, str s);

/* HTML of anybody -> HTML of few elements: p br hr b strong i em u s del sub sup code pre blockquote ul ol li table
 * thead tbody tr th td, and a. Nothing has an attribute but a (href, rel, target) and th, td (align). An href is
 * http, https, mailto or tel. Scripts, styles, frames and comments go with what they hold, other known elements go
 * and leave their text (headings as paragraphs), pictures become links, and what is no element of HTML stays as
 * text. Everything that is opened is closed, in order, HTML_DEPTH deep at most. Linear in time; "" when it would be
 * longer than HTML_CLEAN_MAX. html_clean(html_clean(x)) is html_clean(x). */
str html_clean(struct arena *a, str html);
